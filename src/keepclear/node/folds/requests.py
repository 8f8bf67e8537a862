"""How the picture takes up requests, replies and outcomes (N9, N10)."""

from __future__ import annotations

from typing import Any

from keepclear.core.ids import make_key
from keepclear.core.request import RequestState, after_reply, may_be_replied_to
from keepclear.core.timespan import SECOND_US
from keepclear.node.entries import (
    AlternativeAccepted,
    OutcomeReported,
    RequestReplied,
    RequestSent,
    RequestWithdrawn,
    content_hash,
)
from keepclear.node.held import HeldOutcome, HeldReply, HeldRequest, Subject
from keepclear.node.logs import Read
from keepclear.node.state import Fold, State

#: Requests of one party that stay in the picture, and things with an outcome: the newest.
REQUESTS_KEPT = 1_000
OUTCOMES_KEPT = 10_000


def apply_request(state: State, entry: Read, body: RequestSent, sender: str, receiver: str) -> None:
    """Something is asked. The same serial again is another request, after a restore: replies bind by hash."""
    key = make_key(sender, body.id)
    state.requests[key] = HeldRequest(
        key,
        sender,
        receiver,
        body.id,
        sender == state.party,
        entry.mode,
        entry.at,
        body,
        content_hash(body),
        due_at=entry.at + body.answer_within_s * SECOND_US,
        profile=entry.profile,
    )
    state.subjects[(entry.log, entry.n)] = Subject("request", key, 0, entry.at)
    if sender == state.party:
        state.count_serial(body.id)
    of_party = [held for held in state.requests.values() if held.party == sender]
    for held in of_party[:-REQUESTS_KEPT]:
        del state.requests[held.key]


def apply_reply(state: State, entry: Read, body: RequestReplied, sender: str, receiver: str) -> None:
    """A reply counts for who was asked, to who asked, about what was asked, while one is waited for."""
    held = state.requests.get(make_key(receiver, body.request.id))
    if held is None or held.to != sender or held.hash != body.request.hash or not may_be_replied_to(held.state):
        return
    if entry.mode is not held.mode:  # an exercise never answers what is meant, nor the other way round (V6)
        return
    held.state = after_reply(body.reply)
    held.reply = HeldReply(body, entry.leaf, entry.at)


def apply_accepted(state: State, entry: Read, body: AlternativeAccepted, sender: str, receiver: str) -> None:
    """The alternative is taken: the one that stands, and no other."""
    held = state.requests.get(make_key(sender, body.request.id))
    if held is None or held.state is not RequestState.ALTERNATIVE or held.reply is None or held.mode is not entry.mode:
        return
    if held.to == receiver and held.hash == body.request.hash and held.reply.leaf == body.reply:
        held.state, held.closed_by, held.closed_at = RequestState.ACCEPTED, body.by, entry.at


def apply_withdrawn(state: State, entry: Read, body: RequestWithdrawn, sender: str, receiver: str) -> None:
    """It is no longer asked."""
    held = state.requests.get(make_key(sender, body.id))
    if held is None or held.mode is not entry.mode:
        return
    if held.to == receiver and may_be_replied_to(held.state):
        held.state, held.closed_by, held.closed_at = RequestState.WITHDRAWN, body.by, entry.at


def apply_outcome(state: State, entry: Read, body: OutcomeReported, sender: str, receiver: str) -> None:
    """What each party says came of it: the newest of each, never merged (N10)."""
    of_subject = state.outcomes.pop(body.about, {})
    of_subject[sender] = HeldOutcome(sender, body, entry.at, entry.mode)
    state.outcomes[body.about] = of_subject
    while len(state.outcomes) > OUTCOMES_KEPT:
        del state.outcomes[next(iter(state.outcomes))]


FOLDS: dict[Any, Fold] = {
    RequestSent: apply_request,
    RequestReplied: apply_reply,
    AlternativeAccepted: apply_accepted,
    RequestWithdrawn: apply_withdrawn,
    OutcomeReported: apply_outcome,
}
