"""Zones told and met: by agreement or announced, at both nodes, with the duties they open (C4, N7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from given import Desk, a_notice, a_volume, amber_and_birch, an_agreement, kinds, sync
from hostile import Hostile
from keepclear.core.agreement import PROFILE
from keepclear.core.footprint import Circle
from keepclear.core.notice import NoticeState
from keepclear.core.terms import DutyTerms
from keepclear.core.timespan import HOUR_US, MINUTE_US, TimeSpan
from keepclear.core.zone import Belt, Rule, Zone, ZoneKind, ZoneRule, ZoneState
from keepclear.errors import KeepclearError, Malformed, NotFound, Refused, Stale
from keepclear.formats.agreement_wire import zone_to_wire
from keepclear.node.commands import AnnounceZone, ChangeNotice, ChangeZone, GiveBackZone, LiftZone, MoveNotice, Tick
from keepclear.node.entries import DutyState, ZoneSaid

RIDGE = Circle(10.5, 20.0, 3_000.0)
ELSEWHERE = 11.5


def a_zone(shape=RIDGE, rule=Rule.STAY_OUT, *, name="FIELD", **changed):
    rules = (ZoneRule(rule, call_before_s=changed.pop("call_before_s", None)), *changed.pop("exceptions", ()))
    return Zone(name, "A field", ZoneKind.DANGER, shape, rules, **changed)


def agreed(*zones: Zone, duties: DutyTerms | None = None):
    return replace(an_agreement(), profile=PROFILE, zones=zones, duties=duties)


def met(desk: Desk, key: str) -> list[tuple[str, str]]:
    """Zone and rule, as a desk sees them for a notice."""
    held = desk.picture.zones_met.get(key)
    return [(each.zone.rpartition("/")[2], each.rule.value) for each in held.found] if held else []


def test_a_notice_in_an_agreed_zone_is_told_to_both_sides_and_refused_to_none():
    amber, birch = amber_and_birch(agreed(a_zone(), a_zone(rule=Rule.BE_AWARE, name="WIDE")))

    amber.ask(a_notice())
    sync(amber, birch)

    expected = [("FIELD", "stay_out"), ("WIDE", "be_aware")]
    assert met(amber, "amber/A-0001") == expected
    assert met(birch, "amber/A-0001") == expected


def test_an_exception_by_party_counts_for_that_party_alone():
    zone = a_zone(exceptions=(ZoneRule(Rule.FREE, party="amber"),))
    amber, birch = amber_and_birch(agreed(zone))

    amber.ask(a_notice())
    birch.ask(a_notice())
    sync(amber, birch)

    assert met(birch, "amber/A-0001") == []
    assert met(amber, "birch/B-0001") == [("FIELD", "stay_out")]


def test_what_moves_out_of_a_zone_or_ends_meets_it_no_more():
    amber, birch = amber_and_birch(agreed(a_zone()))
    amber.ask(a_notice())
    birch.ask(a_notice())
    sync(amber, birch)

    amber.ask(ChangeNotice("A-0001", 1, a_notice(a_volume(lat_deg=ELSEWHERE))))
    birch.ask(MoveNotice("B-0001", 1, NoticeState.ENDED, "Tomas"))
    sync(amber, birch)

    for desk in (amber, birch):
        assert desk.picture.zones_met == {}


def test_a_call_that_came_too_late_is_marked_so():
    zone = a_zone(rule=Rule.CALL_BEFORE, call_before_s=3_600)
    amber, birch = amber_and_birch(agreed(zone))

    amber.ask(a_notice(a_volume(from_min=59)))
    amber.ask(a_notice(a_volume(from_min=90)))
    sync(amber, birch)

    late = {key: held.found[0].is_late for key, held in birch.picture.zones_met.items()}
    assert late == {"amber/A-0001": True, "amber/A-0002": False}


def test_to_stay_out_is_a_duty_that_opens_and_is_met_or_missed_by_the_clock_of_who_is_owed():
    amber, birch = amber_and_birch(agreed(a_zone(), duties=DutyTerms(stay_out=True)))
    start_us = amber.hands.now_us
    amber.ask(a_notice())
    amber.ask(a_notice(a_volume(lat_deg=10.51)))
    sync(amber, birch)
    opened = sorted(duty.duty.split(" ")[1] for duty in birch.picture.open_duties() if duty.duty.startswith("stay_out"))

    amber.ask(ChangeNotice("A-0001", 1, a_notice(a_volume(lat_deg=ELSEWHERE))))
    sync(amber, birch)
    amber.hands.now_us = start_us + HOUR_US + MINUTE_US
    birch.run(Tick())

    assert opened == ["amber/A-0001", "amber/A-0002"]
    closed = {
        duty.duty.split(" ")[1]: (duty.state, bool(duty.proof), duty.owed_by)
        for duty in birch.picture.closed_duties
        if duty.duty.startswith("stay_out")
    }
    assert closed == {
        "amber/A-0001": (DutyState.MET, True, "amber"),
        "amber/A-0002": (DutyState.MISSED, False, "amber"),
    }
    assert not [duty for duty in amber.picture.duties if duty.startswith("stay_out")]


def test_an_announced_zone_is_told_and_met_by_what_was_planned_before_it_on_both_sides():
    amber, birch = amber_and_birch()
    birch.ask(a_notice())
    amber.ask(a_notice(a_volume(lat_deg=10.51)))
    sync(amber, birch)

    key = amber.ask(AnnounceZone(a_zone(Belt(((10.5, 19.9), (10.5, 20.1)), 4_000.0, 0.0)), "Imani"))
    sync(amber, birch)

    assert key == "amber/FIELD"
    for desk in (amber, birch):
        assert met(desk, "birch/B-0001") == [("FIELD", "stay_out")]
    assert met(amber, "amber/A-0001") == [("FIELD", "stay_out")]


def test_a_zone_that_is_changed_given_back_or_lifted_asks_no_more_of_what_lies_outside_it():
    amber, birch = amber_and_birch()
    start_us = amber.hands.now_us
    span = TimeSpan(start_us, start_us + 4 * HOUR_US)
    birch.ask(a_notice())
    sync(amber, birch)
    amber.ask(AnnounceZone(a_zone(span=span), "Imani"))
    sync(amber, birch)
    seen = [met(birch, "birch/B-0001")]

    amber.ask(ChangeZone(a_zone(Circle(ELSEWHERE, 20.0, 3_000.0), span=span), 1, "Imani"))
    sync(amber, birch)
    seen.append(met(birch, "birch/B-0001"))
    amber.ask(ChangeZone(a_zone(span=span), 2, "Imani"))
    sync(amber, birch)
    seen.append(met(birch, "birch/B-0001"))
    used = (TimeSpan(start_us, start_us + 10 * MINUTE_US),)
    amber.ask(GiveBackZone("FIELD", 3, "Imani", start_us + 30 * MINUTE_US, used))
    sync(amber, birch)
    seen.append(met(birch, "birch/B-0001"))
    amber.ask(LiftZone("FIELD", 4, "Imani"))
    sync(amber, birch)

    assert seen == [[("FIELD", "stay_out")], [], [("FIELD", "stay_out")], []]
    held = birch.picture.zones["amber/FIELD"]
    assert (held.state, held.version, held.standing) == (ZoneState.LIFTED, 5, None)
    assert held.used == ((start_us, start_us + 10 * MINUTE_US),)


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (AnnounceZone(a_zone(), "Imani"), Refused),
        (AnnounceZone(a_zone(name="OTHER"), "Imani", ("cedar",)), NotFound),
        (AnnounceZone(a_zone(name="OTHER", span=TimeSpan(1, 2)), "Imani"), Malformed),
        (AnnounceZone(a_zone(name="OTHER"), ""), Malformed),
        (ChangeZone(a_zone(), 2, "Imani"), Stale),
        (LiftZone("NONE", 1, "Imani"), NotFound),
        (GiveBackZone("FIELD", 1, "Imani", 5), Malformed),
    ],
)
def test_what_cannot_be_said_of_a_zone_is_refused(command, error: type[KeepclearError]):
    amber, birch = amber_and_birch()
    amber.ask(AnnounceZone(a_zone(), "Imani"))
    sync(amber, birch)

    with pytest.raises(error):
        amber.ask(command)


def test_a_zone_id_names_one_zone_for_ever():
    amber, birch = amber_and_birch()
    amber.ask(AnnounceZone(a_zone(), "Imani"))
    amber.ask(LiftZone("FIELD", 1, "Imani"))
    sync(amber, birch)

    with pytest.raises(Refused):
        amber.ask(AnnounceZone(a_zone(), "Imani"))
    with pytest.raises(Refused):
        amber.ask(LiftZone("FIELD", 2, "Imani"))


@pytest.mark.parametrize(("version", "answer"), [(1, "malformed"), (2, "taken")])
def test_a_peer_cannot_go_back_to_an_older_version_of_its_zone(version, answer):
    amber, birch = amber_and_birch()
    birch.ask(AnnounceZone(a_zone(), "Tomas"))
    sync(amber, birch)

    said = ZoneSaid(version, ZoneState.CHANGED, zone_to_wire(a_zone()), "Eve")
    found = Hostile("birch", amber).send(said)

    assert getattr(found, "code", "taken") == answer


def test_zones_come_out_the_same_when_the_record_is_folded_anew():
    amber, birch = amber_and_birch(agreed(a_zone(name="AGREED")))
    birch.ask(AnnounceZone(a_zone(), "Tomas"))
    sync(amber, birch)
    amber.ask(a_notice())
    before = dict(amber.picture.zones), dict(amber.picture.zones_met)

    amber.restart()

    assert (amber.picture.zones, amber.picture.zones_met) == before
    assert len(before[1]["amber/A-0001"].found) == 2
    assert "zones_met" not in kinds(amber.run(Tick()))
