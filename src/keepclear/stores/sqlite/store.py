"""The record in one SQLite file, with write-ahead log: every batch is one transaction, and one fsync.

Beside `record.db` lie SQLite's own `-wal` and `-shm`, `record.db.lock` (who writes) and `record.db.reserve` (space set
aside for the STOP lane). docs/explanation/storage.md says why, and what each failure looks like.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any, Final

from keepclear.errors import InvariantBroken, StoreFailed, ensure
from keepclear.node.ports import Batch, Evidence, StoredEntry
from keepclear.node.settings import DEFAULT
from keepclear.record.tree import leaf_hash

APPLICATION_ID: Final = int.from_bytes(b"KCLR", "big")
#: Damages named by one check; a file with more is lost anyhow, and the last line says that there are more.
DAMAGE_MAX: Final = 1_000
#: Entries read at once: at most 17 MB, and short enough that no reader keeps the write-ahead log from being reused.
_PAGE: Final = 256
#: The write-ahead log is cut back to this after it had to grow.
_WAL_BYTES: Final = 16_777_216

_ENTRY = "SELECT seq, log, n, leaf, data FROM entry"
#: SQLite's names for "no space", and for what some file systems say instead (a quota, a short mapping).
_NO_SPACE = {"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_SHMMAP", "SQLITE_CANTOPEN"}
#: After these nobody knows what the disk holds: the kernel may have dropped what it could not write.
_IN_DOUBT = {"SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC"}
_DAMAGED = {"SQLITE_CORRUPT", "SQLITE_CORRUPT_INDEX", "SQLITE_NOTADB", "SQLITE_IOERR_CORRUPTFS"}


@dataclass(frozen=True, slots=True)
class Damage:
    """Something in the file that cannot be right.

    Attributes:
        seq, log, n: the entry that is hit; 0, empty and -1 when it is not an entry, or nobody can say which.
        what: what is wrong, for a person.
    """

    seq: int
    log: str
    n: int
    what: str


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
        self._reserve = _Reserve(_beside(path, "reserve"), reserve_bytes)
        self._writing = threading.RLock()
        self._reading = threading.Lock()
        #: Why no further write is taken, or empty.
        self._in_doubt = ""
        self._lock = _WriterLock(path)
        try:
            self._writer, self._reader = self._connect()
            self._last_seq, self._sizes = _positions(self._reader)
        except sqlite3.Error as error:
            self._lock.release()
            raise _failed(path, error) from error
        except BaseException:
            self._lock.release()
            raise
        self._reserve.make()

    def _connect(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        try:
            return _open(self.path)
        except sqlite3.Error as error:
            # A node that is started on a full disk must still take a STOP.
            if error.sqlite_errorname not in _NO_SPACE or not self._reserve.give_up():
                raise
            return _open(self.path)

    # ------------------------------------------------------------------------------------------------------- reading

    def entries(self, after_seq: int = 0) -> Iterator[StoredEntry]:
        """All entries in the order of `seq`, from after the given one, and those that come meanwhile."""
        while page := self._read(f"{_ENTRY} WHERE seq > ? ORDER BY seq LIMIT ?", after_seq, _PAGE):
            for row in page:
                yield self._sound(row)
            after_seq = page[-1][0]

    def log_entries(self, log: str, first: int, count: int) -> list[StoredEntry]:
        """Entries `first` to `first + count` of one log, fewer where it ends."""
        ensure(first >= 0 and count >= 0, f"a stretch of a log starts at 0 or later, not at {first} for {count}")
        rows = self._read(f"{_ENTRY} WHERE log = ? AND n >= ? AND n < ? ORDER BY n", log, first, first + count)
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
                raise _failed(self.path, error) from error

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
            if not (batch.entries or batch.answers or batch.evidence):
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
        row = (log, size, note, _digest(log, size, note))
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
                if not (may_use_reserve and name in _NO_SPACE and self._reserve.give_up()):
                    raise _failed(self.path, error) from error
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
                [(key, answer, _digest(key, answer)) for key, answer in batch.answers],
            )
            # Only the oldest are ever dropped, so ids run without a gap and their difference counts the rows.
            writer.execute("DELETE FROM answer WHERE id <= (SELECT max(id) FROM answer) - ?", (self._keys_max,))
        writer.executemany(
            "INSERT INTO evidence (sha256, at, data, digest) VALUES (?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
            [(each.sha256, each.at, each.data, _digest(each.sha256, each.at, each.data)) for each in batch.evidence],
        )

    # ----------------------------------------------------------------------------------------------- copies and checks

    def backup(self, path: Path) -> None:
        """Write a copy of everything to a new file that is itself a store, checked and durable; writing goes on.

        Raises:
            StoreFailed: the file exists already, cannot be written, or what was copied is damaged.
        """
        if path.exists():
            raise StoreFailed(f"{path} exists already, and a backup replaces nothing; name another file")
        part = _beside(path, "part")
        try:
            part.unlink(missing_ok=True)
            _create(part)
            _copy(self.path, part)
            if damages := check_file(part):
                raise StoreFailed(f"the copy is not sound, so it is not kept: {damages[0].what}")
            _sync(part)
            part.rename(path)
            _sync(path.parent)
        except sqlite3.Error as error:
            raise _failed(path, error) from error
        except OSError as error:
            raise StoreFailed(f"the backup {path} cannot be written: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)

    def check(self) -> list[Damage]:
        """What in the file cannot be right, read anew from the disk; empty if all is well. Writing goes on."""
        return check_file(self.path)


def check_file(path: Path) -> list[Damage]:
    """What in a store's file cannot be right: every leaf hash and digest is computed anew, every gap found.

    It needs no writer and changes nothing. At most `DAMAGE_MAX` are named; then a last one says that there are more.

    Raises:
        StoreFailed: there is no such file.
    """
    if not path.is_file():
        raise StoreFailed(f"there is no store at {path}")
    found: list[Damage] = []
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.isolation_level = None
            # A changed byte may no longer be UTF-8; it must still be read to be named.
            connection.text_factory = lambda text: text.decode("utf-8", "replace")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.execute("BEGIN")
            for name, part in _PARTS.items():
                if not _collect(name, part(connection), found):
                    found.append(Damage(0, "", -1, f"more than {DAMAGE_MAX} damages; the rest are not named"))
                    break
    except sqlite3.Error as error:
        found.append(Damage(0, "", -1, f"the file cannot be read: {error}"))
    return found


def _collect(name: str, damages: Iterator[Damage], found: list[Damage]) -> bool:
    """Add damages until there are too many; whether all were added. One part that cannot be read leaves the others."""
    try:
        for damage in damages:
            if len(found) >= DAMAGE_MAX:
                return False
            found.append(damage)
    except sqlite3.Error as error:
        found.append(Damage(0, "", -1, f"{name} cannot be read to the end: {error}"))
    return True


def _schema_damage(connection: sqlite3.Connection) -> Iterator[Damage]:
    listed = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name"
    application_id, version = _identity(connection)
    if application_id != APPLICATION_ID:
        yield Damage(0, "", -1, f"the file calls itself {application_id:#x}, which is not a keepclear store")
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
        _migrate(model)
        if (version, connection.execute(listed).fetchall()) != (_identity(model)[1], model.execute(listed).fetchall()):
            yield Damage(0, "", -1, f"the tables are not those of a store of version {version}")


def _entry_damage(connection: sqlite3.Connection) -> Iterator[Damage]:
    """Entries whose bytes do not have their leaf hash, gaps in the two orders, and what cannot be read."""
    holes = dict(connection.execute("SELECT first_seq, last_seq FROM forgotten").fetchall())
    last = connection.execute("SELECT max(seq) FROM entry").fetchone()[0] or 0
    sizes: dict[str, int] = {}
    after = 0
    while after < last:
        rows, unreadable, reached = _page_of_entries(connection, after, last)
        yield from unreadable
        holes.update((each.seq, each.seq) for each in unreadable)
        for seq, log, n, leaf, data in rows:
            yield from _gap_damage(after + 1, seq, holes)
            after = seq
            if not (
                isinstance(log, str) and isinstance(n, int) and isinstance(leaf, bytes) and isinstance(data, bytes)
            ):
                yield Damage(seq, "", -1, f"the entry with seq {seq} does not hold what an entry holds")
                continue
            if leaf_hash(data) != leaf:
                yield Damage(seq, log, n, f"entry {n} of {log} (seq {seq}) does not have its leaf hash: it was changed")
            if n != sizes.get(log, 0):
                yield Damage(
                    seq, log, n, f"entry {n} of {log} (seq {seq}) does not follow the one before it in its log"
                )
            sizes[log] = n + 1
        after = max(after, reached)


def _page_of_entries(connection: sqlite3.Connection, after: int, last: int) -> tuple[list[Any], list[Damage], int]:
    """The next rows, what among them cannot be read, and the `seq` up to which that goes."""
    try:
        rows = connection.execute(f"{_ENTRY} WHERE seq > ? ORDER BY seq LIMIT ?", (after, _PAGE)).fetchall()
        return rows, [], rows[-1][0] if rows else last
    except sqlite3.Error:
        rows, unreadable = [], []
        reached = min(after + _PAGE, last)
        for seq in range(after + 1, reached + 1):
            try:
                rows += connection.execute(f"{_ENTRY} WHERE seq = ?", (seq,)).fetchall()
            except sqlite3.Error as error:
                unreadable.append(Damage(seq, "", -1, f"the entry with seq {seq} cannot be read: {error}"))
        if not unreadable:
            unreadable = [
                Damage(after + 1, "", -1, f"the entries from seq {after + 1} on cannot be read in their order")
            ]
        return rows, unreadable, reached


def _gap_damage(first: int, seq: int, holes: dict[int, int]) -> Iterator[Damage]:
    """What is wrong if the entry before had the `seq` below `first` and the next one has `seq`."""
    while first < seq:
        last = holes.get(first)
        if last is None:
            last = min((start for start in holes if first < start < seq), default=seq) - 1
            yield Damage(first, "", -1, f"the entries with seq {first} to {last} are missing")
        elif last >= seq:
            yield Damage(seq, "", -1, f"the entry with seq {seq} is stored, and listed as forgotten too")
        first = last + 1


def _kept_damage(connection: sqlite3.Connection) -> Iterator[Damage]:
    """What is kept beside the logs and does not have its digest, and checkpoints of more than there is."""
    for key, answer, digest in connection.execute("SELECT key, answer, digest FROM answer"):
        if _digest(key, answer) != digest:
            yield Damage(0, "", -1, f"the answer kept for the key {key} was changed")
    for name, at, data, digest in connection.execute("SELECT sha256, at, data, digest FROM evidence"):
        if _digest(name, at, data) != digest:
            yield Damage(0, "", -1, f"the evidence {name} was changed")
    sizes = _positions(connection)[1]
    for log, size, note, digest in connection.execute("SELECT log, size, note, digest FROM checkpoint"):
        if _digest(log, size, note) != digest:
            yield Damage(0, log, -1, f"the checkpoint of {log} at size {size} was changed")
        elif size > sizes.get(log, 0):
            yield Damage(
                0, log, -1, f"{log} has {sizes.get(log, 0)} entries, but a checkpoint of size {size}: its end is lost"
            )


def _page_damage(connection: sqlite3.Connection) -> Iterator[Damage]:
    """What SQLite itself finds: torn pages, an index that does not match its table."""
    # The thorough check: the quick one does not compare an index with its table.
    for (line,) in connection.execute("PRAGMA integrity_check(100)"):
        if line != "ok":
            yield Damage(0, "", -1, f"the database file: {line}")


#: What is checked, in this order, whatever came of the part before.
_PARTS: Final = {
    "the list of tables": _schema_damage,
    "the table of entries": _entry_damage,
    "what is kept beside the logs": _kept_damage,
    "the database file": _page_damage,
}


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


def _positions(connection: sqlite3.Connection) -> tuple[int, dict[str, int]]:
    """The last `seq`, and how many entries each log has. A few look-ups for each log, however long the logs are."""
    last_seq = connection.execute("SELECT max(seq) FROM entry").fetchone()[0] or 0
    sizes: dict[str, int] = {}
    log = ""
    while (log := connection.execute("SELECT min(log) FROM entry WHERE log > ?", (log,)).fetchone()[0]) is not None:
        sizes[log] = connection.execute("SELECT max(n) + 1 FROM entry WHERE log = ?", (log,)).fetchone()[0]
    return last_seq, sizes


def _check_continues(entries: Sequence[StoredEntry], last_seq: int, sizes: dict[str, int]) -> int:
    """The new last `seq`; brings `sizes` up to date. Raises InvariantBroken unless the entries run on from both."""
    for entry in entries:
        seq, n = last_seq + 1, sizes.get(entry.log, 0)
        ensure(entry.seq == seq, f"the entry after seq {last_seq} has seq {seq}, not {entry.seq}")
        ensure(entry.n == n, f"the next entry of {entry.log} has index {n}, not {entry.n}")
        ensure(entry.leaf == leaf_hash(entry.data), f"entry {n} of {entry.log} has the leaf hash of its bytes")
        last_seq, sizes[entry.log] = seq, n + 1
    return last_seq


def _digest(*parts: object) -> bytes:
    """SHA-256 over the parts, each with its length before it."""
    digest = sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        digest.update(b"%d:" % len(data) + data)
    return digest.digest()


# --------------------------------------------------------------------------------------------------- opening the file


def _open(path: Path) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    """The connection that writes, and the one that reads; makes the file and brings its tables up to date."""
    _create(path)
    writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        _check_ours(path, writer)
        _configure(writer)
        _migrate(writer)
        reader = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            _configure(reader)
            reader.execute("PRAGMA query_only = ON")
        except BaseException:
            reader.close()
            raise
    except BaseException:
        writer.close()
        raise
    return writer, reader


def _configure(connection: sqlite3.Connection) -> None:
    """Set what SQLite keeps for each connection and not in the file, and see that it took it."""
    wanted = {
        "journal_mode": "wal",
        # FULL: an fsync at each commit. It is the whole promise that what was answered survives a power cut.
        "synchronous": 2,
        "foreign_keys": 1,
        "cell_size_check": 1,
        "trusted_schema": 0,
        "journal_size_limit": _WAL_BYTES,
    }
    for name, value in wanted.items():
        connection.execute(f"PRAGMA {name} = {value}")
        (is_now,) = connection.execute(f"PRAGMA {name}").fetchone()
        if is_now != value:
            raise StoreFailed(f"SQLite does not take {name} = {value} here (it says {is_now}); is this a network disk?")


def _check_ours(path: Path, connection: sqlite3.Connection) -> None:
    application_id, version = _identity(connection)
    is_empty = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if application_id != APPLICATION_ID and not (is_empty and application_id == 0):
        raise StoreFailed(f"{path} is a database of another program; name another file")
    newest = max(number for number, _ in _migrations())
    if version > newest:
        raise StoreFailed(f"{path} has tables of version {version} from a newer keepclear; this one knows {newest}")


def _identity(connection: sqlite3.Connection) -> tuple[int, int]:
    """The number of the program that a file is of, and the version of its tables."""
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return application_id, version


def _migrations() -> list[tuple[int, str]]:
    """The scripts that lead from each version of the tables to the next, in order."""
    folder = resources.files(__package__) / "migrations"
    scripts = [(each.name, each.read_text("utf-8")) for each in folder.iterdir() if each.name.endswith(".sql")]
    return sorted((int(name[:4]), text) for name, text in scripts)


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables up to date, each step whole or not at all."""
    for number, text in _migrations():
        if number > _identity(connection)[1]:
            try:
                connection.executescript(f"BEGIN IMMEDIATE;\n{text}\nPRAGMA user_version = {number};\nCOMMIT;")
            except sqlite3.Error:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise


