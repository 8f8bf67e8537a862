"""Whether two footprints are nearer than a distance: three answers, from straight lines in Earth-centred metres.

The method and the proof of the bound: docs/explanation/geometry.md, "The kernels". In short: a place on a geodesic
piece is the place on its chord, lifted by the sagitta. That is true to `PIECE_ERROR` times the square of the piece's
length, and corners are true to what single precision keeps. What lies nearer to the decision than that is IN_DOUBT.
"""

from __future__ import annotations

import math
from typing import Any

from keepclear.engine.kernels.layout import CHUNK_PIECES, kernel

CLEAR, NEAR, IN_DOUBT = 0, 1, 2

#: WGS84: least and greatest radius of curvature, and a sphere between; metres. Numbers, since kernels freeze them.
RADIUS_MIN_M = 6_335_439.3272928195
RADIUS_MAX_M = 6_399_593.6257584931
RADIUS_MEAN_M = 6_367_500.0
#: Error of "chord and sagitta" per square of the length of a piece, 1/m: the sagitta's 1.2 %, and the arc's bulge.
PIECE_ERROR = 3.5e-10
#: What single precision loses of a corner, as a part of its distance from the centre of its ball; and metres beyond.
SINGLE, SLACK_M = 1.2e-7, 2e-4
#: Long edges are cut into pieces of this length before they come here, metres.
PIECE_M = 20_000.0

_LOW = 1.0 / (24.0 * RADIUS_MIN_M**2)
_HIGH = 1.0 / (24.0 * RADIUS_MAX_M**2)
_HIGHER = 1.0 / (1920.0 * RADIUS_MAX_M**4)


@kernel
def chord_low(ground_m: float) -> float:
    """A straight line shorter than this joins places less than `ground_m` apart along the ground."""
    return ground_m - ground_m * ground_m * ground_m * _LOW


@kernel
def chord_high(ground_m: float) -> float:
    """A straight line longer than this joins places more than `ground_m` apart along the ground."""
    square = ground_m * ground_m
    return ground_m - ground_m * square * _HIGH + ground_m * square * square * _HIGHER


@kernel
def _to_piece(
    px: float, py: float, pz: float, ax: float, ay: float, az: float, dx: float, dy: float, dz: float, length2: float,
    ox: float, oy: float, oz: float,
) -> float:  # fmt: skip
    """The straight distance from a point to a piece from `a` along `d`, all as seen from the centre `o` of a ball."""
    qx, qy, qz = px - ax, py - ay, pz - az
    t = (qx * dx + qy * dy + qz * dz) / length2 if length2 > 0.0 else 0.0
    t = min(max(t, 0.0), 1.0)
    lift = t * (1.0 - t) * length2 / (2.0 * RADIUS_MEAN_M * RADIUS_MEAN_M)
    qx -= t * dx + lift * (ox + ax + t * dx)
    qy -= t * dy + lift * (oy + ay + t * dy)
    qz -= t * dz + lift * (oz + az + t * dz)
    return math.sqrt(qx * qx + qy * qy + qz * qz)


