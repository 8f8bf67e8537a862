"""Live followers of what is recorded. One that falls behind is cut off and resumes by the number it saw last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from keepclear.errors import LimitReached
from keepclear.node.ports import Store, StoredEntry
from keepclear.node.settings import Settings


class FellBehind(LimitReached):
    """A follower's queue was full. It should ask again from the last number it saw."""

    code = "fell_behind"


class Fanout:
    """Tells followers of entries once they are durable."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._followers: set[asyncio.Queue[StoredEntry | None]] = set()

    def publish(self, entries: Sequence[StoredEntry]) -> None:
        """Tell every follower; never waits for one."""
        for queue in list(self._followers):
            for entry in entries:
                try:
                    queue.put_nowait(entry)
                except asyncio.QueueFull:
                    self._cut(queue)
                    break

    def _cut(self, queue: asyncio.Queue[StoredEntry | None]) -> None:
        self._followers.discard(queue)
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)

    def close(self) -> None:
        """End every follower."""
        for queue in list(self._followers):
            self._cut(queue)

    async def follow(self, after_seq: int) -> AsyncIterator[StoredEntry]:
        """Every entry after a number, first from the store, then as it is recorded, each once and in order.

        Raises:
            LimitReached: `followers_max` are following.
            FellBehind: this one did not keep up, or the node stops.
        """
        if len(self._followers) >= self._settings.followers_max:
            raise LimitReached(f"followers_max: {self._settings.followers_max} are following")
        queue: asyncio.Queue[StoredEntry | None] = asyncio.Queue(self._settings.follower_queue_max)
        self._followers.add(queue)
        try:
            last = after_seq
            for entry in self._store.entries(after_seq):
                yield entry
                last = entry.seq
            while True:
                fresh = await queue.get()
                if fresh is None:
                    raise FellBehind(f"begin again after {last}")
                # What the store gave while we were already listening comes a second time.
                if fresh.seq > last:
                    yield fresh
                    last = fresh.seq
        finally:
            self._followers.discard(queue)
