"""kill -9 of a process that writes, at moments it cannot foresee: what it said was durable is there, whole."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keepclear.stores.sqlite import SqliteStore, check_file

#: A process of its own finds the package where this one does.
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
LOG = "keepclear/amber/to/birch"
KILLS = 20

#: Writes batches of 1 to 20 entries from wherever the store ends, and says the last `seq` of each once it is durable.
WRITER = """
import sys
from pathlib import Path
from keepclear.node.ports import Batch, StoredEntry
from keepclear.record.tree import leaf_hash
from keepclear.stores.sqlite import SqliteStore

log = "keepclear/amber/to/birch"
store = SqliteStore(Path(sys.argv[1]), reserve_bytes=65536)
stored = sum(1 for _ in store.entries())
print("open", stored, flush=True)
while True:
    count = 1 + stored * 7 % 20
    entries = []
    for k in range(count):
        data = f"{stored + k} is {k + 1} of {count} {'x' * (stored % 1500)}".encode()
        entries.append(StoredEntry(stored + k + 1, log, stored + k, leaf_hash(data), data))
    store.append(Batch(entries, [(f"key-{stored}", b"answered")]))
    stored += count
    print("stored", stored, flush=True)
    if count % 3 == 0:
        store.save_checkpoint(log, stored, f"checkpoint of {stored}")
        print("signed", stored, flush=True)
"""


def test_no_acknowledged_entry_is_lost_and_nothing_is_torn_by_twenty_kills(
    tmp_path: Path, start: Callable[..., subprocess.Popen[Any]]
) -> None:
    path = tmp_path / "record.db"
    chance = random.Random(9)
    acknowledged = signed = 0

    for turn in range(KILLS):
        writer = start(sys.executable, "-c", WRITER, path, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        if turn % 4:
            # Otherwise it is killed while it starts.
            assert writer.stdout.readline().startswith("open")
        time.sleep(chance.uniform(0.0, 0.15))
        writer.kill()
        lines = [line.split() for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
        writer.wait()
        said = {what: int(seq) for what, seq in lines}
        acknowledged = said.get("stored", acknowledged)
        signed = said.get("signed", signed)

        if path.exists():
            assert check_file(path) == []
        with contextlib.closing(SqliteStore(path, reserve_bytes=65_536)) as store:
            entries = list(store.entries())
            assert len(entries) >= acknowledged, f"turn {turn}: {acknowledged} acknowledged, {len(entries)} there"
            assert [(each.seq, each.n) for each in entries] == [(n + 1, n) for n in range(len(entries))]
            if entries:
                _, _, k, _, count, *_ = entries[-1].data.decode().split()
                assert k == count, "half a batch is there"
                assert store.answer_to(f"key-{len(entries) - int(count)}") == b"answered"
            assert (store.latest_checkpoint(LOG) or (0, ""))[0] >= signed
            # What came after the last word it got out is at most one batch.
            assert len(entries) - acknowledged <= 20

    assert acknowledged > 1_000
