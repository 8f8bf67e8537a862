"""Everything that can be recorded, as values: one struct for each kind of entry.

A change to an entry is a new kind or a new optional field, never another meaning: the old one is in somebody's record
for ever. Unknown fields of known kinds are refused, so no field for targets, weapons, sensors or unit identity can be
smuggled in (G3). docs/reference/entries.md is generated from this file.
"""

from __future__ import annotations

import enum
import hashlib
from typing import Annotated

import msgspec

from keepclear.core.alert import AlertLevel, Answer
from keepclear.core.conflict import Verdict
from keepclear.core.notice import CONTACT_MAX, REMARKS_MAX, VOLUMES_MAX, Action, NoticeKind, NoticeState
from keepclear.formats.wire import WireSeparation, WireVolume

Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
PartyId = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{0,31}$")]
Serial = Annotated[str, msgspec.Meta(pattern="^[A-Z]{1,3}-[0-9]{4,7}$")]
Person = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Text = Annotated[str, msgspec.Meta(max_length=REMARKS_MAX)]
Note = Annotated[str, msgspec.Meta(max_length=20_000)]
Instant = Annotated[int, msgspec.Meta(ge=0, le=7_258_118_400_000_000)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=30 * 86_400)]
RegionWord = Annotated[str, msgspec.Meta(pattern="^(|N|NE|E|SE|S|SW|W|NW|C)$")]
Version = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


#: Conflicts that an alert names; the receiver finds all of them for itself.
NAMED_CONFLICTS_MAX = 50


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What every body shares: it is a value, and a field it does not know is refused."""


class NoticeRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version of one notice, bound to what it said: `hash` is the content hash of what was sent (N3)."""

    party: PartyId
    id: Serial
    version: Version
    hash: Hash


_canonical = msgspec.json.Encoder(order="sorted").encode


def content_hash(body: Entry) -> str:
    """What a body says, in one value: SHA-256 of its RFC 8785 form, in hexadecimal."""
    return hashlib.sha256(_canonical(body)).hexdigest()


# ---------------------------------------------------------------- in the channels, so seen by the other party


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
    hidden: dict[str, Hash] = {}


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


class Received(Entry, frozen=True):
    """`received`: an entry of the opposite channel reached this machine, authenticated."""

    hash: Hash
    index: int
    received_at: Instant


class StopSent(Entry, frozen=True):
    """`stop`: asks anyone on duty to stop what they are doing now (N5). Needs no named contact."""

    id: Serial
    by: Person
    remarks: Text = ""
    notices: tuple[Serial, ...] = ()


class StopAnswered(Entry, frozen=True):
    """`stop_answer`: the answer of whoever was on duty."""

    id: Serial
    answer: Answer
    by: Person


class Resumed(Entry, frozen=True):
    """`resume`: the party that asked to stop no longer asks."""

    id: Serial
    by: Person


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


class SplitViewSeen(Entry, frozen=True):
    """`split_view`: you showed us two histories of one log. Both signed checkpoints are in the text."""

    log: str
    first: Note
    second: Note


# ------------------------------------------------------------------------------------- in the private record only


class NodeStarted(Entry, frozen=True):
    """`node_started`: this node began to run."""

    software: str


class PeerEnrolled(Entry, frozen=True):
    """`peer_enrolled`: two persons compared the words, and these are the other party's keys and door."""

    party: PartyId
    name: Annotated[str, msgspec.Meta(max_length=80)]
    ed25519: str
    mldsa44: str
    tls: Annotated[str, msgspec.Meta(max_length=8_000)]
    url: Annotated[str, msgspec.Meta(max_length=200)]
    telephone: Annotated[str, msgspec.Meta(max_length=40)]
    persons: tuple[Person, Person]


class PeerRemoved(Entry, frozen=True):
    """`peer_removed`: its keys are no longer accepted."""

    party: PartyId
    by: Person


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
    salts: dict[str, str] = {}


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


class DutyState(enum.StrEnum):
    """The life of a duty."""

    OPEN = "open"
    MET = "met"
    MISSED = "missed"
    WAIVED = "waived"


class DutyChanged(Entry, frozen=True):
    """`duty`: somebody owes something by an instant; it is opened, met, missed or waived (derived).

    Attributes:
        duty: `acknowledge_by amber/A-0412/v1 birch`: the term, what it is about, who owes it.
        owed_by: the party.
        due_at: microseconds, by the clock of the node that is owed.
        proof: leaf hash of the entry that met it, or empty.
    """

    duty: str
    owed_by: PartyId
    due_at: Instant
    state: DutyState
    proof: str = ""


class Transmitted(Entry, frozen=True):
    """`transmitted`: the peer's machine took our channel's entries up to but not including `size`."""

    to: PartyId
    first: int
    size: int
    sent_at: Instant


class Silenced(Entry, frozen=True):
    """`silenced`: a person stopped the sound of an alert at this desk for a while. Nothing else."""

    alert: str
    by: Person
    seconds: Seconds


class ClockSuspected(Entry, frozen=True):
    """`clock_suspect`: our clock jumped, or a peer's differs; nothing is declared missed until a person confirms."""

    difference_ms: int
    against: str


class ClockConfirmed(Entry, frozen=True):
    """`clock_confirmed`: a person looked at another clock and vouches for ours."""

    by: Person


class Quarantined(Entry, frozen=True):
    """`quarantined`: one message of a peer was set aside. Its bytes are kept as evidence under `evidence`."""

    party: PartyId
    why: Annotated[str, msgspec.Meta(max_length=500)]
    evidence: Hash


class HistoryRefused(Entry, frozen=True):
    """`history_refused`: a peer's history contradicts one it showed before; both checkpoints are kept."""

    party: PartyId
    log: str
    first: Note
    second: Note


CHANNEL_KINDS: dict[str, type[Entry]] = {
    "notice": NoticeSent,
    "alert": AlertSent,
    "answer": AnswerSent,
    "received": Received,
    "stop": StopSent,
    "stop_answer": StopAnswered,
    "resume": Resumed,
    "agreement_proposed": AgreementProposed,
    "agreement_signed": AgreementSigned,
    "split_view": SplitViewSeen,
}

PRIVATE_KINDS: dict[str, type[Entry]] = {
    "node_started": NodeStarted,
    "peer_enrolled": PeerEnrolled,
    "peer_removed": PeerRemoved,
    "notice_filed": NoticeFiled,
    "conflicts_found": ConflictsFound,
    "alert_assessed": AlertAssessed,
    "duty": DutyChanged,
    "transmitted": Transmitted,
    "silenced": Silenced,
    "clock_suspect": ClockSuspected,
    "clock_confirmed": ClockConfirmed,
    "quarantined": Quarantined,
    "history_refused": HistoryRefused,
}

KIND_OF: dict[type[Entry], str] = {
    body: kind for kinds in (CHANNEL_KINDS, PRIVATE_KINDS) for kind, body in kinds.items()
}

#: Derived by a rule rather than said by a person or a peer: replaying under another agreement derives these anew.
DERIVED = frozenset(
    {
        "alert",
        "received",
        "conflicts_found",
        "alert_assessed",
        "duty",
        "quarantined",
        "history_refused",
        "split_view",
        "clock_suspect",
        "transmitted",
        "node_started",
    }
)
#: What the STOP lane carries between parties.
URGENT_KINDS = frozenset({"stop", "stop_answer", "resume"})
#: Spoken by every version, with reserved places in every queue and in the record.
FROZEN_CORE = frozenset({"stop", "stop_answer", "resume", "notice", "alert", "answer", "received"})
