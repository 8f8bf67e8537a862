"""Entries about agreements: the terms, and who signed them (G1)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from keepclear.formats.wire import WireSeparation
from keepclear.node.entries.base import Entry, Hash, PartyId, Person


class DisclosureTerm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a party shows: a level, and whether the kind of activity is shown."""

    level: str
    shows_activity: bool = False


class AgreementTerms(Entry, frozen=True):
    """An agreement in integers; both parties sign the hash of exactly these bytes (G1)."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    parties: tuple[PartyId, PartyId]
    area: tuple[int, int, int]
    separation: WireSeparation
    deadlines_s: dict[str, int]
    disclosure: dict[PartyId, DisclosureTerm]


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
