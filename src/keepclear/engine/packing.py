"""Volumes into rows of numbers: what the kernels read of a notice, and nothing else of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from keepclear.core.footprint import Circle, LatLon, Polygon
from keepclear.core.geodesy import Floats, direct, inverse
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.engine.heights import AIR_COLDEST, AIR_WARMEST, GROUND_HIGHEST_M, GROUND_LOWEST_M
from keepclear.engine.heights import SEA_LEVEL_HIGHEST_PRESSURE_M as SEA_HIGH_M
from keepclear.engine.heights import SEA_LEVEL_LOWEST_PRESSURE_M as SEA_LOW_M
from keepclear.engine.kernels import layout
from keepclear.engine.kernels.ground import PIECE_M
from keepclear.engine.kernels.pack import ball_box, fill_boxes, needs_cutting, pack_all
from keepclear.engine.kernels.search import GEOID_MOST_M
from keepclear.engine.shape import ball_of

#: Class of a datum when both limits have it.
_CLASS = {
    AltitudeDatum.WGS84: layout.WGS84,
    AltitudeDatum.AMSL: layout.AMSL,
    AltitudeDatum.FL: layout.FL,
    AltitudeDatum.AGL: layout.AGL,
}
#: Rows and runs of spans of one polygon at most; beyond it, it has none.
ROWS_OF_ONE, RUNS_OF_ONE = 1_200, 8_000
#: Outlines longer than this are left to `judge`, metres.
LONGEST_M = 20_000_000.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Footprints, bands and spans of many volumes as columns.

    Attributes:
        lat_deg, lon_deg: corners of polygons in order, and centres of circles, one each.
        offsets: where each volume's corners begin, and one more.
        radii_m: of circles; 0 for polygons.
        band_m: lower and upper limit, shape (n, 2); heights above the sea at the outside where the datum is MIXED.
        datum: class of each band.
        span_us: start and end, shape (n, 2).
        polygons: by number, for those that turn out too large for the kernels.
    """

    lat_deg: Floats
    lon_deg: Floats
    offsets: npt.NDArray[np.int64]
    radii_m: Floats
    band_m: Floats
    datum: npt.NDArray[np.int8]
    span_us: npt.NDArray[np.int64]
    polygons: dict[int, Polygon]

    def __len__(self) -> int:
        return len(self.radii_m)


@dataclass(frozen=True, slots=True)
class Rows:
    """Packed rows; offsets in `geom` count from the beginning of these arrays."""

    rec: Floats
    span: npt.NDArray[np.int64]
    geom: npt.NDArray[np.int32]
    boxes: npt.NDArray[np.float32]
    verts: npt.NDArray[np.float32]
    chunks: npt.NDArray[np.float32]
    zones: npt.NDArray[np.int32]
    zone_rows: npt.NDArray[np.uint16]
    runs: npt.NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.rec)


def plan_of(volumes: Sequence[Volume4D]) -> Plan:
    """Volumes as columns."""
    lat: list[float] = []
    lon: list[float] = []
    offsets, radii, bands, data, spans = [0], [], [], [], []
    polygons: dict[int, Polygon] = {}
    for number, volume in enumerate(volumes):
        footprint = volume.footprint
        if isinstance(footprint, Circle):
            lat.append(footprint.lat_deg)
            lon.append(footprint.lon_deg)
            radii.append(footprint.radius_m)
        else:
            for corner in footprint.outline:
                lat.append(corner[0])
                lon.append(corner[1])
            radii.append(0.0)
            polygons[number] = footprint
        offsets.append(len(lat))
        low, high, datum = _band(volume.band)
        bands.append((low, high))
        data.append(datum)
        spans.append((volume.span.start_us, volume.span.end_us))
    return Plan(
        np.array(lat),
        np.array(lon),
        np.array(offsets, dtype=np.int64),
        np.array(radii),
        np.array(bands, dtype=np.float64).reshape(-1, 2),
        np.array(data, dtype=np.int8),
        np.array(spans, dtype=np.int64).reshape(-1, 2),
        polygons,
    )


