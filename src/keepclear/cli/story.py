"""The story that two record files tell: who filed what, how much warning it gave, conflicts, alerts, answers, receipts.

Everything is read back from the two files, and from nothing else. What only one side could know (its own figures) is
in its own file's private log.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from keepclear.core.timespan import SECOND_US, spoken_duration, zulu
from keepclear.errors import Malformed
from keepclear.record import Envelope, Header, channel_origin, private_origin
from keepclear.record import checkpoint as checkpoints
from keepclear.record.recordfile import MAX_LINE_BYTES, CheckpointLine, EntryLine, read_line

#: A demo's record has some hundreds of lines; a story of more is not readable.
LINES_MAX: Final = 100_000


@dataclass(frozen=True, slots=True)
class Held:
    """One entry of a log as a file holds it."""

    n: int
    hash: str
    text: str
    entry: Envelope

    @property
    def body(self) -> Mapping[str, Any]:
        """What its kind says."""
        return self.entry.body


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A record file: entries of each log, and (size, seconds) of each cosignature by the log's reader."""

    header: Header
    logs: dict[str, list[Held]]
    cosigned: dict[str, list[tuple[int, int]]]

    @property
    def party(self) -> str:
        """Who made the file."""
        return self.header.party.party


def read_record(path: Path) -> HeldRecord:
    """A record file as values. `keepclear verify` says whether it holds; this only reads.

    Raises:
        Malformed: not a record file, or longer than a story can be.
    """
    with path.open("rb") as opened:
        header = Header.from_bytes(opened.readline(MAX_LINE_BYTES + 2).removesuffix(b"\n"))
        logs: dict[str, list[Held]] = {log: [] for log in header.logs}
        cosigned: dict[str, list[tuple[int, int]]] = {log: [] for log in header.logs}
        for number, line in enumerate(iter(lambda: opened.readline(MAX_LINE_BYTES + 2), b"")):
            if number > LINES_MAX:
                raise Malformed(f"a story is told from at most {LINES_MAX} lines", at=path.name)
            read = read_line(line.removesuffix(b"\n"))
            if isinstance(read, EntryLine):
                held = Held(read.n, read.hash, read.entry, Envelope.from_bytes(read.entry.encode()))
                logs[read.log].append(held)
            elif isinstance(read, CheckpointLine):
                _note_cosigned(header, read, cosigned[read.log])
    return HeldRecord(header, logs, cosigned)


def _note_cosigned(header: Header, line: CheckpointLine, to: list[tuple[int, int]]) -> None:
    origin = next(origin for origin in header.origins() if str(origin) == line.log)
    if origin.reader is None:
        return
    checkpoint, note = checkpoints.parse(line.checkpoint)
    signatures = note.by(header.identity(origin.reader).cosigner_keys()[0])
    # The first eight bytes of a cosignature are its time.
    to += [(checkpoint.size, int.from_bytes(signature.raw[:8], "big")) for signature in signatures]


# ------------------------------------------------------------------------------------------------------- the story


@dataclass(slots=True)
class Answered:
    """One answer to an alert or to a STOP."""

    answer: str
    by: str
    at: str


@dataclass(slots=True)
class Told:
    """One version of a notice, as the two records tell it. Times are Zulu; empty is not there.

    Attributes:
        received_at: by the receiver's clock; `given`: received, recorded and cosigned by the receiver.
        lead_s, lead_bracket_s: from receipt to start, and the bounds that the sender's own signatures give.
        conflicts: as the sender told them, or as the receiver found them.
        need_s, have_s, inside, contradiction, is_short, level: the receiver's own figures.
    """

    notice: str
    version: int
    state: str
    kind: str
    filed_by: str
    filed_at: str
    start: str
    end: str
    to: str
    received_at: str = ""
    given: bool = False
    lead_s: int | None = None
    lead_bracket_s: tuple[int, int] | None = None
    is_short: bool = False
    level: str = ""
    answer_within_s: int = 0
    conflicts: tuple[str, ...] = ()
    need_s: int = 0
    have_s: int = 0
    inside: tuple[str, ...] = ()
    contradiction: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    answers: list[Answered] = field(default_factory=list)
    at_us: int = 0


@dataclass(slots=True)
class StopTold:
    """A STOP, as the two records tell it."""

    stop: str
    by: str
    at: str
    to: str
    remarks: str
    received_at: str = ""
    answers: list[Answered] = field(default_factory=list)
    resumed_at: str = ""
    at_us: int = 0


