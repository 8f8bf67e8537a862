"""A tlog-proof stands alone, and a given receipt cannot be made by whoever withholds the entry."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.record.records import Exchange, identity_of, signer_of, talk

from keepclear.errors import KeepclearError, Malformed, Tampered
from keepclear.record import (
    Bundle,
    canonical,
    leaf_hash,
    make_bundle,
    make_given,
    note,
    parse_bundle,
    verify_bundle,
    verify_given,
)

AMBER, BIRCH = identity_of("amber"), identity_of("birch")


def given_receipt(n: int = 0) -> tuple[bytes, Exchange]:
    """The receipt that Amber's entry n was given."""
    exchange = talk(3)
    m = next(m for m, data in enumerate(exchange.back.entries) if f'"index":{n},'.encode() in data)
    data = make_given(
        sender=AMBER,
        receiver=BIRCH,
        entry=exchange.forth.entries[n],
        proof=exchange.bundle(exchange.forth, n, exchange.forth.checkpoints[-1]),
        received=exchange.back.entries[m],
        received_proof=exchange.bundle(exchange.back, m, exchange.back.checkpoints[-1]),
    )
    return data, exchange


def test_a_receipt_says_what_was_given_to_whom_and_when() -> None:
    data, exchange = given_receipt(1)

    shown = verify_given(data, [BIRCH, AMBER])

    assert (shown.sender, shown.receiver) == (AMBER, BIRCH)
    assert shown.entry.n == 1 and shown.entry.body["serial"] == "A-1"
    assert shown.leaf_hash == leaf_hash(exchange.forth.entries[1])
    assert shown.size == 4
    assert shown.cosigned_at_s == exchange.at_us // 1_000_000 + 1


def _change(how: Callable[[dict[str, Any]], None]) -> bytes:
    value = json.loads(given_receipt()[0])
    how(value)
    return canonical.encode(value)


def _without_cosignature(value: dict[str, Any], keep: int) -> None:
    bundle = parse_bundle(value["proof"])
    signed = note.parse(bundle.checkpoint)
    bare = note.render(note.Note(signed.text, signed.signatures[:keep]))
    value["proof"] = make_bundle(bundle.index, bundle.proof, bare)


def _other_entry(value: dict[str, Any]) -> None:
    exchange = talk(3)
    value["entry"] = exchange.forth.entries[1].decode()
    value["proof"] = exchange.bundle(exchange.forth, 1, exchange.forth.checkpoints[-1])


def _entry_never_sent(value: dict[str, Any]) -> None:
    value["entry"] = value["entry"].replace("A-0", "A-9")


def _answer_is_no_received(value: dict[str, Any]) -> None:
    exchange = talk(3)
    m = next(m for m, data in enumerate(exchange.back.entries) if b'"alert"' in data)
    value["received"] = exchange.back.entries[m].decode()
    value["received_proof"] = exchange.bundle(exchange.back, m, exchange.back.checkpoints[-1])


@pytest.mark.parametrize(
    "how",
    [
        lambda value: _without_cosignature(value, 1),
        lambda value: _without_cosignature(value, 2),
        _other_entry,
        _entry_never_sent,
        _answer_is_no_received,
        lambda value: value.update(received=value["entry"], received_proof=value["proof"]),
        lambda value: value.update(sender=value["receiver"], receiver=value["sender"]),
        lambda value: value.update(receiver=identity_of("birch", "cedar").to_json()),
        lambda value: value.update(receiver=identity_of("cedar").to_json()),
        lambda value: value.update(sender=identity_of("amber", "cedar").to_json()),
        lambda value: value.update(format="keepclear-given/2"),
        lambda value: value.update(more=1),
        lambda value: value.update(entry=1),
        lambda value: value.pop("proof"),
    ],
)
def test_a_receipt_whose_parts_do_not_hold_together_is_refused(how: Callable[[dict[str, Any]], None]) -> None:
    with pytest.raises((Tampered, Malformed)):
        verify_given(_change(how))


