"""Time-to-clear: how soon something can be outside a volume, at worst, and how soon a volume can be empty.

Every figure is from above: never less than it takes (docs/explanation/clearing.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keepclear.core.footprint import LatLon
from keepclear.core.volume import Altitude, AltitudeBand, Volume4D
from keepclear.core.wayout import way_out_m
from keepclear.errors import Malformed

#: A wider circle is no turn, and the Earth's curvature would enter.
TURN_RADIUS_MAX_M: Final = 100_000.0
#: Turns are reckoned in the plane. At 100 km of radius and 1,000 km of way the ellipsoid adds less than this.
_CURVED: Final = 1.02


@dataclass(frozen=True, slots=True)
class Mover:
    """How something moves, at worst: an aircraft, a ship, a vehicle or a convoy.

    Attributes:
        speed_mps: through the air or the water, the slowest that it goes; on the ground, over the ground.
        reaction_s: from the alert being raised to its turning.
        stream_mps: the strongest wind or current that it may meet, from any side.
        turn_radius_m: of the tightest turn that it surely flies, in still air; 0 turns on the spot.
        climb_mps, descent_mps: what it surely climbs and descends; 0 cannot.
        vertical_now_mps: the fastest it may be climbing or descending while nobody has reacted.
        length_m: from its head to its tail; the tail comes out last.
        detour: how many times longer its way is than the straight one, as on roads; at least 1.
        position_error_m: how far off its position may be.
    """

    speed_mps: float
    reaction_s: float
    stream_mps: float = 0.0
    turn_radius_m: float = 0.0
    climb_mps: float = 0.0
    descent_mps: float = 0.0
    vertical_now_mps: float = 0.0
    length_m: float = 0.0
    detour: float = 1.0
    position_error_m: float = 0.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise Malformed(f"{name} is a number not below zero, not {value}", at=name)
        if self.speed_mps <= self.stream_mps:
            raise Malformed(
                f"no time to clear can be given at {self.speed_mps} m/s against {self.stream_mps} m/s", at="speed_mps"
            )
        if self.detour < 1.0:
            raise Malformed(f"a way is not shorter than the straight one: detour {self.detour}", at="detour")
        if self.turn_radius_m > TURN_RADIUS_MAX_M:
            raise Malformed(f"a turn has a radius of at most {TURN_RADIUS_MAX_M:.0f} m", at="turn_radius_m")


@dataclass(frozen=True, slots=True)
class Clearing:
    """Seconds until something is outside a volume, at worst, for each way that is open to it. None: not that way."""

    lateral_s: float
    up_s: float | None = None
    down_s: float | None = None

    @property
    def soonest_s(self) -> int:
        """The quickest of the ways, whole seconds, rounded up."""
        return math.ceil(min(way for way in (self.lateral_s, self.up_s, self.down_s) if way is not None))


def time_to_clear_s(depth_m: float, speed_mps: float, *, reaction_s: float) -> float:
    """Seconds until an aircraft that turns on the spot can be outside a volume, at worst.

    For the length of the reaction the aircraft may fly deeper still; it then turns and leaves the way it came.
    The reaction therefore counts twice.

    Args:
        depth_m: longest way out, metres, >= 0.
        speed_mps: ground speed, metres per second, > 0.
        reaction_s: from the alert being raised to the aircraft turning, seconds.

    Raises:
        Malformed: the aircraft is not moving, so no time can be promised.

    Source: docs/explanation/clearing.md, "The worst case".

    >>> time_to_clear_s(1200.0, 60.0, reaction_s=10.0)
    40.0
    """
    if speed_mps <= 0:
        raise Malformed(f"no time to clear can be given at a ground speed of {speed_mps} m/s", at="slowest_mps")
    return lateral_time_s(Mover(speed_mps, reaction_s), depth_m)


def lateral_time_s(mover: Mover, way_m: float) -> float:
    """Seconds until a mover is at the end of its way out, at worst, whatever its heading and wherever the wind is from.

    It reacts, turns towards the way out to the better side, and goes straight. 0 when there is no way to go.

    The stream shifts it in the turn. A path over the ground with a radius of R ((v + w) / v)**2 is flown at any heading
    without turning tighter than R in the air, and nowhere slower than v - w; so the turn is reckoned on that circle.

    >>> lateral_time_s(Mover(60.0, 10.0), 1200.0)
    40.0
    """
    if way_m <= 0:
        return 0.0
    fastest, slowest = mover.speed_mps + mover.stream_mps, mover.speed_mps - mover.stream_mps
    radius_m = mover.turn_radius_m * (fastest / mover.speed_mps) ** 2
    drift_m = fastest * mover.reaction_s
    path_m = (way_m + drift_m) * mover.detour + _turning_m(radius_m, max(0.0, way_m - drift_m))
    return mover.reaction_s + (path_m + mover.length_m) / slowest


def _turning_m(radius_m: float, range_m: float) -> float:
    """What turning towards a place adds to the straight way there, at most, when it lies at least so far away.

    From two radii on neither turning circle holds the place, and the worst place is straight behind. Nearer, one of
    the circles may hold it: then the turn is to the other side and may be nearly whole.
    """
    if range_m >= 2 * radius_m > 0:
        return _CURVED * radius_m * (2 * math.pi - 2 * math.atan(range_m / radius_m))
    return _CURVED * radius_m * (2 * math.pi + 1)


def vertical_times_s(
    mover: Mover, band: AltitudeBand, height: Altitude, *, margin_m: float, floor_m: float | None = None
) -> tuple[float | None, float | None]:
    """Seconds until a mover is above a band, and below it, at worst; None where it cannot go or the data differ.

    Args:
        height: where it is now.
        margin_m: what must be kept above and below.
        floor_m: the lowest it may go, in the band's datum; without one it is not sent down.
    """
    up_s = down_s = None
    drift_m = mover.vertical_now_mps * mover.reaction_s
    if mover.climb_mps > 0 and band.upper.datum == height.datum:
        rise_m = band.upper.value_m + margin_m - height.value_m
        up_s = 0.0 if rise_m < 0 else mover.reaction_s + (rise_m + drift_m) / mover.climb_mps
    lowest = band.lower.value_m - margin_m
    if mover.descent_mps > 0 and band.lower.datum == height.datum and floor_m is not None and lowest > floor_m:
        fall_m = height.value_m - lowest
        down_s = 0.0 if fall_m < 0 else mover.reaction_s + (fall_m + drift_m) / mover.descent_mps
    return up_s, down_s


def clearing_of(
    mover: Mover,
    volume: Volume4D,
    position: LatLon,
    *,
    horizontal_m: float,
    height: Altitude | None = None,
    vertical_m: float = 0.0,
    floor_m: float | None = None,
) -> Clearing:
    """How soon a mover can be outside a volume and its margins, for each way that is open to it.

    Args:
        position, height: where it is now; without a height it only leaves sideways.
        horizontal_m, vertical_m: what must be kept from the volume.
    """
    way_m = way_out_m(volume.footprint, position, margin_m=horizontal_m, position_error_m=mover.position_error_m)
    up_s, down_s = (None, None) if height is None else vertical_times_s(
        mover, volume.band, height, margin_m=vertical_m, floor_m=floor_m
    )  # fmt: skip
    return Clearing(lateral_time_s(mover, way_m), up_s, down_s)


# ------------------------------------------------------------------------------------------------- need against have

#: Fewer measured messages say nothing about the slow ones.
MEASURED_MIN: Final = 10


def message_time_s(measured_s: Sequence[float], *, default_s: int, percent: int = 90) -> int:
    """How long the message itself takes on this line: of `percent` of those measured none took longer. Rounded up.

    Args:
        measured_s: from transmitted to acknowledged, of earlier notices on this line.
        default_s: what is reckoned with while fewer than MEASURED_MIN were measured; also the least that is.

    >>> message_time_s([20.0] * 9 + [80.0], default_s=300, percent=90), message_time_s([20.0], default_s=300)
    (20, 300)
    """
    if not 1 <= percent <= 100:
        raise Malformed(f"a share is between 1 and 100 %, not {percent}", at="percent")
    if len(measured_s) < MEASURED_MIN:
        return default_s
    ordered = sorted(measured_s)
    # The nearest rank from above: never a value between two that were measured.
    return math.ceil(ordered[-(-percent * len(ordered) // 100) - 1])


def spare_s(*, lead_s: float, message_s: int, need_s: int) -> int:
    """What is left of the lead time after the message and the clearing; negative when it is not enough."""
    return math.floor(lead_s) - message_s - need_s
