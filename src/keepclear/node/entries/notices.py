"""Entries about notices: what was filed, what the other party sees of it, and what is asked and answered about it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from keepclear.core.alert import AlertLevel, Answer
from keepclear.core.conflict import Verdict
from keepclear.core.notice import (
    CONTACT_MAX,
    MARKING_MAX,
    MARKINGS_MAX,
    TRANSPORTS_MAX,
    VOLUMES_MAX,
    Action,
    Armed,
    Change,
    NoticeKind,
    NoticeState,
    ShortReason,
    Timing,
    TransportKind,
)
from keepclear.formats.seen_from import WireSeenFrom
from keepclear.formats.wire import WireVolume
from keepclear.node.entries.base import (
    Entry,
    Hash,
    Instant,
    NoticeRef,
    PartyId,
    Person,
    RegionWord,
    Seconds,
    Serial,
    Text,
    Version,
)

#: Conflicts that an alert names; the receiver finds all of them for itself.
NAMED_CONFLICTS_MAX = 50


class TransportsSaid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many transports of one kind."""

    kind: TransportKind
    count: Annotated[int, msgspec.Meta(ge=1, le=1_000)]


class MovementSaid(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What moves, and what can be seen of it from outside (P6; AP I art. 29). Of armed persons: whether, and how many.

    Attributes:
        transports: how many of which kind.
        armed: whether armed persons are with it; it must be said, also when there are none.
        armed_count: how many.
        markings: as they are painted or flown: plates, emblems, roof markings.
        second_contact: whom to call when the first does not answer; hidden unless the agreement shows contacts.
    """

    transports: Annotated[tuple[TransportsSaid, ...], msgspec.Meta(min_length=1, max_length=TRANSPORTS_MAX)]
    armed: Armed
    armed_count: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    markings: Annotated[
        tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=MARKING_MAX)], ...],
        msgspec.Meta(max_length=MARKINGS_MAX),
    ] = ()
    second_contact: Annotated[str, msgspec.Meta(max_length=CONTACT_MAX)] = ""


class NoticeSent(Entry, frozen=True):
    """`notice`: one version of a notice, cut down to what the agreement discloses.

    Attributes:
        change: what it does to the version before; absent in the first (N7).
        timing: why it comes when it comes (N6).
        reason: why it is shorter than agreed; with EMERGENCY always.
        movement: what moves, in a MOVEMENT.
    """

    id: Serial
    version: Version
    state: NoticeState
    kind: NoticeKind
    action: Action
    volumes: Annotated[tuple[WireVolume, ...], msgspec.Meta(min_length=1, max_length=VOLUMES_MAX)]
    region: RegionWord = ""
    seen_from: WireSeenFrom | None = None
    contact: Annotated[str, msgspec.Meta(max_length=CONTACT_MAX)] = ""
    remarks: Text = ""
    activity: Annotated[str, msgspec.Meta(max_length=40)] = ""
    hidden: dict[str, Hash] = msgspec.field(default_factory=dict)
    change: Change | None = None
    timing: Timing = Timing.ROUTINE
    reason: ShortReason | None = None
    movement: MovementSaid | None = None


class AlertSent(Entry, frozen=True):
    """`alert`: asks the other party to answer one version of a notice.

    Attributes:
        conflicts: serials of the recipient's notices that it conflicts with, as far as the sender knows; the first 50.
        unlisted: how many more there are; the receiver finds all of them for itself.
    """

    alert: str
    level: AlertLevel
    notice: NoticeRef
    answer_within_s: Seconds
    conflicts: Annotated[tuple[Serial, ...], msgspec.Meta(max_length=NAMED_CONFLICTS_MAX)] = ()
    unlisted: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)] = 0


class AnswerSent(Entry, frozen=True):
    """`answer`: what a named person on watch answered, bound to the version they saw."""

    alert: str
    notice: NoticeRef
    answer: Answer
    by: Person
    standby_s: Seconds = 0


class NoticeFiled(Entry, frozen=True):
    """`notice_filed`: a version of our own notice, whole, with the salts of what is hidden from others.

    Attributes:
        change: what it does to the version before; absent in the first (N7).
        timing: why it comes when it comes (N6).
        reason: why it is shorter than agreed; with EMERGENCY always.
        movement: what moves, in a MOVEMENT.
    """

    id: Serial
    version: Version
    state: NoticeState
    kind: NoticeKind
    action: Action
    volumes: Annotated[tuple[WireVolume, ...], msgspec.Meta(min_length=1, max_length=VOLUMES_MAX)]
    drafted_by: Person
    region: RegionWord = ""
    seen_from: WireSeenFrom | None = None
    contact: Annotated[str, msgspec.Meta(max_length=CONTACT_MAX)] = ""
    remarks: Text = ""
    activity: Annotated[str, msgspec.Meta(max_length=40)] = ""
    slowest_mps: int = 0
    reaction_s: int = 0
    salts: dict[str, str] = msgspec.field(default_factory=dict)
    change: Change | None = None
    timing: Timing = Timing.ROUTINE
    reason: ShortReason | None = None
    movement: MovementSaid | None = None


class FoundPair(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Two volumes too near each other. Gaps are [least, most] in millimetres; 0 where they meet."""

    id: Serial
    version: Version
    verdict: Verdict
    horizontal_mm: tuple[int, int]
    vertical_mm: tuple[int, int]
    time_ms: int
    start: int = 0
    end: int = 0
    near: tuple[int, ...] = ()


class ConflictsFound(Entry, frozen=True):
    """`conflicts_found`: what a version of a notice conflicts with, for one counterparty (derived).

    `party` and `id` name the notice that was new; `with_party` is whose notices `pairs` are. An empty `pairs` says that
    an earlier conflict is gone.
    """

    party: PartyId
    id: Serial
    version: Version
    with_party: PartyId
    pairs: tuple[FoundPair, ...]


class AlertAssessed(Entry, frozen=True):
    """`alert_assessed`: what an alert means to us, with our own undisclosed plans taken into account (derived).

    Attributes:
        lead_s: lead time at receipt, seconds; negative when the hazard had begun.
        is_short: less than agreed (N1). A label, never a refusal.
        need_s, have_s: time-to-clear against time left, when something of ours may be inside; else 0.
        inside: our own notices that the need comes from.
        contradiction: the region word that the geometry contradicts, and the one that fits, or empty (P2).
        place_verdict: whether the second means says the same place as the geometry, found anew here; empty without one,
            or where nothing is agreed on it (P1).
        place_off: how far the two are apart, millimetres.
    """

    alert: str
    party: PartyId
    level: AlertLevel
    lead_s: int
    is_short: bool
    need_s: int = 0
    have_s: int = 0
    inside: tuple[Serial, ...] = ()
    conflicts: tuple[Serial, ...] = ()
    contradiction: tuple[str, ...] = ()
    place_verdict: str = ""
    place_off: Annotated[int, msgspec.Meta(ge=0, le=30_000_000_000)] = 0


class Silenced(Entry, frozen=True):
    """`silenced`: a person stopped the sound of an alert at this desk for a while. Nothing else."""

    alert: str
    by: Person
    seconds: Seconds


class ExpiryAnnounced(Entry, frozen=True):
    """`expiry_announced`: a notice in force is about to end by itself; said once for each version (N7, derived).

    Attributes:
        party: whose notice it is.
        ends_at: when it ends.
    """

    party: PartyId
    id: Serial
    version: Version
    ends_at: Instant


#: Seen by the other party.
CHANNEL: dict[str, type[Entry]] = {
    "notice": NoticeSent,
    "alert": AlertSent,
    "answer": AnswerSent,
}
#: In our private record only.
PRIVATE: dict[str, type[Entry]] = {
    "notice_filed": NoticeFiled,
    "conflicts_found": ConflictsFound,
    "alert_assessed": AlertAssessed,
    "silenced": Silenced,
    "expiry_announced": ExpiryAnnounced,
}
#: Found by a rule rather than said by a person or a peer.
DERIVED = frozenset({"alert", "alert_assessed", "conflicts_found", "expiry_announced"})
