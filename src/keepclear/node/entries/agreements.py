"""Entries about agreements: the terms, and who signed them (G1)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from keepclear.core.agreement import PARTIES_MAX
from keepclear.formats.agreement_wire import WireSource, WireZone
from keepclear.formats.wire import WireSeparation
from keepclear.node.entries.base import Entry, Hash, Instant, PartyId, Person


class DisclosureTerm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a party shows: a level, and whether the kind of activity is shown."""

    level: str
    shows_activity: bool = False


class AgreementTerms(Entry, frozen=True):
    """An agreement in integers; all parties sign the hash of exactly these bytes (G1).

    Attributes:
        profile: version of the language of profiles; empty for terms from before there was one.
        numbers: full name of each further term to its value; units as names end: `_s`, `_mm`, `_m2`, `_min`, 0 or 1.
        words: full name of each further term that is said in words.
        valid_from, valid_until: in force from and no longer from; 0 is no bound.
        zones: areas and who may do what in them.
        sources: where the terms come from.
    """

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    parties: Annotated[tuple[PartyId, ...], msgspec.Meta(min_length=2, max_length=PARTIES_MAX)]
    area: tuple[int, int, int]
    separation: WireSeparation
    deadlines_s: dict[str, int]
    disclosure: dict[PartyId, DisclosureTerm]
    profile: Annotated[str, msgspec.Meta(max_length=40)] = ""
    valid_from: Instant = 0
    valid_until: Instant = 0
    numbers: dict[str, int] = msgspec.field(default_factory=dict)
    words: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    zones: tuple[WireZone, ...] = ()
    sources: tuple[WireSource, ...] = ()


class AgreementProposed(Entry, frozen=True):
    """`agreement_proposed`: the terms, and by this the proposer's own signature to them."""

    hash: Hash
    terms: AgreementTerms
    by: Person


class AgreementSigned(Entry, frozen=True):
    """`agreement_signed`: the other party signs the same hash. Now it is in force."""

    hash: Hash
    by: Person


#: Seen by the other party.
CHANNEL: dict[str, type[Entry]] = {
    "agreement_proposed": AgreementProposed,
    "agreement_signed": AgreementSigned,
}
#: In our private record only.
PRIVATE: dict[str, type[Entry]] = {}
#: Found by a rule rather than said by a person or a peer.
DERIVED: frozenset[str] = frozenset()
