"""Telling subscribers: the service that changes something tells everybody whom the discovery service names."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from keepclear.errors import KeepclearError
from keepclear.formats.f3548 import messages
from keepclear.uss.ports import StandardLink

log = logging.getLogger("keepclear.uss")

#: Requests to other services at once.
AT_ONCE: Final = 16

States = tuple[messages.SubscriptionState, ...]


async def tell_all(
    link: StandardLink,
    subscribers: Sequence[messages.SubscriberToNotify],
    path: str,
    *,
    scope: str,
    body_for: Callable[[States], object],
    besides: str,
) -> tuple[str, ...]:
    """Tell each subscriber but ourselves; gives the addresses that did not take it.

    Args:
        body_for: what is told, given the subscriptions that it is told for.
        besides: our own address.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def tell(url: str, states: States) -> bool:
        try:
            async with gate:
                status, _ = await link.ask("POST", url, path, scope=scope, body=body_for(states))
        except KeepclearError as problem:
            log.warning("subscriber_not_told code=%s", problem.code)
            return False
        if status not in (200, 204):
            log.warning("subscriber_refused status=%d", status)
        return status in (200, 204)

    urls = {each.uss_base_url.rstrip("/"): each.subscriptions for each in subscribers}
    urls.pop(besides, None)
    told = await asyncio.gather(*(tell(url, states) for url, states in urls.items()))
    return tuple(url for url, taken in zip(urls, told, strict=True) if not taken)
