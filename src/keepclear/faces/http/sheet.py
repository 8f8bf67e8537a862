"""The watch sheet: what is printed each shift, so that the line survives the computer (D3)."""

from __future__ import annotations

from keepclear.core.footprint import Circle
from keepclear.core.notice import NOT_CERTIFIED_LINE, STANDING_LINE
from keepclear.core.timespan import HOUR_US, SECOND_US, zulu
from keepclear.core.volume import Volume4D
from keepclear.node.heldduty import Watch
from keepclear.node.heldline import line_rules
from keepclear.node.node import Node

AHEAD_US = 24 * HOUR_US
#: Lines of one part; what is beyond is counted, so that nobody takes the sheet for the whole.
LINES_MAX = 60
NOTHING = "  none"


def watch_sheet(node: Node) -> list[str]:
    """The sheet as lines of at most 100 characters: who, numbers, what comes, what is in force, how to say STOP."""
    picture, now_us = node.picture, _minute(node.now_us())
    watch = picture.watch
    return [
        *_banner(node),
        f"WATCH SHEET  {node.name} ({node.party})  printed {zulu(now_us)}  good until {zulu(now_us + AHEAD_US)}",
        f"ON WATCH     {watch.holder or 'nobody holds the watch'}",
        "",
        "NUMBERS: if this computer fails, the line goes on by telephone",
        *_numbers(node, watch),
        "",
        "THE NEXT 24 HOURS",
        *_bounded(_coming(node, now_us)),
        "",
        "IN FORCE, OURS AND THEIRS",
        *_bounded(_in_force(node, now_us)),
        "",
        "AGREEMENTS",
        *_bounded([f"  {party}: {held.agreement.title}  {held.hash[:16]}" for party, held in picture.in_force.items()]),
        "",
        "TO STOP THEM: call any number of theirs and say",
        f"  STOP STOP STOP. FROM {node.party.upper()}. TIME (now, Zulu). YOUR NAME.",
        "  ANSWER WILCO OR UNABLE, AND YOUR NAME.",
        "  Anyone on duty may say it, and anyone on duty may answer.",
        "",
        "WHEN THEY CALL: ask for a challenge from the table of the day; pin it here.",
        "  `keepclear card table --peer PARTY` makes and prints it; `keepclear watch sheet --with FILE` puts it below.",
        "",
        STANDING_LINE,
        NOT_CERTIFIED_LINE,
        *_banner(node),
    ]


def _banner(node: Node) -> list[str]:
    return ["*** EXERCISE  EXERCISE  EXERCISE ***"] if node.settings.exercise_only else []


def _minute(instant_us: int) -> int:
    return instant_us // (60 * SECOND_US) * 60 * SECOND_US


def _numbers(node: Node, watch: Watch) -> list[str]:
    lines = [
        f"  {party}: {node.picture.peers[party].enrolled.telephone or 'no number is enrolled'}"
        for party in node.picture.enrolled_peers()
    ]
    lines += [f"  {each.name}: {each.number}  {each.remarks}".rstrip() for each in watch.numbers.values()]
    lines += [f"  {each.name}: {each.telephone}" for each in watch.people.values() if each.telephone]
    return _bounded(lines)


def _coming(node: Node, now_us: int) -> list[str]:
    picture = node.picture
    found: list[tuple[int, str]] = []
    for held in picture.live_notices(now_us):
        if now_us <= held.span.start_us < now_us + AHEAD_US:
            found.append((held.span.start_us, f"{held.key} v{held.latest.version} begins"))
        if held.span.end_us < now_us + AHEAD_US:
            found.append((held.span.end_us, f"{held.key} v{held.latest.version} ends"))
    for party in picture.enrolled_peers():
        rules, line = line_rules(picture.agreement_with(party), node.settings), picture.line_with(party)
        for path in rules.paths:
            due_at = line.tested_at.get(path, line.since) + rules.test_every_s * SECOND_US
            if due_at < now_us + AHEAD_US:
                found.append((max(now_us, due_at), f"{path} test with {party}"))
    found += [(duty.due_at, f"due: {duty.duty} ({duty.owed_by})") for duty in picture.open_duties()]
    return [f"  {zulu(_minute(at))[11:16]}Z {zulu(at)[:10]}  {words}" for at, words in sorted(found)]


def _in_force(node: Node, now_us: int) -> list[str]:
    lines = []
    for held in sorted(node.picture.live_notices(now_us), key=lambda held: (held.span.start_us, held.key)):
        latest = held.latest
        mode = "" if latest.mode == "OPER" else f"{latest.mode} "
        lines.append(
            f"  {mode}{held.key} v{latest.version} {latest.body.kind} {latest.state}"
            f"  {zulu(_minute(held.span.start_us))} to {zulu(_minute(held.span.end_us))}"
        )
        lines += [f"    {_place(volume)}" for volume in held.volumes[:3]]
        if len(held.volumes) > 3:
            lines.append(f"    and {len(held.volumes) - 3} more volumes")
    return lines


def _place(volume: Volume4D) -> str:
    footprint, band = volume.footprint, volume.band
    heights = f"{band.lower.value_m:.0f} m {band.lower.datum} to {band.upper.value_m:.0f} m {band.upper.datum}"
    if isinstance(footprint, Circle):
        return f"{_degrees(footprint.lat_deg, footprint.lon_deg)} radius {footprint.radius_m:.0f} m, {heights}"
    first = footprint.outline[0]
    return f"{len(footprint.outline)} corners, the first {_degrees(*first)}, {heights}"


def _degrees(lat_deg: float, lon_deg: float) -> str:
    return f"{abs(lat_deg):.5f}{'NS'[lat_deg < 0]} {abs(lon_deg):.5f}{'EW'[lon_deg < 0]}"


def _bounded(lines: list[str]) -> list[str]:
    if len(lines) <= LINES_MAX:
        return lines or [NOTHING]
    return [*lines[:LINES_MAX], f"  AND {len(lines) - LINES_MAX} MORE: see the console"]
