"""Plays a failure twice: the old way, with mechanisms switched off, and with keepclear. With any values.

    python tests/scenarios/failures/play.py tests/scenarios/failures/wrong_place_and_27_minutes.txt wait_min=12

A story names its values, the accounts where what happened is disputed (each has values of its own, and none is judged),
the mechanisms that the old way had not, the steps, and the questions asked at the end. Both runs are real: the same
steps at two real desks; a mechanism that is off is taken out of them. The answers are read from the two records.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

if __name__ == "__main__":
    for place in (Path(__file__).parents[3], Path(__file__).parents[2], Path(__file__).parents[3] / "src"):
        sys.path.insert(0, str(place))

from tests.scenarios import test_scenarios as stories

from given import an_agreement
from keepclear.core.agreement import PROFILE, Agreement
from keepclear.core.footprint import Circle
from keepclear.core.geodesy import distance_m
from keepclear.core.secondmeans import Reckoned
from keepclear.core.sites import Hygiene, Site, SiteKind, findings, one_list
from keepclear.core.terms import PlaceTerms
from keepclear.core.timespan import MINUTE_US, SECOND_US, parse_instant, spoken_duration, zulu
from keepclear.core.volume import Altitude, AltitudeDatum
from keepclear.errors import KeepclearError
from keepclear.formats.heights import agreed_height
from keepclear.formats.seen_from import reckoned_to_wire
from keepclear.node import consequences
from keepclear.node.commands import FileNotice, NoteTried, SendStop, Tick, Tried
from keepclear.node.decide import notices as decide_notices
from keepclear.node.decide import peers as decide_peers
from keepclear.node.entries import AlertAssessed, AlertSent, DutyChanged, LadderStep, NoticeSent, Received
from keepclear.node.entries.dissemination import Disseminated, PassOnReminded
from keepclear.node.logs import read_entry

HERE = Path(__file__).parent
TOLERANCE_M = 2_000.0


# ---------------------------------------------------------------------------------------------- mechanisms switched off


@contextmanager
def _off(mechanisms: set[str]) -> Iterator[None]:
    """Take mechanisms out of the software while a story is played."""
    with ExitStack() as stack:
        if "place_word" in mechanisms:
            for module in (consequences, decide_notices):
                stack.enter_context(patch.object(module, "region_fault", lambda *_: ()))
        if "lead_time" in mechanisms:
            whole = decide_peers.assess

            def without_lead(*args: Any, **kwargs: Any) -> AlertAssessed:
                import msgspec

                return msgspec.structs.replace(whole(*args, **kwargs), is_short=False)

            stack.enter_context(patch.object(decide_peers, "assess", without_lead))
        if "acknowledgement_binds_to_version" in mechanisms:
            sending = consequences.sending_drafts

            def first_version_only(*args: Any, **kwargs: Any) -> list[Any]:
                drafts = sending(*args, **kwargs)
                return [d for d in drafts if not isinstance(d.body, AlertSent | DutyChanged) or args[1].version == 1]

            stack.enter_context(patch.object(decide_notices, "sending_drafts", first_version_only))
        yield


# -------------------------------------------------------------------------------------------------------- one playing


class Player(stories.Teller):
    """Two desks, and the acts of a failure."""

    def __init__(self, off: set[str]) -> None:
        super().__init__()
        self.off = off
        self.strikes: list[int] = []
        self.refused: list[str] = []
        self.heard: list[str] = []

    def play(self, line: str) -> None:
        """One step."""
        words = line.split()
        if words[0] == "at" and "line" in self.off and words[3] not in ("strikes", "waits"):
            # Without the line there is what was said by telephone, and each side's own memory of it.
            self.heard.append(f"{words[1]} {words[2]} says: {' '.join(words[3:])}")
            return
        if words[0] == "at" and words[3] == "strikes":
            self._strikes(words)
            return
        if words[0] == "at" and words[3] == "calls-to-stop":
            self._call(words)
            return
        # A line that is down: what is said stays where it was said.
        news = self.tell(line.replace(" line=no", " offline=yes").replace(" line=yes", ""))
        self.refused += [f"{each} at {words[1]}" for each in news if each.startswith("refused")]
        self._climb()

    def _agree(self, options: dict[str, str]) -> list[str]:
        whole: Callable[..., Agreement] = an_agreement

        def with_place(*args: Any, **kwargs: Any) -> Agreement:
            return replace(whole(*args, **kwargs), profile=PROFILE, place=PlaceTerms(TOLERANCE_M))

        with patch.object(stories, "an_agreement", with_place):
            return super()._agree(options)

    def _command(self, desk: Any, verb: str, rest: list[str], options: dict[str, str]) -> Any:
        command = super()._command(desk, verb, rest, options)
        if isinstance(command, FileNotice) and "seen_from" in options and "second_means" not in self.off:
            point, bearing, range_km = options["seen_from"].split("/")
            said = Reckoned(point, stories.PLACES[point], float(bearing), float(range_km) * 1_000)
            command = replace(command, seen_from=reckoned_to_wire(said))
        return command

    def _strikes(self, words: list[str]) -> None:
        """`at T amber strikes count=37 every_s=100`: each takes place unless a STOP stands at this desk by then."""
        options = dict(word.split("=", 1) for word in words if "=" in word)
        desk = self.desks[words[2]]
        start_us = stories.instant(words[1])
        calls = sorted(self._later, key=lambda call: call[0])
        for number in range(int(options["count"])):
            at_us = start_us + number * round(float(options["every_s"]) * SECOND_US)
            while calls and calls[0][0] <= at_us:
                call_us, caller, by = calls.pop(0)
                self.hands.now_us = call_us
                caller.ask(SendStop(by))
                self._settle()
            self.hands.now_us = at_us
            if not any(not held.is_own and not held.resumed_at for held in desk.picture.stops.values()):
                self.strikes.append(at_us)

    _later: tuple[tuple[int, Any, str], ...] = ()

    def _call(self, words: list[str]) -> None:
        """`at T birch calls-to-stop wait_min=27`: the old way wants the usual contact, and waits for that one."""
        options = dict(word.split("=", 1) for word in words if "=" in word)
        wait_us = round(float(options["wait_min"]) * MINUTE_US) if "stop_to_anyone" in self.off else 0
        at_us = stories.instant(words[1]) + wait_us
        self._later = (*self._later, (at_us, self.desks[words[2]], options.get("by", "Anyone")))

    def _climb(self) -> None:
        """Every rung that is due is tried, on paths that fail: the page that nobody got."""
        for desk in self.desks.values():
            for about, rung in list(desk.picture.untried):
                tried = Tried(self.path_outcome, desk.hands.now_us, "page", "as the story has it")
                desk.run(NoteTried(about, rung, (tried,)))

    path_outcome: Any = "failed"

    def bodies(self, party: str, kind: type) -> list[Any]:
        """What a desk's record holds of a kind, with the instant."""
        reads = [read_entry(e.data, e.leaf) for e in self.desks[party].store.entries()]
        return [read for read in reads if isinstance(read.body, kind)]


