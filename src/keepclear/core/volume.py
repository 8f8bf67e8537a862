"""A stretch of space over a span of time (the Volume4D of ASTM F3548)."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

from keepclear.core.footprint import Footprint
from keepclear.core.timespan import TimeSpan
from keepclear.errors import Malformed

#: Wide enough for any aircraft and any shore; narrow enough to show a value in feet that was meant in millimetres.
ALTITUDE_MIN_M = -1_000.0
ALTITUDE_MAX_M = 100_000.0


class AltitudeDatum(enum.StrEnum):
    """What an altitude is measured from. Two data are never compared without a stated conversion."""

    WGS84 = "WGS84"  # the ellipsoid
    AMSL = "AMSL"  # mean sea level, by the EGM96 geoid
    AGL = "AGL"  # the ground below
    FL = "FL"  # the 1013.25 hPa surface


@dataclass(frozen=True, slots=True)
class Altitude:
    """Metres above a datum."""

    value_m: float
    datum: AltitudeDatum

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value_m) and ALTITUDE_MIN_M <= self.value_m <= ALTITUDE_MAX_M):
            raise Malformed(
                f"an altitude lies between {ALTITUDE_MIN_M:.0f} and {ALTITUDE_MAX_M:.0f} m, not {self.value_m}",
                at="altitude",
            )


@dataclass(frozen=True, slots=True)
class AltitudeBand:
    """From `lower` up to `upper`, both ends included."""

    lower: Altitude
    upper: Altitude

    def __post_init__(self) -> None:
        if self.lower.datum == self.upper.datum and self.lower.value_m > self.upper.value_m:
            raise Malformed(
                f"the lower limit lies above the upper: {self.lower.value_m} m and {self.upper.value_m} m"
                f" {self.lower.datum}",
                at="altitude",
            )


@dataclass(frozen=True, slots=True)
class Volume4D:
    """A footprint, an altitude band and a span."""

    footprint: Footprint
    band: AltitudeBand
    span: TimeSpan
