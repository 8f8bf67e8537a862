"""ASTM F3548-21: what is read, what is a fault."""

from __future__ import annotations

import json
from typing import Any

import pytest

from keepclear.core.footprint import Circle, Polygon
from keepclear.core.timespan import parse_instant
from keepclear.core.volume import Altitude, AltitudeDatum
from keepclear.formats.f3548 import read_f3548
from keepclear.formats.planned import Reading, load_json


def a_time(hour: int) -> dict[str, str]:
    return {"value": f"2027-03-14T{hour:02d}:00:00Z", "format": "RFC3339"}


def an_altitude(value: float) -> dict[str, Any]:
    return {"value": value, "reference": "W84", "units": "M"}


def a_volume(**volume: Any) -> dict[str, Any]:
    vertices = [{"lat": 48.0, "lng": 10.0}, {"lat": 48.0, "lng": 10.1}, {"lat": 48.1, "lng": 10.0}]
    inner = {
        "outline_polygon": {"vertices": vertices},
        "outline_circle": None,
        "altitude_lower": an_altitude(100),
        "altitude_upper": an_altitude(200),
    }
    return {"volume": {**inner, **volume}, "time_start": a_time(2), "time_end": a_time(3)}


def an_intent(*volumes: dict[str, Any], off: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {
        "reference": {"id": "2f8343be-6482-4d1b-a474-16847e01af1e", "state": "Accepted", "ovn": None, "new_field": 1},
        "details": {"volumes": list(volumes), "off_nominal_volumes": list(off), "priority": 0},
    }


def read(value: object) -> Reading:
    return read_f3548(load_json(json.dumps(value).encode()), file="f.json")


def test_an_intent_gives_its_volumes_in_wgs84_metres():
    (planned,) = read(an_intent(a_volume())).planned

    volume = planned.volumes[0]
    assert planned.id == "2f8343be-6482-4d1b-a474-16847e01af1e"
    assert volume.footprint == Polygon(((48.0, 10.0), (48.0, 10.1), (48.1, 10.0)))
    assert volume.band.upper == Altitude(200.0, AltitudeDatum.WGS84)


def test_the_end_of_an_intent_belongs_to_it():
    (planned,) = read(an_intent(a_volume())).planned

    assert planned.volumes[0].span.holds(parse_instant("2027-03-14T03:00:00Z"))


def test_off_nominal_volumes_count():
    (planned,) = read(an_intent(a_volume(), off=(a_volume(),))).planned

    assert planned.paths == ("details.volumes[0]", "details.off_nominal_volumes[0]")


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ({"operational_intent": an_intent(a_volume())}, 1),
        ({"constraint": an_intent(a_volume())}, 1),
        ([an_intent(a_volume()), {"constraint": an_intent(a_volume())}], 2),
        ({"operational_intents": [an_intent(a_volume())], "constraints": [an_intent(a_volume())]}, 2),
        ({"volumes": [a_volume()]}, 1),
        ([a_volume(), a_volume()], 1),
        (a_volume(), 1),
        ({"extents": [a_volume(), a_volume()], "key": [], "state": "Accepted"}, 1),
    ],
)
def test_entities_are_found_in_answers_and_lists(value: object, count: int):
    reading = read(value)

    assert reading.faults == ()
    assert len(reading.planned) == count


def test_a_circle_is_its_centre_and_radius():
    circle = {"center": {"lat": 48, "lng": 10}, "radius": {"value": 300, "units": "M"}}

    (planned,) = read(an_intent(a_volume(outline_polygon=None, outline_circle=circle))).planned

    assert planned.volumes[0].footprint == Circle(48.0, 10.0, 300.0)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"outline_polygon": None}, "volume"),
        ({"outline_circle": {"center": {"lat": 1, "lng": 1}, "radius": {"value": 3, "units": "M"}}}, "volume"),
        ({"outline_polygon": {"vertices": [{"lat": 48, "lng": 10}]}}, "volume.outline_polygon.vertices"),
        ({"outline_polygon": {"vertices": [{"lat": 148, "lng": 10}] * 3}}, "volume.outline_polygon.vertices[0]"),
        ({"altitude_lower": None}, "volume.altitude_lower"),
        ({"altitude_lower": an_altitude(300)}, "volume.altitude_upper"),
        ({"altitude_lower": {"value": 1, "reference": "SFC", "units": "M"}}, "volume.altitude_lower.reference"),
        ({"altitude_lower": {"value": 1, "reference": "W84", "units": "FT"}}, "volume.altitude_lower.units"),
        ({"altitude_upper": an_altitude(10**400)}, "volume.altitude_upper.value"),
    ],
)
def test_a_bad_volume_is_a_fault_by_its_field_and_hides_no_other(changed: dict[str, Any], field: str):
    reading = read(an_intent(a_volume(**changed), a_volume()))

    assert [fault.field for fault in reading.faults] == [f"details.volumes[0].{field}"]
    assert reading.planned[0].paths == ("details.volumes[1]",)


@pytest.mark.parametrize("name", ["time_start", "time_end"])
@pytest.mark.parametrize("time", [None, {"value": "2027-03-14T03:00:00", "format": "RFC3339"}, {"value": 7}, "noon"])
def test_a_missing_or_local_time_is_a_fault(name: str, time: object):
    reading = read(an_intent({**a_volume(), name: time}))

    assert reading.planned == ()
    assert reading.faults[0].field.startswith(f"details.volumes[0].{name}")


def test_an_end_before_the_start_is_a_fault():
    assert read(an_intent({**a_volume(), "time_end": a_time(1)})).faults[0].field == "details.volumes[0].time_end"


@pytest.mark.parametrize(
    "value",
    [
        {"operational_intent_references": [{"id": "x"}]},
        {"operational_intent_reference": {"id": "x"}},
        {"operational_intent": None, "details": {"volumes": []}},
        {"operational_intents": []},
        [[an_intent(a_volume())]],
        {"operational_intent": 7},
    ],
)
def test_what_holds_no_volume_is_a_fault(value: object):
    reading = read(value)

    assert reading.planned == ()
    assert len(reading.faults) == 1


@pytest.mark.parametrize(
    "value",
    [
        {"operational_intent": an_intent(a_volume()), "volumes": [a_volume()]},
        {"operational_intent": an_intent(a_volume()), **a_volume()},
        {**an_intent(a_volume()), "volumes": [a_volume()]},
        {**a_volume(), "volumes": [a_volume()]},
    ],
)
def test_volumes_that_stand_in_two_ways_are_a_fault_and_none_is_passed_over(value: object):
    reading = read([value, an_intent(a_volume())])

    assert [planned.feature for planned in reading.planned] == ["[1]"]
    assert [fault.feature for fault in reading.faults] == ["[0]"]
    assert "both hold volumes" in reading.faults[0].wrong
