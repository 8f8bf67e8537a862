"""Hypothesis: any volume, any notice, any disclosure, any lawful history of two desks."""

from __future__ import annotations

from hypothesis import strategies as st

from given import START_US, a_notice
from keepclear.core.agreement import Disclosure, DisclosureLevel
from keepclear.core.footprint import Circle, Footprint, Polygon
from keepclear.core.notice import NoticeState
from keepclear.core.timespan import MINUTE_US, TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.node.commands import FileNotice


@st.composite
def footprints(draw: st.DrawFn) -> Footprint:
    """A circle or a four-sided place near 10 N 20 E, where the example agreement lies."""
    lat_deg, lon_deg = draw(st.floats(9.5, 10.5)), draw(st.floats(19.5, 20.5))
    if draw(st.booleans()):
        return Circle(lat_deg, lon_deg, draw(st.floats(10, 20_000)))
    wide = draw(st.floats(0.01, 0.3))
    return Polygon(
        ((lat_deg, lon_deg), (lat_deg + wide, lon_deg), (lat_deg + wide, lon_deg + wide), (lat_deg, lon_deg + wide))
    )


@st.composite
def spans(draw: st.DrawFn) -> TimeSpan:
    """A minute to two hours, begun up to an hour ago or up to a day ahead."""
    start_us = START_US + draw(st.integers(-60, 24 * 60)) * MINUTE_US
    return TimeSpan(start_us, max(start_us, START_US) + draw(st.integers(1, 120)) * MINUTE_US)


@st.composite
def volumes(draw: st.DrawFn) -> Volume4D:
    """A place, heights above one datum, and a span."""
    datum = draw(st.sampled_from(AltitudeDatum))
    floor_m = draw(st.floats(0, 9_000))
    band = AltitudeBand(Altitude(floor_m, datum), Altitude(floor_m + draw(st.floats(1, 3_000)), datum))
    return Volume4D(draw(footprints()), band, draw(spans()))


def texts(prefix: str) -> st.SearchStrategy[str]:
    """A text that is found again wherever it goes."""
    return st.integers(10**9, 10**10).map(lambda number: f"{prefix}-{number}")


@st.composite
def notices(draw: st.DrawFn) -> FileNotice:
    """A lawful notice of one or two volumes, every text of it its own."""
    return a_notice(
        *draw(st.lists(volumes(), min_size=1, max_size=2)),
        by=draw(texts("drafter")),
        remarks=draw(texts("remarks")),
        contact=draw(texts("contact")),
        activity=draw(texts("activity")),
        state=draw(st.sampled_from((NoticeState.ACCEPTED, NoticeState.ACTIVATED))),
        slowest_mps=draw(st.sampled_from((0, 15, 60))),
        reaction_s=draw(st.sampled_from((0, 30))),
        confirmed=True,
    )


def disclosures() -> st.SearchStrategy[Disclosure]:
    """Every level, with and without the kind of activity."""
    return st.builds(Disclosure, st.sampled_from(DisclosureLevel), st.booleans())
