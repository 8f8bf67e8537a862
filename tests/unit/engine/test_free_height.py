"""The nearest free height: exact to the millimetre, held against trying every shift."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from keepclear.core.conflict import Verdict
from keepclear.core.footprint import Circle
from keepclear.core.separation import Separation
from keepclear.core.timespan import TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.engine.judge import judge
from keepclear.engine.resolve import earliest_clear_start, earliest_start_among, nearest_free_height_mm
from keepclear.engine.standing import StandingIndex

WGS84, AMSL, FL = AltitudeDatum.WGS84, AltitudeDatum.AMSL, AltitudeDatum.FL


def at(low_mm: int, high_mm: int, *, lat: float = 48.0, start: int = 0, datum: AltitudeDatum = WGS84) -> Volume4D:
    band = AltitudeBand(Altitude(low_mm / 1000, datum), Altitude(high_mm / 1000, datum))
    return Volume4D(Circle(lat, 12.0, 100), band, TimeSpan(start, start + 100))


def shifted(volume: Volume4D, by_mm: int) -> Volume4D:
    low, high = volume.band.lower, volume.band.upper
    band = AltitudeBand(
        Altitude(low.value_m + by_mm / 1000, low.datum), Altitude(high.value_m + by_mm / 1000, high.datum)
    )
    return Volume4D(volume.footprint, band, volume.span)


def standing(volumes: list[Volume4D]) -> StandingIndex:
    index = StandingIndex()
    for number, volume in enumerate(volumes):
        index.add(str(number), [volume], "birch")
    return index


bands = st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda b: (b[0], b[0] + b[1]))
places = st.sampled_from([(48.0, 0), (48.0, 50), (48.0, 100), (48.01, 0)])


@settings(max_examples=60)
@given(
    own=st.lists(bands, min_size=1, max_size=2),
    others=st.lists(st.tuples(bands, places), max_size=6),
    apart=st.integers(0, 7),
)
def test_the_nearest_free_height_is_what_trying_every_millimetre_finds(
    own: list[tuple[int, int]], others: list[tuple[tuple[int, int], tuple[float, int]]], apart: int
) -> None:
    volumes = [at(*band) for band in own]
    stand = [at(*band, lat=lat, start=start) for band, (lat, start) in others]
    agreed = Separation(0, apart / 1000, 0)

    found = nearest_free_height_mm(volumes, standing(stand), {"birch": agreed})

    lowest = -min(low for low, _ in own)
    tried = [
        shift
        for shift in sorted(range(lowest, 200), key=lambda shift: (abs(shift), -shift))
        if all(judge(shifted(v, shift), o, agreed).verdict is Verdict.CLEAR for v in volumes for o in stand)
    ]
    assert found == tried[0]


def test_a_height_that_cannot_be_compared_is_not_called_free() -> None:
    """Between the sea and a pressure level lies the weather: the shift found is clear whatever it is."""
    level = at(3_000_000, 3_500_000, datum=FL)

    found = nearest_free_height_mm([at(3_000_000, 3_100_000, datum=AMSL)], standing([level]), {"birch": Separation()})

    assert found is not None
    moved = shifted(at(3_000_000, 3_100_000, datum=AMSL), found)
    assert judge(moved, level).verdict is Verdict.CLEAR
    assert abs(found) > 500_000


def test_no_height_is_free_where_all_of_it_is_taken() -> None:
    assert nearest_free_height_mm([at(0, 10)], standing([at(0, 100_000_000)]), {"birch": Separation()}) is None


@settings(max_examples=40)
@given(others=st.lists(st.tuples(st.integers(0, 500), bands, st.sampled_from([48.0, 48.01])), max_size=8))
def test_the_earliest_start_among_all_that_stands_is_the_earliest_among_those_listed(
    others: list[tuple[int, tuple[int, int], float]],
) -> None:
    stand = [at(*band, lat=lat, start=start) for start, band, lat in others]
    agreed = Separation(50, 0.005, 2e-5)

    among = earliest_start_among([at(0, 30)], standing(stand), {"birch": agreed})

    assert among == earliest_clear_start([at(0, 30)], [(other, agreed) for other in stand])
