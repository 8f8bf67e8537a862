"""Mean sea level: the height of the EGM96 geoid above the WGS84 ellipsoid, from the public 15-minute grid.

The grid (WW15MGH, by the United States National Geospatial-Intelligence Agency, public domain) gives centimetres at
every quarter degree. Between its points heights are taken bilinearly. docs/explanation/altitude.md names source,
checksum and error.
"""

from __future__ import annotations

import hashlib
import lzma
import math
from functools import lru_cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from keepclear.core.footprint import LatLon
from keepclear.errors import ensure

#: SHA-256 of the grid as published: 721 rows from north to south of 1,440 big-endian 16-bit centimetres.
GRID_SHA256 = "9dcaf4efd6857aaa2e1e2e2c574d3f5264eacf47024cdcd5291c40ddad5e5acc"
ROWS, COLUMNS = 721, 1440
STEPS_PER_DEGREE = 4

#: The grid read bilinearly and the full EGM96 model differ by at most this, metres.
GEOID_ERROR_M = 1.2


@lru_cache(maxsize=1)
def _grid_m() -> npt.NDArray[np.float64]:
    """Heights in metres, shape (721, 1441): row 0 at 90 N, column 0 at 0 E and again as the last."""
    packed = resources.files("keepclear.core").joinpath("data", "egm96-15.xz").read_bytes()
    rows = np.frombuffer(lzma.decompress(packed), dtype="<i2").reshape(ROWS, COLUMNS)
    # Stored as differences along rows of differences down columns, which pack to a quarter; sums are exact again.
    grid_cm = np.cumsum(np.cumsum(rows, axis=0, dtype=np.int16), axis=1, dtype=np.int16)
    ensure(hashlib.sha256(grid_cm.astype(">i2").tobytes()).hexdigest() == GRID_SHA256, "the geoid grid is as published")
    return np.concatenate((grid_cm, grid_cm[:, :1]), axis=1) / 100.0


def geoid_height_m(position: LatLon) -> float:
    """Height of mean sea level above the ellipsoid, metres, right to GEOID_ERROR_M.

    >>> round(geoid_height_m((0.0, 0.0)), 2)
    17.16
    """
    lat_deg, lon_deg = position
    return float(_bilinear(np.asarray([lat_deg]), np.asarray([lon_deg]))[0, 0])


def geoid_range_m(south_deg: float, west_deg: float, north_deg: float, east_deg: float) -> tuple[float, float]:
    """Least and greatest height of mean sea level in a box, metres, by the bilinear grid, without GEOID_ERROR_M.

    The box runs eastwards from `west_deg` to `east_deg`; `east_deg` below `west_deg` crosses the antimeridian.
    Within a cell of the grid a bilinear surface is greatest and least at corners, so corners are all that is asked.
    """
    width = (east_deg - west_deg) % 360.0
    if width == 0.0 and east_deg != west_deg:
        width = 360.0
    lat = _with_grid_lines(south_deg, north_deg)
    lon = _with_grid_lines(west_deg, west_deg + width)
    heights = _bilinear(lat, lon)
    return float(heights.min()), float(heights.max())


def _with_grid_lines(low_deg: float, high_deg: float) -> npt.NDArray[np.float64]:
    first, last = math.ceil(low_deg * STEPS_PER_DEGREE), math.floor(high_deg * STEPS_PER_DEGREE)
    lines = np.arange(first, last + 1) / STEPS_PER_DEGREE
    return np.concatenate(([low_deg], lines, [high_deg]))


def _bilinear(lat_deg: npt.NDArray[np.float64], lon_deg: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Heights at all pairs of the latitudes and longitudes, shape (latitudes, longitudes)."""
    grid = _grid_m()
    row = (90.0 - lat_deg) * STEPS_PER_DEGREE
    column = (lon_deg % 360.0) * STEPS_PER_DEGREE
    upper = np.clip(np.floor(row), 0, ROWS - 2).astype(np.intp)
    left = np.clip(np.floor(column), 0, COLUMNS - 1).astype(np.intp)
    down, right = (row - upper)[:, None], (column - left)[None, :]
    north = grid[np.ix_(upper, left)] * (1 - right) + grid[np.ix_(upper, left + 1)] * right
    south = grid[np.ix_(upper + 1, left)] * (1 - right) + grid[np.ix_(upper + 1, left + 1)] * right
    return np.asarray(north * (1 - down) + south * down)
