"""Everything that can be recorded, as values: one struct for each kind of entry, one module for each subject.

A change to an entry is a new kind or a new optional field, never another meaning: the old one is in somebody's record
for ever. Unknown fields of known kinds are refused, so no field for targets, weapons, sensors or unit identity can be
smuggled in (G3). docs/reference/entries.md is generated from this package.

A new subject is a module with its own `CHANNEL`, `PRIVATE` and `DERIVED`, and one line in `_SUBJECTS`.
"""

from __future__ import annotations

from types import ModuleType

from keepclear.node.entries import (
    agreements,
    airspace,
    channel,
    dissemination,
    duties,
    duty,
    ladder,
    line,
    linetests,
    notices,
    readback,
    requests,
    stops,
    voice,
    zones,
)
from keepclear.node.entries.agreements import (
    AgreementActed,
    AgreementProposed,
    AgreementSigned,
    AgreementState,
    AgreementTerms,
    AgreementTurned,
    DisclosureTerm,
)
from keepclear.node.entries.base import (
    Entry,
    Hash,
    Instant,
    Note,
    NoticeRef,
    PartyId,
    Person,
    RegionWord,
    Seconds,
    Serial,
    Text,
    Version,
    content_hash,
)
from keepclear.node.entries.duties import (
    DutyChanged,
    DutyState,
)
from keepclear.node.entries.ladder import CallMade, CallResult, LadderStep, LadderTried
from keepclear.node.entries.line import (
    ClockConfirmed,
    ClockSuspected,
    HistoryRefused,
    NodeStarted,
    PeerEnrolled,
    PeerRemoved,
    Quarantined,
    Received,
    SplitViewSeen,
    Transmitted,
)
from keepclear.node.entries.notices import (
    NAMED_CONFLICTS_MAX,
    AlertAssessed,
    AlertSent,
    AnswerSent,
    ConflictsFound,
    ExpiryAnnounced,
    FoundPair,
    MovementSaid,
    NoticeFiled,
    NoticeSent,
    Silenced,
    TransportsSaid,
)
from keepclear.node.entries.readback import (
    ReadBackChecked,
    ReadBackJudged,
    ReadBackSaid,
    ReadLine,
    Verdict,
    WrongLine,
)
from keepclear.node.entries.requests import (
    AlternativeAccepted,
    OutcomeReported,
    RequestRef,
    RequestReplied,
    RequestSent,
    RequestWithdrawn,
)
from keepclear.node.entries.stops import (
    CARD_MAX,
    CallBack,
    Resumed,
    StopAnswered,
    StopSent,
    VoiceStop,
    VoiceStopCalled,
)
from keepclear.node.entries.zones import FoundZone, ZoneSaid, ZonesMet

_SUBJECTS: tuple[ModuleType, ...] = (
    airspace,
    notices,
    stops,
    agreements,
    duties,
    line,
    linetests,
    channel,
    requests,
    dissemination,
    duty,
    voice,
    ladder,
    readback,
    zones,
)

CHANNEL_KINDS: dict[str, type[Entry]] = {kind: body for each in _SUBJECTS for kind, body in each.CHANNEL.items()}

PRIVATE_KINDS: dict[str, type[Entry]] = {kind: body for each in _SUBJECTS for kind, body in each.PRIVATE.items()}

KIND_OF: dict[type[Entry], str] = {
    body: kind for kinds in (CHANNEL_KINDS, PRIVATE_KINDS) for kind, body in kinds.items()
}

#: Derived by a rule rather than said by a person or a peer: replaying under another agreement derives these anew.
DERIVED: frozenset[str] = frozenset().union(*(each.DERIVED for each in _SUBJECTS))
#: What the STOP lane carries between parties.
URGENT_KINDS = frozenset({"stop", "stop_answer", "resume"})
#: Spoken by every version, with reserved places in every queue and in the record.
FROZEN_CORE = frozenset({"stop", "stop_answer", "resume", "notice", "alert", "answer", "received"})

__all__ = [
    "CARD_MAX",
    "CHANNEL_KINDS",
    "DERIVED",
    "FROZEN_CORE",
    "KIND_OF",
    "NAMED_CONFLICTS_MAX",
    "PRIVATE_KINDS",
    "URGENT_KINDS",
    "AgreementActed",
    "AgreementProposed",
    "AgreementSigned",
    "AgreementState",
    "AgreementTerms",
    "AgreementTurned",
    "AlertAssessed",
    "AlertSent",
    "AlternativeAccepted",
    "AnswerSent",
    "CallBack",
    "CallMade",
    "CallResult",
    "ClockConfirmed",
    "ClockSuspected",
    "ConflictsFound",
    "DisclosureTerm",
    "DutyChanged",
    "DutyState",
    "Entry",
    "ExpiryAnnounced",
    "FoundPair",
    "FoundZone",
    "Hash",
    "HistoryRefused",
    "Instant",
    "LadderStep",
    "LadderTried",
    "MovementSaid",
    "NodeStarted",
    "Note",
    "NoticeFiled",
    "NoticeRef",
    "NoticeSent",
    "OutcomeReported",
    "PartyId",
    "PeerEnrolled",
    "PeerRemoved",
    "Person",
    "Quarantined",
    "ReadBackChecked",
    "ReadBackJudged",
    "ReadBackSaid",
    "ReadLine",
    "Received",
    "RegionWord",
    "RequestRef",
    "RequestReplied",
    "RequestSent",
    "RequestWithdrawn",
    "Resumed",
    "Seconds",
    "Serial",
    "Silenced",
    "SplitViewSeen",
    "StopAnswered",
    "StopSent",
    "Text",
    "Transmitted",
    "TransportsSaid",
    "Verdict",
    "Version",
    "VoiceStop",
    "VoiceStopCalled",
    "WrongLine",
    "ZoneSaid",
    "ZonesMet",
    "content_hash",
]
