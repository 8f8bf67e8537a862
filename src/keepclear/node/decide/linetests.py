"""Line tests: asked, answered, entered, missed, explained; silence; and clocks that differ (V3, T3)."""

from __future__ import annotations

from keepclear.core.ids import check_person, make_key, make_serial
from keepclear.core.line import MissCause, Path, TestResult, is_skewed, measured_skew_ms
from keepclear.core.notice import REMARKS_MAX
from keepclear.core.timespan import SECOND_US
from keepclear.errors import LimitReached, Malformed, NotFound, Refused, UnlawfulChange
from keepclear.node.commands import Command
from keepclear.node.commands.linetests import AnswerLineTest, NoteLine, RecordLineTest, StateCause, TestLine
from keepclear.node.consequences import close_duty
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries import DutyChanged, DutyState, Entry, Received
from keepclear.node.entries.linetests import (
    ClockMeasured,
    LineChanged,
    LineTestAnswered,
    LineTestCause,
    LineTestResult,
    LineTestSent,
    MessageSkew,
)
from keepclear.node.handlers import Decide, Take, Taken
from keepclear.node.heldline import HeldLine, HeldTest, line_rules
from keepclear.node.logs import Read
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings

#: Tests of one peer by people, that wait for an answer at once.
OPEN_TESTS_MAX = 10
LATENCY_MS_MAX = 3_600_000


def test_line(picture: Picture, command: TestLine, now_us: int, settings: Settings) -> Decision:
    """Ask over the network whether anybody hears us."""
    check_person(command.by)
    line = _line(picture, command.to)
    waiting = [test for test in line.tests.values() if test.is_open and test.party == picture.party]
    if len(waiting) >= OPEN_TESTS_MAX:
        raise LimitReached(f"{len(waiting)} tests of {command.to} wait for an answer already", at="to")
    serial = _serial(picture, 1)
    drafts = _ask(picture, command, serial, now_us, settings)
    return Decision(tuple(drafts), subject=make_key(picture.party, serial))


def answer_test(picture: Picture, command: AnswerLineTest, now_us: int, settings: Settings) -> Decision:
    """Whoever is on watch hears them, and says so under their name."""
    check_person(command.by)
    test = _test(picture, command.test)
    if test.party == picture.party:
        raise NotFound(f"{command.test} is our own test: the other side answers it", at="test")
    if test.n < 0 or not test.asks_person:
        raise Refused(f"{command.test} asks for no answer", at="test")
    if test.answered_by:
        raise UnlawfulChange(f"{test.answered_by} answered {command.test} already", at="test")
    body = LineTestAnswered(test.key.partition("/")[2], command.by, command.language_ok)
    return Decision((Draft(body, test.party, test.mode),), subject=test.key)


def record_test(picture: Picture, command: RecordLineTest, now_us: int, settings: Settings) -> Decision:
    """What came of a test by telephone or radio, as the officer who made the call enters it."""
    check_person(command.by)
    _line(picture, command.to)
    if command.path is Path.NETWORK:
        raise Refused("the network is tested by the two nodes: ask for a test instead of entering one", at="path")
    if not 0 <= command.latency_ms <= LATENCY_MS_MAX:
        raise Malformed(f"a latency lies between 0 and {LATENCY_MS_MAX} ms", at="latency_ms")
    is_answered = bool(command.answered_by.strip())
    if is_answered:
        check_person(command.answered_by, at="answered_by")
        if command.cause is not MissCause.NOT_STATED:
            raise Malformed("a test that was answered has no cause of a miss", at="cause")
    serial = _serial(picture, 1)
    body = LineTestResult(
        id=serial,
        path=command.path,
        result=TestResult.ANSWERED if is_answered else TestResult.MISSED,
        by=command.by,
        latency_ms=command.latency_ms if is_answered else 0,
        answered_by=command.answered_by,
        language_ok=command.language_ok and is_answered,
        cause=command.cause,
    )
    drafts = [Draft(body, command.to, command.mode)]
    duty = picture.duties.get(f"test_line {command.to}/{command.path}")
    if duty is not None:
        met = DutyChanged(duty.duty, duty.owed_by, duty.due_at, DutyState.MET)
        drafts.append(Draft(met, mode=duty.mode))
    return Decision(tuple(drafts), subject=make_key(picture.party, serial))


