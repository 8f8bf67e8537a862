"""`keepclear place`: a position in every notation with what is near, and whether a second means says the same place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from keepclear.cli.common import EXIT_WRONG, AsJson, show
from keepclear.core.flag import Flag
from keepclear.core.footprint import Circle, Footprint, LatLon, Polygon
from keepclear.core.gazetteer import Gazetteer, Near
from keepclear.core.gazetteer_data import ATTRIBUTION, bundled
from keepclear.core.secondmeans import Comparison, NamedArea, Reckoned, SecondMeans, Verdict, compare, flags_against
from keepclear.errors import Malformed
from keepclear.formats.coordinates import Reading, all_notations, read_position
from keepclear.formats.coordinates.datum import datum_slips
from keepclear.formats.gazetteer_file import BYTES_MAX, read_gazetteer
from keepclear.formats.reckoning import Area, read_reckoning

Own = Annotated[
    Path | None, typer.Option("--gazetteer", metavar="FILE", help="Your own places, TOML or CSV, beside the bundled.")
]
AreaOption = Annotated[
    str, typer.Option("--area", metavar='"POSITION RADIUS_KM"', help="The agreed area, to flag what lies outside it.")
]


class PlaceGroup(TyperGroup):
    """Takes what is no command of its own for a position, so that `keepclear place "36.5 N 35.7 E"` is enough."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, with `show` put before a position."""
        if args and args[0] not in (*self.commands, "--help"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


def register(group: typer.Typer, example: str) -> None:
    """Add the commands to a group."""
    for name, command, how in (
        ("show", convert, 'place show "36.5 N 35.7 E"'),
        ("check", check, 'place check "36.5 N 35.7 E" --from "Latakia 356/108km" --tolerance-m 3000'),
        ("find", find, 'place find "Deir al-Zor"'),
    ):
        group.command(name, epilog=f"{example}keepclear {how}")(command)


def convert(
    position: Annotated[str, typer.Argument(metavar="POSITION", help="In any notation; quote it.")],
    area: AreaOption = "",
    gazetteer: Own = None,
    near: Annotated[int, typer.Option(min=0, max=50, help="How many places near it to name.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Print a position in every notation, with its datum and precision, what is near, and what to look at again.

    Takes decimal degrees, degrees and minutes, seconds, MGRS, UTM and UPS. Put -- before a position that begins with -.
    """
    reading = read_position(position)
    flags = [*reading.flags, *(flags_against(reading.position, _area(area)) if area else ())]
    places = _gazetteer(gazetteer).nearest(reading.position, count=near) if near else ()
    answer = {
        "lat": round(reading.position[0], 7),
        "lon": round(reading.position[1], 7),
        "datum": reading.datum,
        "read_as": reading.notation,
        "precision_m": reading.precision_m,
        "notations": all_notations(reading.position),
        "near": [_near(each) for each in places],
        "flags": [_flag(flag) for flag in flags],
        "attribution": ATTRIBUTION if near else "",
    }
    show(answer, lambda: _lines(reading, places, flags), as_json=as_json)


def check(
    position: Annotated[str, typer.Argument(metavar="POSITION", help="The middle of a place, or of a circle.")],
    said: Annotated[
        str, typer.Option("--from", metavar="WORDS", help='"Latakia 270/90km", "within ALPHA" or another position.')
    ],
    tolerance_m: Annotated[float, typer.Option(min=1.0, help="How far the two may be apart, metres.")],
    polygon: Annotated[
        str, typer.Option(metavar='"POSITION; POSITION; ..."', help="Further corners: an outline instead of a place.")
    ] = "",
    named_area: Annotated[
        str, typer.Option("--named", metavar='"POSITION RADIUS_KM"', help="What the area after `within` is.")
    ] = "",
    gazetteer: Own = None,
    as_json: AsJson = False,
) -> None:
    """Compare a place with what is said beside it: a bearing and distance, a named area, or the position again.

    Exit code: 0 they agree, 1 they disagree or it cannot be told.
    """
    footprint, middle = _footprint(position, polygon)
    found = _compare(footprint, middle, said, tolerance_m, named_area, gazetteer)
    answer = {
        "verdict": found.verdict,
        "off_m": round(found.off_m, 1),
        "tolerance_m": found.tolerance_m,
        "leaves_open_m": round(found.rounding_m, 1),
        "words": found.words,
        "slips": [_flag(flag) for flag in found.slips],
    }
    show(answer, lambda: _verdict_lines(found), as_json=as_json)
    if found.verdict is not Verdict.AGREE:
        raise typer.Exit(EXIT_WRONG)


def find(
    name: Annotated[str, typer.Argument(metavar="NAME", help="In any spelling or script; a country may follow: , LB")],
    gazetteer: Own = None,
    as_json: AsJson = False,
) -> None:
    """Find places by name: in the bundled gazetteer, and in your own."""
    places = _gazetteer(gazetteer).find(name, limit=20)
    answer = [
        {
            "id": place.id,
            "name": place.name,
            "country": place.country,
            "lat": place.lat_deg,
            "lon": place.lon_deg,
            "population_about": place.population,
            "variants": place.variants,
        }
        for place in places
    ]

    def lines() -> Iterator[str]:
        for place in places:
            variants = f"  ({', '.join(place.variants)})" if place.variants else ""
            yield f"{place.id}  {place.title}  {place.lat_deg:.4f} {place.lon_deg:.4f}{variants}"
        yield ATTRIBUTION if places else f"no place is called {name!r}"

    show(answer, lines, as_json=as_json)
    if not places:
        raise typer.Exit(EXIT_WRONG)


def _compare(
    footprint: Footprint, middle: LatLon, said: str, tolerance_m: float, named_area: str, own: Path | None
) -> Comparison:
    again = _position_again(said)
    if again is not None:
        return _same_place_twice(middle, again, tolerance_m)
    return compare([footprint], _second_means(said, named_area, own), tolerance_m=tolerance_m)


def _position_again(said: str) -> LatLon | None:
    try:
        return read_position(said).position
    except Malformed:
        return None


def _same_place_twice(one: LatLon, other: LatLon, tolerance_m: float) -> Comparison:
    """Two positions as two means, with the slips and the datums that would explain what is between them."""
    found = compare(
        [Circle(*one, 1.0)], Reckoned("the other", other, 0.0, 0.0, range_step_m=0.1), tolerance_m=tolerance_m
    )
    apart = f"{found.off_m / 1000:.1f} km" if found.off_m >= 1000 else f"{found.off_m:.0f} m"
    data = tuple(
        Flag("DATUM_SLIP", f"they lie apart as a position of {name} does that is taken for WGS84 there", "geometry")
        for name in datum_slips(one, other)
    )
    return replace(found, words=f"the two positions are {apart} apart", slips=(*found.slips, *data))


def _second_means(said: str, named_area: str, own: Path | None) -> SecondMeans:
    words = read_reckoning(said, at="from")
    if isinstance(words, Area):
        if not named_area:
            raise Malformed(f'say what {words.name} is: --named "36.5 N 35.7 E 20" for a circle of 20 km', at="named")
        return NamedArea(words.name, _area(named_area), words.is_whole)
    place = _gazetteer(own).resolve(words.name)
    return Reckoned(
        place.name,
        place.position,
        words.bearing_deg,
        words.range_m,
        place.id,
        bearing_step_deg=words.bearing_step_deg,
        range_step_m=words.range_step_m,
    )


def _footprint(position: str, polygon: str) -> tuple[Footprint, LatLon]:
    first = read_position(position).position
    if not polygon:
        return Circle(*first, 1.0), first
    corners = [read_position(text, at="polygon").position for text in polygon.split(";") if text.strip()]
    return Polygon((first, *corners)), first


def _area(text: str) -> Circle:
    position, _, radius = text.strip().rpartition(" ")
    try:
        radius_m = float(radius.removesuffix("km")) * 1000
    except ValueError:
        raise Malformed(f"{text!r} is not a position and a radius in km: 36.5 N 35.7 E 300", at="area") from None
    return Circle(*read_position(position, at="area").position, radius_m)


def _gazetteer(own: Path | None) -> Gazetteer:
    if own is None:
        return bundled()
    with own.open("rb") as file:
        # One byte past the bound is enough to see that it is too long.
        data = file.read(BYTES_MAX + 1)
    return bundled().joined(read_gazetteer(data, file=own.name))


def _near(near: Near) -> dict[str, Any]:
    return {
        "id": near.place.id,
        "name": near.place.name,
        "country": near.place.country,
        "bearing_deg": round(near.bearing_deg, 1),
        "range_m": round(near.range_m),
    }


def _flag(flag: Flag) -> dict[str, str]:
    return {"code": flag.code, "words": flag.words, "at": flag.at}


def _lines(reading: Reading, places: Iterable[Near], flags: Iterable[Flag]) -> Iterator[str]:
    yield f"read as {reading.notation}, datum {reading.datum}, right to {_fine(reading.precision_m)}"
    for notation, text in all_notations(reading.position).items():
        yield f"  {notation:<26} {text}"
    listed = list(places)
    if listed:
        yield "near it, as bearing and distance from there"
        for near in listed:
            yield f"  {near.place.title:<30} {near.bearing_deg:03.0f}/{near.range_m / 1000:.1f}km  {near.place.id}"
        yield f"  {ATTRIBUTION}"
    for flag in flags:
        yield f"look again: {flag.code}: {flag.words}"


def _fine(precision_m: float) -> str:
    if precision_m >= 1000:
        return f"{precision_m / 1000:.0f} km"
    return f"{precision_m:.0f} m" if precision_m >= 1 else f"{precision_m:.2g} m"


def _verdict_lines(found: Comparison) -> Iterator[str]:
    yield f"{found.verdict}: {found.words}"
    for flag in found.slips:
        yield f"  {flag.code}: {flag.words}"
