"""Entries about notices: what was filed, what the other party sees of it, and what is asked and answered about it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from keepclear.core.alert import AlertLevel, Answer
from keepclear.core.conflict import Verdict
from keepclear.core.notice import CONTACT_MAX, VOLUMES_MAX, Action, NoticeKind, NoticeState
from keepclear.formats.wire import WireVolume
from keepclear.node.entries.base import (
    Entry,
    Hash,
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


class NoticeSent(Entry, frozen=True):
    """`notice`: one version of a notice, cut down to what the agreement discloses."""

    id: Serial
    version: Version
    state: NoticeState
    kind: NoticeKind
    action: Action
    volumes: Annotated[tuple[WireVolume, ...], msgspec.Meta(min_length=1, max_length=VOLUMES_MAX)]
    region: RegionWord = ""
    contact: Annotated[str, msgspec.Meta(max_length=CONTACT_MAX)] = ""
    remarks: Text = ""
    activity: Annotated[str, msgspec.Meta(max_length=40)] = ""
    hidden: dict[str, Hash] = msgspec.field(default_factory=dict)


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
    """`notice_filed`: a version of our own notice, whole, with the salts of what is hidden from others."""

    id: Serial
    version: Version
    state: NoticeState
    kind: NoticeKind
    action: Action
    volumes: Annotated[tuple[WireVolume, ...], msgspec.Meta(min_length=1, max_length=VOLUMES_MAX)]
    drafted_by: Person
    region: RegionWord = ""
    contact: Annotated[str, msgspec.Meta(max_length=CONTACT_MAX)] = ""
    remarks: Text = ""
    activity: Annotated[str, msgspec.Meta(max_length=40)] = ""
    slowest_mps: int = 0
    reaction_s: int = 0
    salts: dict[str, str] = msgspec.field(default_factory=dict)


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


class Silenced(Entry, frozen=True):
    """`silenced`: a person stopped the sound of an alert at this desk for a while. Nothing else."""

    alert: str
    by: Person
    seconds: Seconds


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
}
#: Found by a rule rather than said by a person or a peer.
DERIVED = frozenset({"alert", "alert_assessed", "conflicts_found"})
