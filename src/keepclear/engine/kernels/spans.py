"""Large polygons as rows of spans: where, row by row, they surely are and surely are not.

Rows are 1/64 of a degree of latitude, columns 360/2^19 degrees of longitude, counted round the Earth, so the
antimeridian is a column like any other. A run holds four columns: outside [out, end] there is nothing of the polygon
in that row; in [in, last] the row is all inside. Between them nobody knows, and the outlines are asked. Polygons that
come near a pole have no spans: they are always asked. Any separation can be asked about, since spans are of the polygon
itself.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from keepclear.engine.kernels.layout import Z_COLUMN, Z_ROW, Z_ROWS, kernel

ROWS_PER_DEG = 64.0
COLUMNS = 1 << 19
COLUMNS_PER_DEG = COLUMNS / 360.0
#: A polygon with spans lies within these, degrees.
LAT_MOST_DEG, LON_MOST_DEG = 75.0, 19.0

#: Metres in a row, at most and at least; metres in a column at the equator, at most and at least.
ROW_MOST_M, ROW_LEAST_M = 111_700.0 / ROWS_PER_DEG, 110_560.0 / ROWS_PER_DEG
COLUMN_MOST_M, COLUMN_LEAST_M = 6_399_600.0 * 2.0 * math.pi / COLUMNS, 6_378_130.0 * 2.0 * math.pi / COLUMNS
#: A piece strays from the straight line between its ends on the chart of latitude and longitude by less than this times
#: tan(latitude) times the square of its length, and this many metres more.
STRAY_PER_M, STRAY_M = 0.28 / 6.33e6, 0.5

#: How an item that is not large lies on the chart: how many points, then first and last row, first and last column,
#: cosines (largest, least) of its latitudes, then row and column of each point.
POINTS_MOST = 16
C_COUNT, C_ROW, C_ROW_END, C_COLUMN, C_COLUMN_END, C_COS, C_COS_LEAST, C_POINTS, CONTEXT = 0, 1, 2, 3, 4, 5, 6, 7, 40

FAR, CLOSE, UNKNOWN = 0, 1, 2


@kernel
def wrapped(column: float) -> float:
    """A difference of columns, the short way round."""
    half = COLUMNS / 2.0
    if column >= half:
        return column - COLUMNS
    return column + COLUMNS if column < -half else column


@kernel
def to_chart(x: float, y: float, z: float) -> tuple[float, float]:
    """Row and column, with fractions, of a place on the ellipsoid."""
    lat = math.atan2(z, (1.0 - 0.0066943799901413165) * math.hypot(x, y))
    return math.degrees(lat) * ROWS_PER_DEG, math.degrees(math.atan2(y, x)) * COLUMNS_PER_DEG


@kernel
def _straddles(low: float, high: float, row: int) -> bool:
    """Whether a piece crosses the middle of a row; one that only touches it with its upper end does not."""
    middle = row + 0.5
    return (low > middle) != (high > middle)


@kernel
def build_spans(lat: Any, lon: Any, count: int, zone: Any, starts: Any, runs: Any) -> int:
    """Fill the spans of one polygon from the corners of its pieces in degrees; how many runs, or -1: it can have none.

    `starts` takes a number for each row and one more, `runs` four columns for each run; `zone` what layout.py lists.
    """
    south, north, west, east = lat[0], lat[0], 0.0, 0.0
    for k in range(1, count):
        south, north = min(south, lat[k]), max(north, lat[k])
        offset = (lon[k] - lon[0] + 540.0) % 360.0 - 180.0
        west, east = min(west, offset), max(east, offset)
    if max(abs(south), abs(north)) > LAT_MOST_DEG or east - west > 2.0 * LON_MOST_DEG - 1.0:
        return -1
    tan = math.tan(math.radians(max(abs(south), abs(north)) + 0.2))
    flat = math.cos(math.radians(max(abs(south), abs(north)) + 0.2))
    reference = int(round((lon[0] + 0.5 * (west + east)) * COLUMNS_PER_DEG))
    middle = reference / COLUMNS_PER_DEG
    row0 = int(math.floor((south - 0.02) * ROWS_PER_DEG)) - 1
    rows = int(math.floor((north + 0.02) * ROWS_PER_DEG)) + 2 - row0
    if rows + 1 > starts.size:
        return -1
    zone[Z_ROW], zone[Z_ROWS], zone[Z_COLUMN] = row0, rows, reference
    begins = np.zeros(rows + 1, np.int32)
    for fill in range(2):
        if fill == 0:
            low_of, high_of, flips = np.empty(0), np.empty(0), np.empty(0, np.uint8)
        else:
            for r in range(rows):
                begins[r + 1] += begins[r]
            low_of, high_of, flips = np.empty(begins[rows]), np.empty(begins[rows]), np.empty(begins[rows], np.uint8)
            at = begins[:rows].copy()
        for k in range(count):
            n = k + 1 if k + 1 < count else 0
            a, b = lat[k] * ROWS_PER_DEG, lat[n] * ROWS_PER_DEG
            x = ((lon[k] - middle + 540.0) % 360.0 - 180.0) * COLUMNS_PER_DEG
            x_end = ((lon[n] - middle + 540.0) % 360.0 - 180.0) * COLUMNS_PER_DEG
            dy, dx = (b - a) * ROW_MOST_M, (x_end - x) * COLUMN_MOST_M
            stray_m = STRAY_PER_M * tan * (dy * dy + dx * dx) * 1.01 + STRAY_M
            stray_rows, stray_columns = stray_m / ROW_LEAST_M, stray_m / (COLUMN_LEAST_M * flat)
            low, high = min(a, b), max(a, b)
            for row in range(
                int(math.floor(low - stray_rows)) - row0, int(math.floor(high + stray_rows)) - row0 + 1
            ):  # fmt: skip
                if fill == 0:
                    begins[row + 1] += 1
                    continue
                p, q = max(low, row + row0 - stray_rows), min(high, row + row0 + 1.0 + stray_rows)
                if b != a:
                    c, d = x + (x_end - x) * (p - a) / (b - a), x + (x_end - x) * (q - a) / (b - a)
                    if abs(b - a) < 1e-9:
                        c, d = x, x_end
                else:
                    c, d = x, x_end
                i = at[row]
                at[row] += 1
                low_of[i], high_of[i] = min(c, d) - stray_columns, max(c, d) + stray_columns
                flips[i] = 1 if _straddles(a, b, row + row0) else 0
    return _write_runs(begins, low_of, high_of, flips, rows, starts, runs)


@kernel
def _write_runs(begins: Any, low_of: Any, high_of: Any, flips: Any, rows: int, starts: Any, runs: Any) -> int:
    """Stretches of boundary in each row become runs: two with inside between them make one run, a lone one another."""
    used = 0
    for row in range(rows):
        starts[row] = used
        first, end = begins[row], begins[row + 1]
        for i in range(first + 1, end):
            low, high, flip = low_of[i], high_of[i], flips[i]
            j = i - 1
            while j >= first and low_of[j] > low:
                low_of[j + 1], high_of[j + 1], flips[j + 1] = low_of[j], high_of[j], flips[j]
                j -= 1
            low_of[j + 1], high_of[j + 1], flips[j + 1] = low, high, flip
        last = first - 1  # the last of the stretches once those that meet are one
        for i in range(first, end):
            if last >= first and low_of[i] <= high_of[last] + 1.0:
                high_of[last] = max(high_of[last], high_of[i])
                flips[last] ^= flips[i]
            else:
                last += 1
                low_of[last], high_of[last], flips[last] = low_of[i], high_of[i], flips[i]
        inside = 0
        if used + last + 1 - first > min(runs.shape[0], 65_000):
            return -1
        for k in range(first, last + 1):
            before, inside = inside, inside ^ flips[k]
            if inside == 1:
                if k == last:
                    return -1
                runs[used, 0], runs[used, 1] = math.floor(low_of[k]), math.ceil(high_of[k])
                runs[used, 2], runs[used, 3] = math.floor(low_of[k + 1]), math.ceil(high_of[k + 1])
                used += 1
            elif before == 0:
                runs[used, 0], runs[used, 3] = math.floor(low_of[k]), math.ceil(high_of[k])
                runs[used, 1], runs[used, 2] = 1, 0
                used += 1
    starts[rows] = used
    return used


@kernel
def item_to_zone(context: Any, near_m: float, far_m: float, zone: Any, starts: Any, runs: Any) -> int:
    """Whether an item is surely CLOSE to a polygon with spans (a point of it is nearer than `near_m`), or FAR."""
    row0, rows, reference = zone[Z_ROW], zone[Z_ROWS], zone[Z_COLUMN]
    most_m, least_m = COLUMN_MOST_M * context[C_COS], COLUMN_LEAST_M * context[C_COS_LEAST]
    more = int(max(near_m, 0.0) / ROW_LEAST_M)
    for k in range(int(context[C_COUNT])):
        row_at, column = context[C_POINTS + 2 * k], wrapped(context[C_POINTS + 2 * k + 1] - reference)
        row = int(math.floor(row_at)) - row0
        for r in range(max(0, row - more), min(rows - 1, row + more) + 1):
            up_m = max(0.0, row_at - (r + row0 + 1), r + row0 - row_at) * ROW_MOST_M
            for i in range(starts[r], starts[r + 1]):
                n = i * 4
                if runs[n + 1] > runs[n + 2]:
                    continue
                aside_m = max(0.0, runs[n + 1] - column, column - runs[n + 2]) * most_m
                if aside_m == 0.0 and up_m == 0.0:
                    return CLOSE
                if near_m > 0.0 and aside_m * aside_m + up_m * up_m < near_m * near_m:
                    return CLOSE
    west = wrapped(context[C_COLUMN] - reference)
    east = west + (context[C_COLUMN_END] - context[C_COLUMN])
    south, north = context[C_ROW], context[C_ROW_END]
    more = int(far_m / ROW_LEAST_M) + 1
    first, last = int(math.floor(south)) - row0 - more, int(math.floor(north)) - row0 + more
    for r in range(max(0, first), min(rows - 1, last) + 1):
        up_m = max(0.0, south - (r + row0 + 1), r + row0 - north) * ROW_LEAST_M
        for i in range(starts[r], starts[r + 1]):
            n = i * 4
            aside_m = max(0.0, runs[n] - east, west - runs[n + 3]) * least_m
            if aside_m * aside_m + up_m * up_m <= far_m * far_m:
                return UNKNOWN
    return FAR


@kernel
def zone_to_zone(
    a_zone: Any, a_starts: Any, a_runs: Any, b_zone: Any, b_starts: Any, b_runs: Any, near_m: float, far_m: float
) -> int:
    """Whether two polygons with spans surely come nearer than `near_m` or share a place, or stay `far_m` apart."""
    a_row, a_rows, b_row, b_rows = a_zone[Z_ROW], a_zone[Z_ROWS], b_zone[Z_ROW], b_zone[Z_ROWS]
    shift = int(wrapped(float(a_zone[Z_COLUMN] - b_zone[Z_COLUMN])))
    first, last = max(a_row, b_row), min(a_row + a_rows, b_row + b_rows)
    south = max(0.0, min(abs(a_row), abs(a_row + a_rows)) / ROWS_PER_DEG) if a_row * (a_row + a_rows) > 0 else 0.0
    near = max(0.0, near_m) / (COLUMN_MOST_M * math.cos(math.radians(south)))
    for stride in range(2):
        # A few rows first: most that share a place share it there.
        row, step = (first + 4, 8) if stride == 0 else (first, 1)
        while row < last:
            for i in range(a_starts[row - a_row], a_starts[row - a_row + 1]):
                n = i * 4
                low, high = a_runs[n + 1] + shift, a_runs[n + 2] + shift
                if low > high:
                    continue
                for j in range(b_starts[row - b_row], b_starts[row - b_row + 1]):
                    m = j * 4
                    if b_runs[m + 1] > b_runs[m + 2]:
                        continue
                    gap = max(low, b_runs[m + 1]) - min(high, b_runs[m + 2])
                    if gap <= 0 or gap < near:
                        return CLOSE
            row += step
    north = max(abs(a_row), abs(a_row + a_rows)) / ROWS_PER_DEG + far_m / 110_000.0 + 0.05
    if north > 85.0:
        return UNKNOWN
    least_m = COLUMN_LEAST_M * math.cos(math.radians(north))
    more = int(far_m / ROW_LEAST_M) + 1
    for row in range(max(a_row, b_row - more), min(a_row + a_rows, b_row + b_rows + more)):
        first, last = a_starts[row - a_row], a_starts[row - a_row + 1]
        if first == last:
            continue
        # Runs stand in order, so the first and the last hold the whole row.
        west, east = a_runs[first * 4] + shift, a_runs[last * 4 - 1] + shift
        for r in range(max(b_row, row - more), min(b_row + b_rows, row + more + 1)):
            b_first, b_last = b_starts[r - b_row], b_starts[r - b_row + 1]
            if b_first == b_last:
                continue
            up_m = max(0.0, abs(row - r) - 1.0) * ROW_LEAST_M
            aside_m = max(0.0, b_runs[b_first * 4] - east, west - b_runs[b_last * 4 - 1]) * least_m
            if aside_m * aside_m + up_m * up_m > far_m * far_m:
                continue
            if _runs_close(a_runs, first, last, shift, b_runs, b_first, b_last, least_m, up_m, far_m):
                return UNKNOWN
    return FAR


@kernel
def _runs_close(
    a_runs: Any, a_first: int, a_last: int, shift: int, b_runs: Any, b_first: int, b_last: int, least_m: float,
    up_m: float, far_m: float,
) -> bool:  # fmt: skip
    """Whether runs of two rows may come within a distance."""
    for i in range(a_first, a_last):
        west, east = a_runs[i * 4] + shift, a_runs[i * 4 + 3] + shift
        for j in range(b_first, b_last):
            aside_m = max(0.0, b_runs[j * 4] - east, west - b_runs[j * 4 + 3]) * least_m
            if aside_m * aside_m + up_m * up_m <= far_m * far_m:
                return True
    return False
