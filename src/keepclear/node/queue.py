"""The queue before the loop: bounded, with places that only the STOP lane may use, and the STOP lane goes first."""

from __future__ import annotations

import asyncio
from collections import deque

from keepclear.errors import Busy
from keepclear.node.loop import Asked, Outcome, Receipt, is_stop_lane
from keepclear.node.settings import Settings


class CommandQueue:
    """Commands with the futures their callers wait on."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._urgent: deque[tuple[Asked, asyncio.Future[Receipt]]] = deque()
        self._others: deque[tuple[Asked, asyncio.Future[Receipt]]] = deque()
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._urgent) + len(self._others)

    def put(self, asked: Asked) -> asyncio.Future[Receipt]:
        """Queue a command; its answer comes through the future.

        Raises:
            Busy: the queue is full, by name and value.
        """
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        if is_stop_lane(asked.command):
            if len(self._urgent) >= self._settings.queue_max:
                raise Busy(f"queue_max: {self._settings.queue_max} STOP messages wait")
            self._urgent.append((asked, future))
        else:
            most = self._settings.queue_max - self._settings.queue_reserved
            if len(self._others) >= most:
                raise Busy(f"queue_max: {most} commands wait; try again in a second")
            self._others.append((asked, future))
        self._filled.set()
        return future

    async def take(self) -> list[tuple[Asked, asyncio.Future[Receipt]]]:
        """At least one command, at most a batch of them: the STOP lane alone if it holds any."""
        await self._filled.wait()
        lane = self._urgent or self._others
        taken = [lane.popleft() for _ in range(min(len(lane), self._settings.batch_max))]
        if not self:
            self._filled.clear()
        return taken

    def fail_all(self, failure: Exception) -> None:
        """Tell everyone who waits that nothing will come."""
        for lane in (self._urgent, self._others):
            while lane:
                future = lane.popleft()[1]
                if not future.done():
                    future.set_exception(failure)


def answer(taken: list[tuple[Asked, asyncio.Future[Receipt]]], outcome: Outcome) -> None:
    """Give each caller what its command came to."""
    for (_, future), given in zip(taken, outcome.answers, strict=True):
        if future.done():  # its caller went away; it is so all the same
            continue
        if isinstance(given, Exception):
            future.set_exception(given)
        else:
            future.set_result(given)