def state_cause(picture: Picture, command: StateCause, now_us: int, settings: Settings) -> Decision:
    """Why a test was missed. Either side may say; the miss stands, and so does each cause."""
    check_person(command.by)
    if len(command.remarks) > REMARKS_MAX:
        raise LimitReached(f"remarks have at most {REMARKS_MAX} characters", at="remarks")
    test = _test(picture, command.test)
    if TestResult.MISSED not in test.results:
        raise UnlawfulChange(f"{command.test} was not missed", at="test")
    to = next(party for party, line in picture.lines.items() if command.test in line.tests)
    body = LineTestCause(test.key, command.cause, command.by, command.remarks)
    return Decision((Draft(body, to, test.mode),), subject=test.key)


def note_line(picture: Picture, command: NoteLine, now_us: int, settings: Settings) -> Decision:
    """A peer fell silent, is heard again, or runs another version: recorded when it changes."""
    if command.party not in picture.peers:
        return Decision()
    line = picture.line_with(command.party)
    if line.is_silent == command.is_silent and command.software in ("", line.software):
        return Decision()
    body = LineChanged(command.party, command.is_silent, command.last_heard, command.software[:80])
    return Decision((Draft(body),), subject=command.party)


# ------------------------------------------------------------------------------------------------------- by the clock


def tests_due(picture: Picture, now_us: int, settings: Settings) -> list[Draft]:
    """Tests that the schedule asks for, and those that nobody answered or entered in time."""
    drafts: list[Draft] = []
    number = 0
    for party in sorted(picture.enrolled_peers()):
        line = picture.line_with(party)
        rules = line_rules(picture.agreement_with(party), settings)
        drafts += _unanswered(picture, party, line, now_us)
        for path in rules.paths:
            due_at = line.tested_at.get(path, line.since) + rules.test_every_s * SECOND_US
            if now_us < due_at:
                continue
            number += 1
            if path is Path.NETWORK:
                drafts += _ask(picture, TestLine(party, ""), _serial(picture, number), now_us, settings)
            else:
                drafts += _by_voice(picture, party, path, due_at, now_us, settings, number)
    return drafts


def _unanswered(picture: Picture, party: str, line: HeldLine, now_us: int) -> list[Draft]:
    late = [
        test
        for test in line.tests.values()
        if test.is_open
        and test.party == picture.party
        and test.due_at <= now_us
        and _duty_of(test, party) not in picture.duties
    ]
    return [Draft(_result(test, TestResult.MISSED, 0), party, test.mode) for test in late]


def _by_voice(
    picture: Picture, party: str, path: Path, due_at: int, now_us: int, settings: Settings, number: int
) -> list[Draft]:
    """An officer is to make the call; when that is not entered in time it is a miss like any other."""
    within_us = line_rules(picture.agreement_with(party), settings).test_within_s * SECOND_US
    if now_us >= due_at + within_us:
        missed = LineTestResult(_serial(picture, number), path, TestResult.MISSED)
        return [Draft(missed, party)]
    name = f"test_line {party}/{path}"
    if name in picture.duties:
        return []
    return [Draft(DutyChanged(name, picture.party, due_at + within_us, DutyState.OPEN))]


# ------------------------------------------------------------------------------------------------------- from a peer


def take_received(picture: Picture, taken: Taken, body: Received, settings: Settings) -> list[Draft]:
    """A peer's machine received a test of ours: now its clock is known, and perhaps that is answer enough."""
    line = picture.lines.get(taken.sender)
    if line is None:
        return []
    test = next((t for t in line.tests.values() if t.n == body.index and t.party == picture.party), None)
    if test is None:
        return []
    skew_ms, uncertain_ms = measured_skew_ms(test.at, body.received_at, taken.received_at)
    serial = test.key.partition("/")[2]
    drafts = [Draft(ClockMeasured(taken.sender, serial, skew_ms, uncertain_ms), mode=test.mode)]
    if not test.asks_person:
        drafts += _answered(picture, test, taken, (skew_ms, uncertain_ms))
    return drafts


