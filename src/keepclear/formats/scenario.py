"""Scenario files: two fictional parties, what they agreed, and what each does, step by step. TOML or JSON.

Offsets are seconds: `at_s` after the play begins, `start_s` and `end_s` after the moment at which the step is played.
Nothing in a scenario is a real place, party or person; `place_note` says so to whoever watches.

Source: examples/two_parties/README.md.
"""

from __future__ import annotations

import tomllib
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from keepclear.errors import LimitReached, Malformed

BYTES_MAX: Final = 200_000

_PARTY: Final = r"^[a-z][a-z0-9-]{0,31}$"
_LABEL: Final = r"^[a-z][a-z0-9_]{0,39}$"

PartyId = Annotated[str, Meta(pattern=_PARTY)]
Label = Annotated[str, Meta(pattern=_LABEL)]
Person = Annotated[str, Meta(min_length=1, max_length=60)]
Line = Annotated[str, Meta(max_length=400)]
Offset = Annotated[float, Meta(ge=-86_400, le=30 * 86_400)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Answer = Literal["ROGER", "WILCO", "UNABLE", "STANDBY"]
Region = Literal["", "N", "NE", "E", "SE", "S", "SW", "W", "NW", "C"]


class _Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A frozen value that refuses every field it does not know."""


class Player(_Value, frozen=True):
    """A fictional party. `on_watch` answers and files; `enrols` compares the words with the other side's person."""

    id: PartyId
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    on_watch: Person
    enrols: Person
    telephone: Annotated[str, Meta(max_length=40)] = ""


class Circle(_Value, frozen=True):
    """A circle on the ground."""

    lat: Latitude
    lon: Longitude
    radius_m: Annotated[float, Meta(gt=0)]


class Height(_Value, frozen=True):
    """One limit in height."""

    value_m: float
    datum: Literal["WGS84", "AMSL", "AGL", "FL"]


class Volume(_Value, frozen=True):
    """Where, how high and when; exactly one of `circle` and `polygon` (corners as [latitude, longitude])."""

    lower: Height
    upper: Height
    start_s: Offset
    end_s: Offset
    circle: Circle | None = None
    polygon: Annotated[tuple[tuple[Latitude, Longitude], ...], Meta(max_length=200)] = ()


class Sees(_Value, frozen=True):
    """What the other side's node must show of a notice, each where it is given.

    Attributes:
        level: of its alert.
        is_short: less warning than agreed.
        cannot_clear: need above have, by the other side's own figures.
        contradiction: region word said and the one that fits; empty for none.
        conflicts: labels of its own notices that it conflicts with.
    """

    level: Literal["advisory", "caution", "warning"] | None = None
    is_short: bool | None = None
    cannot_clear: bool | None = None
    contradiction: Annotated[tuple[Region, ...], Meta(max_length=2)] | None = None
    conflicts: Annotated[tuple[Label, ...], Meta(max_length=50)] | None = None


class _Step(_Value, frozen=True):
    """What every step has: when, who, and a line for whoever watches."""

    at_s: Annotated[float, Meta(ge=0, le=86_400)]
    who: PartyId
    say: Line = ""


class FileStep(_Step, frozen=True, kw_only=True, tag_field="does", tag="file"):
    """File a notice. Later steps and expectations name it by its label.

    `warned`: the node must first answer with the contradiction warning; a person then confirms.
    """

    label: Label
    volumes: Annotated[tuple[Volume, ...], Meta(min_length=1, max_length=20)]
    kind: Literal["HAZARD", "MOVEMENT"] = "HAZARD"
    action: Literal["KEEP_CLEAR", "CALL_BEFORE_ENTERING", "BE_AWARE"] = "KEEP_CLEAR"
    region: Region = ""
    contact: Annotated[str, Meta(max_length=120)] = ""
    remarks: Annotated[str, Meta(max_length=500)] = ""
    activity: Annotated[str, Meta(max_length=40)] = ""
    slowest_mps: Annotated[int, Meta(ge=0, le=1_000)] = 0
    reaction_s: Annotated[int, Meta(ge=0, le=3_600)] = 0
    warned: bool = False
    sees: Sees = Sees()


class AnswerStep(_Step, frozen=True, kw_only=True, tag_field="does", tag="answer"):
    """Answer the alert about a notice of the other side.

    `contradicted`: the node must first say that the answer cannot be kept; it is then not given.
    """

    notice: Label
    answer: Answer
    contradicted: bool = False


class MoveStep(_Step, frozen=True, kw_only=True, tag_field="does", tag="move"):
    """Activate or end a notice of one's own."""

    notice: Label
    state: Literal["Activated", "Ended"]


class StopStep(_Step, frozen=True, kw_only=True, tag_field="does", tag="stop"):
    """Ask the other side to stop."""

    label: Label
    remarks: Annotated[str, Meta(max_length=500)] = ""


class AnswerStopStep(_Step, frozen=True, kw_only=True, tag_field="does", tag="answer_stop"):
    """Answer a STOP of the other side."""

    stop: Label
    answer: Answer


class ResumeStep(_Step, frozen=True, kw_only=True, tag_field="does", tag="resume"):
    """No longer ask to stop."""

    stop: Label


Step = FileStep | AnswerStep | MoveStep | StopStep | AnswerStopStep | ResumeStep


class Kill(_Value, frozen=True):
    """With `--once`: which party's node is killed right after which step, and started again after which (from 1)."""

    party: PartyId
    after: Annotated[int, Meta(ge=1)]
    back_after: Annotated[int, Meta(ge=1)]


class Scenario(_Value, frozen=True):
    """A whole scenario. `agreement` names a file beside it."""

    title: Annotated[str, Meta(min_length=1, max_length=120)]
    place_note: Annotated[str, Meta(min_length=1, max_length=400)]
    agreement: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,80}$")]
    parties: tuple[Player, Player]
    steps: Annotated[tuple[Step, ...], Meta(min_length=1, max_length=200)]
    kill: Kill
    about: Annotated[tuple[Line, ...], Meta(max_length=20)] = ()

    def player(self, party: str) -> Player:
        """The party with an id."""
        return next(player for player in self.parties if player.id == party)

    def other(self, party: str) -> Player:
        """The one that is not this party."""
        return next(player for player in self.parties if player.id != party)


