"""Laws of the one gate: what is hidden leaves in no bytes, and a higher level never shows less."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings

from given import CONTACT, amber_and_birch, an_agreement, sync
from keepclear.core.agreement import Disclosure, DisclosureLevel
from keepclear.core.disclosure import disclosed_fields
from keepclear.node.commands import FileNotice
from keepclear.node.logs import channel
from strategies import disclosures, notices


@settings(max_examples=40)
@given(notices(), disclosures())
def test_no_hidden_text_stands_in_any_byte_that_goes_to_the_other_party(notice: FileNotice, shows: Disclosure) -> None:
    # given
    amber, birch = amber_and_birch(an_agreement(one_shows=shows, other_shows=CONTACT))
    before = amber.loop.logs.size(channel("amber", "birch"))
    # when
    amber.ask(notice)
    sync(amber, birch)
    # then
    sent = b"".join(
        entry.data for entry in amber.store.entries() if entry.log == channel("amber", "birch") and entry.n >= before
    )
    shown = disclosed_fields(shows)
    for name in ("contact", "remarks", "activity"):
        assert (getattr(notice, name).encode() in sent) == (name in shown), name
    assert notice.by.encode() not in sent
    if shows.level is DisclosureLevel.NONE:
        assert b'"kind":"notice"' not in sent
        assert b'"kind":"alert"' not in sent


def test_a_higher_level_never_shows_less_and_no_level_shows_what_is_for_us_alone() -> None:
    levels = [DisclosureLevel.NONE, DisclosureLevel.VOLUME, DisclosureLevel.CONTACT]
    for shows_activity in (False, True):
        shown = [disclosed_fields(Disclosure(level, shows_activity)) for level in levels]
        for lower, higher in pairwise(shown):
            assert lower < higher
        for fields in shown:
            assert not fields & {"slowest_mps", "reaction_s", "salts", "drafted_by"}
