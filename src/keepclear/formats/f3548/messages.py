"""The messages of the ASTM F3548-21 interface, field by field as the published schema has them.

What is not named there is ignored, and what may be left out may also be null, as the standard says. What a number, a
text or a list may be is checked here; what they mean together is not.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

#: Characters of a base URL.
URL_MAX: Final = 2_000
#: Corners of one polygon.
VERTICES_MAX: Final = 2_000
#: Items of a list that has no bound of its own, so that no message makes millions of small objects.
LIST_MAX: Final = 50_000

Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Text = Annotated[str, msgspec.Meta(max_length=10_000)]
Url = Annotated[str, msgspec.Meta(min_length=1, max_length=URL_MAX)]
Id = Annotated[str, msgspec.Meta(max_length=100)]
Ovn = Annotated[str, msgspec.Meta(max_length=128)]
State = Literal["Accepted", "Activated", "Nonconforming", "Contingent"]
Availability = Literal["Unknown", "Normal", "Down"]


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """What every message shares: it is a value, and what it does not know is passed over."""


class Time(msgspec.Struct, frozen=True):
    """An instant."""

    value: Instant
    format: Literal["RFC3339"]


class Radius(msgspec.Struct, frozen=True):
    """Metres along the ground."""

    value: Annotated[float, msgspec.Meta(gt=0)]
    units: Literal["M"]


class Altitude(msgspec.Struct, frozen=True):
    """Metres above the WGS84 ellipsoid."""

    value: Annotated[float, msgspec.Meta(ge=-8_000, le=100_000)]
    reference: Literal["W84"]
    units: Literal["M"]


class LatLngPoint(msgspec.Struct, frozen=True):
    """A position, degrees."""

    lat: Latitude
    lng: Longitude


class Polygon(msgspec.Struct, frozen=True):
    """Corners, without the closing repeat of the first."""

    vertices: Annotated[tuple[LatLngPoint, ...], msgspec.Meta(min_length=3, max_length=VERTICES_MAX)]


class Circle(Message, frozen=True):
    """Both are needed, though the schema calls neither required."""

    center: LatLngPoint | None = None
    radius: Radius | None = None


class Volume3D(Message, frozen=True):
    """Exactly one outline."""

    outline_circle: Circle | None = None
    outline_polygon: Polygon | None = None
    altitude_lower: Altitude | None = None
    altitude_upper: Altitude | None = None


class Volume4D(Message, frozen=True):
    """A stretch of space over a span of time, both ends included."""

    volume: Volume3D
    time_start: Time | None = None
    time_end: Time | None = None


class ErrorResponse(msgspec.Struct, frozen=True):
    """What went wrong, and what would be right."""

    message: str


# ---------------------------------------------------------------------------------------- what comes to the service


class ImplicitSubscriptionParameters(Message, frozen=True):
    """A subscription to be made with an operational intent."""

    uss_base_url: Url
    notify_for_constraints: bool | None = None


class PutOperationalIntentReferenceParameters(Message, frozen=True):
    """Make or change an operational intent reference. `requested_ovn_suffix` is of the field's later interface."""

    extents: Annotated[tuple[Volume4D, ...], msgspec.Meta(min_length=1, max_length=LIST_MAX)]
    state: State
    uss_base_url: Url
    key: Annotated[tuple[Ovn, ...], msgspec.Meta(max_length=LIST_MAX)] | None = None
    subscription_id: Id | None = None
    new_subscription: ImplicitSubscriptionParameters | None = None
    requested_ovn_suffix: Id | None = None


class PutConstraintReferenceParameters(Message, frozen=True):
    """Make or change a constraint reference."""

    extents: Annotated[tuple[Volume4D, ...], msgspec.Meta(min_length=1, max_length=LIST_MAX)]
    uss_base_url: Url


class PutSubscriptionParameters(Message, frozen=True):
    """Make or change a subscription."""

    extents: Volume4D
    uss_base_url: Url
    notify_for_operational_intents: bool | None = None
    notify_for_constraints: bool | None = None


class QueryParameters(Message, frozen=True):
    """An area to ask about. Needed, though the schema calls it optional."""

    area_of_interest: Volume4D | None = None


class SetUssAvailabilityStatusParameters(Message, frozen=True):
    """What an arbitrator says of a service. `availability` is read in any case of letters.

    The schema calls `old_version` required and gives it a default; the field leaves it out of the first.
    """

    availability: Annotated[str, msgspec.Meta(max_length=20)]
    old_version: Annotated[str, msgspec.Meta(max_length=128)] | None = None


class ExchangeRecord(Message, frozen=True):
    """A request and its answer. Fields that only people read are kept as they came."""

    url: Text
    method: Annotated[str, msgspec.Meta(max_length=100)]
    recorder_role: Literal["Client", "Server"]
    request_time: Time
    headers: Annotated[tuple[Text, ...], msgspec.Meta(max_length=1_000)] | None = None
    request_body: str | None = None
    response_time: Time | None = None
    response_body: str | None = None
    response_code: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)] | None = None
    problem: str | None = None


class ErrorReport(Message, frozen=True):
    """A communication problem."""

    exchange: ExchangeRecord
    report_id: Annotated[str, msgspec.Meta(max_length=128)] | None = None


# ------------------------------------------------------------------------------------------- what the service answers


class OperationalIntentReference(Message, frozen=True):
    """Where an operational intent is, and who to ask about it."""

    id: str
    manager: str
    uss_availability: Availability
    version: int
    state: State
    ovn: str
    time_start: Time
    time_end: Time
    uss_base_url: str
    subscription_id: str


