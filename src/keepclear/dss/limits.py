"""Every bound of a discovery and synchronisation service, with its unit and its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds; one that is hit is an error that names it."""

    #: Ground covered by one request, square metres. The field's own service has the same bound.
    area_max_m2: float = 2.5e9
    #: Volumes of one entity.
    extents_max: int = 200
    #: Seconds that a subscription lasts at most: the standard's own figure.
    subscription_max_s: int = 24 * 3_600
    #: References or subscriptions in one answer. A client that meets it asks about a smaller area.
    found_max: int = 50_000
    #: Subscriptions that one change notifies.
    notified_max: int = 20_000
    #: Entities held, of all managers together: what the index is built for.
    intents_max: int = 1_500_000
    constraints_max: int = 200_000
    subscriptions_max: int = 200_000
    #: Explicit subscriptions of one manager, so that nobody takes all the places.
    subscriptions_of_manager_max: int = 20_000
    #: Characters of a key: OVNs of everything that a planner may have to know of.
    key_max: int = 50_000
    #: Services whose availability was told.
    availability_max: int = 10_000
    #: Reports kept; the oldest go.
    reports_max: int = 10_000
    #: Seconds by which the time in a requested OVN may differ from ours.
    suffix_skew_s: int = 300
    #: Seconds that a reference is kept after its end, for those who come late to delete it.
    kept_s: int = 24 * 3_600
    #: Ended references let go in one turn, so that no turn waits for a long clean-up.
    swept_max: int = 32
    #: Writes waiting for a turn; beyond it a caller is told to come again.
    queue_max: int = 4_096
    #: Writes in one transaction.
    batch_max: int = 256


DEFAULT = Limits()
