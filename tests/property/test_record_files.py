"""A record file with any one byte changed is refused, and a sound one is sound whatever was said in it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.record.records import Exchange, talk
from tests.unit.record.test_bundle import given_receipt

from keepclear.errors import Malformed, Tampered
from keepclear.record import verify_given, verify_record

#: One checkpoint for each log, so that each signature is needed.
FILE = b"".join(talk(1).file())
RECEIPT, _ = given_receipt()


@settings(max_examples=150)
@given(st.integers(0, len(FILE) - 2), st.integers(1, 255))
def test_one_changed_byte_anywhere_in_a_record_file_is_found(place: int, change: int) -> None:
    changed = FILE[:place] + bytes([FILE[place] ^ change]) + FILE[place + 1 :]

    report = verify_record(changed.splitlines(keepends=True))

    # How a party is called is the one thing that no signature covers; the fingerprint shows it.
    if report.sound:
        true = verify_record(FILE.splitlines())
        assert report.fingerprints != true.fingerprints
        assert [(each.party, each.ed25519, each.mldsa44) for each in report.identities] == [
            (each.party, each.ed25519, each.mldsa44) for each in true.identities
        ]
        assert report.logs == true.logs


@settings(max_examples=150)
@given(st.integers(0, len(RECEIPT) - 2), st.integers(1, 255))
def test_one_changed_byte_in_a_receipt_is_refused_or_changes_nothing_that_it_proves(place: int, change: int) -> None:
    changed = RECEIPT[:place] + bytes([RECEIPT[place] ^ change]) + RECEIPT[place + 1 :]

    try:
        shown = verify_given(changed)
    except (Malformed, Tampered):
        return
    # What is left: how a party is called, the sender's key that signs nothing here, and the key id of a
    # cosignature that the receipt does not need.
    true = verify_given(RECEIPT)
    proved = ("entry", "leaf_hash", "received_at_us", "size", "cosigned_at_s")
    assert [getattr(shown, name) for name in proved] == [getattr(true, name) for name in proved]
    assert (shown.sender.ed25519, shown.receiver.ed25519) == (true.sender.ed25519, true.receiver.ed25519)
    assert shown.receiver.mldsa44 == true.receiver.mldsa44


acts = st.lists(st.sampled_from(["forth", "back", "own", "answer forth", "answer back", "sign"]), max_size=25)


@settings(max_examples=40)
@given(acts)
def test_whatever_order_two_honest_parties_write_in_the_file_is_sound(order: list[str]) -> None:
    exchange = Exchange()
    logs = {"forth": exchange.forth, "back": exchange.back, "own": exchange.own}
    for act in [*order, "sign"]:
        if act in logs:
            exchange.say(logs[act], "notice", {"act": act})
        elif act.startswith("answer"):
            exchange.answer(logs[act.split()[1]])
        else:
            for log in logs.values():
                if not log.checkpoints or not log.checkpoints[-1].startswith(f"{log.origin}\n{log.tree.size}\n"):
                    exchange.sign(log)

    report = verify_record(exchange.file())

    assert report.sound, report.faults
    assert report.entries == sum(log.tree.size for log in logs.values())


def test_a_cut_file_is_never_sound() -> None:
    lines = FILE.splitlines(keepends=True)
    for kept in range(len(lines)):
        assert not verify_record(lines[:kept]).sound


@pytest.mark.parametrize("position", range(1, len(FILE.splitlines()) - 1))
def test_a_file_without_one_of_its_lines_is_never_sound(position: int) -> None:
    lines = FILE.splitlines(keepends=True)

    assert not verify_record([*lines[:position], *lines[position + 1 :]]).sound
