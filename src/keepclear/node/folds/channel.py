"""How the picture takes up the state of a channel, and what waits while it is suspended (V5)."""

from __future__ import annotations

from typing import Any

from keepclear.node.entries.channel import ChannelStateSent, HeldBack, LetGo
from keepclear.node.heldline import Stated, Waiting
from keepclear.node.logs import Read
from keepclear.node.state import Fold, State


def apply_state(state: State, entry: Read, body: ChannelStateSent, sender: str, receiver: str) -> None:
    """How a party says that a channel stands."""
    other = receiver if sender == state.party else sender
    state.line_to(other).stated[sender, body.channel] = Stated(body.state, entry.at, body.by, body.remarks)


def apply_held_back(state: State, entry: Read, body: HeldBack, sender: str, receiver: str) -> None:
    """A message waits."""
    line = state.line_to(body.to)
    line.waiting.append(Waiting(body.number, body.kind, body.body, entry.mode, entry.at))
    line.last_number = max(line.last_number, body.number)


def apply_let_go(state: State, entry: Read, body: LetGo, sender: str, receiver: str) -> None:
    """What waited up to a number was sent, or overtaken."""
    waiting = state.line_to(body.to).waiting
    while waiting and waiting[0].number <= body.number:
        waiting.popleft()


FOLDS: dict[Any, Fold] = {ChannelStateSent: apply_state, HeldBack: apply_held_back, LetGo: apply_let_go}
