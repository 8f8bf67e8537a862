"""Entries about the watch, all private: people, who holds it, handover, log, numbers, drafts (D3, D5)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from keepclear.core.duty import Role, Taking
from keepclear.core.notice import VOLUMES_MAX
from keepclear.formats.wire import WireVolume
from keepclear.node.entries.base import Entry, Hash, Person, Serial, Text

Login = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9._-]{0,31}$")]
PersonOrNone = Annotated[str, msgspec.Meta(max_length=60)]
Short = Annotated[str, msgspec.Meta(max_length=40)]
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]
ItemKey = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
LogText = Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)]
About = Annotated[str, msgspec.Meta(max_length=100)]


class PersonSet(Entry, frozen=True):
    """`person_set`: a person of our party, and what they are there for. Without roles: no longer one of it.

    Attributes:
        login: the name that they sign in with; name: the one they sign with.
    """

    login: Login
    name: Person
    roles: Annotated[tuple[Role, ...], msgspec.Meta(max_length=5)]
    by: Person
    desk: Short = ""
    telephone: Short = ""


class WatchTaken(Entry, frozen=True):
    """`watch_taken`: from this instant on one person is responsible, and nobody else is.

    Attributes:
        before: who was until then; empty when the watch began.
        remarks: why, where it was assumed without a handover.
    """

    person: Person
    how: Taking
    before: PersonOrNone = ""
    remarks: Text = ""


class HandoverOffered(Entry, frozen=True):
    """`handover_offered`: whoever holds the watch will hand it to `to`. Nothing is handed over yet."""

    to: Person
    by: Person


class HandoverTicked(Entry, frozen=True):
    """`handover_ticked`: the next shift has looked at these items, as they then stood.

    Attributes:
        digests: of what each item said, in the same order.
    """

    items: Annotated[tuple[ItemKey, ...], msgspec.Meta(min_length=1, max_length=500)]
    digests: Annotated[tuple[Digest, ...], msgspec.Meta(min_length=1, max_length=500)]
    by: Person


class HandoverSigned(Entry, frozen=True):
    """`handover_signed`: one of the two signs the whole list as it stands. With the second signature the watch passes.

    Attributes:
        digest: of the list; items: how many stand on it.
    """

    digest: Hash
    items: Annotated[int, msgspec.Meta(ge=0, le=100_000)]
    by: Person


class HandoverWithdrawn(Entry, frozen=True):
    """`handover_withdrawn`: it does not take place; whoever holds the watch goes on."""

    by: Person


class DutyLogged(Entry, frozen=True):
    """`duty_logged`: a line of the duty log, in free words. Not for targets."""

    text: LogText
    by: Person
    about: About = ""


class NumberSet(Entry, frozen=True):
    """`number_set`: a line of the telephone directory. Without a number it is taken out."""

    name: Person
    number: Short
    by: Person
    remarks: Text = ""


class RecordingAttached(Entry, frozen=True):
    """`recording_attached`: the recording of a call, by its hash. The recording itself is kept elsewhere.

    Attributes:
        sha256: of the file; size: its bytes; name: of the file.
    """

    sha256: Hash
    size: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    name: Annotated[str, msgspec.Meta(max_length=120)]
    by: Person
    about: About = ""
    remarks: Text = ""


class NoticeDrafted(Entry, frozen=True):
    """`notice_drafted`: a notice that waits for a second pair of eyes. It is told to nobody.

    Attributes:
        changes: serial of our own notice that it changes, or empty; version: the one that was seen.
        fields: the rest of what was asked, RFC 8785.
        why: `area` or `lead`, or both.
    """

    id: Serial
    volumes: Annotated[tuple[WireVolume, ...], msgspec.Meta(min_length=1, max_length=VOLUMES_MAX)]
    fields: Annotated[str, msgspec.Meta(max_length=20_000)]
    drafted_by: Person
    why: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=2)]
    changes: Annotated[str, msgspec.Meta(max_length=20)] = ""
    version: int = 0


class DraftDecided(Entry, frozen=True):
    """`draft_decided`: a second person sends a draft, or anybody drops it."""

    id: Serial
    sent: bool
    by: Person
    remarks: Text = ""


#: Seen by the other party.
CHANNEL: dict[str, type[Entry]] = {}
#: In our private record only.
PRIVATE: dict[str, type[Entry]] = {
    "person_set": PersonSet,
    "watch_taken": WatchTaken,
    "handover_offered": HandoverOffered,
    "handover_ticked": HandoverTicked,
    "handover_signed": HandoverSigned,
    "handover_withdrawn": HandoverWithdrawn,
    "duty_logged": DutyLogged,
    "number_set": NumberSet,
    "recording_attached": RecordingAttached,
    "notice_drafted": NoticeDrafted,
    "draft_decided": DraftDecided,
}
#: Found by a rule rather than said by a person or a peer.
DERIVED: frozenset[str] = frozenset()
