"""/v1/cards: what was said by voice; and notices as cards and in languages (T2, V1, V2)."""

from __future__ import annotations

from keepclear.core.challenge import grouped
from keepclear.core.ids import check_party_id, make_key
from keepclear.core.notice import Mode
from keepclear.core.timespan import zulu
from keepclear.errors import KeepclearError, NotAllowed, NotFound
from keepclear.faces.http.endpoint import Api, Asked, Endpoint
from keepclear.formats import voice_card
from keepclear.formats.api import answers, requests
from keepclear.formats.phrasebook import render, said_of
from keepclear.formats.voice_card import Card
from keepclear.node.commands.voice import TypeCard
from keepclear.node.held import HeldCard
from keepclear.node.logs import channel
from keepclear.record import Envelope, canonical

#: Entries of our channel in which an answer by voice looks for the notice that it names: the newest.
_LOOKED_AT = 2_000


async def notice_card(api: Api, asked: Asked) -> answers.Card:
    """A notice as a voice card."""
    entry = _entry_of(api, asked)
    said = said_of(entry)
    card = voice_card.card_of(said.kind, said.mode, said.sender, said.receiver, said.body)
    lines = tuple(line.typed() for line in card.lines)
    return answers.Card(
        card.kind, card.mode, card.sender, card.to, card.hash, card.is_whole, lines, card.text()
    )  # fmt: skip


async def notice_text(api: Api, asked: Asked) -> answers.TextAnswer:
    """A notice in a language."""
    language = asked.query.get("language", "en")
    if language not in api.phrasebooks:
        known = ", ".join(api.phrasebooks)
        raise NotFound(f"no phrase file says {language[:40]!r}; there are {known}", at="language")
    book, signer = api.phrasebooks[language]
    said = render(said_of(_entry_of(api, asked)), book, signer=signer)
    direction = "rtl" if said.is_right_to_left else "ltr"
    return answers.TextAnswer(language, direction, said.is_draft, signer, said.hash, said.text(), said.html())


def _entry_of(api: Api, asked: Asked) -> Envelope:
    """The entry of the newest version of a notice, as the other side has it."""
    node = api.node
    held = node.picture.notice(make_key(check_party_id(asked.path["party"]), asked.path["id"]))
    if held.is_own:
        newest = held.latest.version
        to = asked.query.get("to", "")
        sent = [told for (peer, version), told in held.sent.items() if version == newest and to in ("", peer)]
        if not sent:
            raise NotFound(f"{held.key} v{newest} was shown to nobody" + (f" named {to}" if to else ""), at="to")
        log, n = sent[0].log, sent[0].n
    else:
        log, n = held.latest.log, held.latest.n
    return Envelope.from_bytes(node.store.log_entries(log, n, 1)[0].data)


async def challenge(api: Api, asked: Asked) -> answers.Challenge:
    """Six fresh letters."""
    body: requests.ChallengeRequest = asked.body
    party = check_party_id(body.party)
    api.node.exchange.identity_of(party)
    fresh = api.node.voice.challenge(party, api.node.now_us())
    return answers.Challenge(party, fresh, voice_card.say(grouped(fresh)))


async def type_card(api: Api, asked: Asked) -> answers.TypedCard:
    """A card that an officer typed in. A STOP is taken whatever its token says; another message is not."""
    body: requests.TypeCardRequest = asked.body
    node = api.node
    card = voice_card.read_card(body.lines, known_hashes=_known(api, body.lines))
    if card.to != node.party:
        raise NotAllowed(f"this card is for {card.to}, not for {node.party}", at="FROM")
    table, row, good, forced = _authentication(api, body, card)
    said = canonical.encode(card.body).decode()
    command = TypeCard(
        card.sender, card.kind, Mode(card.mode), said, card.hash, card.is_whole, body.by,
        table, row, good, forced,
    )  # fmt: skip
    await api.submit(asked, command)
    held = node.picture.cards.get((card.sender, card.hash))
    if held is None:
        raise NotFound("it was recorded, and is no longer in the picture")
    return _typed(held)


def _authentication(api: Api, body: requests.TypeCardRequest, card: Card) -> tuple[str, int, bool, bool]:
    """Table, row, whether the token is good, and whether it was forced."""
    if not body.token:
        return "", 0, False, False
    digest = voice_card.card_digest(card.kind, card.mode, card.sender, card.to, card.hash)
    try:
        table, verdict = api.node.voice.judge(
            card.sender, body.challenge, body.row, body.token, digest, api.node.now_us()
        )
        if (table, body.row) in api.node.picture.voice_rows or not verdict.is_good:
            raise NotAllowed("the token does not answer for this card: say a fresh challenge, or call back", at="token")
    except KeepclearError:
        # A STOP that cannot be authenticated is shown and marked; the call-back tells.
        if card.kind != "stop":
            raise
        return "", 0, False, False
    return table, body.row, True, verdict.is_duress


def _known(api: Api, lines: str) -> set[str]:
    if "SAYS" not in lines.upper():
        return set()
    known: set[str] = set()
    for party in api.node.picture.peers:
        log = channel(api.node.party, party)
        size = api.node.loop.logs.size(log)
        first = max(0, size - _LOOKED_AT)
        for stored in api.node.store.log_entries(log, first, size - first):
            entry = Envelope.from_bytes(stored.data)
            if entry.kind == "notice":
                known.add(voice_card.content_hash(entry.body))
                known.add(voice_card.content_hash(voice_card.spoken_form("notice", entry.body).body))
    return known


async def list_cards(api: Api, _: Asked) -> list[answers.TypedCard]:
    """What was said to us by voice, the oldest first."""
    return [_typed(held) for held in api.node.picture.cards.values()]


def _typed(held: HeldCard) -> answers.TypedCard:
    typed = held.typed
    state = "waiting" if not held.compared_at else "agrees" if held.agrees else "differs"
    return answers.TypedCard(
        typed.party, typed.card, held.mode.value, typed.subject, typed.hash, typed.is_whole, typed.by, zulu(held.at),
        typed.is_authenticated, typed.call_back, typed.is_forced, state, typed.said,
    )  # fmt: skip


_TO = {"to": "the peer whose channel holds it; any when not given"}
ENDPOINTS = (
    Endpoint("GET", "/v1/notices/{party}/{id}/card", "A notice as a voice card of at most 14 lines", notice_card,
             answer=answers.Card, query=_TO, errors=("not_found",)),
    Endpoint("GET", "/v1/notices/{party}/{id}/text", "A notice in a language, from its codes", notice_text,
             answer=answers.TextAnswer, query={"language": "en, ru, ar, he, tr, fr, or your own", **_TO},
             errors=("not_found",)),
    Endpoint("GET", "/v1/cards", "What was said to us by voice", list_cards, answer=list[answers.TypedCard]),
    Endpoint("POST", "/v1/cards", "Type in a card that was read out", type_card, requests.TypeCardRequest,
             answers.TypedCard, 201, errors=("line_wrong", "replayed", "not_found", "unlawful_change")),
    Endpoint("POST", "/v1/cards/challenge", "A fresh challenge for a party that speaks to us", challenge,
             requests.ChallengeRequest, answers.Challenge, 201, errors=("not_allowed",)),
)  # fmt: skip
