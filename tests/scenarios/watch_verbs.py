"""Verbs and words of the stories about the line, the watch and passing things on."""

from __future__ import annotations

from collections.abc import Callable

from given import Desk, a_volume
from keepclear.core.line import ChannelName, ChannelState, MissCause, Path
from keepclear.core.notice import NoticeKind
from keepclear.node.commands import (
    AnswerLineTest,
    Command,
    ConfirmGroup,
    FileNotice,
    PassOn,
    RecordLineTest,
    SetChannel,
    SetGroup,
    StateCause,
    TellDisseminated,
    TestLine,
)
from keepclear.node.entries import Entry
from keepclear.node.entries.channel import ChannelStateSent, HeldBack, LetGo
from keepclear.node.entries.dissemination import (
    Disseminated,
    GroupConfirmed,
    GroupSet,
    ListCommitted,
    PassedOn,
    PassOnReminded,
)
from keepclear.node.entries.linetests import (
    ClockMeasured,
    LineTestAnswered,
    LineTestCause,
    LineTestResult,
    LineTestSent,
    MessageSkew,
)

Verb = Callable[[Desk, list[str], dict[str, str], str], Command]


def _other(desk: Desk) -> str:
    return next(iter(desk.picture.enrolled_peers()))


def _movement(desk: Desk, rest: list[str], options: dict[str, str], by: str) -> Command:
    """A movement near the ridge, from one full hour to another."""
    start, end = (60 * (int(part[:2]) - 8) for part in options["time"].split("-"))
    return FileNotice((a_volume(from_min=start, to_min=end),), by, kind=NoticeKind.MOVEMENT)


VERBS: dict[str, Verb] = {
    "files-movement": _movement,
    "has-group": lambda desk, rest, options, by: SetGroup(rest[0], rest[0], ("R. Ames",), by),
    "passes-on": lambda desk, rest, options, by: PassOn(rest[0], 1, tuple(rest[1:]), by),
    "hears-from": lambda desk, rest, options, by: ConfirmGroup(rest[1], 1, rest[0], options["person"], by),
    "tells-how-far": lambda desk, rest, options, by: TellDisseminated(rest[0], 1, by, rest[1]),
    "tests-line": lambda desk, rest, options, by: TestLine(_other(desk), by, asks_person="machine" not in rest),
    "answers-test": lambda desk, rest, options, by: AnswerLineTest(rest[0], by, "no-language" not in rest),
    "calls": lambda desk, rest, options, by: RecordLineTest(
        _other(desk), Path(rest[0]), by, options.get("answered_by", ""), int(options.get("ms", "0")), "language" in rest
    ),
    "states-cause": lambda desk, rest, options, by: StateCause(rest[0], MissCause(rest[1]), by),
    "says-channel": lambda desk, rest, options, by: SetChannel(
        _other(desk), ChannelName(rest[0]), ChannelState(rest[1]), by
    ),
}


def in_words(body: Entry) -> str:
    """What an entry says, in few words; empty for one that is not told here."""
    match body:
        case LineTestSent():
            return f"{body.id} {body.path} within={body.answer_within_s}s by={body.by or 'machine'}"
        case LineTestAnswered():
            return f"{body.id} by={body.by} language={'ok' if body.language_ok else 'no'}"
        case LineTestResult():
            why = f" cause={body.cause}" if body.result == "missed" else f" by={body.answered_by or 'machine'}"
            return f"{body.id} {body.path} {body.result}{why}"
        case LineTestCause():
            return f"{body.test} {body.cause} by={body.by}"
        case ChannelStateSent():
            return f"{body.channel} {body.state} by={body.by}"
        case HeldBack():
            return f"for {body.to} number={body.number} {body.kind}: not delivered while suspended"
        case LetGo():
            overtaken = f" overtaken={','.join(map(str, body.overtaken))}" if body.overtaken else ""
            return f"to {body.to} up to {body.number}{overtaken}"
        case GroupSet():
            return f"{body.group} {','.join(body.members)}"
        case PassedOn():
            return f"{body.notice.party}/{body.notice.id} v{body.notice.version} to {','.join(body.groups)}"
        case GroupConfirmed():
            return f"{body.notice.party}/{body.notice.id} {body.group}: {body.person}"
        case Disseminated():
            return f"{body.notice.party}/{body.notice.id} v{body.notice.version}: {body.reached} of {body.groups}"
        case ListCommitted():
            return f"{body.notice.party}/{body.notice.id} v{body.notice.version}"
        case PassOnReminded():
            return f"{body.notice.party}/{body.notice.id} missing={','.join(body.missing)}"
        case ClockMeasured():
            return f"{body.party} at {body.test} ahead={body.skew_ms}ms"
        case MessageSkew():
            return f"{body.party} {body.index} ahead={body.skew_ms}ms"
    return ""
