"""`keepclear notice` and `keepclear alert`: notices filed, listed, shown and ended; alerts listed and answered."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from keepclear.cli.common import HERE, AsJson, By, Home, client_of, present, show, table, tell
from keepclear.core.notice import STANDING_LINE
from keepclear.core.timespan import SECOND_US, parse_instant, spoken_duration, zulu
from keepclear.errors import KeepclearError, Malformed

if TYPE_CHECKING:
    from keepclear.formats.api import answers
    from keepclear.formats.api.volumes import Volume

_AFTER = re.compile(r"\+([0-9]{1,6}) ?(s|min|h|d)", re.ASCII)
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}


def read_height(text: str, *, at: str) -> dict[str, object]:
    """A height with its unit and datum.

    Raises:
        Malformed: a number without unit or datum, which could mean anything.

    >>> read_height("3000 ft AMSL", at="upper")
    {'value_m': 914.4, 'datum': 'AMSL'}
    >>> read_height("FL100", at="upper")
    {'value_m': 3048.0, 'datum': 'FL'}
    """
    from keepclear.formats import heights

    height = heights.read_height(text, at=at)
    return {"value_m": height.value_m, "datum": height.datum.value}


def read_when(text: str, now_us: int, *, at: str) -> str:
    """A time as RFC 3339, or so long after now.

    >>> read_when("+45min", 0, at="start")
    '1970-01-01T00:45:00Z'
    """
    match = _AFTER.fullmatch(text.strip())
    if match is None:
        return zulu(parse_instant(text, at=at))
    whole_us = -(-now_us // SECOND_US) * SECOND_US
    return zulu(whole_us + int(match.group(1)) * _SECONDS[match.group(2)] * SECOND_US)


def read_places(text: str, *, count: int, at: str) -> list[float]:
    """So many numbers with commas between them.

    >>> read_places("-38,-152.5,4000", count=3, at="circle")
    [-38.0, -152.5, 4000.0]
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        form = "latitude,longitude,radius in metres" if count == 3 else "latitude,longitude"
        raise Malformed(f"{text!r} is not {form}", at=at)
    return numbers


def _volume(shape: dict[str, object], lower: str, upper: str, start: str, end: str) -> dict[str, object]:
    now_us = time.time_ns() // 1000  # noqa: TID251 -- "+45min" is said on this machine's clock
    return {
        "lower": read_height(lower, at="lower"),
        "upper": read_height(upper, at="upper"),
        "start": read_when(start, now_us, at="start"),
        "end": read_when(end, now_us, at="end"),
        **shape,
    }


def _shape(circle: str, polygon: str, place: str, radius_m: float) -> dict[str, object]:
    """The footprint of a volume, from the one option that gives it."""
    if [bool(circle), bool(polygon), bool(place)].count(True) != 1:
        raise Malformed("give one of --circle, --polygon and --place", at="volume")
    if circle:
        lat, lon, of_circle_m = read_places(circle, count=3, at="circle")
        return {"circle": {"lat": lat, "lon": lon, "radius_m": of_circle_m}}
    if polygon:
        return {"polygon": [read_places(corner, count=2, at="polygon") for corner in polygon.split()]}
    positions = [part.strip() for part in place.split(";") if part.strip()]
    return {"place": {"positions": positions, **({"radius_m": radius_m} if radius_m else {})}}


def one_volume(circle: str, polygon: str, lower: str, upper: str, start: str, end: str) -> dict[str, object]:
    """One volume as the API takes it, from what stands on the command line. Raises Malformed."""
    return _volume(_shape(circle, polygon, "", 0.0), lower, upper, start, end)


def _volumes_of(path: Path) -> list[Volume]:
    """Volumes of the one notice in a GeoJSON or F3548 file."""
    from keepclear.cli.check import read_notices
    from keepclear.formats.api.volumes import volume_to_api

    reading = read_notices(path.read_bytes(), file=str(path))
    if reading.faults:
        fault = reading.faults[0]
        raise Malformed(f"{fault.wrong}; {fault.right}", at=f"{path.name}: {fault.feature} {fault.field}".strip())
    if len(reading.planned) != 1:
        raise Malformed(f"one notice is filed at a time; {path} holds {len(reading.planned)}", at=path.name)
    return [volume_to_api(volume) for volume in reading.planned[0].volumes]


