"""What a shift hands over, built from what is open: STOPs, alerts, duties, notices, lines, agreements, drafts (D3)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from keepclear.core.duty import Item
from keepclear.core.line import TestResult
from keepclear.core.timespan import HOUR_US, zulu
from keepclear.node.entries import DutyState
from keepclear.node.heldline import HeldLine
from keepclear.node.picture import Picture

#: How far ahead what begins and ends is listed.
AHEAD_US = 24 * HOUR_US
#: Items of one section that are listed one by one; beyond it one item says how many there are, and binds to all.
LISTED_MAX = 200


def checklist(picture: Picture, now_us: int) -> list[Item]:
    """Everything that the next shift must know of, as it stands now.

    What the lines carry in seconds is left out: an item changes when something happened, not because time passes.
    """
    return [
        *_shortened("stops", list(_stops(picture))),
        *_shortened("alerts", list(_alerts(picture))),
        *_shortened("duties", list(_duties(picture))),
        *_shortened("notices", list(_notices(picture, now_us))),
        *_shortened("next", list(_next(picture, now_us))),
        *_shortened("lines", list(_lines(picture))),
        *_shortened("agreements", list(_agreements(picture))),
        *_shortened("drafts", list(_drafts(picture))),
    ]


def _shortened(section: str, items: list[Item]) -> list[Item]:
    if len(items) <= LISTED_MAX:
        return items
    digest = hashlib.sha256("\n".join(sorted(f"{item.key} {item.digest}" for item in items)).encode()).hexdigest()
    return [Item(f"all {section}", section, f"{len(items)} of them, too many to list: {digest[:16]}")]


def _stops(picture: Picture) -> Iterator[Item]:
    for stop in picture.stops.values():
        if not stop.resumed_at:
            answered = ", ".join(f"{each.party} {each.answer}" for each in stop.answers) or "not answered"
            yield Item(f"stop {stop.key}", "stops", f"{stop.mode} asked {zulu(stop.at)}, {answered}")


def _alerts(picture: Picture) -> Iterator[Item]:
    for alert in picture.alerts.values():
        if alert.is_open:
            whose = "for us to answer" if alert.to == picture.party else f"{alert.to} has not answered"
            yield Item(f"alert {alert.id}", "alerts", f"{alert.mode} {alert.level} {alert.state}, {whose}")


def _duties(picture: Picture) -> Iterator[Item]:
    for duty in picture.duties.values():
        # What is owed for an alert or a STOP stands there already.
        if duty.state is DutyState.OPEN and not duty.duty.startswith(("acknowledge_by ", "answer_stop ")):
            yield Item(f"duty {duty.duty}", "duties", f"owed by {duty.owed_by} until {zulu(duty.due_at)}")


def _notices(picture: Picture, now_us: int) -> Iterator[Item]:
    for held in picture.live_notices(now_us):
        latest = held.latest
        yield Item(f"notice {held.key}", "notices", f"{latest.mode} v{latest.version} {latest.state}")


def _next(picture: Picture, now_us: int) -> Iterator[Item]:
    for held in picture.live_notices(now_us):
        if now_us <= held.span.start_us <= now_us + AHEAD_US:
            yield Item(f"begins {held.key}", "next", zulu(held.span.start_us))
        if held.span.end_us <= now_us + AHEAD_US:
            yield Item(f"ends {held.key}", "next", zulu(held.span.end_us))


def _lines(picture: Picture) -> Iterator[Item]:
    for party in sorted(picture.enrolled_peers()):
        yield Item(f"line {party}", "lines", _line_words(picture, picture.line_with(party)))
    if picture.is_clock_suspect:
        yield Item("clock", "lines", f"in doubt against {picture.clock_against}")


def _line_words(picture: Picture, line: HeldLine) -> str:
    words = [f"silent since {zulu(line.silent_since)}" if line.is_silent else "heard"]
    words += [f"{name} {said.state} says {party}" for (party, name), said in sorted(line.stated.items())]
    if line.waiting:
        words.append(f"{len(line.waiting)} not delivered while suspended")
    ours = [test for test in line.tests.values() if test.party == picture.party]
    missed = [test.key for test in ours if test.results[-1:] == [TestResult.MISSED]]
    if missed:
        words.append(f"missed tests {', '.join(missed[-3:])}")
    asked = [test.key for test in line.tests.values() if test.party != picture.party and test.is_open and test.n >= 0]
    if asked:
        words.append(f"asks us {', '.join(asked[-3:])}")
    return "; ".join(words)


def _agreements(picture: Picture) -> Iterator[Item]:
    for party, held in sorted(picture.in_force.items()):
        yield Item(f"agreement {party}", "agreements", f"{held.agreement.title} ({held.hash[:16]})")


def _drafts(picture: Picture) -> Iterator[Item]:
    for draft in picture.watch.drafts.values():
        why = " and ".join(draft.body.why)
        yield Item(f"draft {draft.body.id}", "drafts", f"of {draft.body.drafted_by}, waits for a second person: {why}")
