"""Conflicts of a notice with what is live: all of them, or an error that says so."""

from __future__ import annotations

import pytest

from keepclear.core.conflict import Verdict
from keepclear.core.footprint import Circle
from keepclear.core.separation import NO_SEPARATION, Separation
from keepclear.core.timespan import TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.engine.detect import find_conflicts, widest_of
from keepclear.engine.volume_index import VolumeIndex
from keepclear.errors import LimitReached


def spot(lon_deg: float, low_m: float = 0.0, high_m: float = 100.0) -> Volume4D:
    low, high = (Altitude(value, AltitudeDatum.AMSL) for value in (low_m, high_m))
    return Volume4D(Circle(0.0, lon_deg, 1_000.0), AltitudeBand(low, high), TimeSpan(0, 100))


LIVE = {
    "amber-1": [spot(0.0), spot(0.01)],
    "birch-1": [spot(0.0, 200, 300)],
    "birch-2": [spot(0.05)],
    "cedar-1": [spot(9.0)],
}


def live_index() -> VolumeIndex:
    index = VolumeIndex()
    for key, volumes in LIVE.items():
        index.add(key, volumes)
    return index


def agreed(key: str) -> Separation:
    return Separation(horizontal_m=5_000) if key.startswith("birch") else NO_SEPARATION


def test_every_conflict_is_found_at_the_separation_agreed_with_its_filer() -> None:
    found = find_conflicts(live_index(), LIVE.__getitem__, [spot(0.0), spot(0.01)], agreed, most=10)

    pairs = [(each.key, each.one_index, each.other_index) for each in found]
    assert pairs == [
        ("amber-1", 0, 0),
        ("amber-1", 0, 1),
        ("amber-1", 1, 0),
        ("amber-1", 1, 1),
        ("birch-2", 0, 0),
        ("birch-2", 1, 0),
    ]
    assert all(each.judgement.verdict is Verdict.CONFLICT for each in found)


def test_the_widest_separation_may_be_given_and_changes_nothing() -> None:
    index, asked = live_index(), [spot(0.0)]

    slow = find_conflicts(index, LIVE.__getitem__, asked, agreed, most=10)
    quick = find_conflicts(index, LIVE.__getitem__, asked, agreed, most=10, widest=Separation(5_000))

    assert slow == quick


def test_excluded_keys_are_not_asked_about() -> None:
    found = find_conflicts(live_index(), LIVE.__getitem__, [spot(0.0)], agreed, exclude={"amber-1"}, most=10)

    assert [each.key for each in found] == ["birch-2"]


def test_a_draft_is_searched_like_an_index() -> None:
    draft = live_index().draft()
    draft.remove("amber-1")

    assert [each.key for each in find_conflicts(draft, LIVE.__getitem__, [spot(0.0)], agreed, most=10)] == ["birch-2"]


def test_as_many_as_the_bound_are_given_and_one_more_is_an_error() -> None:
    index = live_index()

    assert len(find_conflicts(index, LIVE.__getitem__, [spot(0.0)], agreed, most=3)) == 3
    with pytest.raises(LimitReached, match="more than 2 conflicts"):
        find_conflicts(index, LIVE.__getitem__, [spot(0.0)], agreed, most=2)


def test_the_widest_of_several_separations_is_widest_in_each_dimension() -> None:
    assert widest_of([Separation(1, 20, 3), Separation(10, 2, 30)]) == Separation(10, 20, 30)
    assert widest_of([]) == NO_SEPARATION
