"""What a service needs from outside."""

from __future__ import annotations

from typing import Protocol


class StandardLink(Protocol):
    """Other services and the discovery service, over HTTPS, with a token for each audience and scope."""

    async def ask(self, method: str, base_url: str, path: str, *, scope: str, body: object = None) -> tuple[int, bytes]:
        """Ask for one thing; the status and the body of the answer.

        Raises:
            NotAllowed: this address may not be called.
            Unavailable: no answer, or one that is too large, after as many tries as are allowed.
        """
        ...


class Clock(Protocol):
    """Time, given."""

    def now_us(self) -> int:
        """The wall clock, microseconds UTC."""
        ...
