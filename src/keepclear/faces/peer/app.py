"""/peer/v1: entries and heartbeats from another party's node, over mutual TLS.

TLS has shown already that the caller holds the key of an enrolled certificate. Which party that is, the picture says at
each request, so a party that was removed is refused on the connection that it still holds. What the bytes claim about
their sender counts for nothing.

A party that floods is slowed by a token bucket of its own. Whatever holds a STOP passes it, and heartbeats have a
bucket to themselves: neither shuts out the other.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from keepclear.errors import Busy, KeepclearError, LimitReached, Malformed, NotAllowed, StoreFailed
from keepclear.faces.caller import peer_certificate_sha256, read_body
from keepclear.faces.problem import OUR_FAULT, framework_problem, problem_of, send_problem, send_whole
from keepclear.formats import peer as wire
from keepclear.formats.enrolment import certificate_sha256
from keepclear.node.logs import channel
from keepclear.node.loop import is_urgent
from keepclear.node.node import Node
from keepclear.node.ports import Delivery, Heartbeat

log = logging.getLogger("keepclear.peer")

#: A node sends one delivery at a time with a pause of 5 ms between (`delivery_pause_s`), so 200 a second at the very
#: most. Twice that is a node gone wrong.
RATE_PER_S: Final = 400.0
BURST: Final = 800.0
#: A node beats every few seconds, and twice a second while it cannot sign; forty times that is a node gone wrong.
BEATS_PER_S: Final = 20.0
BEATS_BURST: Final = 40.0

#: Requests of one peer under way at once. A node of ours has one delivery and one heartbeat; each may hold a message
#: of 5.5 MB, so what a peer can make us hold is bounded before a byte of it is read.
UNDER_WAY_MAX: Final = 8
#: What a peer is told when we cannot record: that, and nothing of our disk or our mistakes.
CANNOT_RECORD: Final = "this node cannot record just now: use the telephone for what is urgent"


@dataclass(slots=True)
class Bucket:
    """Tokens of one peer: so many come in each second, at most a burst of them is held."""

    tokens: float = float("inf")
    at_us: int = 0

    def take(self, now_us: int, rate_per_s: float, burst: float) -> bool:
        """Whether there is one to take now; a bucket is full at first."""
        self.tokens = min(burst, self.tokens + max(0, now_us - self.at_us) / 1e6 * rate_per_s)
        self.at_us = now_us
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Pins:
    """Which party a certificate belongs to; read anew when keys are enrolled or removed."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._parties: dict[str, str] = {}
        self._removed: dict[str, str] = {}
        self.reload()

    def reload(self) -> None:
        """Take up what the picture says now."""
        self._parties, self._removed = {}, {}
        for party, held in self._node.picture.peers.items():
            try:
                pin = certificate_sha256(held.enrolled.tls)
            except Malformed:
                log.warning("certificate_unreadable peer=%s", party)
                continue
            (self._removed if held.is_removed else self._parties)[pin] = party

    def party_of(self, pin: str) -> str:
        """The party whose certificate this is.

        Raises:
            NotAllowed: nobody's that is enrolled here; the message says what to check.
        """
        party = self._parties.get(pin)
        if party is not None:
            return party
        here = self._node.party
        if pin in self._removed:
            raise NotAllowed(
                f"{self._removed[pin]} was removed at {here}: its keys are not accepted any more", at="tls"
            )
        raise NotAllowed(
            f"no party that is enrolled at {here} has the certificate {pin[:16]}...: compare it with the one enrolled,"
            " and enrol again if it was renewed",
            at="tls",
        )


