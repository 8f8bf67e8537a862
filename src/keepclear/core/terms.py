"""Terms that parties may agree beside separation, deadlines and disclosure: one value for each table of a profile.

A term that stands nowhere was not agreed. What the end of a name says: `_s` whole seconds, `_m` metres, `_us` an
instant, `_km2` square kilometres. The readers, the record form and the differences between two agreements are worked
out from the fields here: a new term is one new field.
"""

from __future__ import annotations

import math
import types
from dataclasses import dataclass, fields
from functools import cache
from itertools import pairwise
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from keepclear.core.ids import check_party_id
from keepclear.core.schedule import Window
from keepclear.core.timespan import LATEST_US
from keepclear.errors import Malformed

#: Longer than any record is kept.
DURATION_MAX_S: Final = 100 * 366 * 86_400
LENGTH_MAX_M: Final = 1_000_000.0
AREA_MAX_KM2: Final = 100_000_000.0
WORDS_MAX: Final = 16
WORD_MAX: Final = 40

#: What stays open while an agreement or a channel is suspended can be of these.
KEPT_OPEN: Final = ("stop", "hazard", "movement", "line_test")
SHOWS: Final = ("counts", "commitment")


class Terms:
    """What all tables share: values in range, and at least one of them given."""

    __slots__ = ()

    def __post_init__(self) -> None:
        values = {each.name: getattr(self, each.name) for each in fields(self)}  # type: ignore[arg-type]
        for name, value in values.items():
            _check_value(name, value)
        if all(value is None for value in values.values()):
            raise Malformed(f"nothing stands in it: leave it out, or give {', '.join(values)}", at=type(self).__name__)


def _check_value(name: str, value: Any) -> None:
    if value is None:
        return
    if name.endswith("_s") and not 0 < value <= DURATION_MAX_S:
        raise Malformed(f"{name} is more than 0 s and at most {DURATION_MAX_S} s, not {value}", at=name)
    if name.endswith("_us") and not 0 <= value <= LATEST_US:
        raise Malformed(f"{name} is an instant between 1970 and 2200, not {value}", at=name)
    for end, most in (("_m", LENGTH_MAX_M), ("_km2", AREA_MAX_KM2)):
        if name.endswith(end) and not (math.isfinite(value) and 0 < value <= most):
            raise Malformed(f"{name} is more than 0 and at most {most:.0f}, not {value}", at=name)
    if isinstance(value, tuple):
        if not 0 < len(value) <= WORDS_MAX or len(set(value)) != len(value):
            raise Malformed(f"{name} has 1 to {WORDS_MAX} words, each once, not {list(value)}", at=name)
        for word in value:
            check_word(word, at=name)
    if isinstance(value, str):
        check_word(value, at=name)


def check_word(word: str, *, at: str) -> str:
    """The word, or Malformed: 1 to 40 printing ASCII characters."""
    if not (0 < len(word) <= WORD_MAX and word.isascii() and word.isprintable()):
        raise Malformed(f"a word has 1 to {WORD_MAX} printing ASCII characters, not {word!r}", at=at)
    return word


def _check_among(values: tuple[str, ...], known: tuple[str, ...], *, at: str) -> None:
    for value in values:
        if value not in known:
            raise Malformed(f"{value!r} is not known here; known are {', '.join(known)}", at=at)


@dataclass(frozen=True, slots=True)
class RoleTerms(Terms):
    """Who else has to do with it. Observers sign nothing, and are shown the terms and who signed them."""

    observers: tuple[str, ...]

    def __post_init__(self) -> None:
        Terms.__post_init__(self)
        for party in self.observers:
            check_party_id(party, at="roles.observers")


@dataclass(frozen=True, slots=True)
class PlaceTerms(Terms):
    """How far two independent statements of one place may lie apart (P1)."""

    tolerance_m: float


@dataclass(frozen=True, slots=True)
class LadderTerms(Terms):
    """When an alert that nobody answers climbs, counted from its receipt, or its transmission without one (N4)."""

    second_path_s: int | None = None
    phone_s: int | None = None
    supervisor_s: int | None = None
    next_echelon_s: int | None = None
    unanswered_s: int | None = None

    def __post_init__(self) -> None:
        Terms.__post_init__(self)
        steps = [(each.name, getattr(self, each.name)) for each in fields(self)]
        given = [(name, at_s) for name, at_s in steps if at_s is not None]
        for (earlier, one_s), (later, other_s) in pairwise(given):
            if other_s < one_s:
                raise Malformed(f"{later} comes after {earlier}: {other_s} s is before {one_s} s", at=later)


@dataclass(frozen=True, slots=True)
class Ladders(Terms):
    """A ladder for each level."""

    caution: LadderTerms | None = None
    warning: LadderTerms | None = None
    stop: LadderTerms | None = None


@dataclass(frozen=True, slots=True)
class LineTerms(Terms):
    """How the line is tested, path by path (V3), and when silence is an alarm."""

    test_every_s: int
    test_within_s: int
    paths: tuple[str, ...] = ("network",)
    heard_within_s: int | None = None
    alarm_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class SuspensionTerms(Terms):
    """What stays open while the rest is suspended (V5)."""

    stays_open: tuple[str, ...]

    def __post_init__(self) -> None:
        Terms.__post_init__(self)
        _check_among(self.stays_open, KEPT_OPEN, at="suspension.stays_open")
        if "stop" not in self.stays_open:
            raise Malformed("stop stays open, whatever is suspended (V5)", at="suspension.stays_open")


@dataclass(frozen=True, slots=True)
class SecondPersonTerms(Terms):
    """From when a second person looks before it is sent (D5)."""

    area_over_km2: float | None = None
    lead_below_s: int | None = None


