"""Times as people write them: Zulu first, the offset kept, and never a guess about whose time it is (T1)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepclear.core.timespan import MINUTE_US, parse_instant, zulu
from keepclear.errors import Malformed
from keepclear.formats.times import both, dtg, read_time, slip_flag, whole_hours_apart

THAT_NIGHT_US = parse_instant("2018-09-17T18:00:00Z")
STRIKES_US = parse_instant("2018-09-17T18:40:00Z")


@pytest.mark.parametrize(
    "text",
    [
        "171840ZSEP18",
        "171840ZSEP2018",
        "171840Z SEP 18",
        "17184000ZSEP18",
        "172140CSEP18",
        "172040BSEP18",
        "171840Z",
        "171840ZSEP",
        "2018-09-17T18:40Z",
        "2018-09-17T21:40:00+03:00",
        "2018-09-17T20:40:00+0200",
        "2018-09-17 20:40 UTC+2",
        "2018-09-17 18:40 GMT",
        "2018-09-18T07:40+13:00",
        "2018-09-17T06:40-12:00",
    ],
)
def test_the_same_instant_in_many_ways(text):
    assert read_time(text, now_us=THAT_NIGHT_US).instant_us == STRIKES_US


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 100 * 366 * 24 * 60), st.sampled_from([-720, -210, 0, 120, 180, 345, 780, 840]))
def test_a_time_is_written_with_its_offset_and_read_again(minutes, offset_min):
    instant_us = minutes * MINUTE_US + parse_instant("2000-01-01T00:00:00Z")
    if instant_us < parse_instant("2100-01-01T00:00:00Z"):
        assert read_time(dtg(instant_us), now_us=0).instant_us == instant_us
    sign, (hours, rest) = "-" if offset_min < 0 else "+", divmod(abs(offset_min), 60)
    local = (
        zulu(instant_us + offset_min * MINUTE_US).removesuffix("Z") if instant_us + offset_min * MINUTE_US >= 0 else ""
    )

    reading = read_time(f"{local}{sign}{hours:02d}:{rest:02d}", now_us=0)

    assert (reading.instant_us, reading.offset_min) == (instant_us, offset_min)


def test_zulu_stands_first_and_local_second():
    assert both(STRIKES_US, 180) == "2018-09-17 18:40:00Z (21:40:00 UTC+3)"
    assert both(STRIKES_US, 120) == "2018-09-17 18:40:00Z (20:40:00 UTC+2)"
    assert both(STRIKES_US, 0) == "2018-09-17 18:40:00Z"


def test_across_the_date_line_the_local_date_is_said():
    assert both(STRIKES_US, 780) == "2018-09-17 18:40:00Z (2018-09-18 07:40:00 UTC+13)"
    assert both(parse_instant("2018-09-17T05:00:00Z"), -660) == "2018-09-17 05:00:00Z (2018-09-16 18:00:00 UTC-11)"


def test_22_03_and_23_00_of_one_event_are_an_hour_apart_and_flagged():
    """T1: two releases of one side gave one event as about 23:00 Moscow time and as 22:03 local, both UTC+3."""
    first_release = read_time("2018-09-17T23:00+03:00", now_us=STRIKES_US)
    inquiry = read_time("2018-09-17T22:03+03:00", now_us=STRIKES_US)

    flag = slip_flag(inquiry.instant_us, first_release.instant_us)

    assert (zulu(inquiry.instant_us), zulu(first_release.instant_us)) == (
        "2018-09-17T19:03:00Z",
        "2018-09-17T20:00:00Z",
    )
    assert flag is not None and flag.code == "HOURS_APART" and "local time?" in flag.words


def test_22_03_without_an_offset_is_never_guessed_and_says_what_it_might_be():
    with pytest.raises(Malformed) as refused:
        read_time("2018-09-17T22:03", now_us=STRIKES_US, offsets_min=(120, 180))

    assert "2018-09-17T20:03:00Z if UTC+2, 2018-09-17T19:03:00Z if UTC+3" in refused.value.message


def test_times_of_two_events_are_no_slip():
    assert whole_hours_apart(STRIKES_US, STRIKES_US + 25 * MINUTE_US) == 0
    assert slip_flag(STRIKES_US, STRIKES_US) is None
    assert whole_hours_apart(STRIKES_US, STRIKES_US - 122 * MINUTE_US) == -2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "1 to 60"),
        ("soon", "is not a time"),
        ("22:03", "is not a time"),
        ("171840", "no zone letter"),
        ("171840SEP18", "does not say whose time"),
        ("171840JSEP18", "J is the time of whoever says it"),
        ("171840ZSPT18", "no month"),
        ("311840ZSEP18", "is not a time"),
        ("172540ZSEP18", "is not a time"),
        ("171860ZSEP18", "is not a time"),
        ("2018-09-17T18:40+15:00", "in use nowhere"),
        ("2018-09-17T18:40+03:07", "in use nowhere"),
        ("2018-09-31T18:40Z", "is not a time"),
        ("17/09/2018 18:40Z", "is not a time"),
    ],
)
def test_what_is_no_time_or_could_be_several_is_refused_with_what_would_be_right(text, says):
    with pytest.raises(Malformed, match=says):
        read_time(text, now_us=THAT_NIGHT_US, offsets_min=(120, 180))


def test_a_day_without_a_month_is_the_nearest_and_flagged():
    near_month_end = parse_instant("2018-09-30T22:00:00Z")

    tomorrow = read_time("010030Z", now_us=near_month_end)

    assert zulu(tomorrow.instant_us) == "2018-10-01T00:30:00Z"
    assert [flag.code for flag in tomorrow.flags] == ["DATE_ASSUMED"]


def test_a_day_without_a_month_midway_between_two_is_refused():
    with pytest.raises(Malformed, match="SEP18 or OCT18"):
        read_time("021200Z", now_us=parse_instant("2018-09-17T18:00:00Z"))


def test_a_group_without_a_year_is_the_nearest_across_new_year():
    assert zulu(read_time("010030ZJAN", now_us=parse_instant("2018-12-31T23:00:00Z")).instant_us).startswith(
        "2019-01-01"
    )


def test_past_and_far_times_are_flagged():
    assert [flag.code for flag in read_time("171840ZSEP18", now_us=STRIKES_US + 1).flags] == ["PAST"]
    assert [flag.code for flag in read_time("171840ZSEP20", now_us=STRIKES_US).flags] == ["FAR"]
    assert read_time("171840ZSEP18", now_us=STRIKES_US).flags == ()
