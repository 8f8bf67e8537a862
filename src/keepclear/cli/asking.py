"""`keepclear request`, `outcome`, `ladder`, and what else the line is asked: read-back, STOP by voice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from keepclear.cli.common import HERE, AsJson, By, Home, client_of, show, table, tell
from keepclear.errors import KeepclearError, Malformed, NotFound

if TYPE_CHECKING:
    from keepclear.formats.api import asking

Alert = Annotated[str, typer.Argument(metavar="ALERT", help="As in amber/A-0001/v1/birch.")]
RequestKey = Annotated[str, typer.Argument(metavar="REQUEST", help="As in amber/RA-0001.")]
Circle = Annotated[str, typer.Option(metavar="LAT,LON,RADIUS_M", help="A circle on the ground.")]
Polygon = Annotated[str, typer.Option(metavar='"LAT,LON LAT,LON ..."', help="Corners of an outline.")]
Lower = Annotated[str, typer.Option(help="Lower limit, with unit and datum.")]
Upper = Annotated[str, typer.Option(help="Upper limit, with unit and datum, or FL100.")]
Start = Annotated[str, typer.Option(help="When it starts: 2027-03-14T02:17:40Z, or +45min.")]
End = Annotated[str, typer.Option(help="When it ends; as for the start.")]


def movement_of(transports: str, armed: str, count: int, markings: list[str], second_contact: str) -> Any:
    """`TRUCK:4,CAR:1` and the rest as the API takes it; None when nothing is said to move.

    >>> movement_of("TRUCK:4", "NONE", 0, [], "")["transports"]
    [{'kind': 'TRUCK', 'count': 4}]
    """
    if not transports:
        return None
    if not armed:
        raise Malformed("say whether armed persons are with it: NONE, ON_BOARD, ESCORT or BOTH", at="armed")
    kinds = []
    for part in transports.split(","):
        kind, _, number = part.partition(":")
        if not number.isdecimal():
            raise Malformed(f"{part!r} is not a kind and a number, as in TRUCK:4", at="transports")
        kinds.append({"kind": kind.strip().upper(), "count": int(number)})
    return {
        "transports": kinds, "armed": armed.upper(), "armed_count": count, "markings": markings,
        "second_contact": second_contact,
    }  # fmt: skip


def _volumes(circle: str, polygon: str, lower: str, upper: str, start: str, end: str) -> list[dict[str, object]]:
    from keepclear.cli.notice import one_volume

    return [one_volume(circle, polygon, lower, upper, start, end)]


# ---------------------------------------------------------------------------------------------------------- requests


def ask(
    to: Annotated[str, typer.Argument(metavar="PARTY", help="Whom.")],
    by: By,
    home: Home = HERE,
    circle: Circle = "",
    polygon: Polygon = "",
    lower: Lower = "0 m AMSL",
    upper: Upper = "",
    start: Start = "",
    end: End = "",
    transports: Annotated[str, typer.Option(help="What moves: TRUCK:4,CAR:1.")] = "",
    armed: Annotated[str, typer.Option(help="Armed persons with it: NONE, ON_BOARD, ESCORT or BOTH.")] = "",
    armed_count: Annotated[int, typer.Option(help="How many.")] = 0,
    marking: Annotated[list[str] | None, typer.Option(help="As painted or flown; may be given again.")] = None,
    kind: Annotated[str, typer.Option(help="HAZARD or MOVEMENT.")] = "MOVEMENT",
    mode: Annotated[str, typer.Option(help="OPER, EXER or TEST.")] = "OPER",
    remarks: Annotated[str, typer.Option(help="Free text, not for targets.")] = "",
    as_json: AsJson = False,
) -> None:
    """Ask one party to agree. Silence is no answer, and never consent."""
    from keepclear.client import to_request
    from keepclear.formats.api.asking import AskRequestRequest, RequestAnswer

    values = {
        "to": to, "by": by, "kind": kind, "mode": mode, "remarks": remarks,
        "volumes": _volumes(circle, polygon, lower, upper, start, end),
        "movement": movement_of(transports, armed, armed_count, marking or [], ""),
    }  # fmt: skip
    with client_of(home) as client:
        asked = client.ask("POST", "/v1/requests", RequestAnswer, to_request(AskRequestRequest, values))
    show(asked, lambda: _request_lines(asked.request), as_json=as_json)


def list_requests(home: Home = HERE, as_json: AsJson = False) -> None:
    """Requests, ours and those to us, with their replies."""
    from keepclear.formats.api.asking import RequestShown

    with client_of(home) as client:
        found = client.ask("GET", "/v1/requests", list[RequestShown])
    show(found, lambda: [line for each in found for line in _request_lines(each)] or ["there is no request"],
         as_json=as_json)  # fmt: skip


def _request_lines(held: asking.RequestShown | None) -> Iterator[str]:
    if held is None:
        return
    yield f"{held.key} to {held.to}  {held.kind}  {held.mode}  {held.state}, by {held.by}"
    yield f"  written {held.written_at}"
    yield f"  transmitted {held.transmitted or 'not yet'}; received {held.received or 'not yet'}"
    yield f"  answer owed by {held.due_at}"
    if held.reply is not None:
        reason = f" ({held.reply.reason})" if held.reply.reason else ""
        yield f"  {held.reply.reply}{reason} by {held.reply.by}, {held.reply.at}"
        yield from (f"    instead {volume.start} to {volume.end}" for volume in held.reply.volumes)
    if held.closed_by:
        yield f"  {held.state} by {held.closed_by}"
    yield f"  {held.standing}"


def reply(
    request: RequestKey,
    word: Annotated[str, typer.Argument(metavar="REPLY", help="AGREE, DENY or ALTERNATIVE.")],
    by: By,
    home: Home = HERE,
    reason: Annotated[
        str, typer.Option(help="With DENY: OTHER_ACTIVITY, UNSAFE, TOO_LATE, NO_AUTHORITY or NOT_STATED.")
    ] = "",
    circle: Circle = "",
    polygon: Polygon = "",
    lower: Lower = "0 m AMSL",
    upper: Upper = "",
    start: Start = "",
    end: End = "",
    as_json: AsJson = False,
) -> None:
    """Agree, deny with a reason, or offer another place or time. A notice cannot be denied."""
    from keepclear.client import to_request
    from keepclear.formats.api.asking import ReplyRequestRequest, RequestAnswer

    is_other = word.upper() == "ALTERNATIVE"
    values = {
        "request": request, "reply": word.upper(), "by": by, "reason": reason.upper() or None,
        "volumes": _volumes(circle, polygon, lower, upper, start, end) if is_other else [],
    }  # fmt: skip
    with client_of(home) as client:
        answered = client.ask("POST", "/v1/requests/reply", RequestAnswer, to_request(ReplyRequestRequest, values))
    show(answered, lambda: _request_lines(answered.request), as_json=as_json)


def accept(request: RequestKey, by: By, home: Home = HERE, as_json: AsJson = False) -> None:
    """Accept the alternative that stands now; `request list` shows it."""
    from keepclear.formats.api.asking import AcceptRequest, RequestAnswer, RequestShown

    serial = request.rpartition("/")[2]
    with client_of(home) as client:
        found = client.ask("GET", "/v1/requests", list[RequestShown])
        held = next((each for each in found if each.own and each.id == serial), None)
        if held is None or held.reply is None:
            raise NotFound(f"nobody offered an alternative to {request}", at="request")
        body = AcceptRequest(serial, held.reply.hash, by)
        accepted = client.ask("POST", "/v1/requests/accept", RequestAnswer, body)
    show(accepted, lambda: _request_lines(accepted.request), as_json=as_json)


def withdraw(request: RequestKey, by: By, home: Home = HERE, as_json: AsJson = False) -> None:
    """No longer ask."""
    from keepclear.formats.api.asking import RequestAnswer, WithdrawRequestRequest

    body = WithdrawRequestRequest(request.rpartition("/")[2], by)
    with client_of(home) as client:
        withdrawn = client.ask("POST", "/v1/requests/withdraw", RequestAnswer, body)
    show(withdrawn, lambda: _request_lines(withdrawn.request), as_json=as_json)


# ---------------------------------------------------------------------------------------------------------- outcomes


def report(
    about: Annotated[str, typer.Argument(metavar="PARTY/ID", help="Notice or request, as in amber/A-0001.")],
    outcome: Annotated[
        str, typer.Argument(help="FACILITATED, PARTLY, IMPEDED, DENIED, POSTPONED or CANCELLED_BY_SELF.")
    ],
    by: By,
    home: Home = HERE,
    delay_min: Annotated[int, typer.Option(help="By how much it was delayed, minutes.")] = 0,
    remarks: Annotated[str, typer.Option(help="Free text, not for targets.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say what came of a notice or request, as we saw it. The other side's word stands beside ours."""
    from keepclear.client import to_request
    from keepclear.formats.api.answers import ReceiptAnswer
    from keepclear.formats.api.asking import OutcomeRequest

    values = {"about": about, "outcome": outcome.upper(), "by": by, "delay_min": delay_min, "remarks": remarks}
    with client_of(home) as client:
        said = client.ask("POST", "/v1/outcomes", ReceiptAnswer, to_request(OutcomeRequest, values))
    show(said, lambda: (f"said {outcome.upper()} of {about}",), as_json=as_json)


