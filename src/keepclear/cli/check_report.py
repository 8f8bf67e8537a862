"""What `keepclear check` found, as values, as lines for people and as JSON for programs.

Zulu first, a length of time never looks like a time of day, and every height has its datum.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keepclear.core.conflict import Interval, Judgement, Verdict, too_near
from keepclear.core.footprint import LatLon
from keepclear.core.separation import Separation
from keepclear.core.timespan import SECOND_US, spoken_duration, zulu
from keepclear.core.volume import Altitude, AltitudeBand, Volume4D
from keepclear.formats.geojson_properties import SURFACE, UNLIMITED, altitude_text
from keepclear.formats.planned import Fault, Planned

#: Notes printed that differ in figures alone; the JSON holds all of them.
NOTES_ALIKE_MAX = 20
_FIGURES = re.compile(r"[\d.,]+")

#: Bands of one notice that are written out when it is moved in height.
BANDS_TOLD = 3

EXIT_CLEAR, EXIT_CONFLICTS, EXIT_UNUSABLE, EXIT_UNREAD = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Meeting:
    """One volume of one notice with one of another."""

    one: Volume4D
    other: Volume4D
    one_path: str
    other_path: str
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two notices that are too near, and every pair of their volumes that is.

    Attributes:
        earliest_us: the earliest start at which `one` is clear of everything known; None when there is none within
            30 days, or when `is_sought` is false.
        height_mm: the least shift in height at which `one` is clear of everything known, negative is down; None when
            there is none, or when `is_sought` is false.
        is_sought: whether the earliest start and the height were looked for.
    """

    one: Planned
    other: Planned
    meetings: tuple[Meeting, ...]
    earliest_us: int | None
    height_mm: int | None
    is_sought: bool

    @property
    def verdict(self) -> Verdict:
        """CONFLICT when one meeting is sure, else POSSIBLE."""
        sure = any(meeting.judgement.verdict is Verdict.CONFLICT for meeting in self.meetings)
        return Verdict.CONFLICT if sure else Verdict.POSSIBLE


@dataclass(frozen=True, slots=True)
class Report:
    """All that one run found.

    Attributes:
        notices: everything read, those of FILE before those of --against.
        asked: how many of them come from FILE.
        limit: the bound that stopped the search, or empty.
    """

    separation: Separation
    notices: tuple[Planned, ...]
    asked: int
    conflicts: tuple[Conflict, ...]
    faults: tuple[Fault, ...]
    limit: str = ""

    @property
    def exit_code(self) -> int:
        """As docs/reference/check.md says; doubt and a search cut short count as a conflict."""
        if self.asked == 0:
            return EXIT_UNUSABLE
        if self.conflicts or self.limit:
            return EXIT_CONFLICTS
        return EXIT_UNREAD if self.faults else EXIT_CLEAR


def report_lines(report: Report) -> list[str]:
    """The report for people, conflicts first, then what was not read or read on the safe side, then the sum."""
    lines: list[str] = []
    for number, conflict in enumerate(report.conflicts, start=1):
        lines += [*_conflict_lines(number, conflict, report.separation), ""]
    lines += _note_lines(report.notices)
    lines += [f"not read: {fault.line()}" for fault in report.faults]
    return [*lines, *([f"stopped: {report.limit}"] if report.limit else []), summary(report)]


def _note_lines(notices: Sequence[Planned]) -> list[str]:
    """The notes; of those that differ in figures alone the first few, so that ten thousand do not bury the rest."""
    lines: list[str] = []
    counts: dict[str, int] = {}
    for planned in notices:
        for note in planned.notes:
            kind = _FIGURES.sub("", note)
            counts[kind] = counts.get(kind, 0) + 1
            if counts[kind] <= NOTES_ALIKE_MAX:
                lines.append(f"note: {planned.source}: {note}")
    more = sum(max(0, count - NOTES_ALIKE_MAX) for count in counts.values())
    return lines + ([f"note: {more:,} more notes like these; --json lists all"] if more else [])


