"""/dss/v1: messages to asks, and what came of them to messages. What may be, the rules of `dss` decide."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from keepclear.core.volume import Volume4D
from keepclear.dss.asks import (
    DeleteConstraint,
    DeleteIntent,
    DeleteSubscription,
    MakeReport,
    NewSubscription,
    PutConstraint,
    PutIntent,
    PutSubscription,
    SetAvailability,
)
from keepclear.dss.extents import check_extents
from keepclear.dss.names import check_id
from keepclear.dss.refusals import TooLarge
from keepclear.dss.service import Dss
from keepclear.dss.values import (
    ARBITRATION,
    MANAGEMENT,
    MONITORING,
    PROCESSING,
    STRATEGIC,
    IntentState,
    UssState,
)
from keepclear.errors import Malformed, NotAllowed, NotFound
from keepclear.faces.f3548.answers import (
    availability_message,
    changed_message,
    constraint_message,
    intent_message,
    subscription_message,
)
from keepclear.faces.f3548.routing import Asked, Route
from keepclear.formats.f3548 import messages as wire
from keepclear.formats.f3548.volumes import area_volume, complete_volume, instant_us

_STRATEGIC_OR_MONITORING: Final = frozenset({STRATEGIC, MONITORING})
_MANAGES: Final = frozenset({MANAGEMENT})
_READS_CONSTRAINTS: Final = frozenset({MANAGEMENT, PROCESSING})
_SUBSCRIBES: Final = frozenset({STRATEGIC, PROCESSING})
_ARBITRATES: Final = frozenset({ARBITRATION})
_READS_AVAILABILITY: Final = frozenset({ARBITRATION, STRATEGIC, MONITORING})
_ANY: Final = frozenset({STRATEGIC, MONITORING, MANAGEMENT, PROCESSING, ARBITRATION})

#: Characters of a service's name.
_USS_MAX: Final = 200
#: Bytes of a report: it is archived as it came.
_REPORT_MAX: Final = 256_000


def base_url(text: str, *, at: str, allows_http: bool) -> str:
    """A base URL of another service, as it came.

    Raises:
        Malformed: not an https URL (or http where that is allowed).
    """
    schemes = ("https", "http") if allows_http else ("https",)
    try:
        parts = urlsplit(text)
        is_one = parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_one = False
    if not is_one or not text.isprintable() or " " in text or "#" in text or "@" in text:
        raise Malformed(f"{text[:100]!r} is not a base URL: give {' or '.join(schemes)}://HOST/PATH", at=at)
    # The interface says that it has no slash at the end, and the field gives some that do: whoever calls takes it off.
    return text


def _extents(given: tuple[wire.Volume4D, ...]) -> tuple[tuple[Volume4D, ...], int, int]:
    """Volumes, their earliest start and their latest end as they were given."""
    read = [complete_volume(volume, at=f"extents[{number}]") for number, volume in enumerate(given)]
    return tuple(each[0] for each in read), min(each[1] for each in read), max(each[2] for each in read)


class DssFace:
    """The interface of a service.

    Args:
        allows_http: whether base URLs of others may be plain http; for trying it out alone.
    """

    def __init__(self, dss: Dss, *, allows_http: bool = False) -> None:
        self._dss = dss
        self._allows_http = allows_http

    def routes(self) -> list[Route]:
        """Every way of asking."""
        put_intent = wire.PutOperationalIntentReferenceParameters
        put_constraint, put_subscription = wire.PutConstraintReferenceParameters, wire.PutSubscriptionParameters
        intents, constraints = "/dss/v1/operational_intent_references", "/dss/v1/constraint_references"
        subscriptions, availability = "/dss/v1/subscriptions", "/dss/v1/uss_availability/{}"
        either = _STRATEGIC_OR_MONITORING
        return [
            Route("PUT", f"{intents}/{{}}", self._put_intent, either, put_intent),
            Route("PUT", f"{intents}/{{}}/{{}}", self._put_intent, either, put_intent),
            Route("DELETE", f"{intents}/{{}}", self._no_version, either),
            Route("DELETE", f"{intents}/{{}}/{{}}", self._delete_intent, either),
            Route("GET", f"{intents}/{{}}", self._intent, either),
            Route("POST", f"{intents}/query", self._intents, either, wire.QueryParameters),
            Route("PUT", f"{constraints}/{{}}", self._put_constraint, _MANAGES, put_constraint),
            Route("PUT", f"{constraints}/{{}}/{{}}", self._put_constraint, _MANAGES, put_constraint),
            Route("DELETE", f"{constraints}/{{}}", self._no_version, _MANAGES),
            Route("DELETE", f"{constraints}/{{}}/{{}}", self._delete_constraint, _MANAGES),
            Route("GET", f"{constraints}/{{}}", self._constraint, _READS_CONSTRAINTS),
            Route("POST", f"{constraints}/query", self._constraints, _READS_CONSTRAINTS, wire.QueryParameters),
            Route("PUT", f"{subscriptions}/{{}}", self._put_subscription, _SUBSCRIBES, put_subscription),
            Route("PUT", f"{subscriptions}/{{}}/{{}}", self._put_subscription, _SUBSCRIBES, put_subscription),
            Route("DELETE", f"{subscriptions}/{{}}", self._no_version, _SUBSCRIBES),
            Route("DELETE", f"{subscriptions}/{{}}/{{}}", self._delete_subscription, _SUBSCRIBES),
            Route("GET", f"{subscriptions}/{{}}", self._subscription, _SUBSCRIBES),
            Route("POST", f"{subscriptions}/query", self._subscriptions, _SUBSCRIBES, wire.QueryParameters),
            Route("PUT", availability, self._set_availability, _ARBITRATES, wire.SetUssAvailabilityStatusParameters),
            Route("GET", availability, self._availability, _READS_AVAILABILITY),
            Route("POST", "/dss/v1/reports", self._report, _ANY, wire.ErrorReport),
        ]

    # ----------------------------------------------------------------------------------------------- references

    async def _put_intent(self, asked: Asked) -> tuple[int, Any]:
        key, ovn = _id_and_version(asked, "ovn")
        body: wire.PutOperationalIntentReferenceParameters = asked.body
        extents, start_us, end_us = _extents(body.extents)
        new = body.new_subscription
        changed = await self._dss.write(
            PutIntent(
                caller=asked.caller,
                id=key,
                ovn=ovn,
                extents=extents,
                start_us=start_us,
                end_us=end_us,
                state=IntentState(body.state),
                url=self._url(body.uss_base_url, "uss_base_url"),
                key=frozenset(body.key or ()),
                subscription=check_id(body.subscription_id, at="subscription_id") if body.subscription_id else "",
                new_subscription=NewSubscription(
                    self._url(new.uss_base_url, "new_subscription.uss_base_url"), bool(new.notify_for_constraints)
                )
                if new is not None
                else None,
                suffix=body.requested_ovn_suffix,
            )
        )
        return 200 if ovn else 201, changed_message(changed, asked.caller, self._dss.seen)

    async def _delete_intent(self, asked: Asked) -> tuple[int, Any]:
        key, ovn = _id_and_version(asked, "ovn")
        changed = await self._dss.write(DeleteIntent(asked.caller, key, ovn))
        return 200, changed_message(changed, asked.caller, self._dss.seen)

    async def _intent(self, asked: Asked) -> tuple[int, Any]:
        registry, key = self._dss.current, check_id(asked.names[0], at="entityid")
        held = registry.intents.get(key)
        if held is None:
            raise NotFound(f"there is no operational intent {key} here", at="entityid")
        return 200, wire.OperationalIntentAnswer(intent_message(held, asked.caller, registry))

    async def _intents(self, asked: Asked) -> tuple[int, Any]:
        registry, area = self._dss.current, self._area(asked.body)
        found = registry.intents_meeting((area,))
        self._check_found(found)
        return 200, wire.OperationalIntentsFound(tuple(intent_message(each, asked.caller, registry) for each in found))

    async def _put_constraint(self, asked: Asked) -> tuple[int, Any]:
        key, ovn = _id_and_version(asked, "ovn")
        body: wire.PutConstraintReferenceParameters = asked.body
        extents, start_us, end_us = _extents(body.extents)
        url = self._url(body.uss_base_url, "uss_base_url")
        changed = await self._dss.write(PutConstraint(asked.caller, key, ovn, extents, start_us, end_us, url))
        return 200 if ovn else 201, changed_message(changed, asked.caller, self._dss.seen)

    async def _delete_constraint(self, asked: Asked) -> tuple[int, Any]:
        key, ovn = _id_and_version(asked, "ovn")
        changed = await self._dss.write(DeleteConstraint(asked.caller, key, ovn))
        return 200, changed_message(changed, asked.caller, self._dss.seen)

    async def _constraint(self, asked: Asked) -> tuple[int, Any]:
        registry, key = self._dss.current, check_id(asked.names[0], at="entityid")
        held = registry.constraints.get(key)
        if held is None:
            raise NotFound(f"there is no constraint {key} here", at="entityid")
        return 200, wire.ConstraintAnswer(constraint_message(held, asked.caller, registry))

    async def _constraints(self, asked: Asked) -> tuple[int, Any]:
        registry, area = self._dss.current, self._area(asked.body)
        found = registry.constraints_meeting((area,))
        self._check_found(found)
        return 200, wire.ConstraintsFound(tuple(constraint_message(each, asked.caller, registry) for each in found))

    # -------------------------------------------------------------------------------------------- subscriptions

    async def _put_subscription(self, asked: Asked) -> tuple[int, Any]:
        key, version = _id_and_version(asked, "version")
        body: wire.PutSubscriptionParameters = asked.body
        start, end = body.extents.time_start, body.extents.time_end
        made = await self._dss.write(
            PutSubscription(
                caller=asked.caller,
                id=key,
                version=version,
                volume=area_volume(body.extents, at="extents"),
                start_us=instant_us(start) if start is not None else None,
                end_us=instant_us(end) if end is not None else None,
                url=self._url(body.uss_base_url, "uss_base_url"),
                for_intents=bool(body.notify_for_operational_intents),
                for_constraints=bool(body.notify_for_constraints),
            )
        )
        registry, caller = self._dss.seen, asked.caller
        answer = wire.SubscriptionPut(subscription_message(made.subscription, registry))
        if made.intents is not None:
            met = tuple(intent_message(each, caller, registry) for each in made.intents)
            answer = msgspec.structs.replace(answer, operational_intent_references=met)
        if made.constraints is not None:
            also = tuple(constraint_message(each, caller, registry) for each in made.constraints)
            answer = msgspec.structs.replace(answer, constraint_references=also)
        return 200, answer

    async def _delete_subscription(self, asked: Asked) -> tuple[int, Any]:
        key, version = _id_and_version(asked, "version")
        gone = await self._dss.write(DeleteSubscription(asked.caller, key, version))
        return 200, wire.SubscriptionAnswer(subscription_message(gone.subscription, self._dss.seen))

    async def _subscription(self, asked: Asked) -> tuple[int, Any]:
        registry, key = self._dss.current, check_id(asked.names[0], at="subscriptionid")
        held = registry.subscriptions.get(key)
        if held is None or held.end_us < self._dss.now_us():
            raise NotFound(f"there is no subscription {key} here", at="subscriptionid")
        if held.manager != asked.caller.manager:
            raise NotAllowed("this subscription is another's", at="subscriptionid")
        return 200, wire.SubscriptionAnswer(subscription_message(held, registry))

    async def _subscriptions(self, asked: Asked) -> tuple[int, Any]:
        registry, area, now_us = self._dss.current, self._area(asked.body), self._dss.now_us()
        found = [
            held
            for held in registry.subscriptions_meeting((area,))
            if held.manager == asked.caller.manager and held.end_us >= now_us
        ]
        self._check_found(found)
        return 200, wire.SubscriptionsFound(tuple(subscription_message(each, registry) for each in found))

    # ------------------------------------------------------------------------------------ availability and reports

    async def _set_availability(self, asked: Asked) -> tuple[int, Any]:
        uss, body = _uss(asked), asked.body
        try:
            state = UssState(body.availability.capitalize())
        except ValueError:
            names = ", ".join(UssState)
            raise Malformed(f"{body.availability[:20]!r} is not one of {names}", at="availability") from None
        held = await self._dss.write(SetAvailability(asked.caller, uss, body.old_version or "", state))
        return 200, availability_message(uss, held)

    async def _availability(self, asked: Asked) -> tuple[int, Any]:
        uss = _uss(asked)
        return 200, availability_message(uss, self._dss.current.availability.get(uss))

    async def _report(self, asked: Asked) -> tuple[int, Any]:
        if asked.body.report_id is not None:
            raise Malformed("the id of a report is given by whoever receives it: leave it out", at="report_id")
        if len(asked.raw) > _REPORT_MAX:
            raise TooLarge(f"a report has at most {_REPORT_MAX} bytes, not {len(asked.raw)}", at="exchange")
        report = await self._dss.write(MakeReport(asked.caller, asked.raw))
        return 201, {**msgspec.json.decode(asked.raw), "report_id": report.id}

    async def _no_version(self, asked: Asked) -> tuple[int, Any]:
        check_id(asked.names[0], at="id")
        raise Malformed("put the current version into the path, after the id", at="version")

    # ------------------------------------------------------------------------------------------------- helpers

    def _url(self, text: str, at: str) -> str:
        return base_url(text, at=at, allows_http=self._allows_http)

    def _area(self, body: wire.QueryParameters) -> Volume4D:
        if body.area_of_interest is None:
            raise Malformed("give an area to ask about", at="area_of_interest")
        area = area_volume(body.area_of_interest, at="area_of_interest")
        check_extents((area,), self._dss.limits, at="area_of_interest")
        return area

    def _check_found(self, found: list[Any]) -> None:
        if len(found) > self._dss.limits.found_max:
            raise TooLarge(f"found_max: more than {self._dss.limits.found_max} are there; ask about a smaller area")


def _id_and_version(asked: Asked, name: str) -> tuple[str, str]:
    """The id, and the version when the path has one; an empty one is told apart from none."""
    key = check_id(asked.names[0], at="id")
    if len(asked.names) == 1:
        return key, ""
    if not asked.names[1]:
        raise Malformed("put the current version into the path, after the id", at=name)
    return key, asked.names[1]


def _uss(asked: Asked) -> str:
    uss = asked.names[0]
    if not 0 < len(uss) <= _USS_MAX or not uss.isprintable():
        raise Malformed(f"a service's name has 1 to {_USS_MAX} printable characters", at="uss_id")
    return uss
