"""Seeded notices: a sparse day, and the dense mix of a theatre.

The dense mix: 70 % small (0.2-2 km; half circles, half polygons of 4 to 8 corners; half of them round 40 towns), 25 %
medium (5-40 km, 8 to 40 corners, a fifth circles), 5 % large (100-360 km, 100 to 500 corners, not convex), over
1,000 km by 1,000 km, 24 h and 15 km of height. It is a stress case: about five conflicts a notice at 10,000.

The sparse day: small and medium ones only, spread so that a notice conflicts with one other on average.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from keepclear.core.footprint import Circle, Footprint, Polygon
from keepclear.core.geodesy import destination
from keepclear.core.timespan import SECOND_US, TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D

#: Middle of the theatre: open ocean.
MIDDLE = (-35.0, -20.0)
TOWNS = 40
DAY_S = 86_400


def dense(seed: int, now_us: int) -> Iterator[Volume4D]:
    """The dense mix, without end."""
    rng = random.Random(seed)
    towns = [(rng.uniform(-450e3, 450e3), rng.uniform(-450e3, 450e3)) for _ in range(TOWNS)]
    while True:
        kind = rng.choices(("small", "medium", "large"), (70, 25, 5))[0]
        east, north = rng.uniform(-500e3, 500e3), rng.uniform(-500e3, 500e3)
        if kind == "small":
            if rng.random() < 0.5:
                town = rng.choice(towns)
                east, north = town[0] + rng.gauss(0, 15e3), town[1] + rng.gauss(0, 15e3)
            yield _volume(
                rng, now_us, east, north, 100 * 10 ** rng.random(), (4, 8), 0.5, (0, 300), (60, 150), (900, 7200)
            )
        elif kind == "medium":
            radius = 2500 * 8 ** rng.random()
            yield _volume(rng, now_us, east, north, radius, (8, 40), 0.2, (0, 9000), (300, 3000), (3600, 21600))
        else:
            radius = 50_000 * 3 ** rng.random()
            floor = (0, 0) if rng.random() < 0.3 else (0, 10_000)
            yield _volume(rng, now_us, east, north, radius, (100, 500), 0.0, floor, (1000, 6000), (7200, DAY_S))


def sparse(seed: int, now_us: int, *, half_side_m: float = 930e3) -> Iterator[Volume4D]:
    """Small and medium ones, without end. Over 1,860 km by 1,860 km one more meets about one of 10,000."""
    rng = random.Random(seed)
    while True:
        east, north = rng.uniform(-half_side_m, half_side_m), rng.uniform(-half_side_m, half_side_m)
        if rng.random() < 0.8:
            yield _volume(
                rng, now_us, east, north, 2000 * 5 ** rng.random(), (4, 8), 0.5, (0, 500), (300, 1500), (7200, 43200)
            )
        else:
            yield _volume(
                rng, now_us, east, north, 10e3 * 4 ** rng.random(), (8, 20), 0.3, (0, 3000), (600, 3000), (7200, 43200)
            )


def _volume(
    rng: random.Random,
    now_us: int,
    east_m: float,
    north_m: float,
    radius_m: float,
    corners: tuple[int, int],
    circles: float,
    floor_m: tuple[float, float],
    thick_m: tuple[float, float],
    lasts_s: tuple[float, float],
) -> Volume4D:
    centre = destination(MIDDLE, math.degrees(math.atan2(east_m, north_m)), math.hypot(east_m, north_m))
    lower = rng.uniform(*floor_m)
    upper = min(15_000.0, lower + rng.uniform(*thick_m))
    start = now_us + round(rng.uniform(60, DAY_S - 900) * SECOND_US)
    end = start + round(rng.uniform(*lasts_s) * SECOND_US)
    footprint: Footprint
    if rng.random() < circles:
        footprint = Circle(centre[0], centre[1], radius_m)
    else:
        footprint = _star(rng, centre, radius_m, rng.randint(*corners))
    band = AltitudeBand(Altitude(lower, AltitudeDatum.AMSL), Altitude(upper, AltitudeDatum.AMSL))
    return Volume4D(footprint, band, TimeSpan(start, end))


def _star(rng: random.Random, centre: tuple[float, float], radius_m: float, corners: int) -> Polygon:
    phases = [rng.uniform(0, 2 * math.pi) for _ in range(3)]
    outline = []
    for number in range(corners):
        turn = 2 * math.pi * (number + 0.7 * rng.random()) / corners
        wave = 0.3 * math.sin(2 * turn + phases[0]) + 0.2 * math.sin(3 * turn + phases[1])
        outline.append(destination(centre, math.degrees(turn), radius_m * math.exp(wave)))
    return Polygon(tuple(outline))