def summary(report: Report) -> str:
    """One line: how much was read and what came of it."""
    against = len(report.notices) - report.asked
    read = f"{_count(report.asked, 'notice')} read" + (f", {against} to check against" if against else "")
    faults = f", {_count(len(report.faults), 'fault')}" if report.faults else ""
    match report.exit_code:
        case 2:
            return f"Nothing usable: no notice could be read{faults}."
        case 1:
            found = _count(len(report.conflicts), "conflict")
            return f"{found}: {read}{faults}."
        case 3:
            return f"Clear as far as read, but not everything could be read: {read}{faults}."
        case _:
            return f"Clear: {read}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _conflict_lines(number: int, conflict: Conflict, separation: Separation) -> list[str]:
    one, other = conflict.one, conflict.other
    lines = [
        f"{conflict.verdict} {number}: {_named(one)} and {_named(other)}",
        f"  {'files':8}{one.source} · {other.source}",
    ]
    if one.id == other.id:
        lines.append(f"  {'same id':8}both are called {one.id}; if they are one notice, give it once")
    for meeting in conflict.meetings:
        if len(conflict.meetings) > 1:
            lines.append(f"  {meeting.judgement.verdict}: {meeting.one_path} and {meeting.other_path}")
        lines += [f"  {name:8}{text}" for name, text in _meeting_facts(meeting, separation)]
    lines.append(f"  {'clear':8}{earliest_text(conflict)}")
    if conflict.is_sought:
        lines.append(f"  {'or':8}{free_height_text(conflict)}")
    return lines


def _named(planned: Planned) -> str:
    return f"{planned.id} ({planned.title})" if planned.title and planned.title != planned.id else planned.id


def _meeting_facts(meeting: Meeting, separation: Separation) -> list[tuple[str, str]]:
    judgement = meeting.judgement
    facts = [
        ("when", when_text(meeting, separation)),
        ("where", place_text(judgement.near)),
        (
            "ground",
            _gap_text(
                judgement.horizontal_m, judgement.overlap_horizontal_m, separation.horizontal_m, "reaching in at most "
            ),
        ),
        ("height", height_text(meeting, separation)),
    ]
    if judgement.verdict is Verdict.POSSIBLE:
        facts.append(("doubt", doubt_text(meeting, separation)))
    return facts


def earliest_text(conflict: Conflict) -> str:
    """The earliest start that would be clear for the first of the two, in words."""
    if not conflict.is_sought:
        return f"earliest start of {conflict.one.id} not sought: too many conflicts at once"
    if conflict.earliest_us is None:
        return f"no start of {conflict.one.id} within 30 days is clear of everything read"
    later_us = conflict.earliest_us - min(volume.span.start_us for volume in conflict.one.volumes)
    later = spoken_duration(later_us / SECOND_US) + (" and a fraction" if later_us % SECOND_US else "")
    return f"earliest start of {conflict.one.id} clear of everything read: {zulu(conflict.earliest_us)}, {later} later"


def free_height_text(conflict: Conflict) -> str:
    """The nearest height that would be clear for the first of the two at its time, in words."""
    one, shift_mm = conflict.one, conflict.height_mm
    if shift_mm is None:
        return f"no other height of {one.id} is clear of everything read"
    bands = dict.fromkeys(band_text(moved_band(volume.band, shift_mm)) for volume in one.volumes)
    way = "higher" if shift_mm > 0 else "lower"
    more = f" and {len(bands) - BANDS_TOLD} more" if len(bands) > BANDS_TOLD else ""
    told = "; ".join(list(bands)[:BANDS_TOLD]) + more
    return f"nearest height of {one.id} clear of everything read: {_metres(abs(shift_mm) / 1000)} {way}, {told}"


def moved_band(band: AltitudeBand, shift_mm: int) -> AltitudeBand:
    """A band so many millimetres higher."""
    lower, upper = (
        Altitude(round(limit.value_m + shift_mm / 1000, 3), limit.datum) for limit in (band.lower, band.upper)
    )
    return AltitudeBand(lower, upper)