# ---------------------------------------------------------------------------------------------------------- questions


def _how_much_warning(player: Player) -> str:
    """Lead time from the first authenticated receipt, as the receiver's machine stamped it (N1)."""
    found = player.bodies("birch", AlertAssessed)
    if not found:
        return "nobody can show it: two memories of a call"
    body = found[-1].body
    label = ", labelled SHORT" if body.is_short else ""
    return f"{spoken_duration(body.lead_s)} from receipt{label}, in both records"


def _where_was_it_said(player: Player) -> str:
    refused = [each for each in player.refused if "contradiction" in each]
    told = player.bodies("birch", NoticeSent)
    if not told:
        word = player.heard[-1].partition("region=")[2].split(" ")[0] if player.heard else ""
        return f"in a word alone, '{word}'" if word else "nobody can show it"
    caught = f"caught before sending ({refused[0]}); " if refused else ""
    return f"{caught}as geometry, with the word '{told[-1].body.region}'"


def _was_anything_inside(player: Player) -> str:
    found = [read for read in player.bodies("birch", AlertAssessed) if read.body.inside]
    if not found:
        return "nobody was told"
    body, at = found[-1].body, stories.clock(found[-1].at)
    need, have = spoken_duration(body.need_s), spoken_duration(body.have_s)
    return f"yes: {', '.join(body.inside)} needs {need} to be clear and has {have}; Birch knows at {at}"


