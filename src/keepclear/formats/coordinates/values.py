"""What the readers of positions share: notations, and what one of them found."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from keepclear.core.flag import Flag
from keepclear.core.footprint import LatLon


class Notation(enum.StrEnum):
    """How a position is written."""

    DECIMAL = "decimal"
    DDM = "degrees, minutes"
    DMS = "degrees, minutes, seconds"
    MGRS = "MGRS"
    UTM = "UTM"
    UPS = "UPS"


@dataclass(frozen=True, slots=True)
class Written:
    """A position as read, before its datum is looked at: degrees, and the ground that its last digit spans, metres."""

    position: LatLon
    notation: Notation
    precision_m: float
    flags: tuple[Flag, ...] = ()
