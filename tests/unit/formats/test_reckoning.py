"""Places as people say them from somewhere else (P1)."""

from __future__ import annotations

import pytest

from keepclear.errors import Malformed
from keepclear.formats.reckoning import Area, Bearing, read_reckoning


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Latakia 270/90km", Bearing("Latakia", 270.0, 1.0, 90_000.0, 1_000.0)),
        ("Latakia 270 / 90 km", Bearing("Latakia", 270.0, 1.0, 90_000.0, 1_000.0)),
        ("Deir ez-Zor 005.5°/12.5km", Bearing("Deir ez-Zor", 5.5, 0.1, 12_500.0, 100.0)),
        ("Tripoli, LB 315T 20 NM", Bearing("Tripoli, LB", 315.0, 1.0, 37_040.0, 1_852.0)),
        ("gn:173576 270/900m", Bearing("gn:173576", 270.0, 1.0, 900.0, 1.0)),
        ("270/90km from Latakia", Bearing("Latakia", 270.0, 1.0, 90_000.0, 1_000.0)),
        ("90 km W of Latakia", Bearing("Latakia", 270.0, 22.5, 90_000.0, 1_000.0)),
        ("4.5 km south-west of Morek", Bearing("Morek", 225.0, 22.5, 4_500.0, 100.0)),
        ("اللاذقية 270/90km", Bearing("اللاذقية", 270.0, 1.0, 90_000.0, 1_000.0)),
        ("within ALPHA", Area("ALPHA", False)),
        ("the whole of Corridor West", Area("Corridor West", True)),
    ],
)
def test_a_bearing_and_distance_or_an_area_is_read_with_how_fine_it_is(text, expected):
    found = read_reckoning(text)

    assert type(found) is type(expected) and found.name == expected.name
    if isinstance(found, Bearing):
        assert [found.bearing_deg, found.bearing_step_deg, found.range_m, found.range_step_m] == pytest.approx(
            [expected.bearing_deg, expected.bearing_step_deg, expected.range_m, expected.range_step_m]
        )
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "1 to 200"),
        ("north", "alone says no place"),
        ("NE", "alone says no place"),
        ("Latakia", "no bearing"),
        ("Latakia 90km", "no bearing"),
        ("Latakia 270/90", "no bearing"),
        ("Latakia 270M/90km", "magnetic"),
        ("Latakia 361/90km", "beyond 360"),
        ("Latakia up/90km", "no bearing"),
    ],
)
def test_what_says_no_place_is_refused_with_what_would_be_right(text, says):
    with pytest.raises(Malformed, match=says):
        read_reckoning(text)
