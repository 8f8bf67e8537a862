"""Entries about reading back: what the receiver's person read, and what the sender's says to it (P3, N2)."""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec

from keepclear.core.readback import LINE_MAX, LINES_MAX, Fault, ReadField
from keepclear.node.entries.base import Entry, Hash, NoticeRef, PartyId, Person

Number = Annotated[int, msgspec.Meta(ge=1, le=LINES_MAX)]
Value = Annotated[str, msgspec.Meta(max_length=LINE_MAX)]
AlertId = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]


class Verdict(enum.StrEnum):
    """What the sender says to a read-back."""

    CONFIRM = "CONFIRM"
    CORRECT = "CORRECT"  # it was wrong, or another thing: read it back again


class ReadLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line as it was read back.

    Attributes:
        field: what it is about.
        number: which of the lines of that field.
        value: as it was read.
        letters: its two check letters, or empty.
    """

    field: ReadField
    number: Number
    value: Value
    letters: Annotated[str, msgspec.Meta(pattern="^([A-Z]{2})?$")] = ""


class WrongLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line that did not come back as it was sent.

    Attributes:
        field: what it is about.
        number: which of the lines of that field.
        fault: what is wrong with it.
        sent: as it was sent; empty for a line that the notice does not have.
        heard: as it was read back; empty when it was not.
    """

    field: ReadField
    number: Number
    fault: Fault
    sent: Value
    heard: Value


class ReadBackSaid(Entry, frozen=True):
    """`read_back`: place, time, height and action, as the receiver's person read them back.

    Attributes:
        lines: line by line; docs/explanation/check-letters.md says how they are written.
    """

    alert: AlertId
    notice: NoticeRef
    lines: Annotated[tuple[ReadLine, ...], msgspec.Meta(min_length=1, max_length=LINES_MAX)]
    by: Person


class ReadBackJudged(Entry, frozen=True):
    """`read_back_judged`: the sender's person confirms a read-back, or has it corrected. Only CONFIRM is "read back".

    Attributes:
        read_back: leaf hash of the read-back that is judged.
        verdict: what is said to it.
        wrong: the lines to be read again.
    """

    alert: AlertId
    notice: NoticeRef
    read_back: Hash
    verdict: Verdict
    by: Person
    wrong: Annotated[tuple[WrongLine, ...], msgspec.Meta(max_length=2 * LINES_MAX)] = ()


class ReadBackChecked(Entry, frozen=True):
    """`read_back_checked`: what is wrong with a read-back that came in, line by line; empty when nothing is (derived).

    Attributes:
        party: who read it back.
        read_back: leaf hash of the read-back.
        wrong: every line that did not come back as it was sent.
    """

    alert: AlertId
    party: PartyId
    read_back: Hash
    wrong: Annotated[tuple[WrongLine, ...], msgspec.Meta(max_length=2 * LINES_MAX)] = ()


#: Seen by the other party.
CHANNEL: dict[str, type[Entry]] = {
    "read_back": ReadBackSaid,
    "read_back_judged": ReadBackJudged,
}
#: In our private record only.
PRIVATE: dict[str, type[Entry]] = {"read_back_checked": ReadBackChecked}
#: Found by a rule rather than said by a person or a peer.
DERIVED = frozenset({"read_back_checked"})
