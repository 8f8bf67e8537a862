"""Footprints into arrays: corners as offsets from the middle of an enclosing ball, and boxes of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from keepclear.engine.kernels.ground import PIECE_M, RADIUS_MIN_M
from keepclear.engine.kernels.layout import (
    A_CHUNKS,
    A_GEOM,
    A_LIFE,
    A_REC,
    A_RUNS,
    A_SPAN,
    A_VERTS,
    A_ZONES,
    A_ZROWS,
    BOUNDS,
    CHUNK,
    CHUNK_PIECES,
    CX,
    CY,
    CZ,
    DATUM_SHIFT,
    FIRST,
    GEOM,
    KIND,
    LARGE,
    LOWER,
    MEDIUM,
    NEVER,
    PARTY,
    PIECES,
    RADIUS,
    REC,
    SMALL,
    UPPER,
    Z_ROWS,
    Z_RUN,
    Z_START,
    ZONE,
    ZONE_COLUMNS,
    f32_at,
    f64_at,
    i16_at,
    i32_at,
    i64_at,
    kernel,
    u16_at,
)
from keepclear.engine.kernels.spans import build_spans

EQUATOR_M, FLATTEN = 6_378_137.0, 1.0 - 0.0066943799901413165
#: Radii of size classes, metres; beyond the last the kernels leave a polygon to `judge`.
SMALL_M, MEDIUM_M, HARD_M = 2_500.0, 20_000.0, 1_000_000.0


@kernel
def to_ecef(lat_deg: float, lon_deg: float) -> tuple[float, float, float]:
    """A position on the ellipsoid as Earth-centred x, y, z in metres."""
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    sine, cosine = math.sin(lat), math.cos(lat)
    normal = EQUATOR_M / math.sqrt(1.0 - (1.0 - FLATTEN) * sine * sine)
    return normal * cosine * math.cos(lon), normal * cosine * math.sin(lon), normal * FLATTEN * sine


@kernel
def needs_cutting(lat: Any, lon: Any, offsets: Any, long: Any) -> None:
    """Which polygons have an edge longer than a piece may be: `long` is set for them."""
    for i in range(offsets.size - 1):
        first, count = offsets[i], offsets[i + 1] - offsets[i]
        if count == 0:
            continue
        x, y, z = to_ecef(lat[first + count - 1], lon[first + count - 1])
        for k in range(count):
            u, v, w = to_ecef(lat[first + k], lon[first + k])
            if (u - x) ** 2 + (v - y) ** 2 + (w - z) ** 2 > PIECE_M * PIECE_M:
                long[i] = True
                break
            x, y, z = u, v, w


@kernel
def single_below(value: float) -> Any:
    """The greatest single-precision number that is not above a value."""
    single = np.float32(value)
    return np.nextafter(single, np.float32(-np.inf)) if single > value else single


@kernel
def single_above(value: float) -> Any:
    """The least single-precision number that is not below a value."""
    single = np.float32(value)
    return np.nextafter(single, np.float32(np.inf)) if single < value else single


@kernel
def _ball(points: Any, count: int) -> tuple[float, float, float, float]:
    """A place on the ellipsoid and how far from it along the ground all corners lie; -1: they are too far apart."""
    x0, y0, z0, x1, y1, z1 = 1e9, 1e9, 1e9, -1e9, -1e9, -1e9
    for k in range(count):
        x, y, z = points[k, 0], points[k, 1], points[k, 2]
        x0, y0, z0 = min(x0, x), min(y0, y), min(z0, z)
        x1, y1, z1 = max(x1, x), max(y1, y), max(z1, z)
    x, y, z = 0.5 * (x0 + x1), 0.5 * (y0 + y1), 0.5 * (z0 + z1)
    if x * x + y * y + z * z < 5e6**2:
        return 0.0, 0.0, 0.0, -1.0
    scale = 1.0 / math.sqrt((x * x + y * y) / EQUATOR_M**2 + z * z / (EQUATOR_M**2 * FLATTEN))
    x, y, z = x * scale, y * scale, z * scale
    far2 = 0.0
    for k in range(count):
        far2 = max(far2, (points[k, 0] - x) ** 2 + (points[k, 1] - y) ** 2 + (points[k, 2] - z) ** 2)
    ratio = math.sqrt(far2) / (2.0 * RADIUS_MIN_M)
    if ratio > 0.2:
        return 0.0, 0.0, 0.0, -1.0
    return x, y, z, 2.0 * RADIUS_MIN_M * math.asin(ratio) + 1e-3


@kernel
def ball_box(x: float, y: float, z: float, radius: float, box: Any) -> None:
    """The box of all places within a radius along the ground."""
    size = math.sqrt(x * x + y * y + z * z)
    depth = radius * radius / (2.0 * RADIUS_MIN_M) + 0.01
    for axis in range(3):
        middle = x if axis == 0 else (y if axis == 1 else z)
        slope = middle / size
        reach = min(radius + 0.01, radius * (math.sqrt(max(0.0, 1.0 - slope * slope)) + 0.004) + depth)
        box[axis], box[axis + 3] = middle - reach, middle + reach


@kernel
def pack_polygon(points: Any, count: int, rec: Any, box: Any, verts: Any, chunks: Any) -> bool:
    """One polygon from the Earth-centred corners of its pieces; False if it is too large for the kernels."""
    x, y, z, radius = _ball(points, count)
    if radius < 0.0 or radius > HARD_M:
        return False
    rec[CX], rec[CY], rec[CZ], rec[RADIUS] = x, y, z, radius
    ball_box(x, y, z, radius, box)
    longest2 = 0.0
    low = np.array([1e9, 1e9, 1e9])
    high = -low
    for c in range((count + CHUNK_PIECES - 1) // CHUNK_PIECES):
        u0, v0, w0, u1, v1, w1, piece2 = 1e9, 1e9, 1e9, -1e9, -1e9, -1e9, 0.0
        for k in range(c * CHUNK_PIECES, min(count, (c + 1) * CHUNK_PIECES) + 1):
            n = k if k < count else 0
            u, v, w = points[n, 0] - x, points[n, 1] - y, points[n, 2] - z
            if k > c * CHUNK_PIECES:
                m = k - 1
                piece2 = max(
                    piece2,
                    (points[n, 0] - points[m, 0]) ** 2
                    + (points[n, 1] - points[m, 1]) ** 2
                    + (points[n, 2] - points[m, 2]) ** 2,
                )
            if k < (c + 1) * CHUNK_PIECES and k < count:
                verts[k, 0], verts[k, 1], verts[k, 2] = u, v, w
            u0, v0, w0, u1, v1, w1 = min(u0, u), min(v0, v), min(w0, w), max(u1, u), max(v1, v), max(w1, w)
        grow = piece2 * 2e-8 + 0.02 + 1.2e-7 * radius
        longest2 = max(longest2, piece2)
        chunks[c, 0], chunks[c, 1], chunks[c, 2] = u0 - grow, v0 - grow, w0 - grow
        chunks[c, 3], chunks[c, 4], chunks[c, 5] = u1 + grow, v1 + grow, w1 + grow
        low[0], low[1], low[2] = min(low[0], u0), min(low[1], v0), min(low[2], w0)
        high[0], high[1], high[2] = max(high[0], u1), max(high[1], v1), max(high[2], w1)
    # The inside bulges above the corners, at most by how far the Earth falls away within the ball.
    rise = 1.01 * radius * radius / (2.0 * RADIUS_MIN_M) + longest2 * 2e-8 + 0.02
    box[0], box[3] = max(box[0], x + low[0] - rise), min(box[3], x + high[0] + rise)
    box[1], box[4] = max(box[1], y + low[1] - rise), min(box[4], y + high[1] + rise)
    box[2], box[5] = max(box[2], z + low[2] - rise), min(box[5], z + high[2] + rise)
    return True


@kernel
def pack_all(
    lat: Any, lon: Any, offsets: Any, radii: Any, rec: Any, box: Any, verts: Any, chunks: Any, first: Any,
    chunk_at: Any, size: Any, hard: Any, zones: Any, zone_of: Any, zone_rows: Any, runs: Any,
) -> tuple[int, int, int]:  # fmt: skip
    """Many footprints: circles (no corners; lat, lon at the place of the offset) and polygons cut into pieces.

    Gives how many zones, rows of zones and runs are used then. A circle takes one place in `lat` and `lon` too.
    """
    vert0, chunk0, zone0, row0, run0, longest = 0, 0, 0, 0, 0, 0
    for i in range(offsets.size - 1):
        longest = max(longest, offsets[i + 1] - offsets[i])
    points = np.empty((longest, 3))
    for i in range(offsets.size - 1):
        o, count = offsets[i], offsets[i + 1] - offsets[i]
        zone_of[i] = -1
        first[i], chunk_at[i] = vert0, chunk0
        if radii[i] > 0.0:
            x, y, z = to_ecef(lat[o], lon[o])
            rec[i, CX], rec[i, CY], rec[i, CZ], rec[i, RADIUS] = x, y, z, radii[i]
            ball_box(x, y, z, radii[i], box[i])
            hard[i] = radii[i] > HARD_M
        elif not hard[i]:
            for k in range(count):
                points[k, 0], points[k, 1], points[k, 2] = to_ecef(lat[o + k], lon[o + k])
            hard[i] = not pack_polygon(points, count, rec[i], box[i], verts[vert0:], chunks[chunk0:])
            if not hard[i]:
                vert0 += count
                chunk0 += (count + CHUNK_PIECES - 1) // CHUNK_PIECES
        radius = rec[i, RADIUS]
        size[i] = SMALL if radius < SMALL_M else (MEDIUM if radius < MEDIUM_M else LARGE)
        if hard[i]:
            size[i] = LARGE
        elif radii[i] <= 0.0 and size[i] == LARGE:
            at = zones[zone0 * ZONE_COLUMNS : (zone0 + 1) * ZONE_COLUMNS]
            used = build_spans(
                lat[o : o + count], lon[o : o + count], count, at, zone_rows[row0:], runs[run0:]
            )  # fmt: skip
            if used >= 0:
                at[3], at[4] = row0, run0
                zone_of[i] = zone0
                zone0 += 1
                row0 += at[1] + 1
                run0 += used
    return zone0, row0, run0


#: What `pack_one` is told of a volume, as numbers: radius or 0, limits, class of datum, start, end, party, version.
N_RADIUS, N_LOWER, N_UPPER, N_DATUM, N_START, N_END, N_PARTY, N_VERSION, NUMBERS = 0, 1, 2, 3, 4, 5, 6, 7, 8


@kernel
def pack_one(
    numbers: Any, lat: Any, lon: Any, epoch_us: int, to: Any, used: Any, box: Any, points: Any, zone_rows: Any,
    runs: Any,
) -> bool:  # fmt: skip
    """One volume behind the rows that are `used`, by a table of addresses with room for it; and its box.

    False, and nothing done, where it needs more than this: edges to be cut, or a polygon too large for the kernels.
    """
    row, vert, chunk, count = used[A_REC], used[A_VERTS], used[A_CHUNKS], lat.size
    rec, geom = f64_at(to[A_REC] + row * REC * 8), i32_at(to[A_GEOM] + row * GEOM * 4)
    ground = np.empty(6)
    radius = numbers[N_RADIUS]
    geom[FIRST], geom[CHUNK], geom[ZONE], geom[PIECES] = vert, chunk, -1, 0
    if radius > 0.0:
        if radius > HARD_M:
            return False
        rec[CX], rec[CY], rec[CZ] = to_ecef(lat[0], lon[0])
        rec[RADIUS] = radius
        ball_box(rec[CX], rec[CY], rec[CZ], radius, ground)
    else:
        x, y, z = to_ecef(lat[count - 1], lon[count - 1])
        for k in range(count):
            u, v, w = to_ecef(lat[k], lon[k])
            if (u - x) ** 2 + (v - y) ** 2 + (w - z) ** 2 > PIECE_M * PIECE_M:
                return False
            points[k, 0], points[k, 1], points[k, 2] = u, v, w
            x, y, z = u, v, w
        boxes = (count + CHUNK_PIECES - 1) // CHUNK_PIECES
        verts, chunks = np.empty((count, 3), np.float32), np.empty((boxes, 6), np.float32)
        if not pack_polygon(points, count, rec, ground, verts, chunks):
            return False
        to_verts, to_chunks = f32_at(to[A_VERTS] + vert * 12), f32_at(to[A_CHUNKS] + chunk * 24)
        for k in range(count):
            to_verts[k * 3], to_verts[k * 3 + 1], to_verts[k * 3 + 2] = verts[k, 0], verts[k, 1], verts[k, 2]
        for k in range(boxes):
            for f in range(6):
                to_chunks[k * 6 + f] = chunks[k, f]
        geom[PIECES] = count
        radius = rec[RADIUS]
    size = SMALL if radius < SMALL_M else (MEDIUM if radius < MEDIUM_M else LARGE)
    if geom[PIECES] > 0 and size == LARGE:
        _keep_spans(lat, lon, count, to, used, geom, zone_rows, runs)
    geom[PARTY], geom[KIND] = int(numbers[N_PARTY]), size | (int(numbers[N_DATUM]) << DATUM_SHIFT)
    rec[LOWER], rec[UPPER] = numbers[N_LOWER], numbers[N_UPPER]
    span, life = i64_at(to[A_SPAN] + row * 16), i32_at(to[A_LIFE] + row * 8)
    span[0], span[1] = int(numbers[N_START]), int(numbers[N_END])
    life[0], life[1] = int(numbers[N_VERSION]), NEVER
    for axis in range(3):
        box[axis], box[axis + 3] = single_below(ground[axis]), single_above(ground[axis + 3])
    box[6], box[7] = single_below(rec[LOWER]), single_above(rec[UPPER])
    box[8], box[BOUNDS - 1] = single_below((span[0] - epoch_us) * 1e-6), single_above((span[1] - epoch_us) * 1e-6)
    used[A_VERTS] = vert + geom[PIECES]
    used[A_CHUNKS] = chunk + (geom[PIECES] + CHUNK_PIECES - 1) // CHUNK_PIECES
    for name in (A_REC, A_SPAN, A_GEOM, A_LIFE):
        used[name] = row + 1
    return True


@kernel
def _keep_spans(
    lat: Any, lon: Any, count: int, to: Any, used: Any, geom: Any, zone_rows: Any, runs: Any
) -> None:  # fmt: skip
    zone = used[A_ZONES] // ZONE_COLUMNS
    line = np.zeros(ZONE_COLUMNS, np.int32)
    got = build_spans(lat, lon, count, line, zone_rows, runs)
    if got < 0:
        return
    line[Z_START], line[Z_RUN] = used[A_ZROWS], used[A_RUNS]
    to_line, to_rows = i32_at(to[A_ZONES] + zone * ZONE_COLUMNS * 4), u16_at(to[A_ZROWS] + used[A_ZROWS] * 2)
    to_runs = i16_at(to[A_RUNS] + used[A_RUNS] * 8)
    for k in range(ZONE_COLUMNS):
        to_line[k] = line[k]
    for k in range(line[Z_ROWS] + 1):
        to_rows[k] = zone_rows[k]
    for k in range(got):
        for f in range(4):
            to_runs[k * 4 + f] = runs[k, f]
    geom[ZONE] = zone
    used[A_ZONES] += ZONE_COLUMNS
    used[A_ZROWS] += line[Z_ROWS] + 1
    used[A_RUNS] += got


@kernel
def fill_boxes(rec: Any, span: Any, ground: Any, epoch_us: int, out: Any) -> None:
    """Bounds of each row in single precision, rounded outward: ground, heights, seconds since an epoch."""
    for i in range(rec.shape[0]):
        for axis in range(3):
            out[i, axis], out[i, axis + 3] = single_below(ground[i, axis]), single_above(ground[i, axis + 3])
        out[i, 6], out[i, 7] = single_below(rec[i, REC - 2]), single_above(rec[i, REC - 1])
        out[i, 8] = single_below((span[i, 0] - epoch_us) * 1e-6)
        out[i, 9] = single_above((span[i, 1] - epoch_us) * 1e-6)


@kernel
def _spread(value: int) -> int:
    value &= 0xFFFF
    value = (value | (value << 24)) & 0x000000FF000000FF
    value = (value | (value << 12)) & 0x000F000F000F000F
    value = (value | (value << 6)) & 0x0303030303030303
    return (value | (value << 3)) & 0x1111111111111111


@kernel
def sort_keys(box: Any, keys: Any) -> None:
    """A key for each row so that rows near one another in place, time and height get near keys.

    Places are taken on the face of a cube round the Earth that they are seen on; its number stands before the rest.
    """
    count = box.shape[0]
    wide, high, long, earliest = 0.0, 0.0, 0.0, 1e300
    for i in range(count):
        wide += max(box[i, 3] - box[i, 0], box[i, 4] - box[i, 1], box[i, 5] - box[i, 2])
        high += min(box[i, 7], 2e5) - max(box[i, 6], -1e4)
        long += box[i, 9] - box[i, 8]
        earliest = min(earliest, box[i, 8])
    cell_m = max(wide / count / 4.0, 250.0)
    step_m, step_s = max(high / count, 40.0) / 4.0, max(long / count, 60.0) / 4.0
    for i in range(count):
        x, y, z = box[i, 0] + box[i, 3], box[i, 1] + box[i, 4], box[i, 2] + box[i, 5]
        a, b, c = abs(x), abs(y), abs(z)
        if a >= b and a >= c:
            face, u, v = (0 if x > 0 else 1), y / a, z / a
        elif b >= c:
            face, u, v = (2 if y > 0 else 3), z / b, x / b
        else:
            face, u, v = (4 if z > 0 else 5), x / c, y / c
        p = min(65535.0, (u + 1.0) * 6.4e6 / cell_m)
        q = min(65535.0, (v + 1.0) * 6.4e6 / cell_m)
        t = min(65535.0, (0.5 * (box[i, 8] + box[i, 9]) - earliest) / step_s)
        h = min(65535.0, max(0.0, 0.5 * (min(box[i, 7], 2e5) + max(box[i, 6], -1e4)) + 2_000.0) / step_m)
        mixed = _spread(int(p)) | (_spread(int(q)) << 1) | (_spread(int(t)) << 2) | (_spread(int(h)) << 3)
        keys[i] = (face << 60) | (mixed >> 4)
