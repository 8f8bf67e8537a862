"""The search: packed trees of boxes, then time and height exactly, then the ground. One query or all pairs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from keepclear.engine.kernels.ground import (
    CLEAR,
    IN_DOUBT,
    NEAR,
    SINGLE,
    SLACK_M,
    chord_high,
    chord_low,
    outlines,
    point_to_polygon,
)
from keepclear.engine.kernels.layout import (
    A_CHUNKS,
    A_COUNT,
    A_GEOM,
    A_LIFE,
    A_REC,
    A_RUNS,
    A_SPAN,
    A_VERTS,
    A_ZONES,
    A_ZROWS,
    AGL,
    AMSL,
    CHUNK,
    CX,
    CY,
    CZ,
    DATUM_MASK,
    DATUM_SHIFT,
    FAN,
    FIRST,
    FL,
    GEOM,
    HARD,
    KIND,
    LOWER,
    MIXED,
    NODE,
    PARTY,
    PIECES,
    RADIUS,
    REC,
    SIZE_MASK,
    UPPER,
    WGS84,
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
from keepclear.engine.kernels.spans import (
    C_COLUMN,
    C_COLUMN_END,
    C_COS,
    C_COS_LEAST,
    C_COUNT,
    C_POINTS,
    C_ROW,
    C_ROW_END,
    COLUMN_LEAST_M,
    CONTEXT,
    FAR,
    POINTS_MOST,
    ROW_LEAST_M,
    ROWS_PER_DEG,
    STRAY_M,
    STRAY_PER_M,
    item_to_zone,
    to_chart,
    wrapped,
    zone_to_zone,
)

#: Places of one tree in a forest: addresses of nodes, rows and parties; then how many levels, their offsets follow;
#: size class, datum class; address of its reaches.
T_NODES, T_ROWS, T_PARTIES, T_LEVELS, T_SIZE, T_DATUM, T_REACH, T_OFFSET, TREE = 0, 1, 2, 3, 4, 5, 6, 7, 16
#: Counts kept of a search.
S_CANDIDATES, S_EXACT, S_DOUBTS, S_NODES, STATISTICS = 0, 1, 2, 3, 4

#: Heights above the sea and above the ellipsoid differ by less than this anywhere, metres.
GEOID_MOST_M = 120.0
#: Ground of two places differs by at most this and as much again as they are apart; and never by more than the second.
WALL_M, GROUND_M = 1_500.0, 9_310.0
#: Beyond this reach the bounds of straight lines are not used, metres.
REACH_MOST_M = 4_000_000.0
ONE_M, SINGLE_STEP = np.float32(1.0), np.float32(1.2e-7)


@kernel
def fill_nodes(box: Any, order: Any, nodes: Any, offsets: Any, levels: int) -> None:
    """A packed tree over boxes in an order: leaves first, then their parents, to the root."""
    count = order.size
    for level in range(levels):
        for b in range(offsets[level], offsets[level + 1]):
            at = b * NODE
            for lane in range(FAN):
                child = (b - offsets[level]) * FAN + lane
                for f in range(10):
                    is_low = f < 3 or f == 6 or f == 8
                    value = np.float32(np.inf if is_low else -np.inf)
                    if level == 0:
                        if child < count:
                            value = box[order[child], f]
                    elif child < offsets[level] - offsets[level - 1]:
                        below = (offsets[level - 1] + child) * NODE + f * FAN
                        for k in range(FAN):
                            value = min(value, nodes[below + k]) if is_low else max(value, nodes[below + k])
                    nodes[at + f * FAN + lane] = value


@kernel
def _above_sea(lower: float, upper: float, datum: int) -> tuple[float, float]:
    """A band as the lowest and highest that it may reach above the sea, whatever the weather."""
    if datum == WGS84:
        return lower - GEOID_MOST_M, upper + GEOID_MOST_M
    if datum == FL:
        low = min((lower - 1_300.0) * 0.75, (lower - 1_300.0) * 1.2)
        return low - 1.0, max((upper + 640.0) * 0.75, (upper + 640.0) * 1.2) + 1.0
    if datum == AGL:
        return lower - 451.0, upper + 8_861.0
    return lower, upper


@kernel
def _in_height(
    one_low: float, one_high: float, one_datum: int, low: float, high: float, datum: int, vertical_m: float,
    ground_m: float,
) -> int:  # fmt: skip
    """0 surely clear in height, 1 surely in conflict, 2 left to `judge`. Exact where both have one datum."""
    if one_datum == datum and datum != MIXED:
        gap = max(0.0, one_low - high, low - one_high)
        if datum == AGL and ground_m > 0.0:
            spread = min(GROUND_M, WALL_M + ground_m)
            least = max(0.0, gap - spread)
            return 2 if least <= 0.0 or least < vertical_m else 0
        return 1 if gap <= 0.0 or gap < vertical_m else 0
    one_low, one_high = _above_sea(one_low, one_high, one_datum)
    low, high = _above_sea(low, high, datum)
    gap = max(0.0, one_low - high, low - one_high)
    return 2 if gap <= 0.0 or gap < vertical_m + 1.0 else 0


@kernel
def _context(rec: Any, geom: Any, verts: Any, points: int, reach_m: float, context: Any) -> bool:
    """How an item lies on the chart of spans; False where it lies too near a pole for that."""
    row, column = to_chart(rec[CX], rec[CY], rec[CZ])
    radius, pieces = rec[RADIUS], geom[PIECES]
    lat = abs(row) / ROWS_PER_DEG
    most = lat + (radius + reach_m) / 110_000.0 + 0.1
    if most > 84.0:
        return False
    least_cos = math.cos(math.radians(most))
    context[C_COS], context[C_COS_LEAST] = math.cos(math.radians(max(0.0, 2.0 * lat - most))), least_cos
    up = (radius + 1.0) / ROW_LEAST_M
    aside = (radius + 1.0) / (COLUMN_LEAST_M * least_cos)
    context[C_ROW], context[C_ROW_END] = row - up, row + up
    context[C_COLUMN], context[C_COLUMN_END] = column - aside, column + aside
    if pieces == 0:
        context[C_COUNT] = 1
        context[C_POINTS], context[C_POINTS + 1] = row, column
        return True
    take = min(points, pieces)
    context[C_COUNT] = take
    step = max(1, pieces // take)
    low, high, west, east, at = 1e9, -1e9, 1e9, -1e9, 0
    is_whole = points > 1 and pieces <= 64
    for k in range(0, pieces, 1 if is_whole else step):
        v = k * 3
        p, q = to_chart(rec[CX] + verts[v], rec[CY] + verts[v + 1], rec[CZ] + verts[v + 2])
        low, high = min(low, p), max(high, p)
        west, east = min(west, wrapped(q - column)), max(east, wrapped(q - column))
        if k % step == 0 and at < take:
            context[C_POINTS + 2 * at], context[C_POINTS + 2 * at + 1] = p, q
            at += 1
    if is_whole:
        # All corners give a closer box than the ball; edges of pieces stray from it by less than this.
        stray_m = STRAY_PER_M * math.tan(math.radians(most)) * min(4e8, 4.0 * radius * radius) + STRAY_M
        up, aside = stray_m / ROW_LEAST_M, stray_m / (COLUMN_LEAST_M * least_cos)
        context[C_ROW], context[C_ROW_END] = low - up, high + up
        context[C_COLUMN], context[C_COLUMN_END] = column + west - aside, column + east + aside
    return True


@kernel
def _polygons(
    a_rec: Any, a_geom: Any, a_verts: Any, a_chunks: Any, b_rec: Any, b_geom: Any, b_verts: Any, b_chunks: Any,
    ground_m: float,
) -> int:  # fmt: skip
    """The exact stage, where one of two footprints at least is a polygon."""
    ox, oy, oz = b_rec[CX], b_rec[CY], b_rec[CZ]
    sx, sy, sz = a_rec[CX] - ox, a_rec[CY] - oy, a_rec[CZ] - oz
    a_radius, b_radius = a_rec[RADIUS], b_rec[RADIUS]
    error = SLACK_M + SINGLE * (a_radius + b_radius)
    a_pieces, b_pieces = a_geom[PIECES], b_geom[PIECES]
    if a_pieces > 0 and b_pieces > 0:
        return outlines(
            sx, sy, sz, a_verts, a_pieces, a_chunks, a_radius, ox, oy, oz, b_verts, b_pieces, b_chunks, b_radius,
            chord_low(ground_m), chord_high(ground_m), error,
        )  # fmt: skip
    if a_pieces == 0:
        reach = ground_m + a_radius
        return point_to_polygon(
            sx, sy, sz, ox, oy, oz, b_verts, b_pieces, b_chunks, chord_low(reach), chord_high(reach), error
        )
    reach = ground_m + b_radius
    return point_to_polygon(
        -sx, -sy, -sz, ox + sx, oy + sy, oz + sz, a_verts, a_pieces, a_chunks, chord_low(reach), chord_high(reach),
        error,
    )  # fmt: skip


@kernel
def _on_ground(
    a: Any, a_rec: Any, a_geom: Any, context: Any, has_context: bool, b: Any, b_rec: Any, b_geom: Any, other: Any,
    ground_m: float, statistics: Any,
) -> int:  # fmt: skip
    """Whether two footprints are surely nearer than a distance or share a place, or surely neither."""
    dx, dy, dz = a_rec[CX] - b_rec[CX], a_rec[CY] - b_rec[CY], a_rec[CZ] - b_rec[CZ]
    chord = math.sqrt(dx * dx + dy * dy + dz * dz)
    a_radius, b_radius = a_rec[RADIUS], b_rec[RADIUS]
    reach = ground_m + a_radius + b_radius
    if reach > REACH_MOST_M:
        statistics[S_CANDIDATES] += 1
        return IN_DOUBT
    if chord > chord_high(reach) + SLACK_M:
        return CLEAR
    # What boxes and balls leave is a candidate.
    statistics[S_CANDIDATES] += 1
    if (a_geom[KIND] | b_geom[KIND]) & HARD:
        return IN_DOUBT
    a_pieces, b_pieces = a_geom[PIECES], b_geom[PIECES]
    if a_pieces == 0 and b_pieces == 0:
        return NEAR if chord < chord_low(reach) - SLACK_M else IN_DOUBT
    a_zone, b_zone = a_geom[ZONE], b_geom[ZONE]
    found = 2
    if b_zone >= 0:
        b_line = i32_at(b[A_ZONES] + b_zone * ZONE_COLUMNS * 4)
        b_starts, b_runs = u16_at(b[A_ZROWS] + b_line[Z_START] * 2), i16_at(b[A_RUNS] + b_line[Z_RUN] * 8)
        if a_zone >= 0:
            a_line = i32_at(a[A_ZONES] + a_zone * ZONE_COLUMNS * 4)
            a_starts, a_runs = u16_at(a[A_ZROWS] + a_line[Z_START] * 2), i16_at(a[A_RUNS] + a_line[Z_RUN] * 8)
            found = zone_to_zone(a_line, a_starts, a_runs, b_line, b_starts, b_runs, ground_m - 1.0, ground_m + 1.0)
        elif has_context:
            near_m = ground_m + (a_radius if a_pieces == 0 else 0.0) - 1.0
            found = item_to_zone(context, near_m, ground_m + 1.0, b_line, b_starts, b_runs)
    elif a_zone >= 0:
        a_line = i32_at(a[A_ZONES] + a_zone * ZONE_COLUMNS * 4)
        a_starts, a_runs = u16_at(a[A_ZROWS] + a_line[Z_START] * 2), i16_at(a[A_RUNS] + a_line[Z_RUN] * 8)
        near_m = ground_m + (b_radius if b_pieces == 0 else 0.0) - 1.0
        b_verts = f32_at(b[A_VERTS] + b_geom[FIRST] * 12)
        # One corner settles most, and costs least.
        points = 1
        while found == 2 and points <= 8 and _context(b_rec, b_geom, b_verts, points, ground_m + 10.0, other):
            found = item_to_zone(other, near_m, ground_m + 1.0, a_line, a_starts, a_runs)
            points = 8 if points == 1 and b_radius > 2_500.0 and b_pieces > 0 else 9
    if found != 2:
        return CLEAR if found == FAR else NEAR
    statistics[S_EXACT] += 1
    return _polygons(
        a_rec, a_geom, f32_at(a[A_VERTS] + a_geom[FIRST] * 12), f32_at(a[A_CHUNKS] + a_geom[CHUNK] * 24),
        b_rec, b_geom, f32_at(b[A_VERTS] + b_geom[FIRST] * 12), f32_at(b[A_CHUNKS] + b_geom[CHUNK] * 24), ground_m,
    )  # fmt: skip


@kernel
def search(
    a: Any, i: int, box: Any, b: Any, forest: Any, trees: int, separations: Any, parties: int, version: int,
    after: bool, slack_us: int, out: Any, used: int, scratch: Any, stack: Any, is_met: Any, statistics: Any,
) -> int:  # fmt: skip
    """All rows of a forest that conflict with row `i` of `a`; each goes to `out` as twice the row, and one if in doubt.

    Gives how much of `out` is used then; more than fits means that it did not. With `after`, of the row's own size
    class only rows that follow it count, and of others only larger ones: then each pair of a store comes up once.
    `slack_us` widens time on the late side: for what could be met by starting later.
    """
    a_rec, a_geom = f64_at(a[A_REC] + i * REC * 8), i32_at(a[A_GEOM] + i * GEOM * 4)
    a_span = i64_at(a[A_SPAN] + i * 16)
    kind, party = a_geom[KIND], a_geom[PARTY]
    size, datum = kind & SIZE_MASK, (kind >> DATUM_SHIFT) & DATUM_MASK
    lower, upper = a_rec[LOWER], a_rec[UPPER]
    start, end = a_span[0], a_span[1] + slack_us
    context, other = scratch[:CONTEXT], scratch[CONTEXT : 2 * CONTEXT]
    ready, has_context = False, False
    widest = 0.0
    for tree in range(trees):
        widest = max(widest, f64_at(forest[tree * TREE + T_REACH])[party * 3])
    asked = f64_at(separations.ctypes.data + party * parties * 24)
    for tree in range(trees):
        f = tree * TREE
        tree_size, tree_datum = forest[f + T_SIZE], forest[f + T_DATUM]
        if after and tree_size < size:
            continue
        same_size = after and tree_size == size
        rows, of_party = i32_at(forest[f + T_ROWS]), i16_at(forest[f + T_PARTIES])
        reaches = f64_at(forest[f + T_REACH] + party * 24)
        wide, tall, long = reaches[0], reaches[1], reaches[2]
        if wide < 0.0:
            continue
        x0, y0, z0 = np.float32(box[0] - wide), np.float32(box[1] - wide), np.float32(box[2] - wide)
        x1, y1, z1 = np.float32(box[3] + wide), np.float32(box[4] + wide), np.float32(box[5] + wide)
        low, high = np.float32(-np.inf), np.float32(np.inf)
        if tree_datum == datum and datum != MIXED:
            spread = tall + (min(GROUND_M, WALL_M + wide) if datum == AGL and wide > 0.0 else 0.0)
            low, high = np.float32(lower - spread - 0.02), np.float32(upper + spread + 0.02)
        elif datum <= AMSL and tree_datum <= AMSL:
            low, high = np.float32(lower - tall - GEOID_MOST_M), np.float32(upper + tall + GEOID_MOST_M)
        begin, finish = np.float32(box[8] - long), np.float32(box[9] + long + slack_us * 1e-6)
        # What rounding to single precision may take away again.
        x0, y0, z0, x1, y1, z1 = x0 - ONE_M, y0 - ONE_M, z0 - ONE_M, x1 + ONE_M, y1 + ONE_M, z1 + ONE_M
        begin, finish = begin - abs(begin) * SINGLE_STEP - ONE_M, finish + abs(finish) * SINGLE_STEP + ONE_M
        levels = forest[f + T_LEVELS]
        stack[0] = levels - 1
        depth = 1
        while depth > 0:
            depth -= 1
            level, block = stack[depth] & 15, stack[depth] >> 4
            node = f32_at(forest[f + T_NODES] + (forest[f + T_OFFSET + level] + block) * NODE * 4)
            statistics[S_NODES] += 1
            for lane in range(FAN):
                is_met[lane] = (
                    (node[lane] <= x1)
                    & (node[lane + 3 * FAN] >= x0)
                    & (node[lane + FAN] <= y1)
                    & (node[lane + 4 * FAN] >= y0)
                    & (node[lane + 2 * FAN] <= z1)
                    & (node[lane + 5 * FAN] >= z0)
                    & (node[lane + 6 * FAN] <= high)
                    & (node[lane + 7 * FAN] >= low)
                    & (node[lane + 8 * FAN] <= finish)
                    & (node[lane + 9 * FAN] >= begin)
                )
            if level > 0:
                for lane in range(FAN):
                    if is_met[lane]:
                        stack[depth] = ((block * FAN + lane) << 4) | (level - 1)
                        depth += 1
                continue
            for lane in range(FAN):
                if not is_met[lane]:
                    continue
                place = block * FAN + lane
                j = np.int64(rows[place])
                if j >= b[A_COUNT] or (same_size and j <= i):
                    continue
                p = of_party[place] * 3
                ground_m, vertical_m, apart_s = asked[p], asked[p + 1], asked[p + 2]
                if ground_m < 0.0:
                    continue
                if ground_m < wide and (
                    (node[lane] > box[3] + ground_m)
                    | (node[lane + 3 * FAN] < box[0] - ground_m)
                    | (node[lane + FAN] > box[4] + ground_m)
                    | (node[lane + 4 * FAN] < box[1] - ground_m)
                    | (node[lane + 2 * FAN] > box[5] + ground_m)
                    | (node[lane + 5 * FAN] < box[2] - ground_m)
                ):
                    continue
                life = i32_at(b[A_LIFE] + j * 8)
                if life[0] > version or life[1] <= version:
                    continue
                b_span = i64_at(b[A_SPAN] + j * 16)
                gap_us = max(start - b_span[1], b_span[0] - end)
                if gap_us >= 0 and gap_us >= apart_s * 1e6:
                    continue
                b_rec, b_geom = f64_at(b[A_REC] + j * REC * 8), i32_at(b[A_GEOM] + j * GEOM * 4)
                in_height = _in_height(
                    lower, upper, datum, b_rec[LOWER], b_rec[UPPER], (b_geom[KIND] >> DATUM_SHIFT) & DATUM_MASK,
                    vertical_m, ground_m,
                )  # fmt: skip
                if in_height == 0:
                    continue
                if not ready and b_geom[ZONE] >= 0:
                    ready = True
                    has_context = _context(
                        a_rec, a_geom, f32_at(a[A_VERTS] + a_geom[FIRST] * 12), POINTS_MOST, widest + 1_000.0, context
                    )
                found = _on_ground(
                    a, a_rec, a_geom, context, has_context, b, b_rec, b_geom, other, ground_m, statistics
                )
                if found == CLEAR:
                    continue
                doubt = 1 if found == IN_DOUBT or in_height == 2 else 0
                statistics[S_DOUBTS] += doubt
                if used < out.size:
                    out[used] = j * 2 + doubt
                used += 1
    return used


@kernel
def find(
    a: Any, box: Any, b: Any, forest: Any, trees: int, separations: Any, version: int, slack_us: int, out: Any,
    statistics: Any,
) -> int:  # fmt: skip
    """All rows that conflict with one that stands alone in `a`."""
    scratch, stack, is_met = np.empty(2 * CONTEXT), np.empty(256, np.int64), np.empty(FAN, np.uint8)
    parties = int(math.sqrt(separations.size / 3.0) + 0.5)
    return search(
        a,
        0,
        box,
        b,
        forest,
        trees,
        separations,
        parties,
        version,
        False,
        slack_us,
        out,
        0,
        scratch,
        stack,
        is_met,
        statistics,
    )


@kernel
def find_pairs(
    b: Any, boxes: Any, order: Any, first: int, last: int, forest: Any, trees: int, separations: Any, version: int,
    ones: Any, out: Any, statistics: Any,
) -> tuple[int, int]:  # fmt: skip
    """Pairs of conflicts whose first row is one of `order[first:last]`: how many, and where it stopped, out of room.

    `out` has room for at least as many as there are rows, so each call comes further.
    """
    scratch, stack, is_met = np.empty(2 * CONTEXT), np.empty(256, np.int64), np.empty(FAN, np.uint8)
    parties = int(math.sqrt(separations.size / 3.0) + 0.5)
    life = i32_at(b[A_LIFE])
    used = 0
    for at in range(first, last):
        i = order[at]
        if life[i * 2] > version or life[i * 2 + 1] <= version:
            continue
        now = search(
            b,
            i,
            boxes[at],
            b,
            forest,
            trees,
            separations,
            parties,
            version,
            True,
            0,
            out,
            used,
            scratch,
            stack,
            is_met,
            statistics,
        )
        if now > out.size:
            return used, at
        for k in range(used, now):
            ones[k] = i
        used = now
    return used, last


@kernel
def leaf_boxes(nodes: Any, count: int, out: Any) -> None:
    """The boxes of the rows of a tree again, in its order."""
    for i in range(count):
        for f in range(10):
            out[i, f] = nodes[(i // FAN) * NODE + f * FAN + i % FAN]


@kernel
def put_leaf(box: Any, row: int, party: int, place: int, nodes: Any, rows: Any, parties: Any) -> None:
    """One row more in a small tree of two levels whose root comes first: the row before its box, for who reads now."""
    rows[place], parties[place] = row, party
    block = place // FAN
    for f in range(10):
        leaf = (1 + block) * NODE + f * FAN + place % FAN
        root = f * FAN + block
        nodes[leaf] = box[f]
        is_low = f < 3 or f == 6 or f == 8
        nodes[root] = min(nodes[root], box[f]) if is_low else max(nodes[root], box[f])


@kernel
def reaches_of(parties: Any, separations: Any, out: Any) -> None:
    """For each party that may ask, the widest separations from any party in a tree; negative where it asks of none."""
    count = separations.shape[0]
    present = np.zeros(count, np.uint8)
    for i in range(parties.size):
        present[parties[i]] = 1
    for p in range(count):
        out[p, 0] = out[p, 1] = out[p, 2] = -1.0
        for q in range(count):
            if present[q] and separations[p, q, 0] >= 0.0:
                for k in range(3):
                    out[p, k] = max(out[p, k], separations[p, q, k])
