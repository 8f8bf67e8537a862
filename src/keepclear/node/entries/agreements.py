"""Entries about agreements: the terms, and who signed them (G1)."""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec

from keepclear.core.agreement import PARTIES_MAX, AgreementAct
from keepclear.formats.agreement_wire import WireSource, WireZone
from keepclear.formats.wire import WireSeparation
from keepclear.node.entries.base import Entry, Hash, Instant, PartyId, Person, Text


class DisclosureTerm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a party shows: a level, and whether the kind of activity is shown."""

    level: str
    shows_activity: bool = False


class AgreementTerms(Entry, frozen=True):
    """An agreement in integers; all parties sign the hash of exactly these bytes (G1).

    Attributes:
        profile: version of the language of profiles; empty for terms from before there was one.
        subject: what it is about, where the same parties have several.
        amends: hash of the terms that it takes the place of, where it names them.
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
    subject: Annotated[str, msgspec.Meta(max_length=40)] = ""
    amends: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")] = ""
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
    """`agreement_signed`: another party signs the same hash. Once all have, it is in force."""

    hash: Hash
    by: Person


class AgreementActed(Entry, frozen=True):
    """`agreement_act`: a party suspends an agreement, takes that back, agrees to extend it, or withdraws (V5).

    Attributes:
        hash: of the agreement.
        act: suspending, its taking back and withdrawing count at once; an extension once all have said the same.
        until: with `extend`, no longer in force from then; else 0.
        reason: free words; not for targets.
    """

    hash: Hash
    act: AgreementAct
    by: Person
    until: Instant = 0
    reason: Text = ""


class AgreementState(enum.StrEnum):
    """What the clock made of an agreement."""

    BEGUN = "begun"
    EXPIRED = "expired"


class AgreementTurned(Entry, frozen=True):
    """`agreement_state`: an agreement that all have signed has begun, or has expired, by our clock (derived).

    Attributes:
        hash: of the agreement.
        state: which of the two.
        due_at: when it began or ended by its terms, microseconds.
    """

    hash: Hash
    state: AgreementState
    due_at: Instant


#: Seen by the other party.
CHANNEL: dict[str, type[Entry]] = {
    "agreement_proposed": AgreementProposed,
    "agreement_signed": AgreementSigned,
    "agreement_act": AgreementActed,
}
#: In our private record only.
PRIVATE: dict[str, type[Entry]] = {"agreement_state": AgreementTurned}
#: Found by a rule rather than said by a person or a peer.
DERIVED: frozenset[str] = frozenset({"agreement_state"})