def _how_far_off(player: Player) -> str:
    told = player.bodies("birch", NoticeSent)
    if not told:
        return "nobody can show what was told"
    shape = told[-1].body.volumes[0].circle
    lat, lon = shape[0] / 1e7, shape[1] / 1e7
    off_m = distance_m((lat, lon), stories.PLACES["meant"])
    refused = [each for each in player.refused if "contradiction" in each]
    return f"{off_m / 1000:.0f} km" + (f"; the first was caught before sending ({refused[0]})" if refused else "")


def _how_many_strikes(player: Player) -> str:
    last = stories.clock(player.strikes[-1]) if player.strikes else "-"
    return f"{len(player.strikes)}, the last at {last}"


def _was_it_received(player: Player) -> str:
    sent = [read for read in player.bodies("amber", NoticeSent) if "/amber/to/" in read.log]
    if not sent and player.heard:
        return f"nobody can show it: {len(player.heard)} things are said to have been said"
    if not sent and "line" in player.off:
        return "nobody can show it, nor that nothing was said"
    if not sent:
        return "no: both records hold no notice, and each is signed by the other side"
    back = [r for r in player.bodies("amber", Received) if "/birch/to/" in r.log]
    got = [r for r in back if r.body.index == sent[-1].n]
    if not got:
        return "sent, and never taken by the other machine: both records agree that it was not received"
    return f"received at {stories.clock(got[0].body.received_at)}, said and signed by the receiver's own machine"


def _did_anybody_answer(player: Player) -> str:
    steps = player.bodies("amber", LadderStep)
    alerts = [held for held in player.desks["amber"].picture.alerts.values() if held.party == "amber"]
    if not alerts:
        return "nobody can show it"
    newest = alerts[-1]
    if newest.answer:
        return f"{newest.answer} by {newest.answered_by} to version {newest.ref.version}"
    climbed = ", ".join(f"{read.body.rung} {stories.clock(read.at)}" for read in steps if read.body.about == newest.id)
    return f"nobody to version {newest.ref.version}; climbed: {climbed or 'nothing'}"


def _who_passed_it_on(player: Player) -> str:
    reminded = player.bodies("birch", PassOnReminded)
    told = player.bodies("amber", Disseminated)
    if not (reminded or told):
        return "nobody can say"
    missing = "; ".join(f"at {stories.clock(read.at)} {', '.join(read.body.missing)} had it not" for read in reminded)
    far = f"; Amber sees {told[-1].body.reached} of {told[-1].body.groups}" if told else ""
    return f"{missing or 'all have it'}{far}"


def _what_was_said_of_escorts(player: Player) -> str:
    told = player.bodies("birch", NoticeSent)
    if not told:
        return "nobody can show it"
    moving = told[-1].body.movement
    return "NOT STATED, and shown so" if moving is None else f"{moving.armed}, {moving.armed_count}, before it set out"


QUESTIONS: dict[str, Callable[[Player], str]] = {
    "how much warning was there": _how_much_warning,
    "where was it said to be": _where_was_it_said,
    "was anything of Birch's inside": _was_anything_inside,
    "how far off was the place that was told": _how_far_off,
    "how many strikes took place": _how_many_strikes,
    "was it received": _was_it_received,
    "did anybody answer": _did_anybody_answer,
    "who passed it on": _who_passed_it_on,
    "what was said of escorts": _what_was_said_of_escorts,
}


# -------------------------------------------------------------------------------------------------- questions of values


def _which_height(values: dict[str, str], off: set[str]) -> str:
    """Two upper limits in one order (MH17): the old way takes whichever is read first."""
    given = Altitude(float(values["upper_m"]), AltitudeDatum.FL)
    if "one_height" in off:
        return f"whichever is read first: {values['upper_text']}, or {given.value_m:g} m"
    try:
        agreed_height(values["upper_text"].replace("_", " "), given, at="upper")
    except KeepclearError as refused:
        return f"refused: {refused}"
    return "both say the same"


def _which_instant(values: dict[str, str], off: set[str]) -> str:
    """Two local times of one moment, without a zone and with one."""
    one, other = values["one"], values["other"]
    if "zulu" in off:
        hours = [[int(part) for part in each.split(":")] for each in (one, other)]
        apart = abs((hours[0][0] - hours[1][0]) * 60 + hours[0][1] - hours[1][1])
        return f"{one} and {other}: {apart} min apart, or none, or an hour more: nobody says by which clock"
    try:
        parse_instant(f"2027-01-15T{one}:00", at="time")
        return "taken without a zone"
    except KeepclearError as refused:
        first = parse_instant(f"2027-01-15T{one}:00{values['one_zone']}")
        second = parse_instant(f"2027-01-15T{other}:00{values['other_zone']}")
        apart = spoken_duration(abs(first - second) / SECOND_US)
        return (
            f"{one} alone is refused ({refused.code}); {zulu(first)} and {zulu(second)}: {apart} apart, and seen to be"
        )


