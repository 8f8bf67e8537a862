"""What a party that is enrolled and hostile can do with bytes of its own making: nothing beyond its own word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from given import Desk, a_signer, amber_and_birch
from keepclear.core.alert import Answer
from keepclear.errors import Tampered
from keepclear.node.commands import ReceiveEntries
from keepclear.node.entries import KIND_OF, Entry, StopAnswered
from keepclear.node.logs import channel
from keepclear.node.loop import Receipt
from keepclear.record import note as notes
from keepclear.record.checkpoint import Checkpoint, open_signed, signed
from keepclear.record.cosign import cosign, verify_cosignatures
from keepclear.record.tree import Tree, leaf_hash


class Hostile:
    """Writes what it likes into its channel to a desk, behind what that desk holds, and signs it with its own key."""

    def __init__(self, party: str, desk: Desk) -> None:
        self.party = party
        self.desk = desk
        self.log = channel(party, desk.party)

    def entry(self, body: Entry | Mapping[str, Any], n: int, **changed: Any) -> bytes:
        """One entry, right but for what is changed."""
        ours = self.desk.loop.logs.tree(channel(self.desk.party, self.party))
        envelope: dict[str, Any] = {
            "at": self.desk.hands.now_us,
            "body": msgspec.to_builtins(body),
            "kind": KIND_OF[type(body)] if isinstance(body, Entry) else "unheard_of",
            "log": self.log,
            "mode": "OPER",
            "n": n,
            "seen": {"root": ours.root().hex(), "size": ours.size},
            "stated": True,
            "v": 1,
        }
        return msgspec.json.encode(envelope | changed, order="sorted")

    def send(self, *bodies: Entry | Mapping[str, Any], **changed: Any) -> Receipt | Exception:
        """Deliver entries with a checkpoint that is truly over them; gives what the desk answers."""
        tree = Tree(self.desk.loop.logs.tree(self.log).leaf(n) for n in range(self.desk.loop.logs.size(self.log)))
        first = tree.size
        entries = []
        for body in bodies:
            entries.append(self.entry(body, tree.size, **changed))
            tree.append(leaf_hash(entries[-1]))
        return self.deliver(first, entries, signed(Checkpoint(self.log, tree.size, tree.root()), a_signer(self.party)))

    def deliver(self, first: int, entries: list[bytes], checkpoint: str) -> Receipt | Exception:
        """Deliver these bytes under this checkpoint."""
        command = ReceiveEntries(self.party, first, tuple(entries), checkpoint, self.desk.hands.now_us)
        return self.desk.run(command).answers[0]


# ------------------------------------------------------------------------------------------ our own channel and record


def test_a_peer_puts_no_word_into_our_mouth_when_it_gives_back_our_channel() -> None:
    amber, birch = amber_and_birch()
    ours = channel("amber", "birch")
    held = [entry.data for entry in amber.store.entries() if entry.log == ours]
    forged = StopAnswered("SB-0001", Answer.WILCO, "Imani")
    data = Hostile("birch", amber).entry(forged, len(held), log=ours)
    cosigned = birch.exchange.heartbeat("amber", birch.hands.now_us, birch.hands.now_us).cosigned

    amber.exchange.rebuild("birch", [*held, data], cosigned, amber.hands.now_us)

    assert [entry.data for entry in amber.store.entries() if entry.log == ours] == held


def test_a_line_that_claims_to_be_our_cosignature_is_not_kept() -> None:
    amber, _ = amber_and_birch()
    assert isinstance(Hostile("birch", amber).send({"a": 1}), Receipt)
    tree = amber.loop.logs.tree("keepclear/birch/to/amber")
    text = signed(Checkpoint("keepclear/birch/to/amber", tree.size, tree.root()), a_signer("birch"))
    ours = amber.loop.identity.cosigner_keys()[0]

    kept = amber.exchange.cosign_held(
        "birch", notes.add(text, [notes.Signature(ours.name, ours.key_id, bytes(72))]), amber.hands.now_us
    )

    assert verify_cosignatures(kept, amber.loop.identity).ed25519
    assert amber.store.latest_checkpoint("keepclear/birch/to/amber") == (tree.size, kept)


def test_a_cosignature_from_a_year_that_no_calendar_has_is_refused() -> None:
    amber, birch = amber_and_birch()
    log = channel("amber", "birch")
    text = amber.exchange.checkpoint(log)
    bare = notes.render(notes.Note(open_signed(text, a_signer("amber").ed25519_public)[1].text,
                                   notes.parse(text).signatures[:1]))  # fmt: skip
    late = notes.add(bare, cosign(bare, birch.loop.identity, a_signer("birch"), 2**50))

    with pytest.raises(Tampered, match="no time"):
        amber.exchange._take_cosigned("birch", log, late)
