"""The index: what is added is found, what is removed is not, and a draft changes nothing until it is kept."""

from __future__ import annotations

import pytest

from keepclear.core.footprint import Circle
from keepclear.core.separation import NO_SEPARATION, Separation
from keepclear.core.timespan import SECOND_US, TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.engine import volume_index
from keepclear.engine.volume_index import VolumeIndex
from keepclear.errors import LimitReached, Malformed

GROUND, TOP = Altitude(0.0, AltitudeDatum.AGL), Altitude(100.0, AltitudeDatum.AGL)


def near(lat_deg: float, lon_deg: float, start_s: int = 0, end_s: int = 3_600) -> Volume4D:
    span = TimeSpan(start_s * SECOND_US, end_s * SECOND_US)
    return Volume4D(Circle(lat_deg, lon_deg, 1_000.0), AltitudeBand(GROUND, TOP), span)


def test_each_volume_is_found_by_its_key_and_position() -> None:
    index = VolumeIndex()
    index.add("ridge", [near(10, 10), near(10, 179.999)])
    index.add("valley", [near(-40, 3)])

    assert index.candidates(near(10, -179.999)) == [("ridge", 1)]
    assert index.candidates(near(-40, 3.01)) == [("valley", 0)]
    assert index.candidates(near(0, 0)) == []
    assert len(index) == 2
    assert "ridge" in index


def test_the_separation_of_the_question_widens_it_in_space_and_time() -> None:
    index = VolumeIndex()
    index.add("ridge", [near(10, 10)])
    apart, later = near(10, 10.1), near(10, 10, start_s=3_600, end_s=3_700)

    assert index.candidates(apart) == []
    assert index.candidates(apart, Separation(horizontal_m=10_000)) == [("ridge", 0)]
    assert index.candidates(near(11, 10, start_s=4_000, end_s=5_000), Separation(200_000, 0, 401)) == [("ridge", 0)]
    assert index.candidates(near(10, 10, start_s=4_000, end_s=5_000)) == []
    assert index.candidates(later, Separation(time_s=1)) == [("ridge", 0)]


def test_a_key_is_held_once_and_forgotten_when_removed() -> None:
    index = VolumeIndex()
    index.add("ridge", [near(10, 10)])

    with pytest.raises(Malformed):
        index.add("ridge", [near(20, 20)])
    index.remove("ridge")
    index.remove("ridge")

    assert index.candidates(near(10, 10)) == []
    assert len(index) == 0


def test_rows_are_used_again_and_never_mixed_up() -> None:
    index = VolumeIndex()
    for turn in range(500):
        index.add(f"a{turn}", [near(10, 10), near(20, 20)])
        index.add(f"b{turn}", [near(30, 30)])
        if turn % 2:
            index.remove(f"a{turn}")
            index.remove(f"b{turn - 1}")

    assert sorted(index.candidates(near(10, 10))) == sorted((f"a{turn}", 0) for turn in range(0, 500, 2))
    assert sorted(index.candidates(near(30, 30))) == sorted((f"b{turn}", 0) for turn in range(1, 500, 2))


def test_a_key_expires_when_the_last_of_its_volumes_has_ended() -> None:
    index = VolumeIndex()
    index.add("over", [near(10, 10, 0, 10), near(10, 10, 0, 20)])
    index.add("half over", [near(10, 10, 0, 10), near(10, 10, 0, 21)])

    assert index.expire(19 * SECOND_US) == ()
    assert index.expire(20 * SECOND_US) == ("over",)
    assert list(index) == ["half over"]


def test_a_draft_sees_its_own_changes_and_the_index_only_after_they_are_kept() -> None:
    index = VolumeIndex()
    index.add("old", [near(10, 10)])

    draft = index.draft()
    draft.remove("old")
    draft.add("new", [near(10, 10)])

    assert draft.candidates(near(10, 10)) == [("new", 0)]
    assert index.candidates(near(10, 10)) == [("old", 0)]
    assert (list(draft), len(draft), "old" in draft) == (["new"], 1, False)
    draft.keep()
    assert index.candidates(near(10, 10)) == [("new", 0)]


def test_a_draft_may_replace_a_key_and_take_back_what_it_added() -> None:
    index = VolumeIndex()
    index.add("ridge", [near(10, 10)])

    draft = index.draft()
    draft.remove("ridge")
    draft.add("ridge", [near(20, 20)])
    draft.add("slip", [near(20, 20)])
    draft.remove("slip")
    draft.keep()

    assert index.candidates(near(10, 10)) == []
    assert index.candidates(near(20, 20)) == [("ridge", 0)]


def test_a_draft_that_is_forgotten_leaves_no_trace() -> None:
    index = VolumeIndex()
    index.draft().add("new", [near(10, 10)])

    assert len(index) == 0
    assert index.candidates(near(10, 10), NO_SEPARATION) == []


def test_the_bound_on_rows_is_an_error_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume_index, "ROWS_MAX", 2)
    index = VolumeIndex()
    index.add("two", [near(1, 1), near(2, 2)])

    with pytest.raises(LimitReached, match="at most 2 volumes"):
        index.add("one more", [near(3, 3)])
    assert "one more" not in index
