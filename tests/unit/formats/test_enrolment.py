"""Enrolment: the words are the same at both ends, and nobody in between can make them so."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from given import an_identity
from keepclear.errors import Malformed, Tampered
from keepclear.formats import enrolment
from keepclear.formats.enrolment.words import WORDS

PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def card(party: str, **changes: str) -> enrolment.Card:
    identity = an_identity(party).to_json()
    values = {**identity, "tls": PEM, "url": "https://127.0.0.1:8444", "telephone": "+00 555 1", **changes}
    return enrolment.Card(**values)


def nonce(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def an_enrolment(amber=None, birch=None):
    amber, birch = amber or card("amber"), birch or card("birch")
    invitation = enrolment.invite(amber, nonce("a"))
    reply = enrolment.reply(invitation, birch, nonce("b"))
    return invitation, reply, enrolment.reveal(invitation, reply, amber, nonce("a"))


def test_the_word_list_is_that_of_bip_0039():
    assert hashlib.sha256(("\n".join(WORDS) + "\n").encode()).hexdigest() == (
        "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"
    )
    assert len({word[:4] for word in WORDS}) == 2048


def test_both_ends_have_the_same_twelve_words_and_read_different_halves():
    steps = an_enrolment()
    words = enrolment.confirmation_words(*steps)
    read = [enrolment.read(enrolment.write(step)) for step in steps]

    assert enrolment.confirmation_words(*read) == words
    assert len(words) == 12
    assert enrolment.words_to_read(words, "inviter") + enrolment.words_to_read(words, "invited") == words
    assert enrolment.WORD_BITS * enrolment.WORD_COUNT >= 128


@pytest.mark.parametrize("field", ["name", "ed25519", "mldsa44", "tls", "url", "telephone"])
@pytest.mark.parametrize("side", ["amber", "birch"])
def test_another_card_on_either_side_gives_other_words(field, side):
    other = {
        "name": "Other", "url": "https://10.0.0.1:8444", "telephone": "+00 666", "tls": PEM.replace("AAAA", "BBBB"),
        "ed25519": an_identity("cedar").to_json()["ed25519"], "mldsa44": an_identity("cedar").to_json()["mldsa44"],
    }  # fmt: skip
    changed = card(side, **{field: other[field]})

    words = enrolment.confirmation_words(*an_enrolment(**{side: changed}))

    assert words != enrolment.confirmation_words(*an_enrolment())


def test_a_card_that_was_not_committed_to_cannot_be_revealed():
    invitation, reply, _ = an_enrolment()

    with pytest.raises(Tampered, match="not the one"):
        enrolment.reveal(invitation, reply, card("amber", url="https://10.0.0.1:1"), nonce("a"))
    with pytest.raises(Tampered, match="not the one"):
        enrolment.reveal(invitation, reply, card("amber"), nonce("another"))


def test_files_of_different_enrolments_do_not_go_together():
    invitation, _, reveal = an_enrolment()
    later = enrolment.reply(enrolment.invite(card("amber"), nonce("later")), card("birch"), nonce("b"))

    with pytest.raises(Tampered, match="different enrolments"):
        enrolment.confirmation_words(invitation, later, reveal)


def test_a_party_does_not_enrol_itself():
    invitation = enrolment.invite(card("amber"), nonce("a"))

    with pytest.raises(Malformed, match="our own"):
        enrolment.reply(invitation, card("amber"), nonce("b"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("party", "Amber"), ("name", ""), ("name", "x" * 81), ("ed25519", "AAAA"), ("mldsa44", "!!"), ("tls", "none"),
        ("tls", PEM + PEM), ("url", "http://127.0.0.1:1"), ("url", "https://a/path"), ("url", "https://u:p@a:1"),
        ("telephone", "1" * 41), ("telephone", "1\n2"),
    ],
)  # fmt: skip
def test_a_card_that_cannot_be_is_refused(field, value):
    with pytest.raises(Malformed):
        enrolment.check_card(msgspec.structs.replace(card("amber"), **{field: value}))


@pytest.mark.parametrize("data", [b"", b"{}", b'{"format":"keepclear-reply/2"}', b"[" * 9999, b"x" * 64_001])
def test_bytes_that_are_no_enrolment_file_are_refused(data):
    with pytest.raises(Malformed):
        enrolment.read(data)


def test_an_unknown_field_is_refused():
    data = enrolment.write(an_enrolment()[0]).replace(b'"party"', b'"target": "x", "party"')

    with pytest.raises(Malformed, match="target"):
        enrolment.read(data)


@pytest.mark.parametrize(
    ("typed", "fits"),
    [
        ("Zoo, abandon", True),
        ("  zoo\tABANDON ", True),
        ("abandon zoo", False),
        ("zoo", False),
        ("zoo abandon zoo", False),
    ],
)
def test_words_are_compared_by_words_and_not_by_their_spelling_of_spaces(typed, fits):
    assert enrolment.same_words(typed, ("zoo", "abandon")) is fits
