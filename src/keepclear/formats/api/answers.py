"""What the API answers with, field by field as docs/reference/http-api.md lists it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from keepclear.formats.api.requests import AreaJson, DeadlinesJson, DisclosureJson, MovementJson, SeparationJson
from keepclear.formats.api.volumes import Time, Volume


class Answer(msgspec.Struct, frozen=True):
    """What every answer shares: it is a value."""


class RecordedEntry(Answer, frozen=True):
    """One entry that a request brought about: where it stands, its leaf hash, and what kind it is."""

    log: str
    n: int
    hash: str
    kind: str


class Receipt(Answer, frozen=True):
    """It is recorded here. Whether the other party was given it is another question: see `given`."""

    entries: tuple[RecordedEntry, ...]
    seq: int
    submitted: bool = True


class Recipient(Answer, frozen=True):
    """Five instants of one version for one recipient, never merged, and how much warning it gave.

    Only the first three fields are there when the version was not disclosed to the party.
    """

    party: str
    version: int
    disclosed: bool
    transmitted: Time = ""
    received: Time = ""
    acknowledged: Time = ""
    acknowledged_by: str = ""
    answer: str = ""
    read_back: Time = ""
    read_back_by: str = ""
    profile: str = ""
    disseminated: Time = ""
    lead_s: int | None = None
    lead_bracket_s: tuple[int, int] | None = None
    is_short: bool = False
    given: bool = False


class NoticeVersion(Answer, frozen=True):
    """One version of a notice: when it was recorded here, and where."""

    version: int
    at: Time
    hash: str
    state: str
    log: str
    n: int


class SeenFrom(Answer, frozen=True):
    """The place as it was said a second time. Without a point it is a named area of the agreement (P1)."""

    words: str
    name: str
    place: str
    point: tuple[float, ...] = ()
    bearing_deg: float | None = None
    range_m: float | None = None
    whole: bool = False


class FlagJson(Answer, frozen=True):
    """What a person should look at again; it refuses nothing. Codes: docs/reference/place.md."""

    code: str
    words: str
    at: str


class PlaceCheck(Answer, frozen=True):
    """Whether the second means says the same place as the geometry, by one agreement; found by this node (P1)."""

    party: str
    verdict: Literal["AGREE", "DISAGREE", "CANNOT_TELL"]
    off_m: float
    tolerance_m: float
    words: str
    slips: tuple[str, ...] = ()


class Notice(Answer, frozen=True):
    """A notice, ours or another party's, at its newest version."""

    party: str
    id: str
    version: int
    state: str
    kind: str
    action: str
    mode: str
    region: str
    contact: str
    remarks: str
    activity: str
    volumes: tuple[Volume, ...]
    start: Time
    end: Time
    own: bool
    hash: str
    log: str
    n: int
    filed_at: Time
    drafted_by: str
    hidden: tuple[str, ...]
    recipients: tuple[Recipient, ...]
    versions: tuple[NoticeVersion, ...]
    live: bool
    change: str = ""
    timing: str = "ROUTINE"
    reason: str = ""
    movement: MovementJson | None = None
    expiry_announced: Time = ""
    standing: str = ""
    slowest_mps: int = 0
    reaction_s: int = 0
    seen_from: SeenFrom | None = None
    place_check: tuple[PlaceCheck, ...] = ()


class NoticeName(Answer, frozen=True):
    """One version of one notice."""

    party: str
    id: str
    version: int


class NoticeRefJson(Answer, frozen=True):
    """One version of one notice, bound to the entry that carried it."""

    party: str
    id: str
    version: int
    hash: str


class Conflict(Answer, frozen=True):
    """Two notices too near each other. Gaps are [least, most], 0 where they meet."""

    number: int
    one: NoticeName
    other: NoticeName
    verdict: Literal["CONFLICT", "POSSIBLE"]
    start: Time
    end: Time
    horizontal_m: tuple[float, float]
    vertical_m: tuple[float, float]
    time_s: float
    near: tuple[float, float] | None


class Contradiction(Answer, frozen=True):
    """The region word that was said, and the one that the geometry fits."""

    said: str
    fits: str


