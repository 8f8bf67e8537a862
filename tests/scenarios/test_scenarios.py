"""Stories as text: what people do, a line of dashes, and what came of it. `REWRITE=1` when testing renews them.

A command is `at HH:MM[:SS] <party> <verb> [words] [name=value]`. After the dashes stand the entries that were recorded
on either side, in order, or `refused: <code>`. The verbs stand in `Teller`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.scenarios import watch_verbs, words_lines

from given import DEADLINES, START_US, Desk, Hands, a_volume, an_agreement, enrol, sync
from keepclear.core.agreement import Deadlines, Disclosure, DisclosureLevel
from keepclear.core.alert import Answer
from keepclear.core.notice import NoticeState
from keepclear.core.timespan import HOUR_US, MINUTE_US, SECOND_US, zulu
from keepclear.core.volume import Volume4D
from keepclear.engine import standing
from keepclear.errors import KeepclearError
from keepclear.node.commands import (
    AnswerAlert,
    AnswerStop,
    Command,
    MoveNotice,
    ProposeAgreement,
    Resume,
    SendStop,
    SignAgreement,
    Tick,
)
from keepclear.node.entries import (
    AlertAssessed,
    AlertSent,
    AnswerSent,
    ConflictsFound,
    DutyChanged,
    Entry,
    Received,
    Resumed,
    StopAnswered,
    StopSent,
    Transmitted,
)
from keepclear.node.logs import parties_of, read_entry

HERE = Path(__file__).parent
#: Stories begin at 08:00; latitude and longitude of the places they speak of.
MIDNIGHT_US = START_US - 8 * HOUR_US
PLACES = {"ridge": (10.5, 20.0), "ridge-east": (10.5, 20.05), "bay": (9.6, 20.4), "far-north": (10.8, 20.0)}


def instant(clock: str) -> int:
    """Microseconds of `10:05` or `10:05:30` on the day of the story."""
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    return MIDNIGHT_US + hours * HOUR_US + minutes * MINUTE_US + (seconds[0] if seconds else 0) * SECOND_US


def clock(at_us: int) -> str:
    """`10:05:30` of an instant."""
    return zulu(at_us)[11:19]


@dataclass
class Teller:
    """Amber and Birch, and what is told of them."""

    hands: Hands = field(default_factory=Hands)
    told: dict[str, int] = field(default_factory=lambda: {"amber": 0, "birch": 0})

    def __post_init__(self) -> None:
        self.desks = {party: Desk(party, self.hands) for party in ("amber", "birch")}
        enrol(*self.desks.values())
        self._settle()
        self._news()

    def tell(self, line: str) -> list[str]:
        """Carry out one line; gives what came of it."""
        words = [word for word in line.split() if "=" not in word]
        options = dict(word.split("=", 1) for word in line.split() if "=" in word)
        if words[0] == "agreement":
            return self._agree(options)
        assert words[0] == "at", line
        self.hands.now_us = instant(words[1])
        desk, verb, rest = self.desks[words[2]], words[3], words[4:]
        for each in self.desks.values():
            each.run(Tick())
        try:
            command = self._command(desk, verb, rest, options)
            if command is not None:
                desk.ask(command)
        except KeepclearError as refused:
            return [*self._news(), f"refused: {refused.code}"]
        if "offline" not in options:
            self._settle()
        return self._news() or ["nothing"]

    def _agree(self, options: dict[str, str]) -> list[str]:
        named = {name: int(value.rstrip("s")) for name, value in options.items() if value.endswith("s")}
        deadlines = Deadlines(**{name: getattr(DEADLINES, name) for name in Deadlines.__slots__} | named)
        shows = {party: Disclosure(DisclosureLevel(options.get(party, "CONTACT"))) for party in self.desks}
        terms = an_agreement(one_shows=shows["amber"], other_shows=shows["birch"], deadlines=deadlines)
        digest = self.desks["amber"].ask(ProposeAgreement(terms, "Imani"))
        self._settle()
        self.desks["birch"].ask(SignAgreement(digest, "Tomas"))
        self._settle()
        self._news()
        return [
            "in force" if desk.picture.agreements[digest].in_force_since else "not in force"
            for desk in self.desks.values()
        ][:1]

    def _settle(self) -> None:
        before = self.hands.now_us
        sync(*self.desks.values())
        # A story is told in whole seconds: what the two say to each other takes no time in it.
        self.hands.now_us = before

    def _command(self, desk: Desk, verb: str, rest: list[str], options: dict[str, str]) -> Command | None:
        by = options.get("by", desk.party.title())
        command = words_lines.command_of(self, desk, verb, rest, options, by)
        if command is not None:
            return command
        match verb:
            case "ends":
                return MoveNotice(
                    rest[0], desk.picture.notice(f"{desk.party}/{rest[0]}").latest.version, NoticeState.ENDED, by
                )
            case "answers":
                held = desk.picture.alert_to_us(rest[0])
                version = int(options.get("version", held.ref.version))
                return AnswerAlert(rest[0], version, Answer(rest[1]), by, again="again" in rest)
            case "stops":
                return SendStop(by, remarks=options.get("remarks", ""))
            case "answers-stop":
                return AnswerStop(rest[0], Answer(rest[1]), by)
            case "resumes":
                return Resume(rest[0], by)
            case "waits":
                return None
        if verb in watch_verbs.VERBS:
            return watch_verbs.VERBS[verb](desk, rest, options, by)
        raise AssertionError(f"nobody knows how to {verb}")

    def instant(self, clock: str) -> int:
        return instant(clock)

    def volume(self, options: dict[str, str]) -> Volume4D:
        lat_deg, lon_deg = PLACES[options["place"]]
        start, end = (instant(part) for part in options["time"].split("-"))
        minutes = [(each - START_US) / MINUTE_US for each in (start, end)]
        return a_volume(
            lat_deg, lon_deg, float(options.get("radius_m", "5000")), from_min=minutes[0], to_min=minutes[1]
        )

    def _news(self) -> list[str]:
        lines = []
        for party, desk in self.desks.items():
            for entry in desk.store.entries(self.told[party]):
                self.told[party] = entry.seq
                read = read_entry(entry.data, entry.leaf)
                sender, receiver = parties_of(read.log)
                how = "recorded" if not receiver else f"told {receiver}" if sender == party else f"heard from {sender}"
                if read.body is not None and (said := in_words(read.body)):
                    lines.append(f"{party} {how}: {read.kind} {said}")
        return lines


def in_words(body: Entry) -> str:
    """What an entry says, in few words; empty for what only machines tell each other."""
    said = words_lines.words_of(body, clock)
    if said is not None:
        return said
    match body:
        case AlertSent():
            return (
                f"{body.alert} {body.level} within={body.answer_within_s}s conflicts={','.join(body.conflicts) or '-'}"
            )
        case AnswerSent():
            return f"{body.alert} {body.answer} by={body.by}"
        case ConflictsFound():
            return f"{body.party}/{body.id} with {body.with_party}: {','.join(pair.id for pair in body.pairs)}"
        case AlertAssessed():
            short = " SHORT" if body.is_short else ""
            wrong = f" says={body.contradiction[0]} lies={body.contradiction[1]}" if body.contradiction else ""
            return f"{body.alert} {body.level} lead={body.lead_s}s need={body.need_s}s{short}{wrong}"
        case DutyChanged():
            return f"{body.duty} {body.state} due={clock(body.due_at)}"
        case StopSent() | Resumed():
            return f"{body.id} by={body.by}"
        case StopAnswered():
            return f"{body.id} {body.answer} by={body.by}"
        case Received() | Transmitted():
            return ""
    return watch_verbs.in_words(body) or type(body).__name__


def retold(text: str) -> str:
    """The story told anew: the same commands, and what comes of them now."""
    teller = Teller()
    parts = []
    for part in text.strip("\n").split("\n\n"):
        comments = [line for line in part.splitlines() if line.startswith("#")]
        commands = [line for line in part.split("\n----")[0].splitlines() if line and not line.startswith("#")]
        lines = [*comments, *commands]
        if commands:
            lines += ["----", *(line for command in commands for line in teller.tell(command))]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


@pytest.mark.parametrize("file", sorted(HERE.glob("*.txt")), ids=lambda file: file.stem)
def test_the_story_comes_out_as_it_is_told(file: Path) -> None:
    told = file.read_text()
    now = retold(told)
    if os.environ.get("REWRITE") == "1":
        file.write_text(now)
    else:
        assert now == told
    assert now.count("----") >= 3, "a story has commands, and what came of them"


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("file", sorted(HERE.glob("*conflict*.txt")), ids=lambda file: file.stem)
def test_the_story_is_the_same_with_compiled_kernels_from_the_first_notice(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "PACK_FROM", 1)

    test_the_story_comes_out_as_it_is_told(file)