def list_outcomes(home: Home = HERE, as_json: AsJson = False) -> None:
    """What each party says came of things, side by side."""
    from keepclear.formats.api.asking import OutcomesShown

    with client_of(home) as client:
        found = client.ask("GET", "/v1/outcomes", list[OutcomesShown])
    rows = [
        (each.about, said.party, said.outcome, f"{said.delay_min} min", said.by, said.at)
        for each in found
        for said in each.said
    ]
    heads = ("about", "says", "outcome", "delay", "by", "at")
    show(found, lambda: table([heads, *rows]) or ["nobody has said what came of anything"], as_json=as_json)


# --------------------------------------------------------------------------------------------------------- read-back


def read_back(
    alert: Alert,
    by: By,
    home: Home = HERE,
    line: Annotated[
        list[str] | None, typer.Option(metavar='"PLACE 1 VALUE"', help="One line as it was read; may be given again.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read a notice back, line by line. Without a line it shows which there are."""
    from urllib.parse import quote

    from keepclear.client import to_request
    from keepclear.formats.api.asking import ReadBackRequest, ReadBacksShown

    with client_of(home) as client:
        held = client.ask("GET", f"/v1/readback?alert={quote(alert)}", ReadBacksShown)
        if line:
            lines = [_heard(text) for text in line]
            values = {"alert": alert, "version": held.version, "lines": lines, "by": by}
            held = client.ask("POST", "/v1/readback", ReadBacksShown, to_request(ReadBackRequest, values))
    show(held, lambda: _reading_lines(held), as_json=as_json)


def _heard(text: str) -> dict[str, object]:
    field, _, rest = text.strip().partition(" ")
    number, _, value = rest.partition(" ")
    if not number.isdecimal() or not value:
        raise Malformed(f"{text!r} is not a field, a number and a value, as in HEIGHT 1 LOWER 0 M AMSL", at="line")
    return {"field": field.upper(), "number": int(number), "value": value}


def _reading_lines(held: asking.ReadBacksShown) -> Iterator[str]:
    yield from table(
        [("field", "", "value", "letters"), *((e.field, str(e.number), e.value, e.letters) for e in held.lines)]
    )
    for each in held.readings:
        yield f"read back by {each.by}, {each.at}: {each.verdict or 'not judged yet'} {each.judged_by}".rstrip()
        yield from (
            f"  {wrong.field} {wrong.number} {wrong.fault}: sent {wrong.sent!r}, heard {wrong.heard!r}"
            for wrong in each.wrong or ()
        )


def confirm(alert: Alert, by: By, home: Home = HERE, as_json: AsJson = False) -> None:
    """Confirm the newest read-back of an alert of ours. Refused while it differs from what was sent."""
    _judge(alert, by, home, "CONFIRM", as_json=as_json)


def correct(alert: Alert, by: By, home: Home = HERE, as_json: AsJson = False) -> None:
    """Have the newest read-back of an alert of ours corrected: the lines that differ are told."""
    _judge(alert, by, home, "CORRECT", as_json=as_json)


def _judge(alert: str, by: str, home: Any, verdict: str, *, as_json: bool) -> None:
    from urllib.parse import quote

    from keepclear.client import to_request
    from keepclear.formats.api.asking import JudgeReadBackRequest, ReadBacksShown

    with client_of(home) as client:
        held = client.ask("GET", f"/v1/readback?alert={quote(alert)}", ReadBacksShown)
        if not held.readings:
            raise NotFound(f"nobody has read {alert} back", at="alert")
        values = {"alert": alert, "read_back": held.readings[-1].hash, "verdict": verdict, "by": by}
        try:
            judged = client.ask("POST", "/v1/readback/judge", ReadBacksShown, to_request(JudgeReadBackRequest, values))
        except KeepclearError as problem:
            if problem.code == "read_back_wrong":
                tell("it stays as it is; `keepclear alert correct` tells them which lines differ")
            raise
    show(judged, lambda: _reading_lines(judged), as_json=as_json)


# -------------------------------------------------------------------------------------------------------- the ladder


def list_ladders(home: Home = HERE, as_json: AsJson = False) -> None:
    """What of ours waits for an answer, how far its ladder was climbed, and what is due next."""
    from keepclear.formats.api.asking import LadderShown

    with client_of(home) as client:
        found = client.ask("GET", "/v1/ladders", list[LadderShown])
    show(found, lambda: [line for each in found for line in _ladder_lines(each)] or ["nothing waits for an answer"],
         as_json=as_json)  # fmt: skip


def _ladder_lines(held: asking.LadderShown) -> Iterator[str]:
    ahead = held.closed or (f"next {held.next_rung} {held.next_at}" if held.next_rung else "all rungs climbed")
    yield f"{held.about}  {held.mode}  {held.level}  since {held.since}  {ahead}"
    for step in held.steps:
        yield f"  {step.rung} due {step.due_at}" + ("" if step.tried or step.rung == "unanswered" else ": under way")
        yield from (f"    {tried.outcome} {tried.path} {tried.detail}".rstrip() for tried in step.tried)
    yield from (f"  {call.by} called {call.number}: {call.result} {call.spoke_to}".rstrip() for call in held.calls)


def call(
    about: Annotated[str, typer.Argument(metavar="ABOUT", help="As `ladder list` names it.")],
    result: Annotated[str, typer.Argument(help="answered, refused, no_answer, busy or technical.")],
    by: By,
    home: Home = HERE,
    number: Annotated[str, typer.Option(help="The number that was called.")] = "",
    spoke_to: Annotated[str, typer.Option(help="Who answered.")] = "",
    as_json: AsJson = False,
) -> None:
    """Write down a call that was made about something unanswered."""
    from keepclear.client import to_request
    from keepclear.formats.api.answers import ReceiptAnswer
    from keepclear.formats.api.asking import CallRequest

    values = {"about": about, "result": result.lower(), "by": by, "number": number, "spoke_to": spoke_to}
    with client_of(home) as client:
        said = client.ask("POST", "/v1/ladders/call", ReceiptAnswer, to_request(CallRequest, values))
    show(said, lambda: (f"written down: {result.lower()}",), as_json=as_json)


# ----------------------------------------------------------------------------------------------------- STOP by voice


def voice_stop(
    party: Annotated[str, typer.Argument(metavar="PARTY", help="From whom it is said to come.")],
    text: Annotated[str, typer.Option(help="The card as it was read.")],
    by: By,
    home: Home = HERE,
    mode: Annotated[str, typer.Option(help="OPER, EXER or TEST.")] = "OPER",
    as_json: AsJson = False,
) -> None:
    """Type in a STOP that came by voice. It is UNAUTHENTICATED: call back the number that is shown."""
    from keepclear.client import to_request
    from keepclear.formats.api.asking import VoiceStopRequest, VoiceStopShown

    values = {"party": party, "text": text, "by": by, "mode": mode}
    with client_of(home) as client:
        held = client.ask("POST", "/v1/stops/voice", VoiceStopShown, to_request(VoiceStopRequest, values))
    number = held.telephone or "no number is enrolled"
    lines = (f"{held.id}: STOP from {held.party} by voice, UNAUTHENTICATED", f"call back now: {number}")
    show(held, lambda: lines, as_json=as_json)


def called_back(
    stop: Annotated[str, typer.Argument(metavar="ID", help="As in VB-0001.")],
    result: Annotated[str, typer.Argument(help="CONFIRMED, NOT_CONFIRMED or NO_ANSWER.")],
    by: By,
    home: Home = HERE,
    spoke_to: Annotated[str, typer.Option(help="Who answered.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say what calling back the enrolled number gave."""
    from keepclear.client import to_request
    from keepclear.formats.api.asking import CallBackRequest, VoiceStopShown

    values = {"id": stop, "result": result.upper(), "by": by, "spoke_to": spoke_to}
    with client_of(home) as client:
        held = client.ask("POST", "/v1/stops/voice/called", VoiceStopShown, to_request(CallBackRequest, values))
    show(held, lambda: (f"{held.id} is {held.state}",), as_json=as_json)


# --------------------------------------------------------------------------------------- notices that change (N7)


def extend(
    notice: Annotated[str, typer.Argument(metavar="ID", help="Serial of our own notice.")],
    until: Annotated[str, typer.Option(help="When it ends now: 2027-03-14T02:17:40Z, or +45min.")],
    by: By,
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """A notice of ours ends later than it said: asked about anew."""
    _span(notice, until, by, home, "EXTEND", as_json=as_json)


def shorten(
    notice: Annotated[str, typer.Argument(metavar="ID", help="Serial of our own notice.")],
    until: Annotated[str, typer.Option(help="When it ends now: 2027-03-14T02:17:40Z, or +45min.")],
    by: By,
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """A notice of ours ends earlier than it said."""
    _span(notice, until, by, home, "SHORTEN", as_json=as_json)


def _span(notice: str, until: str, by: str, home: Any, change: str, *, as_json: bool) -> None:
    from keepclear import config
    from keepclear.cli.notice import notice_lines, read_when
    from keepclear.client import to_request
    from keepclear.formats.api.answers import NoticeAnswer
    from keepclear.formats.api.asking import SpanRequest

    now_us = time.time_ns() // 1000  # noqa: TID251 -- "+45min" is said on this machine's clock
    party = config.load(home).party
    serial = notice.removeprefix(f"{party}/")
    with client_of(home) as client:
        held = client.notice(party, serial)
        values = {"change": change, "version": held.version, "until": read_when(until, now_us, at="until"), "by": by}
        told = client.ask("POST", f"/v1/notices/{serial}/span", NoticeAnswer, to_request(SpanRequest, values))
    show(told, lambda: notice_lines(told.notice) if told.notice else (), as_json=as_json)


def activate(
    notice: Annotated[str, typer.Argument(metavar="ID", help="Serial of our own notice.")],
    by: By,
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """A notice of ours begins to be used."""
    from keepclear import config
    from keepclear.formats.api.requests import MoveNoticeRequest

    party = config.load(home).party
    with client_of(home) as client:
        held = client.notice(party, notice.removeprefix(f"{party}/"))
        told = client.move_notice(held.id, MoveNoticeRequest("Activated", held.version, by))
    show(told, lambda: (f"{party}/{held.id} is activated",), as_json=as_json)