class Alert(Answer, frozen=True):
    """Asks one party to answer one version of a notice."""

    id: str
    party: str
    to: str
    to_us: bool
    level: str
    notice: NoticeRefJson
    raised_at: Time
    due_at: Time
    due_in_s: float
    state: str
    answer: str
    answered_by: str
    answered_at: Time
    silenced_until: Time
    lead_s: int | None
    lead_bracket_s: tuple[int, int] | None
    is_short: bool
    need_s: int
    have_s: float
    inside: tuple[str, ...]
    conflicts: tuple[str, ...]
    contradiction: Contradiction | None
    mode: str


class StopAnswer(Answer, frozen=True):
    """One party's answer to a STOP."""

    party: str
    answer: str
    by: str
    at: Time


class Stop(Answer, frozen=True):
    """A STOP, sent or received."""

    id: str
    serial: str
    party: str
    own: bool
    at: Time
    by: str
    remarks: str
    to: tuple[str, ...]
    state: str
    resumed_at: Time
    answers: tuple[StopAnswer, ...]
    answered: bool
    due_at: Time
    due_in_s: float
    received: dict[str, str]
    recorded: bool
    mode: str


class Duty(Answer, frozen=True):
    """Somebody owes something by an instant."""

    duty: str
    owed_by: str
    due_at: Time
    due_in_s: float
    state: str
    proof: str


class Peer(Answer, frozen=True):
    """Another party's node: its line, and how far each side holds the other's channel."""

    party: str
    name: str
    slot: int
    telephone: str
    line: str
    trouble: str
    last_heard: Time
    clock_difference_ms: int | None
    software: str
    channel_size: int
    delivered: int
    undelivered: int
    oldest_undelivered: Time
    cosigned_size: int
    cosigned_at: Time
    received_size: int
    agreement: str
    quarantined: int


class Agreement(Answer, frozen=True):
    """Terms, who has signed their hash, and what became of them.

    `until` counts extensions; `extensions` are those that not all have agreed to; `rules_with` names the parties
    between whom and us it rules; `toml` is all of its terms.
    """

    hash: str
    title: str
    parties: tuple[str, ...]
    state: str
    proposed_by: str
    signed_by: tuple[str, ...]
    in_force_since: Time
    area: AreaJson
    separation: SeparationJson
    deadlines: DeadlinesJson
    disclosure: dict[str, DisclosureJson]
    profile: str
    subject: str
    amends: str
    observers: tuple[str, ...]
    valid_from: Time
    until: Time
    suspended_by: tuple[str, ...]
    extensions: dict[str, Time]
    ended_at: Time
    rules_with: tuple[str, ...]
    toml: str


class ZoneMet(Answer, frozen=True):
    """A notice that meets a zone, and what the zone asks of it."""

    notice: str
    rule: str
    verdict: str
    start: Time
    end: Time
    is_late: bool


class Zone(Answer, frozen=True, kw_only=True):
    """A zone: of an agreement, whose hash `agreement` is, or announced by `party`.

    `kept_s` is what was reserved less what was given back.
    """

    key: str
    id: str
    name: str
    kind: str
    rule: str
    state: str
    is_in_force: bool
    start: Time
    end: Time
    told: tuple[str, ...]
    met_by: tuple[ZoneMet, ...]
    toml: str
    agreement: str = ""
    party: str = ""
    version: int = 0
    by: str = ""
    given_back_at: Time = ""
    used: tuple[tuple[Time, Time], ...] = ()
    reserved_s: int = 0
    kept_s: int = 0
    used_s: int = 0


class ZoneAnswer(Answer, frozen=True):
    """A zone was announced, changed, lifted or given back."""

    receipt: Receipt
    zone: Zone | None


class Log(Answer, frozen=True):
    """One log: how long it is, and how far it is signed and cosigned."""

    origin: str
    kind: Literal["private", "out", "in"]
    party: str
    size: int
    root: str
    checkpoint_size: int
    cosigned_size: int
    cosigned_at: Time


class Record(Answer, frozen=True):
    """Every log that this node keeps."""

    entries: int
    logs: tuple[Log, ...]


class StoreState(Answer, frozen=True):
    """Whether the node can record."""

    ok: bool
    detail: str = ""


class ClockState(Answer, frozen=True):
    """Whether a person must confirm our clock."""

    suspect: bool
    difference_ms: int
    against: str


class UnrecordedStop(Answer, frozen=True):
    """A STOP that came in while nothing could be recorded."""

    party: str
    id: str
    by: str
    at: Time


