"""A receipt that proves giving cannot be made for what was not given (both keys sign here, as in life)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from given import (
    SETTINGS,
    Desk,
    Hands,
    a_notice,
    a_signer,
    amber_and_birch,
    an_agreement,
    beat,
    enrol,
    hand_over,
    ship,
    sync,
)
from keepclear.errors import NotFound
from keepclear.node.commands import Command, ProposeAgreement, SignAgreement
from keepclear.node.logs import channel
from keepclear.node.ports import Keys
from keepclear.node.proofs import given, is_given
from keepclear.record import RecordSigner, leaf_hash, verify_given
from keepclear.record.signing import Signer

KEY = "amber/A-0001"


class Signing(Desk):
    """A desk that signs with both of its keys."""

    def __init__(self, party: str, hands: Hands) -> None:
        super().__init__(party, hands, settings=replace(SETTINGS, needs_mldsa44=True))
        self.keys = Keys(party, party.title(), both_keys(party))
        self.restart()

    def tell(self, other: Signing, command: Command) -> str:
        """Ask, and let both come to rest."""
        subject = self.ask(command)
        sync(self, other)
        return subject


def both_keys(party: str) -> Signer:
    return RecordSigner(leaf_hash(f"{party} ed25519".encode()), leaf_hash(f"{party} ml-dsa".encode()))


def two_signers() -> tuple[Signing, Signing]:
    hands = Hands()
    amber, birch = Signing("amber", hands), Signing("birch", hands)
    assert a_signer("amber").mldsa44_public == both_keys("amber").mldsa44_public
    enrol(amber, birch)
    sync(amber, birch)
    birch.tell(amber, SignAgreement(amber.tell(birch, ProposeAgreement(an_agreement(), "Imani")), "Tomas"))
    return amber, birch


def test_what_was_received_and_cosigned_is_given_and_the_receipt_holds_without_any_node() -> None:
    amber, birch = two_signers()
    amber.tell(birch, a_notice())
    receipt = given(amber.exchange, KEY, 1, "birch")
    proved = verify_given(receipt, [amber.loop.identity, birch.loop.identity])
    held = birch.store.log_entries(channel("amber", "birch"), proved.entry.n, 1)[0]
    assert held.leaf == proved.leaf_hash
    assert proved.entry.kind == "notice"


def test_a_sender_that_withholds_an_entry_cannot_make_a_receipt_for_it() -> None:
    # given: everything before it was given
    amber, birch = two_signers()
    amber.tell(birch, a_notice())
    # when: the next notice is never handed over, whatever else the two say to each other
    amber.ask(a_notice())
    for _ in range(3):
        beat(amber, birch)
        beat(birch, amber)
        ship(birch, amber)
    # then
    assert not is_given(amber.exchange, "amber/A-0002", 1, "birch")
    with pytest.raises(NotFound, match="submitted, not given"):
        given(amber.exchange, "amber/A-0002", 1, "birch")


def test_what_arrived_is_not_given_before_the_receiver_has_said_so() -> None:
    # given: Birch holds it, and neither its answer nor its `received` has come back
    amber, birch = two_signers()
    amber.ask(a_notice())
    delivery = amber.exchange.delivery_for("birch")
    assert delivery is not None
    answer = hand_over(amber, birch, delivery)
    with pytest.raises(NotFound, match="not given"):
        given(amber.exchange, KEY, 1, "birch")
    # when: the cosignature comes, and still no `received`
    amber.run(*amber.exchange.take_delivered("birch", delivery, answer, amber.hands.now_us))
    with pytest.raises(NotFound, match="not given"):
        given(amber.exchange, KEY, 1, "birch")
    # when: both are there
    sync(amber, birch)
    # then
    assert verify_given(given(amber.exchange, KEY, 1, "birch")).entry.n == delivery.first


def test_a_restart_forgets_no_receipt() -> None:
    amber, birch = two_signers()
    amber.tell(birch, a_notice())
    before = given(amber.exchange, KEY, 1, "birch")
    amber.restart()
    assert given(amber.exchange, KEY, 1, "birch") == before


def test_one_key_alone_cosigns_nothing_that_counts() -> None:
    amber, birch = amber_and_birch(settings=replace(SETTINGS, needs_mldsa44=False))
    amber.exchange.loop.settings = replace(SETTINGS, needs_mldsa44=True)
    amber.ask(a_notice())
    delivery = amber.exchange.delivery_for("birch")
    assert delivery is not None
    answer = hand_over(amber, birch, delivery)
    with pytest.raises(Exception, match="did not cosign with its keys"):
        amber.exchange.take_delivered("birch", delivery, answer, amber.hands.now_us)
