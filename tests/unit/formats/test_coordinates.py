"""Positions in every notation: read, written, and refused or flagged where they could be read in two ways (P4)."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keepclear.core.geodesy import distance_m
from keepclear.errors import Malformed
from keepclear.formats.coordinates import Notation, all_notations, read_position
from keepclear.formats.coordinates.datum import Datum, datum_slips, to_wgs84
from keepclear.formats.coordinates.grid import write_mgrs, zone_of

HERE = (36.5, 35.7)


@settings(max_examples=400, deadline=None)
@given(
    # Evenly over the globe, and often near what is special: poles, equator, bands, zone edges, the antimeridian.
    st.one_of(st.floats(-90, 90), st.sampled_from((-90.0, -80.0, 0.0, 56.0, 64.0, 72.0, 84.0, 90.0))).flatmap(
        lambda lat: st.tuples(
            st.one_of(st.just(lat), st.floats(max(-90.0, lat - 1e-5), min(90.0, lat + 1e-5))),
            st.one_of(
                st.floats(-180, 180, exclude_max=True),
                st.integers(-60, 59).map(lambda edge: edge * 3.0),
                st.integers(-60, 59).flatmap(lambda edge: st.floats(max(-180.0, edge * 3.0 - 1e-5), edge * 3.0 + 1e-5)),
            ),
        )
    )
)
@example((90.0, 0.0))
@example((-90.0, 123.4))
@example((60.5, 4.0))
@example((78.0, 20.999999))
@example((71.999999, 179.999999))
@example((-0.0000001, -180.0))
@example((83.9999999, -0.0000001))
def test_every_notation_is_written_and_read_again_to_within_a_metre(position):
    """P4: over the globe, with the poles, Norway, Svalbard and the antimeridian."""
    written = all_notations(position)

    off_m = {notation: distance_m(position, read_position(text).position) for notation, text in written.items()}

    assert set(off_m) >= {Notation.DECIMAL, Notation.DDM, Notation.DMS, Notation.MGRS}
    assert len(off_m) == 5 and max(off_m.values()) <= 1.0, (written, off_m)
    assert {read_position(text).notation for text in written.values()} == set(written)


@settings(max_examples=200, deadline=None)
@given(st.floats(-80, 84), st.floats(-180, 180, exclude_max=True))
def test_our_zones_are_those_of_the_library(lat_deg, lon_deg):
    # Within a metre of an edge the library rounds to the next zone.
    if min(lon_deg % 3.0, 3.0 - lon_deg % 3.0) < 1e-4 or min(lat_deg % 8.0, 8.0 - lat_deg % 8.0) < 1e-4:
        return

    assert write_mgrs((lat_deg, lon_deg)).startswith(f"{zone_of((lat_deg, lon_deg)):02d}")


@pytest.mark.parametrize(
    "text",
    [
        "36.5 N 35.7 E",
        "N36.5 E35.7",
        "35.7E, 36.5N",
        "36.5 north, 35.7 east",
        "36.5N/35.7E",
        "36.5, 35.7",
        "+36.5 +35.7",
        "36.5,35.7",
        "36°30'N 35°42'E",
        "36 30.0 N 035 42.0 E",
        "36°30′00″N 035°42′00″E",
        "36-30-00N 035-42-00E",
        "36:30:00 N 35:42:00 E",
        "363000N0354200E",
        "3630N03542E",
        "363000.0N 0354200.0E",
        "N363000 E0354200",
        "36S YF 41825 42798",
        "36SYF4182542798",
        "UTM 36 north 741825.4 4042798.3",
        "36 north 741825 4042798",
        "٣٦.٥ N ٣٥.٧ E",
        "\u200e36.5 N 35.7 E\u200f",
        "36.5 N 35.7 E WGS84",
        "36.5 N 35.7 E (WGS-84)",
    ],
)
def test_the_same_place_in_many_ways(text):
    assert distance_m(HERE, read_position(text).position) < 1.0


def test_south_and_west_are_negative():
    assert read_position("38°00'00\" S 152°30'00\" W").position == (-38.0, -152.5)
    assert read_position("-38, -152.5").position == (-38.0, -152.5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "say where"),
        ("north of the river", "is not a position"),
        ("the north", "is not a position"),
        ("36.5", "is not a position"),
        ("36.5 N", "each once"),
        ("36.5 N 35.7 N", "each once"),
        ("36.5 N 35.7 E 4 N", "each once"),
        ("36.5 N E 35.7", "left over"),
        ("36,5 N 35,7 E", "comma"),
        ("36,5 35,7", "comma"),
        ("36,5, 35,7", "comma"),
        ("36,35", "comma"),
        ("-36.5 S 35.7 E", "both a sign and a letter"),
        ("95.7 N 36.5 E", "swapped"),
        ("95.7, 36.5", "swapped"),
        ("36.5, 190", "longitude"),
        ("36 60 N 35 42 E", "60 minutes"),
        ("36 30 60 N 35 42 00 E", "60 seconds"),
        ("36.5 30 N 35 42 E", "only the last"),
        ("36 30.5 10 N 35 42 00 E", "only the last"),
        ("36°30' N 35.7 E", "alike"),
        ("36 30 00 35 42 00", "is not a position"),
        ("36.5 N 35.7 E 12", "left over"),
        ("37sda1234", "capitals"),
        ("37SDA123", "as many digits"),
        ("37SDA 123 4567", "as many digits"),
        ("61SDA1234", "no zone 61S"),
        ("0SDA1234", "no zone 0S"),
        ("32XNA1111", "no zone 32X"),
        ("36SAA1111", "no square AA"),
        ("31CAA1111", "not in band C"),
        ("36 north 4042798 741825", "swapped"),
        ("36T 741825 4042798", "not in band T"),
        ("36S 741825 4042798", "write UTM 36 north or UTM 36 south"),
        ("UPS north 2000000 9000000", "where UTM is used"),
        ("36.5 N 35.7 E " + "x" * 120, "at most 120"),
        ("36.5 N 35.7 E TOKYO", "left over"),
        ("40 N 100 W ED50", "no conversion from ED50"),
    ],
)
def test_what_could_be_read_in_two_ways_or_none_is_refused_with_what_would_be_right(text, says):
    with pytest.raises(Malformed, match=says):
        read_position(text)


def test_a_zone_slip_is_refused_and_a_zone_used_over_its_edge_is_flagged():
    near_edge = (36.5, 36.2)  # in zone 37, two tenths of a degree past the edge of 36
    from keepclear.formats.coordinates.grid import _projection

    easting, northing = _projection(36, "north")(near_edge[1], near_edge[0])

    reading = read_position(f"UTM 36 north {easting:.1f} {northing:.1f}")

    assert distance_m(reading.position, near_edge) < 1.0
    assert [flag.code for flag in reading.flags] == ["ZONE_EDGE"]


def test_utm_south_is_taken_where_band_s_cannot_be_meant():
    assert read_position("36S 500000 9000000").position[0] < 0


def test_how_fine_a_text_is_comes_with_it():
    coarse = read_position("37SDA1234")
    metre = read_position("37SDA1234012340")
    tenth = read_position("36.5 N 35.7 E")
    absurd = read_position("36.500000001 N 35.700000001 E")

    assert coarse.precision_m == 1_000.0 and [flag.code for flag in coarse.flags] == ["COARSE"]
    assert metre.precision_m == 1.0 and metre.flags == ()
    assert round(tenth.precision_m) == 11_132 and [flag.code for flag in tenth.flags] == ["COARSE"]
    assert [flag.code for flag in absurd.flags] == ["IMPLAUSIBLE_PRECISION"]


def test_a_grid_reference_is_the_middle_of_its_square():
    small, large = read_position("37SDA1234012340").position, read_position("37SDA1212").position

    assert distance_m(small, large) < 0.75 * 1_000


def test_a_pair_without_letters_is_taken_latitude_first_and_flagged():
    assert [flag.code for flag in read_position("36.5123, 35.7123").flags] == ["ORDER_ASSUMED"]


def test_another_datum_is_converted_and_said():
    reading = read_position("36.50000 N 35.70000 E ED50")

    assert 100 < distance_m(reading.position, HERE) < 140
    assert reading.datum == "ED50" and [flag.code for flag in reading.flags] == ["DATUM_CONVERTED"]


def test_a_slip_between_datums_is_known_by_its_vector():
    slipped = to_wgs84(Datum("ED50"), HERE, at="").position
    away = (HERE[0] + 0.0011, HERE[1])  # as far, another way

    assert "ED50" in datum_slips(HERE, slipped) and "ED50" in datum_slips(slipped, HERE)
    assert math.isclose(distance_m(HERE, away), distance_m(HERE, slipped), rel_tol=0.1)
    assert "ED50" not in datum_slips(HERE, away)
    assert datum_slips(HERE, (37.5, 35.7)) == ()


def test_a_datum_without_a_known_conversion_is_never_taken_for_wgs84():
    with pytest.raises(Malformed, match="give the position in WGS84"):
        to_wgs84(Datum("NAD27"), HERE, at="place")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"[0-9NSEW.,°' -]{1,30}", fullmatch=True))
def test_any_text_is_a_position_or_one_clear_error(text):
    try:
        reading = read_position(text)
    except Malformed:
        return
    else:
        assert abs(reading.position[0]) <= 90 and -180 <= reading.position[1] < 180
