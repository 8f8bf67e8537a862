"""The file itself: who may open it, what it is set to, its copy, and every changed byte found."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from keepclear.errors import StoreFailed
from keepclear.node.ports import Batch, Evidence, StoredEntry
from keepclear.record.tree import leaf_hash
from keepclear.stores.sqlite import SqliteStore, check_file

#: A process of its own finds the package where this one does.
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
FORTH = "keepclear/amber/to/birch"
BACK = "keepclear/birch/to/amber"


def an_entry(seq: int, n: int, log: str = FORTH) -> StoredEntry:
    data = f'{{"log":"{log}","n":{n},"text":"the {n:05d}th thing that was said"}}'.encode()
    return StoredEntry(seq, log, n, leaf_hash(data), data)


def a_store(path: Path) -> SqliteStore:
    return SqliteStore(path, reserve_bytes=0)


def a_written_store(path: Path, count: int = 300) -> Path:
    """A closed store with something in every table."""
    store = a_store(path)
    entries = [an_entry(2 * n + k + 1, n, log) for n in range(count // 2) for k, log in enumerate((FORTH, BACK))]
    store.append(
        Batch(
            entries,
            [(f"key-{n}", b"answer %d" % n) for n in range(20)],
            [Evidence(sha256(b"odd %d" % n).hexdigest(), n, b"odd %d" % n) for n in range(10)],
        )
    )
    for size in range(1, 20):
        store.save_checkpoint(FORTH, size, f"checkpoint of {size}\n")
    half = count // 2
    store.replace_tail(FORTH, half - 3, [an_entry(count + 1 + k, half - 3 + k) for k in range(5)])
    store.close()
    return path


def read_all(path: Path) -> tuple[object, ...]:
    store = a_store(path)
    try:
        return (
            list(store.entries()),
            [store.log_entries(log, 0, 10_000) for log in (FORTH, BACK)],
            [store.checkpoints(log) for log in (FORTH, BACK)],
            [store.answer_to(f"key-{n}") for n in range(20)],
            store.evidence(),
        )
    finally:
        store.close()


# ------------------------------------------------------------------------------------------------------ who may open


def test_a_second_writer_is_refused_with_the_number_of_the_process_that_writes(
    tmp_path: Path, start: Callable[..., subprocess.Popen[Any]]
) -> None:
    path = tmp_path / "record.db"
    program = (
        "import sys; from pathlib import Path; from keepclear.stores.sqlite import SqliteStore\n"
        "store = SqliteStore(Path(sys.argv[1]), reserve_bytes=0); print('open', flush=True); sys.stdin.read()"
    )
    holder = start(
        sys.executable, "-c", program, path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    assert holder.stdout.readline() == "open\n"

    with pytest.raises(StoreFailed, match=f"process {holder.pid} already writes to"):
        a_store(path)

    holder.kill()
    holder.wait()
    a_store(path).close()


def test_a_second_writer_in_the_same_process_is_refused_and_does_not_loosen_the_lock_of_the_first(
    tmp_path: Path,
) -> None:
    path = tmp_path / "record.db"
    first = a_store(path)
    (tmp_path / "other-name.db").symlink_to(path)

    for name in ("record.db", "other-name.db"):
        with pytest.raises(StoreFailed, match="this process"):
            a_store(tmp_path / name)

    program = (
        "import sys; from pathlib import Path; from keepclear.stores.sqlite import SqliteStore\n"
        "SqliteStore(Path(sys.argv[1]), reserve_bytes=0)"
    )
    other = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, env=ENVIRONMENT)
    assert "already writes to" in other.stderr
    first.close()
    a_store(path).close()


def test_a_file_of_another_program_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE song (title TEXT)")
    before = path.read_bytes()

    with pytest.raises(StoreFailed, match="another program"):
        a_store(path)

    assert path.read_bytes() == before


def test_a_file_of_a_newer_keepclear_is_refused(tmp_path: Path) -> None:
    path = a_written_store(tmp_path / "record.db")
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 99")

    with pytest.raises(StoreFailed, match="version 99 from a newer keepclear"):
        a_store(path)


def test_a_file_that_is_no_database_and_a_folder_that_is_not_there_are_refused_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_bytes(b"this is not a database at all\n" * 100)

    with pytest.raises(StoreFailed, match="is no database"):
        a_store(tmp_path / "text.db")
    with pytest.raises(StoreFailed, match="No such file"):
        a_store(tmp_path / "nowhere" / "record.db")
    with pytest.raises(StoreFailed, match="there is no store"):
        check_file(tmp_path / "record.db")


def test_a_store_that_was_refused_can_be_opened_once_the_reason_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    path.write_bytes(b"this is not a database at all\n" * 100)
    with pytest.raises(StoreFailed):
        a_store(path)
    path.unlink()

    a_store(path).close()


# ------------------------------------------------------------------------------------------------- what it is set to


def test_every_connection_waits_for_the_disk_and_writes_ahead(tmp_path: Path) -> None:
    with contextlib.closing(a_store(tmp_path / "record.db")) as store:
        for connection in (store._writer, store._reader):
            is_set = {
                name: connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous", "foreign_keys", "trusted_schema")
            }
            assert is_set == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0}
        with pytest.raises(sqlite3.OperationalError):
            store._reader.execute("DELETE FROM entry")


def test_nobody_but_the_owner_may_read_any_of_its_files(tmp_path: Path) -> None:
    with contextlib.closing(SqliteStore(tmp_path / "record.db", reserve_bytes=4_096)) as store:
        store.append(Batch([an_entry(1, 0)]))
        store.backup(tmp_path / "copy.db")
        modes = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()}

    assert set(modes) >= {
        "record.db",
        "record.db-wal",
        "record.db-shm",
        "record.db.lock",
        "record.db.reserve",
        "copy.db",
    }
    assert set(modes.values()) == {0o600}


def test_a_long_read_in_one_thread_does_not_hinder_writes_in_another(tmp_path: Path) -> None:
    with contextlib.closing(a_store(tmp_path / "record.db")) as store:
        store.append(Batch([an_entry(n + 1, n) for n in range(5_000)]))
        read: list[int] = []
        failures: list[Exception] = []

        def read_often() -> None:
            try:
                read.extend(len([each for each in store.entries() if each.seq <= 5_000]) for _ in range(5))
            except Exception as error:
                failures.append(error)

        reader = threading.Thread(target=read_often)
        reader.start()
        for n in range(5_000, 5_200):
            store.append(Batch([an_entry(n + 1, n)]))
        reader.join()

        assert failures == []
        assert read == [5_000] * 5
        assert store.log_entries(FORTH, 5_199, 1) == [an_entry(5_200, 5_199)]


# -------------------------------------------------------------------------------------------------------------- backup


def test_a_backup_of_a_live_store_is_itself_a_store_with_all_that_was_there(tmp_path: Path) -> None:
    path = a_written_store(tmp_path / "record.db")
    expected = read_all(path)
    with contextlib.closing(a_store(path)) as store:
        store.backup(tmp_path / "copy.db")
        store.append(Batch([an_entry(306, 152)]))
        assert store.check() == []

    assert [each.name for each in tmp_path.glob("copy.db*")] == ["copy.db"]
    assert check_file(tmp_path / "copy.db") == []
    assert read_all(tmp_path / "copy.db") == expected


def test_a_backup_replaces_no_file_and_leaves_nothing_behind_when_it_fails(tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")
    with contextlib.closing(a_store(tmp_path / "record.db")) as store:
        store.append(Batch([an_entry(1, 0)]))

        with pytest.raises(StoreFailed, match="replaces nothing"):
            store.backup(tmp_path / "copy.db")
        with pytest.raises(StoreFailed):
            store.backup(tmp_path / "nowhere" / "copy.db")

    assert (tmp_path / "copy.db").read_text() == "precious"
    assert not list(tmp_path.rglob("*.part"))


def test_a_damaged_store_is_not_backed_up_as_if_it_were_sound(tmp_path: Path) -> None:
    path = a_written_store(tmp_path / "record.db")
    flip(path, path.read_bytes().index(an_entry(1, 40).data) + 30)
    with contextlib.closing(a_store(path)) as store:
        with pytest.raises(StoreFailed, match=f"entry 40 of {FORTH}"):
            store.backup(tmp_path / "copy.db")

    assert not list(tmp_path.glob("copy.db*"))


# ------------------------------------------------------------------------------------------------- every changed byte


def flip(path: Path, offset: int, mask: int = 0x01) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        (byte,) = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ mask]))


def test_a_sound_store_shows_no_damage_open_or_closed(tmp_path: Path) -> None:
    path = a_written_store(tmp_path / "record.db")
    before = path.read_bytes()

    assert check_file(path) == []
    assert path.read_bytes() == before
    with contextlib.closing(a_store(path)) as store:
        assert store.check() == []


def test_one_changed_byte_in_an_entry_is_found_and_the_entry_named(tmp_path: Path) -> None:
    path = a_written_store(tmp_path / "record.db")
    flip(path, path.read_bytes().index(an_entry(1, 77, BACK).data) + 50)

    damages = check_file(path)

    assert [(each.seq, each.log, each.n) for each in damages] == [(156, BACK, 77)]
    assert "was changed" in damages[0].what
    with contextlib.closing(a_store(path)) as store:
        assert store.check() == damages
        with pytest.raises(StoreFailed, match=f"entry 77 of {BACK}"):
            list(store.entries())
        with pytest.raises(StoreFailed, match=f"entry 77 of {BACK}"):
            store.log_entries(BACK, 70, 10)


def test_one_changed_byte_in_a_leaf_hash_is_found_and_the_entry_named(tmp_path: Path) -> None:
    path = a_written_store(tmp_path / "record.db")
    flip(path, path.read_bytes().index(an_entry(1, 12).leaf))

    assert [(each.seq, each.log, each.n) for each in check_file(path)] == [(25, FORTH, 12)]


def test_one_changed_byte_in_a_page_of_the_index_is_found(tmp_path: Path) -> None:
    path = a_written_store(tmp_path / "record.db", 3_000)
    content = path.read_bytes()
    # A leaf page of an index starts with 0x0a; this one holds the names of logs and no entry.
    pages = [at for at in range(4_096, len(content), 4_096) if content[at] == 0x0A]
    page = next(at for at in pages if content[at : at + 4_096].count(FORTH.encode()) > 50)
    flip(path, content.index(FORTH.encode(), page) + len("keepclear/"))

    damages = check_file(path)

    assert damages
    assert any("entry_by_log" in each.what for each in damages)


@pytest.mark.parametrize(
    ("needle", "said"),
    [
        (b"answer 7", "the answer kept for the key key-7 was changed"),
        (b"checkpoint of 11\n", f"the checkpoint of {FORTH} at size 11 was changed"),
        (b"odd 4", f"the evidence {sha256(b'odd 4').hexdigest()} was changed"),
    ],
)
def test_one_changed_byte_in_what_is_kept_beside_the_logs_is_found_and_named(
    tmp_path: Path, needle: bytes, said: str
) -> None:
    path = a_written_store(tmp_path / "record.db")
    flip(path, path.read_bytes().index(needle))

    assert [each.what for each in check_file(path)] == [said]


def test_no_changed_byte_anywhere_in_the_file_is_read_as_if_it_were_sound(tmp_path: Path) -> None:
    original = a_written_store(tmp_path / "original.db")
    expected = read_all(original)
    chance = random.Random(20260501)
    found = 0

    for turn in range(300):
        folder = tmp_path / f"{turn}"
        folder.mkdir()
        path = folder / "record.db"
        shutil.copyfile(original, path)
        offset, bit = chance.randrange(path.stat().st_size), 1 << chance.randrange(8)
        flip(path, offset, bit)
        if check_file(path):
            found += 1
        else:
            # Space that holds nothing: what is read is the same to the last byte.
            assert read_all(path) == expected, f"bit {bit:#x} at {offset} changed what is read, and was not found"
        shutil.rmtree(folder)

    assert found > 100


def test_entries_taken_out_of_the_middle_are_found_as_a_gap(tmp_path: Path) -> None:
    path = a_written_store(tmp_path / "record.db")
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("DELETE FROM entry WHERE seq BETWEEN 11 AND 14")
        other.commit()

    damages = check_file(path)

    assert damages[0].what == "the entries with seq 11 to 14 are missing"
    assert {(each.seq, each.log, each.n) for each in damages[1:]} == {(15, FORTH, 7), (16, BACK, 7)}


def test_entries_taken_from_the_end_are_found_by_the_checkpoint_above_them(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    with contextlib.closing(a_store(path)) as store:
        store.append(Batch([an_entry(n + 1, n) for n in range(9)]))
        store.save_checkpoint(FORTH, 9, "nine")
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("DELETE FROM entry WHERE n > 5")
        other.commit()

    assert [each.what for each in check_file(path)] == [
        f"{FORTH} has 6 entries, but a checkpoint of size 9: its end is lost"
    ]


def test_a_check_that_finds_too_much_says_that_there_is_more(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    with contextlib.closing(a_store(path)) as store:
        store.append(Batch([an_entry(n + 1, n) for n in range(1_200)]))
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE entry SET data = zeroblob(9)")
        other.commit()

    damages = check_file(path)

    assert len(damages) == 1_001
    assert damages[-1].what.startswith("more than 1000 damages")


def test_a_torn_page_is_found_and_the_other_entries_are_still_checked(tmp_path: Path) -> None:
    path = a_written_store(tmp_path / "record.db", 3_000)
    content = bytearray(path.read_bytes())
    page = content.index(an_entry(1, 700).data) // 4_096 * 4_096
    content[page : page + 2_048] = bytes(2_048)
    last = content.index(an_entry(1, 1_400, BACK).data)
    content[last + 40] ^= 1
    path.write_bytes(content)

    damages = check_file(path)

    assert any("cannot be read" in each.what or "missing" in each.what for each in damages)
    assert any((each.log, each.n) == (BACK, 1_400) for each in damages)
    assert any("database file" in each.what for each in damages), damages[-3:]
