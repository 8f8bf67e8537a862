"""Entries about voice: a card that an officer typed in, and whether the link later brought the same (V1, V2)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from keepclear.node.entries.base import Entry, Hash, PartyId, Person

SAID_MAX = 4_000
Row = Annotated[int, msgspec.Meta(ge=0, le=99)]


class CardTyped(Entry, frozen=True):
    """`card_typed`: what was read out to us, by voice. It is no entry of the other party's until the link brings one.

    Attributes:
        party: who was said to speak.
        card: kind of the entry that was said.
        subject: which one: its serial, version or words.
        hash: content hash of what was said.
        said: the body that was said, RFC 8785.
        is_whole: the whole entry was said; otherwise the detail comes by file.
        is_authenticated: a token for this card answered our challenge. Otherwise it is UNAUTHENTICATED: call back.
        table, row: which one-time secret the token was made with; empty and 0 without a token.
        call_back: the telephone that was enrolled for the party.
        is_forced: the token was made under the duress word. For our own people alone.
    """

    party: PartyId
    card: Annotated[str, msgspec.Meta(max_length=40)]
    subject: Annotated[str, msgspec.Meta(max_length=200)]
    hash: Hash
    said: Annotated[str, msgspec.Meta(max_length=SAID_MAX)]
    by: Person
    is_whole: bool
    is_authenticated: bool
    call_back: Annotated[str, msgspec.Meta(max_length=40)] = ""
    table: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{16})?$")] = ""
    row: Row = 0
    is_forced: bool = False


class CardCompared(Entry, frozen=True):
    """`card_compared`: the link brought the entry that a card had said before; by full hash (derived).

    Attributes:
        hash: of what was said by voice.
        entry: content hash of the entry that came.
        agrees: they say the same. If not, somebody's words were changed: call back.
    """

    party: PartyId
    hash: Hash
    entry: Hash
    agrees: bool


#: Seen by the other party.
CHANNEL: dict[str, type[Entry]] = {}
#: In our private record only.
PRIVATE: dict[str, type[Entry]] = {"card_typed": CardTyped, "card_compared": CardCompared}
#: Found by a rule rather than said by a person or a peer.
DERIVED = frozenset({"card_compared"})
