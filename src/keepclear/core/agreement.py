"""What two parties have signed: the numbers that the rules use. None of them is in the code."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from keepclear.core.footprint import Circle
from keepclear.core.ids import check_party_id
from keepclear.core.separation import Separation
from keepclear.errors import Malformed


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
class Agreement:
    """Parties, terms and the area they are for. Its hash, which both sign, is that of its record form.

    Attributes:
        title: as people call it.
        parties: exactly two in this version.
        area: where the region words are measured from.
        separation: to keep between the two parties' activities.
        disclosure: party id to what that party shows the other.
    """

    title: str
    parties: tuple[str, ...]
    area: Circle
    separation: Separation
    deadlines: Deadlines
    disclosure: dict[str, Disclosure]

    def __post_init__(self) -> None:
        if len(self.parties) != 2 or len(set(self.parties)) != 2:
            raise Malformed(f"an agreement has two parties, not {list(self.parties)}", at="parties")
        for party in self.parties:
            check_party_id(party, at="parties")
        if set(self.disclosure) != set(self.parties):
            raise Malformed("each party says what it shows: name both, and no other", at="disclosure")
        if not 0 < len(self.title) <= 120:
            raise Malformed("a title has 1 to 120 characters", at="title")
