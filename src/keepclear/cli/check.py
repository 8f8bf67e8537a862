"""`keepclear check`: what a planner asks before filing, offline and without a node.

Reads notices from files, compares each with every other and with those it is to be checked against, and prints every
conflict. Whatever the bytes are, the answer is notices, faults and an exit code, and never a traceback.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from typer.core import TyperCommand

from keepclear.cli.check_map import map_page
from keepclear.cli.check_report import (
    EXIT_CONFLICTS,
    EXIT_UNUSABLE,
    Conflict,
    Meeting,
    Report,
    report_json,
    report_lines,
)
from keepclear.core.footprint import Circle, Footprint
from keepclear.core.separation import Separation
from keepclear.core.volume import AltitudeDatum, Volume4D
from keepclear.engine import warm
from keepclear.engine.detect import Found, find_conflicts
from keepclear.engine.judge import judge
from keepclear.engine.resolve import earliest_start_among, nearest_free_height_mm
from keepclear.engine.standing import PACK_FROM, StandingIndex
from keepclear.engine.validity import check_volume
from keepclear.errors import LimitReached, Malformed
from keepclear.formats.f3548 import looks_like_f3548, read_f3548
from keepclear.formats.geojson import looks_like_geojson, read_geojson
from keepclear.formats.planned import FILE_BYTES_MAX, Fault, Planned, Reading, clean, load_json
from keepclear.links.kernels import use_kept_kernels

_CORNER = re.compile(r"outline\[(\d+)\]")
_EDGES = re.compile(r"edges (\d+) and (\d+)")
#: Pairs of volumes in conflict that one run tells of; beyond it the plan is hopeless and the list unreadable.
CONFLICTS_MAX = 20_000
#: Notices in conflict whose earliest clear start is sought: each search looks at all notices of 30 days.
EARLIEST_MAX = 1_000
#: Whose a notice is, to the index: those of FILE are compared among themselves, those of --against are not.
OWN, AGAINST = "own", "against"
#: From so many notices on, progress is shown.
SHOW_PROGRESS_FROM = 2_000


class CheckCommand(TyperCommand):
    """Lets `--against` take every name up to the next option, as in `--against one.json two.json`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments with `--against` before each of its names."""
        return super().parse_args(ctx, list(_spread(args)))


def _spread(args: Iterable[str]) -> Iterator[str]:
    pending = is_against = False
    for arg in args:
        if arg == "--against":
            pending, is_against = True, True
            continue
        if arg.startswith("-") and arg != "-":
            if pending:  # no name followed: let the parser say so
                yield "--against"
            pending = is_against = False
        elif is_against:
            pending = False
            yield "--against"
        yield arg
    if pending:
        yield "--against"


def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="GeoJSON or ASTM F3548 JSON; - reads stdin.")],
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against", metavar="FILE...", help="Checked against, and not among themselves. Give FILE first."
        ),
    ] = None,
    horizontal_m: Annotated[float, typer.Option(help="Least distance on the ground, metres.")] = 0.0,
    vertical_m: Annotated[float, typer.Option(help="Least distance in height, metres.")] = 0.0,
    time_s: Annotated[float, typer.Option(help="Least time between, seconds.")] = 0.0,
    datum: Annotated[
        AltitudeDatum | None, typer.Option(help="What GeoJSON limits are measured from that do not say.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    map_file: Annotated[
        Path | None, typer.Option("--map", metavar="OUT.html", help="Write one self-contained page.")
    ] = None,
) -> None:
    """Find every conflict among planned notices, offline.

    Exit code: 0 everything was read and is clear, 1 conflicts (doubt is one), 2 nothing usable,
    3 clear, but something could not be read.
    """
    try:
        separation = Separation(horizontal_m, vertical_m, time_s)
    except Malformed as problem:
        raise typer.BadParameter(str(problem)) from None
    if map_file is not None:
        _check_map_name(map_file, [*files, *(against or [])])
    own, other, faults = _read_all(files, against or [], datum)
    report = check_notices(own, other, faults, separation)
    is_whole = _print(json.dumps(report_json(report), indent=2) if as_json else "\n".join(report_lines(report)))
    if map_file is not None:
        is_whole = _write_map(report, map_file) and is_whole
    # What was found stands, also when nobody could be told of it in full; an all clear does not.
    raise typer.Exit(report.exit_code if is_whole or report.exit_code == EXIT_CONFLICTS else EXIT_UNUSABLE)


def register(app: typer.Typer) -> None:
    """Put the command into the program."""
    app.command("check", cls=CheckCommand)(check)


def _print(text: str) -> bool:
    """To stdout, whatever its encoding can hold; whether all of it was taken."""
    if sys.stdout is None:  # closed by whoever started us
        typer.echo("the report was not written: there is no standard output", err=True)
        return False
    encoding = sys.stdout.encoding or "utf-8"
    try:
        typer.echo(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except OSError as problem:
        # What is left in the buffer would fail again, and with another exit code, when the program ends.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        typer.echo(f"the report was not written in full: {problem.strerror}", err=True)
        return False
    return True


def _check_map_name(map_file: Path, names: Sequence[str]) -> None:
    """Refuses a map that would overwrite a plan, or whose name is surely another option."""
    if str(map_file).startswith("-"):
        raise typer.BadParameter(f"--map needs the name of a page to write, not {clean(str(map_file))}")
    if any(name != "-" and os.path.realpath(name) == os.path.realpath(map_file) for name in names):
        raise typer.BadParameter(f"--map would overwrite {clean(str(map_file))}, which is to be read")


def _write_map(report: Report, map_file: Path) -> bool:
    """Writes the page; whether it could be."""
    if not report.notices:
        typer.echo("the map was not written: no notice could be read", err=True)
        return False
    try:
        map_file.write_text(map_page(report), encoding="utf-8")
    except (OSError, ValueError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else "no such name can exist"
        typer.echo(f"the map was not written: {why}", err=True)
        return False
    return True


def _read_all(
    files: Sequence[str], against: Sequence[str], datum: AltitudeDatum | None
) -> tuple[list[Planned], list[Planned], list[Fault]]:
    """Notices of FILE and of --against, and all faults. A file named twice is read once."""
    seen: set[str] = set()
    faults: list[Fault] = []
    groups: list[list[Planned]] = []
    for names in (files, against):
        planned: list[Planned] = []
        for name in names:
            key = name if name == "-" else os.path.realpath(name)
            if key in seen:
                typer.echo(f"{clean(name)} is named twice and read once", err=True)
                continue
            seen.add(key)
            reading = _read_file(name, datum)
            planned += reading.planned
            faults += reading.faults
        groups.append(planned)
    return groups[0], groups[1], faults


def _read_file(name: str, datum: AltitudeDatum | None) -> Reading:
    shown = "stdin" if name == "-" else clean(name, most=300) or "(empty name)"
    try:
        # One byte more than allowed shows that a file is too long without reading all of it.
        if name == "-":
            data = sys.stdin.buffer.read(FILE_BYTES_MAX + 1) if sys.stdin is not None else b""
        else:
            with Path(name).open("rb") as file:
                data = file.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else "no such name can exist"
        return Reading((), (Fault(shown, "", "", f"cannot be opened: {why}", "name a file that can be read"),))
    return read_notices(data, file=shown, datum=datum)


def read_notices(data: bytes, *, file: str, datum: AltitudeDatum | None = None) -> Reading:
    """Notices of a file's bytes in any format we read, with only volumes that the engine can judge."""
    try:
        value = load_json(data)
    except (Malformed, LimitReached) as problem:
        return Reading((), (Fault(file, "", "", problem.message, "give GeoJSON or ASTM F3548 JSON"),))
    if looks_like_geojson(value):
        reading = read_geojson(value, file=file, default_datum=datum)
    elif looks_like_f3548(value):
        reading = read_f3548(value, file=file)
    else:
        wrong = "neither GeoJSON nor ASTM F3548 JSON"
        return Reading((), (Fault(file, "", "", wrong, 'give a FeatureCollection or {"operational_intent": ...}'),))
    return _judged_valid(reading)


