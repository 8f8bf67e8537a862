"""The one gate for what another party sees.

Nothing about a notice leaves for another party but through `disclosed_fields`. It names what may be shown; whatever
is not named is hidden, so a field added later is hidden until somebody decides otherwise.
"""

from __future__ import annotations

from keepclear.core.agreement import Disclosure, DisclosureLevel

#: What a notice must show at all to be one: where, when, how high, what is expected, which version, what it does to the
#: one before it and why it comes late; and of a movement what can be seen from outside.
_ALWAYS = frozenset(
    {
        "id",
        "version",
        "state",
        "kind",
        "action",
        "volumes",
        "region",
        "seen_from",
        "change",
        "timing",
        "reason",
        "movement",
    }
)


def disclosed_fields(disclosure: Disclosure) -> frozenset[str]:
    """Names of the fields of a notice that the other party may see; empty when it may not know of it.

    >>> sorted(disclosed_fields(Disclosure(DisclosureLevel.NONE)))
    []
    """
    match disclosure.level:
        case DisclosureLevel.NONE:
            return frozenset()
        case DisclosureLevel.VOLUME:
            shown = _ALWAYS
        case DisclosureLevel.CONTACT:
            shown = _ALWAYS | {"contact", "second_contact", "remarks"}
    return (shown | {"activity"}) if disclosure.shows_activity else shown
