"""A full disk: nothing half-written, the STOP lane still goes through, and all is well when there is room again."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from keepclear.errors import StoreFailed
from keepclear.node.ports import Batch, StoredEntry
from keepclear.record.tree import leaf_hash
from keepclear.stores.sqlite import SqliteStore, check_file

LOG = "keepclear/amber/to/birch"
RESERVE_BYTES = 1_048_576


def an_entry(n: int, size: int = 2_000) -> StoredEntry:
    data = b"%08d" % n + b"x" * (size - 8)
    return StoredEntry(n + 1, LOG, n, leaf_hash(data), data)


def a_batch(first: int, count: int = 16, **options: bool) -> Batch:
    return Batch([an_entry(n) for n in range(first, first + count)], **options)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 8 MB, in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("no small disk can be mounted here: that needs root and the right to mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(store: SqliteStore, first: int = 0) -> int:
    """Append until the disk is full; gives how many entries the store then has."""
    for n in range(first, 100_000, 16):
        try:
            store.append(a_batch(n))
        except StoreFailed as error:
            if "disk is full" not in error.message:
                raise
            return n
    raise AssertionError("the disk was never full")


def take_all_space(folder: Path) -> Path:
    filler = folder / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4_096)
    return filler


def test_on_a_full_disk_a_batch_is_refused_whole_and_a_stop_still_goes_through(small_disk: Path) -> None:
    with contextlib.closing(SqliteStore(small_disk / "record.db", reserve_bytes=RESERVE_BYTES)) as store:
        take_all_space(small_disk)

        stored = fill(store)
        with pytest.raises(StoreFailed, match="disk is full"):
            store.append(a_batch(stored))
        assert len(list(store.entries())) == stored

        store.append(a_batch(stored, is_stop_lane=True))
        store.save_checkpoint(LOG, stored + 16, "signed")
        assert len(list(store.entries())) == stored + 16
        assert store.latest_checkpoint(LOG) == (stored + 16, "signed")
        assert store.check() == []


def test_space_given_up_for_a_stop_is_kept_from_everything_but_the_next_stop(small_disk: Path) -> None:
    with contextlib.closing(SqliteStore(small_disk / "record.db", reserve_bytes=RESERVE_BYTES)) as store:
        take_all_space(small_disk)
        stored = fill(store)
        # Small batches find a last corner; the STOP is large enough to need what was set aside.
        store.append(a_batch(stored, 64, is_stop_lane=True))
        stored += 64

        assert os.statvfs(small_disk).f_bavail * 4_096 > 200_000
        with pytest.raises(StoreFailed, match="kept for STOP"):
            store.append(a_batch(stored, 1))
        assert not store.restore_reserve()
        for _ in range(4):
            store.append(a_batch(stored, is_stop_lane=True))
            stored += 16

        assert len(list(store.entries())) == stored


def test_when_there_is_room_again_the_space_is_set_aside_again_and_all_batches_are_taken(small_disk: Path) -> None:
    with contextlib.closing(SqliteStore(small_disk / "record.db", reserve_bytes=RESERVE_BYTES)) as store:
        filler = take_all_space(small_disk)
        stored = fill(store)
        store.append(a_batch(stored, 64, is_stop_lane=True))
        stored += 64

        filler.unlink()
        assert store.restore_reserve()

        assert (small_disk / "record.db.reserve").stat().st_blocks * 512 >= RESERVE_BYTES
        store.append(a_batch(stored))
        assert len(list(store.entries())) == stored + 16
    assert check_file(small_disk / "record.db") == []


def test_a_store_opened_on_a_full_disk_takes_a_stop(small_disk: Path) -> None:
    store = SqliteStore(small_disk / "record.db", reserve_bytes=RESERVE_BYTES)
    store.append(a_batch(0))
    store.close()
    filler = take_all_space(small_disk)

    with contextlib.closing(SqliteStore(small_disk / "record.db", reserve_bytes=RESERVE_BYTES)) as store:
        store.append(a_batch(16, is_stop_lane=True))
        assert len(list(store.entries())) == 32
        with pytest.raises(StoreFailed, match="disk is full"):
            store.append(a_batch(32, 1))
        filler.unlink()
        store.append(a_batch(32, 1))


def test_a_store_without_space_set_aside_refuses_a_stop_in_plain_words_and_goes_on_later(small_disk: Path) -> None:
    with contextlib.closing(SqliteStore(small_disk / "record.db", reserve_bytes=0)) as store:
        filler = take_all_space(small_disk)
        stored = fill(store)

        with pytest.raises(StoreFailed, match="disk is full"):
            store.append(a_batch(stored, 64, is_stop_lane=True))

        assert len(list(store.entries())) == stored
        filler.unlink()
        store.append(a_batch(stored))


def test_a_transaction_that_finds_no_page_leaves_nothing_and_the_connection_usable(tmp_path: Path) -> None:
    with contextlib.closing(SqliteStore(tmp_path / "record.db", reserve_bytes=RESERVE_BYTES)) as store:
        store.append(a_batch(0))
        (pages,) = store._writer.execute("PRAGMA page_count").fetchone()
        store._writer.execute(f"PRAGMA max_page_count = {pages + 4}")

        stored = fill(store, 16)
        with pytest.raises(StoreFailed, match="disk is full"):
            store.replace_tail(LOG, 4, [StoredEntry(stored + 1 + n - 4, *_place(n)) for n in range(4, 400)])

        assert len(list(store.entries())) == stored
        assert store.check() == []
        store._writer.execute("PRAGMA max_page_count = 1000000")
        store.append(a_batch(stored))
        assert len(list(store.entries())) == stored + 16


def test_a_transaction_that_breaks_off_in_its_middle_leaves_nothing(tmp_path: Path) -> None:
    with contextlib.closing(SqliteStore(tmp_path / "record.db", reserve_bytes=0)) as store:
        store.append(a_batch(0))

        # Half a surrogate pair is no text: the entries are in by then, the answer cannot follow.
        with pytest.raises(UnicodeEncodeError):
            store.append(Batch([an_entry(16)], [("\ud800", b"answer")]))

        assert len(list(store.entries())) == 16
        store.append(a_batch(16))
        assert len(list(store.entries())) == 32


def _place(n: int) -> tuple[str, int, bytes, bytes]:
    entry = an_entry(n)
    return entry.log, entry.n, entry.leaf, entry.data


def test_the_reserve_takes_real_space_and_stays_when_the_store_is_closed(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "record.db", reserve_bytes=RESERVE_BYTES).close()

    reserve = (tmp_path / "record.db.reserve").stat()
    assert reserve.st_size == RESERVE_BYTES
    assert reserve.st_blocks * 512 >= RESERVE_BYTES


class FailingFsync:
    """A connection whose COMMIT fails as when the disk does not take an fsync."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    def execute(self, statement: str, *parameters: object) -> object:
        if statement == "COMMIT":
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
            raise error
        return self._connection.execute(statement, *parameters)


def test_after_an_fsync_that_failed_no_write_is_taken_until_the_store_is_opened_anew(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "record.db", reserve_bytes=0)
    store.append(a_batch(0))
    whole = store._writer
    store._writer = FailingFsync(whole)  # type: ignore[assignment]
    with pytest.raises(StoreFailed, match="SQLITE_IOERR_FSYNC"):
        store.append(a_batch(16))

    store._writer = whole
    with pytest.raises(StoreFailed, match="opened anew"):
        store.append(a_batch(16))
    with pytest.raises(StoreFailed, match="opened anew"):
        store.save_checkpoint(LOG, 16, "signed")

    assert len(list(store.entries())) == 16
    store.close()
    with contextlib.closing(SqliteStore(tmp_path / "record.db", reserve_bytes=0)) as store:
        store.append(a_batch(len(list(store.entries()))))