def _judged_valid(reading: Reading) -> Reading:
    """The reading without volumes whose geometry is no place; each of those is a fault."""
    kept: list[Planned] = []
    faults = list(reading.faults)
    for planned in reading.planned:
        good: list[tuple[Volume4D, str]] = []
        for volume, path in zip(planned.volumes, planned.paths, strict=True):
            try:
                check_volume(volume)
                good.append((volume, path))
            except (Malformed, LimitReached) as problem:
                right = "give an outline that neither crosses nor touches itself, and lower below upper"
                wrong = clean(_told_by_place(volume.footprint, problem), most=400)
                faults.append(Fault(planned.file, planned.feature, path, wrong, right))
        if good:
            volumes, paths = tuple(volume for volume, _ in good), tuple(path for _, path in good)
            kept.append(replace(planned, volumes=volumes, paths=paths))
    return Reading(tuple(kept), tuple(faults))


def _told_by_place(footprint: Footprint, problem: Malformed | LimitReached) -> str:
    """What is wrong with an outline, with the places of its corners: their numbers count corners that were added."""
    if isinstance(footprint, Circle):
        return problem.message
    corners = footprint.outline

    def place(number: str) -> str:
        lat_deg, lon_deg = corners[int(number) % len(corners)]
        return f"latitude {lat_deg:.10g} longitude {lon_deg:.10g}"

    at = _CORNER.fullmatch(problem.at or "")
    told = _EDGES.sub(lambda found: f"on the edges from {place(found[1])} and from {place(found[2])}", problem.message)
    return f"{told}, at {place(at[1])}" if at is not None else told


