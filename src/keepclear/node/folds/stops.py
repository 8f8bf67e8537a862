"""How the picture takes up STOP: asked, answered, no longer asked (N5)."""

from __future__ import annotations

from typing import Any

from keepclear.core.alert import acknowledges
from keepclear.core.ids import make_key
from keepclear.node.entries import Resumed, StopAnswered, StopSent, VoiceStop, VoiceStopCalled
from keepclear.node.held import HeldStop, HeldVoiceStop, StopAnswer, Subject
from keepclear.node.heldladder import HeldLadder
from keepclear.node.logs import Read
from keepclear.node.state import Fold, State

#: STOPs that came by voice that stay in the picture: the newest.
VOICE_STOPS_KEPT = 200
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
            if sender == state.party:
                state.begin_ladder(HeldLadder(f"{key}/{receiver}", receiver, entry.mode, None, entry.at))
            state.subjects[(entry.log, entry.n)] = Subject("stop", key, 0, entry.at)
            if sender == state.party:
                state.count_serial(body.id)
        case StopAnswered():
            stop = state.stops.get(make_key(receiver, body.id))
            if stop is not None and sender in stop.to:
                stop.answers.append(StopAnswer(sender, body.answer, body.by, entry.at))
                if acknowledges(body.answer):
                    state.close_ladder(f"{stop.key}/{sender}", "answered")
                del stop.answers[:-STOP_ANSWERS_KEPT]
        case Resumed():
            if stop := state.stops.get(make_key(sender, body.id)):
                stop.resumed_at = stop.resumed_at or entry.at
                for peer in stop.to:
                    state.close_ladder(f"{stop.key}/{peer}", "resumed")


def apply_voice(state: State, entry: Read, body: VoiceStop | VoiceStopCalled, sender: str, receiver: str) -> None:
    """A STOP that came by voice, and what calling back gave."""
    match body:
        case VoiceStop():
            state.voice_stops[body.id] = HeldVoiceStop(body, entry.at, entry.mode)
            state.count_serial(body.id)
            for old in list(state.voice_stops)[:-VOICE_STOPS_KEPT]:
                del state.voice_stops[old]
        case VoiceStopCalled():
            held = state.voice_stops.get(body.id)
            if held is not None:
                held.calls.append((entry.at, body))
                del held.calls[:-STOP_ANSWERS_KEPT]


FOLDS: dict[Any, Fold] = {
    VoiceStop: apply_voice,
    VoiceStopCalled: apply_voice,
    StopSent: apply_stop,
    StopAnswered: apply_stop,
    Resumed: apply_stop,
}
