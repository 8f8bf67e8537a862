"""Everything that can be asked of the service to change, as values; and what a rule gives back."""

from __future__ import annotations

from dataclasses import dataclass

from keepclear.core.volume import Volume4D
from keepclear.dss.values import (
    Availability,
    Caller,
    Change,
    Constraint,
    Intent,
    IntentState,
    Reference,
    Report,
    Subscriber,
    Subscription,
    UssState,
)


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """What an implicit subscription is to be like; where it is follows from its intent."""

    url: str
    for_constraints: bool


@dataclass(frozen=True, slots=True)
class PutIntent:
    """Make an operational intent reference, or change one.

    Attributes:
        ovn: of the version that the caller has seen; empty to make a new one.
        start_us, end_us: as given, even before 1970.
        suffix: what the new OVN is to end with; None: the service chooses.
    """

    caller: Caller
    id: str
    ovn: str
    extents: tuple[Volume4D, ...]
    start_us: int
    end_us: int
    state: IntentState
    url: str
    key: frozenset[str]
    subscription: str = ""
    new_subscription: NewSubscription | None = None
    suffix: str | None = None


@dataclass(frozen=True, slots=True)
class PutConstraint:
    """Make a constraint reference, or change one."""

    caller: Caller
    id: str
    ovn: str
    extents: tuple[Volume4D, ...]
    start_us: int
    end_us: int
    url: str


@dataclass(frozen=True, slots=True)
class DeleteIntent:
    """Take an operational intent reference away."""

    caller: Caller
    id: str
    ovn: str


@dataclass(frozen=True, slots=True)
class DeleteConstraint:
    """Take a constraint reference away."""

    caller: Caller
    id: str
    ovn: str


@dataclass(frozen=True, slots=True)
class PutSubscription:
    """Make a subscription, or change one.

    Attributes:
        version: the one that the caller has seen; empty to make a new one.
        volume: its span is ignored; start and end stand apart because either may be left out.
    """

    caller: Caller
    id: str
    version: str
    volume: Volume4D
    start_us: int | None
    end_us: int | None
    url: str
    for_intents: bool
    for_constraints: bool


@dataclass(frozen=True, slots=True)
class DeleteSubscription:
    """Take a subscription away."""

    caller: Caller
    id: str
    version: str


@dataclass(frozen=True, slots=True)
class SetAvailability:
    """Say whether a service can be reached."""

    caller: Caller
    uss: str
    old_version: str
    state: UssState


@dataclass(frozen=True, slots=True)
class MakeReport:
    """Archive a report; `data` is JSON."""

    caller: Caller
    data: bytes


Ask = (
    PutIntent
    | PutConstraint
    | DeleteIntent
    | DeleteConstraint
    | PutSubscription
    | DeleteSubscription
    | SetAvailability
    | MakeReport
)


@dataclass(frozen=True, slots=True)
class Changed:
    """A reference as it is now, or was last, and whom its manager has to tell."""

    reference: Reference
    subscribers: tuple[Subscriber, ...]


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription as it is now, and what it meets; None where it does not ask for that kind."""

    subscription: Subscription
    intents: tuple[Intent, ...] | None = None
    constraints: tuple[Constraint, ...] | None = None


Answer = Changed | Subscribed | Availability | Report


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from an ask: changes, in order, and the answer once they are durable."""

    changes: tuple[Change, ...]
    answer: Answer
