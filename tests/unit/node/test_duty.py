"""One responsible person at every second, a handover list that follows the picture, a second pair of eyes (D3, D5)."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import pytest
from hypothesis import given as when_given
from hypothesis import settings
from hypothesis import strategies as st

from given import START_US, Desk, Hands, a_notice, a_volume, amber_and_birch, an_agreement, sync
from keepclear.core.agreement import PROFILE
from keepclear.core.duty import Period, Role, Taking, holder_at, list_digest
from keepclear.core.notice import Mode, NoticeState
from keepclear.core.terms import SecondPersonTerms
from keepclear.core.timespan import MINUTE_US, SECOND_US
from keepclear.errors import KeepclearError, NotAllowed, NotFound, Refused, Stale, UnlawfulChange
from keepclear.node.checklist import LISTED_MAX, checklist
from keepclear.node.commands import (
    AddLog,
    AttachRecording,
    ChangeNotice,
    Command,
    DropDraft,
    FileNotice,
    MoveNotice,
    OfferHandover,
    SendDraft,
    SendStop,
    SetNumber,
    SetPerson,
    SignHandover,
    TakeWatch,
    TickItems,
    WithdrawHandover,
)
from keepclear.node.entries.duty import NoticeDrafted, WatchTaken
from keepclear.node.logs import private_log, read_entry


def a_desk() -> Desk:
    return Desk("amber", Hands())


def digest_at(desk: Desk) -> str:
    # A turn comes a millisecond later; what stands on the list does not change by that.
    return list_digest(checklist(desk.picture, desk.hands.now_us + 1_000))


def tick_all(desk: Desk, by: str) -> None:
    items = tuple(item.key for item in checklist(desk.picture, desk.hands.now_us))
    if items:
        desk.ask(TickItems(items, by))


# ---------------------------------------------------------------------------------------------------------- handover


def test_the_watch_passes_at_one_instant_with_the_second_signature() -> None:
    amber, _ = amber_and_birch()
    amber.ask(TakeWatch("Imani"))
    amber.ask(a_notice())
    amber.ask(OfferHandover("Ruth", "Imani"))
    tick_all(amber, "Ruth")
    amber.ask(SignHandover(digest_at(amber), "Imani"))
    assert amber.picture.watch.holder == "Imani"

    amber.ask(SignHandover(digest_at(amber), "Ruth"))

    periods = amber.picture.watch.periods
    assert [period.person for period in periods] == ["Imani", "Ruth"]
    at_us = periods[1].since_us
    assert (holder_at(periods, at_us - 1), holder_at(periods, at_us)) == ("Imani", "Ruth")
    assert amber.picture.watch.handover is None


def test_nothing_is_ticked_by_itself_and_an_item_that_changes_is_ticked_no_longer() -> None:
    amber, _ = amber_and_birch()
    amber.ask(TakeWatch("Imani"))
    key = amber.ask(a_notice())
    amber.ask(OfferHandover("Ruth", "Imani"))
    with pytest.raises(Refused, match="items are not ticked"):
        amber.ask(SignHandover(digest_at(amber), "Ruth"))
    tick_all(amber, "Ruth")
    amber.ask(SignHandover(digest_at(amber), "Imani"))

    amber.ask(MoveNotice(key.partition("/")[2], 1, NoticeState.ACTIVATED, "Imani"))

    with pytest.raises(Refused, match=f"not ticked as they now stand: .*{key}"):
        amber.ask(SignHandover(digest_at(amber), "Ruth"))
    tick_all(amber, "Ruth")
    amber.ask(SignHandover(digest_at(amber), "Ruth"))
    assert amber.picture.watch.holder == "Imani", "Imani signed another list"
    amber.ask(SignHandover(digest_at(amber), "Imani"))
    assert amber.picture.watch.holder == "Ruth"


def test_a_list_that_nobody_has_seen_cannot_be_signed() -> None:
    amber, _ = amber_and_birch()
    amber.ask(TakeWatch("Imani"))
    amber.ask(OfferHandover("Ruth", "Imani"))
    tick_all(amber, "Ruth")
    seen = digest_at(amber)

    amber.ask(a_notice())

    with pytest.raises(Stale, match="has changed since you saw it"):
        amber.ask(SignHandover(seen, "Ruth"))


def test_the_list_names_what_is_open_and_what_comes_next() -> None:
    amber, birch = amber_and_birch()
    amber.ask(a_notice())
    birch.ask(a_notice(a_volume(10.6, 20.2)))
    birch.ask(SendStop("Tomas"))
    sync(amber, birch)

    items = {item.key: item for item in checklist(amber.picture, amber.hands.now_us)}

    assert {item.section for item in items.values()} == {"stops", "alerts", "notices", "next", "lines", "agreements"}
    assert items["alert birch/B-0001/v1/amber"].words.endswith("for us to answer")
    assert items["alert amber/A-0001/v1/birch"].words.endswith("birch has not answered")
    assert {"stop birch/SB-0001", "notice amber/A-0001", "begins amber/A-0001", "ends birch/B-0001"} <= set(items)
    assert items["line birch"].words == "heard"
    assert "Keeping clear" in items["agreement birch"].words


def test_a_dense_theatre_is_one_item_that_changes_with_any_of_it() -> None:
    desk = a_desk()
    desk.run(*(a_notice(a_volume(10 + n / 1_000)) for n in range(LISTED_MAX + 1)))
    before = {item.key: item for item in checklist(desk.picture, desk.hands.now_us)}
    assert "all notices" in before

    desk.ask(MoveNotice("A-0007", 1, NoticeState.ACTIVATED, "Imani"))

    after = {item.key: item for item in checklist(desk.picture, desk.hands.now_us)}
    assert after["all notices"].digest != before["all notices"].digest


def test_only_those_two_sign_only_the_next_ticks_and_only_the_holder_offers() -> None:
    desk = a_desk()
    with pytest.raises(NotAllowed, match="nobody holds the watch"):
        desk.ask(OfferHandover("Ruth", "Imani"))
    desk.ask(TakeWatch("Imani"))
    with pytest.raises(NotAllowed, match="Imani holds the watch, not Ruth"):
        desk.ask(OfferHandover("Imani", "Ruth"))
    desk.ask(a_notice())
    desk.ask(OfferHandover("Ruth", "Imani"))
    key = checklist(desk.picture, desk.hands.now_us)[0].key
    with pytest.raises(NotAllowed, match="Ruth takes over"):
        desk.ask(TickItems((key,), "Imani"))
    with pytest.raises(NotAllowed, match="nobody for them"):
        desk.ask(SignHandover(digest_at(desk), "Omar"))
    with pytest.raises(Stale, match="not on the list any more"):
        desk.ask(TickItems(("notice amber/A-0099",), "Ruth"))
    desk.ask(WithdrawHandover("Ruth"))
    assert desk.picture.watch.holder == "Imani"


def test_a_watch_that_cannot_be_handed_over_is_assumed_for_a_reason_without_a_gap() -> None:
    desk = a_desk()
    desk.ask(TakeWatch("Imani"))

    with pytest.raises(Refused, match="say why it must be assumed"):
        desk.ask(TakeWatch("Ruth"))
    desk.ask(TakeWatch("Ruth", "Imani was taken ill"))

    taken = [body for body in desk.bodies() if isinstance(body, WatchTaken)]
    assert [(each.person, each.how, each.before) for each in taken] == [
        ("Imani", Taking.BEGUN, ""), ("Ruth", Taking.ASSUMED, "Imani")
    ]  # fmt: skip


PEOPLE = ("Imani", "Ruth", "Omar")


@settings(max_examples=40, deadline=None)
@when_given(st.lists(st.tuples(st.integers(0, 7), st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)), max_size=40))
def test_in_any_history_exactly_one_person_is_responsible_at_every_instant_since_the_first(
    steps: list[tuple[int, str, str]],
) -> None:
    """D3: no gap and no overlap, whatever is asked, restarts included."""
    desk = a_desk()
    for kind, one, other in steps:
        desk.hands.now_us += 7 * SECOND_US
        commands: list[Command] = [
            TakeWatch(one), TakeWatch(one, "he is not here"), OfferHandover(other, one), WithdrawHandover(one),
            a_notice(by=one), SignHandover(digest_at(desk), one),
            TickItems(tuple(item.key for item in checklist(desk.picture, desk.hands.now_us)), one),
        ]  # fmt: skip
        if kind == 7:
            desk.restart()
        else:
            desk.run(commands[kind])

    log = private_log("amber")
    taken = [
        (read.at, read.body)
        for read in (read_entry(entry.data, entry.leaf) for entry in desk.store.entries() if entry.log == log)
        if isinstance(read.body, WatchTaken)
    ]
    # Each takes it from whoever had it: what one loses the other has, at the same instant.
    assert [body.before for _, body in taken] == ["", *(body.person for _, body in taken)][: len(taken)]
    periods = [Period(at, body.person) for at, body in taken]
    assert periods == desk.picture.watch.periods
    for (at, body), after in pairwise([*taken, (desk.hands.now_us + 1, None)]):
        for instant_us in (at, (at + after[0]) // 2, after[0] - 1):
            if at <= instant_us < after[0]:
                assert holder_at(periods, instant_us) == body.person
    if taken:
        assert holder_at(periods, taken[0][0] - 1) == ""


# ------------------------------------------------------------------------------------------------------------ people


def test_who_holds_the_watch_stays_and_the_last_admin_does() -> None:
    desk = a_desk()
    officer, admin = (Role.DUTY_OFFICER,), (Role.ADMIN, Role.SUPERVISOR)
    desk.ask(SetPerson("imani", "Imani", officer, "Omar"))
    desk.ask(SetPerson("omar", "Omar", admin, "Omar"))
    desk.ask(SetPerson("ruth", "Ruth", (Role.OBSERVER,), "Omar"))
    desk.ask(TakeWatch("Imani"))

    for refused, match in (
        (SetPerson("imani", "Imani", (), "Omar"), "holds the watch"),
        (SetPerson("imani", "Imani", (Role.PLANNER,), "Omar"), "holds the watch"),
        (SetPerson("omar", "Omar", (Role.SUPERVISOR,), "Omar"), "last who may add people"),
    ):
        with pytest.raises(UnlawfulChange, match=match):
            desk.ask(refused)
    with pytest.raises(Refused, match="cannot share a name"):
        desk.ask(SetPerson("imani2", "Imani", officer, "Omar"))
    with pytest.raises(NotAllowed, match="holds no watch"):
        desk.ask(OfferHandover("Ruth", "Imani"))
    with pytest.raises(NotFound, match="nobody here signs as Tomas"):
        desk.ask(OfferHandover("Tomas", "Imani"))


def test_log_numbers_and_recordings_are_private_and_survive_a_restart() -> None:
    amber, birch = amber_and_birch()
    amber.ask(AddLog("the line to Birch crackles", "Imani", "birch"))
    amber.ask(SetNumber("Tower", "+00 555 1", "Imani"))
    amber.ask(SetNumber("Tower", "+00 555 2", "Imani", "day and night"))
    amber.ask(AttachRecording("ab" * 32, 81_000, "call.wav", "Imani", "amber/LA-0001"))
    sync(amber, birch)

    amber.restart()

    assert [body.text for _, body in amber.picture.watch.log] == ["the line to Birch crackles"]
    assert amber.picture.watch.numbers["Tower"].number == "+00 555 2"
    assert [body.name for _, body in amber.picture.watch.recordings] == ["call.wav"]
    assert not any(b"crackles" in entry.data or b"call.wav" in entry.data for entry in birch.store.entries())


# --------------------------------------------------------------------------------------------- a second pair of eyes


def watched(**terms: float) -> tuple[Desk, Desk]:
    return amber_and_birch(
        dataclasses.replace(an_agreement(), profile=PROFILE, second_person=SecondPersonTerms(**terms))
    )


def test_a_large_notice_waits_for_another_person_and_is_then_told_as_it_was_asked() -> None:
    amber, birch = watched(area_over_km2=500.0)
    small = amber.ask(a_notice(a_volume(radius_m=12_000)))
    filing = a_notice(a_volume(radius_m=13_000), remarks="burning", slowest_mps=8, reaction_s=60)

    draft = amber.ask(filing)
    sync(amber, birch)

    assert draft == "draft DA-0001"
    assert list(birch.picture.notices) == [small]
    assert next(body.why for body in amber.bodies() if isinstance(body, NoticeDrafted)) == ("area",)
    with pytest.raises(NotAllowed, match="a second person looks"):
        amber.ask(SendDraft("DA-0001", "Imani"))
    key = amber.ask(SendDraft("DA-0001", "Ruth"))
    sync(amber, birch)
    held, plain = amber.picture.notice(key), amber_and_birch()[0]
    plain.ask(a_notice(a_volume(radius_m=12_000)))
    twin = plain.picture.notice(plain.ask(filing))
    for name in ("volumes", "kind", "action", "remarks", "slowest_mps", "reaction_s", "drafted_by"):
        assert getattr(held.latest.body, name) == getattr(twin.latest.body, name), name
    assert key in birch.picture.notices
    with pytest.raises(NotFound):
        amber.ask(SendDraft("DA-0001", "Ruth"))


def test_what_is_late_waits_and_a_stop_never_does() -> None:
    amber, birch = watched(lead_below_s=600)
    soon = a_notice(a_volume(from_min=9, to_min=40))
    assert amber.ask(a_notice(a_volume(from_min=11, to_min=40))) == "amber/A-0001"

    assert amber.ask(soon) == "draft DA-0001"
    stop = amber.ask(SendStop("Imani"))
    sync(amber, birch)

    assert stop in birch.picture.stops


def test_a_change_waits_as_a_change_of_the_version_that_was_seen() -> None:
    amber, _ = watched(area_over_km2=500.0)
    amber.ask(a_notice())
    amber.ask(ChangeNotice("A-0001", 1, a_notice(a_volume(radius_m=20_000))))
    amber.ask(ChangeNotice("A-0001", 1, a_notice(a_volume(radius_m=21_000))))

    assert amber.ask(SendDraft("DA-0001", "Ruth")) == "amber/A-0001"

    assert amber.picture.notice("amber/A-0001").latest.version == 2
    with pytest.raises(Stale):
        amber.ask(SendDraft("DA-0002", "Ruth"))
    amber.ask(DropDraft("DA-0002", "Ruth", "superseded"))
    assert not amber.picture.watch.drafts


def test_a_draft_of_an_exercise_stays_one() -> None:
    amber, _ = watched(area_over_km2=500.0)
    amber.ask(a_notice(a_volume(radius_m=20_000), mode=Mode.EXER))

    key = amber.ask(SendDraft("DA-0001", "Ruth"))

    assert amber.picture.notice(key).latest.mode is Mode.EXER


def test_a_draft_whose_time_is_over_is_refused_when_it_is_sent() -> None:
    amber, _ = watched(lead_below_s=600)
    amber.ask(a_notice(a_volume(from_min=5, to_min=10)))
    amber.hands.now_us = START_US + 11 * MINUTE_US

    with pytest.raises(KeepclearError, match="it ended"):
        amber.ask(SendDraft("DA-0001", "Ruth"))


def test_without_an_agreed_term_nothing_waits() -> None:
    amber, _ = amber_and_birch()

    assert amber.ask(FileNotice((a_volume(radius_m=90_000, from_min=1),), "Imani")) == "amber/A-0001"
