"""Place by two means: an error in either shows, whatever the place, the shape and the direction (P1, P2)."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from keepclear.core.footprint import Circle, Polygon
from keepclear.core.geodesy import bearing_deg, destination, distance_m
from keepclear.core.secondmeans import (
    ERROR_CAUGHT_M,
    NamedArea,
    Reckoned,
    Verdict,
    compare,
    flags_against,
    middle_of,
)
from keepclear.errors import Malformed

LATAKIA = (35.5312, 35.7909)


def _moved(footprint, heading_deg, by_m):
    if isinstance(footprint, Circle):
        return Circle(*destination((footprint.lat_deg, footprint.lon_deg), heading_deg, by_m), footprint.radius_m)
    middle = middle_of([footprint])
    away = destination(middle, heading_deg, by_m)
    return _shape(away, [(bearing_deg(middle, corner), distance_m(middle, corner)) for corner in footprint.outline])


def _shape(middle, corners):
    return Polygon(tuple(destination(middle, heading_deg, range_m) for heading_deg, range_m in corners))


@st.composite
def footprints(draw, middle):
    """A circle, or an outline of three to seven corners, about a middle."""
    if draw(st.booleans()):
        return Circle(*middle, draw(st.floats(50, 40_000)))
    count = draw(st.integers(3, 7))
    size_m = draw(st.floats(200, 30_000))
    return _shape(middle, [(k * 360 / count, size_m * draw(st.floats(0.6, 1.0))) for k in range(count)])


PLACES = st.tuples(st.floats(-85, 85), st.floats(-180, 180, exclude_max=True))


@settings(max_examples=200, deadline=None)
@given(st.data(), PLACES, st.floats(0, 360), st.floats(5_000, 300_000), st.floats(0, 360), st.floats(50, 4_400))
def test_an_error_of_nine_kilometres_is_always_caught(data, origin, bearing, range_m, wrong_way_deg, tolerance_m):
    """P1: over random places, shapes and directions, for every tolerance below half of the error."""
    footprint = data.draw(footprints(destination(origin, bearing, range_m)))
    middle = middle_of([footprint])
    # As a person says it: whole degrees and kilometres, or finer; what is too coarse must not pass either.
    step_deg, step_m = data.draw(st.sampled_from([(1.0, 1_000.0), (0.1, 100.0), (0.01, 10.0)]))
    said = Reckoned(
        "Point",
        origin,
        round(bearing_deg(origin, middle) / step_deg) * step_deg,
        round(distance_m(origin, middle) / step_m) * step_m,
        bearing_step_deg=step_deg,
        range_step_m=step_m,
    )
    wrong = _moved(footprint, wrong_way_deg, ERROR_CAUGHT_M)
    assume(abs(distance_m(middle_of([wrong]), middle) - ERROR_CAUGHT_M) < 60)

    right_verdict = compare([footprint], said, tolerance_m=tolerance_m).verdict
    wrong_verdict = compare([wrong], said, tolerance_m=tolerance_m).verdict

    assert wrong_verdict is not Verdict.AGREE
    assert right_verdict is not Verdict.DISAGREE or said.rounding_m > tolerance_m
    if said.rounding_m <= tolerance_m:
        assert (right_verdict, wrong_verdict) == (Verdict.AGREE, Verdict.DISAGREE)


@settings(max_examples=100, deadline=None)
@given(PLACES, st.floats(0, 360), st.floats(50, 4_400), st.floats(0, 1), st.floats(0, 360))
def test_an_error_of_nine_kilometres_is_caught_by_a_named_area_too(middle, wrong_way_deg, tolerance_m, within, way_deg):
    """P1: an area that is small enough for the tolerance, and one that is taken whole."""
    zone = Circle(*middle, tolerance_m * 0.499)
    true = Circle(*destination(middle, way_deg, within * zone.radius_m), 500.0)
    wrong = _moved(true, wrong_way_deg, ERROR_CAUGHT_M)
    whole = Circle(*middle, 30_000.0)

    assert compare([true], NamedArea("Zone", zone), tolerance_m=tolerance_m).verdict is Verdict.AGREE
    assert compare([wrong], NamedArea("Zone", zone), tolerance_m=tolerance_m).verdict is Verdict.DISAGREE
    assert compare([whole], NamedArea("Zone", whole, True), tolerance_m=tolerance_m).verdict is Verdict.AGREE
    moved = _moved(whole, wrong_way_deg, ERROR_CAUGHT_M)
    assert compare([moved], NamedArea("Zone", whole, True), tolerance_m=tolerance_m).verdict is Verdict.DISAGREE


def test_a_large_area_is_no_second_means_because_it_would_hide_an_error():
    """P2: a region never stands alone."""
    north = NamedArea("the north", Circle(36.0, 36.5, 100_000.0))

    inside = compare([Circle(36.4, 36.2, 4_000.0)], north, tolerance_m=3_000.0)
    outside = compare([Circle(33.4, 36.2, 4_000.0)], north, tolerance_m=3_000.0)

    assert inside.verdict is Verdict.CANNOT_TELL and "say it more finely" in inside.words
    assert outside.verdict is Verdict.DISAGREE


def test_what_is_said_too_coarsely_cannot_tell():
    far = Reckoned("Latakia", LATAKIA, 270.0, 400_000.0)

    found = compare([Circle(*far.position, 1_000.0)], far, tolerance_m=1_000.0)

    assert far.rounding_m > 1_000.0 and found.verdict is Verdict.CANNOT_TELL


def test_latitude_and_longitude_swapped_inside_the_theatre_are_caught_and_named():
    """P1: both (36.5, 35.7) and (35.7, 36.5) lie in one area, so only the second means can tell."""
    true, swapped = Circle(36.5, 35.7, 4_000.0), Circle(35.7, 36.5, 4_000.0)
    theatre = Circle(35.5, 36.0, 300_000.0)
    said = Reckoned(
        "Latakia",
        LATAKIA,
        round(bearing_deg(LATAKIA, (36.5, 35.7))),
        round(distance_m(LATAKIA, (36.5, 35.7)) / 1000) * 1000,
    )

    found = compare([swapped], said, tolerance_m=2_000.0)

    assert flags_against((35.7, 36.5), theatre) == ()
    assert compare([true], said, tolerance_m=2_000.0).verdict is Verdict.AGREE
    assert found.verdict is Verdict.DISAGREE and found.off_m > 100_000
    assert [slip.code for slip in found.slips] == ["SWAPPED"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ((-36.5, 35.7), "NORTH_SOUTH"),
        ((36.5, -35.7), "EAST_WEST"),
        ((-36.5, -35.7), "BOTH_HEMISPHERES"),
        ((36.30, 35.42), "MINUTES_AS_DECIMALS"),
    ],
)
def test_a_slip_in_the_geometry_is_named(wrong, code):
    said = Reckoned("Point", LATAKIA, bearing_deg(LATAKIA, (36.5, 35.7)), distance_m(LATAKIA, (36.5, 35.7)))

    found = compare([Circle(*wrong, 4_000.0)], said, tolerance_m=2_000.0)

    assert found.verdict is Verdict.DISAGREE and code in [slip.code for slip in found.slips]


@pytest.mark.parametrize(
    ("bearing", "range_km", "code"), [(90.0, 90.0, "RECIPROCAL"), (270.0, 90 / 1.852, "NAUTICAL_MILES")]
)
def test_a_slip_in_what_is_said_is_named(bearing, range_km, code):
    true = destination(LATAKIA, 270.0, 90_000.0)

    found = compare([Circle(*true, 4_000.0)], Reckoned("Latakia", LATAKIA, bearing, range_km * 1000), tolerance_m=2_000)

    assert found.verdict is Verdict.DISAGREE and [slip.code for slip in found.slips] == [code]


def test_a_position_outside_the_area_names_the_slips_that_would_bring_it_in():
    area = Circle(35.0, 36.0, 300_000.0)

    assert [flag.code for flag in flags_against((-35.5, 36.0), area)] == ["OUTSIDE_AREA", "NORTH_SOUTH"]
    assert [flag.code for flag in flags_against((50.0, 8.0), area)] == ["OUTSIDE_AREA"]
    assert flags_against((35.1, 36.1), area) == ()


def test_a_distance_at_the_bound_is_kept_and_a_hair_past_it_is_not():
    said = Reckoned("Point", (0.0, 0.0), 90.0, 50_000.0, range_step_m=10.0, bearing_step_deg=0.01)
    north_m = distance_m(said.position, destination(said.position, 0.0, 1_000.0))

    at = compare([Circle(*destination(said.position, 0.0, 999.9), 10.0)], said, tolerance_m=north_m)
    past = compare([Circle(*destination(said.position, 0.0, 1_000.1), 10.0)], said, tolerance_m=north_m)

    assert (at.verdict, past.verdict) == (Verdict.AGREE, Verdict.DISAGREE)


def test_a_bearing_is_said_as_it_was_rounded():
    assert Reckoned("Latakia", LATAKIA, 5.0, 90_000.0).words == "Latakia 005/90km"
    assert Reckoned("Latakia", LATAKIA, 5.25, 90_500.0, bearing_step_deg=0.01).words == "Latakia 005.25/90.5km"


@pytest.mark.parametrize(
    "wrong", [{"bearing_deg": 361.0}, {"bearing_deg": math.nan}, {"range_m": -1.0}, {"range_m": 2e6}, {"name": " "}]
)
def test_a_bearing_or_distance_that_cannot_be_is_refused(wrong):
    with pytest.raises(Malformed):
        Reckoned(**{"name": "Latakia", "origin": LATAKIA, "bearing_deg": 270.0, "range_m": 90_000.0, **wrong})
