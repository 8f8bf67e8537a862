"""Time-to-clear against a simulation of the motion that is written on another model, and shares no code with it.

The simulation steps a point over the ellipsoid with GeographicLib: first straight on for the reaction, then around the
promised circle over the ground towards the way out, crabbing into the wind, then straight. It counts the seconds until
the point is outside by a test of its own, and checks at each step that the turn in the air is no tighter than allowed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic

from keepclear.core.clearing import Mover, lateral_time_s
from keepclear.core.footprint import Circle, Footprint, Polygon
from keepclear.core.wayout import way_out_m

EARTH = Geodesic.WGS84
SEEDS = range(16)
#: Between two points of a rim so far apart the true edge leaves the straight line by 2 cm.
RIM_M = 1_000.0


@dataclass
class Case:
    footprint: Footprint
    position: tuple[float, float]
    margin_m: float
    mover: Mover
    heading_deg: float
    wind_from_deg: float


def a_case(seed: int) -> Case:
    chance = random.Random(seed)
    lat, lon = chance.choice([(34.0, 36.0), (-38.0, 179.99), (78.0, -20.0), (0.0, 0.0)])
    size = chance.uniform(2_000, 30_000)
    at = _moved(lat, lon, chance.uniform(0, 360), chance.uniform(0, size))
    speed = chance.choice([8.0, 25.0, 60.0, 200.0])
    mover = Mover(
        speed_mps=speed,
        reaction_s=chance.choice([0.0, 5.0, 30.0]),
        stream_mps=speed * chance.choice([0.0, 0.2, 0.5]),
        turn_radius_m=chance.choice([0.0, speed * 2, speed * 19.1]),
    )
    footprint: Footprint = Circle(lat, lon, size)
    if chance.random() < 0.6:
        footprint = _a_comb(lat, lon, size, chance)
    margin = chance.choice([0.0, 500.0, 5_000.0])
    return Case(footprint, at, margin, mover, chance.uniform(0, 360), chance.uniform(0, 360))


def _a_comb(lat: float, lon: float, size: float, chance: random.Random) -> Polygon:
    """A star with deep notches: not convex, so that the nearest edge may lead into a notch that is too narrow."""
    count = chance.randint(5, 12)
    corners = [
        _moved(lat, lon, 360 * step / count, size if step % 2 else size * chance.uniform(0.2, 0.9))
        for step in range(count)
    ]
    return Polygon(tuple(corners))


def _moved(lat: float, lon: float, azimuth: float, range_m: float) -> tuple[float, float]:
    to = EARTH.Direct(lat, lon, azimuth, range_m)
    return to["lat2"], to["lon2"]


@cache
def _rim(outline: tuple[tuple[float, float], ...]) -> np.ndarray:
    """Points along the edges, Earth-centred."""
    points = []
    for one, other in zip(outline, (*outline[1:], outline[0]), strict=True):
        line = EARTH.InverseLine(*one, *other)
        steps = max(2, math.ceil(line.s13 / RIM_M))
        for step in range(steps):
            there = line.Position(line.s13 * step / steps)
            points.append(_ecef(there["lat2"], there["lon2"]))
    return np.array(points)


def _ecef(lat: float, lon: float) -> tuple[float, float, float]:
    phi, lam = math.radians(lat), math.radians(lon)
    flat = EARTH.f * (2 - EARTH.f)
    normal = EARTH.a / math.sqrt(1 - flat * math.sin(phi) ** 2)
    return (
        normal * math.cos(phi) * math.cos(lam),
        normal * math.cos(phi) * math.sin(lam),
        normal * (1 - flat) * math.sin(phi),
    )


def _outside_by(case: Case, lat: float, lon: float) -> float:
    """How far outside the footprint a position is, metres; negative inside. Lines through the Earth, no map."""
    if isinstance(case.footprint, Circle):
        return EARTH.Inverse(case.footprint.lat_deg, case.footprint.lon_deg, lat, lon)["s12"] - case.footprint.radius_m
    away = _rim(case.footprint.outline) - np.array(_ecef(lat, lon))
    along = np.roll(away, -1, axis=0) - away
    part = np.clip(-np.sum(away * along, axis=1) / np.sum(along * along, axis=1), 0.0, 1.0)
    nearest = away + part[:, None] * along
    to_edge = math.sqrt(float(np.min(np.sum(nearest * nearest, axis=1))))
    phi, lam = math.radians(lat), math.radians(lon)
    east = away @ np.array((-math.sin(lam), math.cos(lam), 0.0))
    north = away @ np.array((-math.sin(phi) * math.cos(lam), -math.sin(phi) * math.sin(lam), math.cos(phi)))
    bearings = np.arctan2(east, north)
    turned = np.sum((np.diff(np.append(bearings, bearings[0])) + 3 * np.pi) % (2 * np.pi) - np.pi)
    return -to_edge if abs(turned) > np.pi else to_edge


def simulated_s(case: Case, aim: tuple[float, float], limit_s: float) -> float:
    """Seconds until the mover is outside by the margin, flying as promised. Steps are small against the turn."""
    mover, (lat, lon) = case.mover, case.position
    track, elapsed = case.heading_deg, 0.0
    radius = mover.turn_radius_m * (1 + mover.stream_mps / mover.speed_mps) ** 2
    side, turned = 0, 0.0
    while elapsed < limit_s:
        bearing = EARTH.Inverse(lat, lon, *aim)
        off = (bearing["azi1"] - track + 540) % 360 - 180
        ground, crab = _ground_speed(mover, track, case.wind_from_deg)
        step = min(1.0, max(0.05, radius * 0.04 / ground)) if radius else 1.0
        if elapsed < mover.reaction_s:
            step = min(step, mover.reaction_s - elapsed)
        elif radius == 0:
            track = bearing["azi1"]
            ground, _ = _ground_speed(mover, track, case.wind_from_deg)
            # On the spot means on the spot: it may be pushed on only by what is left to the aim.
            step = min(step, bearing["s12"] / ground + 1e-6)
        elif side == 2:
            step = max(step, 0.3 * bearing["s12"] / ground)
            track = bearing["azi1"]
        else:
            if side == 0:
                side = _better_side(bearing["s12"], off, radius)
            rate = math.degrees(ground / radius)
            turn = side * rate * step
            if off * side >= 0 and abs(off) <= abs(turn):
                track, side = bearing["azi1"], 2
            else:
                _assert_turn_is_flown(mover, track, turn, step, case.wind_from_deg, crab)
                track += turn
                turned += abs(turn)
        lat, lon = _moved(lat, lon, track, ground * step)
        elapsed += step
        if EARTH.Inverse(lat, lon, *aim)["s12"] <= ground * 1.0 + 1.0 and elapsed >= mover.reaction_s:
            return elapsed
    return math.inf


def _better_side(range_m: float, off_deg: float, radius: float) -> int:
    """Towards the aim, unless the turning circle on that side holds it."""
    near = 1 if off_deg >= 0 else -1
    x, y = range_m * math.cos(math.radians(off_deg)), range_m * abs(math.sin(math.radians(off_deg)))
    return -near if math.hypot(x, y - radius) < radius else near


def _ground_speed(mover: Mover, track: float, wind_from: float) -> tuple[float, float]:
    along = -mover.stream_mps * math.cos(math.radians(wind_from - track))
    across = -mover.stream_mps * math.sin(math.radians(wind_from - track))
    crab = math.degrees(math.asin(-across / mover.speed_mps))
    return along + math.sqrt(mover.speed_mps**2 - across**2), crab


def _assert_turn_is_flown(mover: Mover, track: float, turn: float, step: float, wind: float, crab: float) -> None:
    """Following the circle over the ground never asks for a tighter turn through the air than the mover has."""
    _, after = _ground_speed(mover, track + turn, wind)
    in_air = abs(turn + after - crab) / step
    assert in_air <= math.degrees(mover.speed_mps / mover.turn_radius_m) * 1.02 + 1e-6


def _aim(case: Case) -> tuple[float, float] | None:
    """The nearest place that is surely outside, by looking around in all directions; none when already outside."""
    if _outside_by(case, *case.position) > case.margin_m:
        return None
    bound = way_out_m(case.footprint, case.position, margin_m=case.margin_m)
    best: tuple[float, tuple[float, float]] | None = None
    for azimuth in range(0, 360, 2):
        low, high = 0.0, bound * 1.2
        if _outside_by(case, *_moved(*case.position, azimuth, high)) <= case.margin_m:
            continue
        for _ in range(10):
            middle = (low + high) / 2
            inside = _outside_by(case, *_moved(*case.position, azimuth, middle)) <= case.margin_m
            low, high = (middle, high) if inside else (low, middle)
        if best is None or high < best[0]:
            best = high, _moved(*case.position, azimuth, high)
    assert best is not None, "in no direction is there a way out as short as promised"
    return best[1]


def overruns(seeds: range, promise: Callable[[Case], tuple[float, float]]) -> list[tuple[int, float, float]]:
    """Cases in which the motion took longer than promised. `promise` gives the way out and the seconds."""
    found = []
    for seed in seeds:
        case = a_case(seed)
        aim = _aim(case)
        if aim is None:
            continue
        way, promised = promise(case)
        took = simulated_s(case, aim, 3 * promised + 600)
        # The simulation looks for its way in steps of two degrees, and so finds one that is a little longer at most.
        looked = min(max(0.0, EARTH.Inverse(*case.position, *aim)["s12"] - way), 0.01 * way + 5.0)
        if took > promised + looked / (case.mover.speed_mps - case.mover.stream_mps) + 2.0:
            found.append((seed, took, promised))
    return found


def as_promised(case: Case) -> tuple[float, float]:
    way = way_out_m(case.footprint, case.position, margin_m=case.margin_m)
    return way, lateral_time_s(case.mover, way)


def test_the_motion_never_takes_longer_than_promised() -> None:
    assert overruns(SEEDS, as_promised) == []


def _reacting_once(case: Case) -> tuple[float, float]:
    way, _ = as_promised(case)
    return way, lateral_time_s(replace(case.mover, reaction_s=0.0), way) + case.mover.reaction_s


def _without_wind(case: Case) -> tuple[float, float]:
    way, _ = as_promised(case)
    return way, lateral_time_s(replace(case.mover, stream_mps=0.0), way)


def _turning_on_the_spot(case: Case) -> tuple[float, float]:
    way, _ = as_promised(case)
    return way, lateral_time_s(replace(case.mover, turn_radius_m=0.0), way)


@pytest.mark.parametrize(
    ("wrong", "among"),
    [(_reacting_once, range(12)), (_without_wind, range(12)), (_turning_on_the_spot, range(10, 13))],
)
def test_an_optimistic_promise_is_found(wrong: Callable[[Case], tuple[float, float]], among: range) -> None:
    assert any(overruns(range(seed, seed + 1), wrong) for seed in among)


def _too_short(seed: int, way_of: Callable[[Case], float]) -> bool:
    """Whether within a way out, and what the steps of two degrees cost, no place is outside."""
    case = a_case(seed)
    aim = _aim(case)
    return aim is not None and EARTH.Inverse(*case.position, *aim)["s12"] > 1.01 * way_of(case) + 5.0


def _as_bounded(case: Case) -> float:
    return way_out_m(case.footprint, case.position, margin_m=case.margin_m)


def _to_the_nearest_edge(case: Case) -> float:
    """Into a notch that is narrower than the margin."""
    return case.margin_m - _outside_by(case, *case.position)


def test_there_is_always_a_place_outside_within_the_way_out() -> None:
    assert [seed for seed in range(30) if _too_short(seed, _as_bounded)] == []


def test_a_way_out_that_ignores_notches_is_found() -> None:
    assert any(_too_short(seed, _to_the_nearest_edge) for seed in (10, 16, 42))
