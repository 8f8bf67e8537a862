"""How the picture takes up STOP: asked, answered, no longer asked (N5)."""

from __future__ import annotations

from typing import Any

from keepclear.core.ids import make_key
from keepclear.node.entries import Resumed, StopAnswered, StopSent
from keepclear.node.held import HeldStop, StopAnswer, Subject
from keepclear.node.logs import Read
from keepclear.node.state import Fold, State

#: Answers to one STOP that stay in the picture: the newest.
STOP_ANSWERS_KEPT = 100


def apply_stop(state: State, entry: Read, body: StopSent | StopAnswered | Resumed, sender: str, receiver: str) -> None:
    """A STOP, an answer to one, or its end."""
    match body:
        case StopSent():
            key = make_key(sender, body.id)
            held = state.stops.get(key)
            # The same serial to the same party again is another STOP, from a node that was restored: never lost.
            if held is None or receiver in held.to:
                state.stops[key] = HeldStop(
                    key, sender, body.id, sender == state.party, entry.mode, entry.at, body, [receiver]
                )
            else:
                held.to.append(receiver)
            state.subjects[(entry.log, entry.n)] = Subject("stop", key, 0, entry.at)
            if sender == state.party:
                state.count_serial(body.id)
        case StopAnswered():
            stop = state.stops.get(make_key(receiver, body.id))
            if stop is not None and sender in stop.to:
                stop.answers.append(StopAnswer(sender, body.answer, body.by, entry.at))
                del stop.answers[:-STOP_ANSWERS_KEPT]
        case Resumed():
            if stop := state.stops.get(make_key(sender, body.id)):
                stop.resumed_at = stop.resumed_at or entry.at


FOLDS: dict[Any, Fold] = {StopSent: apply_stop, StopAnswered: apply_stop, Resumed: apply_stop}
