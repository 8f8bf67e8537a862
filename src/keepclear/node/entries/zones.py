"""Entries about zones: what a party announces beside what was agreed, and which zones a notice meets (C4, N7)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from keepclear.core.conflict import Verdict
from keepclear.core.zone import Rule, ZoneKind, ZoneState
from keepclear.formats.agreement_wire import WireZone
from keepclear.node.entries.base import Entry, Instant, PartyId, Person, Seconds, Serial, Text, Version

#: Stretches in which a zone was used that one entry names.
USED_MAX = 200
#: Zones that one entry names: those of an agreement, and as many announced.
FOUND_MAX = 128

ZoneId = Annotated[str, msgspec.Meta(pattern="^[A-Z][A-Z0-9-]{0,23}$")]
ZoneKey = Annotated[str, msgspec.Meta(max_length=64)]


class ZoneSaid(Entry, frozen=True):
    """`zone`: a party announces a zone, changes it, gives it back or lifts it. It asks, and grants nothing.

    Attributes:
        version: 1 when it is announced, and one more each time.
        zone: as it is from this version on.
        given_back_at: with `given_back` and after it, no longer in force from then; else 0.
        used: stretches [start, end] in which it was used, as far as they are known.
        reason: free words; not for targets.
    """

    version: Version
    state: ZoneState
    zone: WireZone
    by: Person
    given_back_at: Instant = 0
    used: Annotated[tuple[tuple[Instant, Instant], ...], msgspec.Meta(max_length=USED_MAX)] = ()
    reason: Text = ""


class FoundZone(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A zone that a notice meets, and what its rule asks of the party that filed it.

    Attributes:
        zone: `party/ID` of an announced zone, `first 16 of the hash/ID` of an agreed one.
        kind: what sort of zone it is.
        rule: what it asks of this party in this activity.
        verdict: `CONFLICT`, or `POSSIBLE` where the measurement leaves a doubt.
        start, end: the first stretch in which the zone is in force and the notice is planned.
        call_before_s: with `call_before` how long before entering, seconds; 0 is "before".
        is_late: it was told later than that.
    """

    zone: ZoneKey
    kind: ZoneKind
    rule: Rule
    verdict: Verdict
    start: int
    end: int
    call_before_s: Seconds = 0
    is_late: bool = False


class ZonesMet(Entry, frozen=True):
    """`zones_met`: the zones that one version of a notice meets. An empty `found` says that none is met now (derived).

    Attributes:
        party: whose notice it is.
        id: its serial.
        version: its version.
        found: the zones.
    """

    party: PartyId
    id: Serial
    version: Version
    found: Annotated[tuple[FoundZone, ...], msgspec.Meta(max_length=FOUND_MAX)]


#: Seen by the other party.
CHANNEL: dict[str, type[Entry]] = {"zone": ZoneSaid}
#: In our private record only.
PRIVATE: dict[str, type[Entry]] = {"zones_met": ZonesMet}
#: Found by a rule rather than said by a person or a peer.
DERIVED: frozenset[str] = frozenset({"zones_met"})
