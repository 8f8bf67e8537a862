"""Whether a store's file is whole: every leaf hash and digest computed anew, every gap in its orders found."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from keepclear.errors import StoreFailed
from keepclear.record.tree import leaf_hash
from keepclear.stores.sqlite.database import APPLICATION_ID, ENTRY, PAGE, digest_of, identity, migrate, positions

#: Damages named by one check; a file with more is lost anyhow, and the last line says that there are more.
DAMAGE_MAX: Final = 1_000


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
    application_id, version = identity(connection)
    if application_id != APPLICATION_ID:
        yield Damage(0, "", -1, f"the file calls itself {application_id:#x}, which is not a keepclear store")
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
        migrate(model)
        if (version, connection.execute(listed).fetchall()) != (identity(model)[1], model.execute(listed).fetchall()):
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
        rows = connection.execute(f"{ENTRY} WHERE seq > ? ORDER BY seq LIMIT ?", (after, PAGE)).fetchall()
        return rows, [], rows[-1][0] if rows else last
    except sqlite3.Error:
        rows, unreadable = [], []
        reached = min(after + PAGE, last)
        for seq in range(after + 1, reached + 1):
            try:
                rows += connection.execute(f"{ENTRY} WHERE seq = ?", (seq,)).fetchall()
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
        if digest_of(key, answer) != digest:
            yield Damage(0, "", -1, f"the answer kept for the key {key} was changed")
    for name, at, data, digest in connection.execute("SELECT sha256, at, data, digest FROM evidence"):
        if digest_of(name, at, data) != digest:
            yield Damage(0, "", -1, f"the evidence {name} was changed")
    sizes = positions(connection)[1]
    for log, size, note, digest in connection.execute("SELECT log, size, note, digest FROM checkpoint"):
        if digest_of(log, size, note) != digest:
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
