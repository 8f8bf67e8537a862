"""`keepclear report`: the statistics of a line from a record file; the other party's file gives the same figures."""

from __future__ import annotations

import csv
import io
import json
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from keepclear.cli.common import AsJson, say, table, write_new
from keepclear.cli.story import HeldRecord, read_record
from keepclear.core.report import Channel, Logged, Statistics, Tally, statistics
from keepclear.core.timespan import MINUTE_US, parse_instant, zulu
from keepclear.errors import Malformed, NotFound
from keepclear.record import channel_origin
from keepclear.record.tree import Tree

_ZONE: Final = re.compile(r"UTC(?:([+-])(\d{1,2})(?::?([0-5]\d))?)?")
_SIZES: Final = re.compile(r"([a-z][a-z0-9-]*)=(\d{1,12})")


@dataclass(frozen=True, slots=True)
class Period:
    """A period as its checkpoints name it: for each channel, the sizes between which entries are counted."""

    since: dict[str, int]
    until: dict[str, int]


@dataclass(frozen=True, slots=True)
class Reported:
    """A report: the period, what was counted in it, and in the one before it when that was asked for."""

    period: dict[str, dict[str, str]]
    found: Statistics
    prior: Statistics | None
    zone_min: int


def report(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A record file of either party.")],
    with_: Annotated[str, typer.Option("--with", metavar="PARTY", help="Which other party; needed for three.")] = "",
    from_: Annotated[str, typer.Option("--from", metavar="TIME", help="Count from this time on, RFC 3339.")] = "",
    to: Annotated[str, typer.Option("--to", metavar="TIME", help="Count up to this time.")] = "",
    since: Annotated[str, typer.Option(metavar="PARTY=SIZE,PARTY=SIZE", help="Count from these checkpoints on.")] = "",
    until: Annotated[str, typer.Option(metavar="PARTY=SIZE,PARTY=SIZE", help="Count up to these checkpoints.")] = "",
    zone: Annotated[str, typer.Option(metavar="UTC+H", help="In which zone times are said beside Zulu.")] = "UTC",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, one figure a line.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with plots; a new file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Count notices, lead times, answers, STOPs, tests and breaches between two cosigned checkpoints."""
    record = read_record(file)
    other = _other(record, with_)
    reported = report_of(
        record, other, from_=from_, to=to, since=_sizes(since, "since"), until=_sizes(until, "until"),
        zone_min=_zone(zone),
    )  # fmt: skip
    if html is not None:
        from keepclear.cli.report_page import page

        write_new(html, page(plain(reported)).encode())
        say(f"wrote {html}")
    elif as_json:
        say(json.dumps(plain(reported), indent=2))
    elif as_csv:
        say(_csv(plain(reported)).rstrip())
    else:
        for line in _lines(plain(reported)):
            say(line)


def report_of(
    record: HeldRecord,
    other: str,
    *,
    from_: str = "",
    to: str = "",
    since: dict[str, int] | None = None,
    until: dict[str, int] | None = None,
    zone_min: int = 0,
) -> Reported:
    """The report of a record with one other party.

    Raises:
        Malformed: a period that the other party has not cosigned to its end, or one that ends before it begins.
    """
    pair = sorted((record.party, other))
    logs = {sender: channel_origin(sender, reader) for sender, reader in (pair, pair[::-1])}
    at = {sender: [held.entry.at for held in record.logs.get(log, [])] for sender, log in logs.items()}
    cosigned = {
        sender: max((size for size, _ in record.cosigned.get(log, [])), default=0) for sender, log in logs.items()
    }
    upto = {
        sender: (until or {}).get(
            sender, bisect_left(at[sender], parse_instant(to, at="to")) if to else cosigned[sender]
        )
        for sender in pair
    }
    start = {
        sender: (since or {}).get(sender, bisect_left(at[sender], parse_instant(from_, at="from")) if from_ else 0)
        for sender in pair
    }
    _check(pair, start, upto, cosigned)
    entries = {sender: _logged(record, logs[sender], upto[sender]) for sender in pair}
    found = statistics(*(Channel(sender, entries[sender], start[sender]) for sender in pair))
    prior = None
    if from_ and to:
        begin, end = parse_instant(from_, at="from"), parse_instant(to, at="to")
        before = {sender: bisect_left(at[sender], 2 * begin - end) for sender in pair}
        prior = statistics(*(Channel(sender, entries[sender][: start[sender]], before[sender]) for sender in pair))
    named = {
        sender: {"from": _name(record, logs[sender], start[sender]), "to": _name(record, logs[sender], upto[sender])}
        for sender in pair
    }
    return Reported(named, found, prior, zone_min)


def _check(pair: list[str], start: dict[str, int], upto: dict[str, int], cosigned: dict[str, int]) -> None:
    for sender in pair:
        if upto[sender] > cosigned[sender]:
            raise Malformed(
                f"the period ends at entry {upto[sender]} of {sender}'s channel, and only {cosigned[sender]} are"
                " cosigned in this file: choose an earlier end",
                at="to",
            )
        if start[sender] > upto[sender]:
            raise Malformed(f"the period ends before it begins: {start[sender]} to {upto[sender]}", at="from")


def _logged(record: HeldRecord, log: str, size: int) -> list[Logged]:
    return [
        Logged(held.entry.at, held.entry.kind, held.entry.mode, held.entry.body)
        for held in record.logs.get(log, [])[:size]
    ]


def _name(record: HeldRecord, log: str, size: int) -> str:
    """A checkpoint's name: how many entries, and the beginning of the root over them."""
    tree = Tree(bytes.fromhex(held.hash) for held in record.logs.get(log, [])[:size])
    return f"{size}.{tree.root().hex()[:12]}"


def _other(record: HeldRecord, wanted: str) -> str:
    others = sorted(_readers(record))
    if wanted:
        if wanted not in others:
            raise NotFound(f"this record has no channel with {wanted!r}; it has {', '.join(others) or 'none'}")
        return wanted
    if len(others) != 1:
        raise Malformed(f"say which other party: --with {' or '.join(others) or 'PARTY'}", at="with")
    return others[0]


def _readers(record: HeldRecord) -> set[str]:
    return {
        party
        for origin in record.header.origins()
        for party in (origin.reader,)
        if party is not None and party != record.party
    }


def _sizes(text: str, at: str) -> dict[str, int] | None:
    if not text:
        return None
    parts = [_SIZES.fullmatch(part.strip()) for part in text.split(",")]
    if not all(parts):
        raise Malformed(f"{text!r} is not of the form amber=120,birch=118", at=at)
    return {part[1]: int(part[2]) for part in parts if part}


def _zone(text: str) -> int:
    match = _ZONE.fullmatch(text.strip())
    if match is None or int(match[2] or 0) > 14:
        raise Malformed(f"{text!r} is no zone such as UTC, UTC+3 or UTC-03:30", at="zone")
    minutes = int(match[2] or 0) * 60 + int(match[3] or 0)
    return -minutes if match[1] == "-" else minutes


# ------------------------------------------------------------------------------------------------------- as values


def plain(reported: Reported) -> dict[str, Any]:
    """The report as JSON: integers and words alone, so that both parties' files give the same bytes."""
    said = {
        "keepclear": "report-1",
        "checkpoints": reported.period,
        "cut_off": zulu(reported.found.cut_off_us),
        "cut_off_local": _local(reported.found.cut_off_us, reported.zone_min),
        "from": zulu(reported.found.from_us),
        "directions": [_plain_tally(tally) for tally in reported.found.tallies],
    }
    if reported.prior is not None:
        said["prior"] = [_plain_tally(tally) for tally in reported.prior.tallies]
    return said


def _local(instant_us: int, zone_min: int) -> str:
    if not zone_min:
        return zulu(instant_us)
    hours, minutes = divmod(abs(zone_min), 60)
    sign = "-" if zone_min < 0 else "+"
    return zulu(instant_us + zone_min * MINUTE_US)[:-1] + f" UTC{sign}{hours:02d}:{minutes:02d}"


def _plain_tally(tally: Tally) -> dict[str, Any]:
    made = tally.in_time + tally.late + tally.unanswered
    return {
        "party": tally.party,
        "notices": dict(sorted(tally.notices.items())),
        "changes": dict(sorted(tally.changes.items())),
        "lead_median_s": tally.lead_s(50),
        "lead_p10_s": tally.lead_s(10),
        "leads_s": tally.leads_s,
        "message_p90_s": tally.message_within_s(90),
        "short": tally.short,
        "not_received": tally.not_received,
        "alerts": tally.alerts,
        "acknowledged_in_time": tally.in_time,
        "acknowledged_in_time_permille": tally.in_time * 1000 // made if made else None,
        "acknowledged_late": tally.late,
        "unanswered": tally.unanswered,
        "superseded": tally.superseded,
        "undecided": tally.undecided,
        "stops": tally.stops,
        "stops_answered_in_time": tally.stops_answered_in_time,
        "stops_answered_late": tally.stops_answered_late,
        "stops_unanswered": tally.stops_unanswered,
        "line_tests": dict(sorted(tally.tests.items())),
        "line_tests_answered": dict(sorted(tally.tests_answered.items())),
        "line_available_permille": tally.available_permille,
        "reserved_s": tally.reserved_s,
        "used_s": tally.used_s,
        "given_back_s": tally.given_back_s,
        "outcomes": dict(sorted(tally.outcomes.items())),
        "not_operational": tally.not_operational,
        "breaches": [
            {"at": zulu(b.at_us), "party": b.party, "what": b.what, "about": b.about, "by_s": b.by_s}
            for b in tally.breaches
        ],
    }


# ------------------------------------------------------------------------------------------------------- for people

_ROWS: Final = (
    ("notices", "notices first told"),
    ("changes", "changes to them"),
    ("lead_median_s", "lead time, median, s"),
    ("lead_p10_s", "lead time, tenth percentile, s"),
    ("message_p90_s", "alert to answer, nine in ten, s"),
    ("short", "SHORT"),
    ("not_received", "not received at the cut-off"),
    ("alerts", "alerts asked"),
    ("acknowledged_in_time", "acknowledged in time"),
    ("acknowledged_late", "acknowledged late"),
    ("unanswered", "unanswered"),
    ("superseded", "superseded before an answer"),
    ("undecided", "still open at the cut-off"),
    ("stops", "STOP sent"),
    ("stops_answered_in_time", "STOP answered in time"),
    ("stops_answered_late", "STOP answered late"),
    ("stops_unanswered", "STOP unanswered"),
    ("line_tests", "line tests"),
    ("line_tests_answered", "line tests answered"),
    ("line_available_permille", "line available, of 1000"),
    ("reserved_s", "reserved, s"),
    ("used_s", "used, s"),
    ("given_back_s", "given back, s"),
    ("outcomes", "outcomes reported"),
    ("not_operational", "exercise and test entries"),
)


def rows(said: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Heads and figures as a table: one column for each direction, and for each of the period before."""
    now, before = said["directions"], said.get("prior", [])
    yield ("sent by", *(each["party"] for each in now), *(f"{each['party']} before" for each in before))
    for key, words in _ROWS:
        yield (words, *(_cell(each[key]) for each in (*now, *before)))
    yield ("breaches", *(str(len(each["breaches"])) for each in (*now, *before)))


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items()) or "0"
    return "-" if value is None else str(value)


def _lines(said: dict[str, Any]) -> Iterator[str]:
    for party, names in said["checkpoints"].items():
        yield f"{party}'s channel  from {names['from']} to {names['to']}"
    yield f"cut-off  {said['cut_off']}" + (
        f"  {said['cut_off_local']}" if said["cut_off_local"] != said["cut_off"] else ""
    )
    yield ""
    yield from table(rows(said))
    listed = [breach for each in said["directions"] for breach in each["breaches"]]
    if listed:
        yield ""
        yield "What the agreement asked for and was not so; nothing here says why:"
        heads = ("at", "party", "what", "about", "by, s")
        yield from table(
            [heads, *((b["at"], b["party"], b["what"], b["about"], str(b["by_s"])) for b in listed)], indent="  "
        )


def _csv(said: dict[str, Any]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("period", "sent_by", "figure", "of", "value"))
    for period, tallies in (("now", said["directions"]), ("prior", said.get("prior", []))):
        for each in tallies:
            for key, value in each.items():
                if isinstance(value, dict):
                    writer.writerows((period, each["party"], key, name, count) for name, count in value.items())
                elif isinstance(value, list):
                    writer.writerow((period, each["party"], key, "count", len(value)))
                elif key != "party":
                    writer.writerow((period, each["party"], key, "", "" if value is None else value))
    return out.getvalue()