def when_text(meeting: Meeting, separation: Separation) -> str:
    """The span shared, or the gap and the separation that it falls short of."""
    shared, judgement = meeting.judgement.overlap, meeting.judgement
    if shared is not None:
        lasting = spoken_duration((shared.end_us - shared.start_us) / SECOND_US)
        return f"{zulu(shared.start_us)} to {zulu(shared.end_us)} shared, {lasting}"
    first, second = sorted((meeting.one.span, meeting.other.span))
    gap = f"{spoken_duration(judgement.time_s)} apart, separation {spoken_duration(separation.time_s)}"
    return f"{gap}: one ends {zulu(first.end_us)}, the other starts {zulu(second.start_us)}"


def place_text(near: LatLon | None) -> str:
    """A position as decimal degrees and as degrees, minutes and seconds.

    >>> place_text((-33.5, 151.25))
    '33.500000 S 151.250000 E (33°30′00.0″S 151°15′00.0″E)'
    """
    if near is None:
        return "not known"
    lat_deg, lon_deg = near
    sides = ("N" if lat_deg >= 0 else "S", "E" if lon_deg >= 0 else "W")
    decimal = f"{abs(lat_deg):.6f} {sides[0]} {abs(lon_deg):.6f} {sides[1]}"
    return f"{decimal} ({_dms(lat_deg, 2)}{sides[0]} {_dms(lon_deg, 3)}{sides[1]})"


def _dms(degrees: float, width: int) -> str:
    tenths = round(abs(degrees) * 36_000)
    whole, rest = divmod(tenths, 36_000)
    minutes, seconds = divmod(rest, 600)
    return f"{whole:0{width}d}°{minutes:02d}′{seconds / 10:04.1f}″"


def height_text(meeting: Meeting, separation: Separation) -> str:
    """Height shared or the gap, with both bands."""
    judgement, shared = meeting.judgement, shared_band(meeting.one.band, meeting.other.band)
    bands = f"{band_text(meeting.one.band)} and {band_text(meeting.other.band)}"
    if judgement.vertical_m.most <= 0 and shared is not None:
        thick_m = shared[1].value_m - shared[0].value_m
        size = "" if shared[0] == SURFACE or shared[1] == UNLIMITED else f" ({_metres(thick_m)})"
        return f"{altitude_text(shared[0])} to {altitude_text(shared[1])} shared{size}: {bands}"
    gap = _gap_text(judgement.vertical_m, judgement.overlap_vertical_m, separation.vertical_m, "sharing about ")
    return f"{gap}: {bands}"


def shared_band(one: AltitudeBand, other: AltitudeBand) -> tuple[Altitude, Altitude] | None:
    """The heights that two bands share, where data can be compared without a conversion; None where they cannot."""
    lower = _of_two(one.lower, other.lower, SURFACE, highest=True)
    upper = _of_two(one.upper, other.upper, UNLIMITED, highest=False)
    if lower is None or upper is None:
        return None
    if lower == SURFACE or upper == UNLIMITED:
        return lower, upper
    return (lower, upper) if lower.datum is upper.datum and lower.value_m <= upper.value_m else None


def _of_two(one: Altitude, other: Altitude, yields: Altitude, *, highest: bool) -> Altitude | None:
    if yields in (one, other):
        return other if one == yields else one
    if one.datum is not other.datum:
        return None
    return max(one, other, key=_value_m) if highest else min(one, other, key=_value_m)


def _value_m(altitude: Altitude) -> float:
    return altitude.value_m


def band_text(band: AltitudeBand) -> str:
    """`600 m AMSL to FL 150`."""
    return f"{altitude_text(band.lower)} to {altitude_text(band.upper)}"


def _gap_text(gap: Interval, overlap_m: float, minimum_m: float, about: str) -> str:
    if gap.most <= 0:
        return f"overlap, {about}{_metres(overlap_m)}" if overlap_m > 0 else "touching"
    short = f", separation {_metres(minimum_m)}" if minimum_m > 0 else ""
    if gap.least <= 0:
        return f"may meet, or lie up to {_metres(gap.most)} apart{short}"
    # A doubt below a centimetre is a matter of arithmetic and not of the plan.
    if gap.most - gap.least < 0.01:
        return f"{_metres(gap.most)} apart{short}"
    return f"{_metres(gap.least)} to {_metres(gap.most)} apart{short}"


