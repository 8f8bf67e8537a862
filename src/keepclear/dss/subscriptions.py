"""Subscriptions: who wants to be told of changes, where and until when."""

from __future__ import annotations

from dataclasses import replace

from keepclear.core.timespan import LATEST_US, SECOND_US, TimeSpan
from keepclear.core.volume import Volume4D
from keepclear.dss.asks import Decision, DeleteSubscription, PutSubscription, Subscribed
from keepclear.dss.extents import check_extents, check_in_future, covers
from keepclear.dss.limits import Limits
from keepclear.dss.names import opaque
from keepclear.dss.registry import Registry
from keepclear.dss.values import PROCESSING, STRATEGIC, Change, Kind, Subscription
from keepclear.errors import LimitReached, Malformed, NotAllowed, NotFound, UnlawfulChange


def put_subscription(registry: Registry, ask: PutSubscription, now_us: int, seed: bytes, limits: Limits) -> Decision:
    """Make a subscription or change one; one that was implicit is explicit from then on.

    Raises:
        Malformed: what is asked cannot be, or intents that depend on it would no longer be covered.
        NotAllowed: a scope is lacking for what it is to notify of, or it is another's.
        UnlawfulChange: it exists already, or has another version.
    """
    _check_wishes(ask)
    before = _before(registry, ask, now_us)
    start_us, end_us = _times(ask, before, now_us, limits)
    check_in_future(end_us, now_us, at="extents.time_end")
    volume = replace(ask.volume, span=closed_span(start_us, end_us))
    check_extents((volume,), limits)
    if before is None or before.is_implicit:
        _check_room(registry, ask, limits)
    if before is not None:
        _check_covers_dependents(registry, before.id, volume, ask)
    fresh = Subscription(
        id=ask.id,
        manager=ask.caller.manager,
        version=opaque(seed, "subscription", ask.id),
        url=ask.url,
        start_us=start_us,
        end_us=end_us,
        extents=(volume,),
        for_intents=ask.for_intents,
        for_constraints=ask.for_constraints,
    )
    met = Subscribed(
        fresh,
        tuple(registry.intents_meeting(fresh.extents)) if ask.for_intents else None,
        tuple(registry.constraints_meeting(fresh.extents)) if ask.for_constraints else None,
    )
    changes = [Change(Kind.SUBSCRIPTION, ask.id, fresh)]
    if before is None and ask.id in registry.notified:
        changes.append(Change(Kind.NOTIFIED, ask.id, None))  # an expired one had this id
    return Decision(tuple(changes), met)


def delete_subscription(
    registry: Registry, ask: DeleteSubscription, now_us: int, seed: bytes, limits: Limits
) -> Decision:
    """Take a subscription away.

    Raises:
        NotFound: there is none, or it has expired.
        NotAllowed: another's.
        UnlawfulChange: another version.
        Malformed: operational intents depend on it.
    """
    before = registry.subscriptions.get(ask.id)
    if before is None or before.end_us < now_us:
        raise NotFound(f"there is no subscription {ask.id} here", at="subscriptionid")
    _check_version(before, ask.caller.manager, ask.version)
    if dependents := registry.dependents(ask.id):
        raise Malformed(
            f"{len(dependents)} operational intents depend on it: give them another subscription first, or delete them",
            at="subscriptionid",
        )
    changes = [Change(Kind.SUBSCRIPTION, ask.id, None)]
    if ask.id in registry.notified:
        changes.append(Change(Kind.NOTIFIED, ask.id, None))
    return Decision(tuple(changes), Subscribed(before))


def closed_span(start_us: int, end_us: int) -> TimeSpan:
    """A closed stretch of time as a half-open span, within the years that we reckon with.

    >>> closed_span(5, 5)
    TimeSpan(start_us=5, end_us=6)
    """
    start_us = min(max(0, start_us), LATEST_US - 1)
    return TimeSpan(start_us, max(start_us, min(end_us, LATEST_US - 1)) + 1)


def _check_wishes(ask: PutSubscription) -> None:
    if not (ask.for_intents or ask.for_constraints):
        raise Malformed(
            "at least one of notify_for_operational_intents and notify_for_constraints must be true",
            at="notify_for_operational_intents",
        )
    for wished, scope, name in (
        (ask.for_intents, STRATEGIC, "notify_for_operational_intents"),
        (ask.for_constraints, PROCESSING, "notify_for_constraints"),
    ):
        if wished and scope not in ask.caller.scopes:
            raise NotAllowed(f"{name} needs the scope {scope}", at=name)


def _before(registry: Registry, ask: PutSubscription, now_us: int) -> Subscription | None:
    before = registry.subscriptions.get(ask.id)
    if before is not None and before.end_us < now_us and not registry.dependents(ask.id):
        before = None  # it has expired: the standard calls it deleted
    if before is None:
        if ask.version:
            raise UnlawfulChange(f"there is no subscription {ask.id}, so it has no such version", at="version")
        return None
    _check_version(before, ask.caller.manager, ask.version)
    return before


def _check_version(before: Subscription, manager: str, version: str) -> None:
    if before.manager != manager:
        raise NotAllowed(f"this subscription is {before.manager}'s", at="subscriptionid")
    if before.version != version:
        raise UnlawfulChange(
            "this is not its current version: get it anew" if version else "there is one with this id already",
            at="version",
        )


def _times(ask: PutSubscription, before: Subscription | None, now_us: int, limits: Limits) -> tuple[int, int]:
    start_us, end_us = ask.start_us, ask.end_us
    most_us = limits.subscription_max_s * SECOND_US
    if start_us is None:
        start_us = before.start_us if before is not None else now_us
    if end_us is None:
        end_us = before.end_us if before is not None else start_us + most_us
    if end_us < start_us:
        raise Malformed("time_end lies before time_start", at="extents.time_end")
    if end_us - start_us > most_us:
        raise Malformed(
            f"subscription_max_s: a subscription lasts at most {limits.subscription_max_s // 3600} hours",
            at="extents.time_end",
        )
    return start_us, end_us


def _check_room(registry: Registry, ask: PutSubscription, limits: Limits) -> None:
    if len(registry.subscriptions) >= limits.subscriptions_max:
        raise LimitReached(f"subscriptions_max: {limits.subscriptions_max} subscriptions are held")
    if registry.explicit_of(ask.caller.manager) >= limits.subscriptions_of_manager_max:
        raise LimitReached(
            f"subscriptions_of_manager_max: you have {limits.subscriptions_of_manager_max} already: delete some"
        )


def _check_covers_dependents(registry: Registry, key: str, volume: Volume4D, ask: PutSubscription) -> None:
    dependents = [registry.intents[each] for each in sorted(registry.dependents(key))]
    if dependents and not ask.for_intents:
        raise Malformed(
            "operational intents depend on it, so it must notify of them", at="notify_for_operational_intents"
        )
    for intent in dependents:
        if not all(covers(volume, extent) for extent in intent.extents):
            raise Malformed(f"it would no longer cover the operational intent {intent.id}", at="extents")