@kernel
def point_to_outline(
    px: float, py: float, pz: float, ox: float, oy: float, oz: float,
    verts: Any, count: int, chunks: Any, low: float, high: float, error: float,
) -> int:  # fmt: skip
    """Whether a point, as seen from `o`, is surely within `low`, or surely beyond `high`, of an outline."""
    answer = CLEAR
    for c in range((count + CHUNK_PIECES - 1) // CHUNK_PIECES):
        b = c * 6
        gx = max(0.0, chunks[b] - px, px - chunks[b + 3])
        gy = max(0.0, chunks[b + 1] - py, py - chunks[b + 4])
        gz = max(0.0, chunks[b + 2] - pz, pz - chunks[b + 5])
        reach = high + error + 1.0
        if gx * gx + gy * gy + gz * gz > reach * reach:
            continue
        for k in range(c * CHUNK_PIECES, min(count, (c + 1) * CHUNK_PIECES)):
            v = k * 3
            w = (k + 1 if k + 1 < count else 0) * 3
            ax, ay, az = float(verts[v]), float(verts[v + 1]), float(verts[v + 2])
            dx, dy, dz = verts[w] - ax, verts[w + 1] - ay, verts[w + 2] - az
            length2 = dx * dx + dy * dy + dz * dz
            distance = _to_piece(px, py, pz, ax, ay, az, dx, dy, dz, length2, ox, oy, oz)
            off = error + PIECE_ERROR * length2
            if distance + off < low:
                return NEAR
            if distance - off <= high:
                answer = IN_DOUBT
    return answer


@kernel
def is_held(
    px: float, py: float, pz: float, ox: float, oy: float, oz: float,
    verts: Any, count: int, chunks: Any,
) -> bool:  # fmt: skip
    """Whether a point that is known to lie off the outline, by more than the error, lies inside it.

    Seen along the line from the Earth's centre to the point: how many pieces cross the half line to one side.
    """
    ux, uy, uz = ox + px, oy + py, oz + pz
    size = math.sqrt(ux * ux + uy * uy + uz * uz)
    ux, uy, uz = ux / size, uy / size, uz / size
    if abs(uz) < 0.9:
        flat = math.hypot(ux, uy)
        ex, ey, ez = -uy / flat, ux / flat, 0.0
    else:
        flat = math.hypot(ux, uz)
        ex, ey, ez = uz / flat, 0.0, -ux / flat
    nx, ny, nz = uy * ez - uz * ey, uz * ex - ux * ez, ux * ey - uy * ex
    inside = False
    for c in range((count + CHUNK_PIECES - 1) // CHUNK_PIECES):
        b = c * 6
        middle = (
            nx * (0.5 * (chunks[b] + chunks[b + 3]) - px)
            + ny * (0.5 * (chunks[b + 1] + chunks[b + 4]) - py)
            + nz * (0.5 * (chunks[b + 2] + chunks[b + 5]) - pz)
        )
        half = 0.5 * (
            abs(nx) * (chunks[b + 3] - chunks[b])
            + abs(ny) * (chunks[b + 4] - chunks[b + 1])
            + abs(nz) * (chunks[b + 5] - chunks[b + 2])
        )
        if abs(middle) > half * 1.000001 + 1.0:
            continue
        v = c * CHUNK_PIECES * 3
        qx, qy, qz = verts[v] - px, verts[v + 1] - py, verts[v + 2] - pz
        x, y = ex * qx + ey * qy + ez * qz, nx * qx + ny * qy + nz * qz
        for k in range(c * CHUNK_PIECES, min(count, (c + 1) * CHUNK_PIECES)):
            w = (k + 1 if k + 1 < count else 0) * 3
            qx, qy, qz = verts[w] - px, verts[w + 1] - py, verts[w + 2] - pz
            next_x, next_y = ex * qx + ey * qy + ez * qz, nx * qx + ny * qy + nz * qz
            if (y > 0.0) != (next_y > 0.0) and (x * next_y - next_x * y > 0.0) == (next_y > y):
                inside = not inside
            x, y = next_x, next_y
    return inside


@kernel
def _pieces_meet(
    ax: float, ay: float, az: float, dx: float, dy: float, dz: float,
    bx: float, by: float, bz: float, ex: float, ey: float, ez: float,
    ox: float, oy: float, oz: float, d_length2: float, e_length2: float, error: float,
) -> bool:  # fmt: skip
    """Whether two pieces surely cross: the ends of each lie on either side of the other by more than the error."""
    ux, uy, uz = ox + ax, oy + ay, oz + az
    nx, ny, nz = uy * dz - uz * dy, uz * dx - ux * dz, ux * dy - uy * dx
    qx, qy, qz = bx - ax, by - ay, bz - az
    one = nx * qx + ny * qy + nz * qz
    other = one + nx * ex + ny * ey + nz * ez
    if (one > 0.0) == (other > 0.0):
        return False
    margin = (error + PIECE_ERROR * d_length2) * 6.4e6 * math.sqrt(d_length2)
    if min(abs(one), abs(other)) <= margin:
        return False
    ux, uy, uz = ox + bx, oy + by, oz + bz
    nx, ny, nz = uy * ez - uz * ey, uz * ex - ux * ez, ux * ey - uy * ex
    one = -(nx * qx + ny * qy + nz * qz)
    other = one + nx * dx + ny * dy + nz * dz
    if (one > 0.0) == (other > 0.0):
        return False
    margin = (error + PIECE_ERROR * e_length2) * 6.4e6 * math.sqrt(e_length2)
    return min(abs(one), abs(other)) > margin


@kernel
def outlines(
    sx: float, sy: float, sz: float, a_verts: Any, a_count: int, a_chunks: Any,
    a_radius: float, ox: float, oy: float, oz: float, b_verts: Any, b_count: int, b_chunks: Any,
    b_radius: float, low: float, high: float, error: float,
) -> int:  # fmt: skip
    """Whether two polygons are surely nearer than `low` or surely further than `high`, straight lines in metres.

    `s` is the centre of the first one's ball as seen from that of the second, `o`.
    """
    answer = CLEAR
    grow = high + error + 1.0
    for c in range((a_count + CHUNK_PIECES - 1) // CHUNK_PIECES):
        u = c * 6
        x0, y0, z0 = a_chunks[u] + sx - grow, a_chunks[u + 1] + sy - grow, a_chunks[u + 2] + sz - grow
        x1, y1, z1 = a_chunks[u + 3] + sx + grow, a_chunks[u + 4] + sy + grow, a_chunks[u + 5] + sz + grow
        gx, gy, gz = max(0.0, x0, -x1), max(0.0, y0, -y1), max(0.0, z0, -z1)
        if gx * gx + gy * gy + gz * gz > b_radius * b_radius:
            continue
        for e in range((b_count + CHUNK_PIECES - 1) // CHUNK_PIECES):
            w = e * 6
            w0, w1, w2 = float(b_chunks[w]), float(b_chunks[w + 1]), float(b_chunks[w + 2])
            w3, w4, w5 = float(b_chunks[w + 3]), float(b_chunks[w + 4]), float(b_chunks[w + 5])
            if w0 > x1 or w3 < x0 or w1 > y1 or w4 < y0 or w2 > z1 or w5 < z0:
                continue
            for k in range(c * CHUNK_PIECES, min(a_count, (c + 1) * CHUNK_PIECES)):
                i = k * 3
                j = (k + 1 if k + 1 < a_count else 0) * 3
                ax, ay, az = a_verts[i] + sx, a_verts[i + 1] + sy, a_verts[i + 2] + sz
                dx, dy, dz = a_verts[j] + sx - ax, a_verts[j + 1] + sy - ay, a_verts[j + 2] + sz - az
                d2 = dx * dx + dy * dy + dz * dz
                d_half = 0.5 * math.sqrt(d2)
                d_reach = d_half * 1.001 + grow + d2 * 2e-8
                mx, my, mz = ax + 0.5 * dx, ay + 0.5 * dy, az + 0.5 * dz
                gx, gy, gz = max(0.0, w0 - mx, mx - w3), max(0.0, w1 - my, my - w4), max(0.0, w2 - mz, mz - w5)
                if gx * gx + gy * gy + gz * gz > d_reach * d_reach:
                    continue
                for m in range(e * CHUNK_PIECES, min(b_count, (e + 1) * CHUNK_PIECES)):
                    i = m * 3
                    j = (m + 1 if m + 1 < b_count else 0) * 3
                    bx, by, bz = float(b_verts[i]), float(b_verts[i + 1]), float(b_verts[i + 2])
                    ex, ey, ez = b_verts[j] - bx, b_verts[j + 1] - by, b_verts[j + 2] - bz
                    e2 = ex * ex + ey * ey + ez * ez
                    gx, gy, gz = bx + 0.5 * ex - mx, by + 0.5 * ey - my, bz + 0.5 * ez - mz
                    reach = d_reach + 0.5005 * math.sqrt(e2) + e2 * 2e-8
                    if gx * gx + gy * gy + gz * gz > reach * reach:
                        continue
                    if _pieces_meet(
                        ax, ay, az, dx, dy, dz, bx, by, bz, ex, ey, ez, ox, oy, oz, d2, e2, error
                    ):  # fmt: skip
                        return NEAR
                    distance = _to_piece(ax, ay, az, bx, by, bz, ex, ey, ez, e2, ox, oy, oz)
                    off = error + PIECE_ERROR * e2
                    if distance + off < low:
                        return NEAR
                    if distance - off <= high:
                        answer = IN_DOUBT
                    distance = _to_piece(bx, by, bz, ax, ay, az, dx, dy, dz, d2, ox, oy, oz)
                    off = error + PIECE_ERROR * d2
                    if distance + off < low:
                        return NEAR
                    if distance - off <= high:
                        answer = IN_DOUBT
    if answer == IN_DOUBT:
        return IN_DOUBT
    px, py, pz = a_verts[0] + sx, a_verts[1] + sy, a_verts[2] + sz
    reach = b_radius + 1.0
    if px * px + py * py + pz * pz <= reach * reach and is_held(px, py, pz, ox, oy, oz, b_verts, b_count, b_chunks):
        return NEAR
    px, py, pz = b_verts[0] - sx, b_verts[1] - sy, b_verts[2] - sz
    reach = a_radius + 1.0
    if px * px + py * py + pz * pz <= reach * reach and is_held(
        px, py, pz, ox + sx, oy + sy, oz + sz, a_verts, a_count, a_chunks
    ):
        return NEAR
    return CLEAR


@kernel
def point_to_polygon(
    px: float, py: float, pz: float, ox: float, oy: float, oz: float, verts: Any, count: int, chunks: Any, low: float,
    high: float, error: float,
) -> int:  # fmt: skip
    """Whether a point is surely nearer to a polygon than `low`, or in it, or surely further than `high`."""
    answer = point_to_outline(px, py, pz, ox, oy, oz, verts, count, chunks, low, high, error)
    if answer == CLEAR and is_held(px, py, pz, ox, oy, oz, verts, count, chunks):
        return NEAR
    return answer