def _copy(source: Path, target: Path) -> None:
    """Copy a live database as it was at one moment, into a single file with no log beside it."""
    with (
        contextlib.closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as from_,
        contextlib.closing(sqlite3.connect(target, isolation_level=None)) as to,
    ):
        from_.backup(to)
        to.execute("PRAGMA journal_mode = DELETE")


def _failed(path: Path, error: sqlite3.Error) -> StoreFailed | InvariantBroken:
    """What SQLite says, in plain words."""
    name = getattr(error, "sqlite_errorname", "")
    if isinstance(error, sqlite3.IntegrityError):
        return InvariantBroken(f"a batch fits the tables of the store: {error}")
    if name == "SQLITE_FULL":
        return StoreFailed("the disk is full: nothing of this was stored; free some space and try again")
    if name in _DAMAGED:
        return StoreFailed(f"{path} is damaged or is no database ({error}); `keepclear doctor` says where")
    return StoreFailed(f"{path} cannot be used: {error} ({name or type(error).__name__})")


# ---------------------------------------------------------------------------------------------------- files beside it


#: Stores open for writing in this process: the lock below is the process's, so it would not refuse us ourselves.
_open_here: set[str] = set()
_open_here_lock = threading.Lock()


class _WriterLock:
    """The right to write to a store: held by one process, let go by the kernel however that process ends.

    A record lock (POSIX), not flock: a child that this process forks, and that outlives it, must not hold the store.
    """

    def __init__(self, path: Path) -> None:
        self._name = os.path.realpath(path)
        with _open_here_lock:
            if self._name in _open_here:
                raise StoreFailed(f"this process ({os.getpid()}) already writes to {path}; close that store first")
            try:
                self._descriptor = os.open(_beside(path, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                raise StoreFailed(f"{path} cannot be opened: {error.strerror}") from error
            self._take(path)
            _open_here.add(self._name)

    def _take(self, path: Path) -> None:
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._descriptor)
            raise StoreFailed(f"process {holder} already writes to {path}; end it, or name another file") from error
        # Of a fixed width, so that it needs no space on a full disk; it is a courtesy, and the lock holds without it.
        with contextlib.suppress(OSError):
            os.pwrite(self._descriptor, f"{os.getpid():<20}".encode(), 0)

    def release(self) -> None:
        """Let the next writer in; does nothing the second time."""
        with _open_here_lock:
            if self._name in _open_here:
                _open_here.remove(self._name)
                os.close(self._descriptor)


class _Reserve:
    """Disk space held by a file of nothing, so that it is there when a STOP needs it."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        self._path = path
        self._size_bytes = size_bytes
        #: Whether all of it is set aside.
        self.is_held = size_bytes == 0

    def make(self) -> bool:
        """Set the space aside; whether there was room for all of it (a part is not kept)."""
        if self._size_bytes == 0:
            return True
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return False
        try:
            os.posix_fallocate(descriptor, 0, self._size_bytes)
            os.ftruncate(descriptor, self._size_bytes)
            os.fsync(descriptor)
            self.is_held = True
        except OSError:
            self.is_held = False
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
        finally:
            os.close(descriptor)
        return self.is_held

    def give_up(self) -> bool:
        """Give the space back to the disk; whether there was any to give."""
        if self._size_bytes == 0:
            return False
        self.is_held = False
        try:
            descriptor = os.open(self._path, os.O_RDWR)
        except OSError:
            return False
        try:
            had_bytes = os.fstat(descriptor).st_size
            os.ftruncate(descriptor, 0)
            # Some file systems free what was cut only when they have written down that it was.
            os.fsync(descriptor)
            return had_bytes > 0
        except OSError:
            return False
        finally:
            os.close(descriptor)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(f"{path.name}.{suffix}")


def _create(path: Path) -> None:
    """Make an empty file that only its owner may read, if there is none; SQLite's own files take over its mode."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreFailed(f"{path} cannot be opened: {error.strerror}") from error
    os.close(descriptor)
    _sync(path.parent)


def _sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
