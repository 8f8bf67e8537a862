"""Entries about requests: asked, replied to, an alternative accepted, withdrawn (N9); and what came of it (N10)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from keepclear.core.notice import CONTACT_MAX, VOLUMES_MAX, Action, NoticeKind
from keepclear.core.request import DenyReason, Outcome, Reply
from keepclear.formats.wire import WireVolume
from keepclear.node.entries.base import Entry, Hash, PartyId, Person, Seconds, Serial, Text
from keepclear.node.entries.notices import MovementSaid

Volumes = Annotated[tuple[WireVolume, ...], msgspec.Meta(max_length=VOLUMES_MAX)]
Subject = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{0,31}/[A-Z]{1,3}-[0-9]{4,7}$")]
Minutes = Annotated[int, msgspec.Meta(ge=0, le=100_000)]


class RequestRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request, bound to what it said.

    Attributes:
        party: who asked.
        hash: content hash of the request: SHA-256 of its body in RFC 8785 form.
    """

    party: PartyId
    id: Serial
    hash: Hash


class RequestSent(Entry, frozen=True):
    """`request`: asks the other party to agree to something. Silence is no answer, and never consent.

    Attributes:
        volumes: where, how high and when it is to be.
        answer_within_s: how long the recipient has, from its receipt, seconds.
        movement: what moves, in a MOVEMENT.
    """

    id: Serial
    kind: NoticeKind
    action: Action
    volumes: Annotated[tuple[WireVolume, ...], msgspec.Meta(min_length=1, max_length=VOLUMES_MAX)]
    by: Person
    answer_within_s: Seconds
    contact: Annotated[str, msgspec.Meta(max_length=CONTACT_MAX)] = ""
    remarks: Text = ""
    movement: MovementSaid | None = None


class RequestReplied(Entry, frozen=True):
    """`reply`: agree, deny, or offer another place or time.

    Attributes:
        request: what is replied to.
        reply: the word that was given.
        reason: why it is denied; with DENY always.
        volumes: the alternative; with ALTERNATIVE always.
    """

    request: RequestRef
    reply: Reply
    by: Person
    reason: DenyReason | None = None
    volumes: Volumes = ()
    remarks: Text = ""


class AlternativeAccepted(Entry, frozen=True):
    """`alternative_accepted`: the asker takes the alternative that it was offered.

    Attributes:
        request: what was asked.
        reply: leaf hash of the reply that offered it.
    """

    request: RequestRef
    reply: Hash
    by: Person


class RequestWithdrawn(Entry, frozen=True):
    """`request_withdrawn`: the asker no longer asks.

    Attributes:
        id: serial of the request.
    """

    id: Serial
    by: Person


class OutcomeReported(Entry, frozen=True):
    """`outcome`: what came of a notice or request, as this party saw it. The two parties' words are kept apart (N10).

    Attributes:
        about: `party/serial` of the notice or request.
        outcome: in the words that humanitarian offices publish.
        delay_min: by how much it was delayed, minutes.
    """

    about: Subject
    outcome: Outcome
    by: Person
    delay_min: Minutes = 0
    remarks: Text = ""


#: Seen by the other party.
CHANNEL: dict[str, type[Entry]] = {
    "request": RequestSent,
    "reply": RequestReplied,
    "alternative_accepted": AlternativeAccepted,
    "request_withdrawn": RequestWithdrawn,
    "outcome": OutcomeReported,
}
#: In our private record only.
PRIVATE: dict[str, type[Entry]] = {}
#: Found by a rule rather than said by a person or a peer.
DERIVED: frozenset[str] = frozenset()
