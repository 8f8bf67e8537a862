"""`keepclear peer`: enrol another party's keys, list and remove them.

Three files pass between the parties; docs/explanation/enrolment.md says why. What this side must remember between
them lies in the folder `enrolment` of the node, readable by its owner only.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer

from keepclear.cli.common import HERE, AsJson, By, Home, client_of, say, show, table, tell, write_new
from keepclear.errors import Malformed, NotFound, Refused

if TYPE_CHECKING:
    from keepclear.formats.enrolment import Card, Invitation, Reply, Reveal, Side

FOLDER: Final = "enrolment"


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What this side remembers of one enrolment: its part in it, and the files so far."""

    side: str
    nonce: str
    card: dict[str, str]
    invitation: dict[str, str]
    reply: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Words:
    """Both sides hold both cards now: two persons compare the words.

    Attributes:
        read, hear: six words to read aloud, and six that must be heard from the other side.
        card: the other party's.
        ours: who we are.
        reveal: a file that the other side still needs; None when it has all.
    """

    read: tuple[str, ...]
    hear: tuple[str, ...]
    card: Card
    ours: str
    reveal: Reveal | None


def own_card(home: Path) -> Card:
    """What we show of ourselves, from the node's folder."""
    from keepclear import config
    from keepclear.formats.enrolment import Card, check_card
    from keepclear.links import system

    loaded = config.load(home)
    identity, _ = system.load_identity(loaded.folder)
    return check_card(
        Card(
            party=identity.party,
            name=identity.name,
            ed25519=base64.b64encode(identity.ed25519).decode(),
            mldsa44=base64.b64encode(identity.mldsa44).decode(),
            tls=system.peer_files(loaded.folder).certificate.read_text(encoding="ascii"),
            url=loaded.peer_url,
            telephone=loaded.telephone,
        )
    )


def make_invitation(home: Path) -> Invitation:
    """First file: commits us to our card."""
    from keepclear.formats import enrolment
    from keepclear.links.system import SystemEntropy

    card, nonce = own_card(home), SystemEntropy().draw(enrolment.NONCE_BYTES)
    invitation = enrolment.invite(card, nonce)
    _keep(home, invitation.commitment, _Kept("inviter", nonce.hex(), _plain(card), _plain(invitation)))
    return invitation


def make_reply(home: Path, invitation: Invitation) -> Reply:
    """Second file: our card, openly."""
    from keepclear.formats import enrolment
    from keepclear.links.system import SystemEntropy

    card, nonce = own_card(home), SystemEntropy().draw(enrolment.NONCE_BYTES)
    answer = enrolment.reply(invitation, card, nonce)
    kept = _Kept("invited", nonce.hex(), _plain(card), _plain(invitation), _plain(answer))
    _keep(home, invitation.commitment, kept)
    return answer


def take_reply(home: Path, answer: Reply) -> Words:
    """The inviter has the other card: opens its own, and knows the words."""
    from keepclear.formats import enrolment

    kept = _kept(home, answer.commitment, "inviter")
    if kept.reply and kept.reply != _plain(answer):
        raise Refused("another reply to this invitation was taken before; begin again with `keepclear peer invite`")
    invitation = msgspec.convert(kept.invitation, enrolment.Invitation)
    card = msgspec.convert(kept.card, enrolment.Card)
    shown = enrolment.reveal(invitation, answer, card, bytes.fromhex(kept.nonce))
    _keep(home, answer.commitment, msgspec.structs.replace(kept, reply=_plain(answer)))
    return _words(enrolment.confirmation_words(invitation, answer, shown), "inviter", answer.card, card.party, shown)


def take_reveal(home: Path, shown: Reveal) -> Words:
    """The invited party sees the card that was committed to, and knows the words."""
    from keepclear.formats import enrolment

    kept = _kept(home, shown.commitment, "invited")
    invitation = msgspec.convert(kept.invitation, enrolment.Invitation)
    answer = msgspec.convert(kept.reply, enrolment.Reply)
    words = enrolment.confirmation_words(invitation, answer, shown)
    return _words(words, "invited", shown.card, answer.card.party, None)


def check_heard(words: Words, heard: str) -> None:
    """Raise Refused unless the words that were heard are the ones that the other side should read."""
    from keepclear.formats.enrolment import same_words

    if not same_words(heard, words.hear):
        raise Refused(
            "these are not the words: nothing was enrolled. Hear them again; if they still differ, somebody may sit"
            " between you: begin anew over another channel",
            at="words",
        )


def enrol(home: Path, words: Words, heard: str, persons: tuple[str, str]) -> None:
    """Enrol the other party at our running node, if the words that were heard are the right ones.

    Raises:
        Refused: they are not: somebody may sit between the two parties.
    """
    from keepclear.client import to_request
    from keepclear.formats.api.requests import EnrolPeerRequest
    from keepclear.record import Identity

    check_heard(words, heard)
    card = words.card
    with client_of(home) as client:
        client.enrol_peer(to_request(EnrolPeerRequest, {**_plain(card), "persons": persons}))
    from keepclear.cli.init import write_identity

    identity = Identity(card.party, card.name, base64.b64decode(card.ed25519), base64.b64decode(card.mldsa44))
    write_identity(home / FOLDER / f"{card.party}.identity.json", identity)


