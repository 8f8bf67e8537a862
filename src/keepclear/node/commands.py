"""Everything that can be asked of a node, as values."""

from __future__ import annotations

from dataclasses import dataclass, field

from keepclear.core.agreement import Agreement
from keepclear.core.alert import Answer
from keepclear.core.notice import Action, Mode, NoticeKind, NoticeState
from keepclear.core.volume import Volume4D


@dataclass(frozen=True, slots=True)
class Command:
    """One thing asked. `seed` is 32 random bytes that the node puts on: ids, salts and blinds come from it alone."""

    seed: bytes = field(default=b"", kw_only=True, repr=False)


@dataclass(frozen=True, slots=True)
class FileNotice(Command):
    """File a new notice. `id` empty: the node gives the next serial."""

    volumes: tuple[Volume4D, ...]
    by: str
    kind: NoticeKind = NoticeKind.HAZARD
    action: Action = Action.KEEP_CLEAR
    id: str = ""
    state: NoticeState = NoticeState.ACCEPTED
    region: str = ""
    contact: str = ""
    remarks: str = ""
    activity: str = ""
    slowest_mps: int = 0
    reaction_s: int = 0
    mode: Mode = Mode.OPER
    #: A contradiction between the region word and the geometry was shown to a person, who sends it all the same.
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class ChangeNotice(Command):
    """A new version of one of our notices. `version` is the one the caller has seen."""

    id: str
    version: int
    changed: FileNotice


@dataclass(frozen=True, slots=True)
class MoveNotice(Command):
    """Activate or end one of our notices."""

    id: str
    version: int
    state: NoticeState
    by: str


@dataclass(frozen=True, slots=True)
class AnswerAlert(Command):
    """A named person answers an alert. `again`: they were shown that our own figures contradict it."""

    alert: str
    version: int
    answer: Answer
    by: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class SilenceAlert(Command):
    """Stop the sound at this desk."""

    alert: str
    by: str
    seconds: int = 30


@dataclass(frozen=True, slots=True)
class SendStop(Command):
    """Ask anyone on duty to stop. `to` empty: every peer."""

    by: str
    to: tuple[str, ...] = ()
    remarks: str = ""
    mode: Mode = Mode.OPER


@dataclass(frozen=True, slots=True)
class AnswerStop(Command):
    """Whoever is on duty answers a STOP that came in. `stop` is `party/serial`."""

    stop: str
    answer: Answer
    by: str


@dataclass(frozen=True, slots=True)
class Resume(Command):
    """We no longer ask to stop. `id` is the serial of our own STOP."""

    id: str
    by: str


@dataclass(frozen=True, slots=True)
class ProposeAgreement(Command):
    """Propose terms to the other party, and sign them ourselves."""

    agreement: Agreement
    by: str


@dataclass(frozen=True, slots=True)
class SignAgreement(Command):
    """Sign what was proposed, by its hash."""

    hash: str
    by: str


@dataclass(frozen=True, slots=True)
class EnrolPeer(Command):
    """Two persons have compared the words; these are the other party's keys and door."""

    party: str
    name: str
    ed25519: str
    mldsa44: str
    tls: str
    url: str
    telephone: str
    persons: tuple[str, str]


@dataclass(frozen=True, slots=True)
class RemovePeer(Command):
    """Accept nothing more that is signed by this party's keys."""

    party: str
    by: str


@dataclass(frozen=True, slots=True)
class ReceiveEntries(Command):
    """Entries of a peer's channel to us, from `first` on, and the signed checkpoint they end in.

    Attributes:
        party: who is authenticated at the other end, never what the bytes claim.
        first: index of the first of `entries`.
        entries: their bytes.
        checkpoint: a signed note whose size is `first + len(entries)`.
        received_at: microseconds, by our clock, when the bytes were read.
    """

    party: str
    first: int
    entries: tuple[bytes, ...]
    checkpoint: str
    received_at: int


@dataclass(frozen=True, slots=True)
class NoteDelivered(Command):
    """The peer's machine took our channel's entries up to `size`, sent at `sent_at`."""

    to: str
    size: int
    sent_at: int


@dataclass(frozen=True, slots=True)
class NoteSplitView(Command):
    """A peer showed two checkpoints of one log that cannot both be true."""

    party: str
    log: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class SuspectClock(Command):
    """Our wall clock jumped, or a peer's differs."""

    difference_ms: int
    against: str


@dataclass(frozen=True, slots=True)
class ConfirmClock(Command):
    """A person vouches for our clock. `shift_us`, put on by the loop, is how far open deadlines move with it."""

    by: str
    shift_us: int = 0


@dataclass(frozen=True, slots=True)
class Tick(Command):
    """Time has passed: find what has fallen due."""


@dataclass(frozen=True, slots=True)
class Start(Command):
    """The node begins to run."""

    software: str


#: These have reserved places in the queue and in the record: neither a flood nor a full disk shuts them out.
STOP_LANE = (SendStop, AnswerStop, Resume, AnswerAlert)
