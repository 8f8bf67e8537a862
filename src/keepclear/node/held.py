"""What the picture holds: one small record for each notice, alert, STOP, duty, agreement and peer in force.

These are the only mutable values of the node. Only `Picture.apply` changes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from keepclear.core.agreement import Agreement
from keepclear.core.alert import AlertLevel
from keepclear.core.notice import Mode, NoticeState
from keepclear.core.request import RequestState
from keepclear.core.timespan import TimeSpan
from keepclear.core.volume import Volume4D
from keepclear.core.zone import Zone, ZoneState
from keepclear.node.entries import (
    AgreementTerms,
    AlertAssessed,
    AlertSent,
    CallBack,
    DutyState,
    NoticeFiled,
    NoticeRef,
    NoticeSent,
    OutcomeReported,
    PeerEnrolled,
    ReadBackSaid,
    RequestReplied,
    RequestSent,
    StopSent,
    VoiceStop,
    VoiceStopCalled,
    WrongLine,
)
from keepclear.node.entries.voice import CardTyped


@dataclass(slots=True)
class Instants:
    """The five instants of one version for one recipient (N2), microseconds; 0 is "not yet". They are never merged.

    `entered_at` is when the sender wrote the entry, by the sender's clock. `not_before` and `not_after` bracket the
    receipt by the clock of whoever keeps this picture; 0 is "no bound known".
    """

    version: int
    log: str
    n: int
    entered_at: int
    transmitted_at: int = 0
    received_at: int = 0
    acknowledged_at: int = 0
    acknowledged_by: str = ""
    answer: str = ""
    read_back_at: int = 0
    read_back_by: str = ""
    disseminated_at: int = 0
    not_before: int = 0
    #: Index of the receiver's `received` in the opposite channel; -1 is "not yet".
    receipt_n: int = -1
    #: Hash of the agreement that it was written under; empty where it does not say.
    profile: str = ""


@dataclass(frozen=True, slots=True)
class HeldVersion:
    """One version of a notice and the entry that carried it."""

    version: int
    at: int
    hash: str
    log: str
    n: int
    mode: Mode
    body: NoticeFiled | NoticeSent

    @property
    def state(self) -> NoticeState:
        """The state that this version put the notice in."""
        return self.body.state


@dataclass(slots=True)
class HeldNotice:
    """A notice with its versions, the newest last.

    `sent` has one entry for each recipient and version: for our own, the peers; for another party's, ourselves.
    """

    key: str
    party: str
    id: str
    is_own: bool
    volumes: tuple[Volume4D, ...]
    span: TimeSpan
    versions: list[HeldVersion]
    sent: dict[tuple[str, int], Instants] = field(default_factory=dict)
    expiry_announced_at: int = 0

    @property
    def latest(self) -> HeldVersion:
        """The version in force."""
        return self.versions[-1]

    def is_live(self, now_us: int) -> bool:
        """Whether others still have to reckon with it."""
        return self.latest.state is not NoticeState.ENDED and now_us < self.span.end_us


@dataclass(slots=True)
class HeldReadBack:
    """One read-back of an alert. `wrong` is None until it was compared, by the sender alone."""

    leaf: str
    said: ReadBackSaid
    at: int
    wrong: tuple[WrongLine, ...] | None = None
    verdict: str = ""
    judged_by: str = ""
    judged_at: int = 0


@dataclass(slots=True)
class HeldAlert:
    """An alert: asked of us, or by us.

    `state` is open, standby, answered, missed or superseded; that a notice has ended is told by the clock.
    """

    id: str
    party: str
    to: str
    sent: AlertSent
    mode: Mode
    log: str
    n: int
    raised_at: int
    due_at: int = 0
    state: str = "open"
    assessed: AlertAssessed | None = None
    answer: str = ""
    answered_by: str = ""
    answered_at: int = 0
    silenced_until: int = 0
    read_backs: list[HeldReadBack] = field(default_factory=list)

    @property
    def ref(self) -> NoticeRef:
        """The version of the notice that it asks about."""
        return self.sent.notice

    @property
    def level(self) -> AlertLevel:
        """As the other side sent it, or as our own plans make it."""
        return self.assessed.level if self.assessed else self.sent.level

    @property
    def is_open(self) -> bool:
        """Whether an answer is still owed."""
        return self.state in ("open", "standby", "missed")


@dataclass(frozen=True, slots=True)
class StopAnswer:
    """Who answered a STOP, and what."""

    party: str
    answer: str
    by: str
    at: int


@dataclass(slots=True)
class HeldStop:
    """A STOP, ours or another party's."""

    key: str
    party: str
    id: str
    is_own: bool
    mode: Mode
    at: int
    sent: StopSent
    to: list[str]
    due_at: int = 0
    resumed_at: int = 0
    answers: list[StopAnswer] = field(default_factory=list)
    received: dict[str, int] = field(default_factory=dict)
    transmitted: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class HeldVoiceStop:
    """A STOP that came by voice: unauthenticated until calling back has confirmed it, and shown all the same."""

    said: VoiceStop
    at: int
    mode: Mode
    calls: list[tuple[int, VoiceStopCalled]] = field(default_factory=list)

    @property
    def state(self) -> str:
        """unauthenticated, confirmed or not_confirmed: the newest word of whoever answered the call."""
        answered = [called.result for _, called in self.calls if called.result is not CallBack.NO_ANSWER]
        return answered[-1].value.lower() if answered else "unauthenticated"


