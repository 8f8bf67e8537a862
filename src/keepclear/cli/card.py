"""`keepclear card`: voice cards printed, and typed in at the far side with every line checked as it comes (V1)."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keepclear.cli.common import HERE, AsJson, Home, client_of, say, show, table, tell
from keepclear.cli.phrasebook import Language, channel_entries, said_of_what
from keepclear.errors import Malformed, NotFound, Unavailable

if TYPE_CHECKING:
    from keepclear.formats.api import answers
    from keepclear.formats.voice_card import Card, TypedLine


def show_card(
    what: Annotated[
        str,
        typer.Argument(
            metavar="FILE|ID",
            help="A file with one entry, or an id: amber/A-0001, amber/SA-0001, LOG#N.",
        ),
    ],
    home: Home = HERE,
    version: Annotated[int, typer.Option(help="Which version of a notice; the newest when 0.")] = 0,
    as_html: Annotated[bool, typer.Option("--html", help="A page for paper instead of text.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print an entry as a voice card: at most 14 numbered lines with check letters, and how each is said."""
    from keepclear.formats.voice_card import card_of

    said = said_of_what(what, home, version)
    card = card_of(said.kind, said.mode, said.sender, said.receiver, said.body)
    if as_html:
        say(card.html())
        return
    show(facts_of(card), lambda: card.text().splitlines(), as_json=as_json)


def read(
    home: Home = HERE,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Typed lines; asked for when not given.")] = None,
    language: Language = "en",
    by: Annotated[
        str, typer.Option("--by", metavar="NAME", help="Record it at the running node, as typed in by this person.")
    ] = "",
    challenge: Annotated[str, typer.Option(help="What we said: six letters of `card challenge`.")] = "",
    row: Annotated[int, typer.Option(help="The row that they said.")] = 0,
    token: Annotated[str, typer.Option(help="The eight letters that they said.")] = "",
    as_json: AsJson = False,
) -> None:
    """Type in a card that was read out: each line is checked as it comes. Needs no running node, but to record it."""
    card = read_in(file, home)
    if not by:
        show(facts_of(card), lambda: card_lines(card, language, home), as_json=as_json)
        return
    from keepclear.formats.api.requests import TypeCardRequest

    with client_of(home) as client:
        typed = client.type_card(TypeCardRequest(card.typed(), by, challenge, row, token))
    show(typed, lambda: (*card_lines(card, language, home), *_mark_lines(typed)), as_json=as_json)


def challenge(
    peer: Annotated[str, typer.Option("--peer", metavar="PARTY", help="The party that has a message by voice.")],
    home: Home = HERE,
) -> None:
    """Six fresh letters to be said to a party: it answers them with a token. Good for one try within ten minutes."""
    with client_of(home) as client:
        fresh = client.challenge(peer)
    say(fresh.challenge)
    say(f"  {fresh.spoken}")


def list_cards(home: Home = HERE, as_json: AsJson = False) -> None:
    """What was said to us by voice, and whether the link brought the same."""
    with client_of(home) as client:
        cards = client.typed_cards()
    heads = ("from", "kind", "which", "at", "typed by", "authenticated", "link", "hash")
    rows = [
        (
            each.party, each.kind, each.subject, each.at, each.by,
            "yes" if each.authenticated else f"UNAUTHENTICATED: call back {each.call_back}",
            each.state.upper() if each.state == "differs" else each.state, each.hash[:16],
        )
        for each in cards
    ]  # fmt: skip
    show(cards, lambda: table([heads, *rows]) or ["nothing was said by voice"], as_json=as_json)


def _mark_lines(typed: answers.TypedCard) -> Iterator[str]:
    if typed.authenticated:
        yield f"AUTHENTICATED, recorded as said by voice; the link: {typed.state}."
    else:
        yield f"UNAUTHENTICATED, recorded as said by voice: call {typed.party} back on {typed.call_back}."
    if typed.state == "differs":
        yield "ALARM: the link brought another content under this name. Call back before anything else."
    if typed.forced:
        yield "DURESS: the token was made under the duress word. For our own people alone: show them nothing."


def read_in(file: Path | None, home: Path) -> Card:
    """The card in a file, or typed line by line."""
    from keepclear.formats.voice_card import read_card, read_lines
    from keepclear.formats.voice_card.reading import TYPED_MAX

    if file is not None:
        with file.open(encoding="utf-8", errors="replace") as opened:
            typed = opened.read(TYPED_MAX + 1)
        return read_card(typed, known_hashes=_known_hashes(home) if "SAYS" in typed.upper() else ())
    lines = {line.field: line for line in _typed_lines()}
    return read_lines(lines, known_hashes=_known_hashes(home) if "SAYS" in lines else ())


def _typed_lines() -> Iterator[TypedLine]:
    from keepclear.formats.voice_card import LineWrong, lines_wanted, read_line

    lines: list[TypedLine] = []
    while wanted := lines_wanted(lines):
        typer.echo(f"{wanted:>2}: ", nl=False, err=True)
        typed = sys.stdin.readline()
        if not typed:
            raise Malformed(f"the card ends before its last line, SUM: line {wanted} is missing", at="SUM")
        try:
            line = read_line(typed, expected=wanted)
        except LineWrong as wrong:
            tell(f"    {wrong}")
            continue
        if line is not None:
            lines.append(line)
    yield from lines


def _known_hashes(home: Path) -> Collection[str]:
    """Hashes of what we sent, as an answer names them: as the entry has it, and as a card of it would."""
    from keepclear import config
    from keepclear.formats.voice_card import card_of, content_hash

    hashes: set[str] = set()
    try:
        party = config.load(home).party
        with client_of(home) as client:
            for entry in channel_entries(client, party):
                if entry.kind == "notice":
                    origin = entry.log.split("/")
                    hashes.add(content_hash(entry.body))
                    hashes.add(card_of("notice", entry.mode, origin[1], origin[3], entry.body).hash)
    except (Unavailable, NotFound) as problem:
        tell(f"an answer names a notice of ours, and our node cannot be asked which: {problem}")
    return hashes


def facts_of(card: Card) -> dict[str, object]:
    """A card for programs."""
    return {
        "kind": card.kind, "mode": card.mode, "from": card.sender, "to": card.to, "hash": card.hash,
        "detail_by_file": not card.is_whole, "body": card.body, "lines": [line.typed() for line in card.lines],
    }  # fmt: skip


def card_lines(card: Card, language: str, home: Path) -> Iterator[str]:
    """What a typed card says, in a language."""
    from keepclear.formats.phrasebook import Said, render
    from keepclear.links.phrasebooks import phrasebook_of

    held = phrasebook_of(language, home)
    said = Said(card.kind, card.mode, card.sender, card.to, -1, card.body, card.hash)
    yield f"{card.sender.upper()} to {card.to.upper()}, by voice: all {len(card.lines)} lines fit their letters."
    if not card.is_whole:
        yield "DETAIL BY FILE: this is coarser than the entry, which comes by link or file."
    yield from render(said, held.book, signer=held.signer).text().splitlines()
