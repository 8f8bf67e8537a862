"""What a discovery and synchronisation service holds, as frozen values. No plan: only where one is, and whose."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from keepclear.core.volume import Volume4D

#: What stands for "no subscription": a field of the interface that may not be left out.
NO_SUBSCRIPTION = "00000000-0000-4000-8000-000000000000"


class IntentState(enum.StrEnum):
    """The states that an operational intent can have here; one that has ended is deleted."""

    ACCEPTED = "Accepted"
    ACTIVATED = "Activated"
    NONCONFORMING = "Nonconforming"
    CONTINGENT = "Contingent"

    @property
    def is_nominal(self) -> bool:
        """Whether its manager must have known what else is there: off-nominal, a flight is where it is."""
        return self in (IntentState.ACCEPTED, IntentState.ACTIVATED)


class UssState(enum.StrEnum):
    """What is known of a service's availability."""

    UNKNOWN = "Unknown"
    NORMAL = "Normal"
    DOWN = "Down"


class Kind(enum.IntEnum):
    """What a change is about. The numbers are stored: a new kind gets a new one."""

    INTENT = 1
    CONSTRAINT = 2
    SUBSCRIPTION = 3
    #: How often a subscription was notified. Apart from the subscription, since it changes far more often.
    NOTIFIED = 4
    AVAILABILITY = 5
    REPORT = 6


@dataclass(frozen=True, slots=True)
class Intent:
    """A reference to an operational intent.

    Attributes:
        manager: who may change it: the `sub` of the token that made it.
        version: 1, and one more at each change.
        ovn: the opaque version number that only its manager is told.
        start_us, end_us: earliest start and latest end as they were given; the extents keep within 1970 to 2200.
        subscription: the id of the subscription that keeps its manager informed, or empty.
    """

    id: str
    manager: str
    version: int
    ovn: str
    url: str
    start_us: int
    end_us: int
    extents: tuple[Volume4D, ...]
    state: IntentState
    subscription: str = ""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A reference to a constraint; fields as of `Intent`."""

    id: str
    manager: str
    version: int
    ovn: str
    url: str
    start_us: int
    end_us: int
    extents: tuple[Volume4D, ...]


@dataclass(frozen=True, slots=True)
class Subscription:
    """Somebody's wish to be told of changes in a volume.

    Attributes:
        version: opaque; another at each change.
        extents: one volume; of an implicit one, the extents of every intent that depends on it.
        is_implicit: made together with an intent, and gone with the last one that depends on it.
    """

    id: str
    manager: str
    version: str
    url: str
    start_us: int
    end_us: int
    extents: tuple[Volume4D, ...]
    for_intents: bool
    for_constraints: bool
    is_implicit: bool = False


@dataclass(frozen=True, slots=True)
class Availability:
    """What the arbitrators say of a service."""

    uss: str
    state: UssState
    version: str


@dataclass(frozen=True, slots=True)
class Report:
    """A communication problem that somebody reported: kept as it came."""

    id: str
    manager: str
    at_us: int
    data: bytes


Reference = Intent | Constraint
Value = Intent | Constraint | Subscription | Availability | Report | int


@dataclass(frozen=True, slots=True)
class Change:
    """One thing as it is from now on; no value: it is gone."""

    kind: Kind
    id: str
    value: Value | None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as the token says: `sub` and `scope`."""

    manager: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Somewhere to send a notification, and each subscription there with its notification index."""

    url: str
    subscriptions: tuple[tuple[str, int], ...]


STRATEGIC = "utm.strategic_coordination"
MONITORING = "utm.conformance_monitoring_sa"
MANAGEMENT = "utm.constraint_management"
PROCESSING = "utm.constraint_processing"
ARBITRATION = "utm.availability_arbitration"
