"""How the picture takes up the watch: people, who holds it, handover, log, numbers, drafts (D3, D5)."""

from __future__ import annotations

from typing import Any

from keepclear.core.duty import Period
from keepclear.node.entries.duty import (
    DraftDecided,
    DutyLogged,
    HandoverOffered,
    HandoverSigned,
    HandoverTicked,
    HandoverWithdrawn,
    NoticeDrafted,
    NumberSet,
    PersonSet,
    RecordingAttached,
    WatchTaken,
)
from keepclear.node.heldduty import PERIODS_KEPT, HeldDraft, HeldHandover, HeldPerson
from keepclear.node.logs import Read
from keepclear.node.state import Fold, State


def apply_person(state: State, entry: Read, body: PersonSet, sender: str, receiver: str) -> None:
    """A person, or no longer one."""
    if body.roles:
        state.watch.people[body.login] = HeldPerson(body.login, body.name, body.roles, body.desk, body.telephone)
    else:
        state.watch.people.pop(body.login, None)


def apply_taken(state: State, entry: Read, body: WatchTaken, sender: str, receiver: str) -> None:
    """From now on another person is responsible: what one loses the other has, at the same instant."""
    state.watch.periods.append(Period(entry.at, body.person))
    del state.watch.periods[:-PERIODS_KEPT]
    state.watch.handover = None


def apply_offered(state: State, entry: Read, body: HandoverOffered, sender: str, receiver: str) -> None:
    """A handover begins."""
    state.watch.handover = HeldHandover(body.to, body.by, entry.at)


def apply_ticked(state: State, entry: Read, body: HandoverTicked, sender: str, receiver: str) -> None:
    """Items were looked at, as they stood."""
    if state.watch.handover is not None:
        state.watch.handover.ticked.update(zip(body.items, body.digests, strict=False))


def apply_signed(state: State, entry: Read, body: HandoverSigned, sender: str, receiver: str) -> None:
    """One of the two has signed the list as it stood."""
    if state.watch.handover is not None:
        state.watch.handover.signed[body.by] = body.digest


def apply_withdrawn(state: State, entry: Read, body: HandoverWithdrawn, sender: str, receiver: str) -> None:
    """It does not take place."""
    state.watch.handover = None


def apply_log(state: State, entry: Read, body: DutyLogged, sender: str, receiver: str) -> None:
    """A line of the duty log."""
    state.watch.log.append((entry.at, body))


def apply_number(state: State, entry: Read, body: NumberSet, sender: str, receiver: str) -> None:
    """A line of the telephone directory."""
    if body.number:
        state.watch.numbers[body.name] = body
    else:
        state.watch.numbers.pop(body.name, None)


def apply_recording(state: State, entry: Read, body: RecordingAttached, sender: str, receiver: str) -> None:
    """A recording, by its hash."""
    state.watch.recordings.append((entry.at, body))


def apply_draft(state: State, entry: Read, body: NoticeDrafted, sender: str, receiver: str) -> None:
    """A notice waits."""
    state.watch.drafts[body.id] = HeldDraft(body, entry.at)
    state.count_serial(body.id)


def apply_decided(state: State, entry: Read, body: DraftDecided, sender: str, receiver: str) -> None:
    """It waits no longer."""
    state.watch.drafts.pop(body.id, None)


FOLDS: dict[Any, Fold] = {
    PersonSet: apply_person,
    WatchTaken: apply_taken,
    HandoverOffered: apply_offered,
    HandoverTicked: apply_ticked,
    HandoverSigned: apply_signed,
    HandoverWithdrawn: apply_withdrawn,
    DutyLogged: apply_log,
    NumberSet: apply_number,
    RecordingAttached: apply_recording,
    NoticeDrafted: apply_draft,
    DraftDecided: apply_decided,
}
