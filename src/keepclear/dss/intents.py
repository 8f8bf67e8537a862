"""Operational intent references: made only by those who know all that is there, and changed by their manager alone.

Source: ASTM F3548-21; the published interface; docs/reference/f3548.md, where each rule has its line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from keepclear.core.volume import Volume4D
from keepclear.dss.asks import Changed, Decision, DeleteIntent, PutIntent
from keepclear.dss.extents import check_extents, check_in_future, covers
from keepclear.dss.limits import Limits
from keepclear.dss.names import new_id, opaque, requested_ovn
from keepclear.dss.notifying import notify
from keepclear.dss.refusals import AirspaceConflict, MarkedDown
from keepclear.dss.registry import Registry
from keepclear.dss.values import (
    MONITORING,
    STRATEGIC,
    Caller,
    Change,
    Constraint,
    Intent,
    IntentState,
    Kind,
    Subscription,
    UssState,
)
from keepclear.errors import LimitReached, Malformed, NotAllowed, NotFound, UnlawfulChange


def put_intent(registry: Registry, ask: PutIntent, now_us: int, seed: bytes, limits: Limits) -> Decision:
    """Make a reference or change one.

    Raises:
        Malformed: what is asked cannot be, or a subscription that does not fit.
        NotAllowed: another's, or a state that the token's scope does not reach.
        UnlawfulChange: it exists already, or another version of it does.
        AirspaceConflict: the key lacks OVNs; those whose they are are named.
        MarkedDown: the caller's service is declared down.
    """
    before = _before(registry, ask)
    _check_state(registry, ask, before)
    check_extents(ask.extents, limits)
    check_in_future(ask.end_us, now_us)
    if before is None and len(registry.intents) >= limits.intents_max:
        raise LimitReached(f"intents_max: {limits.intents_max} operational intents are held")
    ovn = opaque(seed, "ovn", ask.id) if ask.suffix is None else _suffixed(ask, before, now_us, limits)
    subscription, changes, gone = _subscription(registry, ask, before, now_us, seed, limits)
    if ask.state.is_nominal:
        _check_key(registry, ask, needs_constraints=subscription is not None and subscription.for_constraints)
    intent = Intent(
        id=ask.id,
        manager=ask.caller.manager,
        version=before.version + 1 if before else 1,
        ovn=ovn,
        url=ask.url,
        start_us=ask.start_us,
        end_us=ask.end_us,
        extents=ask.extents,
        state=ask.state,
        subscription=subscription.id if subscription else "",
    )
    made = [
        change.value
        for change in changes
        if isinstance(change.value, Subscription) and change.id == intent.subscription
    ]
    told, subscribers = notify(
        registry,
        ask.extents if before is None or before.extents == ask.extents else (*before.extents, *ask.extents),
        of_intents=True,
        now_us=now_us,
        limits=limits,
        made=made,
        gone=gone,
    )
    return Decision((*changes, Change(Kind.INTENT, ask.id, intent), *told), Changed(intent, subscribers))


def delete_intent(registry: Registry, ask: DeleteIntent, now_us: int, seed: bytes, limits: Limits) -> Decision:
    """Take a reference away, and its implicit subscription when nothing else depends on it.

    Raises:
        NotFound, NotAllowed, UnlawfulChange, MarkedDown: as their names say.
    """
    before = registry.intents.get(ask.id)
    if before is None:
        raise NotFound(f"there is no operational intent {ask.id} here", at="entityid")
    _check_owner(before.manager, ask.caller)
    if before.ovn != ask.ovn:
        raise UnlawfulChange("this is not the OVN of its current version: get the reference anew", at="ovn")
    _check_not_down(registry, ask.caller.manager)
    changes, gone = release(registry, before, seed)
    told, subscribers = notify(registry, before.extents, of_intents=True, now_us=now_us, limits=limits, gone=gone)
    return Decision((*changes, Change(Kind.INTENT, ask.id, None), *told), Changed(before, subscribers))


def release(registry: Registry, intent: Intent, seed: bytes, *, kept: str = "") -> tuple[list[Change], set[str]]:
    """What becomes of an intent's implicit subscription when the intent no longer depends on it, and what is gone."""
    subscription = registry.subscriptions.get(intent.subscription)
    if subscription is None or not subscription.is_implicit or subscription.id == kept:
        return [], set()
    others = [registry.intents[each] for each in registry.dependents(subscription.id) if each != intent.id]
    if not others:
        gone = [Change(Kind.SUBSCRIPTION, subscription.id, None)]
        if subscription.id in registry.notified:
            gone.append(Change(Kind.NOTIFIED, subscription.id, None))
        return gone, {subscription.id}
    smaller = _spread(subscription, others, seed)
    return [Change(Kind.SUBSCRIPTION, subscription.id, smaller)], set()


def _before(registry: Registry, ask: PutIntent) -> Intent | None:
    before = registry.intents.get(ask.id)
    if before is None:
        if ask.ovn:
            raise UnlawfulChange(
                f"there is no operational intent {ask.id}, so this OVN is not of it: put it without an OVN", at="ovn"
            )
        return None
    if ask.ovn:
        _check_owner(before.manager, ask.caller)
    if before.ovn != ask.ovn:
        raise UnlawfulChange(
            "this is not the OVN of its current version: get the reference anew"
            if ask.ovn
            else f"there is an operational intent {ask.id} already: put its OVN into the path to change it",
            at="ovn",
        )
    return before