@dataclass(slots=True)
class Story:
    """All that happened, in the order in which it was recorded."""

    agreed: list[str] = field(default_factory=list)
    notices: list[Told] = field(default_factory=list)
    stops: list[StopTold] = field(default_factory=list)


def tell_story(records: Mapping[str, HeldRecord]) -> Story:
    """The story of two parties' records, each party's by its id."""
    story = Story()
    for party, record in records.items():
        for other in records:
            if other != party:
                _tell_channel(story, record, records[other])
    story.notices.sort(key=lambda told: (told.at_us, told.notice))
    story.stops.sort(key=lambda told: told.at_us)
    story.agreed.sort()
    return story


def _tell_channel(story: Story, own: HeldRecord, other: HeldRecord) -> None:
    """What one party sent to the other, from the sender's file; what came of it, from the receiver's."""
    forth, back = channel_origin(own.party, other.party), channel_origin(other.party, own.party)
    received = {
        held.body["index"]: (held.n, held.body["received_at"])
        for held in other.logs.get(back, [])
        if held.entry.kind == "received"
    }
    told_by_alert: dict[str, Told] = {}
    told_newest: dict[tuple[str, int], Told] = {}
    for held in own.logs.get(forth, []):
        body = held.body
        match held.entry.kind:
            case "notice":
                told = _notice(own, other, held, received.get(held.n), forth, back)
                told_newest[body["id"], body["version"]] = told
                story.notices.append(told)
            case "alert":
                told = told_newest[body["notice"]["id"], body["notice"]["version"]]
                told.level, told.answer_within_s = body["level"], body["answer_within_s"]
                told.conflicts = tuple(f"{other.party}/{serial}" for serial in body.get("conflicts", ()))
                told_by_alert[body["alert"]] = told
            case "stop":
                _, at_us = received.get(held.n, (0, 0))
                story.stops.append(
                    StopTold(
                        f"{own.party}/{body['id']}", body["by"], _zulu(held.entry.at), other.party,
                        body.get("remarks", ""), _zulu(at_us), at_us=held.entry.at,
                    )
                )  # fmt: skip
            case "resume":
                for stop in story.stops:
                    if stop.stop == f"{own.party}/{body['id']}":
                        stop.resumed_at = _zulu(held.entry.at)
            case "agreement_signed":
                story.agreed.append(f"{_zulu(held.entry.at)}  {body['by']} of {own.party} signed {body['hash'][:16]}")
            case "agreement_proposed":
                story.agreed.append(
                    f"{_zulu(held.entry.at)}  {body['by']} of {own.party} proposed and signed {body['hash'][:16]},"
                    f" {body['terms']['title']!r}"
                )
            case _:
                pass
    _add_figures(other, own, told_by_alert)
    _add_answers(other, back, own, told_by_alert, story)


def _notice(
    own: HeldRecord, other: HeldRecord, held: Held, received: tuple[int, int] | None, forth: str, back: str
) -> Told:
    body = held.body
    start_us = min(volume["start"] for volume in body["volumes"])
    told = Told(
        notice=f"{own.party}/{body['id']}",
        version=body["version"],
        state=body["state"],
        kind=body["kind"],
        filed_by=_drafted_by(own, body["id"], body["version"]),
        filed_at=_zulu(held.entry.at),
        start=_zulu(start_us),
        end=_zulu(max(volume["end"] for volume in body["volumes"])),
        to=other.party,
        hidden=tuple(sorted(body.get("hidden", {}))),
        at_us=held.entry.at,
    )
    if received is None:
        return told
    receipt_n, received_us = received
    told.received_at = _zulu(received_us)
    told.lead_s = math.floor((start_us - received_us) / SECOND_US)
    told.given = _first_over(own.cosigned.get(forth, []), held.n) is not None
    # Not before the sender wrote it; not after the sender cosigned the receiver's word that it had come.
    cosigned_s = _first_over(own.cosigned.get(back, []), receipt_n)
    if cosigned_s is not None:
        least = math.floor((start_us - (cosigned_s + 1) * SECOND_US) / SECOND_US)
        told.lead_bracket_s = (least, math.ceil((start_us - held.entry.at) / SECOND_US))
    return told


def _first_over(cosigned: list[tuple[int, int]], n: int) -> int | None:
    return next((at_s for size, at_s in sorted(cosigned) if size > n), None)


