"""What was said by voice: typed in by an officer, and compared by full hash with what the link brings (V1, V2).

A card commands nothing and answers nothing on the line: it is shown, marked by voice. A STOP that cannot be
authenticated is taken all the same, marked, with the number to call back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from keepclear.core.ids import check_person, make_key
from keepclear.core.notice import Mode
from keepclear.errors import KeepclearError, LimitReached, NotFound, Refused, UnlawfulChange
from keepclear.formats.voice_card import KINDS, content_hash, spoken_form
from keepclear.node.commands import Command
from keepclear.node.commands.voice import TypeCard
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries import Entry
from keepclear.node.entries import content_hash as body_hash
from keepclear.node.entries.voice import SAID_MAX, CardCompared, CardTyped
from keepclear.node.handlers import Decide
from keepclear.node.logs import Read
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings


class Replayed(Refused):
    """The one-time secret of this row has served already."""

    code, status = "replayed", 409


def subject_of(kind: str, body: Mapping[str, Any]) -> str:
    """Which entry of its kind a body is: what a card and the entry that comes later have in common.

    >>> subject_of("notice", {"id": "A-0412", "version": 2})
    'A-0412 v2'
    """
    match kind:
        case "notice":
            return f"{body['id']} v{body['version']}"
        case "answer":
            return f"{body['alert']} {body['answer']}"
        case "stop_answer":
            return f"{body['id']} {body['answer']}"
        case "channel_state":
            return f"{body['channel']} {body['state']}"
        case _:
            return str(body["id"])


def type_card(picture: Picture, command: TypeCard, now_us: int, settings: Settings) -> Decision:
    """A card that was typed in stands in our private record, and in the picture as said by voice."""
    peer = picture.peers.get(command.party)
    if peer is None or peer.is_removed:
        raise NotFound(f"{command.party} is not enrolled: nobody's number is known to call back", at="party")
    check_person(command.by)
    if len(command.said) > SAID_MAX:
        raise LimitReached(f"what a card says has at most {SAID_MAX} characters", at="lines")
    if command.row and (command.table, command.row) in picture.voice_rows:
        raise Replayed(f"row {command.row} of table {command.table} was used: ask for another row", at="row")
    held = picture.cards.get((command.party, command.hash))
    if held is not None and (held.typed.is_authenticated or not command.is_authenticated):
        raise UnlawfulChange(f"this card was typed in already, by {held.typed.by}", at="lines")
    body = msgspec.json.decode(command.said)
    typed = CardTyped(
        command.party, command.card, subject_of(command.card, body), command.hash, command.said, command.by,
        command.is_whole, command.is_authenticated, peer.enrolled.telephone, command.table, command.row,
        command.is_forced,
    )  # fmt: skip
    drafts = [Draft(typed, mode=command.mode)]
    came = _came_before(picture, command, body)
    if came is not None:
        drafts += _comparison(typed, command.mode, *came)
    return Decision(tuple(drafts), subject=command.hash)


def _came_before(picture: Picture, command: TypeCard, body: Mapping[str, Any]) -> tuple[Entry, Mode] | None:
    """The entry that the card says, where the link brought it already and the picture still holds it."""
    key = make_key(command.party, str(body.get("id", "")))
    if command.card == "notice" and (notice := picture.notices.get(key)):
        return next(((each.body, each.mode) for each in notice.versions if each.version == body["version"]), None)
    if command.card == "stop" and (stop := picture.stops.get(key)):
        return stop.sent, stop.mode
    return None


def _comparison(typed: CardTyped, mode: Mode, body: Entry, came_in: Mode) -> list[Draft]:
    said = content_hash(spoken_form(typed.card, msgspec.to_builtins(body)).body)
    agrees = said == typed.hash and mode is came_in
    return [Draft(CardCompared(typed.party, typed.hash, body_hash(body), agrees), mode=mode)]


def compared(picture: Picture, read: Read, sender: str) -> list[Draft]:
    """Whether an entry of a peer is what a card said before; nothing when no card did (V1)."""
    waiting = [held for (party, _), held in picture.cards.items() if party == sender and not held.compared_at]
    if not waiting or read.body is None or read.kind not in KINDS:
        return []
    subject = subject_of(read.kind, msgspec.to_builtins(read.body))
    found = []
    for held in waiting:
        if held.typed.card == read.kind and held.typed.subject == subject:
            try:
                found += _comparison(held.typed, held.mode, read.body, read.mode)
            except KeepclearError:
                # It cannot be said by voice at all, so it is not what the card said.
                entry = body_hash(read.body)
                found.append(Draft(CardCompared(sender, held.typed.hash, entry, False), mode=held.mode))
    return found


TABLE: dict[type[Command], Decide] = {TypeCard: type_card}
