"""Readers of foreign bytes give notices and faults, whatever they are fed, and never anything else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from keepclear.cli.check import check_notices, read_notices
from keepclear.cli.check_report import report_json, report_lines
from keepclear.core.separation import Separation
from keepclear.formats.planned import Reading

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "check").glob("*json"))
VALUES = [json.loads(path.read_text()) for path in EXAMPLES]

_names = st.sampled_from(
    [
        "type",
        "features",
        "properties",
        "geometry",
        "coordinates",
        "geometries",
        "id",
        "start",
        "end",
        "lower",
        "upper",
        "datum",
        "upper_ft",
        "radius",
        "edges",
        "part_of",
        "FeatureCollection",
        "Feature",
        "Polygon",
        "MultiPolygon",
        "Point",
        "GeometryCollection",
        "operational_intent",
        "constraint",
        "reference",
        "details",
        "volumes",
        "volume",
        "outline_polygon",
        "outline_circle",
        "vertices",
        "center",
        "lat",
        "lng",
        "value",
        "units",
        "time_start",
        "W84",
        "M",
        "FL150",
        "2027-03-14T02:00:00Z",
    ]
)
_leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | _names | st.just(10**400)
_json = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_names | st.text(max_size=3), inner, max_size=6),
    max_leaves=30,
)


def check(reading: Reading) -> None:
    """Something is always said, it can be printed, and what was read can be compared."""
    assert reading.planned or reading.faults
    for planned in reading.planned:
        assert planned.volumes and len(planned.volumes) == len(planned.paths)
    for text in [fault.line() for fault in reading.faults] + [planned.id for planned in reading.planned]:
        assert text.encode() and text.isprintable()
    report = check_notices(reading.planned[:8], reading.planned[8:16], reading.faults, Separation(100.0, 10.0, 60.0))
    assert report_lines(report) and json.dumps(report_json(report), allow_nan=False)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_named_as_faults(data: bytes):
    check(read_notices(data, file="f"))


@given(_json)
def test_any_json_is_read_or_named_as_faults(value: object):
    check(read_notices(json.dumps(value).encode(), file="f"))


@given(st.sampled_from(VALUES), st.data())
def test_a_good_file_with_any_value_changed_is_read_or_named_as_faults(value: Any, data: st.DataObject):
    changed = json.loads(json.dumps(value))
    parent, key = data.draw(st.sampled_from(_places(changed)))
    parent[key] = data.draw(_json)

    check(read_notices(json.dumps(changed).encode(), file="f"))


@given(st.sampled_from(EXAMPLES), st.data())
def test_a_good_file_cut_or_with_any_byte_changed_is_read_or_named_as_faults(path: Path, data: st.DataObject):
    text = bytearray(path.read_bytes())
    text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))

    check(read_notices(bytes(text), file="f"))
    check(read_notices(bytes(text[: data.draw(st.integers(0, len(text)))]), file="f"))


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON value that can be written to."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [(value, key) for key in keys] + [place for key in keys for place in _places(value[key])]
