"""A store's database: opened, its tables brought up to date, and what SQLite says put in plain words."""

from __future__ import annotations

import contextlib
import sqlite3
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Final

from keepclear.errors import InvariantBroken, StoreFailed
from keepclear.stores.sqlite.files import create

APPLICATION_ID: Final = int.from_bytes(b"KCLR", "big")
#: Entries read at once: at most 17 MB, and short enough that no reader keeps the write-ahead log from being reused.
PAGE: Final = 256
#: The write-ahead log is cut back to this after it had to grow.
_WAL_BYTES: Final = 16_777_216

ENTRY = "SELECT seq, log, n, leaf, data FROM entry"
#: SQLite's names for "no space", and for what some file systems say instead (a quota, a short mapping).
NO_SPACE = {"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_SHMMAP", "SQLITE_CANTOPEN"}
_DAMAGED = {"SQLITE_CORRUPT", "SQLITE_CORRUPT_INDEX", "SQLITE_NOTADB", "SQLITE_IOERR_CORRUPTFS"}


def open_both(path: Path) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    """The connection that writes, and the one that reads; makes the file and brings its tables up to date."""
    create(path)
    writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        _check_ours(path, writer)
        configure(writer)
        migrate(writer)
        reader = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            configure(reader)
            reader.execute("PRAGMA query_only = ON")
        except BaseException:
            reader.close()
            raise
    except BaseException:
        writer.close()
        raise
    return writer, reader


def configure(connection: sqlite3.Connection) -> None:
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
    application_id, version = identity(connection)
    is_empty = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if application_id != APPLICATION_ID and not (is_empty and application_id == 0):
        raise StoreFailed(f"{path} is a database of another program; name another file")
    newest = max(number for number, _ in _migrations())
    if version > newest:
        raise StoreFailed(f"{path} has tables of version {version} from a newer keepclear; this one knows {newest}")


def identity(connection: sqlite3.Connection) -> tuple[int, int]:
    """The number of the program that a file is of, and the version of its tables."""
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return application_id, version


def _migrations() -> list[tuple[int, str]]:
    """The scripts that lead from each version of the tables to the next, in order."""
    folder = resources.files(__package__) / "migrations"
    scripts = [(each.name, each.read_text("utf-8")) for each in folder.iterdir() if each.name.endswith(".sql")]
    return sorted((int(name[:4]), text) for name, text in scripts)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables up to date, each step whole or not at all."""
    for number, text in _migrations():
        if number > identity(connection)[1]:
            try:
                connection.executescript(f"BEGIN IMMEDIATE;\n{text}\nPRAGMA user_version = {number};\nCOMMIT;")
            except sqlite3.Error:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise


def copy(source: Path, target: Path) -> None:
    """Copy a live database as it was at one moment, into a single file with no log beside it."""
    with (
        contextlib.closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as from_,
        contextlib.closing(sqlite3.connect(target, isolation_level=None)) as to,
    ):
        from_.backup(to)
        to.execute("PRAGMA journal_mode = DELETE")


def failed(path: Path, error: sqlite3.Error) -> StoreFailed | InvariantBroken:
    """What SQLite says, in plain words."""
    name = getattr(error, "sqlite_errorname", "")
    if isinstance(error, sqlite3.IntegrityError):
        return InvariantBroken(f"a batch fits the tables of the store: {error}")
    if name == "SQLITE_FULL":
        return StoreFailed("the disk is full: nothing of this was stored; free some space and try again")
    if name in _DAMAGED:
        return StoreFailed(f"{path} is damaged or is no database ({error}); `keepclear doctor` says where")
    return StoreFailed(f"{path} cannot be used: {error} ({name or type(error).__name__})")


def positions(connection: sqlite3.Connection) -> tuple[int, dict[str, int]]:
    """The last `seq`, and how many entries each log has. A few look-ups for each log, however long the logs are."""
    last_seq = connection.execute("SELECT max(seq) FROM entry").fetchone()[0] or 0
    sizes: dict[str, int] = {}
    log = ""
    while (log := connection.execute("SELECT min(log) FROM entry WHERE log > ?", (log,)).fetchone()[0]) is not None:
        sizes[log] = connection.execute("SELECT max(n) + 1 FROM entry WHERE log = ?", (log,)).fetchone()[0]
    return last_seq, sizes


def digest_of(*parts: object) -> bytes:
    """SHA-256 over the parts, each with its length before it."""
    digest = sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        digest.update(b"%d:" % len(data) + data)
    return digest.digest()