@dataclass(frozen=True, slots=True)
class HeldReply:
    """A reply that counts. `leaf` is what accepting it binds to."""

    said: RequestReplied
    leaf: str
    at: int


@dataclass(slots=True)
class HeldCard:
    """What was said by voice. `compared_at` is when the link brought its entry; 0 is "not yet"."""

    typed: CardTyped
    mode: Mode
    at: int
    compared_at: int = 0
    agrees: bool = False
    entry: str = ""


@dataclass(slots=True)
class HeldRequest:
    """A request, ours or another party's. Its transmission and receipt are instants of their own (N2)."""

    key: str
    party: str
    to: str
    id: str
    is_own: bool
    mode: Mode
    at: int
    sent: RequestSent
    hash: str
    due_at: int
    profile: str = ""
    state: RequestState = RequestState.OPEN
    reply: HeldReply | None = None
    closed_by: str = ""
    closed_at: int = 0
    transmitted_at: int = 0
    received_at: int = 0


@dataclass(frozen=True, slots=True)
class HeldOutcome:
    """What one party says came of a notice or request."""

    party: str
    said: OutcomeReported
    at: int
    mode: Mode


@dataclass(slots=True)
class HeldDuty:
    """What somebody owes, by when, and what became of it."""

    duty: str
    owed_by: str
    due_at: int
    state: DutyState
    proof: str = ""
    mode: Mode = Mode.OPER


@dataclass(slots=True)
class HeldAgreement:
    """Terms, who has signed them, and what became of them; 0 is "not yet".

    Attributes:
        others: the parties beside us; for an observer all of them.
        signed_at: when the last of them signed.
        until: no longer in force from then, extensions counted; 0 is no bound.
        suspended_by: who has suspended it and not taken that back.
        extensions: party to the end that it would extend to.
        ended: `replaced`, `expired` or `withdrawn`.
    """

    hash: str
    terms: AgreementTerms
    agreement: Agreement
    proposed_by: str
    others: tuple[str, ...]
    signed_by: list[str]
    signed_at: int = 0
    in_force_since: int = 0
    until: int = 0
    suspended_by: list[str] = field(default_factory=list)
    extensions: dict[str, int] = field(default_factory=dict)
    ended: str = ""
    ended_at: int = 0

    @property
    def is_in_force(self) -> bool:
        """Whether it holds now, suspended or not."""
        return self.in_force_since > 0 and not self.ended

    @property
    def state(self) -> str:
        """In one word: proposed, signed, in_force, suspended, replaced, expired or withdrawn."""
        if self.ended:
            return self.ended
        if self.in_force_since:
            return "suspended" if self.suspended_by else "in_force"
        return "signed" if self.signed_at else "proposed"


@dataclass(frozen=True, slots=True)
class HeldZone:
    """A zone that a party announced, as it last said.

    Attributes:
        to: whom we told, or ourselves.
        given_back_at: no longer in force from then, microseconds; 0 is "not given back".
        used: stretches in which it was used.
    """

    key: str
    party: str
    zone: Zone
    version: int
    state: ZoneState
    at: int
    by: str
    to: list[str]
    given_back_at: int = 0
    used: tuple[tuple[int, int], ...] = ()
    reason: str = ""

    @property
    def standing(self) -> Zone | None:
        """The zone as far as it still asks something: cut where it was given back; None when it is lifted."""
        return standing_zone(self.zone, self.state, self.given_back_at)


def standing_zone(zone: Zone, state: ZoneState, given_back_at: int) -> Zone | None:
    """A zone as far as it still asks something: cut where it was given back; None when it is lifted."""
    if state is ZoneState.LIFTED:
        return None
    if not given_back_at:
        return zone
    start_us = zone.span.start_us if zone.span else 0
    end_us = min(given_back_at, zone.span.end_us if zone.span else given_back_at)
    return replace(zone, span=TimeSpan(start_us, end_us)) if start_us < end_us else None


@dataclass(slots=True)
class HeldPeer:
    """Another party whose keys we enrolled."""

    enrolled: PeerEnrolled
    slot: int
    is_removed: bool = False
    delivered: int = 0
    has_split: bool = False
    quarantined: int = 0


@dataclass(slots=True)
class Subject:
    """What an entry of a channel was about, until it is both transmitted and received."""

    kind: str
    key: str
    version: int = 0
    at: int = 0
    is_transmitted: bool = False
    is_received: bool = False