def _check_owner(manager: str, caller: Caller) -> None:
    if manager != caller.manager:
        raise NotAllowed(f"only {manager} may change this", at="entityid")


def _check_not_down(registry: Registry, manager: str) -> None:
    if registry.state_of(manager) is UssState.DOWN:
        raise MarkedDown(f"{manager} is marked Down: have an arbitrator set its availability first")


def _check_state(registry: Registry, ask: PutIntent, before: Intent | None) -> None:
    needed = STRATEGIC if ask.state.is_nominal else MONITORING
    if needed not in ask.caller.scopes:
        raise NotAllowed(f"the state {ask.state} needs the scope {needed}", at="state")
    if before is None and ask.state is not IntentState.ACCEPTED:
        raise Malformed(f"an operational intent begins as Accepted, not as {ask.state}", at="state")
    if ask.state.is_nominal:
        _check_not_down(registry, ask.caller.manager)


def _suffixed(ask: PutIntent, before: Intent | None, now_us: int, limits: Limits) -> str:
    ovn = requested_ovn(ask.id, ask.suffix or "", now_us=now_us, limits=limits)
    if before is not None and before.ovn == ovn:
        raise Malformed("the current version has this OVN already: make another suffix", at="requested_ovn_suffix")
    return ovn


# ---------------------------------------------------------------------------------------------------- subscription


def _subscription(
    registry: Registry, ask: PutIntent, before: Intent | None, now_us: int, seed: bytes, limits: Limits
) -> tuple[Subscription | None, list[Change], set[str]]:
    """The subscription that the intent will depend on, what changes with that, and which are gone."""
    if ask.subscription and ask.new_subscription is not None:
        raise Malformed("give subscription_id or new_subscription, not both", at="subscription_id")
    changes, gone = release(registry, before, seed, kept=ask.subscription) if before is not None else ([], set())
    if ask.subscription:
        held = _named(registry, ask, now_us)
        if held.is_implicit:
            others = [registry.intents[each] for each in registry.dependents(held.id) if each != ask.id]
            held = _spread(held, others, seed, extents=ask.extents, start_us=ask.start_us, end_us=ask.end_us)
            changes.append(Change(Kind.SUBSCRIPTION, held.id, held))
        elif not all(covers(held.extents[0], extent) for extent in ask.extents):
            raise Malformed("the subscription does not cover the operational intent in time and space", at="extents")
        return held, changes, gone
    if ask.new_subscription is not None:
        if len(registry.subscriptions) >= limits.subscriptions_max:
            raise LimitReached(f"subscriptions_max: {limits.subscriptions_max} subscriptions are held")
        fresh = Subscription(
            id=new_id(seed, "implicit", ask.id),
            manager=ask.caller.manager,
            version=opaque(seed, "implicit version", ask.id),
            url=ask.new_subscription.url,
            start_us=ask.start_us,
            end_us=ask.end_us,
            extents=ask.extents,
            for_intents=True,
            for_constraints=ask.new_subscription.for_constraints,
            is_implicit=True,
        )
        return fresh, [*changes, Change(Kind.SUBSCRIPTION, fresh.id, fresh)], gone
    if ask.state is not IntentState.ACCEPTED:
        raise Malformed(
            f"the state {ask.state} needs a subscription: give subscription_id or new_subscription",
            at="subscription_id",
        )
    return None, changes, gone


def _named(registry: Registry, ask: PutIntent, now_us: int) -> Subscription:
    held = registry.subscriptions.get(ask.subscription)
    if held is None or held.end_us < now_us:
        raise Malformed(f"there is no subscription {ask.subscription} here", at="subscription_id")
    _check_owner(held.manager, ask.caller)
    if not held.for_intents:
        raise Malformed("this subscription does not notify of operational intents", at="subscription_id")
    return held


def _spread(
    implicit: Subscription,
    others: Iterable[Intent],
    seed: bytes,
    *,
    extents: tuple[Volume4D, ...] = (),
    start_us: int | None = None,
    end_us: int | None = None,
) -> Subscription:
    """An implicit subscription over exactly the intents that depend on it."""
    others = sorted(others, key=lambda each: each.id)
    starts = [each.start_us for each in others] + ([start_us] if start_us is not None else [])
    ends = [each.end_us for each in others] + ([end_us] if end_us is not None else [])
    return replace(
        implicit,
        version=opaque(seed, "implicit version", implicit.id),
        start_us=min(starts),
        end_us=max(ends),
        extents=(*(volume for each in others for volume in each.extents), *extents),
    )


# ------------------------------------------------------------------------------------------------------------- key


def _check_key(registry: Registry, ask: PutIntent, *, needs_constraints: bool) -> None:
    missing = [
        held
        for held in registry.unknown_intents(ask.extents, besides=ask.id, key=ask.key)
        # Nobody can learn the OVN of a service that does not answer: what it has only planned gives way.
        if held.state is not IntentState.ACCEPTED or registry.state_of(held.manager) is not UssState.DOWN
    ]
    constraints: list[Constraint] = []
    if needs_constraints:
        constraints = [held for held in registry.constraints_meeting(ask.extents) if held.ovn not in ask.key]
    if missing or constraints:
        raise AirspaceConflict(
            f"the key lacks the current OVN of {len(missing)} operational intents and {len(constraints)} constraints:"
            " get their details from the services that manage them, plan anew, and put the OVNs into the key",
            intents=missing,
            constraints=constraints,
        )
