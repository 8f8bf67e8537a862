"""Statistics of a line: each figure by hand, and no difference between two records of the same entries."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepclear.core.report import Breach, Channel, Logged, Tally, statistics
from keepclear.core.timespan import SECOND_US
from keepclear.errors import Malformed

AGREED = [
    Logged(0, "agreement_proposed", "OPER", {
        "hash": "a1", "terms": {"deadlines_s": {"notice_before_s": 600, "acknowledge_stop_s": 30}},
    }),
]  # fmt: skip
SIGNED = [Logged(1, "agreement_signed", "OPER", {"hash": "a1"})]


def s(seconds: int) -> int:
    return seconds * SECOND_US


def a_notice(at: int, *, start: int, end: int, id_: str = "A-0001", version: int = 1, **more: Any) -> Logged:
    body = {
        "id": id_,
        "version": version,
        "kind": "HAZARD",
        "state": "Accepted",
        "volumes": [{"start": s(start), "end": s(end)}],
    }
    return Logged(s(at), "notice", more.pop("mode", "OPER"), {**body, **more})


def an_alert(at: int, *, version: int = 1, within: int = 100) -> Logged:
    body = {
        "alert": f"amber/A-0001/v{version}/birch",
        "notice": {"id": "A-0001", "version": version},
        "answer_within_s": within,
    }
    return Logged(s(at), "alert", "OPER", body)


def received(index: int, at: int) -> Logged:
    return Logged(s(at), "received", "OPER", {"index": index, "received_at": s(at)})


def an_answer(at: int, answer: str = "WILCO", *, version: int = 1, standby_s: int = 0) -> Logged:
    body = {"alert": f"amber/A-0001/v{version}/birch", "answer": answer, "standby_s": standby_s}
    return Logged(s(at), "answer", "OPER", body)


def amber_sent(forth: list[Logged], back: list[Logged], *, since: int = 0) -> Tally:
    """What Amber sent, both having signed before."""
    channels = Channel("amber", [*AGREED, *forth], since), Channel("birch", [*SIGNED, *back])
    tally = statistics(*channels).tallies[0]
    assert tally.party == "amber"
    return tally


def test_a_lead_is_from_receipt_to_start_and_below_the_agreed_one_it_is_short() -> None:
    tally = amber_sent([a_notice(100, start=1_000, end=2_000)], [received(1, 401)])

    assert (tally.leads_s, tally.short, dict(tally.notices)) == ([599], 1, {"HAZARD": 1})
    assert tally.breaches == [Breach(s(401), "amber", "SHORT", "A-0001", 1)]


def test_exactly_the_agreed_lead_is_not_short() -> None:
    assert amber_sent([a_notice(100, start=1_000, end=2_000)], [received(1, 400)]).short == 0


def test_a_notice_without_a_receipt_has_no_lead() -> None:
    tally = amber_sent([a_notice(100, start=1_000, end=2_000)], [])

    assert (tally.leads_s, tally.not_received, tally.lead_s(50)) == ([], 1, None)


@pytest.mark.parametrize(
    ("back", "figures"),
    [
        ([received(1, 100), an_answer(200)], (1, 0, 0, 0)),
        ([received(1, 100), an_answer(201)], (0, 1, 0, 0)),
        ([received(1, 100), received(0, 201)], (0, 0, 1, 0)),
        ([received(1, 100), received(0, 200)], (0, 0, 0, 1)),
        ([received(1, 100), an_answer(200, "STANDBY", standby_s=60), an_answer(260)], (1, 0, 0, 0)),
        ([received(1, 100), an_answer(200, "STANDBY", standby_s=60), an_answer(261)], (0, 1, 0, 0)),
        ([], (0, 0, 0, 1)),
    ],
)
def test_an_answer_is_in_time_late_missing_or_still_open(back: list[Logged], figures: tuple[int, ...]) -> None:
    tally = amber_sent([an_alert(100)], back)

    assert (tally.in_time, tally.late, tally.unanswered, tally.undecided) == figures


def test_an_alert_whose_notice_changed_before_it_was_due_is_superseded_and_no_breach() -> None:
    newer = a_notice(150, start=1_000, end=2_000, version=2, change="AMEND")

    tally = amber_sent([an_alert(100), newer], [received(1, 100), received(0, 900)])

    assert (tally.superseded, tally.unanswered, tally.breaches) == (1, 0, [])
    assert dict(tally.changes) == {"AMEND": 1}


def test_what_a_message_needs_is_measured_by_the_senders_clock_alone() -> None:
    forth = [an_alert(100), Logged(s(190), "received", "OPER", {"index": 2, "received_at": s(186) + 1})]

    tally = amber_sent(forth, [received(1, 100), an_answer(180)])

    assert tally.message_s == [87] and tally.message_within_s(90) == 87


def test_a_stop_is_held_to_the_time_agreed_for_stop() -> None:
    stops = [Logged(s(100), "stop", "OPER", {"id": "SA-1"}), Logged(s(100), "stop", "OPER", {"id": "SA-2"})]
    answers = [received(1, 100), received(2, 100), Logged(s(130), "stop_answer", "OPER", {"id": "SA-1"}),
               Logged(s(131), "stop_answer", "OPER", {"id": "SA-2"})]  # fmt: skip

    tally = amber_sent(stops, answers)

    assert (tally.stops, tally.stops_answered_in_time, tally.stops_answered_late) == (2, 1, 1)
    assert [breach.what for breach in tally.breaches] == ["STOP LATE"]


def test_reserved_used_and_given_back_add_up() -> None:
    forth = [
        a_notice(100, start=1_000, end=2_000),
        a_notice(1_100, start=1_000, end=2_000, version=2, change="ACTIVATE", state="Activated"),
        a_notice(1_600, start=1_000, end=2_000, version=3, change="GIVE_BACK", state="Ended"),
    ]

    tally = amber_sent(forth, [])

    assert (tally.reserved_s, tally.used_s, tally.given_back_s) == (1_000, 500, 400)


def test_line_tests_give_the_availability_of_a_thousand() -> None:
    results = [Logged(s(n), "line_test_result", "OPER", {"id": f"T-{n}", "path": "network", "result": r})
               for n, r in enumerate(("answered", "answered", "missed"))]  # fmt: skip

    tally = amber_sent(results, [])

    assert tally.available_permille == 666 and [b.what for b in tally.breaches] == ["TEST MISSED"]


def test_an_exercise_is_counted_apart() -> None:
    tally = amber_sent([a_notice(100, start=1_000, end=2_000, mode="EXER")], [received(1, 900)])

    assert (dict(tally.notices), tally.not_operational) == ({}, 1)


def test_what_lies_before_the_period_gives_meaning_and_is_not_counted() -> None:
    forth = [
        a_notice(100, start=1_000, end=2_000),
        a_notice(1_600, start=1_000, end=2_000, version=2, change="GIVE_BACK", state="Ended"),
    ]

    tally = amber_sent(forth, [received(1, 400)], since=2)

    assert (dict(tally.notices), tally.leads_s, tally.reserved_s) == ({}, [], 1_000)


def test_percentiles_are_values_that_were_measured() -> None:
    tally = Tally("amber", leads_s=list(range(10, 110, 10)))

    assert (tally.lead_s(10), tally.lead_s(50), tally.lead_s(100)) == (10, 50, 100)


def test_a_period_that_begins_beyond_the_record_is_refused() -> None:
    with pytest.raises(Malformed):
        Channel("amber", [], 1)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 3)), max_size=12), st.booleans())
def test_the_order_of_the_two_channels_changes_nothing(acts: list[tuple[int, int]], swapped: bool) -> None:
    at = sorted(when for when, _ in acts)
    forth = [*AGREED, *(a_notice(when, start=when + 500, end=when + 900, id_=f"A-{n}") for n, when in enumerate(at))]
    back = [*SIGNED, *(received(n + 1, when + 7) for n, when in enumerate(at))]
    one, other = Channel("amber", forth), Channel("birch", back)

    assert statistics(one, other) == statistics(other, one)
    assert sum(statistics(one, other).tallies[0].notices.values()) == len(acts)
