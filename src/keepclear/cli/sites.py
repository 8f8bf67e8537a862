"""`keepclear sites`: lists of protected sites looked through before they are sent. Offline; nothing is kept or sent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from keepclear.cli.common import EXIT_WRONG, AsJson, show
from keepclear.core.flag import Flag
from keepclear.core.footprint import Circle
from keepclear.core.sites import Change, Hygiene, Site, SiteList, findings
from keepclear.errors import Malformed
from keepclear.formats.coordinates import read_position
from keepclear.formats.land import read_land
from keepclear.formats.site_list import BYTES_MAX, read_sites


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The list, TOML: additions, or removals.")],
    duplicate_m: Annotated[float, typer.Option(help="Two sites nearer than this are likely one, metres.")],
    due_days: Annotated[int, typer.Option(min=0, max=3650, help="A date nearer than this is said to be due, days.")],
    held: Annotated[
        Path | None, typer.Option("--held", metavar="FILE", help="The list that stands: additions so far.")
    ] = None,
    area: Annotated[str, typer.Option(metavar='"POSITION RADIUS_KM"', help="The agreed area.")] = "",
    as_json: AsJson = False,
) -> None:
    """Look through a list of protected sites: duplicates, precision, sea, area, verifiers, dates, consent.

    The file is read and nothing of it is kept, sent or logged. Exit code: 0 nothing to look at, 1 findings.
    """
    change = _read(file)
    standing = _read(held) if held is not None else None
    if standing is not None and standing.change is not Change.ADD:
        raise Malformed("the list that stands holds additions", at=str(held))
    rules = Hygiene(duplicate_m, due_days * 86_400, _area(area) if area else None, read_land(_coast()))
    known: dict[str, Site] = {site.id: site for site in standing.sites} if standing is not None else {}
    now_us = time.time_ns() // 1000  # noqa: TID251 -- dates are due by this machine's clock
    found = findings(change, known, rules=rules, now_us=now_us)
    answer = [{"code": flag.code, "site": flag.at, "words": flag.words} for flag in found]
    show(answer, lambda: _lines(change, found), as_json=as_json)
    if found:
        raise typer.Exit(EXIT_WRONG)


def _lines(change: SiteList, found: tuple[Flag, ...]) -> Iterator[str]:
    for flag in found:
        yield f"{flag.at}: {flag.code}: {flag.words}"
    told = "nothing to look at again" if not found else f"{len(found)} to look at again"
    yield f"{len(change.sites)} sites to {change.change.lower()}: {told}"


def _read(file: Path) -> SiteList:
    with file.open("rb") as opened:
        return read_sites(opened.read(BYTES_MAX + 1), file=file.name)


def _coast() -> bytes:
    # The same outlines that the console draws.
    return resources.files("keepclear.faces.console").joinpath("static", "vendor", "land-50m.json").read_bytes()


def _area(text: str) -> Circle:
    position, _, radius = text.strip().rpartition(" ")
    try:
        radius_m = float(radius.removesuffix("km")) * 1000
    except ValueError:
        raise Malformed(f"{text!r} is not a position and a radius in km: 36.5 N 35.7 E 300", at="area") from None
    return Circle(*read_position(position, at="area").position, radius_m)