class PeerApp:
    """The peer door as an ASGI application: three requests, no framework between."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.pins = Pins(node)
        self._buckets: dict[str, Bucket] = {}
        self._beats: dict[str, Bucket] = {}
        self._under_way: Counter[str] = Counter()
        self._requests: dict[tuple[str, str], Callable[[str, Scope, Receive], Awaitable[wire.Message]]] = {
            ("POST", f"{wire.PREFIX}/entries"): self._entries,
            ("GET", f"{wire.PREFIX}/entries"): self._held,
            ("POST", f"{wire.PREFIX}/heartbeat"): self._heartbeat,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            party = self.pins.party_of(peer_certificate_sha256(scope))
            request = self._requests.get((scope["method"], scope["path"]))
            if request is None:
                await send_problem(send, framework_problem(404, "there is nothing under this path"))
                return
            answer = wire.encode(await self._in_turn(party, request, scope, receive))
        except StoreFailed as failed:
            log.info("peer_refused code=%s", failed.code)
            await send_problem(send, problem_of(StoreFailed(CANNOT_RECORD)))
            return
        except KeepclearError as refused:
            log.info("peer_refused code=%s at=%s", refused.code, refused.at)
            await send_problem(send, problem_of(refused))
            return
        except Exception:
            # One message that breaks an invariant is set aside by the loop; its sender is told no, and the door stays.
            log.exception("peer_request_failed path=%s", scope["path"])
            await send_problem(send, OUR_FAULT)
            return
        await send_whole(send, 200, answer)

    async def _in_turn(
        self,
        party: str,
        request: Callable[[str, Scope, Receive], Awaitable[wire.Message]],
        scope: Scope,
        receive: Receive,
    ) -> wire.Message:
        if self._under_way[party] >= UNDER_WAY_MAX:
            raise Busy(f"under_way_max: {UNDER_WAY_MAX} requests of {party} are under way")
        self._under_way[party] += 1
        try:
            return await request(party, scope, receive)
        finally:
            self._under_way[party] -= 1

    async def _entries(self, party: str, scope: Scope, receive: Receive) -> wire.Message:
        data = await read_body(scope, receive, wire.MESSAGE_BYTES_MAX)
        has_tokens = self._has_tokens(party)
        message = wire.read_delivery(data)
        if not has_tokens and not any(is_urgent(entry) for entry in message.entries):
            raise Busy(f"rate: {party} sends more than {RATE_PER_S:.0f} messages a second")
        if sum(len(entry) for entry in message.entries) > self._node.settings.delivery_bytes_max:
            raise LimitReached(f"delivery_bytes_max: {self._node.settings.delivery_bytes_max}", at="entries")
        delivered = await self._node.receive(party, Delivery(message.first, message.entries, message.checkpoint))
        return wire.DeliveredMessage(delivered.size, delivered.cosigned)

    async def _heartbeat(self, party: str, scope: Scope, receive: Receive) -> wire.Message:
        beats = self._beats.setdefault(party, Bucket())
        if not beats.take(self._node.now_us(), BEATS_PER_S, BEATS_BURST):
            raise Busy(f"rate: {party} sends more than {BEATS_PER_S:.0f} heartbeats a second")
        theirs = wire.read_heartbeat(await read_body(scope, receive, wire.HEARTBEAT_BYTES_MAX))
        ours = await self._node.answer_heartbeat(
            party,
            Heartbeat(
                theirs.software, theirs.now_us, theirs.holds, theirs.cosigned, theirs.checkpoint, theirs.store_ok
            ),
        )
        return wire.HeartbeatMessage(
            ours.software, ours.now_us, ours.holds, ours.cosigned, ours.checkpoint, ours.store_ok
        )

    async def _held(self, party: str, scope: Scope, _: Receive) -> wire.Message:
        if not self._has_tokens(party):
            raise Busy(f"rate: {party} asks more than {RATE_PER_S:.0f} times a second")
        first, count = _range(scope["query_string"])
        stored = self._node.store.log_entries(channel(party, self._node.party), first, count)
        # Within the bytes of one message; the caller asks on from where it ends.
        entries: list[bytes] = []
        total = 0
        for each in stored:
            total += len(each.data)
            if entries and total > self._node.settings.delivery_bytes_max:
                break
            entries.append(each.data)
        return wire.EntriesMessage(tuple(entries))

    def _has_tokens(self, party: str) -> bool:
        return self._buckets.setdefault(party, Bucket()).take(self._node.now_us(), RATE_PER_S, BURST)


def _range(query: bytes) -> tuple[int, int]:
    values = dict(parse_qsl(query[:200].decode("latin-1")))
    first, count = values.get("first", "0"), values.get("count", str(wire.ENTRIES_MAX))
    if not all(text.isascii() and text.isdigit() and len(text) <= 16 for text in (first, count)):
        raise Malformed("first and count are whole numbers", at="first")
    if not 1 <= int(count) <= wire.ENTRIES_MAX:
        raise Malformed(f"count is 1 to {wire.ENTRIES_MAX}", at="count")
    return int(first), int(count)
