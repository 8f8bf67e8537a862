"""References of a discovery and synchronisation service in one SQLite file, which several processes may share.

Apart from the record: what strangers tell us is not ours to cross-sign. Each commit is one transaction and one fsync.
SQLite's own lock makes one writer at a time, and its `data_version` says at almost no cost whether another wrote.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Final

from keepclear.dss.ports import Draft, Row
from keepclear.dss.values import Kind
from keepclear.errors import StoreFailed
from keepclear.stores.sqlite.database import configure, failed, identity
from keepclear.stores.sqlite.files import create

APPLICATION_ID: Final = int.from_bytes(b"KCDS", "big")
#: Seconds to wait for another process's turn to end. A turn takes milliseconds.
PATIENCE_S: Final = 5.0
#: Rows that say that something is gone, kept for processes that are slow to look.
GONE_KEPT: Final = 50_000
#: How often such rows are let go of, in rows written.
_FORGET_EVERY: Final = 10_000
_PAGE: Final = 1_000
_CACHE_KIB: Final = 65_536


class SqliteDssStore:
    """A `DssStore` in one file. One thread at a time.

    Raises:
        StoreFailed: it is not a store of ours, is damaged, or the disk fails.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        #: Why nothing more is taken or told, or empty.
        self._in_doubt = ""
        self._seen_version = -1
        try:
            create(path)
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=PATIENCE_S)
            try:
                configure(self._connection)
                self._connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
                self._make_tables()
            except BaseException:
                self._connection.close()
                raise
        except sqlite3.Error as error:
            raise failed(path, error) from error

    def _make_tables(self) -> None:
        scripts = sorted(
            (int(each.name[:4]), each.read_text("utf-8"))
            for each in (resources.files(__package__) / "dss_migrations").iterdir()
            if each.name.endswith(".sql")
        )
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")  # two processes may start at once
        try:
            application, version = identity(connection)
            is_empty = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
            if application != APPLICATION_ID and not (is_empty and application == 0):
                raise StoreFailed(f"{self.path} is a database of another kind or program; name another file")
            if version > scripts[-1][0]:
                raise StoreFailed(f"{self.path} is from a newer keepclear; this one knows version {scripts[-1][0]}")
            for number, text in scripts:
                if number > version:
                    for statement in _statements(text):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    def rows(self) -> Iterator[Row]:
        """Everything that is there, in the order of changes."""
        with self._told():
            cursor = self._connection.execute("SELECT n, kind, id, data FROM held ORDER BY n")
            while page := cursor.fetchmany(_PAGE):
                yield from map(_row, page)

    def is_behind(self) -> bool:
        """Whether another process wrote since this was asked last."""
        # Asked before every read, so without the context that the others stand in.
        if self._in_doubt:
            raise StoreFailed(self._in_doubt)
        try:
            version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error as error:
            raise failed(self.path, error) from error
        was, self._seen_version = self._seen_version, version
        return bool(was != version)

    def since(self, number: int) -> Sequence[Row] | None:
        """What changed after a number; None when it cannot be told any more."""
        with self._told():
            (up_to,) = self._connection.execute("SELECT up_to FROM forgotten").fetchone()
            if number < up_to:
                return None
            found = self._connection.execute("SELECT n, kind, id, data FROM held WHERE n > ? ORDER BY n", (number,))
            return [_row(each) for each in found.fetchall()]

    def begin(self) -> None:
        """Shut every other writer out."""
        with self._told():
            self._connection.execute("BEGIN IMMEDIATE")

    def commit(self, drafts: Iterable[Draft]) -> int:
        """Make drafts durable as one; gives the number of the first."""
        connection = self._connection
        drafts = list(drafts)
        with self._told(commits=True):
            first = (connection.execute("SELECT max(n) FROM held").fetchone()[0] or 0) + 1
            # The order of numbers must never run back, even if the rows at the end were the ones to go.
            first = max(first, connection.execute("SELECT up_to FROM forgotten").fetchone()[0] + 1)
            connection.executemany(
                "INSERT INTO held (n, kind, id, data) VALUES (?, ?, ?, ?)",
                [(n, int(draft.kind), draft.id, draft.data) for n, draft in enumerate(drafts, first)],
            )
            connection.executemany(
                "DELETE FROM held WHERE n = ?", [(draft.replaces,) for draft in drafts if draft.replaces]
            )
            last = first + len(drafts) - 1
            if last // _FORGET_EVERY != (first - 1) // _FORGET_EVERY and last > GONE_KEPT:
                self._forget(last - GONE_KEPT)
            connection.execute("COMMIT")
        return int(first)

    def _forget(self, up_to: int) -> None:
        self._connection.execute("DELETE FROM held WHERE data IS NULL AND n <= ?", (up_to,))
        self._connection.execute("UPDATE forgotten SET up_to = ?", (up_to,))

    def roll_back(self) -> None:
        """Write nothing."""
        if self._connection.in_transaction:
            with self._told():
                self._connection.execute("ROLLBACK")

    def report(self, key: str) -> bytes | None:
        """A report as it was stored."""
        with self._told():
            found = self._connection.execute(
                "SELECT data FROM held WHERE kind = ? AND id = ? ORDER BY n DESC LIMIT 1", (int(Kind.REPORT), key)
            ).fetchone()
        return found[0] if found is not None else None

    def close(self) -> None:
        """Let go of the store; what was committed stays."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    @contextlib.contextmanager
    def _told(self, *, commits: bool = False) -> Iterator[None]:
        if self._in_doubt:
            raise StoreFailed(self._in_doubt)
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", type(error).__name__)
            if commits and "FSYNC" in name:
                # Nobody knows what the disk holds: neither this change nor its absence may be told.
                self._in_doubt = f"the disk failed ({name}) and what it holds is in doubt; the service must start anew"
            raise failed(self.path, error) from error


def _row(found: tuple[int, int, str, bytes | None]) -> Row:
    number, kind, key, data = found
    try:
        return Row(number, Kind(kind), key, data)
    except ValueError:
        raise StoreFailed(f"row {number} is of kind {kind}, which this version does not know") from None


def _statements(text: str) -> Iterator[str]:
    """The statements of a script, one by one: run as a script they would end the transaction that they stand in."""
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
