"""Place by two means: the geometry, and what a person says beside it, a bearing and distance or a named area (P1).

The two are made independently, so an error in one shows. The bound: with a tolerance below ERROR_CAUGHT_M / 2, an error
of ERROR_CAUGHT_M in either is always caught, because what is said too coarsely for the tolerance is no second means.
docs/explanation/place.md proves it.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from keepclear.core.flag import Flag
from keepclear.core.footprint import Circle, Footprint, LatLon, check_position
from keepclear.core.geodesy import bearing_deg, destination, direction_to_position, distance_m, point_to_ecef
from keepclear.core.units import NAUTICAL_MILE_M
from keepclear.errors import Malformed

#: The error that published practice has seen, and that the two means always catch with a tolerance below half of it.
ERROR_CAUGHT_M: Final = 9_000.0
#: A bearing is taken from nearby: farther away a degree is more than any useful tolerance.
RANGE_MAX_M: Final = 1_000_000.0
NAME_MAX: Final = 120


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A bearing and a distance from a named point, as said.

    Attributes:
        name: of the point, as people call it.
        place_id: its id in a gazetteer, or empty.
        origin: its position.
        bearing_deg: true, from the point.
        range_m: along the ground.
        bearing_step_deg: what the last digit of the bearing stands for: 1 for `270`, 0.1 for `270.5`.
        range_step_m: what the last digit of the distance stands for.
    """

    name: str
    origin: LatLon
    bearing_deg: float
    range_m: float
    place_id: str = ""
    bearing_step_deg: float = 1.0
    range_step_m: float = 1_000.0

    def __post_init__(self) -> None:
        _check_name(self.name)
        object.__setattr__(self, "origin", check_position(self.origin, at="seen_from.origin"))
        if not (math.isfinite(self.bearing_deg) and 0 <= self.bearing_deg <= 360):
            raise Malformed(f"a bearing lies between 0 and 360, not {self.bearing_deg}", at="seen_from.bearing")
        if not (math.isfinite(self.range_m) and 0 <= self.range_m <= RANGE_MAX_M):
            raise Malformed(
                f"a distance lies between 0 and {RANGE_MAX_M / 1000:.0f} km, not {self.range_m} m", at="seen_from.range"
            )
        if not (0 < self.bearing_step_deg <= 45 and 0 < self.range_step_m <= RANGE_MAX_M):
            raise Malformed("the steps of a bearing and a distance are more than 0", at="seen_from")

    @property
    def position(self) -> LatLon:
        """Where it points."""
        return destination(self.origin, self.bearing_deg, self.range_m)

    @property
    def rounding_m(self) -> float:
        """How far from there the place may be that was meant, since bearing and distance are rounded, metres."""
        across_m = 2 * self.range_m * math.sin(math.radians(self.bearing_step_deg) / 4)
        return math.hypot(across_m, self.range_step_m / 2)

    @property
    def words(self) -> str:
        """As people say it."""
        decimals = max(0, -math.floor(math.log10(self.bearing_step_deg) + 1e-9))
        bearing = f"{self.bearing_deg:0{3 + bool(decimals) + decimals}.{decimals}f}"
        return f"{self.name} {bearing}/{self.range_m / 1000:g}km"


@dataclass(frozen=True, slots=True)
class NamedArea:
    """An area that both parties know by name, such as a zone of their agreement.

    Attributes:
        is_whole: the notice takes the whole of it; else it lies somewhere in it.
    """

    name: str
    area: Footprint
    is_whole: bool = False

    def __post_init__(self) -> None:
        _check_name(self.name)

    @property
    def words(self) -> str:
        """As people say it."""
        return self.in_words(self.name, is_whole=self.is_whole)

    @staticmethod
    def in_words(name: str, *, is_whole: bool) -> str:
        """As people say an area of that name."""
        return f"the whole of {name}" if is_whole else f"within {name}"


SecondMeans = Reckoned | NamedArea


