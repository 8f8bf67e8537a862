"""`keepclear stop`: ask the other side to stop, answer such a call, and resume."""

from __future__ import annotations

from typing import Annotated

import typer

from keepclear.cli.common import HERE, AsJson, By, Home, client_of, present, show, table
from keepclear.core.timespan import spoken_duration


def send(
    by: By,
    home: Home = HERE,
    to: Annotated[list[str] | None, typer.Option(metavar="PARTY", help="Whom; every peer when not given.")] = None,
    remarks: Annotated[str, typer.Option(help="Free text, not for targets.")] = "",
    mode: Annotated[str, typer.Option(help="OPER, EXER or TEST.")] = "OPER",
    as_json: AsJson = False,
) -> None:
    """Ask to stop, now. When it cannot be recorded, prints what to read out by telephone."""
    from keepclear.client import to_request
    from keepclear.formats.api.requests import StopRequest

    request = to_request(StopRequest, {"by": by, "to": to or [], "remarks": remarks, "mode": mode})
    with client_of(home) as client:
        sent = client.send_stop(request)
    stop = present(sent.stop)
    show(
        sent,
        lambda: (
            f"STOP {stop.id} is recorded and submitted to {', '.join(stop.to)}",
            f"answer owed within {spoken_duration(stop.due_in_s)}: `keepclear stop list` shows it",
        ),
        as_json=as_json,
    )


def list_stops(home: Home = HERE, as_json: AsJson = False) -> None:
    """STOPs, sent and received."""
    with client_of(home) as client:
        stops = client.stops()
    heads = ("stop", "state", "at", "by", "answers", "remarks")
    rows = [
        (
            each.id, each.state, each.at, each.by,
            ", ".join(f"{given.party} {given.answer} ({given.by})" for given in each.answers) or "none yet",
            each.remarks,
        )
        for each in stops
    ]  # fmt: skip
    show(stops, lambda: table([heads, *rows]) or ["there is no STOP"], as_json=as_json)


def answer(
    stop: Annotated[str, typer.Argument(metavar="STOP", help="As in amber/SA-0001.")],
    reply: Annotated[str, typer.Argument(metavar="ANSWER", help="WILCO, UNABLE, ROGER or STANDBY.")],
    by: By,
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Answer a STOP that came in."""
    from keepclear.client import to_request
    from keepclear.formats.api.requests import AnswerStopRequest

    request = to_request(AnswerStopRequest, {"stop": stop, "answer": reply.upper(), "by": by})
    with client_of(home) as client:
        answered = client.answer_stop(request)
    show(answered, lambda: (f"answered {reply.upper()} to STOP {stop}, by {by}",), as_json=as_json)


def resume(
    stop: Annotated[str, typer.Argument(metavar="ID", help="Serial of our own STOP, as in SA-0001.")],
    by: By,
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """No longer ask to stop."""
    from keepclear.client import to_request
    from keepclear.formats.api.requests import ResumeRequest

    request = to_request(ResumeRequest, {"id": stop.rpartition("/")[2], "by": by})
    with client_of(home) as client:
        resumed = client.resume(request)
    show(resumed, lambda: (f"STOP {stop} is resumed",), as_json=as_json)