def file(
    by: By,
    home: Home = HERE,
    circle: Annotated[str, typer.Option(metavar="LAT,LON,RADIUS_M", help="A circle on the ground.")] = "",
    polygon: Annotated[str, typer.Option(metavar='"LAT,LON LAT,LON ..."', help="Corners of an outline.")] = "",
    place: Annotated[
        str,
        typer.Option(
            metavar='"POSITION; ..."',
            help="In any notation: one position with --radius-m, or corners parted by ;.",
        ),
    ] = "",
    radius_m: Annotated[float, typer.Option(min=0.0, help="Radius about the one position of --place, metres.")] = 0.0,
    seen_from: Annotated[
        str,
        typer.Option(metavar="WORDS", help='The place again: "Latakia 270/90km", or "within ALPHA".'),
    ] = "",
    lower: Annotated[str, typer.Option(help="Lower limit, with unit and datum.")] = "0 m AMSL",
    upper: Annotated[str, typer.Option(help="Upper limit, with unit and datum, or FL100.")] = "",
    start: Annotated[str, typer.Option(help="When it starts: 2027-03-14T02:17:40Z, or +45min.")] = "",
    end: Annotated[str, typer.Option(help="When it ends; as for the start.")] = "",
    from_file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Take the volumes of a GeoJSON or F3548 file.")
    ] = None,
    kind: Annotated[str, typer.Option(help="HAZARD or MOVEMENT.")] = "HAZARD",
    action: Annotated[str, typer.Option(help="KEEP_CLEAR, CALL_BEFORE_ENTERING or BE_AWARE.")] = "KEEP_CLEAR",
    mode: Annotated[str, typer.Option(help="OPER, EXER or TEST.")] = "OPER",
    region: Annotated[str, typer.Option(help="N, NE, ... or C: where in the agreed area, in a word.")] = "",
    contact: Annotated[str, typer.Option(help="Whom to call. Hidden unless the agreement shows it.")] = "",
    remarks: Annotated[
        str, typer.Option(help="Free text, not for targets. Hidden unless the agreement shows it.")
    ] = "",
    activity: Annotated[str, typer.Option(help="Kind of activity. Hidden unless the agreement shows it.")] = "",
    slowest_mps: Annotated[int, typer.Option(help="Slowest ground speed, m/s. Stays here.")] = 0,
    reaction_s: Annotated[int, typer.Option(help="Seconds to begin to turn. Stays here.")] = 0,
    emergency: Annotated[str, typer.Option(metavar="REASON", help="Shorter than agreed, and why: RESCUE, ...")] = "",
    started: Annotated[str, typer.Option(metavar="REASON", help="Told after it began, and why: OVERSIGHT, ...")] = "",
    transports: Annotated[str, typer.Option(help="Of a MOVEMENT, what moves: TRUCK:4,CAR:1.")] = "",
    armed: Annotated[str, typer.Option(help="Armed persons with it: NONE, ON_BOARD, ESCORT or BOTH.")] = "",
    armed_count: Annotated[int, typer.Option(help="How many.")] = 0,
    marking: Annotated[list[str] | None, typer.Option(help="As painted or flown; may be given again.")] = None,
    second_contact: Annotated[str, typer.Option(help="Whom to call when the first does not answer.")] = "",
    confirm: Annotated[
        bool, typer.Option("--confirm", help="What is said of the place contradicts the geometry, and both are meant.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """File a notice: told to every party that may see it, with its conflicts. Never refused for being late."""
    from keepclear.cli.asking import movement_of

    volumes: Any = (
        _volumes_of(from_file)
        if from_file is not None
        else [_volume(_shape(circle, polygon, place, radius_m), lower, upper, start, end)]
    )
    values: Mapping[str, Any] = {
        "volumes": volumes, "by": by, "kind": kind, "action": action, "mode": mode, "region": region,
        "contact": contact, "remarks": remarks, "activity": activity, "slowest_mps": slowest_mps,
        "reaction_s": reaction_s, "seen_from": seen_from, "confirmed": confirm,
        "timing": "EMERGENCY" if emergency else "STARTED" if started else "ROUTINE",
        "reason": (emergency or started).upper() or None,
        "movement": movement_of(transports, armed, armed_count, marking or [], second_contact),
    }  # fmt: skip
    filed = _filed(home, values)
    drafts = [entry for entry in filed.receipt.entries if entry.kind == "notice_drafted"]
    if filed.notice is None and drafts:
        waits = "it waits for a second person: `keepclear watch show` names it, `keepclear watch send` sends it"
        show(filed, lambda: (waits,), as_json=as_json)
        return
    noticed = present(filed.notice)
    show(filed, lambda: _filed_lines(noticed, filed), as_json=as_json)


def _filed(home: Path, values: Mapping[str, Any]) -> answers.NoticeAnswer:
    import msgspec

    from keepclear.client import to_request
    from keepclear.formats.api.requests import FileNoticeRequest

    request = to_request(FileNoticeRequest, msgspec.to_builtins(values))
    with client_of(home) as client:
        try:
            return client.file_notice(request)
        except KeepclearError as problem:
            if problem.code == "contradiction":
                tell("nothing was sent; --confirm sends it as it is")
            raise


def _filed_lines(noticed: answers.Notice, filed: answers.NoticeAnswer) -> Iterator[str]:
    yield f"{noticed.party}/{noticed.id} v{noticed.version} is recorded and submitted ({noticed.hash[:16]})"
    for told in noticed.recipients:
        waits = any(entry.kind == "held_back" for entry in filed.receipt.entries)
        not_yet = "not delivered while suspended: it waits" if waits else "not shown, as agreed"
        yield f"  to {told.party}: {'on its way' if told.disclosed else not_yet}"
    for flag in filed.flags:
        yield f"  look again: {flag.code}: {flag.words}"
    for conflict in filed.conflicts:
        yield f"  {conflict.verdict}: {conflict.other.party}/{conflict.other.id} v{conflict.other.version}"
    yield STANDING_LINE


def list_notices(
    home: Home = HERE,
    every: Annotated[bool, typer.Option("--all", help="Those that have ended too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Notices in force, ours and those told to us."""
    with client_of(home) as client:
        notices = client.notices(live=None if every else True)
    heads = ("notice", "v", "state", "kind", "region", "start", "end", "lead", "answer")
    rows = [
        (
            f"{held.party}/{held.id}", str(held.version), held.state, held.kind, held.region, held.start, held.end,
            ", ".join(_lead(told) for told in held.recipients),
            ", ".join(told.answer or "none yet" for told in held.recipients if told.disclosed),
        )
        for held in notices
    ]  # fmt: skip
    show(notices, lambda: table([heads, *rows]) or ["no notice is in force"], as_json=as_json)


def show_notice(
    notice: Annotated[str, typer.Argument(metavar="PARTY/ID", help="As in amber/A-0001.")],
    home: Home = HERE,
    language: Annotated[
        str, typer.Option(metavar="LANGUAGE", help="Say it as the other side reads it, in en, ru, ar, he, tr, fr.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """One notice: its five instants for each recipient, its lead time and what it is hidden from."""
    if language:
        from keepclear.cli.phrasebook import print_notice

        print_notice(notice, language, home)
        return
    party, _, serial = notice.partition("/")
    with client_of(home) as client:
        held = client.notice(party, serial)
    show(held, lambda: notice_lines(held), as_json=as_json)


def notice_lines(held: answers.Notice) -> Iterator[str]:
    """A notice for people."""
    yield f"{held.party}/{held.id} v{held.version}  {held.state}  {held.kind}  {held.action}  {held.mode}"
    yield f"  {held.start} to {held.end}  region {held.region or 'not said'}"
    timing = held.timing if held.timing != "ROUTINE" else ""
    if held.change or timing:
        yield f"  {' '.join(word for word in (held.change, timing, held.reason) if word)}"
    yield from _movement_lines(held)
    for volume in held.volumes:
        where = (
            f"circle {volume.circle.lat:g},{volume.circle.lon:g} radius {volume.circle.radius_m:g} m"
            if volume.circle
            else "outline " + " ".join(f"{lat:g},{lon:g}" for lat, lon in volume.polygon)
        )
        low, high = volume.lower, volume.upper
        yield f"  {where}, {low.value_m:g} m {low.datum} to {high.value_m:g} m {high.datum}"
    for name in ("contact", "remarks", "activity"):
        text = "hidden" if name in held.hidden and not held.own else getattr(held, name)
        if text:
            yield f"  {name}: {text}"
    yield from _place_lines(held)
    for told in held.recipients:
        yield f"  to {told.party} v{told.version}: {'disclosed' if told.disclosed else 'not shown'}; {_lead(told)}"
        for name in ("transmitted", "received", "acknowledged", "read_back", "disseminated"):
            by = f" by {told.acknowledged_by}: {told.answer}" if name == "acknowledged" and told.answer else ""
            by = f" by {told.read_back_by}" if name == "read_back" and told.read_back_by else by
            yield f"    {name:<13} {getattr(told, name) or 'not yet'}{by}"
        yield f"    {'given':<13} {'yes' if told.given else 'not yet'}"
    yield f"  {STANDING_LINE}"


def _place_lines(held: answers.Notice) -> Iterator[str]:
    """The place as it was said a second time, and whether that is the same place."""
    if held.seen_from is None:
        return
    said = held.seen_from
    point = f" ({said.place} at {said.point[0]:g},{said.point[1]:g})" if said.point else ""
    yield f"  said again: {said.words}{point}"
    for check in held.place_check:
        yield f"    {check.verdict} by the agreement with {check.party}: {check.words}"
        for slip in check.slips:
            yield f"      {slip}"


def _movement_lines(held: answers.Notice) -> Iterator[str]:
    """What moves; of a movement that does not say, that it does not."""
    moving = held.movement
    if moving is None:
        if held.kind == "MOVEMENT":
            yield "  transports and armed persons: NOT STATED"
        return
    kinds = ", ".join(f"{each.count} {each.kind}" for each in moving.transports)
    yield f"  moves {kinds}; armed persons {moving.armed} ({moving.armed_count})"
    if moving.markings:
        yield f"  marked {', '.join(moving.markings)}"
    if moving.second_contact:
        yield f"  second contact: {moving.second_contact}"


def _lead(told: answers.Recipient) -> str:
    if told.lead_s is None:
        return "not received yet"
    bracket = told.lead_bracket_s
    bounds = f" (between {bracket[0]} and {bracket[1]} s)" if bracket else ""
    return f"{spoken_duration(told.lead_s)}{bounds}{' SHORT' if told.is_short else ''}"


def end(
    notice: Annotated[str, typer.Argument(metavar="ID", help="Serial of our own notice.")],
    by: By,
    home: Home = HERE,
    how: Annotated[
        str, typer.Option("--as", help="CANCEL, COMPLETE or GIVE_BACK; as the time says when not given.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """End a notice of ours: cancelled before it begins, completed, or given back unused."""
    from keepclear import config
    from keepclear.client import to_request
    from keepclear.formats.api.requests import MoveNoticeRequest

    party = config.load(home).party
    with client_of(home) as client:
        held = client.notice(party, notice.removeprefix(f"{party}/"))
        values = {"state": "Ended", "version": held.version, "by": by, "change": how.upper() or None}
        ended = client.move_notice(held.id, to_request(MoveNoticeRequest, values))
    show(ended, lambda: (f"{party}/{held.id} is ended: {present(ended.notice).change}",), as_json=as_json)


# ---------------------------------------------------------------------------------------------------------- alerts


def list_alerts(
    home: Home = HERE,
    every: Annotated[bool, typer.Option("--all", help="Those that are answered or over too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Alerts that wait for an answer, the most urgent first."""
    with client_of(home) as client:
        alerts = [each for each in client.alerts() if every or each.state in ("open", "standby", "missed")]
    alerts.sort(key=lambda each: (not each.to_us, each.due_in_s))
    heads = ("alert", "level", "state", "due", "lead", "need / have", "conflicts", "says / fits")
    rows = [
        (
            each.id, each.level, each.answer or each.state, spoken_duration(each.due_in_s),
            ("" if each.lead_s is None else spoken_duration(each.lead_s)) + (" SHORT" if each.is_short else ""),
            f"{spoken_duration(each.need_s)} / {spoken_duration(each.have_s)}" if each.need_s else "",
            ", ".join(each.conflicts),
            f"{each.contradiction.said} / {each.contradiction.fits}" if each.contradiction else "",
        )
        for each in alerts
    ]  # fmt: skip
    show(alerts, lambda: table([heads, *rows]) or ["nothing waits for an answer"], as_json=as_json)


def answer(
    alert: Annotated[str, typer.Argument(metavar="ALERT", help="As in amber/A-0001/v1/birch.")],
    reply: Annotated[str, typer.Argument(metavar="ANSWER", help="ROGER, WILCO, UNABLE or STANDBY.")],
    by: By,
    home: Home = HERE,
    again: Annotated[
        bool, typer.Option("--again", help="Our own figures contradict the answer, and it is meant.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Answer an alert, as a named person on watch."""
    from keepclear.client import to_request
    from keepclear.errors import NotFound
    from keepclear.formats.api.requests import AnswerAlertRequest

    with client_of(home) as client:
        held = next((each for each in client.alerts() if each.id == alert), None)
        if held is None:
            raise NotFound(f"there is no alert {alert}: `keepclear alert list` shows them", at="alert")
        values = {"alert": alert, "version": held.notice.version, "answer": reply.upper(), "by": by, "again": again}
        answered = client.answer_alert(to_request(AnswerAlertRequest, values))
    show(answered, lambda: (f"answered {reply.upper()} to {alert}, by {by}",), as_json=as_json)