class Verdict(enum.StrEnum):
    """What comes of comparing the two."""

    AGREE = "AGREE"
    DISAGREE = "DISAGREE"
    CANNOT_TELL = "CANNOT_TELL"
    """The second means is said too coarsely for the tolerance: it would let an error through."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether the two means say the same place.

    Attributes:
        off_m: how far they are apart; for CANNOT_TELL how far apart they seem.
        tolerance_m: how far they may be.
        rounding_m: what the second means leaves open by its wording.
        words: the same in a sentence.
        slips: what a slip would explain a disagreement, most telling first.
    """

    verdict: Verdict
    off_m: float
    tolerance_m: float
    rounding_m: float
    words: str
    slips: tuple[Flag, ...] = ()


def middle_of(footprints: Sequence[Footprint]) -> LatLon:
    """The position that stands for a notice when somebody says where: the mean direction of corners and centres."""
    x = y = z = 0.0
    for footprint in footprints:
        corners = [(footprint.lat_deg, footprint.lon_deg)] if isinstance(footprint, Circle) else footprint.outline
        for corner in corners:
            point = point_to_ecef(*corner)
            x, y, z = (x + point[0] / len(corners), y + point[1] / len(corners), z + point[2] / len(corners))
    return direction_to_position(x, y, z)


def compare(footprints: Sequence[Footprint], said: SecondMeans, *, tolerance_m: float) -> Comparison:
    """Whether geometry and second means say the same place, and by how much not (P1).

    The middle of the geometry is compared; an area said as a whole is also compared in size.

    Args:
        tolerance_m: of the agreement, more than 0.

    >>> here = Reckoned("Latakia", (35.5312, 35.7909), 270.0, 90_000.0)
    >>> compare([Circle(35.53, 34.80, 4_000.0)], here, tolerance_m=3_000.0).verdict
    <Verdict.AGREE: 'AGREE'>
    >>> compare([Circle(35.61, 34.80, 4_000.0)], here, tolerance_m=3_000.0).verdict
    <Verdict.DISAGREE: 'DISAGREE'>
    """
    if not (math.isfinite(tolerance_m) and tolerance_m > 0):
        raise Malformed(f"a tolerance is more than 0 m, not {tolerance_m}", at="tolerance_m")
    middle = middle_of(footprints)
    off_m, rounding_m = _off(middle, footprints, said)
    if off_m > tolerance_m:
        # Also when it is coarse: what is this far off is wrong however the rest is meant.
        slips = tuple(_slips(middle, said, tolerance_m)) if isinstance(said, Reckoned) else ()
        verdict, words = (
            Verdict.DISAGREE,
            f"{said.words} is {_km(off_m)} from the geometry, more than {_km(tolerance_m)}",
        )
    elif rounding_m > tolerance_m:
        slips = ()
        verdict = Verdict.CANNOT_TELL
        words = (
            f"{said.words} leaves {_km(rounding_m)} open, more than the {_km(tolerance_m)} agreed: say it more finely"
        )
    else:
        slips = ()
        verdict, words = Verdict.AGREE, f"{said.words} is {_km(off_m)} from the geometry, within {_km(tolerance_m)}"
    return Comparison(verdict, off_m, tolerance_m, rounding_m, words, slips)


def _off(middle: LatLon, footprints: Sequence[Footprint], said: SecondMeans) -> tuple[float, float]:
    """How far apart the two are, and how much the second leaves open, metres."""
    match said:
        case Reckoned():
            return distance_m(middle, said.position), said.rounding_m
        case NamedArea():
            centre = middle_of([said.area])
            apart_m, size_m = distance_m(middle, centre), _reach_m(centre, [said.area])
            if said.is_whole:
                return apart_m + abs(_reach_m(middle, footprints) - size_m), 0.0
            # Anything inside would agree, so an area says no more than its own width.
            return max(0.0, apart_m - size_m), 2 * size_m


def _reach_m(middle: LatLon, footprints: Sequence[Footprint]) -> float:
    """From the middle to the farthest corner, or to the far side of a circle, metres."""
    reach_m = 0.0
    for footprint in footprints:
        if isinstance(footprint, Circle):
            centre = (footprint.lat_deg, footprint.lon_deg)
            reach_m = max(reach_m, distance_m(middle, centre) + footprint.radius_m)
        else:
            reach_m = max(reach_m, *(distance_m(middle, corner) for corner in footprint.outline))
    return reach_m