def numbers_of(volume: Volume4D, party: int) -> tuple[Floats, Floats, Floats]:
    """One volume as the numbers that `pack_one` takes, and the columns of its corners or centre."""
    footprint = volume.footprint
    if isinstance(footprint, Circle):
        radius_m, lat, lon = footprint.radius_m, np.array([footprint.lat_deg]), np.array([footprint.lon_deg])
    else:
        radius_m = 0.0
        corners = np.array(footprint.outline)
        lat, lon = np.ascontiguousarray(corners[:, 0]), np.ascontiguousarray(corners[:, 1])
    low, high, datum = _band(volume.band)
    numbers = np.array(
        (radius_m, low, high, datum, volume.span.start_us, volume.span.end_us, party, 0.0), dtype=np.float64
    )
    return numbers, lat, lon


def _band(band: AltitudeBand) -> tuple[float, float, int]:
    """Limits as they stand where both have one datum, else as heights above the sea at the outside."""
    lower, upper = band.lower, band.upper
    if lower.datum is upper.datum:
        return lower.value_m, upper.value_m, _CLASS[lower.datum]
    (low, low_most), (high_least, high) = _outside(lower), _outside(upper)
    return min(low, high_least), max(low_most, high), layout.MIXED


def _outside(limit: Altitude) -> tuple[float, float]:
    """The lowest and highest above the sea that a limit can be, anywhere and in any weather, metres."""
    value_m = limit.value_m
    match limit.datum:
        case AltitudeDatum.AMSL:
            return value_m, value_m
        case AltitudeDatum.WGS84:
            return value_m - GEOID_MOST_M, value_m + GEOID_MOST_M
        case AltitudeDatum.AGL:
            return value_m + GROUND_LOWEST_M, value_m + GROUND_HIGHEST_M
        case AltitudeDatum.FL:
            heights = [
                (value_m - sea_m) * air for sea_m in (SEA_LOW_M, SEA_HIGH_M) for air in (AIR_COLDEST, AIR_WARMEST)
            ]
            return min(heights), max(heights)