def _metres(length_m: float) -> str:
    if length_m >= 10_000:
        return f"{length_m / 1000:.1f} km"
    return f"{length_m:.0f} m" if length_m >= 100 or length_m == round(length_m) else f"{length_m:.3g} m"


def doubt_text(meeting: Meeting, separation: Separation) -> str:
    """Why a meeting is POSSIBLE and not sure."""
    judgement, reasons = meeting.judgement, []
    if too_near(judgement.vertical_m, minimum=separation.vertical_m) is Verdict.POSSIBLE:
        limits = [limit for one in (meeting.one, meeting.other) for limit in (one.band.lower, one.band.upper)]
        data = sorted({str(limit.datum) for limit in limits if limit not in (SURFACE, UNLIMITED)})
        reasons.append(f"heights above {' and '.join(data)} compare only within bounds")
    if too_near(judgement.horizontal_m, minimum=separation.horizontal_m) is Verdict.POSSIBLE:
        reasons.append("the distance on the ground is within the error of its measurement")
    return "; ".join(reasons) or "not known"


def report_json(report: Report) -> dict[str, Any]:
    """The report for programs; docs/reference/check.md lists the fields."""
    return {
        "format": "keepclear-check/1",
        "exit": report.exit_code,
        "summary": summary(report),
        "separation": {
            "horizontal_m": report.separation.horizontal_m,
            "vertical_m": report.separation.vertical_m,
            "time_s": report.separation.time_s,
        },
        "notices": [_notice_json(planned, index < report.asked) for index, planned in enumerate(report.notices)],
        "conflicts": [_conflict_json(conflict, report.separation) for conflict in report.conflicts],
        "faults": [
            {
                "file": fault.file,
                "feature": fault.feature,
                "field": fault.field,
                "wrong": fault.wrong,
                "right": fault.right,
            }
            for fault in report.faults
        ],
        "limit": report.limit,
    }


def _notice_json(planned: Planned, is_asked: bool) -> dict[str, Any]:
    return {
        "id": planned.id,
        "title": planned.title,
        "file": planned.file,
        "feature": planned.feature,
        "against": not is_asked,
        "volumes": len(planned.volumes),
        "notes": list(planned.notes),
    }


def _conflict_json(conflict: Conflict, separation: Separation) -> dict[str, Any]:
    return {
        "verdict": str(conflict.verdict),
        "one": {"id": conflict.one.id, "file": conflict.one.file, "feature": conflict.one.feature},
        "other": {"id": conflict.other.id, "file": conflict.other.file, "feature": conflict.other.feature},
        "meetings": [_meeting_json(meeting, separation) for meeting in conflict.meetings],
        "earliest_clear_start": None if conflict.earliest_us is None else zulu(conflict.earliest_us),
        "earliest_clear_start_sought": conflict.is_sought,
        "nearest_free_height_shift_m": None if conflict.height_mm is None else conflict.height_mm / 1000,
    }


def _meeting_json(meeting: Meeting, separation: Separation) -> dict[str, Any]:
    judgement, shared = meeting.judgement, meeting.judgement.overlap
    heights = shared_band(meeting.one.band, meeting.other.band)
    near = judgement.near
    return {
        "verdict": str(judgement.verdict),
        "one_volume": meeting.one_path,
        "other_volume": meeting.other_path,
        "where": None if near is None else {"lat_deg": near[0], "lon_deg": near[1]},
        "shared_time": None if shared is None else {"start": zulu(shared.start_us), "end": zulu(shared.end_us)},
        "shared_heights": None if heights is None else [altitude_text(limit) for limit in heights],
        "time_gap_s": judgement.time_s,
        "horizontal_gap_m": [judgement.horizontal_m.least, judgement.horizontal_m.most],
        "vertical_gap_m": [judgement.vertical_m.least, judgement.vertical_m.most],
        "horizontal_overlap_at_most_m": judgement.overlap_horizontal_m,
        "vertical_overlap_m": judgement.overlap_vertical_m,
        "doubt": doubt_text(meeting, separation) if judgement.verdict is Verdict.POSSIBLE else "",
    }
