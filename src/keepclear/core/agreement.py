"""What parties have signed: the numbers that the rules use. None of them is in the code."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from keepclear.core.footprint import Circle
from keepclear.core.ids import check_party_id
from keepclear.core.separation import Separation
from keepclear.core.terms import (
    TABLES,
    ChannelTerms,
    DisseminationTerms,
    DutyTerms,
    HandoverTerms,
    InquiryTerms,
    Ladders,
    LanguageTerms,
    LineTerms,
    NoticeTerms,
    PlaceTerms,
    PlanningTerms,
    ReadbackTerms,
    RequestTerms,
    ResolutionTerms,
    RetentionTerms,
    RoleTerms,
    SecondPersonTerms,
    SiteTerms,
    SuspensionTerms,
    check_word,
)
from keepclear.core.timespan import LATEST_US, zulu
from keepclear.core.zone import Zone
from keepclear.errors import Malformed

#: Versions of the language of profiles that this software speaks. Another one is refused, never guessed at (G1).
PROFILE: Final = "keepclear-agreement-1"
PARTIES_MAX: Final = 16
ZONES_MAX: Final = 64
SOURCES_MAX: Final = 32
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


class AgreementAct(enum.StrEnum):
    """What a party may say about an agreement in force."""

    SUSPEND = "suspend"
    RESUME = "resume"
    EXTEND = "extend"
    WITHDRAW = "withdraw"


class DisclosureLevel(enum.StrEnum):
    """How much of a notice the other party sees, from least to most.

    NOT_HERE, COARSE and PADDED, the steps between NONE and VOLUME, come with the private match; until then they are
    refused.
    """

    NONE = "NONE"
    VOLUME = "VOLUME"
    CONTACT = "CONTACT"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What one party shows the other. The kind of activity is a flag of its own, hidden by default."""

    level: DisclosureLevel
    shows_activity: bool = False


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds within which things are owed, each more than 0."""

    notice_before_s: int
    acknowledge_s: int
    acknowledge_conflict_s: int
    acknowledge_warning_s: int
    acknowledge_stop_s: int
    standby_s: int

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not 0 < getattr(self, name) <= 30 * 86_400:
                raise Malformed(
                    f"{name} lies between 1 s and 30 days, not {getattr(self, name)}", at=f"deadlines.{name}"
                )


@dataclass(frozen=True, slots=True)
class Source:
    """Where a term comes from: who says so, and where it is read.

    Attributes:
        term: as in a profile: `separation.horizontal`; empty for the whole.
    """

    title: str
    claimant: str = ""
    where: str = ""
    term: str = ""

    def __post_init__(self) -> None:
        for name, least in (("title", 1), ("claimant", 0), ("where", 0), ("term", 0)):
            if not least <= len(getattr(self, name)) <= 200:
                raise Malformed(f"{name} has {least} to 200 characters", at=f"source.{name}")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Parties, terms and the area they are for. Its hash, which all sign, is that of its record form (G1).

    Attributes:
        title: as people call it.
        parties: all who sign, in one order; without a profile exactly two.
        area: where the region words are measured from, and where it holds.
        separation: to keep between any two parties' activities.
        disclosure: party id to what that party shows the others.
        profile: the version of the language; empty for terms from before there was one, with none of what follows.
        subject: what it is about, where the same parties have several: terms of the same parties and subject replace
            the older ones.
        amends: hash of the terms that it takes the place of, where it names them.
        valid_from_us, valid_until_us: in force from, and no longer from; None is no bound.
        zones, sources: in order of their ids, and as written.

    Each of the others is a table of `core/terms.py`; None was not agreed.
    """

    title: str
    parties: tuple[str, ...]
    area: Circle
    separation: Separation
    deadlines: Deadlines
    disclosure: dict[str, Disclosure]
    profile: str = ""
    subject: str = ""
    amends: str = ""
    valid_from_us: int | None = None
    valid_until_us: int | None = None
    roles: RoleTerms | None = None
    place: PlaceTerms | None = None
    ladder: Ladders | None = None
    line: LineTerms | None = None
    suspension: SuspensionTerms | None = None
    second_person: SecondPersonTerms | None = None
    dissemination: DisseminationTerms | None = None
    notices: NoticeTerms | None = None
    request: RequestTerms | None = None
    readback: ReadbackTerms | None = None
    sites: SiteTerms | None = None
    handover: HandoverTerms | None = None
    inquiry: InquiryTerms | None = None
    duties: DutyTerms | None = None
    planning: PlanningTerms | None = None
    channels: ChannelTerms | None = None
    retention: RetentionTerms | None = None
    languages: LanguageTerms | None = None
    resolution: ResolutionTerms | None = None
    zones: tuple[Zone, ...] = ()
    sources: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        check_profile(self.profile)
        further = ("subject", "amends", "valid_from_us", "valid_until_us", "zones", "sources", *TABLES)
        if not self.profile and (given := [name for name in further if getattr(self, name) not in (None, (), "")]):
            raise Malformed(f'say which version {", ".join(given)} is written in: profile = "{PROFILE}"', at="profile")
        self._check_parties()
        if not 0 < len(self.title) <= 120:
            raise Malformed("a title has 1 to 120 characters", at="title")
        if self.subject:
            check_word(self.subject, at="subject")
        if self.amends and not _HASH.fullmatch(self.amends):
            raise Malformed("what it amends is named by its hash: 64 characters of 0-9 and a-f", at="amends")
        for name in ("valid_from_us", "valid_until_us"):
            instant = getattr(self, name)
            if instant is not None and not 0 <= instant <= LATEST_US:
                raise Malformed(f"{instant} us is not between 1970 and 2200", at=name.removesuffix("_us"))
        start, end = self.valid_from_us or 0, self.valid_until_us
        if end is not None and end <= start:
            raise Malformed(f"it ends before it begins: {zulu(start)} to {zulu(end)}", at="valid_until")
        self._check_zones()

    def _check_parties(self) -> None:
        most = PARTIES_MAX if self.profile else 2
        if not 2 <= len(self.parties) <= most or len(set(self.parties)) != len(self.parties):
            several = f"2 to {most} parties" if self.profile else "two parties"
            raise Malformed(f"an agreement has {several}, not {list(self.parties)}", at="parties")
        for party in self.parties:
            check_party_id(party, at="parties")
        if set(self.disclosure) != set(self.parties):
            raise Malformed("each party says what it shows: name all of them, and no other", at="disclosure")
        if self.roles and (both := set(self.roles.observers) & set(self.parties)):
            raise Malformed(f"{', '.join(sorted(both))} cannot be a party and observe", at="roles.observers")
        if self.resolution and not set(self.resolution.priority or self.parties) <= set(self.parties):
            raise Malformed("an order of priority names parties", at="resolution.priority")
        if self.resolution and self.resolution.moves not in {"later_filed", "lower_priority", *self.parties}:
            raise Malformed("later_filed, lower_priority or a party moves", at="resolution.moves")

    def _check_zones(self) -> None:
        for name, most in (("zones", ZONES_MAX), ("sources", SOURCES_MAX)):
            if len(getattr(self, name)) > most:
                raise Malformed(f"an agreement has at most {most} {name}", at=name)
        ids = [zone.id for zone in self.zones]
        if len(set(ids)) != len(ids):
            raise Malformed("two zones have one id", at="zone.id")
        for zone in self.zones:
            if not {rule.party for rule in zone.rules} - {""} <= set(self.parties):
                raise Malformed(f"an exception of {zone.id} names somebody who is no party", at="zone.exception")

    @property
    def observers(self) -> tuple[str, ...]:
        """Who is shown the terms and signs nothing."""
        return self.roles.observers if self.roles else ()

    def holds(self, instant_us: int) -> bool:
        """Whether an instant lies in its validity; half-open, as every span."""
        from_us, until_us = self.valid_from_us, self.valid_until_us
        return (from_us is None or from_us <= instant_us) and (until_us is None or instant_us < until_us)