def test_a_sender_that_withholds_the_entry_cannot_make_a_receipt() -> None:
    # Amber writes an entry, signs it alone, and never sends it; Birch has cosigned all up to the entry before.
    data, exchange = given_receipt()
    withheld = exchange.say(exchange.forth, "notice", {"serial": "A-withheld"})
    alone = exchange.sign(exchange.forth, cosigned=False)
    cosigned = exchange.forth.checkpoints[-2]
    genuine = json.loads(data)

    # Its own signature is not enough; nor are Birch's lines moved from an older checkpoint, nor its own cosignature.
    moved = note.add(alone, [each for each in note.parse(cosigned).signatures if each.name == "keepclear/birch"])
    for checkpoint in (alone, moved):
        with pytest.raises(KeepclearError):
            make_given(
                sender=AMBER,
                receiver=BIRCH,
                entry=exchange.forth.entries[withheld],
                proof=exchange.bundle(exchange.forth, withheld, checkpoint),
                received=genuine["received"].encode(),
                received_proof=genuine["received_proof"],
            )
    # Even with a true cosignature over it (a receiver that signs unseen), Birch's own word that it came is missing.
    careless = exchange.sign(exchange.forth)
    with pytest.raises(Tampered, match="`received` names entry 0"):
        make_given(
            sender=AMBER,
            receiver=BIRCH,
            entry=exchange.forth.entries[withheld],
            proof=exchange.bundle(exchange.forth, withheld, careless),
            received=genuine["received"].encode(),
            received_proof=genuine["received_proof"],
        )


def test_a_receipt_with_other_keys_than_the_trusted_ones_is_refused() -> None:
    data, _ = given_receipt()

    for trusted in (identity_of("birch", "cedar"), identity_of("cedar")):
        with pytest.raises(Tampered):
            verify_given(data, [trusted])


def test_a_tlog_proof_reads_back_as_it_was_made_with_and_without_extra_data() -> None:
    exchange = talk(3)
    checkpoint = exchange.forth.checkpoints[-1]
    for extra in (b"", b"\x00salt"):
        text = make_bundle(2, exchange.forth.tree.inclusion_proof(2, 4), checkpoint, extra)

        bundle = parse_bundle(text.encode())

        assert bundle == Bundle(2, tuple(exchange.forth.tree.inclusion_proof(2, 4)), checkpoint, extra)
        opened, _ = verify_bundle(bundle, exchange.forth.tree.leaf(2), AMBER.ed25519)
        assert (opened.origin, opened.size) == ("keepclear/amber/to/birch", 4)


def test_a_tlog_proof_is_laid_out_as_its_spec_says() -> None:
    exchange = talk(3)
    checkpoint = exchange.forth.checkpoints[0]

    lines = exchange.bundle(exchange.forth, 1, checkpoint).split("\n")

    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 1"]
    gap = lines.index("")
    assert gap == 2 + len(exchange.forth.tree.inclusion_proof(1, int(checkpoint.split("\n")[1])))
    assert "\n".join(lines[gap + 1 :]) == checkpoint


@pytest.mark.parametrize(
    "how",
    [
        lambda text: text.replace("@v1", "@v2"),
        lambda text: text.replace("index 1", "index 01"),
        lambda text: text.replace("index 1", "index -1"),
        lambda text: text.replace("index 1\n", ""),
        lambda text: text.replace("index 1\n", "index 1\nAAAA\n"),
        lambda text: text.replace("\n\n", "\n", 1),
        lambda text: text.replace("index 1\n", "index 1\n" + ("A" * 43 + "=\n") * 70),
        lambda text: "",
    ],
)
def test_what_is_no_tlog_proof_is_refused(how: Callable[[str], str]) -> None:
    exchange = talk(3)
    text = exchange.bundle(exchange.forth, 1, exchange.forth.checkpoints[0])

    with pytest.raises(Malformed):
        parse_bundle(how(text))


def test_a_tlog_proof_signed_by_another_log_key_is_refused() -> None:
    exchange = talk(3)
    bundle = parse_bundle(exchange.bundle(exchange.forth, 1, exchange.forth.checkpoints[0]))

    with pytest.raises(Tampered):
        verify_bundle(bundle, exchange.forth.tree.leaf(1), signer_of("cedar").ed25519_public)
