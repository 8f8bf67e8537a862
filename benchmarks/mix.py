"""The dense mix of a theatre: a million notices over a thousand by a thousand kilometres and one day, as columns.

70 % small (0.2 to 2 km; half circles, half of 4 to 8 corners, half of them round forty towns), 25 % medium (5 to 40 km,
8 to 40 corners, a fifth circles), 5 % large (100 to 360 km, not convex, 100 to 500 corners). Places are laid out in
metres round the middle and then put on the ellipsoid; every corner is the end of geodesic edges from then on.

Separations are agreed by party, as in the product: each of 60 parties stands for one kind of flying, and what two keep
apart is the wider of what each of them asks for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pyproj import Geod, Transformer

from keepclear.engine.packing import Plan

MIDDLE = (48.0, 12.0)
HALF_M = 500_000.0
DAY_S = 86_400.0
NOW_US = 1_800_000_000_000_000
#: Parties of one size of notice.
OF_A_SIZE = 20
PARTIES = 3 * OF_A_SIZE
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Mix:
    """Columns of notices: for us on the ellipsoid, for peers in metres on one flat map."""

    plan: Plan
    parties: npt.NDArray[np.int16]
    x: Floats
    y: Floats
    asked: Floats  # what each party asks for: metres, metres, seconds

    @property
    def separations(self) -> Floats:
        return np.maximum(self.asked[:, None, :], self.asked[None, :, :])

    def __len__(self) -> int:
        return len(self.plan)


def asked_by_party(seed: int) -> Floats:
    """What each party keeps from others: 20 of each size."""
    chance = np.random.default_rng(seed)
    n = OF_A_SIZE
    ground = np.concatenate(
        (chance.uniform(30, 150, n), chance.uniform(500, 2_000, n), chance.uniform(1_852, 9_260, n))
    )
    height = np.concatenate((chance.uniform(15, 30, n), np.full(n, 150.0), np.full(n, 300.0)))
    time = np.concatenate((chance.uniform(60, 300, n), np.full(n, 300.0), np.full(n, 900.0)))
    return np.column_stack((ground, height, time))


def mix(
    count: int, seed: int, *, shares: tuple[float, float] = (0.70, 0.25), middle: tuple[float, float] = MIDDLE
) -> Mix:
    """So many notices; the shares of small and medium ones can be changed."""
    g = np.random.default_rng(seed)
    size = np.full(count, 2, dtype=np.int64)
    small, medium = int(count * shares[0]), int(count * shares[1])
    size[:small], size[small : small + medium] = 0, 1
    g.shuffle(size)
    cx, cy = g.uniform(-HALF_M, HALF_M, count), g.uniform(-HALF_M, HALF_M, count)
    towns = np.random.default_rng(777).uniform(-HALF_M * 0.9, HALF_M * 0.9, (40, 2))
    near, town = (size == 0) & (g.random(count) < 0.5), g.integers(0, 40, count)
    cx = np.clip(np.where(near, towns[town, 0] + g.normal(0, 15_000, count), cx), -HALF_M, HALF_M)
    cy = np.clip(np.where(near, towns[town, 1] + g.normal(0, 15_000, count), cy), -HALF_M, HALF_M)
    u = g.random(count)
    radius = np.choose(size, (100 * 10**u, 2_500 * 8**u, 50_000 * 3**u))
    is_round = ((size == 0) & (g.random(count) < 0.5)) | ((size == 1) & (g.random(count) < 0.2))
    corners = np.choose(size, (g.integers(4, 9, count), g.integers(8, 41, count), g.integers(100, 501, count)))
    corners = np.where(is_round, 1, corners)
    offsets = np.concatenate(([0], np.cumsum(corners))).astype(np.int64)
    x, y = _outlines(g, cx, cy, np.where(is_round, 0.0, radius), corners)
    lower = np.choose(size, (g.uniform(0, 300, count), g.uniform(0, 9_000, count), g.uniform(0, 10_000, count)))
    lower = np.where((size == 2) & (g.random(count) < 0.3), 0.0, lower)
    thick = np.choose(size, (g.uniform(60, 150, count), g.uniform(300, 3_000, count), g.uniform(1_000, 6_000, count)))
    lasts = np.choose(
        size, (g.uniform(900, 7_200, count), g.uniform(3_600, 21_600, count), g.uniform(7_200, DAY_S, count))
    )
    start = g.uniform(0, DAY_S - 900, count)
    end = np.minimum(start + lasts, DAY_S)
    flat = Transformer.from_crs(
        f"+proj=aeqd +lat_0={middle[0]} +lon_0={middle[1]} +ellps=WGS84", "EPSG:4326", always_xy=False
    )
    lat, lon = flat.transform(x, y)
    span = (NOW_US + np.column_stack((start, end)) * 1e6).astype(np.int64)
    band = np.column_stack((lower, np.minimum(lower + thick, 15_000.0)))
    parties = (size * OF_A_SIZE + g.integers(0, OF_A_SIZE, count)).astype(np.int16)
    plan = Plan(
        np.asarray(lat), np.asarray(lon), offsets, np.where(is_round, radius, 0.0), band,
        np.zeros(count, dtype=np.int8), span, {},
    )  # fmt: skip
    return Mix(plan, parties, x, y, asked_by_party(4711))


def _outlines(
    g: np.random.Generator, cx: Floats, cy: Floats, radius: Floats, corners: npt.NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Stars, not convex, stretched and turned; circles give their middle."""
    total, count = int(corners.sum()), len(cx)
    which = np.repeat(np.arange(count), corners)
    number = np.arange(total) - np.repeat(np.cumsum(corners) - corners, corners)
    rough = 0.35
    swing = g.random((3, count)) * np.array([[rough], [rough], [rough / 2]])
    phase, stretch, turn = g.random((3, count)) * 2 * np.pi, 0.5 + g.random(count), g.random(count) * 2 * np.pi
    angle = 2 * np.pi * (number + 0.7 * g.random(total)) / corners[which]
    waves = sum(swing[i, which] * np.sin(k * angle + phase[i, which]) for i, k in enumerate((2, 3, 7)))
    length = radius[which] * np.exp(waves - 0.25 * rough * g.random(total))
    px = length * np.cos(angle) * np.sqrt(stretch[which])
    py = length * np.sin(angle) / np.sqrt(stretch[which])
    c, s = np.cos(turn)[which], np.sin(turn)[which]
    return cx[which] + c * px - s * py, cy[which] + s * px + c * py


def one(mixed: Mix, number: int) -> Plan:
    """One notice of a mix as a plan of its own."""
    plan = mixed.plan
    first, end = int(plan.offsets[number]), int(plan.offsets[number + 1])
    return Plan(
        plan.lat_deg[first:end], plan.lon_deg[first:end], np.array([0, end - first], dtype=np.int64),
        plan.radii_m[number : number + 1], plan.band_m[number : number + 1], plan.datum[number : number + 1],
        plan.span_us[number : number + 1], {},
    )  # fmt: skip


#: Geodesics, for whoever draws from the ellipsoid itself.
WGS84 = Geod(ellps="WGS84")
