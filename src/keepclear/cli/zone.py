"""`keepclear zone`: announce, change, give back and lift zones, and see which notices meet them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keepclear.cli.common import HERE, AsJson, By, Home, client_of, present, say, show, table
from keepclear.errors import NotFound

if TYPE_CHECKING:
    from keepclear.client import Client
    from keepclear.formats.api import answers

ZoneFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="One zone as TOML, as it stands under [[zone]] in a profile.")
]
ZoneId = Annotated[str, typer.Argument(metavar="ID", help="Of a zone of our own: FIELD.")]
Reason = Annotated[str, typer.Option("--reason", help="Free words for the others; not for targets.")]


def list_zones(
    home: Home = HERE,
    as_json: AsJson = False,
    as_geojson: Annotated[bool, typer.Option("--geojson", help="Print GeoJSON, to be drawn.")] = False,
) -> None:
    """Zones, announced and agreed."""
    with client_of(home) as client:
        if as_geojson:
            say(json.dumps(client.zones_geojson(), indent=2))
            return
        zones = client.zones()

    def lines() -> Iterator[str]:
        heads = ("ZONE", "KIND", "STATE", "NOW", "ASKS", "MET BY")
        rows = [
            (
                zone.key,
                zone.kind,
                zone.state,
                "in force" if zone.is_in_force else "-",
                zone.rule,
                str(len(zone.met_by)),
            )
            for zone in zones
        ]
        yield from table([heads, *rows]) or ["no zone: keepclear zone announce FILE"]

    show(zones, lines, as_json=as_json)


def show_zone(
    key: Annotated[str, typer.Argument(metavar="ZONE", help="Its key, or its id where that is enough.")],
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """One zone: what it asks, what is reserved and used, and the notices that meet it."""
    with client_of(home) as client:
        zone = _fitting(client, key)
    show(zone, lambda: _lines(zone), as_json=as_json)


def announce(
    file: ZoneFile,
    by: By,
    to: Annotated[list[str] | None, typer.Option("--to", metavar="PARTY", help="Else everyone agreed with.")] = None,
    reason: Reason = "",
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Announce a zone of our own. It asks, and grants nothing."""
    from keepclear.formats.api.requests import AnnounceZoneRequest

    request = AnnounceZoneRequest(toml=_text(file), by=by, to=tuple(to or ()), reason=reason)
    with client_of(home) as client:
        zone = present(client.announce_zone(request).zone)
    show(zone, lambda: _lines(zone), as_json=as_json)


def change(file: ZoneFile, by: By, reason: Reason = "", home: Home = HERE, as_json: AsJson = False) -> None:
    """State a zone of our own anew, under the same id."""
    from keepclear.formats.agreement_toml import read_zone_text
    from keepclear.formats.api.requests import ChangeZoneRequest

    text = _text(file)
    with client_of(home) as client:
        held = _own(client, read_zone_text(text).id)
        request = ChangeZoneRequest(toml=text, version=held.version, by=by, reason=reason)
        zone = present(client.change_zone(held.id, request).zone)
    show(zone, lambda: _lines(zone), as_json=as_json)


def lift(id_: ZoneId, by: By, reason: Reason = "", home: Home = HERE, as_json: AsJson = False) -> None:
    """A zone of our own is no more."""
    from keepclear.formats.api.requests import LiftZoneRequest

    with client_of(home) as client:
        held = _own(client, id_)
        zone = present(client.lift_zone(id_, LiftZoneRequest(version=held.version, by=by, reason=reason)).zone)
    show(zone, lambda: _lines(zone), as_json=as_json)


def give_back(
    id_: ZoneId,
    by: By,
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="From when; else now.")] = "",
    used: Annotated[
        list[str] | None, typer.Option("--used", metavar="START/END", help="When it was used; may come again.")
    ] = None,
    reason: Reason = "",
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """What is left of a zone is not needed: others may plan there. And when it was used."""
    from keepclear.formats.api.requests import GiveBackZoneRequest

    stretches = tuple((start, end) for start, _, end in (each.partition("/") for each in used or ()))
    with client_of(home) as client:
        held = _own(client, id_)
        request = GiveBackZoneRequest(version=held.version, by=by, at=at, used=stretches, reason=reason)
        zone = present(client.give_back_zone(id_, request).zone)
    show(zone, lambda: _lines(zone), as_json=as_json)


def _lines(zone: answers.Zone) -> Iterator[str]:
    now = "in force now" if zone.is_in_force else "not in force now"
    version = f" v{zone.version}" if zone.version else ""
    yield f"{zone.key}{version}  {zone.state}; {now}"
    if zone.reserved_s:
        yield f"  reserved {zone.reserved_s} s, kept {zone.kept_s} s, used {zone.used_s} s"
    if zone.given_back_at:
        yield f"  given back from {zone.given_back_at}"
    yield from (f"  {line}" for line in zone.toml.splitlines())
    for each in zone.met_by:
        late = ", called too late" if each.is_late else ""
        yield f"  {each.notice}: {each.rule} from {each.start} ({each.verdict}){late}"


def _fitting(client: Client, key: str) -> answers.Zone:
    fitting = [zone for zone in client.zones() if key in (zone.key, zone.id)]
    if len(fitting) != 1:
        raise NotFound(f"{len(fitting)} zones are called {key[:64]!r}: `keepclear zone list` lists them")
    return fitting[0]


def _own(client: Client, id_: str) -> answers.Zone:
    own = client.identity().identity["party"]
    found = [zone for zone in client.zones() if zone.id == id_ and zone.party == own]
    if not found:
        raise NotFound(f"we announced no zone {id_[:64]!r}")
    return found[0]


def _text(file: Path) -> str:
    with file.open("rb") as opened:
        return opened.read(60_001).decode(errors="replace")
