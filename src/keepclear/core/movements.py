"""Humanitarian movements: who goes, with what, and guarded by whom; and what has changed on the way (P6).

An inquiry of 2024 named armed guards that stood in no notice as one cause (docs/reference/sites.md). So whether there
are any is asked, and "not stated" is never taken for "none".
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Final

from keepclear.core.flag import Flag
from keepclear.core.footprint import LatLon, check_position
from keepclear.core.timespan import zulu
from keepclear.errors import LimitReached, Malformed

VEHICLES_MAX: Final = 200
STOPS_MAX: Final = 100
TEXT_MAX: Final = 80


class Security(enum.StrEnum):
    """Who guards a movement."""

    NOT_STATED = "NOT_STATED"
    NONE = "NONE"
    UNARMED = "UNARMED"
    ARMED = "ARMED"


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One vehicle, as it is to be known from outside.

    Attributes:
        plate: its number plate, or empty.
        marking: what is painted or flown on it, or empty.
        is_roof_marked: whether it can be known from above.
    """

    plate: str
    marking: str
    is_roof_marked: bool

    def __post_init__(self) -> None:
        for text in (self.plate, self.marking):
            if len(text) > TEXT_MAX or not text.isprintable():
                raise Malformed(f"plate and marking have at most {TEXT_MAX} printable characters", at="vehicles")


@dataclass(frozen=True, slots=True)
class Stop:
    """One place of the route, and when it is reached, microseconds UTC."""

    name: str
    lat_deg: float
    lon_deg: float
    at_us: int

    def __post_init__(self) -> None:
        check_position((self.lat_deg, self.lon_deg), at=f"route.{self.name}")
        if not 0 < len(self.name.strip()) <= TEXT_MAX or not self.name.isprintable():
            raise Malformed(f"a stop has a name of 1 to {TEXT_MAX} printable characters", at="route")

    @property
    def position(self) -> LatLon:
        """Latitude and longitude, degrees."""
        return (self.lat_deg, self.lon_deg)


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement as it is told.

    Attributes:
        route: stops in order, from where it sets out to where it ends.
        vehicle_count: how many vehicles go, escorts among them.
        vehicles: each as it is to be known; as many as are counted.
        security: who guards it.
        escort_count: vehicles of the guards among those counted.
        on_scene: how the movement is reached while it is under way.
    """

    route: tuple[Stop, ...]
    vehicle_count: int
    vehicles: tuple[Vehicle, ...]
    security: Security
    escort_count: int
    on_scene: str

    def __post_init__(self) -> None:
        if len(self.route) > STOPS_MAX:
            raise LimitReached(f"a route has at most {STOPS_MAX} stops, not {len(self.route)}", at="route")
        if max(self.vehicle_count, len(self.vehicles)) > VEHICLES_MAX:
            raise LimitReached(f"a movement has at most {VEHICLES_MAX} vehicles", at="vehicles")
        if self.vehicle_count < 0 or self.escort_count < 0:
            raise Malformed("vehicles and escorts are counted from 0", at="vehicles")
        if len(self.on_scene) > TEXT_MAX or not self.on_scene.isprintable():
            raise Malformed(f"on_scene has at most {TEXT_MAX} printable characters", at="on_scene")


def movement_findings(movement: Movement) -> tuple[Flag, ...]:
    """What is missing or doubtful in a movement before it is sent (P6)."""
    return (*_of_security(movement), *_of_vehicles(movement), *_of_route(movement))


def _of_security(movement: Movement) -> Iterator[Flag]:
    match movement.security:
        case Security.NOT_STATED:
            yield Flag(
                "SECURITY_NOT_STATED", "say whether anybody guards it, armed or not: NONE is an answer", "security"
            )
        case Security.NONE:
            if movement.escort_count:
                yield Flag(
                    "ESCORTS_UNEXPLAINED", f"{movement.escort_count} escorts, and no security is stated", "security"
                )
        case Security.UNARMED | Security.ARMED:
            if not movement.escort_count:
                yield Flag(
                    "ESCORTS_NOT_COUNTED",
                    f"{movement.security} security, and no vehicle of theirs is counted",
                    "security",
                )
    if movement.escort_count > movement.vehicle_count:
        yield Flag(
            "ESCORTS_BEYOND_VEHICLES",
            f"{movement.escort_count} escorts among {movement.vehicle_count} vehicles: count them among all",
            "security",
        )


def _of_vehicles(movement: Movement) -> Iterator[Flag]:
    if not movement.vehicle_count:
        yield Flag("VEHICLES_NOT_COUNTED", "say how many vehicles go", "vehicles")
    if len(movement.vehicles) != movement.vehicle_count:
        yield Flag(
            "VEHICLES_DIFFER",
            f"{movement.vehicle_count} vehicles are counted and {len(movement.vehicles)} described",
            "vehicles",
        )
    unmarked = sum(1 for vehicle in movement.vehicles if not vehicle.marking.strip())
    if unmarked:
        yield Flag("NOT_MARKED", f"{unmarked} vehicles have no marking", "vehicles")
    hidden = sum(1 for vehicle in movement.vehicles if not vehicle.is_roof_marked)
    if hidden:
        yield Flag("ROOF_NOT_MARKED", f"{hidden} vehicles cannot be known from above", "vehicles")
    plates = [vehicle.plate.replace(" ", "").upper() for vehicle in movement.vehicles if vehicle.plate.strip()]
    if len(plates) < len(movement.vehicles):
        yield Flag("NO_PLATE", f"{len(movement.vehicles) - len(plates)} vehicles have no plate", "vehicles")
    if len(set(plates)) < len(plates):
        yield Flag("PLATE_TWICE", "a plate stands there twice", "vehicles")


def _of_route(movement: Movement) -> Iterator[Flag]:
    if len(movement.route) < 2:
        yield Flag("NO_ROUTE", "a movement has a start and an end", "route")
    for here, there in pairwise(movement.route):
        if there.at_us <= here.at_us:
            yield Flag("OUT_OF_ORDER", f"{there.name} is reached at {zulu(there.at_us)}, before {here.name}", "route")
    if not movement.on_scene.strip():
        yield Flag("NOT_REACHABLE", "say how it is reached while it is under way", "on_scene")


def deviations(told: Movement, now: Movement) -> tuple[Flag, ...]:
    """What differs from what was told, so that it is told again (P6)."""
    return tuple(
        Flag("DEVIATION", f"{each.name} was told otherwise", each.name)
        for each in fields(Movement)
        if getattr(told, each.name) != getattr(now, each.name)
    )
