"""GeoJSON: what is read, what is a fault, and that nothing is left out in silence."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from keepclear.core.footprint import Circle, Polygon
from keepclear.core.geodesy import distance_m
from keepclear.core.timespan import parse_instant
from keepclear.core.volume import Altitude, AltitudeDatum
from keepclear.errors import LimitReached, Malformed
from keepclear.formats.geojson import read_geojson
from keepclear.formats.geojson_edges import Edges, densified
from keepclear.formats.geojson_properties import SURFACE, UNLIMITED
from keepclear.formats.planned import FILE_BYTES_MAX, NESTING_MAX, Planned, Reading, load_json

SQUARE = [[10.0, 48.0], [10.01, 48.0], [10.01, 48.01], [10.0, 48.01], [10.0, 48.0]]
SOUND = {"start": "2027-03-14T02:00:00Z", "end": "2027-03-14T03:00:00Z", "lower": "SFC", "upper": "1500 m AMSL"}


def a_feature(geometry: object = None, **properties: object) -> dict[str, Any]:
    given = {**SOUND, **properties}
    kept = {name: value for name, value in given.items() if value is not None}
    return {
        "type": "Feature",
        "id": "A-1",
        "properties": kept,
        "geometry": geometry or {"type": "Polygon", "coordinates": [SQUARE]},
    }


def read(value: object) -> Reading:
    return read_geojson(load_json(json.dumps(value).encode()), file="f.geojson")


def the_one(value: object) -> Planned:
    reading = read(value)
    assert reading.faults == ()
    (planned,) = reading.planned
    return planned


def fault_fields(value: object) -> list[str]:
    reading = read(value)
    assert reading.planned == ()
    return [fault.field for fault in reading.faults]


def test_a_polygon_gives_latitude_first_and_no_closing_corner():
    volume = the_one(a_feature()).volumes[0]

    assert isinstance(volume.footprint, Polygon)
    assert volume.footprint.outline == ((48.0, 10.0), (48.0, 10.01), (48.01, 10.01), (48.01, 10.0))
    assert volume.span.start_us == parse_instant("2027-03-14T02:00:00Z")
    assert volume.span.end_us == parse_instant("2027-03-14T03:00:00Z")


def test_a_point_with_a_radius_is_an_exact_circle():
    planned = the_one(a_feature({"type": "Point", "coordinates": [10, 48]}, radius="5 NM"))

    assert planned.volumes[0].footprint == Circle(48.0, 10.0, 9260.0)


@pytest.mark.parametrize("geometry", [{"type": "Polygon", "coordinates": [SQUARE]}])
def test_each_polygon_of_a_multipolygon_and_of_a_collection_is_a_volume(geometry: dict[str, Any]):
    shifted = [[lon + 1, lat] for lon, lat in SQUARE]
    multi = {"type": "MultiPolygon", "coordinates": [[SQUARE], [shifted]]}

    planned = the_one(a_feature({"type": "GeometryCollection", "geometries": [geometry, multi]}))

    assert planned.paths == (
        "geometry.geometries[0].coordinates",
        "geometry.geometries[1].coordinates[0]",
        "geometry.geometries[1].coordinates[1]",
    )


@pytest.mark.parametrize(
    ("limit", "altitude"),
    [
        ("1500 m AMSL", Altitude(1500.0, AltitudeDatum.AMSL)),
        ("5000 ft AGL", Altitude(1524.0, AltitudeDatum.AGL)),
        ("5000ft agl", Altitude(1524.0, AltitudeDatum.AGL)),
        ("FL150", Altitude(4572.0, AltitudeDatum.FL)),
        ("FL 150", Altitude(4572.0, AltitudeDatum.FL)),
        ("120 m WGS84", Altitude(120.0, AltitudeDatum.WGS84)),
        ("UNL", UNLIMITED),
    ],
)
def test_a_limit_is_read_with_its_unit_and_datum(limit: str, altitude: Altitude):
    assert the_one(a_feature(upper=limit)).volumes[0].band.upper == altitude


@pytest.mark.parametrize("lower", ["SFC", "GND", "0 ft AGL"])
def test_the_surface_holds_everything_from_below(lower: str):
    assert the_one(a_feature(lower=lower)).volumes[0].band.lower == SURFACE


def test_a_number_is_metres_above_the_datum_that_is_named():
    band = the_one(a_feature(lower=100, upper_ft=1000, upper=None, datum="AMSL")).volumes[0].band

    assert band.lower == Altitude(100.0, AltitudeDatum.AMSL)
    assert band.upper == Altitude(304.8, AltitudeDatum.AMSL)


def test_a_bare_number_with_datum_fl_is_a_flight_level():
    assert the_one(a_feature(upper=150, upper_datum="FL")).volumes[0].band.upper == Altitude(4572.0, AltitudeDatum.FL)


def test_two_different_upper_limits_are_a_fault_and_never_a_choice():
    reading = read(a_feature(upper="FL 320", ceiling="9000 m AMSL"))

    assert reading.planned == ()
    assert "FL 320" in reading.faults[0].wrong and "9000 m AMSL" in reading.faults[0].wrong


def test_one_limit_said_twice_is_one_limit_and_the_wider_counts():
    assert the_one(a_feature(upper="1500 m AMSL", upper_limit="4922 ft AMSL")).volumes[0].band.upper.value_m == (
        pytest.approx(1500.2256)
    )


def test_one_name_given_twice_with_different_values_is_a_fault():
    text = json.dumps(a_feature()).replace('"upper": "1500 m AMSL"', '"upper": "FL 100", "upper": "FL 200"')

    reading = read_geojson(load_json(text.encode()), file="f")

    assert reading.planned == ()
    assert reading.faults[0].field == "properties.upper"


@pytest.mark.parametrize(
    ("properties", "field"),
    [
        ({"start": None}, "properties.start"),
        ({"end": None}, "properties.end"),
        ({"end": "2027-03-14T03:00:00"}, "properties.end"),
        ({"end": "2027-03-14T02:00:00Z"}, "properties.end"),
        ({"end": 1804989600}, "properties.end"),
        ({"valid_to": "2027-03-14T04:00:00Z"}, "properties.valid_to"),
        ({"upper": None}, "properties.upper"),
        ({"upper": 500}, "properties.upper"),
        ({"upper": "1,500 m AMSL"}, "properties.upper"),
        ({"upper": "SFC"}, "properties.upper"),
        ({"upper": "5000 ft", "upper_datum": "QFE"}, "properties.upper_datum"),
        ({"upper": "5000 ft AMSL", "upper_datum": "AGL"}, "properties.upper"),
        ({"upper": 4572, "upper_datum": "FL"}, "properties.upper"),
        ({"upper": 10**400, "upper_datum": "AMSL"}, "properties.upper"),
        ({"upper": True, "upper_datum": "AMSL"}, "properties.upper"),
        ({"upper": "200 km AMSL"}, "properties.upper"),
        ({"lower": "2000 m AMSL"}, "properties.upper"),
        ({"lower": "UNL"}, "properties.lower"),
        ({"edges": "curved"}, "properties.edges"),
    ],
)
def test_a_feature_with_a_bad_property_is_not_read_and_the_field_is_named(properties: dict[str, object], field: str):
    assert fault_fields(a_feature(**properties))[0] == field


@pytest.mark.parametrize(
    ("geometry", "word"),
    [
        ({"type": "Point", "coordinates": [10, 48]}, "no area"),
        ({"type": "LineString", "coordinates": [[10, 48], [11, 48]]}, "no area"),
        ({"type": "Polygon", "coordinates": [[[48, 100], [48, 101], [49, 101], [48, 100]]]}, "swapped"),
        ({"type": "Polygon", "coordinates": [[[181, 4], [182, 4], [182, 5], [181, 4]]]}, "longitude"),
        ({"type": "Polygon", "coordinates": [[[1, 4], [2, 4], [1, 4]]]}, "corners"),
        ({"type": "Polygon", "coordinates": [[[1, 4], [2, "4"], [2, 5], [1, 4]]]}, "number"),
        ({"type": "Polygon", "coordinates": [[[-90, 4], [90, 4], [2, 5], [-90, 4]]]}, "180"),
        ({"type": "Polygon", "coordinates": []}, "empty"),
        ({"type": "Sphere"}, "RFC 7946"),
        ([], "a list"),
    ],
)
def test_a_shape_that_is_not_understood_is_a_fault_that_says_why(geometry: object, word: str):
    feature = a_feature()
    feature["geometry"] = geometry

    reading = read(feature)

    assert reading.planned == ()
    assert word in reading.faults[0].wrong


def test_a_bad_feature_hides_none_of_the_others():
    reading = read({"type": "FeatureCollection", "features": [a_feature(upper=None), 7, a_feature()]})

    assert [planned.feature for planned in reading.planned] == ["features[2]"]
    assert {fault.feature for fault in reading.faults} == {"features[0]", "features[1]"}


def test_a_hole_is_read_as_filled_and_noted():
    hole = [[10.004, 48.004], [10.006, 48.004], [10.006, 48.006], [10.004, 48.004]]

    planned = the_one(a_feature({"type": "Polygon", "coordinates": [SQUARE, hole]}))

    assert len(planned.volumes) == 1
    assert any("hole" in note for note in planned.notes)


def a_ring(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


@pytest.mark.parametrize(
    "rings",
    [
        [a_ring(10, 48, 10.1, 48.1), a_ring(9, 47, 11, 49)],  # the hole first
        [a_ring(5, 40, 6, 41), a_ring(9, 47, 11, 49)],  # two areas in one polygon
        [a_ring(10.5, 48, 12, 49), a_ring(9, 47, 11, 49)],  # one across the other
    ],
)
def test_a_further_ring_that_is_no_hole_is_an_area_too(rings: list[list[list[float]]]):
    planned = the_one(a_feature({"type": "Polygon", "coordinates": rings}, edges="geodesic"))

    assert planned.paths == ("geometry.coordinates", "geometry.coordinates[1]")
    footprint = planned.volumes[1].footprint
    assert isinstance(footprint, Polygon) and footprint.outline == ((47, 9), (47, 11), (49, 11), (49, 9))
    assert any("not wholly inside the first ring" in note for note in planned.notes)


def test_a_hole_across_180_is_a_hole():
    rings = [a_ring(179, 0, -179, 1), a_ring(179.5, 0.2, -179.5, 0.8)]

    assert len(the_one(a_feature({"type": "Polygon", "coordinates": rings})).volumes) == 1


def test_a_hole_that_cannot_be_read_is_a_fault_for_it_might_be_an_area():
    reading = read(a_feature({"type": "Polygon", "coordinates": [SQUARE, [[10, "x"]]]}))

    assert [fault.field for fault in reading.faults] == ["geometry.coordinates[1][0]"]


@pytest.mark.parametrize("separator", ["", "_", "-", " "])
def test_a_name_is_the_same_however_its_words_are_joined(separator: str):
    name = separator.join(["Valid", "Until"])

    reading = read(a_feature(**{name: "2027-03-14T09:00:00Z"}))

    assert reading.planned == ()
    assert "more than one end" in reading.faults[0].wrong


@pytest.mark.parametrize("name", ["expires", "durationMin", "diameter", "range_m", "timeZone", "maxHeight"])
def test_a_name_that_speaks_of_time_or_space_is_noted(name: str):
    assert f"not read: {name}" in the_one(a_feature(**{name: 5})).notes


@pytest.mark.parametrize("name", ["stroke-width", "marker-color", "fill", "arrange", "legend", "operator"])
def test_a_name_that_speaks_of_neither_is_not(name: str):
    assert the_one(a_feature(**{name: 5})).notes == ()


@pytest.mark.parametrize(
    ("given", "radius_m"),
    [
        ({"radius": 5, "radius_unit": "NM"}, 9260.0),
        ({"radius": "5", "radius_units": "km"}, 5000.0),
        ({"radiusKm": 5}, 5000.0),
        ({"radius": 5, "unit": "ft"}, 5.0),  # a unit of heights; metres are the larger reading
        ({"radius": "5 km", "unit": "NM"}, 5000.0),
    ],
)
def test_a_radius_is_in_the_unit_that_is_said(given: dict[str, object], radius_m: float):
    footprint = the_one(a_feature({"type": "Point", "coordinates": [10, 48]}, **given)).volumes[0].footprint

    assert footprint == Circle(48.0, 10.0, radius_m)


@pytest.mark.parametrize(
    "given",
    [
        {"radius": 5, "unit": "NM"},
        {"radius": 5, "units": "km"},
        {"radius_m": 5, "radius_unit": "km"},
        {"radius": "5 m", "radius_unit": "km"},
        {"radius": 5, "radius_unit": "FL"},
        {"radius": 6, "radiusKm": 6},
        {"radius": 6, "radius_km": "6 miles"},
    ],
)
def test_a_radius_whose_unit_is_in_doubt_is_a_fault(given: dict[str, object]):
    reading = read(a_feature({"type": "Point", "coordinates": [10, 48]}, **given))

    assert reading.planned == ()
    assert len(reading.faults) == 1 and "radius" in reading.faults[0].field


@pytest.mark.parametrize("given", [{"upper": None, "upper_m": 500}, {"upper": "500 m"}])
def test_a_limit_in_two_units_is_a_fault(given: dict[str, object]):
    assert len(fault_fields(a_feature(**given, upper_unit="ft", datum="AMSL"))) == 1


def test_a_common_unit_that_is_not_known_is_told_once():
    assert fault_fields(a_feature(unit="fathoms", upper=5, datum="AMSL")) == ["properties.unit"]


def test_an_end_finer_than_a_microsecond_is_not_cut_short():
    planned = the_one(a_feature(end="2027-03-14T03:00:00.0000009Z", start="2027-03-14T02:00:00.0000009Z"))

    assert planned.volumes[0].span.end_us == parse_instant("2027-03-14T03:00:00.000001Z")
    assert planned.volumes[0].span.start_us == parse_instant("2027-03-14T02:00:00Z")


@pytest.mark.parametrize("place", ["feature", "geometry"])
def test_what_says_where_or_when_beside_the_properties_is_a_fault(place: str):
    feature = a_feature({"type": "Point", "coordinates": [10, 48]}, radius=100)
    (feature if place == "feature" else feature["geometry"])["radius"] = 50_000

    reading = read(feature)

    assert reading.planned == () or place == "geometry"
    assert [fault.wrong for fault in reading.faults] == ["is not read here"]


@pytest.mark.parametrize("place", ["feature", "geometry", "item of a list"])
def test_another_coordinate_system_is_a_fault_wherever_it_is_named(place: str):
    feature = a_feature()
    (feature["geometry"] if place == "geometry" else feature)["crs"] = {
        "type": "name",
        "properties": {"name": "EPSG:3857"},
    }

    assert fault_fields([feature] if place == "item of a list" else feature)[0].endswith("crs")


def test_a_longitude_past_180_is_told_how_to_write_it():
    reading = read(a_feature({"type": "Polygon", "coordinates": [a_ring(179, 0, 181.5, 1)]}))

    assert reading.faults[0].right == "write longitude 181.5 as -178.5"


def test_a_ring_that_reaches_180_crosses_nothing():
    notes = the_one(a_feature({"type": "Polygon", "coordinates": [a_ring(179, 0, 180, 0.001)]})).notes

    assert not any("short way" in note for note in notes)


def test_near_a_pole_an_edge_that_may_mean_either_way_round_is_a_fault():
    assert fault_fields(a_feature({"type": "Polygon", "coordinates": [a_ring(-100, 70, 100, 80)]})) == [
        "geometry.coordinates[0][0]"
    ]


def test_a_ring_of_three_corners_round_a_pole_is_read():
    ring = [[0, 70], [120, 70], [-120, 70], [0, 70]]

    assert len(the_one(a_feature({"type": "Polygon", "coordinates": [ring]})).volumes) == 1


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        ("{}".encode("utf-16"), "UTF-8"),
        ("{}".encode("utf-16-le"), "UTF-16"),
        (b'{"a": "\xe4"}', "UTF-8"),
        (b'{"type": "Feature"}\n{"type": "Feature"}', "one FeatureCollection"),
    ],
)
def test_bytes_in_another_form_are_told_what_to_do(data: bytes, hint: str):
    with pytest.raises(Malformed, match=hint):
        load_json(data)


def test_values_in_faults_are_called_as_json_calls_them():
    said = [read(a_feature(upper=upper)).faults[0].wrong for upper in (True, [1])]

    assert said[0].startswith("true ") and said[1].startswith("a list ")


def test_a_telling_property_that_is_not_read_is_noted():
    assert "not read: buffer_m" in the_one(a_feature(buffer_m=500, colour="blue")).notes


def test_features_of_one_notice_are_its_volumes():
    reading = read(
        {"type": "FeatureCollection", "features": [a_feature(part_of="R-1"), a_feature(), a_feature(part_of="R-1")]}
    )

    assert [(planned.id, len(planned.volumes)) for planned in reading.planned] == [("R-1", 2), ("A-1", 1)]


def test_an_edge_across_180_is_read_the_short_way_and_noted():
    ring = [[179.9, 1], [-179.9, 1], [-179.9, 1.1], [179.9, 1.1], [179.9, 1]]

    planned = the_one(a_feature({"type": "Polygon", "coordinates": [ring]}, edges="geodesic"))

    assert isinstance(planned.volumes[0].footprint, Polygon)
    assert any("short way" in note for note in planned.notes)


@pytest.mark.parametrize("turned", [False, True])
def test_each_edge_takes_the_outer_of_both_readings(turned: bool):
    # In the north a line of equal latitude lies south of the geodesic: outside for the southern edge only.
    corners = [(48.0, 10.0), (48.0, 12.0), (49.0, 12.0), (49.0, 10.0)]

    outer, apart_m = densified(corners[::-1] if turned else corners, Edges.OUTER)

    added = [corner for corner in outer if corner not in corners]
    assert apart_m == pytest.approx(485, abs=10)
    assert added and {lat_deg for lat_deg, _ in added} == {48.0}


def test_straight_edges_stay_within_half_a_metre_of_the_line_of_latitude():
    corners = [(48.0, 10.0), (48.0, 11.0), (47.5, 10.5)]

    straight, _ = densified(corners, Edges.STRAIGHT)

    along = [corner for corner in straight if corner[0] == 48.0]
    # The rise of a geodesic over the parallel, in the middle of a piece of that length.
    longest_m = max(distance_m(one, other) for one, other in pairwise(along))
    assert longest_m**2 * 1.111 / (8 * 6_371_000) < 0.5


def test_geodesic_edges_add_no_corner():
    corners = [(48.0, 10.0), (48.0, 12.0), (49.0, 12.0)]

    assert densified(corners, Edges.GEODESIC)[0] == corners


def test_corners_twice_in_a_row_are_read_once_and_noted():
    ring = [SQUARE[0], SQUARE[0], *SQUARE[1:]]

    planned = the_one(a_feature({"type": "Polygon", "coordinates": [ring]}))

    assert planned.volumes == the_one(a_feature()).volumes
    assert any("twice in a row" in note for note in planned.notes)


@pytest.mark.parametrize(
    ("name", "is_read"),
    [("urn:ogc:def:crs:OGC:1.3:CRS84", True), ("EPSG:4326", True), ("EPSG:3857", False), (7, False)],
)
def test_another_coordinate_system_is_a_fault(name: object, is_read: bool):
    crs = {"type": "name", "properties": {"name": name}}

    reading = read({"type": "FeatureCollection", "crs": crs, "features": [a_feature()]})

    assert bool(reading.planned) is is_read
    assert [fault.field for fault in reading.faults] == ([] if is_read else ["crs"])


def test_a_ring_of_four_corners_round_a_pole_is_read():
    ring = [[0, 80], [90, 80], [180, 80], [-90, 80], [0, 80]]

    assert len(the_one(a_feature({"type": "Polygon", "coordinates": [ring]})).volumes) == 1


def test_json_nested_to_the_bound_is_read_and_one_deeper_is_refused():
    deep = b"[" * NESTING_MAX + b"]" * NESTING_MAX

    assert load_json(deep) is not None
    with pytest.raises(LimitReached, match="NESTING_MAX"):
        load_json(b"[" + deep + b"]")


def test_brackets_in_texts_are_not_nesting():
    assert load_json(json.dumps(["[{" * 100, "\\"]).encode()) == ["[{" * 100, "\\"]


@pytest.mark.timeout(10)
@pytest.mark.parametrize("data", [b'{"a":"' + b'\\"' * 3_000_000, b'"' * 3_000_001, b'["' + b"\\" * 3_000_001])
def test_quotes_that_do_not_end_take_no_longer_than_their_length(data: bytes):
    with pytest.raises(Malformed):
        load_json(data)


def test_a_file_one_byte_too_long_is_refused():
    with pytest.raises(LimitReached, match="FILE_BYTES_MAX"):
        load_json(b" " * (FILE_BYTES_MAX + 1))


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"{", b"[NaN]", b"[" * 100_000, b"[" + b"9" * 5000 + b"]"])
def test_bytes_that_are_not_json_are_refused_by_name(data: bytes):
    with pytest.raises((Malformed, LimitReached)):
        load_json(data)
