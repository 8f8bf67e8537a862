"""How the picture takes up what was said by voice (V1, V2)."""

from __future__ import annotations

from typing import Any

from keepclear.node.entries.voice import CardCompared, CardTyped
from keepclear.node.held import HeldCard
from keepclear.node.logs import Read
from keepclear.node.state import Fold, State

#: Cards that stay in the picture: the newest. The record keeps all.
CARDS_KEPT = 500


def apply_typed(state: State, entry: Read, body: CardTyped, sender: str, receiver: str) -> None:
    """A card was typed in; the same one again takes the place of the first."""
    key = (body.party, body.hash)
    state.cards.pop(key, None)
    state.cards[key] = HeldCard(body, entry.mode, entry.at)
    if body.row:
        state.voice_rows.add((body.table, body.row))
    while len(state.cards) > CARDS_KEPT:
        del state.cards[next(iter(state.cards))]


def apply_compared(state: State, entry: Read, body: CardCompared, sender: str, receiver: str) -> None:
    """The link brought what a card had said, or something else under its name."""
    held = state.cards.get((body.party, body.hash))
    if held is not None:
        held.compared_at, held.agrees, held.entry = entry.at, body.agrees, body.entry


FOLDS: dict[Any, Fold] = {CardTyped: apply_typed, CardCompared: apply_compared}