def _drafted_by(own: HeldRecord, serial: str, version: int) -> str:
    for held in own.logs.get(private_origin(own.party), []):
        if held.entry.kind == "notice_filed" and (held.body["id"], held.body["version"]) == (serial, version):
            return str(held.body["drafted_by"])
    return ""


def _add_figures(other: HeldRecord, own: HeldRecord, told_by_alert: Mapping[str, Told]) -> None:
    """What an alert meant to its receiver, from the receiver's private log."""
    for held in other.logs.get(private_origin(other.party), []):
        body = held.body
        told = told_by_alert.get(body.get("alert", "")) if held.entry.kind == "alert_assessed" else None
        if told is None or body["party"] != own.party:
            continue
        told.level, told.is_short = body["level"], body["is_short"]
        told.need_s, told.have_s = body.get("need_s", 0), body.get("have_s", 0)
        told.inside = tuple(f"{other.party}/{serial}" for serial in body.get("inside", ()))
        told.contradiction = tuple(body.get("contradiction", ()))
        found = tuple(f"{other.party}/{serial}" for serial in body.get("conflicts", ()))
        told.conflicts = tuple(dict.fromkeys((*told.conflicts, *found)))


def _add_answers(
    other: HeldRecord, back: str, own: HeldRecord, told_by_alert: Mapping[str, Told], story: Story
) -> None:
    for held in other.logs.get(back, []):
        body = held.body
        if held.entry.kind == "answer" and body["alert"] in told_by_alert:
            answered = Answered(body["answer"], body["by"], _zulu(held.entry.at))
            told_by_alert[body["alert"]].answers.append(answered)
        if held.entry.kind == "stop_answer":
            for stop in story.stops:
                if stop.stop == f"{own.party}/{body['id']}":
                    stop.answers.append(Answered(body["answer"], body["by"], _zulu(held.entry.at)))


def _zulu(instant_us: int) -> str:
    return zulu(instant_us) if instant_us else ""


# ------------------------------------------------------------------------------------------------------- for people


def story_lines(story: Story) -> Iterator[str]:
    """The story in words."""
    yield from (f"agreed   {line}" for line in story.agreed)
    for told in story.notices:
        yield f"{told.notice} v{told.version}  {told.kind}  {told.state}"
        by = told.filed_by or "not said"
        yield f"  filed    {_second(told.filed_at)} by {by}; {_second(told.start)} to {_second(told.end)}"
        yield f"  to       {told.to}{', hidden as agreed: ' + ', '.join(told.hidden) if told.hidden else ''}"
        yield f"  received {_second(told.received_at) or 'not yet'}; {'given' if told.given else 'not given'}"
        if told.lead_s is not None and told.state != "Ended":
            bracket = told.lead_bracket_s
            bounds = (
                f", between {bracket[0]} and {bracket[1]} s by {told.notice.split('/')[0]}'s own record"
                if bracket
                else ""
            )
            yield f"  lead     {spoken_duration(told.lead_s)}{bounds}{'  SHORT' if told.is_short else ''}"
        if told.conflicts:
            yield f"  conflict {', '.join(told.conflicts)}"
        if told.contradiction:
            yield f"  contradiction: it says {told.contradiction[0]}, the geometry lies {told.contradiction[1]}"
        if told.need_s:
            yield (
                f"  clearing {told.to} needs {spoken_duration(told.need_s)} and has {spoken_duration(told.have_s)}"
                f" ({', '.join(told.inside)} may be inside)"
            )
        if told.level:
            yield f"  alert    {told.level}, to be answered within {spoken_duration(told.answer_within_s)}"
        yield from (f"  answered {each.answer} by {each.by}, {_second(each.at)}" for each in told.answers)
    for stop in story.stops:
        yield f"STOP {stop.stop}  asked by {stop.by}, {_second(stop.at)}{f': {stop.remarks}' if stop.remarks else ''}"
        yield f"  received by {stop.to} {_second(stop.received_at) or 'not yet'}"
        yield from (f"  answered {each.answer} by {each.by}, {_second(each.at)}" for each in stop.answers)
        if stop.resumed_at:
            yield f"  resumed  {_second(stop.resumed_at)}"


def _second(text: str) -> str:
    """A time without its fraction, for reading."""
    return text.partition(".")[0].removesuffix("Z") + "Z" if text else ""