def check_profile(version: str) -> str:
    """The version of the language of profiles, or Malformed where this software does not speak it (G1)."""
    if version not in ("", PROFILE):
        raise Malformed(f"{version!r} is a version that this software does not speak: {PROFILE}", at="profile")
    return version


#: Tables that speak of their own agreement's parties: another agreement does not fill them.
_OWN_TABLES: Final = ("roles", "resolution")


def combined(agreements: Sequence[Agreement]) -> Agreement:
    """What holds between two parties under all agreements that both have signed, the ruling one first.

    The ruling one gives area, deadlines, disclosure and zones; a table that it leaves out comes from the next one that
    has it; the separation is the widest of all, dimension by dimension (docs/decisions/0050).
    """
    ruling = agreements[0]
    if len(agreements) == 1:
        return ruling
    filled = {
        name: next(value for each in agreements if (value := getattr(each, name)) is not None)
        for name in TABLES
        if name not in _OWN_TABLES and any(getattr(each, name) is not None for each in agreements)
    }
    apart = Separation(
        max(each.separation.horizontal_m for each in agreements),
        max(each.separation.vertical_m for each in agreements),
        max(each.separation.time_s for each in agreements),
    )
    return replace(ruling, separation=apart, profile=ruling.profile or (PROFILE if filled else ""), **filled)
