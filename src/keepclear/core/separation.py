"""How far apart two activities must stay, as two parties agreed."""

from __future__ import annotations

import math
from dataclasses import dataclass

from keepclear.errors import Malformed

HORIZONTAL_MAX_M = 1_000_000.0
VERTICAL_MAX_M = 50_000.0
TIME_MAX_S = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Separation:
    """The least distances that keep two activities apart; exactly the agreed distance apart is kept.

    Two volumes conflict when they are too near in all three at once: in time, in height and on the ground.
    """

    horizontal_m: float = 0.0
    vertical_m: float = 0.0
    time_s: float = 0.0

    def __post_init__(self) -> None:
        bounds = (
            ("horizontal_m", self.horizontal_m, HORIZONTAL_MAX_M),
            ("vertical_m", self.vertical_m, VERTICAL_MAX_M),
            ("time_s", self.time_s, TIME_MAX_S),
        )
        for name, value, most in bounds:
            if not (math.isfinite(value) and 0 <= value <= most):
                raise Malformed(f"a separation lies between 0 and {most:.0f}, not {value}", at=name)


NO_SEPARATION = Separation()