@dataclass(frozen=True, slots=True)
class DisseminationTerms(Terms):
    """By when it is passed on inside, and what of that the other side is shown (D1)."""

    within_s: int
    shows: str = "counts"

    def __post_init__(self) -> None:
        Terms.__post_init__(self)
        _check_among((self.shows,), SHOWS, at="dissemination.shows")


@dataclass(frozen=True, slots=True)
class NoticeTerms(Terms):
    """How long before its start a notice of a kind is owed; beside `deadlines.notice_before`, which is for all.

    Attributes:
        earliest_before_s: and how long before at most: INCSEA says three to five days.
        announce_expiry_before_s: how long before its end a notice's expiry is announced (N7).
    """

    hazard_before_s: int | None = None
    movement_before_s: int | None = None
    emergency_before_s: int | None = None
    contingency_before_s: int | None = None
    earliest_before_s: int | None = None
    announce_expiry_before_s: int | None = None


@dataclass(frozen=True, slots=True)
class RequestTerms(Terms):
    """By when a request is answered (N9)."""

    answer_within_s: int


@dataclass(frozen=True, slots=True)
class ReadbackTerms(Terms):
    """Whether and by when a notice is read back (P3)."""

    within_s: int
    required: bool = False


@dataclass(frozen=True, slots=True)
class SiteTerms(Terms):
    """How the list of protected sites is kept (P5)."""

    duplicate_within_m: float | None = None
    revalidate_every_s: int | None = None
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class HandoverTerms(Terms):
    """How long two shifts are on watch together (D3)."""

    overlap_s: int


@dataclass(frozen=True, slots=True)
class InquiryTerms(Terms):
    """By when the result of an inquiry is told (R6)."""

    answer_within_s: int


@dataclass(frozen=True, slots=True)
class DutyTerms(Terms):
    """Further duties, each with its measure; the table of all duties is `core/duties.py`.

    Attributes:
        answer_call_by_s: to answer a request for a call.
        clear_by_s: to be out of a place, from being asked to.
        hold_clear_s: how long to stay out of it then.
        stay_out: to stay out of the zones that say so.
        stay_within_depth: to stay within the depth that a zone gives.
        keep_separation_s: how long two activities may be closer than the separation.
        report_violation_by_s: to report a violation, from learning of it.
    """

    answer_call_by_s: int | None = None
    clear_by_s: int | None = None
    hold_clear_s: int | None = None
    stay_out: bool | None = None
    stay_within_depth: bool | None = None
    keep_separation_s: int | None = None
    report_violation_by_s: int | None = None
    revalidate_every_s: int | None = None
    meet_every_s: int | None = None
    answer_inquiry_by_s: int | None = None


@dataclass(frozen=True, slots=True)
class PlanningTerms(Terms):
    """How far ahead plans are told, how often they are told anew, and what overlap is too small to count.

    Attributes:
        horizon_s: no notice lies farther ahead.
        refresh_every_s: plans of those who always move are told anew so often ...
        ahead_s: ... for so long ahead.
        least_overlap_m: what another system counts as an overlap; here every overlap counts.
    """

    horizon_s: int | None = None
    refresh_every_s: int | None = None
    ahead_s: int | None = None
    least_overlap_m: float | None = None


@dataclass(frozen=True, slots=True)
class ChannelTerms(Terms):
    """By which ways what is spoken; the safety line is apart from the political one (V5).

    Attributes:
        safety: paths for what this agreement is about.
        political: paths for everything else.
        frequencies: as they are spoken: `121.5 MHz`.
    """

    safety: tuple[str, ...]
    political: tuple[str, ...] | None = None
    frequencies: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class RetentionTerms(Terms):
    """How long what is kept; purging leaves proof that something stood there (R8)."""

    record_s: int | None = None
    tracks_s: int | None = None
    sites_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class LanguageTerms(Terms):
    """Codes of ISO 639, the first is the one that counts."""

    voice: tuple[str, ...]
    text: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ResolutionTerms(Terms):
    """Who moves when two plans conflict (C5).

    Attributes:
        moves: `later_filed` or `lower_priority`, or the id of a party; that party's proposals come first.
        priority: party ids, the one that need not move first.
        shift_at_most_s, height_at_most_m, move_at_most_m: how far a plan is moved at most.
    """

    moves: str
    priority: tuple[str, ...] | None = None
    shift_at_most_s: int | None = None
    height_at_most_m: float | None = None
    move_at_most_m: float | None = None

    def __post_init__(self) -> None:
        Terms.__post_init__(self)
        if self.moves == "lower_priority" and not self.priority:
            raise Malformed("lower_priority needs the parties in their order: priority", at="resolution.priority")


#: Every table, by its name in a profile and in an Agreement.
TABLES: Final[dict[str, type]] = {
    "roles": RoleTerms,
    "place": PlaceTerms,
    "ladder": Ladders,
    "line": LineTerms,
    "suspension": SuspensionTerms,
    "second_person": SecondPersonTerms,
    "dissemination": DisseminationTerms,
    "notices": NoticeTerms,
    "request": RequestTerms,
    "readback": ReadbackTerms,
    "sites": SiteTerms,
    "handover": HandoverTerms,
    "inquiry": InquiryTerms,
    "duties": DutyTerms,
    "planning": PlanningTerms,
    "channels": ChannelTerms,
    "retention": RetentionTerms,
    "languages": LanguageTerms,
    "resolution": ResolutionTerms,
}


@cache
def kind_of(table: type, name: str) -> type:
    """What a field of a table holds: int, float, bool, str, tuple or another table; "or None" left out."""
    hint = get_type_hints(table)[name]
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(each for each in get_args(hint) if each is not type(None))
    kind: type = get_origin(hint) or hint
    return kind
