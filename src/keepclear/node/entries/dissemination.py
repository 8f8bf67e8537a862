"""Entries about passing on: inside, with receipts by name, what of it the other side is shown; and relays (D1, D2)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from keepclear.core.dissemination import TRAIL_MAX, RelayWord
from keepclear.node.entries.base import Entry, Hash, NoticeRef, PartyId, Person, Serial
from keepclear.node.entries.notices import NoticeSent

GroupId = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{0,31}$")]
GroupName = Annotated[str, msgspec.Meta(max_length=60)]
Groups = Annotated[tuple[GroupId, ...], msgspec.Meta(min_length=1, max_length=100)]
Salt = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
HashOrNone = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000)]


class Disseminated(Entry, frozen=True):
    """`disseminated`: this version of your notice was passed on here. Who the groups are stays hidden (D1).

    Attributes:
        reached: groups that confirmed; groups: of how many. Both 0 where only the commitment is shown: it is given once
            all have confirmed.
        commitment: to the private list of groups and who confirmed, when.
    """

    notice: NoticeRef
    reached: Count
    groups: Count
    commitment: HashOrNone
    by: Person


class Relay(Entry, frozen=True):
    """`relay`: a third party's notice, as it stands in that party's own log, and as the sender passes it on (D2).

    Attributes:
        origin: whose notice it is.
        log: the origin's log that it stands in; index: where; leaf: the leaf hash there.
        content: content hash of the notice.
        said: the notice as passed on, without its free words. Says it something else than `entry`, it was reworded.
        entry: the first entry, byte for byte; empty where it holds free words of the origin, which are not passed on.
        proof: that it stands in a checkpoint which the origin signed (c2sp.org/tlog-proof@v1), or empty.
        trail: parties that it came from and passed through, the origin first, the sender last.
    """

    id: Serial
    origin: PartyId
    log: Annotated[str, msgspec.Meta(max_length=120)]
    index: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    leaf: Hash
    content: Hash
    said: NoticeSent
    trail: Annotated[tuple[PartyId, ...], msgspec.Meta(min_length=1, max_length=TRAIL_MAX + 1)]
    by: Person
    entry: Annotated[str, msgspec.Meta(max_length=65_535)] = ""
    proof: Annotated[str, msgspec.Meta(max_length=30_000)] = ""


class RelayAnswered(Entry, frozen=True):
    """`relay_answer`: taken up, or come round in a circle, or not what the first notice says (derived).

    Attributes:
        proved: the origin's own signature over the first entry was checked here.
    """

    id: Serial
    word: RelayWord
    proved: bool = False


class GroupSet(Entry, frozen=True):
    """`group_set`: addressees of our own, whom notices are passed on to. A group without members is no longer one."""

    group: GroupId
    name: GroupName
    members: Annotated[tuple[Person, ...], msgspec.Meta(max_length=50)]
    by: Person


class PassedOn(Entry, frozen=True):
    """`passed_on`: a version of another party's notice went to groups of our own."""

    notice: NoticeRef
    groups: Groups
    by: Person


class GroupConfirmed(Entry, frozen=True):
    """`group_confirmed`: a named person of a group has it.

    Attributes:
        person: who confirmed; by: who entered that.
    """

    notice: NoticeRef
    group: GroupId
    person: Person
    by: Person


class ListCommitted(Entry, frozen=True):
    """`list_committed`: what a commitment of ours is to, so that it can be opened. Never leaves (derived).

    Attributes:
        list: rows of [notice, group, name, person, microseconds], RFC 8785.
        index: place of the `disseminated` in our channel to `to`.
    """

    notice: NoticeRef
    to: PartyId
    list: Annotated[str, msgspec.Meta(max_length=40_000)]
    salt: Salt
    commitment: Hash


class PassOnReminded(Entry, frozen=True):
    """`pass_on_reminder`: groups that have not confirmed yet (derived)."""

    notice: NoticeRef
    missing: Groups


#: Seen by the other party.
CHANNEL: dict[str, type[Entry]] = {
    "disseminated": Disseminated,
    "relay": Relay,
    "relay_answer": RelayAnswered,
}
#: In our private record only.
PRIVATE: dict[str, type[Entry]] = {
    "group_set": GroupSet,
    "passed_on": PassedOn,
    "group_confirmed": GroupConfirmed,
    "list_committed": ListCommitted,
    "pass_on_reminder": PassOnReminded,
}
#: Found by a rule rather than said by a person or a peer.
DERIVED = frozenset({"list_committed", "pass_on_reminder", "relay_answer"})
