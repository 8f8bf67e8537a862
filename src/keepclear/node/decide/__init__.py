"""Decisions: one subject a file; none calls another. Here is the table from command to decision.

`decide` touches nothing and waits for nothing: the same picture, command and instant give the same decision.
Entries of a peer are the one thing that is not in the table: each of them changes what the next one means, so the loop
takes them one by one (`peers.check_delivery`, `peers.take`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keepclear.node.commands import (
    AnswerAlert,
    AnswerStop,
    ChangeNotice,
    Command,
    ConfirmClock,
    EnrolPeer,
    FileNotice,
    MoveNotice,
    NoteDelivered,
    NoteSplitView,
    ProposeAgreement,
    RemovePeer,
    Resume,
    SendStop,
    SignAgreement,
    SilenceAlert,
    Start,
    SuspectClock,
    Tick,
)
from keepclear.node.decide import agreements, alerts, deadlines, line, notices, stop
from keepclear.node.decision import Decision
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings

TABLE: dict[type[Command], Callable[[Picture, Any, int, Settings], Decision]] = {
    FileNotice: notices.file_notice,
    ChangeNotice: notices.change_notice,
    MoveNotice: notices.move_notice,
    AnswerAlert: alerts.answer_alert,
    SilenceAlert: alerts.silence_alert,
    SendStop: stop.send_stop,
    AnswerStop: stop.answer_stop,
    Resume: stop.resume,
    ProposeAgreement: agreements.propose_agreement,
    SignAgreement: agreements.sign_agreement,
    Start: line.start,
    EnrolPeer: line.enrol_peer,
    RemovePeer: line.remove_peer,
    NoteDelivered: line.note_delivered,
    NoteSplitView: line.note_split_view,
    SuspectClock: line.suspect_clock,
    ConfirmClock: line.confirm_clock,
    Tick: deadlines.tick,
}


def decide(picture: Picture, command: Command, now_us: int, settings: Settings) -> Decision:
    """What follows from a command at an instant. Raises a KeepclearError where a rule says no."""
    return TABLE[type(command)](picture, command, now_us, settings)
