"""Entries about our acts in the field of ASTM F3548, and what our notices meet there. All of them stay with us."""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec

from keepclear.core.conflict import Verdict
from keepclear.node.entries.base import Entry, Instant, Serial, Text, Version

Entity = Annotated[str, msgspec.Meta(pattern="^[0-9a-f-]{36}$")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class IntentOutcome(enum.StrEnum):
    """What came of it."""

    PLANNED = "planned"
    REFUSED = "refused"  # on our own side, since it meets another
    FAILED = "failed"
    ENDED = "ended"


class IntentPlanned(Entry, frozen=True):
    """`intent_planned`: what came of showing a version of our notice as an operational intent of ASTM F3548.

    Attributes:
        entity: the id under which it stands at the discovery service.
        outcome: planned, refused on our own side for a conflict, failed, or ended.
        there: the version that the discovery service gave it; 0 when it gave none.
        why: what the discovery service or another service said, when it failed.
        conflicts: ids of intents of others that it meets; the first 20.
    """

    id: Serial
    version: Version
    entity: Entity
    outcome: IntentOutcome
    there: Count = 0
    why: Text = ""
    conflicts: Annotated[tuple[Entity, ...], msgspec.Meta(max_length=20)] = ()


class IntentConflict(Entry, frozen=True):
    """`intent_conflict`: our notice meets an operational intent of another service; CLEAR says that it no longer does.

    Attributes:
        entity: the other's id at the discovery service.
        manager: the service that manages it.
        there: its version.
        verdict: CONFLICT, POSSIBLE within the error of measuring, or CLEAR again.
        start, end: of the other's intent.
    """

    id: Serial
    version: Version
    entity: Entity
    manager: Annotated[str, msgspec.Meta(max_length=200)]
    there: Count
    verdict: Verdict
    start: Instant = 0
    end: Instant = 0


#: Seen by the other party.
CHANNEL: dict[str, type[Entry]] = {}
#: In our private record only.
PRIVATE: dict[str, type[Entry]] = {"intent_planned": IntentPlanned, "intent_conflict": IntentConflict}
#: Found by a rule rather than said by a person or a peer.
DERIVED = frozenset({"intent_planned", "intent_conflict"})