def _what_is_wrong_with_the_list(values: dict[str, str], off: set[str]) -> str:
    """A list of sites: the old way sends it as it is (P5)."""
    if "list_hygiene" in off:
        return "nobody looks: it is sent as it is"
    now_us = parse_instant("2027-01-15T08:00:00Z")
    year_us = 365 * 86_400 * SECOND_US
    sites = []
    for number, name in enumerate(("one", "other", "far", "old")):
        lat, lon = (float(part) for part in values[name].split(","))
        verifiers = ("R. Ames",) if name == "old" else ("R. Ames", "B. Ott")
        until_us = now_us - year_us if name == "old" else now_us + year_us
        site = Site(
            f"site-{number}", SiteKind.CLINIC, f"Clinic {number}", lat, lon, 50.0, verifiers, now_us - 2 * year_us,
            until_us, "S. Ilan", now_us + year_us,
        )  # fmt: skip
        sites.append(site)
    rules = Hygiene(float(values["duplicate_m"]), 30 * 86_400, Circle(10.0, 20.0, 100_000.0))
    found = findings(one_list(sites, ()), {}, rules=rules, now_us=now_us)
    return ", ".join(dict.fromkeys(f"{flag.code} {flag.at}" for flag in found))


VALUE_QUESTIONS: dict[str, Callable[[dict[str, str], set[str]], str]] = {
    "which upper limit holds": _which_height,
    "when was it": _which_instant,
    "what is wrong with the list": _what_is_wrong_with_the_list,
}


# --------------------------------------------------------------------------------------------------------- the story


@dataclass(frozen=True)
class Story:
    """A failure as it is written."""

    head: list[str]
    values: dict[str, str]
    accounts: dict[str, dict[str, str]]
    off: set[str]
    steps: list[str]
    questions: list[str]


def read_story(text: str) -> Story:
    """The parts of a file; what stands after the dashes is what came of it."""
    head, values, accounts, off, steps, questions = [], {}, {}, set(), [], []
    for line in text.partition("\n----")[0].splitlines():
        word, _, rest = line.partition(" ")
        if not line or line.startswith("#"):
            head.append(line)
            continue
        head.append(line)
        pairs = dict(part.split("=", 1) for part in rest.split() if "=" in part)
        if word == "values":
            values |= pairs
        elif word == "account":
            accounts[rest.partition(":")[0]] = pairs
        elif word == "off:":
            off |= set(rest.split())
        elif word == "ask:":
            questions.append(rest)
        else:
            steps.append(line)
    return Story(head, values, accounts or {"": {}}, off, steps, questions)


def answers(story: Story, account: dict[str, str], off: set[str], given: dict[str, str]) -> list[str]:
    """What the records of one playing say."""
    values = story.values | account | given
    known = {name: tuple(float(part) for part in value.split(",")) for name, value in values.items() if "," in value}
    with patch.dict(stories.PLACES, known), _off(off):  # type: ignore[arg-type]
        player = Player(off)
        for step in story.steps:
            line = step.format(**values)
            line, _, condition = line.partition(" if=")
            if condition == "refused" and not player.refused:
                continue
            if condition == "no":
                continue
            player.play(line)
        player.hands.now_us += MINUTE_US
        for desk in player.desks.values():
            desk.run(Tick())
        return [
            f"{question}? "
            + (VALUE_QUESTIONS[question](values, off) if question in VALUE_QUESTIONS else QUESTIONS[question](player))
            for question in story.questions
        ]


def retold(text: str, **given: str) -> str:
    """The story with what came of it, the old way and with keepclear, for each account."""
    story = read_story(text)
    lines = [*story.head, "----"]
    for name, account in story.accounts.items():
        for how, off in (("the old way", story.off), ("with keepclear", set())):
            lines.append(f"{name + ', ' if name else ''}{how}:")
            lines += [f"  {answer}" for answer in answers(story, account, off, given)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(retold(Path(sys.argv[1]).read_text(), **dict(pair.split("=", 1) for pair in sys.argv[2:])))
