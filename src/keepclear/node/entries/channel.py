"""Entries about the state of a channel: open, limited, suspended; and what waits meanwhile (V5)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from keepclear.core.line import ChannelName, ChannelState
from keepclear.node.entries.base import Entry, PartyId, Person, Text


class ChannelStateSent(Entry, frozen=True):
    """`channel_state`: how its sender says that a channel stands from now on. Resuming is the same with `open`."""

    channel: ChannelName
    state: ChannelState
    by: Person
    remarks: Text = ""


class HeldBack(Entry, frozen=True):
    """`held_back`: not delivered while suspended. It waits here, whole, and goes out in its turn (derived).

    Attributes:
        number: place in the queue to that party, from 1.
        kind: of the entry that waits.
        body: the entry, RFC 8785.
    """

    to: PartyId
    number: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    kind: Annotated[str, msgspec.Meta(max_length=40)]
    body: Annotated[str, msgspec.Meta(max_length=65_535)]


class LetGo(Entry, frozen=True):
    """`let_go`: what waited up to this number was sent, or needs no sending any more (derived).

    Attributes:
        overtaken: numbers of what was not sent, because something newer was.
    """

    to: PartyId
    number: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    overtaken: Annotated[tuple[int, ...], msgspec.Meta(max_length=1_000)] = ()


#: Seen by the other party.
CHANNEL: dict[str, type[Entry]] = {"channel_state": ChannelStateSent}
#: In our private record only.
PRIVATE: dict[str, type[Entry]] = {"held_back": HeldBack, "let_go": LetGo}
#: Found by a rule rather than said by a person or a peer.
DERIVED = frozenset({"held_back", "let_go"})
