"""Zones of our agreements as constraints, for those who fly by the standard.

A constraint has a beginning and an end, and lasts a day at most: a zone is published for the day ahead, and anew before
that is over. Hours that come again are not cut out: the constraint holds all day, which is on the safe side.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Iterator
from typing import Final

from keepclear.core.agreement import Agreement
from keepclear.core.footprint import Circle, Polygon
from keepclear.core.timespan import HOUR_US, LATEST_US, TimeSpan
from keepclear.core.volume import ALTITUDE_MAX_M, ALTITUDE_MIN_M, Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.core.zone import Rule, Zone
from keepclear.dss.names import new_id
from keepclear.errors import KeepclearError
from keepclear.node.node import Node
from keepclear.uss.constraints import ConstraintDesk
from keepclear.uss.wire import above_ellipsoid

log = logging.getLogger("keepclear.uss")

DAY_US: Final = 24 * HOUR_US
#: Published anew when less than this is left of it.
RENEW_US: Final = 12 * HOUR_US
_EVERY_HEIGHT: Final = AltitudeBand(
    Altitude(ALTITUDE_MIN_M, AltitudeDatum.WGS84), Altitude(ALTITUDE_MAX_M, AltitudeDatum.WGS84)
)


class ZonePublisher:
    """Keeps the constraints at a discovery service in step with the zones of the agreements in force."""

    def __init__(self, node: Node, desk: ConstraintDesk) -> None:
        self._node = node
        self._desk = desk
        self._seed = hashlib.sha256(f"zones\n{node.party}\n{desk.url}".encode()).digest()

    async def look(self) -> None:
        """Publish what is new, changed or about to run out, and lift what is no longer agreed."""
        now_us = self._node.now_us()
        wanted = dict(self._wanted(now_us))
        for key in [key for key in self._desk.own if key not in wanted]:
            await self._try(self._desk.lift(key))
        for key, (volume, kind) in wanted.items():
            held = self._desk.own.get(key)
            if held is not None and _still_holds(held.volumes[0], volume, now_us):
                continue
            await self._try(self._desk.publish(key, (volume,), kind))

    def _wanted(self, now_us: int) -> Iterator[tuple[str, tuple[Volume4D, str]]]:
        picture = self._node.picture
        for peer in picture.enrolled_peers():
            agreement = picture.agreement_with(peer)
            if agreement is None:
                continue
            for zone in agreement.zones:
                volume = constraint_of(zone, agreement, now_us)
                if volume is not None:
                    yield new_id(self._seed, "zone", agreement.title, zone.id), (volume, f"keepclear.{zone.kind}")

    async def _try(self, doing: Awaitable[object]) -> None:
        try:
            await doing
        except KeepclearError as problem:
            log.warning("constraint_not_in_step code=%s", problem.code)


def constraint_of(zone: Zone, agreement: Agreement, now_us: int) -> Volume4D | None:
    """The part of a zone that is a constraint for the day ahead; None if there is none.

    Only zones that ask everybody to stay out or to call before; a belt along a line has no outline of the standard.
    """
    if zone.rules[0].rule not in (Rule.STAY_OUT, Rule.CALL_BEFORE) or not isinstance(zone.shape, (Circle, Polygon)):
        return None
    start_us, end_us = now_us, min(now_us + DAY_US, LATEST_US)
    for span_start, span_end in (
        (zone.span.start_us, zone.span.end_us) if zone.span is not None else (None, None),
        (agreement.valid_from_us, agreement.valid_until_us),
    ):
        start_us = max(start_us, span_start or 0)
        end_us = min(end_us, span_end if span_end is not None else LATEST_US)
    if end_us <= start_us:
        return None
    band = zone.band if zone.band is not None else _EVERY_HEIGHT
    return above_ellipsoid(Volume4D(zone.shape, band, TimeSpan(start_us, end_us)))


def _still_holds(held: Volume4D, wanted: Volume4D, now_us: int) -> bool:
    if (held.footprint, held.band) != (wanted.footprint, wanted.band):
        return False
    # What ends sooner than it could is published anew in good time, and what is to end sooner at once.
    return held.span.end_us <= wanted.span.end_us and (
        held.span.end_us == wanted.span.end_us or held.span.end_us - now_us > RENEW_US
    )
