"""Time-to-clear: how soon a volume can be empty, at worst."""

from __future__ import annotations

from keepclear.core.footprint import Circle, Footprint
from keepclear.errors import Malformed


def time_to_clear_s(depth_m: float, speed_mps: float, *, reaction_s: float) -> float:
    """Seconds until an aircraft can be outside a volume, at worst.

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
    return depth_m / speed_mps + 2 * reaction_s


def depth_at_most_m(footprint: Footprint, *, margin_m: float, extent_m: float) -> float:
    """No point of a footprint grown by a margin lies farther from its edge than this, metres.

    A circle is exact. For a polygon it is the radius of a circle around it, `extent_m`, which is at least the way out.
    """
    return (footprint.radius_m if isinstance(footprint, Circle) else extent_m) + margin_m
