"""What officers do about the line, their watch and passing things on."""

from __future__ import annotations

from typing import Any

from keepclear.core.line import ChannelName, ChannelState, MissCause, Path
from keepclear.core.line import TestResult as Result
from keepclear.node.commands import AnswerLineTest, Command, RecordLineTest, SetChannel, StateCause, TestLine
from keepclear.node.picture import Picture


def _peer(officers: Any, picture: Picture) -> str:
    enrolled = sorted(picture.enrolled_peers())
    return officers.rng.choice(enrolled) if enrolled else ""


def test_line(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    to = _peer(officers, picture)
    return TestLine(to, "Imani", asks_person=officers.rng.random() < 0.6) if to else None


def answer_test(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    asked = [
        test.key
        for line in picture.lines.values()
        for test in line.tests.values()
        if test.party != picture.party and test.n >= 0 and test.asks_person and not test.answered_by
    ]
    return AnswerLineTest(officers.rng.choice(asked), "Tomas", officers.rng.random() < 0.8) if asked else None


def enter_test(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    to, path = _peer(officers, picture), officers.rng.choice((Path.TELEPHONE, Path.RADIO))
    if not to:
        return None
    if officers.rng.random() < 0.5:
        return RecordLineTest(to, path, "Imani", "Tomas", 12_000, language_ok=True)
    return RecordLineTest(to, path, "Imani", cause=officers.rng.choice(tuple(MissCause)))


def state_cause(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    missed = [
        test.key for line in picture.lines.values() for test in line.tests.values() if Result.MISSED in test.results
    ]
    return StateCause(officers.rng.choice(missed), officers.rng.choice(tuple(MissCause)), "Imani") if missed else None


def set_channel(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    """What was suspended is opened again soon: a suspension that lasts is a story of its own."""
    to = _peer(officers, picture)
    if not to:
        return None
    closed = [
        other
        for other, line in sorted(picture.lines.items())
        for (who, name), said in line.stated.items()
        if who == picture.party and name is ChannelName.SAFETY and said.state is ChannelState.SUSPENDED
    ]
    enrolled = set(picture.enrolled_peers())
    if closed and closed[0] in enrolled and officers.rng.random() < 0.4:
        return SetChannel(closed[0], ChannelName.SAFETY, ChannelState.OPEN, "Imani")
    name = officers.rng.choice((ChannelName.SAFETY,) * 4 + (ChannelName.POLITICAL,))
    return SetChannel(to, name, officers.rng.choice((*ChannelState, ChannelState.SUSPENDED)), "Imani")


ACTS = [(2, test_line), (5, answer_test), (2, enter_test), (2, state_cause), (5, set_channel)]
