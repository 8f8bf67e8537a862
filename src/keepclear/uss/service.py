"""Our service at work: it plans only with knowledge of what is there, tells whom it must, and shows what it planned.

Planning asks the discovery service what is there, asks each manager for its details, judges, and puts the reference
with the OVNs of all it has seen. If something came in between, the service there says so, and planning begins anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from keepclear.core.conflict import Verdict
from keepclear.core.volume import Volume4D
from keepclear.dss.values import MONITORING, STRATEGIC, UssState
from keepclear.errors import KeepclearError, LimitReached, Malformed, NotAllowed, NotFound, Unavailable, UnlawfulChange
from keepclear.formats.f3548 import messages
from keepclear.formats.f3548.volumes import instant_us, volume_message
from keepclear.uss import wire
from keepclear.uss.ports import Clock, StandardLink
from keepclear.uss.telling import AT_ONCE, tell_all
from keepclear.uss.values import Outcome, Plan, Standing, meets

log = logging.getLogger("keepclear.uss")

REFERENCES: Final = "/dss/v1/operational_intent_references"
DETAILS: Final = "/uss/v1/operational_intents"
#: Times that planning begins anew because something came in between.
ATTEMPTS: Final = 12
#: Intents of others that are remembered, and of ours that stand.
PEERS_MAX: Final = 100_000
OWN_MAX: Final = 20_000


class Uss:
    """A service.

    Args:
        name: our name to others: the `sub` of our tokens.
        url: our base URL, as we tell it to others.
        dss_url: the discovery service.
        refuses_conflicts: whether a plan that meets another of its own or a greater priority is refused on our side,
            as the standard asks of those who signed it; otherwise it is planned all the same, and told.
    """

    def __init__(
        self, link: StandardLink, clock: Clock, *, name: str, url: str, dss_url: str, refuses_conflicts: bool = True
    ) -> None:
        self.name = name
        self.url = url.rstrip("/")
        self._dss_url = dss_url.rstrip("/")
        self._link = link
        self._clock = clock
        self._refuses = refuses_conflicts
        #: Intents of ours that the discovery service has taken, by id.
        self.own: dict[str, Standing] = {}
        #: What other services told us, or answered, by id; the oldest go.
        self.peers: OrderedDict[str, Standing] = OrderedDict()
        #: The newest version that each of them told us of, also of what is gone.
        self._told: OrderedDict[str, int] = OrderedDict()
        self._planning: dict[str, asyncio.Lock] = {}
        self._at_once = asyncio.Semaphore(AT_ONCE)

    # ----------------------------------------------------------------------------------------------- planning

    async def plan(self, plan: Plan, *, heeds_own: bool = True) -> Outcome:
        """Plan an intent, or change one of ours.

        Args:
            heeds_own: whether meeting another of ours is a conflict, as between users who know nothing of each other.

        Raises:
            Malformed: the discovery service says that it cannot be.
            LimitReached: `OWN_MAX` stand.
            Unavailable: the discovery service or a manager does not answer, or others were quicker each time.
        """
        if plan.id not in self.own and len(self.own) >= OWN_MAX:
            raise LimitReached(f"{OWN_MAX} operational intents of ours stand")
        async with self._planning.setdefault(plan.id, asyncio.Lock()):
            try:
                return await self._plan(plan, heeds_own=heeds_own)
            finally:
                if plan.id not in self.own:
                    self._planning.pop(plan.id, None)

    async def _plan(self, plan: Plan, *, heeds_own: bool) -> Outcome:
        for _ in range(ATTEMPTS):
            others = await self._what_is_there(plan)
            own = [each for each in self.own.values() if each.plan.id != plan.id]
            heeded = (*others, *own) if heeds_own else others
            conflicts = tuple(each for each in heeded if meets(plan, each.plan) is not Verdict.CLEAR)
            if plan.state.is_nominal and self._refuses and self._is_blocked(plan, conflicts):
                return Outcome(None, conflicts)
            key = sorted({each.ovn for each in (*others, *own) if each.ovn})
            changed = await self._put(plan, key)
            if changed is not None:
                standing = self._stands(plan, changed.operational_intent_reference)
                untold = await self._tell(changed.subscribers, plan.id, standing)
                return Outcome(standing, conflicts, untold)
        raise Unavailable(f"others planned in the same place {ATTEMPTS} times while we did: try again")

    def _is_blocked(self, plan: Plan, conflicts: Sequence[Standing]) -> bool:
        """Whether the standard forbids it: it yields to its own and to greater priorities.

        What is being flown and met another before it changes may stay as it is while that is sorted out.
        """
        before = self.own.get(plan.id)
        for other in conflicts:
            if other.plan.priority < plan.priority:
                continue
            was_flown = before is not None and before.plan.state is plan.state and plan.state.value == "Activated"
            if was_flown and before is not None and meets(before.plan, other.plan) is not Verdict.CLEAR:
                continue
            return True
        return False

    async def _what_is_there(self, plan: Plan) -> list[Standing]:
        """Every intent of another service that the plan may meet, with its details."""
        references: dict[str, messages.PeerIntentReference] = {}
        for volume in plan.extents:
            for reference in await self._references(volume):
                references[reference.id] = reference
        theirs = [each for each in references.values() if each.id not in self.own]
        found = await asyncio.gather(*(self._known(each, plan) for each in theirs))
        return [each for each in found if each is not None]

    async def _known(self, reference: messages.PeerIntentReference, plan: Plan) -> Standing | None:
        """The details of a reference, or what is assumed of a service that is marked Down and does not answer."""
        is_down = reference.uss_availability == UssState.DOWN.value
        try:
            known = await self._details(reference)
        except KeepclearError as problem:
            if not is_down:
                raise
            log.warning("manager_down code=%s", problem.code)
            known = None
        return wire.assumed(reference, plan) if known is None and is_down else known

    async def _references(self, volume: Volume4D) -> tuple[messages.PeerIntentReference, ...]:
        body = {"area_of_interest": volume_message(volume)}
        status, data = await self._link.ask("POST", self._dss_url, f"{REFERENCES}/query", scope=STRATEGIC, body=body)
        if status != 200:
            raise wire.refusal(status, data, "the discovery service")
        found: _Found = wire.read(data, _Found, "the discovery service")
        return found.operational_intent_references

    async def _details(self, reference: messages.PeerIntentReference) -> Standing | None:
        """The details of a reference; None when it is gone meanwhile."""
        known = self.peers.get(reference.id)
        if known is not None and known.version == reference.version and known.ovn:
            return known
        who = reference.manager
        async with self._at_once:
            status, data = await self._link.ask(
                "GET", reference.uss_base_url.rstrip("/"), f"{DETAILS}/{reference.id}", scope=STRATEGIC
            )
        if status == 404:
            return None
        if status != 200:
            raise wire.refusal(status, data, who)
        answer: messages.OperationalIntentDetailsAnswer = wire.read(data, messages.OperationalIntentDetailsAnswer, who)
        try:
            standing = wire.standing_of(answer.operational_intent)
        except Malformed as problem:
            raise Unavailable(f"{who} answers with an intent that cannot be: {problem}") from None
        if standing.plan.id != reference.id or standing.manager != who or not standing.ovn:
            raise Unavailable(f"{who} answers with another intent than {reference.id}, or without its OVN")
        self._remember(standing)
        return standing

    async def _put(self, plan: Plan, key: list[str]) -> _Changed | None:
        """Put the reference; None when the key was not enough, or our version not the current one."""
        before = self.own.get(plan.id)
        body = wire.put_message(
            plan, key=key, url=self.url, subscription=before.subscription if before is not None else ""
        )
        path = f"{REFERENCES}/{plan.id}" + (f"/{before.ovn}" if before is not None else "")
        scope = STRATEGIC if plan.state.is_nominal else MONITORING
        status, data = await self._link.ask("PUT", self._dss_url, path, scope=scope, body=body)
        if status == 409:
            await self._recover(plan)
            return None
        if status not in (200, 201):
            raise wire.refusal(status, data, "the discovery service")
        changed: _Changed = wire.read(data, _Changed, "the discovery service")
        return changed

    async def _recover(self, plan: Plan) -> None:
        """After a refusal: take up our own reference as the service has it, if an answer of it was lost to us."""
        held, before = await self.reference(plan.id), self.own.get(plan.id)
        if held is None:
            self.own.pop(plan.id, None)
        elif before is None or held.ovn != before.ovn:
            self.adopt(before.plan if before is not None else plan, held)

    async def reference(self, key: str) -> messages.PeerIntentReference | None:
        """A reference as the discovery service has it; None if it has none."""
        status, data = await self._link.ask("GET", self._dss_url, f"{REFERENCES}/{key}", scope=STRATEGIC)
        if status == 404:
            return None
        if status != 200:
            raise wire.refusal(status, data, "the discovery service")
        answer: _Reference = wire.read(data, _Reference, "the discovery service")
        return answer.operational_intent_reference

    def adopt(self, plan: Plan, reference: messages.PeerIntentReference) -> None:
        """Take up an intent that we planned before we were started anew."""
        if reference.manager == self.name and reference.ovn:
            self._stands(plan, reference)

    def _stands(self, plan: Plan, reference: messages.PeerIntentReference) -> Standing:
        standing = Standing(
            plan,
            self.name,
            reference.version,
            reference.ovn or "",
            self.url,
            instant_us(reference.time_start),
            instant_us(reference.time_end),
            reference.subscription_id or "",
        )
        self.own[plan.id] = standing
        return standing

    async def end(self, key: str) -> Outcome:
        """Take an intent of ours away. Raises NotFound, or Unavailable as `plan`."""
        async with self._planning.setdefault(key, asyncio.Lock()):
            for _ in range(2):
                before = self.own.get(key)
                if before is None:
                    raise NotFound(f"we have no operational intent {key}", at="id")
                path = f"{REFERENCES}/{key}/{before.ovn}"
                status, data = await self._link.ask("DELETE", self._dss_url, path, scope=STRATEGIC)
                if status == 409:
                    await self._recover(before.plan)
                    continue
                if status not in (200, 404):
                    raise wire.refusal(status, data, "the discovery service")
                del self.own[key]
                self._planning.pop(key, None)
                if status == 404:
                    return Outcome(None)
                changed: _Changed = wire.read(data, _Changed, "the discovery service")
                return Outcome(None, (), await self._tell(changed.subscribers, key, None))
        raise Unavailable("the discovery service holds another version of it each time: try again")

    # ------------------------------------------------------------------------------------------ telling others

    async def _tell(
        self, subscribers: Sequence[messages.SubscriberToNotify], key: str, standing: Standing | None
    ) -> tuple[str, ...]:
        whole = wire.details_message(standing) if standing is not None else None
        return await tell_all(
            self._link,
            subscribers,
            DETAILS,
            scope=STRATEGIC,
            body_for=lambda states: messages.PutOperationalIntentDetailsParameters(key, states, whole),
            besides=self.url,
        )

    # ------------------------------------------------------------------------------------------- others tell us

    def take(self, told: messages.PutOperationalIntentDetailsParameters, manager: str) -> Standing | None:
        """Take up what another service tells of an intent of its own; gives it as it is now, None if it is gone.

        Raises:
            Malformed: it cannot be.
            NotAllowed: the intent is not the caller's.
            UnlawfulChange: we were told of a newer version.
        """
        key = told.operational_intent_id.lower()
        held = self.peers.get(key)
        if held is not None and held.manager != manager:
            raise NotAllowed(f"this operational intent is {held.manager}'s", at="operational_intent_id")
        if key in self.own:
            raise NotAllowed("this operational intent is ours", at="operational_intent_id")
        if told.operational_intent is None:
            self.peers.pop(key, None)
            return None
        standing = wire.standing_of(told.operational_intent)
        if standing.plan.id != key:
            raise Malformed("the reference has another id", at="operational_intent.reference.id")
        if standing.manager != manager:
            raise NotAllowed(f"the reference says that it is {standing.manager}'s", at="operational_intent.reference")
        if not standing.ovn:
            raise Malformed("the reference must show its OVN", at="operational_intent.reference.ovn")
        if standing.version < self._told.get(key, 0) or (
            held is not None and held.version == standing.version and held != standing
        ):
            raise UnlawfulChange("we were told of a newer version", at="operational_intent.reference.version")
        self._remember(standing)
        return standing

    def details(self, key: str) -> Standing:
        """An intent of ours that stands. Raises NotFound."""
        held = self.own.get(key)
        if held is None:
            raise NotFound(f"we manage no operational intent {key}", at="entityid")
        return held

    def conflicts_of(self, plan: Plan) -> list[Standing]:
        """Intents of others, as far as we were told, that meet a plan and are not over."""
        now_us = self._clock.now_us()
        return [
            each
            for each in self.peers.values()
            if each.end_us >= now_us and meets(plan, each.plan) is not Verdict.CLEAR
        ]

    def _remember(self, standing: Standing) -> None:
        key = standing.plan.id
        self.peers[key] = standing
        self.peers.move_to_end(key)
        self._told[key] = max(self._told.get(key, 0), standing.version)
        self._told.move_to_end(key)
        for kept in (self.peers, self._told):
            while len(kept) > PEERS_MAX:
                kept.popitem(last=False)


class _Found(messages.Message, frozen=True):
    operational_intent_references: tuple[messages.PeerIntentReference, ...]


class _Reference(messages.Message, frozen=True):
    operational_intent_reference: messages.PeerIntentReference


class _Changed(messages.Message, frozen=True):
    subscribers: tuple[messages.SubscriberToNotify, ...]
    operational_intent_reference: messages.PeerIntentReference
