"""The record: append, prove, verify; and a node's restart at 100,000 entries."""

from __future__ import annotations

import tempfile
from pathlib import Path

from measure import Figure, measure
from workloads import sparse

from keepclear.node.commands import FileNotice
from keepclear.node.loop import Asked, Loop
from keepclear.node.ports import Keys
from keepclear.node.settings import DEFAULT
from keepclear.record import Checkpoint, Identity, cosign, signed, verify_cosignatures, verify_inclusion
from keepclear.record.note import add
from keepclear.record.signing import RecordSigner
from keepclear.record.tree import Tree, leaf_hash
from keepclear.stores.sqlite.store import SqliteStore

NOW_US = 1_800_000_000_000_000


def figures(*, quick: bool = False) -> list[Figure]:
    """All figures of the record."""
    leaves = [leaf_hash(str(number).encode() * 60) for number in range(10_000 if quick else 100_000)]
    tree = Tree(leaves)
    signer = RecordSigner(b"\x01" * 32, b"\x02" * 32)
    amber = Identity.of("amber", "Amber", signer)
    log = "keepclear/amber/to/birch"
    root = tree.root()
    indexes = range(0, len(leaves), max(1, len(leaves) // 1000))
    proofs = [(index, tree.inclusion_proof(index, tree.size)) for index in indexes]
    note = signed(Checkpoint(log, tree.size, root), signer)
    cosigned = add(note, cosign(note, amber, signer, 1_800_000_000))

    def prove() -> None:
        for index in indexes:
            tree.inclusion_proof(index, tree.size)

    def verify() -> None:
        for index, proof in proofs:
            verify_inclusion(index, tree.size, leaves[index], proof, root)

    def sign_and_cosign() -> None:
        for _ in range(50):
            add(note, cosign(signed(Checkpoint(log, tree.size, root), signer), amber, signer, 1_800_000_000))

    def check_cosignatures() -> None:
        for _ in range(50):
            verify_cosignatures(cosigned, amber)

    return [
        measure("append a leaf (memory)", "entries", len(leaves), lambda: Tree(leaves) and None),
        measure("inclusion proof", "proofs", len(proofs), prove),
        measure("verify an inclusion proof", "proofs", len(proofs), verify),
        measure("sign a checkpoint and cosign it, both keys", "checkpoints", 50, sign_and_cosign),
        measure("verify both cosignatures", "checkpoints", 50, check_cosignatures),
        *restart(3_000 if quick else 100_000),
    ]


def restart(entries: int) -> list[Figure]:
    """A node's record of so many entries in SQLite: decide and record them, then start again from the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "record.sqlite"
        keys = Keys("amber", "Amber", RecordSigner(b"\x01" * 32, b"\x02" * 32))
        store = SqliteStore(path)
        loop = Loop(keys, store, DEFAULT)
        # Spread so wide that a notice meets about one other however many there are.
        volumes = sparse(7, NOW_US, half_side_m=2_500e3)
        notices = entries * 3 // 4
        commands = [Asked(FileNotice((next(volumes),), "bench", seed=b"s" * 32)) for _ in range(notices)]

        def file_all() -> None:
            for first in range(0, notices, 64):
                outcome = loop.run(commands[first : first + 64], NOW_US + first)
                failed = next((given for given in outcome.answers if isinstance(given, Exception)), None)
                if failed is not None:
                    raise failed

        filed = measure("decide and record a notice (SQLite, groups of 64)", "notices", notices, file_all, rounds=1)
        entries = loop.logs.seq
        again = measure(
            f"restart, of {entries} entries", "entries", entries, lambda: Loop(keys, store, DEFAULT) and None, rounds=3
        )
        again.more["restart_s"] = again.wall_us * entries / 1e6
        store.close()
        return [filed, again]