def check_notices(
    own: Sequence[Planned], against: Sequence[Planned], faults: Sequence[Fault], separation: Separation
) -> Report:
    """Compares each of `own` with the others of `own` and with all of `against`."""
    notices = (*own, *against)
    index = StandingIndex()
    for number, planned in enumerate(notices):
        index.add(str(number), planned.volumes, OWN if number < len(own) else AGAINST)
    if sum(len(planned.volumes) for planned in notices) >= PACK_FROM and use_kept_kernels():
        warm.make_ready()
    found, limit = _find(notices, len(own), index, separation)
    conflicts = tuple(_conflicts(notices, index, found, separation))
    return Report(separation, notices, len(own), conflicts, tuple(faults), limit)


class _UpTo:
    """The keys of the notices up to a number: each pair is asked about once."""

    def __init__(self, last: int) -> None:
        self._last = last

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and int(key) <= self._last


def _find(
    notices: Sequence[Planned], asked: int, index: StandingIndex, separation: Separation
) -> tuple[dict[tuple[int, int], list[Found]], str]:
    """Conflicts by pair of notices, and the bound that stopped the search or empty."""
    if warm.is_ready():
        # All pairs at once; where they are too many, notice by notice, to say how far it came.
        with contextlib.suppress(LimitReached):
            return _find_all(notices, index, separation), ""
    pairs: dict[tuple[int, int], list[Found]] = {}
    left = CONFLICTS_MAX
    for number in _shown(range(asked), "Comparing"):
        try:
            found = find_conflicts(
                index,
                lambda key: notices[int(key)].volumes,
                notices[number].volumes,
                lambda _: separation,
                exclude=_UpTo(number),
                most=left,
                widest=separation,
            )
        except LimitReached:
            # The pairs of the notice at hand are lost with the bound, so the report says which notices were compared.
            return pairs, (
                f"more than {CONFLICTS_MAX:,} pairs of volumes in conflict (CONFLICTS_MAX);"
                f" {number} of {asked} notices were compared in full: check fewer at a time"
            )
        left -= len(found)
        for one in found:
            pairs.setdefault((number, int(one.key)), []).append(one)
    return pairs, ""


def _find_all(
    notices: Sequence[Planned], index: StandingIndex, separation: Separation
) -> dict[tuple[int, int], list[Found]]:
    """The same by one pass over all pairs. Raises LimitReached."""
    agreed = {(OWN, OWN): separation, (OWN, AGAINST): separation}
    # Of each pair the notice that was read first comes first.
    both = sorted(
        tuple(sorted((int(key), position) for key, position in pair))
        for pair in index.pairs(agreed, most=CONFLICTS_MAX)
    )
    pairs: dict[tuple[int, int], list[Found]] = {}
    for (number, at), (other, other_at) in sorted(both, key=lambda pair: (pair[0][0], str(pair[1][0]), pair)):
        judgement = judge(notices[number].volumes[at], notices[other].volumes[other_at], separation)
        pairs.setdefault((number, other), []).append(Found(str(other), at, other_at, judgement))
    return pairs


def _conflicts(
    notices: Sequence[Planned], index: StandingIndex, pairs: dict[tuple[int, int], list[Found]], separation: Separation
) -> Iterator[Conflict]:
    earliest: dict[int, int | None] = {}
    height: dict[int, int | None] = {}
    agreed = {OWN: separation, AGAINST: separation}
    for number in _shown(dict.fromkeys(number for number, _ in pairs), "Seeking clear starts"):
        if len(earliest) < EARLIEST_MAX:
            volumes, itself = notices[number].volumes, (str(number),)
            earliest[number] = earliest_start_among(volumes, index, agreed, exclude=itself)
            height[number] = nearest_free_height_mm(volumes, index, agreed, exclude=itself)
    for (number, other_number), found in pairs.items():
        one, other = notices[number], notices[other_number]
        meetings = tuple(
            Meeting(
                one.volumes[item.one_index],
                other.volumes[item.other_index],
                one.paths[item.one_index],
                other.paths[item.other_index],
                item.judgement,
            )
            for item in found
        )
        yield Conflict(one, other, meetings, earliest.get(number), height.get(number), number in earliest)


def _shown(items: Iterable[int], what: str) -> Iterable[int]:
    """The items, with progress on stderr when there are many and somebody is looking."""
    listed = list(items)
    if len(listed) < SHOW_PROGRESS_FROM or not sys.stderr.isatty():
        return listed
    return track(listed, description=what, console=Console(stderr=True), transient=True)
