"""`keepclear clear`: how soon something can be outside a volume, at worst. Offline, and no node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from keepclear.cli.common import AsJson, show
from keepclear.cli.notice import read_height, read_places
from keepclear.core.timespan import spoken_duration
from keepclear.errors import Malformed

if TYPE_CHECKING:
    from keepclear.core.clearing import Clearing
    from keepclear.core.footprint import Footprint
    from keepclear.core.volume import Altitude


def clear(
    at: Annotated[str, typer.Option("--at", metavar="LAT,LON", help="Where it is now.")],
    speed_mps: Annotated[float, typer.Option(help="Its slowest speed through the air or water, m/s.")],
    reaction_s: Annotated[float, typer.Option(help="From the alert to its turning, seconds.")],
    circle: Annotated[str, typer.Option(metavar="LAT,LON,RADIUS_M", help="The hazard, as a circle.")] = "",
    polygon: Annotated[str, typer.Option(metavar='"LAT,LON LAT,LON ..."', help="The hazard, as corners.")] = "",
    lower: Annotated[str, typer.Option(help="The hazard's lower limit, with unit and datum.")] = "",
    upper: Annotated[str, typer.Option(help="The hazard's upper limit, with unit and datum.")] = "",
    height: Annotated[str, typer.Option(help="How high it is now, with unit and datum.")] = "",
    floor: Annotated[str, typer.Option(help="The lowest it may go; without one it is not sent down.")] = "",
    margin_m: Annotated[float, typer.Option(help="What must be kept sideways, metres.")] = 0.0,
    vertical_m: Annotated[float, typer.Option(help="What must be kept above and below, metres.")] = 0.0,
    stream_mps: Annotated[float, typer.Option(help="The strongest wind or current, m/s.")] = 0.0,
    turn_radius_m: Annotated[float, typer.Option(help="Of its tightest turn in still air, metres.")] = 0.0,
    climb_mps: Annotated[float, typer.Option(help="What it surely climbs, m/s.")] = 0.0,
    descent_mps: Annotated[float, typer.Option(help="What it surely descends, m/s.")] = 0.0,
    length_m: Annotated[float, typer.Option(help="From head to tail of a convoy, metres.")] = 0.0,
    detour: Annotated[float, typer.Option(help="How many times longer its way is than the straight one.")] = 1.0,
    error_m: Annotated[float, typer.Option(help="How far off its position may be, metres.")] = 0.0,
    lead_s: Annotated[float | None, typer.Option(help="Seconds until the hazard starts; asks what is spare.")] = None,
    message_s: Annotated[int, typer.Option(help="Seconds that the message itself needs.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Say how soon an aircraft, ship or convoy can be outside a volume, at worst; exit code 1 when that is too late."""
    from keepclear.core.clearing import Clearing as Found
    from keepclear.core.clearing import Mover, lateral_time_s, spare_s, vertical_times_s
    from keepclear.core.volume import AltitudeBand
    from keepclear.core.wayout import way_out_m

    mover = Mover(
        speed_mps=speed_mps, reaction_s=reaction_s, stream_mps=stream_mps, turn_radius_m=turn_radius_m,
        climb_mps=climb_mps, descent_mps=descent_mps, vertical_now_mps=max(climb_mps, descent_mps),
        length_m=length_m, detour=detour, position_error_m=error_m,
    )  # fmt: skip
    lat, lon = read_places(at, count=2, at="at")
    way_m = way_out_m(_footprint(circle, polygon), (lat, lon), margin_m=margin_m, position_error_m=error_m)
    up_s = down_s = None
    if height:
        if not (lower and upper):
            raise Malformed("a height is compared with --lower and --upper", at="height")
        band = AltitudeBand(_altitude(lower, "lower"), _altitude(upper, "upper"))
        floor_at = _altitude(floor, "floor") if floor else None
        if floor_at is not None and floor_at.datum != band.lower.datum:
            raise Malformed(f"the floor is measured as the lower limit is, {band.lower.datum}", at="floor")
        up_s, down_s = vertical_times_s(
            mover, band, _altitude(height, "height"), margin_m=vertical_m,
            floor_m=None if floor_at is None else floor_at.value_m,
        )  # fmt: skip
    found = Found(lateral_time_s(mover, way_m), up_s, down_s)
    left = None if lead_s is None else spare_s(lead_s=lead_s, message_s=message_s, need_s=found.soonest_s)
    said = {
        "way_out_m": round(way_m, 1), "lateral_s": found.lateral_s, "up_s": up_s, "down_s": down_s,
        "soonest_s": found.soonest_s, "spare_s": left,
    }  # fmt: skip
    show(said, lambda: _lines(found, way_m, left), as_json=as_json)
    if left is not None and left < 0:
        raise typer.Exit(1)


def _footprint(circle: str, polygon: str) -> Footprint:
    from keepclear.core.footprint import Circle, Polygon
    from keepclear.engine.validity import check_footprint

    if bool(circle) == bool(polygon):
        raise Malformed("give either --circle or --polygon", at="volume")
    if circle:
        lat, lon, radius_m = read_places(circle, count=3, at="circle")
        return Circle(lat, lon, radius_m)
    corners = [read_places(corner, count=2, at="polygon") for corner in polygon.split()]
    outline = Polygon(tuple((lat, lon) for lat, lon in corners))
    check_footprint(outline)
    return outline


def _altitude(text: str, at: str) -> Altitude:
    from keepclear.core.volume import Altitude, AltitudeDatum

    read: Any = read_height(text, at=at)
    return Altitude(float(read["value_m"]), AltitudeDatum(read["datum"]))


def _lines(found: Clearing, way_m: float, left: int | None) -> Iterator[str]:
    yield f"way out    {way_m:.0f} m at most"
    for name, seconds in (("sideways", found.lateral_s), ("up", found.up_s), ("down", found.down_s)):
        yield f"{name:9}  {'not that way' if seconds is None else spoken_duration(seconds) + ' at worst'}"
    yield f"soonest    {spoken_duration(found.soonest_s)}"
    if left is not None:
        yield f"spare      {spoken_duration(left)}" if left >= 0 else f"too late   by {spoken_duration(-left)}"
