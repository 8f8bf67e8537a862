"""What officers do about the line, their watch and passing things on."""

from __future__ import annotations

from typing import Any

from keepclear.core.line import ChannelName, ChannelState, MissCause, Path
from keepclear.core.line import TestResult as Result
from keepclear.node.commands import (
    AnswerLineTest,
    Command,
    ConfirmGroup,
    PassOn,
    RecordLineTest,
    RelayNotice,
    SetChannel,
    SetGroup,
    StateCause,
    TellDisseminated,
    TestLine,
)
from keepclear.node.logs import channel
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


def set_group(officers: Any, picture: Picture, party: Any, now_us: int) -> Command:
    group = officers.rng.choice(("tower", "battery"))
    return SetGroup(group, group, ("Ruth", "Omar") if officers.rng.random() < 0.9 else (), "Imani")


def _foreign(officers: Any, picture: Picture) -> Any:
    held = [each for each in picture.notices.values() if not each.is_own]
    return officers.rng.choice(held) if held else None


def pass_on(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    notice, groups = _foreign(officers, picture), tuple(sorted(picture.passing_on.groups))
    return PassOn(notice.key, notice.latest.version, groups, "Imani") if notice and groups else None


def confirm_group(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    waiting = [
        (key, version, group)
        for (key, version), passing in picture.passing_on.passings.items()
        for group in passing.groups
        if group not in passing.confirmed
    ]
    return ConfirmGroup(*officers.rng.choice(waiting), "Ruth", "Imani") if waiting else None


def tell_disseminated(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    passed = list(picture.passing_on.passings)
    shows = officers.rng.choice(("counts", "counts", "commitment"))
    return TellDisseminated(*officers.rng.choice(passed), "Imani", shows) if passed else None


def relay(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    """A notice, or a relay of one, to anybody: where it would come round it must be refused."""
    to, relays = _peer(officers, picture), sorted(picture.passing_on.relays)
    if not to:
        return None
    if relays and officers.rng.random() < 0.4:
        return RelayNotice(officers.rng.choice(relays), to, "Imani")
    notice = _foreign(officers, picture)
    if notice is None:
        return None
    log = channel(notice.party, picture.party)
    data = next((entry.data for entry in party.durable(log) if entry.n == notice.latest.n), b"")
    return RelayNotice(notice.key, to, "Imani", data)


ACTS = [(2, test_line), (5, answer_test), (2, enter_test), (2, state_cause), (5, set_channel)]
ACTS += [(2, set_group), (5, pass_on), (4, confirm_group), (2, tell_disseminated), (3, relay)]
