"""Our JSON: volumes there and back, and requests that refuse what they do not know."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepclear.core.footprint import Circle, Polygon
from keepclear.core.timespan import TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.errors import Malformed
from keepclear.formats.agreement_toml import read_agreement
from keepclear.formats.api import Volume, requests, volume_from_api, volume_to_api

lat = st.floats(-90, 90)
lon = st.floats(-180, 179.999)
instants = st.integers(0, 4_102_444_800_000_000)
footprints = st.one_of(
    st.builds(Circle, lat, lon, st.floats(0.001, 5e6)),
    st.builds(Polygon, st.lists(st.tuples(lat, lon), min_size=3, max_size=20, unique=True).map(tuple)),
)
bands = st.builds(
    lambda low, rise, datum: AltitudeBand(Altitude(low, datum), Altitude(low + rise, datum)),
    st.floats(-1000, 50_000), st.floats(0, 40_000), st.sampled_from(AltitudeDatum),
)  # fmt: skip
spans = st.builds(lambda start, length: TimeSpan(start, start + length), instants, st.integers(1, 10**13))


@given(st.builds(Volume4D, footprints, bands, spans))
def test_a_volume_comes_back_as_it_went(volume):
    written = msgspec.json.encode(volume_to_api(volume))

    assert volume_from_api(msgspec.json.decode(written, type=Volume)) == volume


def test_both_footprints_or_neither_is_refused_and_the_field_named():
    whole = {
        "lower": {"value_m": 0, "datum": "AMSL"}, "upper": {"value_m": 1, "datum": "AMSL"},
        "start": "2027-01-01T00:00:00Z", "end": "2027-01-01T01:00:00Z",
    }  # fmt: skip
    circle = {"circle": {"lat": 0, "lon": 0, "radius_m": 1}}
    polygon = {"polygon": [[0, 0], [0, 1], [1, 1]]}

    for footprint in ({}, {**circle, **polygon}):
        with pytest.raises(Malformed) as refused:
            volume_from_api(msgspec.convert({**whole, **footprint}, Volume), at="volumes[2]")
        assert refused.value.at == "volumes[2]"


@pytest.mark.parametrize("name", [kind for kind in dir(requests) if kind.endswith("Request") and kind != "Request"])
def test_no_request_takes_a_field_that_it_does_not_know(name):
    kind = getattr(requests, name)

    with pytest.raises(msgspec.ValidationError, match="target"):
        msgspec.json.decode(b'{"target": 1}', type=kind)


def test_terms_there_and_back_are_the_same_agreement():
    from pathlib import Path

    text = (Path(__file__).parents[3] / "examples" / "two_parties" / "agreement.toml").read_text()
    agreement = read_agreement(text)

    assert requests.terms_to_agreement(requests.agreement_to_terms(agreement)) == agreement
