"""Enrolment: how two parties come to hold each other's true keys, with two persons and a telephone.

Three files pass between them, over any channel, even one that somebody else controls:

```
inviter                               invited
  invitation: commitment to a card ───────►
  ◄─────────── reply: the other's card, open
  reveal: the committed card, open ───────►
       both compute the same twelve words
       each person reads six of them aloud
```

The words are 132 bits of a hash over both cards. Whoever sits between the parties would have to show each of them
another card and still get the same words. Since the inviter is bound by the commitment before the reply exists, and the
invited party shows its card before the reveal exists, neither of two forged cards can be chosen to fit the other:
one blind try in 2^132, and no search on the side.

Nothing here is secret. What matters is that the persons know each other's voices, or have met.

Source: docs/explanation/enrolment.md.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Final, Literal

import msgspec

from keepclear.core.ids import check_party_id
from keepclear.errors import Malformed, Tampered
from keepclear.formats.enrolment.words import WORDS
from keepclear.record import Identity, canonical

WORD_BITS: Final = 11
WORD_COUNT: Final = 12
NONCE_BYTES: Final = 32
#: A card is some 4 kB; anything much larger is not one.
FILE_BYTES_MAX: Final = 64_000

_URL = re.compile(r"https://(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII)
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=\n]{1,7000})-----END CERTIFICATE-----\n?", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one party gives another: who it is, its keys, and its door.

    Attributes:
        party, name: its id, and its name for people.
        ed25519, mldsa44: record keys, base64.
        tls: the certificate that its node shows and calls with, PEM.
        url: `https://host:port` of its peer door.
        telephone: where its duty officer is reached when the line is down; may be empty.
    """

    party: str
    name: str
    ed25519: str
    mldsa44: str
    tls: str
    url: str
    telephone: str = ""


class Invitation(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="format", tag="keepclear-invitation/1"
):
    """First file: who invites, and the commitment to a card that comes later."""

    party: str
    commitment: str


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="format", tag="keepclear-reply/1"):
    """Second file: the invited party's card, and which invitation it answers."""

    commitment: str
    card: Card
    nonce: str


class Reveal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="format", tag="keepclear-reveal/1"):
    """Third file: the card that the invitation committed to."""

    commitment: str
    card: Card
    nonce: str


Side = Literal["inviter", "invited"]


def check_card(card: Card) -> Card:
    """The card, or what is wrong with it.

    Raises:
        Malformed: an id, key, certificate, address or telephone number that no card may carry; `at` names the field.
    """
    check_party_id(card.party, at="card.party")
    Identity.from_json({"party": card.party, "name": card.name, "ed25519": card.ed25519, "mldsa44": card.mldsa44})
    if len(card.name) > 80:
        raise Malformed("a name has at most 80 characters", at="card.name")
    certificate_sha256(card.tls)
    if not _URL.fullmatch(card.url):
        raise Malformed(f"a peer's door is https://host:port, without a path, not {card.url[:80]!r}", at="card.url")
    if len(card.telephone) > 40 or not (card.telephone.isprintable()):
        raise Malformed("a telephone number has at most 40 printable characters", at="card.telephone")
    return card


def certificate_sha256(pem: str) -> str:
    """SHA-256 of the one certificate in a PEM text, 64 hexadecimal digits: what a peer is pinned by.

    Raises:
        Malformed: not exactly one certificate in PEM.
    """
    match = _PEM.fullmatch(pem)
    if match is None:
        raise Malformed("exactly one certificate in PEM was expected", at="tls")
    try:
        der = base64.b64decode(match.group(1).replace("\n", ""), validate=True)
    except ValueError:
        raise Malformed("the certificate is not in base64", at="tls") from None
    return hashlib.sha256(der).hexdigest()


def invite(card: Card, nonce: bytes) -> Invitation:
    """Commit to our card; keep the nonce until `reveal`. The nonce is 32 random bytes, given."""
    return Invitation(check_card(card).party, _commitment(card, _check_nonce(nonce)))


def reply(invitation: Invitation, card: Card, nonce: bytes) -> Reply:
    """Answer an invitation with our card.

    Raises:
        Malformed: the invitation or the card is not one, or the invitation is our own.
    """
    check_party_id(invitation.party, at="invitation.party")
    if not _HEX.fullmatch(invitation.commitment):
        raise Malformed("a commitment is 64 hexadecimal digits", at="invitation.commitment")
    if invitation.party == check_card(card).party:
        raise Malformed(f"this invitation is our own: {invitation.party}", at="invitation.party")
    return Reply(invitation.commitment, card, _check_nonce(nonce).hex())


