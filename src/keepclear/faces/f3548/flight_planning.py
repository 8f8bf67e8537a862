"""/flight_planning/v1: a virtual user who plans flights with our service, as InterUSS' automated tests define it.

Only where it is switched on: whoever has the scope plans in our name.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import msgspec

from keepclear.core.conflict import Verdict
from keepclear.core.timespan import HOUR_US, MINUTE_US
from keepclear.core.volume import Volume4D
from keepclear.dss.extents import check_extents
from keepclear.dss.limits import DEFAULT
from keepclear.dss.names import check_id, new_id
from keepclear.dss.values import IntentState
from keepclear.errors import KeepclearError, LimitReached, Malformed, NotFound, Unavailable
from keepclear.faces.f3548.routing import Asked, Route
from keepclear.formats.f3548 import messages as wire
from keepclear.formats.f3548.volumes import area_volume, complete_volume, time_of
from keepclear.node.ports import Clock, Entropy
from keepclear.uss.service import Uss
from keepclear.uss.values import Outcome, Plan, Standing, meets

_PREFIX: Final = "/flight_planning/v1"
_SCOPES: Final = frozenset({"interuss.flight_planning.plan", "interuss.flight_planning.direct_automated_test"})
#: A plan begins at most so long from now: the standard's own figure.
HORIZON_US: Final = 30 * 24 * HOUR_US
FLIGHTS_MAX: Final = 10_000
ANSWERS_KEPT: Final = 1_000
NOTIFICATIONS_KEPT: Final = 1_000

Usage = Literal["Planned", "InUse", "Closed"]
UasState = Literal["Nominal", "OffNominal", "Contingent", "NotSpecified"]
Style = Literal["Hypothetical", "IfAllowed", "InReality"]


class _Altitude(msgspec.Struct, frozen=True):
    value: Annotated[float, msgspec.Meta(ge=-8_000, le=100_000)]
    reference: str
    units: str = "M"


class _Time(msgspec.Struct, frozen=True):
    value: wire.Instant
    format: str = "RFC3339"


class _Volume3D(wire.Message, frozen=True):
    outline_circle: wire.Circle | None = None
    outline_polygon: wire.Polygon | None = None
    altitude_lower: _Altitude | None = None
    altitude_upper: _Altitude | None = None


class _Volume4D(wire.Message, frozen=True):
    volume: _Volume3D
    time_start: _Time | None = None
    time_end: _Time | None = None


class _Basic(wire.Message, frozen=True):
    usage_state: Usage
    uas_state: UasState = "NotSpecified"
    area: Annotated[tuple[_Volume4D, ...], msgspec.Meta(max_length=1_000)] = ()


class _Astm(wire.Message, frozen=True):
    priority: int | None = None


class _FlightPlan(wire.Message, frozen=True):
    basic_information: _Basic
    astm_f3548_21: _Astm | None = None


class _Upsert(wire.Message, frozen=True):
    flight_plan: _FlightPlan
    execution_style: Style
    request_id: Annotated[str, msgspec.Meta(max_length=200)]


class _ClearArea(wire.Message, frozen=True):
    request_id: Annotated[str, msgspec.Meta(max_length=200)]
    extent: _Volume4D


class NotSupported(Malformed):
    """The user asks for something that our service does not do."""

    code = "not_supported"


@dataclass
class _Flight:
    entity: str
    status: str


class FlightPlanningFace:
    """The virtual user's desk."""

    def __init__(self, uss: Uss, clock: Clock, entropy: Entropy) -> None:
        self._uss = uss
        self._clock = clock
        self._entropy = entropy
        self._flights: dict[str, _Flight] = {}
        self._answers: OrderedDict[str, tuple[int, Any]] = OrderedDict()
        self._notifications: deque[tuple[int, str, int]] = deque(maxlen=NOTIFICATIONS_KEPT)

    def routes(self) -> list[Route]:
        """Every way of asking."""
        return [
            Route("GET", f"{_PREFIX}/status", self._status, _SCOPES),
            Route("PUT", f"{_PREFIX}/flight_plans/{{}}", self._upsert, _SCOPES, _Upsert),
            Route("DELETE", f"{_PREFIX}/flight_plans/{{}}", self._delete, _SCOPES),
            Route("POST", f"{_PREFIX}/clear_area_requests", self._clear, _SCOPES, _ClearArea),
            Route("GET", f"{_PREFIX}/user_notifications", self._notified, _SCOPES),
        ]

    def told(self, key: str, standing: Standing | None) -> None:
        """Another service told us of an intent: the user is notified of the flights that it meets."""
        if standing is None:
            return
        for held in list(self._uss.own.values()):
            if meets(held.plan, standing.plan) is not Verdict.CLEAR:
                self._note(1, f"{held.plan.id} meets {key} of {standing.manager}")

    def _note(self, conflicts: int, message: str) -> None:
        self._notifications.append((self._clock.now_us(), message, conflicts))

    async def _status(self, _: Asked) -> tuple[int, Any]:
        return 200, {
            "status": "Ready",
            "api_name": "Flight Planning Automated Testing Interface",
            "api_version": "v0.7.0",
        }

    async def _upsert(self, asked: Asked) -> tuple[int, Any]:
        body: _Upsert = asked.body
        if (before := self._answers.get(body.request_id)) is not None:
            return before
        key = check_id(asked.names[0], at="flight_plan_id")
        answer = 200, await self._planned(key, body)
        self._answers[body.request_id] = answer
        while len(self._answers) > ANSWERS_KEPT:
            self._answers.popitem(last=False)
        return answer

    async def _planned(self, key: str, body: _Upsert) -> dict[str, Any]:
        flight = self._flights.get(key)
        status = flight.status if flight is not None else "NotPlanned"
        try:
            if body.execution_style == "Hypothetical":
                raise NotSupported("hypothetical planning", at="execution_style")
            if body.flight_plan.basic_information.usage_state == "Closed":
                return await self._closed(key)
            plan, wanted = self._plan_of(flight, body.flight_plan)
            if flight is None and len(self._flights) >= FLIGHTS_MAX:
                raise Unavailable(f"{FLIGHTS_MAX} flights are planned")
            outcome = await self._uss.plan(plan)
        except NotSupported as problem:
            return _answer("NotSupported", status, str(problem))
        except (Malformed, LimitReached) as problem:
            return _answer("Rejected", status, str(problem))
        except KeepclearError as problem:
            return _answer("Failed", status, str(problem))
        if outcome.standing is None:
            return _answer("Rejected", status, _conflicts(outcome))
        self._flights[key] = _Flight(plan.id, wanted)
        if outcome.conflicts:
            self._note(len(outcome.conflicts), _conflicts(outcome))
        return _answer("Completed", wanted, "", has_advisory=bool(outcome.conflicts))

    def _plan_of(self, flight: _Flight | None, asked: _FlightPlan) -> tuple[Plan, str]:
        """What the user wants as a plan of ours, and the status that it then has. Raises Malformed."""
        basic = asked.basic_information
        state, wanted = _state_of(basic)
        if state is not IntentState.ACCEPTED and flight is None and not state.is_nominal:
            raise Malformed("a flight that was not planned cannot be off its plan", at="uas_state")
        volumes = tuple(_volume(each, at=f"area[{number}]") for number, each in enumerate(basic.area))
        check_extents(volumes, DEFAULT, at="area")
        now_us = self._clock.now_us()
        if max(volume.span.end_us for volume in volumes) <= now_us:
            raise Malformed("it is over", at="area")
        if min(volume.span.start_us for volume in volumes) > now_us + HORIZON_US:
            raise Malformed("it begins more than 30 days from now", at="area")
        entity = flight.entity if flight is not None else new_id(self._entropy.draw(32), "flight")
        priority = (asked.astm_f3548_21.priority if asked.astm_f3548_21 is not None else None) or 0
        if state.is_nominal:
            if state is IntentState.ACTIVATED and min(v.span.start_us for v in volumes) > now_us + MINUTE_US:
                raise Malformed("a flight that has not begun cannot be in use", at="usage_state")
            return Plan(entity, volumes, state, priority), wanted
        before = self._uss.own.get(entity)
        nominal = before.plan.volumes if before is not None and state is IntentState.NONCONFORMING else ()
        return Plan(entity, nominal, state, priority, volumes), wanted

    async def _closed(self, key: str) -> dict[str, Any]:
        flight = self._flights.get(key)
        if flight is None:
            return _answer("Failed", "NotPlanned", "there is no such flight")
        try:
            await self._uss.end(flight.entity)
        except NotFound:
            pass
        except KeepclearError as problem:
            return _answer("Failed", flight.status, str(problem))
        del self._flights[key]
        return _answer("Completed", "Closed", "")

    async def _delete(self, asked: Asked) -> tuple[int, Any]:
        key = check_id(asked.names[0], at="flight_plan_id")
        if key not in self._flights:
            raise NotFound(f"there is no flight {key}", at="flight_plan_id")
        return 200, await self._closed(key)

    async def _clear(self, asked: Asked) -> tuple[int, Any]:
        body: _ClearArea = asked.body
        area = area_volume(_checked(body.extent, at="extent"), at="extent")
        problems = []
        for key, flight in list(self._flights.items()):
            held = self._uss.own.get(flight.entity)
            if held is not None and not _touches(held, area):
                continue
            answer = await self._closed(key)
            if answer["planning_result"] != "Completed":
                problems.append(answer.get("notes", ""))
        return 200, {"outcome": {"success": not problems, "message": "; ".join(problems)}}

    async def _notified(self, asked: Asked) -> tuple[int, Any]:
        return 200, {
            "user_notifications": [
                {
                    "observed_at": time_of(at_us),
                    "message": message,
                    "conflicts": "Single" if count == 1 else "Multiple" if count else "None",
                }
                for at_us, message, count in self._notifications
            ]
        }


