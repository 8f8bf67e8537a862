"""Edges, pieces and insides: the claims on which the bounds of the engine rest, tried all over the Earth."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import numpy as np
import pytest

from keepclear.core.footprint import Polygon
from keepclear.core.geodesy import destination, distance_m, point_to_ecef
from keepclear.engine.edges import Edge, along, crossing_of, drop_foot, edge_ends, edges_cross
from keepclear.engine.inside import inner_point, is_inside
from keepclear.engine.shape import PIECE_M, ball_of, outline_of


def edges(seed: int, count: int, longest_m: float) -> Iterator[tuple[Edge, random.Random]]:
    """Edges anywhere, of any heading, of lengths evenly spread over powers of ten."""
    draw = random.Random(seed)
    for _ in range(count):
        lat = math.degrees(math.asin(draw.uniform(-1, 1)))
        length_m = 10 ** draw.uniform(-2, math.log10(longest_m))
        yield (lat, draw.uniform(-180, 180), draw.uniform(0, 360), length_m), draw


def test_no_place_on_an_edge_is_nearer_than_the_foot() -> None:
    for edge, draw in edges(1, 400, 9e6):
        base = along(edge, draw.uniform(-0.2, 1.2) * edge[3])
        point = destination(base, draw.uniform(0, 360), 10 ** draw.uniform(-6, 6.7))

        foot = drop_foot(point, edge, draw.random() * edge[3])

        for share in np.linspace(0.0, 1.0, 21).tolist():
            assert distance_m(point, along(edge, share * edge[3])) >= foot.distance_m - 3e-7
        for near_m in (-1.0, -1e-3, 1e-3, 1.0):
            beside = along(edge, min(max(foot.at_m + near_m, 0.0), edge[3]))
            assert distance_m(point, beside) >= foot.distance_m - 3e-7


def test_a_geodesic_strays_from_its_arc_by_no_more_than_the_bulge() -> None:
    for edge, _ in edges(2, 500, PIECE_M):
        third = destination(along(edge, edge[3]), edge[2] + 90.0, edge[3])
        outline = outline_of(Polygon((*edge_ends(edge), third)))
        for share in (0.25, 0.5, 0.75):
            place = np.asarray(point_to_ecef(*along(edge, share * edge[3])))
            across_m = float(outline.frame[0] @ place - outline.base_m[0, 0])
            assert abs(across_m) <= float(outline.bulge_m[0, 0])


def test_long_edges_are_cut_into_pieces_that_join() -> None:
    polygon = Polygon(((0.0, 170.0), (40.0, -140.0), (-10.0, -160.0)))

    outline = outline_of(polygon)

    assert float(outline.length_m.max()) <= PIECE_M
    assert np.array_equal(outline.ends, np.roll(outline.starts, -1, axis=0))
    assert sorted(set(outline.edge)) == [0, 1, 2]


def test_two_edges_cross_where_the_crossing_is_said_to_be() -> None:
    for edge, draw in edges(3, 200, 4e6):
        at = along(edge, 0.5 * edge[3])
        turn, half_m = draw.uniform(5, 175), edge[3] * draw.uniform(0.1, 0.5)
        heading = (draw.uniform(0, 360) + turn) % 360
        start = destination(at, heading, half_m)
        towards = destination(at, heading + 180.0, half_m)
        other = outline_of(Polygon((start, towards, destination(at, heading + 90, half_m)))).edges[0]
        if abs(math.sin(math.radians(heading - _heading_at_middle(edge)))) < 0.05 or edge[3] < 0.1:
            continue

        assert edges_cross(edge, other)
        assert distance_m(crossing_of(edge, other, 0.0, other[3]), at) < 1e-3


def _heading_at_middle(edge: Edge) -> float:
    middle, end = along(edge, edge[3] / 2), along(edge, edge[3])
    return outline_of(Polygon((middle, end, destination(end, 10.0, edge[3])))).edges[0][2]


@pytest.mark.parametrize("middle", [(0.0, 180.0), (90.0, 0.0), (-89.99, 0.0), (47.0, 8.0)])
@pytest.mark.parametrize("size_m", [0.02, 1_000.0, 60_000.0, 3_000_000.0])
def test_a_hair_within_an_edge_is_inside_and_a_hair_beyond_is_not(middle: tuple[float, float], size_m: float) -> None:
    polygon = Polygon(tuple(destination(middle, 72.0 * i, size_m) for i in range(5)))

    for number, edge in enumerate(outline_of(polygon).edges):
        foot = along(edge, edge[3] * (0.2 + 0.1 * number))
        hair_m = 1e-4
        inward, outward = (destination(foot, _heading_from(edge, foot) + turn, hair_m) for turn in (90.0, -90.0))
        assert is_inside(inward, polygon) is True
        assert is_inside(outward, polygon) is False
        assert is_inside(foot, polygon) is None


def _heading_from(edge: Edge, place: tuple[float, float]) -> float:
    end = along(edge, edge[3])
    side = destination(end, 33.0, edge[3])
    return outline_of(Polygon((place, end, side))).edges[0][2]


def test_the_inner_point_of_a_polygon_is_inside_it() -> None:
    star = Polygon(tuple(destination((80.0, 175.0), 18.0 * i, 900_000.0 if i % 2 else 90_000.0) for i in range(20)))
    sliver = Polygon(((10.0, 10.0), (10.0, 10.5), (10.0000002, 10.25)))

    for polygon in (star, sliver):
        point = inner_point(polygon)
        assert point is not None
        assert is_inside(point, polygon) is True


def test_the_ball_holds_every_place_of_the_outline() -> None:
    for edge, draw in edges(4, 50, 3e6):
        start, end = edge_ends(edge)
        polygon = Polygon((start, end, destination(end, draw.uniform(0, 360), edge[3])))
        ball = ball_of(polygon)
        for side in outline_of(polygon).edges:
            for share in (0.0, 0.3, 0.6):
                assert distance_m(ball.centre, along(side, share * side[3])) <= ball.radius_m + 1e-7


def test_a_sliver_thinner_than_its_arcs_are_true_has_no_inner_point_rather_than_a_wrong_one() -> None:
    for edge, _ in edges(5, 60, PIECE_M):
        start, end = edge_ends(edge)
        sliver = Polygon(
            (start, end, destination(end, edge[2] + 90.0, 0.002), destination(start, edge[2] + 90.0, 0.002))
        )
        point = inner_point(sliver)

        assert point is None or is_inside(point, sliver)
