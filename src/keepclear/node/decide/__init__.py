"""Decisions: one subject a file; none calls another. Here the lists of all subjects are put together.

`decide` touches nothing and waits for nothing: the same picture, command and instant give the same decision.
Entries of a peer are the one thing that is not in the table: each of them changes what the next one means, so the loop
takes them one by one (`check_delivery`, `take`).

A new subject is a module with its own `TABLE`, and where it has them `DUE`, `CHECKS`, `TOGETHER` and `TAKES`; its lists
are added to those here.
"""

from __future__ import annotations

from dataclasses import replace

from keepclear.core.notice import Mode
from keepclear.node.commands import Command, ReceiveEntries, SendDraft, Tick
from keepclear.node.decide import (
    agreements,
    airspace,
    alerts,
    channel,
    deadlines,
    dissemination,
    duty,
    eyes,
    ladder,
    line,
    linetests,
    notices,
    peers,
    readback,
    requests,
    stop,
    voice,
    zones,
)
from keepclear.node.decide.peers import Fresh, SplitView
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries import Entry, Received
from keepclear.node.handlers import CheckBody, CheckTogether, Decide, Due, Take, Taken
from keepclear.node.logs import Logs, Read
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings

#: What has fallen due, subject by subject.
DUE: tuple[Due, ...] = (
    deadlines.missed,
    linetests.tests_due,
    notices.expiring,
    dissemination.reminders_due,
    ladder.rungs,
    *agreements.DUE,
)

#: What one entry of a peer must be, whatever is in force.
CHECKS: dict[type[Entry], CheckBody] = {
    **peers.CHECKS,
    **requests.CHECKS,
    **dissemination.CHECKS,
    **readback.CHECKS,
    **agreements.CHECKS,
    **zones.CHECKS,
}

#: What the new entries of one delivery must be together.
TOGETHER: tuple[CheckTogether, ...] = (peers.check_notices, *zones.TOGETHER)

#: What follows from an entry of a peer.
TAKES: dict[type[Entry], Take] = {
    **peers.TAKES,
    **linetests.TAKES,
    **requests.TAKES,
    **dissemination.TAKES,
    **readback.TAKES,
    **agreements.TAKES,
    **zones.TAKES,
}


def tick(picture: Picture, command: Tick, now_us: int, settings: Settings) -> Decision:
    """What has fallen due by now. While our clock is suspect nothing is judged; people are prompted all the same."""
    if picture.is_clock_suspect:
        return Decision(tuple(ladder.rungs(picture, now_us, settings)))
    drafts = tuple(draft for due in DUE for draft in due(picture, now_us, settings))
    found = channel.gated(picture, Decision(drafts), settings)
    # What waited goes out ahead of what is new; it is not put aside a second time.
    return replace(found, drafts=(*channel.let_go(picture, now_us, settings), *found.drafts))


def send_draft(picture: Picture, command: SendDraft, now_us: int, settings: Settings) -> Decision:
    """A second person sends what waits: it is decided now, as it would have been (D5)."""
    decided, filing = eyes.approved(picture, command)
    decision = TABLE[type(filing)](picture, filing, now_us, settings)
    return replace(decision, drafts=(decided, *decision.drafts))


TABLE: dict[type[Command], Decide] = {
    **notices.TABLE,
    **airspace.TABLE,
    **alerts.TABLE,
    **stop.TABLE,
    **voice.TABLE,
    **agreements.TABLE,
    **zones.TABLE,
    **line.TABLE,
    **linetests.TABLE,
    **channel.TABLE,
    **requests.TABLE,
    **dissemination.TABLE,
    **duty.TABLE,
    **eyes.TABLE,
    **ladder.TABLE,
    **readback.TABLE,
    Tick: tick,
    SendDraft: send_draft,
}


def decide(picture: Picture, command: Command, now_us: int, settings: Settings) -> Decision:
    """What follows from a command at an instant. Raises a KeepclearError where a rule says no."""
    decision = eyes.waiting(picture, command, now_us, settings)
    if decision is None:
        decision = TABLE[type(command)](picture, command, now_us, settings)
    if not isinstance(command, Tick):
        decision = channel.gated(picture, decision, settings)
    return _exercised(decision) if settings.exercise_only else decision


def _exercised(decision: Decision) -> Decision:
    """Where a node only trains, whatever it says is an exercise (V6)."""
    drafts = (replace(draft, mode=Mode.EXER) if draft.mode is Mode.OPER else draft for draft in decision.drafts)
    return replace(decision, drafts=tuple(drafts))


def check_delivery(
    picture: Picture, logs: Logs, command: ReceiveEntries, settings: Settings, *, ed25519: bytes, settled: int
) -> Fresh:
    """What is new in a delivery, or the reason why none of it can be taken: see `peers.check_delivery`."""
    return peers.check_delivery(
        picture, logs, command, settings, ed25519=ed25519, settled=settled, checks=CHECKS, together=TOGETHER
    )


def take(picture: Picture, read: Read, now_us: int, received_at: int, settings: Settings) -> Decision:
    """What follows from one entry that has just been taken up into our copy of the peer's channel.

    `picture` already holds it. The first draft says that it was received; a `received` is not answered with another.
    """
    sender = read.log.split("/")[1]
    # A delivery that is right is never refused for how much of ours it meets: a STOP may stand behind it.
    settings = replace(settings, conflicts_max=3 * settings.notices_max)
    drafts: list[Draft] = []
    if not isinstance(read.body, Received) and not picture.has_answered(sender, read.n):
        drafts.append(Draft(Received(read.leaf, read.n, received_at), sender, read.mode))
        drafts += linetests.skew_drafts(picture, sender, read)
        drafts += voice.compared(picture, read, sender)
    taken = Taken(read, sender, now_us, received_at)
    follow = TAKES.get(type(read.body)) if read.body is not None else None
    if follow is not None:
        drafts += follow(picture, taken, read.body, settings)
    drafts += dissemination.opened(picture, taken)
    return channel.gated(picture, Decision(tuple(drafts)), replace(settings, held_back_max=3 * settings.notices_max))


__all__ = ["CHECKS", "DUE", "TABLE", "TAKES", "TOGETHER", "Fresh", "SplitView", "check_delivery", "decide", "take"]
