"""How the picture takes up line tests, silence, and clocks that differ (V3, T3)."""

from __future__ import annotations

from typing import Any

from keepclear.core.ids import make_key
from keepclear.core.line import MissCause, Path, TestResult
from keepclear.core.timespan import SECOND_US
from keepclear.node.entries import Received
from keepclear.node.entries.linetests import (
    ClockMeasured,
    LineChanged,
    LineTestAnswered,
    LineTestCause,
    LineTestResult,
    LineTestSent,
    MessageSkew,
)
from keepclear.node.heldline import TESTS_KEPT, HeldTest
from keepclear.node.logs import Read
from keepclear.node.state import Fold, State


def apply_test(state: State, entry: Read, body: LineTestSent, sender: str, receiver: str) -> None:
    """Somebody asks whether anybody hears them."""
    due_at, by_person = entry.at + body.answer_within_s * SECOND_US, not body.machine_suffices
    key = make_key(sender, body.id)
    test = HeldTest(key, sender, body.path, entry.mode, entry.at, body.by, by_person, due_at, entry.n)
    _keep(state, test, sender, receiver, body.id)
    if sender == state.party:
        _tested(state, receiver, body.path, entry.at)


def apply_answered(state: State, entry: Read, body: LineTestAnswered, sender: str, receiver: str) -> None:
    """A person hears them. What it comes to is said by whoever tested."""
    other = receiver if sender == state.party else sender
    test = state.line_to(other).tests.get(make_key(receiver, body.id))
    if test is not None and not test.answered_by:
        test.answered_by, test.language_ok = body.by, body.language_ok


def apply_result(state: State, entry: Read, body: LineTestResult, sender: str, receiver: str) -> None:
    """What a test came to; one by voice begins with this."""
    other = receiver if sender == state.party else sender
    key = make_key(sender, body.id)
    test = state.line_to(other).tests.get(key)
    if test is None:
        test = HeldTest(key, sender, body.path, entry.mode, entry.at, body.by)
        _keep(state, test, sender, receiver, body.id)
        if sender == state.party:
            _tested(state, receiver, body.path, entry.at)
    test.results.append(body.result)
    test.latency_ms, test.skew_ms, test.skew_uncertain_ms = body.latency_ms, body.skew_ms, body.skew_uncertain_ms
    if body.result is not TestResult.MISSED:
        test.answered_by, test.language_ok = body.answered_by, body.language_ok
    elif body.cause is not MissCause.NOT_STATED:
        test.causes.append((sender, body.cause, body.by, ""))


def apply_cause(state: State, entry: Read, body: LineTestCause, sender: str, receiver: str) -> None:
    """Why a test was missed; the miss stays."""
    other = receiver if sender == state.party else sender
    test = state.line_to(other).tests.get(body.test)
    if test is not None and len(test.causes) < TESTS_KEPT:
        test.causes.append((sender, body.cause, body.by, body.remarks))


def apply_line(state: State, entry: Read, body: LineChanged, sender: str, receiver: str) -> None:
    """A peer's node fell silent, is heard again, or runs another version."""
    line = state.line_to(body.party)
    if body.is_silent and not line.is_silent:
        line.silent_since = entry.at
    line.is_silent, line.last_heard = body.is_silent, body.last_heard
    line.software = body.software or line.software


def apply_clock(state: State, entry: Read, body: ClockMeasured, sender: str, receiver: str) -> None:
    """What a peer's clock differs by, until the next test says otherwise."""
    line = state.line_to(body.party)
    line.skew_ms, line.skew_uncertain_ms, line.skew_test = body.skew_ms, body.skew_uncertain_ms, body.test


def apply_message_skew(state: State, entry: Read, body: MessageSkew, sender: str, receiver: str) -> None:
    """Recorded beside a message; changes nothing that is in force."""


def note_receipt(state: State, sender: str, body: Received) -> None:
    """A peer's machine received an entry of ours: if it was a test, when, by its clock."""
    line = state.lines.get(sender)
    if line is None:
        return
    for test in line.tests.values():
        if test.n == body.index and test.party == state.party and not test.their_receipt_us:
            test.their_receipt_us = body.received_at


def _keep(state: State, test: HeldTest, sender: str, receiver: str, serial: str) -> None:
    line = state.line_to(receiver if sender == state.party else sender)
    line.tests[test.key] = test
    while len(line.tests) > TESTS_KEPT:
        del line.tests[next(iter(line.tests))]
    if sender == state.party:
        state.count_serial(serial)


def _tested(state: State, party: str, path: Path, at: int) -> None:
    line = state.line_to(party)
    line.tested_at[path] = max(at, line.tested_at.get(path, 0))


FOLDS: dict[Any, Fold] = {
    LineTestSent: apply_test,
    LineTestAnswered: apply_answered,
    LineTestResult: apply_result,
    LineTestCause: apply_cause,
    LineChanged: apply_line,
    ClockMeasured: apply_clock,
    MessageSkew: apply_message_skew,
}
