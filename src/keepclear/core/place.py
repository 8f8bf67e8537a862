"""Saying where in words, and whether the words and the geometry agree (P2)."""

from __future__ import annotations

import enum


class Region(enum.StrEnum):
    """A part of the area that an agreement covers, as a liaison would say it. Never a place by itself."""

    NORTH = "N"
    NORTH_EAST = "NE"
    EAST = "E"
    SOUTH_EAST = "SE"
    SOUTH = "S"
    SOUTH_WEST = "SW"
    WEST = "W"
    NORTH_WEST = "NW"
    CENTRE = "C"


_BEARING_DEG = {
    Region.NORTH: 0.0,
    Region.NORTH_EAST: 45.0,
    Region.EAST: 90.0,
    Region.SOUTH_EAST: 135.0,
    Region.SOUTH: 180.0,
    Region.SOUTH_WEST: 225.0,
    Region.WEST: 270.0,
    Region.NORTH_WEST: 315.0,
}

#: A word covers its own eighth and half of each neighbour: people are loose with compass words, not by a quarter turn.
TOLERANCE_DEG = 45.0
#: The centre is the inner half of the radius; any compass word fits there too.
CENTRE_PART = 0.5


def region_of(bearing_deg: float) -> Region:
    """The eighth in which a bearing lies.

    >>> region_of(350.0), region_of(268.0)
    (<Region.NORTH: 'N'>, <Region.WEST: 'W'>)
    """
    order = list(_BEARING_DEG)
    return order[round(bearing_deg / 45.0) % 8]


def contradicts(said: Region, *, bearing_deg: float, distance_m: float, radius_m: float) -> bool:
    """Whether a region word and the geometry cannot both be right.

    Args:
        bearing_deg: from the middle of the agreed area to the middle of the notice, degrees true.
        distance_m: between the two, metres.
        radius_m: of the agreed area, metres.

    >>> contradicts(Region.NORTH, bearing_deg=270.0, distance_m=90e3, radius_m=100e3)
    True
    >>> contradicts(Region.NORTH, bearing_deg=40.0, distance_m=90e3, radius_m=100e3)
    False
    """
    if distance_m <= CENTRE_PART * radius_m:
        return False
    if said is Region.CENTRE:
        return True
    turn = abs((bearing_deg - _BEARING_DEG[said] + 180.0) % 360.0 - 180.0)
    return turn > TOLERANCE_DEG
