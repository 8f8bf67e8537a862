"""The table from what is asked to the rule that decides it; and the clean-up of what is long over.

A rule touches nothing: the same registry, ask, instant and seed give the same decision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keepclear.core.timespan import SECOND_US
from keepclear.dss.asks import (
    Ask,
    Decision,
    DeleteConstraint,
    DeleteIntent,
    DeleteSubscription,
    MakeReport,
    PutConstraint,
    PutIntent,
    PutSubscription,
    SetAvailability,
)
from keepclear.dss.availability import make_report, set_availability
from keepclear.dss.constraints import delete_constraint, put_constraint
from keepclear.dss.intents import delete_intent, put_intent, release
from keepclear.dss.limits import Limits
from keepclear.dss.registry import Registry
from keepclear.dss.subscriptions import delete_subscription, put_subscription
from keepclear.dss.values import Change, Kind

TABLE: dict[type[Ask], Callable[[Registry, Any, int, bytes, Limits], Decision]] = {
    PutIntent: put_intent,
    DeleteIntent: delete_intent,
    PutConstraint: put_constraint,
    DeleteConstraint: delete_constraint,
    PutSubscription: put_subscription,
    DeleteSubscription: delete_subscription,
    SetAvailability: set_availability,
    MakeReport: make_report,
}


def decide(registry: Registry, ask: Ask, now_us: int, seed: bytes, limits: Limits) -> Decision:
    """What follows from an ask. Raises a KeepclearError where a rule says no."""
    return TABLE[type(ask)](registry, ask, now_us, seed, limits)


def sweep(registry: Registry, now_us: int, seed: bytes, limits: Limits) -> list[Change]:
    """What changes when one thing is let go of because it ended `kept_s` ago; empty when there is nothing to let go of.

    Nobody is notified: whoever subscribed was told of the end when it was told of the intent.
    """
    while (ended := registry.take_ended(now_us - limits.kept_s * SECOND_US)) is not None:
        kind, key = ended
        if kind is Kind.INTENT:
            changes, _ = release(registry, registry.intents[key], seed)
            return [*changes, Change(kind, key, None)]
        if kind is Kind.SUBSCRIPTION and registry.dependents(key):
            registry.ask_again(kind, key, now_us)  # what depends on it goes first
            continue
        changes = [Change(kind, key, None)]
        if key in registry.notified:
            changes.append(Change(Kind.NOTIFIED, key, None))
        return changes
    return []
