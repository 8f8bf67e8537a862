"""Lists of protected sites: what may stand in one, and what a person should look at again before it is sent (P5, P7).

Only protected kinds exist here, and there is no field for anything else. A list names what must not be harmed; who
holds it, for how long and with whose consent is part of it (docs/reference/sites.md).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from keepclear.core.flag import Flag
from keepclear.core.footprint import Circle, LatLon, check_position
from keepclear.core.gazetteer import skeleton
from keepclear.core.geodesy import distance_m, point_to_ecef
from keepclear.core.landmask import SHORE_M, LandMask
from keepclear.core.secondmeans import flags_against
from keepclear.core.timespan import SECOND_US, zulu
from keepclear.errors import LimitReached, Malformed

SITES_MAX: Final = 5_000
NAME_MAX: Final = 80
VARIANTS_MAX: Final = 8
DUPLICATE_MAX_M: Final = 10_000.0
#: Said finer than this nobody measured it, and coarser it is a neighbourhood.
PRECISION_LEAST_M: Final = 0.1
PRECISION_MOST_M: Final = 200.0


class SiteKind(enum.StrEnum):
    """What a site is. Protected kinds only: there is no other list."""

    HOSPITAL = "HOSPITAL"
    CLINIC = "CLINIC"
    SCHOOL = "SCHOOL"
    SHELTER = "SHELTER"
    CAMP = "CAMP"
    WATER = "WATER"
    POWER = "POWER"
    WAREHOUSE = "WAREHOUSE"
    OFFICE = "OFFICE"
    RESIDENCE = "RESIDENCE"
    WORSHIP = "WORSHIP"
    CULTURAL = "CULTURAL"
    OBSERVATION_POST = "OBSERVATION_POST"


@dataclass(frozen=True, slots=True)
class Site:
    """One protected site.

    Attributes:
        id: stable: names change and are spelled in many ways, and all of them lead here (P7).
        precision_m: how well the position is known, metres.
        verified_by: who found the position to be right: two different people.
        verified_us: when the second of them did.
        revalidate_us: until when that holds.
        consent_by: who of those on the site agreed that it is told.
        consent_until_us: until when.
    """

    id: str
    kind: SiteKind
    name: str
    lat_deg: float
    lon_deg: float
    precision_m: float
    verified_by: tuple[str, ...]
    verified_us: int
    revalidate_us: int
    consent_by: str
    consent_until_us: int
    variants: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_position((self.lat_deg, self.lon_deg), at=f"{self.id}.position")
        for name in (self.id, self.name, self.consent_by, *self.variants, *self.verified_by):
            if not 0 < len(name.strip()) <= NAME_MAX or not name.isprintable():
                raise Malformed(f"a name has 1 to {NAME_MAX} printable characters, not {name!r}", at=self.id)
        if len(self.variants) > VARIANTS_MAX:
            raise LimitReached(f"a site has at most {VARIANTS_MAX} variants of its name", at=self.id)
        if not 0 < self.precision_m <= 100_000:
            raise Malformed(f"a precision lies between 0 and 100 km, not {self.precision_m} m", at=self.id)

    @property
    def position(self) -> LatLon:
        """Latitude and longitude, degrees."""
        return (self.lat_deg, self.lon_deg)


class Change(enum.StrEnum):
    """What a list does. Additions and removals never stand in one message (P5)."""

    ADD = "ADD"
    REMOVE = "REMOVE"


@dataclass(frozen=True, slots=True)
class SiteList:
    """A change of the list of sites: additions, or removals."""

    change: Change
    sites: tuple[Site, ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.sites) <= SITES_MAX:
            raise LimitReached(f"a list holds 1 to {SITES_MAX} sites, not {len(self.sites)}", at="sites")


def one_list(added: Sequence[Site], removed: Sequence[Site]) -> SiteList:
    """The change that two lists make, of which one must be empty (P5).

    Raises:
        Malformed: both hold something: a site moved from one list to the other would be missed.
    """
    if added and removed:
        raise Malformed(
            f"additions and removals go in separate lists: send the {len(removed)} removals first, then the"
            f" {len(added)} additions",
            at="sites",
        )
    return SiteList(Change.REMOVE, tuple(removed)) if removed else SiteList(Change.ADD, tuple(added))


@dataclass(frozen=True, slots=True)
class Hygiene:
    """What a list is held to. Lengths in metres; each from the agreement, or a party's own practice.

    Attributes:
        duplicate_m: two sites nearer than this are likely one.
        due_within_s: a date that is nearer than this is said to be due.
        area: outside it a site is flagged; None holds to none.
        land: None leaves the sea out.
    """

    duplicate_m: float
    due_within_s: int
    area: Circle | None = None
    land: LandMask | None = None

    def __post_init__(self) -> None:
        if not 0 < self.duplicate_m <= DUPLICATE_MAX_M:
            raise Malformed(
                f"sites are one within more than 0 and at most {DUPLICATE_MAX_M:.0f} m, not {self.duplicate_m}",
                at="duplicate_m",
            )


def findings(change: SiteList, held: Mapping[str, Site], *, rules: Hygiene, now_us: int) -> tuple[Flag, ...]:
    """What to look at again in a list before it is sent: code, site and words (P5).

    Args:
        held: the sites that stand, by id.
        now_us: what dates are measured from.
    """
    found: list[Flag] = []
    seen: set[str] = set()
    for site in change.sites:
        if site.id in seen:
            found.append(Flag("TWICE", f"{site.id} stands in the list twice", site.id))
        seen.add(site.id)
        found += _against_held(change.change, site, held)
        if change.change is Change.ADD:
            found += [*_position(site, rules), *_people(site, now_us), *_dates(site, rules, now_us)]
    if change.change is Change.ADD:
        found += _duplicates(change.sites, held, rules.duplicate_m)
    return tuple(found)


def due(held: Iterable[Site], *, rules: Hygiene, now_us: int) -> tuple[Flag, ...]:
    """Dates of the sites that stand which are due or past: verification and consent (P5)."""
    return tuple(flag for site in held for flag in _dates(site, rules, now_us))


def _against_held(change: Change, site: Site, held: Mapping[str, Site]) -> Iterator[Flag]:
    if change is Change.REMOVE and site.id not in held:
        yield Flag("UNKNOWN_REMOVAL", f"{site.id} is not on the list: nothing would be removed", site.id)
    if change is Change.ADD and site.id in held:
        apart_m = distance_m(site.position, held[site.id].position)
        yield Flag("KNOWN", f"{site.id} is on the list already, {apart_m:.0f} m from here: remove it first", site.id)


def _position(site: Site, rules: Hygiene) -> Iterator[Flag]:
    if site.precision_m < PRECISION_LEAST_M:
        yield Flag(
            "IMPLAUSIBLE_PRECISION", f"known to {site.precision_m * 1000:g} mm: nobody measures a site so well", site.id
        )
    if site.precision_m > PRECISION_MOST_M:
        yield Flag("COARSE", f"known to {site.precision_m:.0f} m only: that is a neighbourhood, not a site", site.id)
    if site.lat_deg == round(site.lat_deg) and site.lon_deg == round(site.lon_deg):
        yield Flag("WHOLE_DEGREES", "the position is of whole degrees: was it ever filled in?", site.id)
    if rules.area is not None:
        for flag in flags_against(site.position, rules.area):
            yield Flag(flag.code, flag.words, site.id)
    if rules.land is not None:
        off_m = rules.land.from_land_m(site.position)
        if off_m > SHORE_M:
            yield Flag("IN_THE_SEA", f"it lies about {off_m / 1000:.0f} km from any land, on a coarse map", site.id)


def _people(site: Site, now_us: int) -> Iterator[Flag]:
    people = {" ".join(name.split()).casefold() for name in site.verified_by}
    if not people:
        yield Flag("NOT_VERIFIED", "nobody has verified the position", site.id)
    elif len(people) < 2:
        yield Flag("ONE_VERIFIER", f"verified by {site.verified_by[0]} alone: two different people do", site.id)
    if site.verified_us > now_us:
        yield Flag("VERIFIED_LATER", f"verified on {zulu(site.verified_us)}, which is still to come", site.id)


def _dates(site: Site, rules: Hygiene, now_us: int) -> Iterator[Flag]:
    soon_us = now_us + rules.due_within_s * SECOND_US
    for name, until_us in (("REVALIDATION", site.revalidate_us), ("CONSENT", site.consent_until_us)):
        if until_us <= now_us:
            yield Flag(f"{name}_OVERDUE", f"{name.lower()} was due by {zulu(until_us)}", site.id)
        elif until_us <= soon_us:
            yield Flag(f"{name}_DUE", f"{name.lower()} is due by {zulu(until_us)}", site.id)


def _duplicates(sites: Sequence[Site], held: Mapping[str, Site], within_m: float) -> Iterator[Flag]:
    """Pairs that are likely one site: near each other, or of one kind and name and not far."""
    cells: dict[tuple[int, int, int], list[Site]] = {}
    for site in (*held.values(), *sites):
        cell = _cell(site, within_m)
        for step in product((-1, 0, 1), repeat=3):
            for other in cells.get((cell[0] + step[0], cell[1] + step[1], cell[2] + step[2]), ()):
                # Two that are both held were looked at when the second one came.
                if other.id == site.id or site.id in held:
                    continue
                apart_m = distance_m(site.position, other.position)
                if apart_m < within_m:
                    same = " and their names sound alike" if _is_one_name(site, other) else ""
                    yield Flag(
                        "DUPLICATE", f"{other.id} {other.name} is {apart_m:.0f} m away{same}: are they one?", site.id
                    )
        cells.setdefault(cell, []).append(site)


def _cell(site: Site, size_m: float) -> tuple[int, int, int]:
    x, y, z = point_to_ecef(*site.position)
    return (int(x // size_m), int(y // size_m), int(z // size_m))


def _is_one_name(one: Site, other: Site) -> bool:
    return bool(
        {skeleton(name) for name in (one.name, *one.variants)}
        & {skeleton(name) for name in (other.name, *other.variants)}
    )


def of_name(name: str, held: Iterable[Site]) -> tuple[Site, ...]:
    """The sites that a name means, in any spelling; a zone or a place of the same name is none of them (P7)."""
    sound = skeleton(name)
    return tuple(site for site in held if any(skeleton(known) == sound for known in (site.name, *site.variants)))
