"""`keepclear card table` and `keepclear card token`: one-time secrets, and the answer to a challenge (V2).

A token is made in the same way under the watch word and under the duress word. This program knows neither, so nothing
on the screen, in a file or in the time it takes tells which one was typed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keepclear.cli.common import HERE, Home, say, write_new
from keepclear.cli.phrasebook import said_of_what
from keepclear.core.timespan import HOUR_US, MINUTE_US
from keepclear.errors import Malformed

if TYPE_CHECKING:
    from keepclear.links.voice_tables import VoiceTables

Peer = Annotated[str, typer.Option("--peer", metavar="PARTY", help="The other party.")]


def table(
    peer: Peer,
    home: Home = HERE,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Make a new table, and write here what the peer has to take.")
    ] = None,
    take: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Take the table with which the peer speaks to us.")
    ] = None,
    rows: Annotated[int, typer.Option(help="Messages that can be said under it, 1 to 99.")] = 20,
    hours: Annotated[int, typer.Option(help="How long it is good.")] = 24,
    words: Annotated[
        bool, typer.Option("--words", help="Agree a watch word and a duress word; they are asked for unseen.")
    ] = False,
) -> None:
    """Make, take or print a table of one-time secrets. A new one goes to the peer by hand, never over the line."""
    from keepclear import config
    from keepclear.formats.voice_table import read_table, table_text
    from keepclear.links.voice_tables import VoiceTables

    own = config.load(home).party
    tables = VoiceTables(home)
    if take is not None:
        taken = read_table(take.read_bytes())
        if taken.speaker != peer:
            raise Malformed(f"{take} is a table with which {taken.speaker} speaks, not {peer}", at="take")
        tables.keep(taken, own)
        say(f"kept: {peer} speaks to us under table {taken.id}; now destroy {take} and every copy of it")
        return
    if out is not None:
        _make(tables, own, peer, out, rows, hours, is_worded=words)
    held = tables.to_speak(peer)
    say(table_text(held, tables.used(held)).rstrip("\n"))


def _make(tables: VoiceTables, own: str, peer: str, out: Path, rows: int, hours: int, *, is_worded: bool) -> None:
    import msgspec

    from keepclear.formats.voice_table import make_table
    from keepclear.links.system import SystemClock, SystemEntropy

    if not 1 <= hours <= 24 * 31:
        raise Malformed(f"a table is good for 1 to {24 * 31} hours, not {hours}", at="hours")
    watch = _unseen("watch word (all is well)") if is_worded else ""
    duress = _unseen("duress word (empty for none)") if is_worded else ""
    until = (SystemClock().now_us() + hours * HOUR_US) // MINUTE_US * MINUTE_US
    made = make_table(
        own, peer, SystemEntropy().draw(32), rows=rows, until=until, watch_word=watch, duress_word=duress,
    )  # fmt: skip
    write_new(out, msgspec.json.encode(made) + b"\n", mode=0o600)
    tables.keep(made, own)
    typer.echo(f"{out} is for {peer} alone: carry it there by hand", err=True)


def token(
    what: Annotated[
        str, typer.Argument(metavar="FILE|ID", help="The message: an entry's file or id, or a typed card's file.")
    ],
    peer: Peer,
    row: Annotated[int, typer.Option(help="An unused row of the table.")],
    challenge: Annotated[str, typer.Option(help="The six letters that the receiver said.")],
    home: Home = HERE,
    version: Annotated[int, typer.Option(help="Which version of a notice; the newest when 0.")] = 0,
    paper: Annotated[
        bool, typer.Option("--paper", help="The secret is typed from the printed sheet: for a spare machine.")
    ] = False,
) -> None:
    """Answer the receiver's challenge for one message. The word is asked for unseen; without words, press Enter."""
    from keepclear.core.challenge import (
        CHALLENGE_LETTERS,
        SECRET_LETTERS,
        grouped,
        read_letters,
    )
    from keepclear.core.challenge import token as make_token
    from keepclear.formats.voice_card import say as spoken
    from keepclear.links.voice_tables import VoiceTables

    asked = read_letters(challenge, CHALLENGE_LETTERS, at="challenge")
    digest = _digest_of(what, home, version)
    if paper:
        secret = read_letters(_unseen(f"secret of row {row}"), SECRET_LETTERS, at="secret")
        word = _unseen("word")
    else:
        tables = VoiceTables(home)
        held = tables.to_speak(peer)
        secret, word = held.secret(row), _unseen("word")
        tables.use(held, row)
    answer = make_token(secret, word, asked, digest)
    say(f"ROW {row}  TOKEN {grouped(answer)}")
    say(f"  {spoken(grouped(answer))}")


def _unseen(what: str) -> str:
    return str(typer.prompt(what, default="", hide_input=True, show_default=False, err=True))


def _digest_of(what: str, home: Path, version: int) -> bytes:
    from keepclear.formats.voice_card import card_digest, card_of, read_card

    path = Path(what)
    if path.is_file() and not path.read_bytes().lstrip().startswith(b"{"):
        card = read_card(path.read_text("utf-8", errors="replace"))
    else:
        said = said_of_what(what, home, version)
        card = card_of(said.kind, said.mode, said.sender, said.receiver, said.body)
    return card_digest(card.kind, card.mode, card.sender, card.to, card.hash)
