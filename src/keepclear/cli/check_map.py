"""The page that `keepclear check --map` writes: one file, no network, works from a disk.

Everything is drawn in an azimuthal equidistant view centred on the notices, so that 180 degrees and the poles are
places like any other. The view is for looking; the engine judged before, and on the ellipsoid.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

from keepclear.cli.check_report import (
    Conflict,
    Report,
    band_text,
    doubt_text,
    earliest_text,
    height_text,
    place_text,
    summary,
    when_text,
)
from keepclear.core.conflict import Verdict
from keepclear.core.footprint import Circle, Footprint, LatLon
from keepclear.core.geodesy import destination
from keepclear.core.timespan import zulu
from keepclear.formats.planned import Planned

#: Volumes drawn at most, those in conflict first; the page says so when some are left out.
VOLUMES_MAX = 4_000
#: Conflicts listed and labelled at most; the page says so too.
CONFLICTS_MAX = 500
_RADIUS_M = 6_371_008.8
_STEPS_DEG = (30.0, 15.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
_CIRCLE_SIDES = 120
#: Coast further from the middle than this is folded round the far side of the view and not drawn.
_HORIZON_RAD = math.radians(150)
#: The view at its least, so that a very small place still has a frame.
_SIZE_MIN_M = 200.0

XY = tuple[float, float]


@dataclass(frozen=True, slots=True)
class View:
    """Azimuthal equidistant about a centre: x east, y north, metres."""

    lat: float
    lon: float

    def to_xy(self, position: LatLon) -> XY:
        """Where a position is drawn."""
        lat, turn = math.radians(position[0]), math.radians(position[1]) - self.lon
        east = math.cos(lat) * math.sin(turn)
        north = math.cos(self.lat) * math.sin(lat) - math.sin(self.lat) * math.cos(lat) * math.cos(turn)
        toward = math.sin(self.lat) * math.sin(lat) + math.cos(self.lat) * math.cos(lat) * math.cos(turn)
        off = math.hypot(east, north)
        scale = _RADIUS_M * (math.atan2(off, toward) / off if off > 1e-15 else 1.0)
        return east * scale, north * scale

    def to_position(self, xy: XY) -> LatLon:
        """The position drawn there, degrees."""
        far = math.hypot(*xy) / _RADIUS_M
        if far < 1e-15:
            return math.degrees(self.lat), math.degrees(self.lon)
        east, north = xy[0] / _RADIUS_M / far, xy[1] / _RADIUS_M / far
        sine = math.cos(far) * math.sin(self.lat) + north * math.sin(far) * math.cos(self.lat)
        lat = math.asin(max(-1.0, min(1.0, sine)))
        across = math.cos(far) * math.cos(self.lat) - north * math.sin(far) * math.sin(self.lat)
        lon = self.lon + math.atan2(east * math.sin(far), across)
        return math.degrees(lat), (math.degrees(lon) + 180.0) % 360.0 - 180.0


def map_page(report: Report) -> str:
    """The page as HTML text."""
    files = list(dict.fromkeys(planned.file for planned in report.notices))
    drawn = _drawn(report)
    view = _view_of(
        [position for _, planned in drawn for volume in planned.volumes for position in _marks(volume.footprint)]
    )
    shapes = [_shape(view, number, planned, files) for number, planned in drawn]
    box = _box([point for shape in shapes for volume in shape["volumes"] for point in volume.pop("points")])
    numbers = {id(planned): place for place, (_, planned) in enumerate(drawn)}
    conflicts = report.conflicts[:CONFLICTS_MAX]
    spans = [volume.span for _, planned in drawn for volume in planned.volumes]
    data = {
        "box": box,
        "notices": shapes,
        "conflicts": [_conflict(view, conflict, numbers) for conflict in conflicts],
        "lines": list(_graticule(view, box)),
        "coast": [_path([run], closed=False) for run in _coast(view, box)],
        "from": min(span.start_us for span in spans) // 1_000_000,
        "to": -(-max(span.end_us for span in spans) // 1_000_000),
    }
    left_out = _left_out(report, len(drawn))
    return _filled(
        {
            "SUMMARY": html.escape(summary(report)),
            "SEPARATION": html.escape(_separation_text(report)),
            "LEFT_OUT": f"<p class='note'>{html.escape(left_out)}</p>" if left_out else "",
            "LEGEND": "".join(_legend_item(slot, name) for slot, name in enumerate(files)),
            "CONFLICTS": "".join(_conflict_item(n, one, report) for n, one in enumerate(conflicts, 1)),
            "NOTICES": "".join(_notice_row(planned, place) for place, (_, planned) in enumerate(drawn)),
            "FAULTS": _faults(report),
            # Inside a script element only "<" can end it.
            "DATA": json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
        }
    )


def _drawn(report: Report) -> list[tuple[int, Planned]]:
    """Notices to draw, those in conflict first, within VOLUMES_MAX."""
    involved = {id(one) for conflict in report.conflicts for one in (conflict.one, conflict.other)}
    order = sorted(enumerate(report.notices), key=lambda item: id(item[1]) not in involved)
    kept: list[tuple[int, Planned]] = []
    count = 0
    for number, planned in order:
        count += len(planned.volumes)
        if kept and count > VOLUMES_MAX:
            break
        kept.append((number, planned))
    return sorted(kept, key=lambda item: item[0])


def _left_out(report: Report, drawn: int) -> str:
    said = []
    if drawn < len(report.notices):
        said.append(f"{drawn} of {len(report.notices)} notices are drawn (VOLUMES_MAX {VOLUMES_MAX}), conflicts first.")
    if len(report.conflicts) > CONFLICTS_MAX:
        said.append(f"{CONFLICTS_MAX} of {len(report.conflicts)} conflicts are listed (CONFLICTS_MAX).")
    return " ".join([*said, *([report.limit] if report.limit else [])])


def _separation_text(report: Report) -> str:
    asked = report.separation
    apart = f"{asked.horizontal_m:g} m on the ground, {asked.vertical_m:g} m in height, {asked.time_s:g} s in time"
    return f"Separation {apart}"


def _marks(footprint: Footprint) -> tuple[LatLon, ...]:
    return ((footprint.lat_deg, footprint.lon_deg),) if isinstance(footprint, Circle) else footprint.outline


def _view_of(positions: list[LatLon]) -> View:
    """A view about the middle of some positions on the sphere; about the first when they lie all round it."""
    x = y = z = 0.0
    for lat_deg, lon_deg in positions:
        lat, lon = math.radians(lat_deg), math.radians(lon_deg)
        x, y, z = x + math.cos(lat) * math.cos(lon), y + math.cos(lat) * math.sin(lon), z + math.sin(lat)
    if math.hypot(x, y, z) < 1e-6 * len(positions):
        return View(math.radians(positions[0][0]), math.radians(positions[0][1]))
    return View(math.atan2(z, math.hypot(x, y)), math.atan2(y, x))


def _outline(footprint: Footprint) -> list[LatLon]:
    """Positions along the edge, near enough to each other for the eye."""
    if isinstance(footprint, Circle):
        centre = (footprint.lat_deg, footprint.lon_deg)
        return [destination(centre, side * 360.0 / _CIRCLE_SIDES, footprint.radius_m) for side in range(_CIRCLE_SIDES)]
    corners = footprint.outline
    edges = zip(corners, corners[1:] + corners[:1], strict=True)
    return [position for one, other in edges for position in _along(one, other)]


def _along(one: LatLon, other: LatLon) -> Iterator[LatLon]:
    """From one corner up to but not including the next, along the great circle."""
    chord = View(math.radians(one[0]), math.radians(one[1]))
    x, y = chord.to_xy(other)
    pieces = max(1, math.ceil(math.hypot(x, y) / 25_000.0))
    yield one
    for part in range(1, pieces):
        yield chord.to_position((x * part / pieces, y * part / pieces))


def _shape(view: View, number: int, planned: Planned, files: list[str]) -> dict[str, Any]:
    volumes = []
    for volume in planned.volumes:
        points = [view.to_xy(position) for position in _outline(volume.footprint)]
        volumes.append(
            {
                "d": _path([points], closed=True),
                "points": points,
                "from": volume.span.start_us / 1e6,
                "to": volume.span.end_us / 1e6,
                "heights": band_text(volume.band),
            }
        )
    return {"id": planned.id, "slot": files.index(planned.file) % 5, "number": number, "volumes": volumes}


def _conflict(view: View, conflict: Conflict, numbers: dict[int, int]) -> dict[str, Any]:
    one, other = conflict.one, conflict.other
    drawn = id(one) in numbers and id(other) in numbers
    pairs = [
        [numbers[id(one)], one.volumes.index(meeting.one), numbers[id(other)], other.volumes.index(meeting.other)]
        for meeting in conflict.meetings
        if drawn
    ]
    places = [view.to_xy(meeting.judgement.near) for meeting in conflict.meetings if meeting.judgement.near]
    return {
        "pairs": pairs,
        "meets": [meeting.judgement.horizontal_m.least <= 0 for meeting in conflict.meetings],
        "at": [[round(x, 1), round(y, 1)] for x, y in places[:1]],
        "possible": conflict.verdict is Verdict.POSSIBLE,
    }


def _path(rings: Iterable[list[XY]], *, closed: bool) -> str:
    """SVG path data; north is up, so y is turned round."""
    end = "Z" if closed else ""
    return "".join("M" + "L".join(f"{x:.1f},{-y:.1f}" for x, y in ring) + end for ring in rings)


def _box(points: list[XY]) -> list[float]:
    """What is to be seen: x, y, width, height in metres, y downward, with a margin."""
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top, bottom = min(-y for _, y in points), max(-y for _, y in points)
    size = max(right - left, bottom - top, _SIZE_MIN_M)
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    width, height = max(right - left, size / 3) * 1.3, max(bottom - top, size / 3) * 1.3
    return [round(value, 1) for value in (middle_x - width / 2, middle_y - height / 2, width, height)]


def _graticule(view: View, box: list[float]) -> Iterator[dict[str, Any]]:
    """Meridians and parallels through the box, each with its label at the edge that it leaves by."""
    grid = [
        view.to_position((box[0] + box[2] * column / 30, -(box[1] + box[3] * row / 30)))
        for column in range(31)
        for row in range(31)
    ]
    middle_deg = math.degrees(view.lon)
    turns = [(lon_deg - middle_deg + 180.0) % 360.0 - 180.0 for _, lon_deg in grid]
    south_deg, north_deg = min(lat_deg for lat_deg, _ in grid), max(lat_deg for lat_deg, _ in grid)
    west_deg, east_deg = (-180.0, 180.0) if max(turns) - min(turns) > 180 else (min(turns), max(turns))
    step_lat, step_lon = _step(north_deg - south_deg), _step(east_deg - west_deg)
    # The window may show more than the box, on either side, and can be moved.
    pad_lat, pad_lon = north_deg - south_deg, east_deg - west_deg
    south_deg, north_deg = max(-90.0, south_deg - pad_lat), min(90.0, north_deg + pad_lat)
    west_deg, east_deg = max(-180.0, west_deg - pad_lon), min(180.0, east_deg + pad_lon)
    for lat_deg in _multiples(south_deg, north_deg, step_lat):
        line = [(lat_deg, middle_deg + west_deg + (east_deg - west_deg) * part / 90) for part in range(91)]
        yield _line(view, line, _degrees(lat_deg, "N", "S", step_lat), "parallel")
    for lon_deg in _multiples(middle_deg + west_deg, middle_deg + east_deg, step_lon):
        line = [(south_deg + (north_deg - south_deg) * part / 60, lon_deg) for part in range(61)]
        yield _line(view, line, _degrees((lon_deg + 180.0) % 360.0 - 180.0, "E", "W", step_lon), "meridian")


def _step(width_deg: float) -> float:
    return next((step for step in reversed(_STEPS_DEG) if width_deg / step <= 7), _STEPS_DEG[0])


def _multiples(low: float, high: float, step: float) -> Iterator[float]:
    for count in range(math.ceil(low / step), math.floor(high / step) + 1):
        yield round(count * step, 6)


def _degrees(value_deg: float, positive: str, negative: str, step: float) -> str:
    digits = max(0, -math.floor(math.log10(step))) if step < 1 else 0
    side = positive if value_deg > 0 else negative if value_deg < 0 else ""
    return f"{abs(value_deg):.{digits}f}°{side}" if abs(value_deg) != 180.0 else "180°"


def _line(view: View, line: list[LatLon], label: str, kind: str) -> dict[str, Any]:
    points = [view.to_xy((lat_deg, (lon_deg + 180.0) % 360.0 - 180.0)) for lat_deg, lon_deg in line]
    return {
        "d": _path([points], closed=False),
        "label": label,
        "kind": kind,
        "at": [[round(x), round(-y)] for x, y in points],
    }


def _coast(view: View, box: list[float]) -> Iterator[list[XY]]:
    """Stretches of coast in and round the box; none when the outline is not installed."""
    reach_x, reach_y = max(abs(box[0]), abs(box[0] + box[2])), max(abs(box[1]), abs(box[1] + box[3]))
    reach_m = 1.5 * math.hypot(reach_x, reach_y) + 50_000.0
    for line in _coast_lines():
        run: list[XY] = []
        for position in line:
            point = view.to_xy(position)
            far_m = math.hypot(*point)
            if far_m < reach_m and far_m < _HORIZON_RAD * _RADIUS_M:
                run.append(point)
                continue
            if len(run) > 1:
                yield run
            run = []
        if len(run) > 1:
            yield run


def _coast_lines() -> Iterator[list[LatLon]]:
    """Natural Earth's land at 1:50 million (public domain), from TopoJSON: difference-coded arcs."""
    source = resources.files("keepclear.faces.console").joinpath("static/vendor/land-50m.json")
    if not source.is_file():
        return
    topology = json.loads(source.read_text(encoding="utf-8"))
    (scale_x, scale_y), (from_x, from_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    for arc in topology["arcs"]:
        x = y = 0
        line = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            line.append((y * scale_y + from_y, x * scale_x + from_x))
        # The cut that the source makes along 180 degrees and at the pole is no coast.
        yield from _without_cuts(line)


def _without_cuts(line: list[LatLon]) -> Iterator[list[LatLon]]:
    run: list[LatLon] = []
    for position in line:
        if abs(position[1]) > 179.99 or position[0] < -89.9:
            if len(run) > 1:
                yield run
            run = []
        else:
            run.append(position)
    if len(run) > 1:
        yield run


def _legend_item(slot: int, name: str) -> str:
    key = f"<svg class='key' viewBox='0 0 44 14'><path class='edge s{slot % 5}' d='M2,7H42'/></svg>"
    return f"<li>{key}{html.escape(name)}</li>"


def _conflict_item(number: int, conflict: Conflict, report: Report) -> str:
    facts = []
    for meeting in conflict.meetings[:20]:
        facts += [
            ("When", when_text(meeting, report.separation)),
            ("Where", place_text(meeting.judgement.near)),
            ("Height", height_text(meeting, report.separation)),
        ]
        if meeting.judgement.verdict is Verdict.POSSIBLE:
            facts.append(("Doubt", doubt_text(meeting, report.separation)))
    if len(conflict.meetings) > 20:
        facts.append(("More", f"{len(conflict.meetings) - 20} more pairs of volumes: see the printed list"))
    facts.append(("Clear", earliest_text(conflict)))
    rows = "".join(f"<dt>{name}</dt><dd>{html.escape(text)}</dd>" for name, text in facts)
    word = "Conflict" if conflict.verdict is Verdict.CONFLICT else "Possible conflict"
    title = f"{word} {number}: {html.escape(conflict.one.id)} and {html.escape(conflict.other.id)}"
    return (
        f"<li class='conflict'><button type='button' data-conflict='{number - 1}'>{title}</button><dl>{rows}</dl></li>"
    )


def _notice_row(planned: Planned, place: int) -> str:
    first = planned.volumes[0]
    spans = [volume.span for volume in planned.volumes]
    when = f"{zulu(min(span.start_us for span in spans))} to {zulu(max(span.end_us for span in spans))}"
    more = f" and {len(planned.volumes) - 1} more" if len(planned.volumes) > 1 else ""
    title = f" {html.escape(planned.title)}" if planned.title and planned.title != planned.id else ""
    notes = "".join(f"<span class='note'>{html.escape(note)}</span>" for note in planned.notes)
    return (
        f"<li><button type='button' data-notice='{place}'>{html.escape(planned.id)}</button>{title}"
        f"<span>{when}</span><span>{html.escape(band_text(first.band) + more)}</span>{notes}</li>"
    )


def _faults(report: Report) -> str:
    if not report.faults:
        return ""
    lines = "".join(f"<li>{html.escape(fault.line())}</li>" for fault in report.faults[:CONFLICTS_MAX])
    more = len(report.faults) - CONFLICTS_MAX
    rest = f"<li>{more} more: see the printed list</li>" if more > 0 else ""
    return f"<h2>Not read ({len(report.faults)})</h2><ul class='faults'>{lines}{rest}</ul>"


def _filled(parts: dict[str, str]) -> str:
    """The template with its parts; the content policy names the hashes of its own style and script."""
    template = resources.files("keepclear.cli").joinpath("check_map.html").read_text(encoding="utf-8")
    hashes = {
        name: "sha256-" + base64.b64encode(hashlib.sha256(found.group(1).encode()).digest()).decode()
        for name, pattern in (("STYLE_HASH", r"<style>(.*?)</style>"), ("SCRIPT_HASH", r"<script>(.*?)</script>"))
        if (found := re.search(pattern, template, re.DOTALL)) is not None
    }
    filling = {**parts, **hashes}
    # In one pass, so that nothing that was filled in is taken for a place to fill.
    return re.sub(r"\{\{([A-Z_]+)\}\}", lambda match: filling[match.group(1)], template)