def _slips(middle: LatLon, said: Reckoned, tolerance_m: float) -> Iterator[Flag]:
    """Slips of the hand that would make the two agree: in the geometry, then in what was said."""
    for code, words, place in _moved(middle):
        if distance_m(place, said.position) <= tolerance_m:
            yield Flag(code, f"they would agree if {words}", "geometry")
    for code, words, bearing, range_m in (
        ("RECIPROCAL", "the bearing were the other way round", said.bearing_deg + 180.0, said.range_m),
        ("NAUTICAL_MILES", "the distance were nautical miles", said.bearing_deg, said.range_m * NAUTICAL_MILE_M / 1000),
        ("KILOMETRES", "the distance were kilometres", said.bearing_deg, said.range_m * 1000 / NAUTICAL_MILE_M),
    ):
        if distance_m(middle, destination(said.origin, bearing, range_m)) <= tolerance_m:
            yield Flag(code, f"they would agree if {words}", "seen_from")


def _moved(position: LatLon) -> Iterator[tuple[str, str, LatLon]]:
    """A position as it would be had a common slip not been made: (code, the slip, position)."""
    lat_deg, lon_deg = position
    if abs(lon_deg) <= 90:
        yield "SWAPPED", "latitude and longitude were swapped", (lon_deg, lat_deg)
    yield "NORTH_SOUTH", "north and south were changed", (-lat_deg, lon_deg)
    yield "EAST_WEST", "east and west were changed", (lat_deg, -lon_deg)
    yield "BOTH_HEMISPHERES", "both hemispheres were changed", (-lat_deg, -lon_deg)
    as_minutes = (_as_minutes(lat_deg), _as_minutes(lon_deg))
    if None not in as_minutes:
        yield "MINUTES_AS_DECIMALS", "the decimals were minutes", as_minutes  # type: ignore[misc]
    as_decimals = (_as_decimals(lat_deg), _as_decimals(lon_deg))
    yield "DECIMALS_AS_MINUTES", "the minutes were decimals", as_decimals


def _as_minutes(degrees: float) -> float | None:
    """36.30 as 36 degrees 30 minutes; None where the decimals are no minutes."""
    whole, part = divmod(abs(degrees), 1.0)
    return math.copysign(whole + part * 100 / 60, degrees) if part < 0.6 else None


def _as_decimals(degrees: float) -> float:
    """36 degrees 30 minutes as 36.30."""
    whole, part = divmod(abs(degrees), 1.0)
    return math.copysign(whole + part * 60 / 100, degrees)


def flags_against(position: LatLon, area: Circle) -> tuple[Flag, ...]:
    """What a position outside an area suggests: it is outside, and each slip that would bring it inside (P4).

    Slips within the area show nothing here: that is what the second means is for.

    >>> [flag.code for flag in flags_against((35.7, -36.5), Circle(35.0, 36.0, 300_000.0))]
    ['OUTSIDE_AREA', 'EAST_WEST']
    """
    centre = (area.lat_deg, area.lon_deg)
    off_m = distance_m(position, centre)
    if off_m <= area.radius_m:
        return ()
    way_deg = bearing_deg(centre, position)
    away = f"{_km(off_m - area.radius_m)} outside the agreed area, {way_deg:03.0f} degrees from its centre"
    return (
        Flag("OUTSIDE_AREA", away, "geometry"),
        *(
            Flag(code, f"it would lie inside the agreed area if {words}", "geometry")
            for code, words, place in _moved(position)
            if code in ("SWAPPED", "NORTH_SOUTH", "EAST_WEST", "BOTH_HEMISPHERES")
            and distance_m(place, centre) <= area.radius_m
        ),
    )


def _km(metres: float) -> str:
    return f"{metres / 1000:.1f} km" if metres >= 1000 else f"{metres:.0f} m"


def _check_name(name: str) -> None:
    if not 0 < len(name.strip()) <= NAME_MAX or not name.isprintable():
        raise Malformed(f"a name has 1 to {NAME_MAX} printable characters, not {name!r}", at="seen_from.name")
