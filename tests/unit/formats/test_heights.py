"""Heights as people write them, each with unit and datum; two different limits are refused (P4)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepclear.core.volume import Altitude, AltitudeDatum
from keepclear.errors import Malformed
from keepclear.formats.heights import agreed_height, height_in_feet, height_text, read_band, read_height


@pytest.mark.parametrize(
    ("text", "value_m", "datum"),
    [
        ("1500 m AMSL", 1500.0, "AMSL"),
        ("5000ft AGL", 1524.0, "AGL"),
        ("5000 feet msl", 1524.0, "AMSL"),
        ("300 m WGS84", 300.0, "WGS84"),
        ("300 m HAE", 300.0, "WGS84"),
        ("FL150", 4572.0, "FL"),
        ("fl 320", 9753.6, "FL"),
        ("SFC", 0.0, "AGL"),
        ("-20 m AMSL", -20.0, "AMSL"),
    ],
)
def test_a_height_is_read_with_its_datum(text, value_m, datum):
    assert read_height(text) == Altitude(value_m, AltitudeDatum(datum))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "1 to 80"),
        ("1500", "metres or feet"),
        ("1500 AMSL", "metres or feet"),
        ("1500 m", "measured from"),
        ("1500 m QNH", "measured from"),
        ("1,500 m AMSL", "comma"),
        ("FL700", "between 0 and 660"),
        ("high", "is not a height"),
        ("999999 m AMSL", "between"),
    ],
)
def test_a_height_without_unit_or_datum_is_refused(text, says):
    with pytest.raises(Malformed, match=says):
        read_height(text)


@settings(max_examples=200)
@given(st.floats(-500, 30_000), st.sampled_from(AltitudeDatum))
def test_heights_are_written_and_read_again_to_within_a_metre(value_m, datum):
    if datum is AltitudeDatum.FL:
        value_m = abs(value_m) // 30.48 % 660 * 30.48
    altitude = Altitude(value_m, datum)

    for text in (height_text(altitude), height_in_feet(altitude)):
        again = read_height(text)
        assert again.datum is datum and abs(again.value_m - value_m) < 1.0


@pytest.mark.parametrize(
    ("text", "lower", "upper"),
    [
        ("SFC to FL150", "0 m AGL", "FL150"),
        ("SFC-FL150", "0 m AGL", "FL150"),
        ("1500-3000 ft AMSL", "457.2 m AMSL", "914.4 m AMSL"),
        ("500 ft AGL - 5000 ft AMSL", "152.4 m AGL", "1524 m AMSL"),
        ("FL100/FL200", "FL100", "FL200"),
    ],
)
def test_a_band_has_two_limits(text, lower, upper):
    band = read_band(text)

    assert (height_text(band.lower), height_text(band.upper)) == (lower, upper)


def test_a_band_upside_down_or_half_is_refused():
    with pytest.raises(Malformed, match="lies above"):
        read_band("FL200-FL100")
    with pytest.raises(Malformed, match="no band"):
        read_band("FL200")


def test_two_different_upper_limits_are_refused_and_neither_is_chosen():
    """P4: a notice of 2014 carried two upper limits (Dutch Safety Board, MH17, appendix on airspace notices)."""
    with pytest.raises(Malformed, match="two different limits: the text says FL320, the number FL530"):
        agreed_height("FL320", Altitude(530 * 30.48, AltitudeDatum.FL), at="upper")
    with pytest.raises(Malformed, match="two different limits"):
        agreed_height("1500 m AMSL", Altitude(1500.0, AltitudeDatum.AGL), at="upper")

    assert agreed_height("5000 ft AMSL", Altitude(1524.2, AltitudeDatum.AMSL), at="upper").value_m == 1524.2
    assert agreed_height("FL320", None, at="upper") == Altitude(9753.6, AltitudeDatum.FL)