def take_answered(picture: Picture, taken: Taken, body: LineTestAnswered, settings: Settings) -> list[Draft]:
    """A person hears us: what it came to is told to both records."""
    line = picture.lines.get(taken.sender)
    test = line.tests.get(make_key(picture.party, body.id)) if line else None
    if line is None or test is None or test.n < 0:
        return []
    skew = (line.skew_ms, line.skew_uncertain_ms) if line.skew_test == body.id else (0, -1)
    return _answered(picture, test, taken, skew)


def _answered(picture: Picture, test: HeldTest, taken: Taken, skew: tuple[int, int]) -> list[Draft]:
    if TestResult.ANSWERED in test.results or TestResult.LATE in test.results:
        return []
    result = TestResult.LATE if test.results else TestResult.ANSWERED
    latency_ms = max(0, taken.received_at - test.at) // 1_000
    drafts = [Draft(_result(test, result, latency_ms, skew), taken.sender, test.mode)]
    return drafts + close_duty(picture, _duty_of(test, taken.sender), taken.read)


def skew_drafts(picture: Picture, sender: str, read: Read) -> list[Draft]:
    """What is recorded beside each message of a peer whose clock differed by more than 2 s at the last test (T3)."""
    line = picture.lines.get(sender)
    if line is None or not is_skewed(line.skew_ms, line.skew_uncertain_ms):
        return []
    return [Draft(MessageSkew(sender, read.n, line.skew_ms, line.skew_test), mode=read.mode)]


# ------------------------------------------------------------------------------------------------------------- inside


def _ask(picture: Picture, asked: TestLine, serial: str, now_us: int, settings: Settings) -> list[Draft]:
    within_s = line_rules(picture.agreement_with(asked.to), settings).test_within_s
    name = f"answer_line_test {make_key(picture.party, serial)}/{asked.to}"
    duty = DutyChanged(name, asked.to, now_us + within_s * SECOND_US, DutyState.OPEN)
    body = LineTestSent(serial, Path.NETWORK, within_s, asked.by, machine_suffices=not asked.asks_person)
    return [Draft(body, asked.to, asked.mode), Draft(duty, mode=asked.mode)]


def _result(test: HeldTest, result: TestResult, latency_ms: int, skew: tuple[int, int] = (0, -1)) -> LineTestResult:
    is_missed = result is TestResult.MISSED
    return LineTestResult(
        id=test.key.partition("/")[2],
        path=test.path,
        result=result,
        latency_ms=latency_ms,
        answered_by="" if is_missed else test.answered_by,
        language_ok=test.language_ok and not is_missed,
        skew_ms=skew[0],
        skew_uncertain_ms=skew[1],
    )


def _duty_of(test: HeldTest, party: str) -> str:
    return f"answer_line_test {test.key}/{party}"


def _line(picture: Picture, party: str) -> HeldLine:
    if party not in picture.peers or picture.peers[party].is_removed:
        raise NotFound(f"{party} is not enrolled", at="to")
    return picture.line_with(party)


def _test(picture: Picture, key: str) -> HeldTest:
    for line in picture.lines.values():
        if key in line.tests:
            return line.tests[key]
    raise NotFound(f"there is no line test {key} among the newest", at="test")


def _serial(picture: Picture, number: int) -> str:
    """The serial of the `number`-th test that begins in this turn."""
    prefix = f"L{picture.party[0].upper()}"
    return make_serial(picture.party, picture.last_serial.get(prefix, 0) + number, prefix="L")


TABLE: dict[type[Command], Decide] = {
    TestLine: test_line,
    AnswerLineTest: answer_test,
    RecordLineTest: record_test,
    StateCause: state_cause,
    NoteLine: note_line,
}
TAKES: dict[type[Entry], Take] = {Received: take_received, LineTestAnswered: take_answered}
