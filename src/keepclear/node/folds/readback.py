"""How the picture takes up read-backs. The instant "read back" is set by a confirmation, and by nothing else (N2)."""

from __future__ import annotations

from typing import Any

from keepclear.core.ids import make_key
from keepclear.node.entries import ReadBackChecked, ReadBackJudged, ReadBackSaid, Verdict
from keepclear.node.held import HeldReadBack
from keepclear.node.logs import Read
from keepclear.node.state import Fold, State

#: Read-backs of one alert that stay in the picture: the newest.
READ_BACKS_KEPT = 20


def apply_said(state: State, entry: Read, body: ReadBackSaid, sender: str, receiver: str) -> None:
    """Somebody read it back: who was asked, to whom asked, about what was asked."""
    held = state.alerts.get(body.alert)
    if (
        held is None
        or (held.to, held.party, held.ref) != (sender, receiver, body.notice)
        or held.mode is not entry.mode
    ):
        return
    held.read_backs.append(HeldReadBack(entry.leaf, body, entry.at))
    del held.read_backs[:-READ_BACKS_KEPT]


def apply_checked(state: State, entry: Read, body: ReadBackChecked, sender: str, receiver: str) -> None:
    """What is wrong with it."""
    held = state.alerts.get(body.alert)
    for each in held.read_backs if held is not None else ():
        if each.leaf == body.read_back:
            each.wrong = body.wrong


def apply_judged(state: State, entry: Read, body: ReadBackJudged, sender: str, receiver: str) -> None:
    """It is confirmed, or to be read again."""
    held = state.alerts.get(body.alert)
    if (
        held is None
        or (held.to, held.party, held.ref) != (receiver, sender, body.notice)
        or held.mode is not entry.mode
    ):
        return
    for each in held.read_backs:
        if each.leaf == body.read_back and not each.judged_at:
            each.verdict, each.judged_by, each.judged_at = body.verdict, body.by, entry.at
            if body.wrong:
                each.wrong = body.wrong
            notice = state.notices.get(make_key(body.notice.party, body.notice.id))
            instants = notice.sent.get((receiver, body.notice.version)) if notice else None
            if instants is not None and body.verdict is Verdict.CONFIRM and not instants.read_back_at:
                instants.read_back_at, instants.read_back_by = entry.at, each.said.by


FOLDS: dict[Any, Fold] = {
    ReadBackSaid: apply_said,
    ReadBackChecked: apply_checked,
    ReadBackJudged: apply_judged,
}
