"""What can be asked about voice: that a card was typed in (V1, V2)."""

from __future__ import annotations

from dataclasses import dataclass

from keepclear.core.notice import Mode
from keepclear.node.commands.base import Command


@dataclass(frozen=True, slots=True)
class TypeCard(Command):
    """An officer typed in what was read out. `said` is its body, RFC 8785; the token was judged before.

    Attributes:
        party: who was said to speak.
        card: kind of the entry.
        table, row: of the one-time secret; empty and 0 when there was no good token.
    """

    party: str
    card: str
    mode: Mode
    said: str
    hash: str
    is_whole: bool
    by: str
    table: str = ""
    row: int = 0
    is_authenticated: bool = False
    is_forced: bool = False
