"""Two nodes of one process that reach each other and nobody else: for training. No network."""

from __future__ import annotations

from typing import Protocol

from keepclear.errors import PeerUnreachable
from keepclear.node.logs import channel
from keepclear.node.ports import Delivered, Delivery, Heartbeat, Store


class Other(Protocol):
    """What is asked of the node at the other end."""

    store: Store

    async def receive(self, party: str, delivery: Delivery) -> Delivered:
        """Take entries."""
        ...

    async def answer_heartbeat(self, party: str, theirs: Heartbeat) -> Heartbeat:
        """Take a heartbeat."""
        ...


class LocalLink:
    """Reaches the nodes that were put here by name. There is no door in it to any other."""

    def __init__(self, party: str) -> None:
        """The link of one party; `others` is filled once both nodes are there."""
        self._party = party
        self.others: dict[str, Other] = {}

    async def deliver(self, party: str, delivery: Delivery) -> Delivered:
        """Hand over entries."""
        return await self._at(party).receive(self._party, delivery)

    async def heartbeat(self, party: str, ours: Heartbeat) -> Heartbeat:
        """Exchange heartbeats."""
        return await self._at(party).answer_heartbeat(self._party, ours)

    async def fetch(self, party: str, first: int, count: int) -> list[bytes]:
        """Entries of our own channel as the other holds them."""
        return [each.data for each in self._at(party).store.log_entries(channel(self._party, party), first, count)]

    def _at(self, party: str) -> Other:
        other = self.others.get(party)
        if other is None:
            raise PeerUnreachable(f"{party} is no party of this exercise: a node that trains reaches nobody else")
        return other