def pack(plan: Plan, parties: npt.NDArray[np.int16], *, epoch_us: int) -> Rows:
    """Rows of a plan; each with the number of the party whose it is."""
    count = len(plan)
    hard = np.zeros(count, dtype=np.bool_)
    lat, lon, offsets = _cut_long_edges(plan, hard)
    corners = int(offsets[-1])
    rec, box = np.zeros((count, layout.REC)), np.empty((count, 6))
    verts = np.empty((corners, 3), dtype=np.float32)
    chunks = np.empty((corners // layout.CHUNK_PIECES + count + 1, 6), dtype=np.float32)
    first, chunk_at, zone_of = (np.zeros(count, dtype=np.int64) for _ in range(3))
    size = np.zeros(count, dtype=np.int8)
    large = _may_be_large(lat, lon, offsets, plan.radii_m)
    zones = np.zeros((large + 1) * layout.ZONE_COLUMNS, dtype=np.int32)
    zone_rows = np.empty(large * ROWS_OF_ONE // 4 + ROWS_OF_ONE, dtype=np.uint16)
    runs = np.empty((large * RUNS_OF_ONE // 16 + RUNS_OF_ONE if large else 1, 4), dtype=np.int16)
    zone_count, row_count, run_count = pack_all(
        lat, lon, offsets, plan.radii_m, rec, box, verts, chunks, first, chunk_at, size, hard, zones, zone_of,
        zone_rows, runs,
    )  # fmt: skip
    for number in np.flatnonzero(hard).tolist():
        if number in plan.polygons:
            ball = ball_of(plan.polygons[number])
            rec[number, :4] = (*ball.centre_m, ball.radius_m)
            ball_box(*ball.centre_m, ball.radius_m, box[number])
    rec[:, layout.LOWER : layout.UPPER + 1] = plan.band_m
    pieces = np.where((plan.radii_m > 0) | hard, 0, np.diff(offsets))
    geom = np.zeros((count, layout.GEOM), dtype=np.int32)
    geom[:, layout.FIRST], geom[:, layout.PIECES], geom[:, layout.CHUNK] = first, pieces, chunk_at
    geom[:, layout.ZONE], geom[:, layout.PARTY] = zone_of, parties
    geom[:, layout.KIND] = size | (plan.datum.astype(np.int32) << layout.DATUM_SHIFT) | np.where(hard, layout.HARD, 0)
    boxes = np.empty((count, layout.BOUNDS), dtype=np.float32)
    fill_boxes(rec, plan.span_us, box, epoch_us, boxes)
    used, used_chunks = int(pieces.sum()), int((-(-pieces // layout.CHUNK_PIECES)).sum())
    return Rows(
        rec, plan.span_us, geom, boxes, verts[:used], chunks[:used_chunks], zones[: zone_count * layout.ZONE_COLUMNS],
        zone_rows[:row_count], runs[:run_count],
    )  # fmt: skip


def _may_be_large(lat: Floats, lon: Floats, offsets: npt.NDArray[np.int64], radii_m: Floats) -> int:
    """How many polygons may get spans: those whose corners are not all close in latitude and in longitude."""
    polygons = np.flatnonzero(radii_m <= 0)
    if not len(polygons):
        return 0
    starts = offsets[polygons]
    # Circles lie between polygons in the columns: reduceat stops at the next start, so they only add to a range.
    high, low = np.maximum.reduceat(lat, starts), np.minimum.reduceat(lat, starts)
    east, west = np.maximum.reduceat(lon, starts), np.minimum.reduceat(lon, starts)
    return int(np.count_nonzero((high - low > 0.1) | (east - west > 0.1)))


def _cut_long_edges(plan: Plan, hard: npt.NDArray[np.bool_]) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """The columns with geodesic corners put in, so that no edge is longer than a piece may be.

    What would need too many is marked as hard instead.
    """
    lat, lon, offsets = plan.lat_deg, plan.lon_deg, plan.offsets
    is_long = np.zeros(len(plan), dtype=np.bool_)
    needs_cutting(lat, lon, offsets, is_long)
    is_long &= plan.radii_m <= 0
    if not is_long.any():
        return lat, lon, offsets
    parts_lat: list[Any] = []
    parts_lon: list[Any] = []
    counts = np.diff(offsets)
    begin = 0
    for number in np.flatnonzero(is_long).tolist():
        first, end = int(offsets[number]), int(offsets[number + 1])
        more = _cut(list(zip(lat[first:end].tolist(), lon[first:end].tolist(), strict=True)))
        if more is None:
            hard[number] = True
            continue
        parts_lat += [lat[begin:first], [corner[0] for corner in more]]
        parts_lon += [lon[begin:first], [corner[1] for corner in more]]
        counts[number] = len(more)
        begin = end
    parts_lat.append(lat[begin:])
    parts_lon.append(lon[begin:])
    return np.concatenate(parts_lat), np.concatenate(parts_lon), np.concatenate(([0], np.cumsum(counts)))


def _cut(outline: Sequence[LatLon]) -> list[LatLon] | None:
    """An outline with corners put in along the geodesics of its long edges; None if it is too long for that."""
    ends = [*outline[1:], outline[0]]
    edges = [inverse(lon, lat, to_lon, to_lat) for (lat, lon), (to_lat, to_lon) in zip(outline, ends, strict=True)]
    if sum(length_m for *_, length_m in edges) > LONGEST_M:
        return None
    corners: list[LatLon] = []
    for (lat, lon), (heading, _, length_m) in zip(outline, edges, strict=True):
        corners.append((lat, lon))
        count = math.ceil(length_m / (0.99 * PIECE_M))
        if count > 1:
            ones = np.ones(count - 1)
            at_m = np.arange(1, count) * (length_m / count)
            new_lon, new_lat, _ = direct(lon * ones, lat * ones, heading * ones, at_m)
            corners += list(zip(new_lat.tolist(), new_lon.tolist(), strict=True))
    return corners
