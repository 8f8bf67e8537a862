"""The index gives every conflict that trying all pairs gives, anywhere on Earth."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from keepclear.core.conflict import Verdict
from keepclear.core.footprint import Circle, Footprint, Polygon
from keepclear.core.geodesy import destination
from keepclear.core.separation import Separation
from keepclear.core.timespan import TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.engine.judge import judge
from keepclear.engine.volume_index import VolumeIndex

#: Places where coordinates misbehave, and one where they do not.
KNOTS = [(0.0, 180.0), (90.0, 0.0), (-89.999, 10.0), (0.0, 0.0), (51.0, 7.0)]


@st.composite
def footprints(draw: st.DrawFn) -> Footprint:
    knot = draw(st.sampled_from(KNOTS))
    size_m = draw(st.sampled_from([0.1, 50.0, 3_000.0, 200_000.0, 4_000_000.0]))
    middle = destination(knot, draw(st.floats(0, 360)), draw(st.floats(0, 3)) * size_m)
    if draw(st.booleans()):
        return Circle(*middle, size_m)
    turn, corners = draw(st.floats(0, 360)), draw(st.integers(3, 9))
    return Polygon(tuple(destination(middle, turn + 360.0 * i / corners, size_m) for i in range(corners)))


@st.composite
def volumes(draw: st.DrawFn) -> Volume4D:
    low_m, start_us = draw(st.floats(0, 1_000)), draw(st.integers(0, 100))
    low, high = Altitude(low_m, AltitudeDatum.WGS84), Altitude(low_m + draw(st.floats(0, 500)), AltitudeDatum.WGS84)
    span = TimeSpan(start_us, start_us + draw(st.integers(1, 100)))
    return Volume4D(draw(footprints()), AltitudeBand(low, high), span)


separations = st.builds(
    Separation, st.sampled_from([0.0, 30.0, 9_260.0, 900_000.0]), st.floats(0, 300), st.sampled_from([0.0, 2e-5, 60.0])
)


@given(live=st.lists(volumes(), max_size=12), asked=volumes(), separation=separations, gone=st.sets(st.integers(0, 11)))
def test_the_index_misses_no_conflict_that_trying_all_pairs_finds(
    live: list[Volume4D], asked: Volume4D, separation: Separation, gone: set[int]
) -> None:
    index = VolumeIndex()
    for number, volume in enumerate(live):
        index.add(str(number), [volume])
    for number in gone:
        index.remove(str(number))

    candidates = {int(key) for key, _ in index.candidates(asked, separation)}

    standing = [number for number in range(len(live)) if number not in gone]
    truth = {n for n in standing if judge(asked, live[n], separation).verdict is not Verdict.CLEAR}
    assert truth <= candidates <= set(standing)


@given(one=volumes(), other=volumes(), separation=separations)
def test_the_verdict_does_not_depend_on_which_volume_comes_first(
    one: Volume4D, other: Volume4D, separation: Separation
) -> None:
    there, back = judge(one, other, separation), judge(other, one, separation)

    assert there.verdict is back.verdict
    assert there.vertical_m == back.vertical_m
    # Both intervals hold the true gap, so they meet.
    assert max(there.horizontal_m.least, back.horizontal_m.least) <= min(
        there.horizontal_m.most, back.horizontal_m.most
    )


@given(one=volumes(), other=volumes(), separation=separations)
def test_a_wider_separation_never_turns_a_conflict_clear(
    one: Volume4D, other: Volume4D, separation: Separation
) -> None:
    wider = Separation(separation.horizontal_m + 1_000, separation.vertical_m + 10, separation.time_s + 1)

    if judge(one, other, separation).verdict is not Verdict.CLEAR:
        assert judge(one, other, wider).verdict is not Verdict.CLEAR