def _words(words: tuple[str, ...], side: Side, card: Card, ours: str, shown: Reveal | None) -> Words:
    from keepclear.formats.enrolment import words_to_read

    other: Side = "invited" if side == "inviter" else "inviter"
    return Words(words_to_read(words, side), words_to_read(words, other), card, ours, shown)


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(value)
    return plain


def _file_of(home: Path, commitment: str) -> Path:
    return home / FOLDER / f"{commitment[:32]}.json"


def _keep(home: Path, commitment: str, kept: _Kept) -> None:
    from keepclear.links.system import write_private

    (home / FOLDER).mkdir(mode=0o700, exist_ok=True)
    write_private(_file_of(home, commitment), msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")


def _kept(home: Path, commitment: str, side: str) -> _Kept:
    from keepclear.links.system import read_private

    path = _file_of(home, commitment)
    if not commitment.isalnum() or not path.exists():
        raise NotFound("this file belongs to no enrolment that this node began or answered", at="commitment")
    kept = msgspec.json.decode(read_private(path), type=_Kept)
    if kept.side != side:
        raise Malformed(f"this file is for the other side: here this node is the {kept.side} party")
    return kept


# -------------------------------------------------------------------------------------------------------- commands


def invite(
    home: Home = HERE,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to; PARTY.invitation when not given.")] = None,
) -> None:
    """Invite another party: makes the first of three files, to be sent over any channel."""
    from keepclear.formats import enrolment

    invitation = make_invitation(home)
    path = out or Path(f"{invitation.party}.invitation")
    write_new(path, enrolment.write(invitation))
    say(f"wrote {path}")
    say("Send it to the other party. They answer with a file: keepclear peer accept THAT_FILE")


def accept(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An invitation, a reply or a reveal.")],
    home: Home = HERE,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to, when there is a file to send back.")
    ] = None,
    words: Annotated[
        str, typer.Option(help="The six words that the other person read aloud; asked for when not given.")
    ] = "",
    persons: Annotated[
        tuple[str, str], typer.Option(metavar="OURS THEIRS", help="The two persons who compared the words.")
    ] = ("", ""),
) -> None:
    """Take the next file of an enrolment, whichever it is. The last step asks for the words that were heard."""
    from keepclear.formats import enrolment

    step = enrolment.read(file.read_bytes()[: enrolment.FILE_BYTES_MAX + 1])
    if isinstance(step, enrolment.Invitation):
        answer = make_reply(home, step)
        path = out or Path(f"{answer.card.party}.reply")
        write_new(path, enrolment.write(answer))
        say(f"{step.party} invites you. Wrote {path}: send it back, and wait for the third file.")
        return
    compared = take_reply(home, step) if isinstance(step, enrolment.Reply) else take_reveal(home, step)
    if compared.reveal is not None:
        path = out or Path(f"{compared.ours}.reveal")
        if not path.exists():
            write_new(path, enrolment.write(compared.reveal))
        say(f"wrote {path}: send it to {compared.card.name}, then telephone them.")
    _compare(home, compared, words, persons)


def _compare(home: Path, compared: Words, words: str, persons: tuple[str, str]) -> None:
    card = compared.card
    say(f"This enrols {card.name} ({card.party}) at {card.url}, telephone {card.telephone or 'not given'}.")
    say("Two persons who know each other's voices compare twelve words by telephone.")
    say(f"Read aloud:  {' '.join(compared.read)}")
    heard = words or typer.prompt("Type the six words you hear")
    check_heard(compared, heard)
    ours = persons[0] or typer.prompt("Your name")
    theirs = persons[1] or typer.prompt("The other person's name")
    enrol(home, compared, heard, (ours, theirs))
    say(f"{card.party} is enrolled.")


def list_peers(home: Home = HERE, as_json: AsJson = False) -> None:
    """Parties that are enrolled, and how the line to each is."""
    with client_of(home) as client:
        peers = client.peers()
    heads = ("party", "name", "line", "last heard", "undelivered", "cosigned", "telephone")
    rows = [
        (
            peer.party, peer.name, peer.line, peer.last_heard or "never", str(peer.undelivered),
            f"{peer.cosigned_size} of {peer.channel_size}", peer.telephone,
        )
        for peer in peers
    ]  # fmt: skip
    show(peers, lambda: table([heads, *rows]) or ["no party is enrolled: keepclear peer invite"], as_json=as_json)


def remove(party: Annotated[str, typer.Argument(metavar="PARTY", help="Its id.")], by: By, home: Home = HERE) -> None:
    """Accept nothing more that is signed by a party's keys. What it signed before stays in the record."""
    with client_of(home) as client:
        client.remove_peer(party, by)
    tell(f"{party} is removed")
