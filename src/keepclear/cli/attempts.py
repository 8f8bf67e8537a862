"""`keepclear record attempts`: what a party tried when the other did not answer, from its record file alone (R3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from keepclear.cli.common import AsJson, show

if TYPE_CHECKING:
    from keepclear.cli.story import Held, HeldRecord

#: Kinds of our channel that ask for an answer, and of the channel back that give one.
_ANSWERS = {"alert": "answer", "stop": "stop_answer"}


@dataclass(slots=True)
class Attempted:
    """One alert or STOP, and everything that was done about it. Times are Zulu; empty is not there.

    Attributes:
        about: the alert, or the STOP as `party/serial/recipient`.
        written_at: by the sender's clock.
        handed_over_at: when the other machine took it, by the sender's clock.
        received_at: what the other machine says, by its clock.
        is_cosigned: the other party's own signature is over it: it cannot say that it never had it.
        tried: each rung, attempt and call, in order.
        answered: the first answer, or empty.
        unanswered_at: when it was said to be "attempted, unanswered".
    """

    about: str
    to: str
    mode: str
    written_at: str
    handed_over_at: str = ""
    received_at: str = ""
    is_cosigned: bool = False
    tried: list[str] = field(default_factory=list)
    answered: str = ""
    unanswered_at: str = ""


def attempts(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A record file, written with --private.")],
    every: Annotated[bool, typer.Option("--all", help="What was answered too.")] = False,
    as_json: AsJson = False,
) -> None:
    """What was tried, when, on which paths, when the other side did not answer. Offline; the file is verified first."""
    from keepclear.cli.story import read_record

    _require_sound(file)
    found = [each for each in attempts_of(read_record(file)) if every or not each.answered]
    show(found, lambda: lines_of(found), as_json=as_json)


def _require_sound(file: Path) -> None:
    from keepclear.errors import Tampered
    from keepclear.record import verify_record

    with file.open("rb") as opened:
        report = verify_record(opened)
    if report.faults:
        raise Tampered(f"the file does not hold, so it proves nothing: {report.faults[0]}", at=file.name)


def attempts_of(record: HeldRecord) -> list[Attempted]:
    """Everything of ours that asked for an answer, in the order it was written."""
    found: list[tuple[int, Attempted]] = []
    for log, entries in record.logs.items():
        parts = log.split("/")
        if len(parts) == 4 and parts[1] == record.party:
            found += [
                (held.entry.at, _attempted(record, log, parts[3], held))
                for held in entries
                if held.entry.kind in _ANSWERS
            ]
    ordered = [each for _, each in sorted(found, key=lambda pair: pair[0])]
    _add_ladder(record, {each.about: each for each in ordered})
    return ordered


def _attempted(record: HeldRecord, log: str, to: str, held: Held) -> Attempted:
    from keepclear.core.timespan import zulu

    body = held.body
    about = str(body["alert"]) if held.entry.kind == "alert" else f"{record.party}/{body['id']}/{to}"
    attempted = Attempted(about, to, held.entry.mode, zulu(held.entry.at))
    back = record.logs.get(f"keepclear/{to}/to/{record.party}", [])
    for reply in back:
        said = reply.body
        if reply.entry.kind == "received" and said["index"] == held.n:
            attempted.received_at = zulu(int(str(said["received_at"])))
        is_answer = reply.entry.kind == _ANSWERS[held.entry.kind] and said.get(
            "alert" if held.entry.kind == "alert" else "id"
        ) == body.get("alert" if held.entry.kind == "alert" else "id")
        if is_answer and said["answer"] != "STANDBY" and not attempted.answered:
            attempted.answered = f"{said['answer']} by {said['by']}, {zulu(reply.entry.at)}"
    attempted.is_cosigned = any(size > held.n for size, _ in record.cosigned.get(log, []))
    for own in record.logs.get(f"keepclear/{record.party}/private", []):
        said = own.body
        if own.entry.kind == "transmitted" and said["to"] == to and said["first"] <= held.n < said["size"]:
            attempted.handed_over_at = attempted.handed_over_at or zulu(int(str(said["sent_at"])))
    return attempted


def _add_ladder(record: HeldRecord, by_about: Mapping[str, Attempted]) -> None:
    from keepclear.core.timespan import zulu

    for held in record.logs.get(f"keepclear/{record.party}/private", []):
        body: Mapping[str, Any] = held.body
        attempted = by_about.get(str(body.get("about", "")))
        if attempted is None:
            continue
        at = zulu(held.entry.at)
        match held.entry.kind:
            case "ladder_step" if body["rung"] == "unanswered":
                attempted.unanswered_at = at
                attempted.tried.append(f"{at}  attempted, unanswered")
            case "ladder_step":
                attempted.tried.append(f"{at}  {body['rung']} was due {zulu(body['due_at'])}")
            case "ladder_tried":
                path = body.get("path") or "no path"
                detail = f" ({body['detail']})" if body.get("detail") else ""
                attempted.tried.append(f"{at}  {body['rung']}: {body['outcome']} {path}{detail}")
            case "call_made":
                who = f", spoke to {body['spoke_to']}" if body.get("spoke_to") else ""
                number = body.get("number") or "a number not written down"
                attempted.tried.append(f"{at}  {body['by']} called {number}: {body['result']}{who}")
            case _:
                pass


def lines_of(found: list[Attempted]) -> Iterator[str]:
    """The report for people."""
    for each in found:
        yield f"{each.about}  {each.mode}"
        yield f"  written      {each.written_at}"
        yield f"  handed over  {each.handed_over_at or 'never taken by the other machine'}"
        signed = "and its own signature is over it" if each.is_cosigned else "not signed for"
        yield f"  received     {each.received_at or 'not said'}; {signed}"
        yield from (f"  {line}" for line in each.tried)
        yield f"  answer       {each.answered or 'none'}"
    if not found:
        yield "nothing of ours is without an answer"