def _answer(result: str, status: str, notes: str, *, has_advisory: bool = False) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "planning_result": result,
        "flight_plan_status": status,
        "includes_advisories": "AtLeastOneAdvisoryOrCondition" if has_advisory else "NoAdvisoriesOrConditions",
    }
    return {**answer, "notes": notes} if notes else answer


def _state_of(basic: _Basic) -> tuple[IntentState, str]:
    match basic.usage_state, basic.uas_state:
        case "Planned", "Nominal" | "NotSpecified":
            return IntentState.ACCEPTED, "Planned"
        case "InUse", "Nominal" | "NotSpecified":
            return IntentState.ACTIVATED, "OkToFly"
        case "InUse", "OffNominal":
            return IntentState.NONCONFORMING, "OffNominal"
        case "InUse", "Contingent":
            return IntentState.CONTINGENT, "OffNominal"
        case usage, uas:
            raise Malformed(f"{usage} and {uas} do not go together", at="uas_state")


def _checked(volume: _Volume4D, *, at: str) -> wire.Volume4D:
    """A volume of this interface as one of the standard, which knows heights above the ellipsoid alone."""
    inner = volume.volume
    limits = []
    for name, given in (("altitude_lower", inner.altitude_lower), ("altitude_upper", inner.altitude_upper)):
        if given is not None and (given.reference != "W84" or given.units != "M"):
            raise NotSupported(f"a height in {given.units} above {given.reference}", at=f"{at}.{name}")
        limits.append(wire.Altitude(given.value, "W84", "M") if given is not None else None)
    times = [
        wire.Time(each.value, "RFC3339") if each is not None else None for each in (volume.time_start, volume.time_end)
    ]
    return wire.Volume4D(
        wire.Volume3D(inner.outline_circle, inner.outline_polygon, limits[0], limits[1]), times[0], times[1]
    )


def _volume(volume: _Volume4D, *, at: str) -> Volume4D:
    return complete_volume(_checked(volume, at=at), at=at)[0]


def _touches(standing: Standing, area: Volume4D) -> bool:
    return meets(standing.plan, Plan("", (area,))) is not Verdict.CLEAR


def _conflicts(outcome: Outcome) -> str:
    named = ", ".join(f"{each.plan.id} of {each.manager}" for each in outcome.conflicts[:10])
    return f"it meets {len(outcome.conflicts)} operational intents of others: {named}"
