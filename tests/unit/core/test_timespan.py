"""Instants and spans: half-open, whole microseconds, UTC."""

from __future__ import annotations

import pytest

from keepclear.core.timespan import LATEST_US, SECOND_US, TimeSpan, parse_instant, spoken_duration, zulu
from keepclear.errors import Malformed


def test_spans_that_meet_end_to_end_share_no_instant() -> None:
    morning, later = TimeSpan(0, 10), TimeSpan(10, 20)

    assert not morning.overlaps(later)
    assert morning.overlaps(TimeSpan(9, 10))
    assert morning.holds(0)
    assert not morning.holds(10)


@pytest.mark.parametrize(("start", "end"), [(5, 5), (5, 4), (-1, 5), (0, LATEST_US + 1)])
def test_a_span_that_is_empty_backward_or_out_of_range_is_refused(start: int, end: int) -> None:
    with pytest.raises(Malformed):
        TimeSpan(start, end)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1970-01-01T00:00:00.1234567Z", 123_456),
        ("1970-01-01T00:00:60Z", 60 * SECOND_US),
    ],
)
def test_an_instant_is_read_to_the_microsecond(text: str, instant: int) -> None:
    assert parse_instant(text) == instant


@pytest.mark.parametrize(
    "text", ["1970-01-01T00:00:00", "1970-02-30T00:00:00Z", "noon", "", 5, None, "2300-01-01T00:00:00Z"]
)
def test_what_is_no_instant_in_utc_is_refused(text: object) -> None:
    with pytest.raises(Malformed):
        parse_instant(text)


def test_an_instant_written_is_read_back() -> None:
    for instant in (0, 1, 1_800_000_000_123_456, LATEST_US):
        assert parse_instant(zulu(instant)) == instant


def test_a_duration_never_looks_like_a_time_of_day() -> None:
    assert ":" not in spoken_duration(3_661)
    assert spoken_duration(3_661) == "1 h 01 min 01 s"