def reveal(invitation: Invitation, answer: Reply, card: Card, nonce: bytes) -> Reveal:
    """Open the committed card, after the reply has come. Card and nonce are those given to `invite`.

    Raises:
        Tampered: the reply answers another invitation, or this is not the card that was committed to.
    """
    check_card(answer.card)
    shown = Reveal(invitation.commitment, card, _check_nonce(nonce).hex())
    _check_same(invitation, answer, shown)
    return shown


def confirmation_words(invitation: Invitation, answer: Reply, shown: Reveal) -> tuple[str, ...]:
    """The twelve words that both persons must have on their screens.

    Raises:
        Tampered: the three files are not of one enrolment, or the revealed card is not the committed one.
        Malformed: a card is none.
    """
    check_card(answer.card)
    check_card(shown.card)
    _check_same(invitation, answer, shown)
    digest = _digest(
        "keepclear/enrolment/words/v1",
        {
            "commitment": invitation.commitment,
            "invited": msgspec.to_builtins(answer.card),
            "invited_nonce": answer.nonce,
            "inviter": msgspec.to_builtins(shown.card),
            "inviter_nonce": shown.nonce,
        },
    )
    number = int.from_bytes(digest, "big") >> (256 - WORD_BITS * WORD_COUNT)
    return tuple(WORDS[(number >> (WORD_BITS * place)) & (2**WORD_BITS - 1)] for place in reversed(range(WORD_COUNT)))


def words_to_read(words: tuple[str, ...], side: Side) -> tuple[str, ...]:
    """The half that the person on this side reads aloud; the other half is what they must hear."""
    half = len(words) // 2
    return words[:half] if side == "inviter" else words[half:]


def same_words(spoken: str, expected: tuple[str, ...]) -> bool:
    """Whether what a person typed is the expected words; capitals, commas and spaces do not matter."""
    return re.findall(r"[a-z]+", spoken.lower()) == list(expected)


def write(value: Invitation | Reply | Reveal) -> bytes:
    """The file of one step: JSON, readable."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


_decoder: msgspec.json.Decoder[Invitation | Reply | Reveal] = msgspec.json.Decoder(Invitation | Reply | Reveal)


def read(data: bytes) -> Invitation | Reply | Reveal:
    """The step that a file holds.

    Raises:
        Malformed: too large, not one of the three, or a field that is missing, wrong or unknown.
    """
    if len(data) > FILE_BYTES_MAX:
        raise Malformed(f"an enrolment file has at most {FILE_BYTES_MAX} bytes, not {len(data)}")
    try:
        return _decoder.decode(data)
    except msgspec.MsgspecError as problem:
        raise Malformed(f"not an enrolment file: {problem}") from None


def _check_same(invitation: Invitation, answer: Reply, shown: Reveal) -> None:
    if not invitation.commitment == answer.commitment == shown.commitment:
        raise Tampered("these files belong to different enrolments: the commitments differ")
    if invitation.party != shown.card.party:
        raise Tampered(f"{invitation.party} invited, but the revealed card is {shown.card.party}'s")
    if _commitment(shown.card, _check_nonce(bytes.fromhex(_hex(shown.nonce)))) != invitation.commitment:
        raise Tampered("the revealed card is not the one that the invitation committed to")
    _check_nonce(bytes.fromhex(_hex(answer.nonce)))
    if answer.card.party == shown.card.party:
        raise Tampered(f"both cards are {shown.card.party}'s")


def _commitment(card: Card, nonce: bytes) -> str:
    content = {"card": msgspec.to_builtins(card), "nonce": nonce.hex()}
    return _digest("keepclear/enrolment/commitment/v1", content).hex()


def _digest(label: str, content: dict[str, object]) -> bytes:
    return hashlib.sha256(label.encode() + b"\x00" + canonical.encode(content)).digest()


def _check_nonce(nonce: bytes) -> bytes:
    if len(nonce) != NONCE_BYTES:
        raise Malformed(f"a nonce has {NONCE_BYTES} bytes, not {len(nonce)}", at="nonce")
    return nonce


def _hex(text: str) -> str:
    if not _HEX.fullmatch(text):
        raise Malformed("a nonce is 64 hexadecimal digits", at="nonce")
    return text
