"""`keepclear intake`: a communique or news text in, a draft for a person to confirm out. Offline, and no node."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from keepclear.cli.common import AsJson, say, show, write_new
from keepclear.errors import LimitReached, Malformed

if TYPE_CHECKING:
    from keepclear.formats.intake import Draft, Finding

#: Four bytes for each of the characters that intake reads at most.
BYTES_MAX: Final = 800_000
WIDTH: Final = 110


def intake(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The text, in UTF-8.")],
    dated: Annotated[
        str, typer.Option("--dated", metavar="YYYY-MM-DD", help="When it was written; `last week` is counted from it.")
    ] = "",
    confirm: Annotated[bool, typer.Option("--confirm", help="Ask about each finding, one by one.")] = False,
    by: Annotated[str, typer.Option("--by", metavar="NAME", envvar="KEEPCLEAR_BY", help="Who confirms.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where what was confirmed goes; a new file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read meetings, agreements, zones, posts, incidents and statements out of a text, for a person to confirm."""
    from keepclear.formats.intake import read_text

    with file.open("rb") as opened:
        data = opened.read(BYTES_MAX + 1)
    if len(data) > BYTES_MAX:
        raise LimitReached(f"intake reads at most {BYTES_MAX} bytes", at=file.name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise Malformed(f"not UTF-8 at byte {problem.start}: save the text as UTF-8", at=file.name) from None
    draft = read_text(text, dated=dated, gazetteer=_known_place)
    if not confirm:
        show(_plain(draft), lambda: _lines(draft), as_json=as_json)
        return
    if not by:
        raise Malformed("a draft is confirmed by somebody: add --by NAME", at="by")
    target = out or file.with_name(f"{file.name}.draft.json")
    if target.exists():
        raise Malformed(f"{target} exists: give another name with --out", at="out")
    kept = list(_asked(text, draft))
    said = {**_plain(draft), "confirmed_by": by, "findings": [_plain_finding(finding) for finding in kept]}
    write_new(target, json.dumps(said, indent=2, ensure_ascii=False).encode() + b"\n")
    say(f"{len(kept)} of {len(draft.findings)} findings confirmed by {by}: {target}")
    say("It is a draft on this disk. Nothing was sent, and nothing entered a record.")


def _known_place(name: str) -> str:
    """The bundled gazetteer's largest place of just that name, with its country; empty when it has none."""
    from keepclear.core.gazetteer import folded
    from keepclear.core.gazetteer_data import bundled

    wanted = folded(name)
    return next((p.title for p in bundled().find(name, limit=5) if folded(p.name) == wanted), "")


def _asked(text: str, draft: Draft) -> Iterator[Finding]:
    """The findings that the person takes. Enter leaves one out; `q` leaves out all that follow."""
    for number, finding in enumerate(draft.findings, 1):
        say()
        say(f"{number} of {len(draft.findings)}")
        before, after = text[max(0, finding.span.start - 60) : finding.span.start], text[finding.span.end :][:60]
        say(_one_line(f"...{before}[{finding.text}]{after}..."))
        for line in _finding_lines(finding):
            say(line)
        answer = typer.prompt("Take it? y, n, q", default="n", show_default=False).strip().lower()
        if answer in ("q", "quit"):
            return
        if answer in ("y", "yes"):
            yield finding


def _one_line(words: str) -> str:
    return " ".join(words.split())


def _lines(draft: Draft) -> Iterator[str]:
    counted = f"counted from {draft.dated}" if draft.dated else "relative times stay relative: add --dated YYYY-MM-DD"
    yield f"{len(draft.findings)} findings, none of them in a record; {counted}"
    if draft.dateline and draft.dateline != draft.dated:
        yield f"The text itself seems to be of {draft.dateline}."
    for finding in draft.findings:
        yield ""
        yield from _finding_lines(finding)


def _finding_lines(finding: Finding) -> Iterator[str]:
    quoted = ", quoted" if finding.is_quoted else ""
    tense = f", {finding.tense}" if finding.tense else ""
    yield f"{finding.kind}{tense}{quoted}  ({finding.sure}, characters {finding.span.start} to {finding.span.end})"
    yield from textwrap.wrap(_one_line(finding.text), WIDTH, initial_indent="  ", subsequent_indent="  ")
    facts = {
        "said by": finding.speaker,
        "who": "; ".join(finding.who),
        "name": finding.name,
        "count": "" if finding.count is None else str(finding.count),
        "where": "; ".join(
            f"{place.name}{f' ({place.known_as})' if place.known_as else ''}" for place in finding.where
        ),
        "when": _when(finding),
    }
    yield from (f"  {name:8} {_one_line(value)}" for name, value in facts.items() if value)
    yield from (f"  look at  {note}" for note in finding.notes)


def _when(finding: Finding) -> str:
    if finding.when is None:
        return ""
    return (
        finding.when.iso + (", counted" if finding.when.is_counted else "")
        if finding.when.iso
        else "relative, not resolved"
    )


def _plain(draft: Draft) -> dict[str, Any]:
    return {
        "keepclear": "intake-draft-1",
        "sha256": draft.sha256,
        "dated": draft.dated,
        "dateline": draft.dateline,
        "in_record": False,
        "findings": [_plain_finding(finding) for finding in draft.findings],
    }


def _plain_finding(finding: Finding) -> dict[str, Any]:
    """One finding as JSON: every key is there in each, so that programs need not guess."""
    when = finding.when
    return {
        "kind": str(finding.kind),
        "sure": str(finding.sure),
        "span": [finding.span.start, finding.span.end],
        "text": finding.text,
        "speaker": finding.speaker,
        "is_quoted": finding.is_quoted,
        "who": list(finding.who),
        "name": finding.name,
        "count": finding.count,
        "tense": finding.tense,
        "where": [
            {"name": place.name, "known_as": place.known_as, "span": [place.span.start, place.span.end]}
            for place in finding.where
        ],
        "when": None if when is None else {
            "first": when.first, "last": when.last, "is_counted": when.is_counted, "is_relative": not when.first,
            "span": [when.span.start, when.span.end],
        },
        "notes": list(finding.notes),
    }  # fmt: skip
