"""Who is to be told of a change: every subscription that it touches, as it was before or as it is after."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from keepclear.core.volume import Volume4D
from keepclear.dss.limits import Limits
from keepclear.dss.registry import Registry
from keepclear.dss.values import Change, Kind, Subscriber, Subscription
from keepclear.errors import LimitReached


def notify(
    registry: Registry,
    extents: Sequence[Volume4D],
    *,
    of_intents: bool,
    now_us: int,
    limits: Limits,
    made: Sequence[Subscription] = (),
    gone: Collection[str] = (),
) -> tuple[list[Change], tuple[Subscriber, ...]]:
    """What notifying changes, and whom the caller has to tell.

    Args:
        extents: of the entity before and after.
        of_intents: whether an operational intent changed, or a constraint.
        made: subscriptions that come about, or take another shape, with this change; they touch it.
        gone: ids of those that go with it.

    Raises:
        LimitReached: more than `notified_max` subscriptions are touched.
    """
    touched = {held.id: held for held in registry.subscriptions_meeting(extents)}
    touched.update((held.id, held) for held in made)
    told = [
        held
        for held in touched.values()
        if held.id not in gone and held.end_us >= now_us and (held.for_intents if of_intents else held.for_constraints)
    ]
    if len(told) > limits.notified_max:
        raise LimitReached(f"notified_max: more than {limits.notified_max} subscriptions would have to be notified")
    changes: list[Change] = []
    by_url: dict[str, list[tuple[str, int]]] = {}
    for held in sorted(told, key=lambda each: each.id):
        index = registry.notified.get(held.id, 0) + 1
        changes.append(Change(Kind.NOTIFIED, held.id, index))
        by_url.setdefault(held.url, []).append((held.id, index))
    return changes, tuple(Subscriber(url, tuple(each)) for url, each in by_url.items())
