"""The record in one SQLite file, with write-ahead log: every batch is one transaction, and one fsync.

Beside `record.db` lie SQLite's own `-wal` and `-shm`, `record.db.lock` (who writes) and `record.db.reserve` (space set
aside for the STOP lane). docs/explanation/storage.md says why, and what each failure looks like.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from keepclear.errors import StoreFailed, ensure
from keepclear.node.ports import Batch, Evidence, StoredEntry
from keepclear.node.settings import DEFAULT
from keepclear.record.tree import leaf_hash
from keepclear.stores.sqlite.database import ENTRY, NO_SPACE, PAGE, copy, digest_of, failed, open_both, positions
from keepclear.stores.sqlite.files import Reserve, WriterLock, beside, create, sync
from keepclear.stores.sqlite.integrity import Damage, check_file

#: After these nobody knows what the disk holds: the kernel may have dropped what it could not write.
_IN_DOUBT = {"SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC"}


class SqliteStore:
    """A `Store` in one file. Writing belongs to one thread at a time, reading may be done from any.

    Args:
        path: the file; made, readable by its owner only, if there is none.
        idempotency_keys_max: answers kept; the oldest are dropped.
        reserve_bytes: disk space set aside for the STOP lane; 0 sets none aside.

    Raises:
        StoreFailed: another process writes to it, it is not a store of ours, is damaged, or the disk fails.
    """

    def __init__(
        self,
        path: Path,
        *,
        idempotency_keys_max: int = DEFAULT.idempotency_keys_max,
        reserve_bytes: int = DEFAULT.reserve_bytes,
    ) -> None:
        self.path = path
        self._keys_max = idempotency_keys_max
        self._reserve = Reserve(beside(path, "reserve"), reserve_bytes)
        self._writing = threading.RLock()
        self._reading = threading.Lock()
        #: Why no further write is taken, or empty.
        self._in_doubt = ""
        self._lock = WriterLock(path)
        try:
            self._writer, self._reader = self._connect()
            self._last_seq, self._sizes = positions(self._reader)
        except sqlite3.Error as error:
            self._lock.release()
            raise failed(path, error) from error
        except BaseException:
            self._lock.release()
            raise
        self._reserve.make()

    def _connect(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        try:
            return open_both(self.path)
        except sqlite3.Error as error:
            # A node that is started on a full disk must still take a STOP.
            if error.sqlite_errorname not in NO_SPACE or not self._reserve.give_up():
                raise
            return open_both(self.path)

    # ------------------------------------------------------------------------------------------------------- reading

    def entries(self, after_seq: int = 0) -> Iterator[StoredEntry]:
        """All entries in the order of `seq`, from after the given one, and those that come meanwhile."""
        while page := self._read(f"{ENTRY} WHERE seq > ? ORDER BY seq LIMIT ?", after_seq, PAGE):
            for row in page:
                yield self._sound(row)
            after_seq = page[-1][0]

    def log_entries(self, log: str, first: int, count: int) -> list[StoredEntry]:
        """Entries `first` to `first + count` of one log, fewer where it ends."""
        ensure(first >= 0 and count >= 0, f"a stretch of a log starts at 0 or later, not at {first} for {count}")
        rows = self._read(f"{ENTRY} WHERE log = ? AND n >= ? AND n < ? ORDER BY n", log, first, first + count)
        return [self._sound(row) for row in rows]

    def answer_to(self, key: str) -> bytes | None:
        """The answer kept for an idempotency key."""
        rows = self._read("SELECT answer FROM answer WHERE key = ?", key)
        return bytes(rows[0][0]) if rows else None

    def checkpoints(self, log: str) -> list[tuple[int, str]]:
        """All kept checkpoints of a log as (size, signed note), by rising size."""
        rows = self._read("SELECT size, note FROM checkpoint WHERE log = ? ORDER BY size", log)
        return [(size, note) for size, note in rows]

    def latest_checkpoint(self, log: str, *, at_most: int | None = None) -> tuple[int, str] | None:
        """The largest kept checkpoint of a log, at most of the given size."""
        found = "SELECT size, note FROM checkpoint WHERE log = ?1 AND (?2 IS NULL OR size <= ?2)"
        rows = self._read(f"{found} ORDER BY size DESC LIMIT 1", log, at_most)
        return (rows[0][0], rows[0][1]) if rows else None

    def evidence(self) -> list[Evidence]:
        """Everything kept as evidence, in the order in which it came."""
        return [Evidence(*row) for row in self._read("SELECT sha256, at, data FROM evidence ORDER BY id")]

    def _sound(self, row: Any) -> StoredEntry:
        # Checked at each reading, so that a changed byte never becomes a picture, a proof or a message.
        seq, log, n, leaf, data = row
        if not isinstance(data, bytes) or leaf_hash(data) != leaf:
            raise StoreFailed(f"{self.path} is damaged: entry {n} of {log} (seq {seq}) does not have its leaf hash")
        return StoredEntry(seq, log, n, leaf, data)

    def _read(self, statement: str, *parameters: object) -> list[Any]:
        with self._reading:
            try:
                # Fetched whole, so that no read stays open while the caller thinks.
                return self._reader.execute(statement, parameters).fetchall()
            except sqlite3.Error as error:
                raise failed(self.path, error) from error

    # ------------------------------------------------------------------------------------------------------- writing

    def append(self, batch: Batch) -> None:
        """Make a batch durable, whole or not at all; one that does not continue what is stored is refused.

        Raises:
            StoreFailed: nothing of it is stored, and the store can be used on.
            InvariantBroken: it does not continue what is stored.
        """
        with self._writing:
            sizes = self._sizes.copy()
            last_seq = _check_continues(batch.entries, self._last_seq, sizes)
            for each in batch.evidence:
                ensure(
                    sha256(each.data).hexdigest() == each.sha256, f"evidence is named by its hash, not {each.sha256}"
                )
            if not (batch.entries or batch.answers or batch.evidence or batch.checkpoints):
                return
            self._check_reserve(batch.is_stop_lane)
            self._write(lambda writer: self._insert(writer, batch), may_use_reserve=batch.is_stop_lane)
            self._last_seq, self._sizes = last_seq, sizes

    def replace_tail(self, log: str, first: int, entries: Sequence[StoredEntry]) -> None:
        """Forget a log's entries from `first` on and append others; its checkpoints above `first` too.

        Nothing may be forgotten without something in its place, so the last `seq` is always a stored one.

        Raises:
            StoreFailed: nothing is changed.
            InvariantBroken: there is no such tail, or the entries do not continue what is left.
        """
        with self._writing:
            size = self._sizes.get(log, 0)
            ensure(0 <= first <= size, f"{log} has {size} entries, so its tail cannot start at {first}")
            ensure(bool(entries) or first == size, f"something is put in the place of what {log} forgets")
            ensure(all(each.log == log for each in entries), f"what replaces the tail of {log} is of {log}")
            sizes = {**self._sizes, log: first}
            last_seq = _check_continues(entries, self._last_seq, sizes)
            self._check_reserve(is_stop_lane=False)
            self._write(lambda writer: _replace_tail(writer, log, first, entries), may_use_reserve=False)
            self._last_seq, self._sizes = last_seq, sizes

    def save_checkpoint(self, log: str, size: int, note: str) -> None:
        """Keep a signed checkpoint; for the same log and size the newer text replaces the older.

        It may use the space set aside: a recorded STOP cannot be sent without one.
        """
        statement = (
            "INSERT INTO checkpoint (log, size, note, digest) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (log, size) DO UPDATE SET note = excluded.note, digest = excluded.digest"
        )
        row = (log, size, note, digest_of(log, size, note))
        self._write(lambda writer: writer.execute(statement, row), may_use_reserve=True)

    def restore_reserve(self) -> bool:
        """Set the space for the STOP lane aside again if there is room; whether it is set aside now."""
        with self._writing:
            return self._reserve.is_held or self._reserve.make()

    def close(self) -> None:
        """Let go of the store; what was appended stays."""
        with self._writing, self._reading:
            with contextlib.suppress(sqlite3.Error):
                self._reader.close()
            # The last to leave brings the write-ahead log into the file; if it cannot, the next opening will.
            with contextlib.suppress(sqlite3.Error):
                self._writer.close()
            self._lock.release()

    def _check_reserve(self, is_stop_lane: bool) -> None:
        # While the space is given up, other batches must not eat it away from the next STOP.
        if not is_stop_lane and not self.restore_reserve():
            raise StoreFailed("the disk is full: what space is left is kept for STOP; free some space")

    def _write(self, change: Callable[[sqlite3.Connection], object], *, may_use_reserve: bool) -> None:
        with self._writing:
            try:
                self._transact(change)
            except sqlite3.Error as error:
                name = getattr(error, "sqlite_errorname", "")
                if not (may_use_reserve and name in NO_SPACE and self._reserve.give_up()):
                    raise failed(self.path, error) from error
                self._write(change, may_use_reserve=False)

    def _transact(self, change: Callable[[sqlite3.Connection], object]) -> None:
        if self._in_doubt:
            raise StoreFailed(self._in_doubt)
        writer = self._writer
        try:
            writer.execute("BEGIN IMMEDIATE")
            change(writer)
            writer.execute("COMMIT")
        except BaseException as error:
            name = getattr(error, "sqlite_errorname", type(error).__name__)
            self._roll_back(name)
            raise

    def _roll_back(self, reason: str) -> None:
        try:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            is_in_doubt = reason in _IN_DOUBT
        except sqlite3.Error:
            is_in_doubt = True
        if is_in_doubt:
            self._in_doubt = f"the disk failed ({reason}) and what it holds is in doubt; the store must be opened anew"

    def _insert(self, writer: sqlite3.Connection, batch: Batch) -> None:
        _insert_entries(writer, batch.entries)
        if batch.answers:
            # The first answer was given to somebody; a later one would contradict it.
            writer.executemany(
                "INSERT INTO answer (key, answer, digest) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING",
                [(key, answer, digest_of(key, answer)) for key, answer in batch.answers],
            )
            # Only the oldest are ever dropped, so ids run without a gap and their difference counts the rows.
            writer.execute("DELETE FROM answer WHERE id <= (SELECT max(id) FROM answer) - ?", (self._keys_max,))
        writer.executemany(
            "INSERT INTO evidence (sha256, at, data, digest) VALUES (?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
            [(each.sha256, each.at, each.data, digest_of(each.sha256, each.at, each.data)) for each in batch.evidence],
        )
        # One that is kept already has more signatures.
        writer.executemany(
            "INSERT INTO checkpoint (log, size, note, digest) VALUES (?, ?, ?, ?) ON CONFLICT (log, size) DO NOTHING",
            [(log, size, note, digest_of(log, size, note)) for log, size, note in batch.checkpoints],
        )

    # ----------------------------------------------------------------------------------------------- copies and checks

    def backup(self, path: Path) -> None:
        """Write a copy of everything to a new file that is itself a store, checked and durable; writing goes on.

        Raises:
            StoreFailed: the file exists already, cannot be written, or what was copied is damaged.
        """
        if path.exists():
            raise StoreFailed(f"{path} exists already, and a backup replaces nothing; name another file")
        part = beside(path, "part")
        try:
            part.unlink(missing_ok=True)
            create(part)
            copy(self.path, part)
            if damages := check_file(part):
                raise StoreFailed(f"the copy is not sound, so it is not kept: {damages[0].what}")
            sync(part)
            part.rename(path)
            sync(path.parent)
        except sqlite3.Error as error:
            raise failed(path, error) from error
        except OSError as error:
            raise StoreFailed(f"the backup {path} cannot be written: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)

    def check(self) -> list[Damage]:
        """What in the file cannot be right, read anew from the disk; empty if all is well. Writing goes on."""
        return check_file(self.path)


# ---------------------------------------------------------------------------------------------------------- statements


def _insert_entries(writer: sqlite3.Connection, entries: Sequence[StoredEntry]) -> None:
    writer.executemany(
        "INSERT INTO entry (seq, log, n, leaf, data) VALUES (?, ?, ?, ?, ?)",
        [(each.seq, each.log, each.n, each.leaf, each.data) for each in entries],
    )


def _replace_tail(writer: sqlite3.Connection, log: str, first: int, entries: Sequence[StoredEntry]) -> None:
    # Neighbours in the order of recording become one row: a seq less its rank is the same within such a run.
    writer.execute(
        "INSERT INTO forgotten SELECT min(seq), max(seq) FROM"
        " (SELECT seq, seq - row_number() OVER (ORDER BY seq) AS run FROM entry WHERE log = ? AND n >= ?) GROUP BY run",
        (log, first),
    )
    writer.execute("DELETE FROM entry WHERE log = ? AND n >= ?", (log, first))
    writer.execute("DELETE FROM checkpoint WHERE log = ? AND size > ?", (log, first))
    _insert_entries(writer, entries)


def _check_continues(entries: Sequence[StoredEntry], last_seq: int, sizes: dict[str, int]) -> int:
    """The new last `seq`; brings `sizes` up to date. Raises InvariantBroken unless the entries run on from both."""
    for entry in entries:
        seq, n = last_seq + 1, sizes.get(entry.log, 0)
        ensure(entry.seq == seq, f"the entry after seq {last_seq} has seq {seq}, not {entry.seq}")
        ensure(entry.n == n, f"the next entry of {entry.log} has index {n}, not {entry.n}")
        ensure(entry.leaf == leaf_hash(entry.data), f"entry {n} of {entry.log} has the leaf hash of its bytes")
        last_seq, sizes[entry.log] = seq, n + 1
    return last_seq
