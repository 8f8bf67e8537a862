"""Our acts in the field of ASTM F3548: recorded as our service of it did them."""

from __future__ import annotations

from keepclear.errors import Malformed
from keepclear.node.commands import Command
from keepclear.node.commands.airspace import NoteIntent, NoteIntentConflict
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries.airspace import IntentConflict, IntentOutcome, IntentPlanned
from keepclear.node.handlers import Decide
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings


def note_intent(picture: Picture, command: NoteIntent, now_us: int, settings: Settings) -> Decision:
    """What came of showing a notice as an operational intent."""
    if command.outcome not in list(IntentOutcome):
        raise Malformed(f"{command.outcome!r} is none of {', '.join(IntentOutcome)}", at="outcome")
    body = IntentPlanned(
        command.id,
        command.version,
        command.entity,
        IntentOutcome(command.outcome),
        command.there,
        command.why,
        command.conflicts,
    )
    return Decision((Draft(body),), subject=command.id)


def note_conflict(picture: Picture, command: NoteIntentConflict, now_us: int, settings: Settings) -> Decision:
    """A conflict with an intent of another service came, changed or went."""
    body = IntentConflict(
        command.id,
        command.version,
        command.entity,
        command.manager,
        command.there,
        command.verdict,
        command.start_us,
        command.end_us,
    )
    return Decision((Draft(body),), subject=command.id)


TABLE: dict[type[Command], Decide] = {NoteIntent: note_intent, NoteIntentConflict: note_conflict}
