"""A record judged again: the same by the same terms, and otherwise just where other terms make it so (G1, ruling 5)."""

from __future__ import annotations

from dataclasses import replace

from given import Desk, a_notice, a_volume, amber_and_birch, an_agreement, sync
from keepclear.core.agreement import PROFILE
from keepclear.core.alert import Answer
from keepclear.core.footprint import Circle
from keepclear.core.notice import NoticeState
from keepclear.core.separation import Separation
from keepclear.core.terms import NoticeTerms
from keepclear.core.timespan import MINUTE_US
from keepclear.core.zone import Rule, Zone, ZoneKind, ZoneRule
from keepclear.node.commands import AnswerAlert, AnswerStop, MoveNotice, SendStop
from keepclear.node.entries import AlertAssessed, ConflictsFound
from keepclear.node.logs import read_entry
from keepclear.node.replay import differences, judged


def a_day() -> tuple[Desk, Desk]:
    """Two notices that are 3 km apart, one answered after four minutes; a STOP answered after 40 s; one that ended."""
    amber, birch = amber_and_birch()
    amber.ask(a_notice(a_volume(lat_deg=10.5, radius_m=1_000)))
    birch.ask(a_notice(a_volume(lat_deg=10.545, radius_m=1_000)))
    sync(amber, birch)
    amber.hands.now_us += 4 * MINUTE_US
    birch.ask(AnswerAlert("amber/A-0001/v1/birch", 1, Answer.ROGER, "Tomas"))
    stop = amber.ask(SendStop("Imani"))
    sync(amber, birch)
    amber.hands.now_us += 40_000_000
    birch.ask(AnswerStop(stop, Answer.WILCO, "Tomas"))
    amber.ask(a_notice(a_volume(lat_deg=11)))
    amber.ask(MoveNotice("A-0002", 1, NoticeState.ENDED, "Imani"))
    sync(amber, birch)
    return amber, birch


def reads(desk: Desk):
    return [read_entry(entry.data, entry.leaf) for entry in desk.store.entries()]


def otherwise(**changed):
    amber, _ = a_day()
    terms = replace(an_agreement(), **changed)
    return {
        (each.about, each.duty, each.before, each.after)
        for each in differences(judged(reads(amber)), judged(reads(amber), terms))
    }


def test_by_the_same_terms_nothing_comes_out_otherwise():
    assert otherwise() == set()


def test_either_record_gives_the_same_findings():
    amber, birch = a_day()

    assert judged(reads(amber)) == judged(reads(birch))
    assert judged(reads(amber))["amber/A-0001 v1 -> birch", "acknowledge_by"] == "met"


def test_what_is_found_anew_is_what_the_node_found_at_the_time():
    amber, _ = a_day()
    found = judged(reads(amber))

    for read in reads(amber):
        if isinstance(read.body, AlertAssessed):
            notice = read.body.alert.rsplit("/v", 1)[0]
            short = found[f"{notice} v1 -> amber", "notify_before"] == "SHORT"
            assert short == read.body.is_short
        if isinstance(read.body, ConflictsFound) and read.body.pairs:
            assert any(duty == "keep_separation" for _, duty in found)


def test_a_longer_notice_makes_one_short_and_a_shorter_answer_makes_one_missed():
    deadlines = replace(an_agreement().deadlines, notice_before_s=7_200, acknowledge_s=180, acknowledge_stop_s=30)

    found = otherwise(deadlines=deadlines)

    assert ("amber/A-0001 v1 -> birch", "notify_before", "in time", "SHORT") in found
    assert ("amber/A-0001 v1 -> birch", "acknowledge_by", "met", "missed") in found
    assert ("amber/SA-0001 -> birch", "answer_stop", "met", "missed") in found


def test_a_wider_separation_makes_a_conflict():
    found = otherwise(separation=Separation(5_000, 300, 60))

    assert ("amber/A-0001 v1 and birch/B-0001 v1", "keep_separation", "", "CONFLICT") in found


def test_terms_for_a_kind_and_zones_count_too():
    zone = Zone("RIDGE", "R", ZoneKind.RESTRICTED, Circle(10.5, 20.0, 500.0), (ZoneRule(Rule.STAY_OUT),))

    found = otherwise(profile=PROFILE, zones=(zone,), notices=NoticeTerms(hazard_before_s=7_200))

    assert ("amber/A-0001 v1", "zone RIDGE", "", "stay_out") in found
    assert ("amber/A-0001 v1 -> birch", "notify_before", "in time", "SHORT") in found


def test_progress_is_told_from_the_first_to_the_last_entry():
    amber, _ = a_day()
    told: list[tuple[int, int]] = []

    judged(reads(amber), None, lambda done, of: told.append((done, of)))

    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1] > 10