class Picture(Answer, frozen=True):
    """All that is in force now."""

    party: str
    name: str
    software: str
    now: Time
    seq: int
    store: StoreState
    clock: ClockState
    degraded: str
    peers: tuple[Peer, ...]
    agreements: tuple[Agreement, ...]
    notices: tuple[Notice, ...]
    alerts: tuple[Alert, ...]
    stops: tuple[Stop, ...]
    conflicts: tuple[Conflict, ...]
    duties: tuple[Duty, ...]
    record: Record
    unrecorded_stops: tuple[UnrecordedStop, ...]
    standing: tuple[str, ...]
    reference: bool


class NoticeAnswer(Answer, frozen=True):
    """A notice was recorded."""

    receipt: Receipt
    notice: Notice | None
    conflicts: tuple[Conflict, ...]
    flags: tuple[FlagJson, ...] = ()


class CheckAnswer(Answer, frozen=True):
    """What these volumes would conflict with, among all that is on our record. Nothing was recorded."""

    conflicts: tuple[Conflict, ...]
    lead_s: float
    is_short: dict[str, bool]
    contradiction: Contradiction | None
    earliest_clear_start: Time
    place_check: tuple[PlaceCheck, ...] = ()
    flags: tuple[FlagJson, ...] = ()


class AlertAnswer(Answer, frozen=True):
    """An answer was recorded."""

    receipt: Receipt
    alert: Alert | None


class StopSentAnswer(Answer, frozen=True):
    """A STOP, or an answer to one, was recorded."""

    receipt: Receipt
    stop: Stop | None


class AgreementAnswer(Answer, frozen=True):
    """Terms, or a signature to them, were recorded."""

    receipt: Receipt
    agreement: Agreement | None


class ReceiptAnswer(Answer, frozen=True):
    """It is recorded."""

    receipt: Receipt


class EntryText(Answer, frozen=True):
    """One entry as it is hashed."""

    n: int
    hash: str
    text: str


class Entries(Answer, frozen=True):
    """Entries of one log."""

    entries: tuple[EntryText, ...]


class Proof(Answer, frozen=True):
    """That an entry stands in a log: recompute it, trust nobody."""

    log: str
    index: int
    size: int
    leaf: str
    text: str
    proof: tuple[str, ...]
    root: str
    checkpoint: str


class Challenge(Answer, frozen=True):
    """Six letters to be said, good for one try within ten minutes."""

    party: str
    challenge: str
    spoken: str


class TextAnswer(Answer, frozen=True):
    """An entry in a language. `signer` is the named speaker who signed its phrase file; without one it is a DRAFT."""

    language: str
    direction: str
    draft: bool
    signer: str
    hash: str
    text: str
    html: str


class Card(Answer, frozen=True):
    """An entry as a voice card. `whole` false: the detail comes by file."""

    kind: str
    mode: str
    sender: str
    to: str
    hash: str
    whole: bool
    lines: tuple[str, ...]
    text: str


class TypedCard(Answer, frozen=True):
    """What was said to us by voice.

    Attributes:
        authenticated: a token for this card answered our challenge. Otherwise call `call_back`.
        forced: the token was made under the duress word: for our own people alone.
        state: `waiting` until the link brings its entry, then `agrees` or `differs`.
    """

    party: str
    kind: str
    mode: str
    subject: str
    hash: str
    whole: bool
    by: str
    at: str
    authenticated: bool
    call_back: str
    forced: bool
    state: str
    said: str


class CarriedAnswer(Answer, frozen=True):
    """What came of a line that was carried here.

    Attributes:
        taken: entries of the sender that are new here.
        holds: how many of its entries we hold now.
        has_gap: its entries begin after that; an earlier line has to be taken in first.
        may_answer: the next line for the sender carries our entries, and not only what we hold.
    """

    sender: str
    taken: int
    holds: int
    has_gap: bool
    may_answer: bool


class IdentityAnswer(Answer, frozen=True):
    """Who we are: public keys, and their fingerprint to read out."""

    identity: dict[str, str]
    fingerprint: str


class Health(Answer, frozen=True):
    """Whether the node can take and record commands."""

    ok: bool
    store: StoreState


class Link(Answer, frozen=True):
    """A link that opens the console once."""

    url: str
    expires_at: Time


class Problem(Answer, frozen=True, omit_defaults=True):
    """What went wrong (RFC 9457). `at` is the path of the bad field; `card` is to be read out by voice."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    at: str = ""
    card: tuple[str, ...] = ()
    sent_unrecorded: bool = False


#: The body of any reference view; its own page describes it.
Reference = dict[str, Any]
