"""Zones: areas in which two or more parties agreed who may do what. A point facility is never a zone."""

from __future__ import annotations

import enum
import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from keepclear.core.footprint import CORNERS_MAX, Circle, LatLon, Polygon, check_position
from keepclear.core.ids import check_party_id
from keepclear.core.schedule import Window
from keepclear.core.timespan import TimeSpan
from keepclear.core.volume import AltitudeBand
from keepclear.errors import Malformed

NAME_MAX: Final = 80
EXCEPTIONS_MAX: Final = 32
WINDOWS_MAX: Final = 14
DEPTH_MAX_M: Final = 1_000_000.0
LINE_CORNERS_MAX: Final = 500
_ID = re.compile(r"[A-Z][A-Z0-9-]{0,23}", re.ASCII)


class ZoneKind(enum.StrEnum):
    """What a zone is. What follows from it is stated by its rule, never taken from this word."""

    PROHIBITED = "prohibited"
    RESTRICTED = "restricted"
    DANGER = "danger"
    CORRIDOR = "corridor"
    COORDINATION_REQUIRED = "coordination_required"
    DEMILITARISED = "demilitarised"
    DE_ESCALATION = "de_escalation"


class ZoneState(enum.StrEnum):
    """What a party last said of a zone that it announced. Whether it is in force is told by its span and hours."""

    ANNOUNCED = "announced"
    CHANGED = "changed"
    GIVEN_BACK = "given_back"
    LIFTED = "lifted"


#: Words that name a point facility. They are kept as sites: a facility is no zone, and neither is an agreement.
POINT_FACILITIES: Final = frozenset(
    {"post", "observation_post", "checkpoint", "site", "protected_site", "hospital", "school", "facility"}
)


class Rule(enum.StrEnum):
    """What a party's activity in a zone calls for. Nothing of it refuses a notice: it is told, and may open a duty."""

    FREE = "free"  # nothing
    BE_AWARE = "be_aware"  # both are told
    CALL_BEFORE = "call_before"  # coordinate first
    STAY_WITHIN_DEPTH = "stay_within_depth"  # no farther from the line than so much
    STAY_OUT = "stay_out"


class Activity(enum.StrEnum):
    """What a rule is about: everything, or notices of one kind."""

    ANY = "any"
    HAZARD = "hazard"
    MOVEMENT = "movement"


@dataclass(frozen=True, slots=True)
class Belt:
    """All points no farther than a depth from a line of geodesic edges, on either side.

    Sides are those of somebody who walks the line in the order of its corners. A depth of 0 leaves that side out.
    """

    line: tuple[LatLon, ...]
    left_m: float
    right_m: float

    def __post_init__(self) -> None:
        corners = tuple(check_position(corner, at=f"belt.line[{i}]") for i, corner in enumerate(self.line))
        if not 2 <= len(corners) <= min(LINE_CORNERS_MAX, CORNERS_MAX):
            raise Malformed(f"a line has 2 to {LINE_CORNERS_MAX} corners, not {len(corners)}", at="belt.line")
        if any(one == other for one, other in pairwise(corners)):
            raise Malformed("a line does not stay at a corner: leave the second one out", at="belt.line")
        for name, depth_m in (("left", self.left_m), ("right", self.right_m)):
            if not (math.isfinite(depth_m) and 0 <= depth_m <= DEPTH_MAX_M):
                raise Malformed(f"a depth lies between 0 and {DEPTH_MAX_M:.0f} m, not {depth_m}", at=f"belt.{name}")
        if self.left_m == self.right_m == 0:
            raise Malformed("a belt has a depth on at least one side", at="belt")
        object.__setattr__(self, "line", corners)


ZoneShape = Circle | Polygon | Belt


