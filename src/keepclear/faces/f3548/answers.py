"""What the service holds as messages of the interface, and our errors as its statuses.

| Error | Status | |
|---|---|---|
| Malformed, LimitReached | 400 | what is asked cannot be, or is beyond a bound |
| NotKnown, NotAllowed, NotFound | 401, 403, 404 | |
| UnlawfulChange, AirspaceConflict | 409 | another version is current, or the key lacks something |
| MarkedDown, TooLarge, Busy | 412, 413, 429 | |
| Unavailable | 503 | not of the standard: the store or another service fails |
"""

from __future__ import annotations

from typing import Final

import msgspec

from keepclear.dss.asks import Changed
from keepclear.dss.refusals import AirspaceConflict
from keepclear.dss.registry import Registry
from keepclear.dss.values import (
    NO_SUBSCRIPTION,
    Availability,
    Caller,
    Constraint,
    Intent,
    Subscriber,
    Subscription,
)
from keepclear.errors import Busy, KeepclearError, LimitReached, Malformed
from keepclear.faces.problem import Headers
from keepclear.formats.f3548 import messages as wire
from keepclear.formats.f3548.volumes import time_of

#: What stands for an OVN that only its manager may know. As long as an OVN must be.
HIDDEN_OVN: Final = "Available from USS"

encode = msgspec.json.Encoder().encode


def status_of(error: KeepclearError) -> int:
    """The status of the interface for an error of ours."""
    if isinstance(error, Busy):
        return 429
    if isinstance(error, Malformed) or type(error) is LimitReached:
        return 400
    return error.status


def error_answer(error: KeepclearError, caller: Caller | None, registry: Registry | None) -> tuple[int, bytes, Headers]:
    """Status, body and headers for an error of ours."""
    headers: Headers = []
    status = status_of(error)
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if status in (429, 503):
        headers.append((b"retry-after", b"1"))
    if isinstance(error, AirspaceConflict) and caller is not None and registry is not None:
        conflict = wire.AirspaceConflictResponse(
            error.message,
            tuple(intent_message(intent, caller, registry) for intent in error.intents),
            tuple(constraint_message(constraint, caller, registry) for constraint in error.constraints),
        )
        return status, encode(conflict), headers
    return status, encode(wire.ErrorResponse(str(error))), headers


def intent_message(intent: Intent, caller: Caller, registry: Registry) -> wire.OperationalIntentReference:
    """A reference as this caller may see it: its OVN is its manager's."""
    return wire.OperationalIntentReference(
        id=intent.id,
        manager=intent.manager,
        uss_availability=registry.state_of(intent.manager).value,
        version=intent.version,
        state=intent.state.value,
        ovn=intent.ovn if intent.manager == caller.manager else HIDDEN_OVN,
        time_start=time_of(intent.start_us),
        time_end=time_of(intent.end_us),
        uss_base_url=intent.url,
        subscription_id=intent.subscription or NO_SUBSCRIPTION,
    )


def constraint_message(constraint: Constraint, caller: Caller, registry: Registry) -> wire.ConstraintReference:
    """A reference as this caller may see it: its OVN is its manager's."""
    return wire.ConstraintReference(
        id=constraint.id,
        manager=constraint.manager,
        uss_availability=registry.state_of(constraint.manager).value,
        version=constraint.version,
        ovn=constraint.ovn if constraint.manager == caller.manager else HIDDEN_OVN,
        time_start=time_of(constraint.start_us),
        time_end=time_of(constraint.end_us),
        uss_base_url=constraint.url,
    )


def subscription_message(subscription: Subscription, registry: Registry) -> wire.Subscription:
    """A subscription, with how often it was notified and what depends on it."""
    return wire.Subscription(
        id=subscription.id,
        version=subscription.version,
        notification_index=registry.notified.get(subscription.id, 0),
        uss_base_url=subscription.url,
        time_start=time_of(subscription.start_us),
        time_end=time_of(subscription.end_us),
        notify_for_operational_intents=subscription.for_intents,
        notify_for_constraints=subscription.for_constraints,
        implicit_subscription=subscription.is_implicit,
        dependent_operational_intents=tuple(sorted(registry.dependents(subscription.id))),
    )


def changed_message(
    changed: Changed, caller: Caller, registry: Registry
) -> wire.OperationalIntentChanged | wire.ConstraintChanged:
    """The answer to a change of a reference."""
    subscribers = tuple(_subscriber_message(each) for each in changed.subscribers)
    if isinstance(changed.reference, Intent):
        return wire.OperationalIntentChanged(subscribers, intent_message(changed.reference, caller, registry))
    return wire.ConstraintChanged(subscribers, constraint_message(changed.reference, caller, registry))


def availability_message(uss: str, held: Availability | None) -> wire.UssAvailabilityStatusResponse:
    """What is said of a service; of one that nobody spoke of, that it is unknown."""
    if held is None:
        return wire.UssAvailabilityStatusResponse("", wire.UssAvailabilityStatus(uss, "Unknown"))
    return wire.UssAvailabilityStatusResponse(held.version, wire.UssAvailabilityStatus(uss, held.state.value))


def _subscriber_message(subscriber: Subscriber) -> wire.SubscriberToNotify:
    states = tuple(wire.SubscriptionState(key, index) for key, index in subscriber.subscriptions)
    return wire.SubscriberToNotify(states, subscriber.url)
