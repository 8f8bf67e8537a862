"""What officers type in that was said by voice, and what our service of ASTM F3548 notes of our notices."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from keepclear.core.conflict import Verdict
from keepclear.errors import KeepclearError
from keepclear.formats.voice_card import content_hash, spoken_form
from keepclear.node.commands import Command
from keepclear.node.commands.airspace import NoteIntent, NoteIntentConflict
from keepclear.node.commands.voice import TypeCard
from keepclear.node.entries.airspace import IntentOutcome
from keepclear.node.picture import Picture
from keepclear.record import canonical


def type_card(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    """A STOP or a notice of a peer, read out; now and then one that was misheard, or that nobody has sent."""
    held = [("stop", one.party, one.mode, one.sent) for one in picture.stops.values() if not one.is_own]
    held += [
        ("notice", one.party, one.latest.mode, one.latest.body) for one in picture.notices.values() if not one.is_own
    ]
    held = [one for one in held if one[1] in picture.peers]
    if not held:
        return None
    kind, sender, mode, body = officers.rng.choice(held)
    try:
        spoken = spoken_form(kind, msgspec.to_builtins(body))
    except KeepclearError:  # it goes by file
        return None
    said = dict(spoken.body)
    if officers.rng.random() < 0.3:
        said["id"] = f"{said['id'].split('-')[0]}-{officers.rng.randrange(1, 30):04}"
    text = canonical.encode(said).decode()
    return TypeCard(sender, kind, mode, text, content_hash(said), spoken.is_whole, "Imani")


def note_intent(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    """One of our notices was shown as an operational intent, or could not be."""
    own = [one for one in picture.notices.values() if one.is_own]
    if not own:
        return None
    one = officers.rng.choice(own)
    outcome = officers.rng.choice([*IntentOutcome, "granted"])
    return NoteIntent(one.id, one.latest.version, _entity(officers), str(outcome), officers.rng.randrange(5))


def note_conflict(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    """It meets an intent of another service, or no longer does."""
    own = [one for one in picture.notices.values() if one.is_own]
    if not own:
        return None
    one = officers.rng.choice(own)
    verdict = officers.rng.choice(list(Verdict))
    span = (one.span.start_us, one.span.end_us)
    return NoteIntentConflict(one.id, one.latest.version, _entity(officers), "other_uss", 1, verdict, *span)


def _entity(officers: Any) -> str:
    return str(uuid.UUID(int=officers.rng.getrandbits(128), version=4))


ACTS = [(2, type_card), (1, note_intent), (1, note_conflict)]