@dataclass(frozen=True, slots=True)
class ZoneRule:
    """What the zone asks of a party in an activity.

    Attributes:
        party: whom it is about; empty is everyone.
        call_before_s: with CALL_BEFORE, how long before entering; None is "before, however shortly".
        depth_m: with STAY_WITHIN_DEPTH, how far from the line, metres.
    """

    rule: Rule
    party: str = ""
    activity: Activity = Activity.ANY
    call_before_s: int | None = None
    depth_m: float | None = None

    def __post_init__(self) -> None:
        if self.party:
            check_party_id(self.party, at="zone.exception.party")
        if (self.depth_m is not None) != (self.rule is Rule.STAY_WITHIN_DEPTH):
            raise Malformed("a depth goes with stay_within_depth, and with that alone", at="zone.depth")
        if self.depth_m is not None and not 0 < self.depth_m <= DEPTH_MAX_M:
            raise Malformed(f"a depth is more than 0 and at most {DEPTH_MAX_M:.0f} m", at="zone.depth")
        if self.call_before_s is not None and self.rule is not Rule.CALL_BEFORE:
            raise Malformed("call_before has a time only where the rule is call_before", at="zone.call_before")
        if self.call_before_s is not None and not 0 < self.call_before_s <= 30 * 86_400:
            raise Malformed("call_before lies between 1 s and 30 days", at="zone.call_before")


@dataclass(frozen=True, slots=True)
class Zone:
    """An area, its hours, and who may do what in it (C4).

    Attributes:
        id: short, as it is spoken: `FTA-12`.
        band: None is all heights.
        span: None is as long as the agreement.
        schedule: hours that come again; empty is always.
        rules: the first is for everyone and everything; the others are exceptions, the most particular one counts.
    """

    id: str
    name: str
    kind: ZoneKind
    shape: ZoneShape
    rules: tuple[ZoneRule, ...]
    band: AltitudeBand | None = None
    span: TimeSpan | None = None
    schedule: tuple[Window, ...] = ()

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise Malformed(f"a zone is named like FTA-12, in capitals and digits, not {self.id!r}", at="zone.id")
        if not 0 < len(self.name) <= NAME_MAX:
            raise Malformed(f"a zone's name has 1 to {NAME_MAX} characters", at="zone.name")
        if not 1 <= len(self.rules) <= 1 + EXCEPTIONS_MAX:
            raise Malformed(f"a zone has a rule and at most {EXCEPTIONS_MAX} exceptions", at="zone.rule")
        first = self.rules[0]
        if first.party or first.activity is not Activity.ANY:
            raise Malformed("the first rule of a zone is for everyone and everything", at="zone.rule")
        about = [(each.party, each.activity) for each in self.rules]
        if len(set(about)) != len(about):
            raise Malformed("two rules say what the same party may do in the same activity", at="zone.exception")
        needs_line = any(each.rule is Rule.STAY_WITHIN_DEPTH for each in self.rules)
        if needs_line and not isinstance(self.shape, Belt):
            raise Malformed("a depth is measured from a line: only a belt has one", at="zone.depth")
        if len(self.schedule) > WINDOWS_MAX:
            raise Malformed(f"a zone has at most {WINDOWS_MAX} windows", at="zone.schedule")

    def rule_for(self, party: str, activity: Activity) -> ZoneRule:
        """What it asks of a party: for it and this activity, for it, for this activity, or for everyone."""
        by_about = {(each.party, each.activity): each for each in self.rules}
        for about in ((party, activity), (party, Activity.ANY), ("", activity)):
            if about in by_about:
                return by_about[about]
        return self.rules[0]


def zone_kind(word: str) -> ZoneKind:
    """The kind that a word names.

    Raises:
        Malformed: no kind of zone; where the word names a point facility, it says so.
    """
    if word in POINT_FACILITIES:
        raise Malformed(f"a {word} is a point facility and no zone: list it as a site", at="zone.kind")
    if word not in list(ZoneKind):
        raise Malformed(f"{word!r} is no kind of zone: {', '.join(ZoneKind)}", at="zone.kind")
    return ZoneKind(word)
