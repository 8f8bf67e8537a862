"""`keepclear line`: how the line to each party stands, tests of each path, and the state of a channel (V3, V5)."""

from __future__ import annotations

from typing import Annotated

import typer

from keepclear.cli.common import HERE, AsJson, By, Home, client_of, show, table
from keepclear.core.timespan import spoken_duration

To = Annotated[str, typer.Argument(metavar="PARTY", help="The other party.")]
Test = Annotated[str, typer.Argument(metavar="TEST", help="As in amber/LA-0001.")]


def list_lines(home: Home = HERE, as_json: AsJson = False) -> None:
    """Show the line to each party: when it was last heard, its tests, its channels, what waits, and alarms."""
    from keepclear.formats.api.line import Line

    with client_of(home) as client:
        lines = client.ask("GET", "/v1/line", list[Line])
    show(lines, lambda: [text for each in lines for text in _lines_of(each)] or ["no party is enrolled"],
         as_json=as_json)  # fmt: skip


def _lines_of(line: object) -> list[str]:
    from keepclear.formats.api.line import Line

    assert isinstance(line, Line)
    silent = "never since the start" if line.silent_for_s is None else f"{spoken_duration(line.silent_for_s)} ago"
    lines = [f"{line.party}: {line.line}, last heard {silent}"]
    if line.skew_s is not None and line.skew_uncertain_s is not None:
        lines.append(f"  its clock was ahead by {line.skew_s:.3f} s at the last test, give or take"
                     f" {line.skew_uncertain_s:.3f} s")  # fmt: skip
    lines += [
        f"  {each.channel} channel {each.state}, says {each.party} since {each.at} ({each.by})"
        f"{': ' + each.remarks if each.remarks else ''}"
        for each in line.channels
    ]
    if line.suspended:
        lines.append(f"  SUSPENDED: only {', '.join(line.stays_open)} go out")
    if line.waiting:
        since = line.waiting[0].since
        lines.append(f"  {len(line.waiting)} not delivered while suspended, the oldest since {since}")
    lines += [f"  ALARM {each.what} {each.about} since {each.since}" for each in line.alarms]
    lines += [f"  next {each.path} test {each.due_at}" for each in line.next_tests]
    rows = [
        (
            each.test, each.path, each.at, ", ".join(each.results) or ("ANSWER THIS" if each.asks_us else "awaited"),
            each.answered_by, f"{each.latency_s:.1f} s", ", ".join(f"{c.party}: {c.cause}" for c in each.causes),
        )
        for each in line.tests
    ]  # fmt: skip
    return lines + table([("test", "path", "at", "result", "answered by", "after", "causes"), *rows], indent="  ")


def ask_test(
    to: To,
    by: By,
    home: Home = HERE,
    machine: Annotated[bool, typer.Option("--machine", help="The other node's own receipt is answer enough.")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask over the network whether anybody hears us."""
    from keepclear.client import to_request
    from keepclear.formats.api.line import LineAnswer, TestLineRequest

    request = to_request(TestLineRequest, {"to": to, "by": by, "asks_person": not machine})
    with client_of(home) as client:
        answer = client.ask("POST", "/v1/line/tests", LineAnswer, request)
    show(answer, lambda: (f"line test {answer.subject} is asked: `keepclear line list` shows what came of it",),
         as_json=as_json)  # fmt: skip


def answer(
    test: Test,
    by: By,
    home: Home = HERE,
    no_language: Annotated[
        bool, typer.Option("--no-language", help="The agreed language cannot be spoken here now.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Answer a line test that came in: a person here hears them."""
    from keepclear.client import to_request
    from keepclear.formats.api.line import AnswerLineTestRequest, LineAnswer

    request = to_request(AnswerLineTestRequest, {"test": test, "by": by, "language_ok": not no_language})
    with client_of(home) as client:
        given = client.ask("POST", "/v1/line/tests/answer", LineAnswer, request)
    show(given, lambda: (f"line test {test} is answered, by {by}",), as_json=as_json)


def enter(
    to: To,
    path: Annotated[str, typer.Argument(metavar="PATH", help="telephone or radio.")],
    by: By,
    home: Home = HERE,
    answered_by: Annotated[str, typer.Option(help="Who answered; nobody when not given.")] = "",
    latency_s: Annotated[float, typer.Option(help="Seconds until the answer.")] = 0.0,
    language: Annotated[bool, typer.Option("--language", help="The agreed language works.")] = False,
    cause: Annotated[str, typer.Option(help="Of a miss: technical, no_answer, refused, not_stated.")] = "not_stated",
    as_json: AsJson = False,
) -> None:
    """Enter what came of a test by telephone or radio."""
    from keepclear.client import to_request
    from keepclear.formats.api.line import EnterLineTestRequest, LineAnswer

    values = {"to": to, "path": path, "by": by, "answered_by": answered_by, "latency_s": latency_s,
              "language_ok": language, "cause": cause}  # fmt: skip
    with client_of(home) as client:
        given = client.ask("POST", "/v1/line/tests/entered", LineAnswer, to_request(EnterLineTestRequest, values))
    result = f"answered by {answered_by}" if answered_by else f"missed, {cause}"
    show(given, lambda: (f"line test {given.subject} by {path}: {result}",), as_json=as_json)


def cause(
    test: Test,
    why: Annotated[str, typer.Argument(metavar="CAUSE", help="technical, no_answer, refused or not_stated.")],
    by: By,
    home: Home = HERE,
    remarks: Annotated[str, typer.Option(help="Free text, not for targets.")] = "",
    as_json: AsJson = False,
) -> None:
    """State why a test was missed. The miss stays on the record beside it."""
    from keepclear.client import to_request
    from keepclear.formats.api.line import LineAnswer, StateCauseRequest

    request = to_request(StateCauseRequest, {"test": test, "cause": why, "by": by, "remarks": remarks})
    with client_of(home) as client:
        given = client.ask("POST", "/v1/line/tests/cause", LineAnswer, request)
    show(given, lambda: (f"stated for {test}: {why}",), as_json=as_json)


def channel(
    to: To,
    state: Annotated[str, typer.Argument(metavar="STATE", help="open, limited or suspended.")],
    by: By,
    home: Home = HERE,
    political: Annotated[
        bool, typer.Option("--political", help="The political channel, which is not this line.")
    ] = False,
    remarks: Annotated[str, typer.Option(help="Free text, not for targets.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say how a channel stands from now on. STOP, hazards and line tests stay open while it is suspended."""
    from keepclear.client import to_request
    from keepclear.formats.api.line import LineAnswer, SetChannelRequest

    name = "political" if political else "safety"
    values = {"to": to, "channel": name, "state": state, "by": by, "remarks": remarks}
    with client_of(home) as client:
        given = client.ask("POST", "/v1/line/channel", LineAnswer, to_request(SetChannelRequest, values))
    show(given, lambda: (f"{to} is told: the {name} channel is {state}",), as_json=as_json)
