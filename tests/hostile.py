"""A party that is enrolled and hostile: it writes what it likes, and signs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from given import Desk, a_signer
from keepclear.node.commands import ReceiveEntries
from keepclear.node.entries import KIND_OF, Entry
from keepclear.node.logs import channel
from keepclear.node.loop import Receipt
from keepclear.record.checkpoint import Checkpoint, signed
from keepclear.record.tree import Tree, leaf_hash


class Hostile:
    """Writes what it likes into its channel to a desk, behind what that desk holds, and signs it with its own key."""

    def __init__(self, party: str, desk: Desk) -> None:
        self.party = party
        self.desk = desk
        self.log = channel(party, desk.party)

    def entry(self, body: Entry | Mapping[str, Any], n: int, /, **changed: Any) -> bytes:
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
        answer = self.desk.run(command).answers[0]
        assert isinstance(answer, Receipt | Exception)
        return answer