class ConstraintReference(Message, frozen=True):
    """Where a constraint is, and who to ask about it."""

    id: str
    manager: str
    uss_availability: Availability
    version: int
    ovn: str
    time_start: Time
    time_end: Time
    uss_base_url: str


class SubscriptionState(msgspec.Struct, frozen=True):
    """A subscription that is notified, and how often it was."""

    subscription_id: str
    notification_index: Annotated[int, msgspec.Meta(ge=0)] = 0


class SubscriberToNotify(msgspec.Struct, frozen=True):
    """Whom the caller has to tell."""

    subscriptions: tuple[SubscriptionState, ...]
    uss_base_url: str


class Subscription(msgspec.Struct, frozen=True):
    """A subscription as it is."""

    id: str
    version: str
    notification_index: int
    uss_base_url: str
    time_start: Time
    time_end: Time
    notify_for_operational_intents: bool
    notify_for_constraints: bool
    implicit_subscription: bool
    dependent_operational_intents: tuple[str, ...]


class OperationalIntentAnswer(msgspec.Struct, frozen=True):
    """Answer to a get."""

    operational_intent_reference: OperationalIntentReference


class OperationalIntentChanged(msgspec.Struct, frozen=True):
    """Answer to a change."""

    subscribers: tuple[SubscriberToNotify, ...]
    operational_intent_reference: OperationalIntentReference


class OperationalIntentsFound(msgspec.Struct, frozen=True):
    """Answer to a query."""

    operational_intent_references: tuple[OperationalIntentReference, ...]


class ConstraintAnswer(msgspec.Struct, frozen=True):
    """Answer to a get."""

    constraint_reference: ConstraintReference


class ConstraintChanged(msgspec.Struct, frozen=True):
    """Answer to a change."""

    subscribers: tuple[SubscriberToNotify, ...]
    constraint_reference: ConstraintReference


class ConstraintsFound(msgspec.Struct, frozen=True):
    """Answer to a query."""

    constraint_references: tuple[ConstraintReference, ...]


class AirspaceConflictResponse(msgspec.Struct, frozen=True):
    """What the key lacks."""

    message: str
    missing_operational_intents: tuple[OperationalIntentReference, ...]
    missing_constraints: tuple[ConstraintReference, ...]


class SubscriptionAnswer(msgspec.Struct, frozen=True):
    """Answer to a get or a delete."""

    subscription: Subscription


class SubscriptionPut(msgspec.Struct, frozen=True):
    """Answer to a put: what it meets, of the kinds that it asks for."""

    subscription: Subscription
    operational_intent_references: tuple[OperationalIntentReference, ...] | UnsetType = UNSET
    constraint_references: tuple[ConstraintReference, ...] | UnsetType = UNSET


class SubscriptionsFound(msgspec.Struct, frozen=True):
    """Answer to a query."""

    subscriptions: tuple[Subscription, ...]


class UssAvailabilityStatus(msgspec.Struct, frozen=True):
    """What is said of a service."""

    uss: str
    availability: Availability


class UssAvailabilityStatusResponse(msgspec.Struct, frozen=True):
    """Answer to both ways of asking."""

    version: str
    status: UssAvailabilityStatus


# ----------------------------------------------------------------------------------------- between two services


class PeerIntentReference(Message, frozen=True):
    """An operational intent reference as another service gives it, with its OVN; or a DSS, without."""

    id: Id
    manager: Text
    version: int
    state: State
    time_start: Time
    time_end: Time
    uss_base_url: Url
    ovn: Ovn | None = None
    subscription_id: Id | None = None
    uss_availability: Text | None = None


class PeerConstraintReference(Message, frozen=True):
    """A constraint reference as another service gives it, with its OVN; or a DSS, without."""

    id: Id
    manager: Text
    version: int
    time_start: Time
    time_end: Time
    uss_base_url: Url
    ovn: Ovn | None = None
    uss_availability: Text | None = None


class OperationalIntentDetails(Message, frozen=True):
    """Where exactly, and how it ranks."""

    volumes: Annotated[tuple[Volume4D, ...], msgspec.Meta(max_length=LIST_MAX)] | None = None
    off_nominal_volumes: Annotated[tuple[Volume4D, ...], msgspec.Meta(max_length=LIST_MAX)] | None = None
    priority: int | None = None


class OperationalIntent(msgspec.Struct, frozen=True):
    """An operational intent whole."""

    reference: PeerIntentReference
    details: OperationalIntentDetails


class OperationalIntentDetailsAnswer(msgspec.Struct, frozen=True):
    """Answer to a details query."""

    operational_intent: OperationalIntent


class ConstraintDetails(Message, frozen=True):
    """Where exactly, and of what type."""

    volumes: Annotated[tuple[Volume4D, ...], msgspec.Meta(min_length=1, max_length=LIST_MAX)]
    type: Text | None = None


class Constraint(msgspec.Struct, frozen=True):
    """A constraint whole."""

    reference: PeerConstraintReference
    details: ConstraintDetails


class ConstraintDetailsAnswer(msgspec.Struct, frozen=True):
    """Answer to a details query."""

    constraint: Constraint


class PutOperationalIntentDetailsParameters(Message, frozen=True):
    """An operational intent changed, or is gone."""

    operational_intent_id: Id
    subscriptions: Annotated[tuple[SubscriptionState, ...], msgspec.Meta(min_length=1, max_length=LIST_MAX)]
    operational_intent: OperationalIntent | None = None


class PutConstraintDetailsParameters(Message, frozen=True):
    """A constraint changed, or is gone."""

    constraint_id: Id
    subscriptions: Annotated[tuple[SubscriptionState, ...], msgspec.Meta(min_length=1, max_length=LIST_MAX)]
    constraint: Constraint | None = None