def read_scenario(data: bytes) -> Scenario:
    """The scenario that a file holds: JSON when it begins with a brace, else TOML.

    Raises:
        LimitReached: more than 200,000 bytes.
        Malformed: not TOML or JSON, a field that is missing, wrong or unknown, or a step that names nothing; `at`
            names it.
    """
    if len(data) > BYTES_MAX:
        raise LimitReached(f"a scenario has at most {BYTES_MAX} bytes, not {len(data)}")
    try:
        scenario = msgspec.convert(_plain(data), Scenario)
    except msgspec.ValidationError as problem:
        message, _, at = str(problem).partition(" - at `$")
        raise Malformed(message, at=at.rstrip("`").lstrip(".")) from None
    _check_names(scenario)
    return scenario


def _plain(data: bytes) -> Any:
    try:
        if data.lstrip()[:1] == b"{":
            return msgspec.json.decode(data)
        return tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise Malformed(f"neither TOML nor JSON: {problem}") from None


def _check_names(scenario: Scenario) -> None:
    """Raise Malformed unless every step names what an earlier one made, and is the right party's to do."""
    ids = {player.id for player in scenario.parties}
    if len(ids) != 2:
        raise Malformed("a scenario has two parties with two ids", at="parties")
    notices: dict[str, str] = {}
    stops: dict[str, str] = {}
    last_s = 0.0
    for number, step in enumerate(scenario.steps):
        at = f"steps[{number}]"
        _check(step.who in ids, f"{step.who!r} is not a party", f"{at}.who")
        _check(step.at_s >= last_s, "steps are in the order of time", f"{at}.at_s")
        last_s = step.at_s
        _check_step(step, scenario.other(step.who).id, notices, stops, at)
    kill = scenario.kill
    _check(kill.party in ids, f"{kill.party!r} is not a party", "kill.party")
    in_order = kill.after <= kill.back_after < len(scenario.steps)
    _check(in_order, "a node is killed in the middle, and is back before the last step", "kill.back_after")
    absent = scenario.steps[kill.after : kill.back_after]
    _check(all(step.who != kill.party for step in absent), "a killed node does nothing", "kill.party")


def _check_step(step: Step, other: str, notices: dict[str, str], stops: dict[str, str], at: str) -> None:
    match step:
        case FileStep():
            _check(step.label not in notices, f"{step.label!r} is taken", f"{at}.label")
            for place, volume in enumerate(step.volumes):
                whole = (volume.circle is None) != (not volume.polygon)
                _check(whole, "a volume has either a circle or a polygon", f"{at}.volumes[{place}]")
            for label in step.sees.conflicts or ():
                _check(notices.get(label) == other, f"{label!r} is no notice of {other}", f"{at}.sees.conflicts")
            notices[step.label] = step.who
        case AnswerStep():
            _check(notices.get(step.notice) == other, f"{step.notice!r} is no notice of {other}", f"{at}.notice")
        case MoveStep():
            _check(notices.get(step.notice) == step.who, f"{step.notice!r} is no notice of its own", f"{at}.notice")
        case StopStep():
            _check(step.label not in stops, f"{step.label!r} is taken", f"{at}.label")
            stops[step.label] = step.who
        case AnswerStopStep():
            _check(stops.get(step.stop) == other, f"{step.stop!r} is no STOP of {other}", f"{at}.stop")
        case ResumeStep():
            _check(stops.get(step.stop) == step.who, f"{step.stop!r} is no STOP of its own", f"{at}.stop")


def _check(holds: bool, message: str, at: str) -> None:
    if not holds:
        raise Malformed(message, at=at)


#: Texts and figures of a notice that an agreement may hide, by the name of the field.
HIDEABLE_TEXTS: Final = ("contact", "remarks", "activity")
NEVER_SENT: Final = ("slowest_mps", "reaction_s")
