"""What a store owes the node: one suite, run on each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepclear.errors import InvariantBroken, StoreFailed
from keepclear.node.ports import Batch, Evidence, Store, StoredEntry
from keepclear.record.tree import leaf_hash
from keepclear.stores.memory import Fault, MemoryStore
from keepclear.stores.sqlite import SqliteStore, check_file

FORTH = "keepclear/amber/to/birch"
BACK = "keepclear/birch/to/amber"
KEYS_MAX = 3


class Place:
    """Where a store lies: it can be opened, and opened again after the process that had it open is gone."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self._path = folder / "record.db"
        self._store: MemoryStore | SqliteStore | None = None

    def open(self) -> MemoryStore | SqliteStore:
        if isinstance(self._store, MemoryStore):
            self._store = MemoryStore.restored(self._store.snapshot(), idempotency_keys_max=KEYS_MAX)
        elif self.kind == "memory":
            self._store = MemoryStore(idempotency_keys_max=KEYS_MAX)
        else:
            self._store = SqliteStore(self._path, idempotency_keys_max=KEYS_MAX, reserve_bytes=65_536)
        return self._store

    def reopen(self) -> MemoryStore | SqliteStore:
        assert self._store is not None
        self._store.close()
        return self.open()

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
        if self.kind == "sqlite" and self._path.exists():
            assert check_file(self._path) == []


@pytest.fixture(params=["memory", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    place = Place(request.param, tmp_path)
    yield place
    place.close()


def an_entry(seq: int, n: int, log: str = FORTH, text: str = "") -> StoredEntry:
    data = (text or f"entry {n} of {log}").encode()
    return StoredEntry(seq, log, n, leaf_hash(data), data)


def some_entries(count: int, log: str = FORTH) -> list[StoredEntry]:
    return [an_entry(n + 1, n, log) for n in range(count)]


def everything(store: Store) -> tuple[object, ...]:
    logs = sorted({each.log for each in store.entries()})
    return (
        list(store.entries()),
        {log: store.log_entries(log, 0, 1_000_000) for log in logs},
        {log: store.checkpoints(log) for log in (FORTH, BACK)},
        store.evidence(),
        [store.answer_to(key) for key in "abcdef"],
    )


def some_evidence(text: bytes = b"what no parser took", at: int = 5) -> Evidence:
    return Evidence(sha256(text).hexdigest(), at, text)


# ------------------------------------------------------------------------------------------------------- entries


def test_a_new_store_is_empty(place: Place) -> None:
    store = place.open()

    assert everything(store) == ([], {}, {FORTH: [], BACK: []}, [], [None] * 6)
    assert store.latest_checkpoint(FORTH) is None
    assert store.log_entries(FORTH, 0, 10) == []


def test_what_was_appended_is_read_back_in_the_order_of_recording(place: Place) -> None:
    store = place.open()
    entries = [an_entry(1, 0), an_entry(2, 0, BACK), an_entry(3, 1), an_entry(4, 1, BACK)]

    store.append(Batch(entries[:3]))
    store.append(Batch(entries[3:]))

    assert list(store.entries()) == entries
    assert list(store.entries(after_seq=2)) == entries[2:]
    assert list(store.entries(after_seq=4)) == []
    assert list(store.entries(after_seq=99)) == []


def test_a_stretch_of_one_log_ends_where_the_log_ends(place: Place) -> None:
    store = place.open()
    store.append(Batch([an_entry(1, 0), an_entry(2, 0, BACK), an_entry(3, 1), an_entry(4, 2)]))

    assert [each.n for each in store.log_entries(FORTH, 0, 2)] == [0, 1]
    assert [each.n for each in store.log_entries(FORTH, 1, 99)] == [1, 2]
    assert store.log_entries(FORTH, 3, 1) == []
    assert store.log_entries(FORTH, 0, 0) == []
    assert {each.log for each in store.log_entries(BACK, 0, 99)} == {BACK}


def test_more_entries_than_one_page_are_all_read_in_order(place: Place) -> None:
    store = place.open()
    entries = some_entries(1_500)

    store.append(Batch(entries))

    assert list(store.entries()) == entries
    assert store.log_entries(FORTH, 0, 1_500) == entries


def test_everything_is_there_when_the_store_is_opened_again(place: Place) -> None:
    store = place.open()
    store.append(Batch([an_entry(1, 0), an_entry(2, 0, BACK)], [("a", b"one")], [some_evidence()]))
    store.save_checkpoint(FORTH, 1, "signed")
    before = everything(store)

    store = place.reopen()

    assert everything(store) == before
    store.append(Batch([an_entry(3, 1), an_entry(4, 1, BACK)]))
    assert [each.seq for each in store.entries()] == [1, 2, 3, 4]


def test_a_reader_in_the_middle_does_not_hinder_a_write(place: Place) -> None:
    store = place.open()
    store.append(Batch(some_entries(600)))
    reading = store.entries()
    first = next(reading)

    store.append(Batch([an_entry(601, 600)]))

    read = [first, *reading]
    assert [each.seq for each in read][:600] == list(range(1, 601))
    assert store.log_entries(FORTH, 600, 1) == [an_entry(601, 600)]


def test_bytes_are_kept_as_they_are_up_to_the_largest_entry(place: Place) -> None:
    store = place.open()
    every_byte = bytes(range(256)) * 256
    entries = [
        StoredEntry(1, FORTH, 0, leaf_hash(b""), b""),
        StoredEntry(2, FORTH, 1, leaf_hash(every_byte[:65_535]), every_byte[:65_535]),
    ]

    store.append(Batch(entries))

    assert list(place.reopen().entries()) == entries


# ----------------------------------------------------------------------- a batch that does not continue what is stored


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ([an_entry(4, 2)], "skips a seq"),
        ([an_entry(2, 2)], "uses a seq again"),
        ([an_entry(3, 3)], "skips an index"),
        ([an_entry(3, 1)], "uses an index again"),
        ([an_entry(3, 1, BACK)], "starts a log above 0"),
        ([an_entry(3, 2), an_entry(5, 3)], "skips a seq in its middle"),
        ([an_entry(3, 2), an_entry(4, 2)], "says an index twice"),
        ([StoredEntry(3, FORTH, 2, leaf_hash(b"another"), b"one")], "has another's leaf hash"),
    ],
)
def test_a_batch_that_does_not_continue_what_is_stored_is_refused_whole(
    place: Place, wrong: list[StoredEntry], why: str
) -> None:
    store = place.open()
    store.append(Batch(some_entries(2)))
    before = everything(store)

    with pytest.raises(InvariantBroken):
        store.append(Batch(wrong, [("a", b"one")], [some_evidence()]))

    assert everything(store) == before
    store.append(Batch([an_entry(3, 2)]))
    assert everything(place.reopen())[0] == some_entries(3)


def test_evidence_under_a_name_that_is_not_its_hash_is_refused(place: Place) -> None:
    store = place.open()

    with pytest.raises(InvariantBroken):
        store.append(Batch([an_entry(1, 0)], evidence=[Evidence(sha256(b"x").hexdigest(), 1, b"y")]))

    assert list(store.entries()) == []


# ---------------------------------------------------------------------------------------------- answers and evidence


def test_the_first_answer_to_a_key_stays(place: Place) -> None:
    store = place.open()

    store.append(Batch([], [("a", b"one")]))
    store.append(Batch([], [("a", b"two"), ("b", b"three")]))

    assert store.answer_to("a") == b"one"
    assert store.answer_to("b") == b"three"
    assert store.answer_to("c") is None


def test_beyond_the_bound_the_oldest_answers_are_dropped(place: Place) -> None:
    store = place.open()

    store.append(Batch([], [(key, key.encode()) for key in "abc"]))
    assert [store.answer_to(key) for key in "abc"] == [b"a", b"b", b"c"]
    # Repeating a key makes it no younger.
    store.append(Batch([], [("a", b"again"), ("d", b"d")]))

    assert [store.answer_to(key) for key in "abcd"] == [None, b"b", b"c", b"d"]
    store = place.reopen()
    store.append(Batch([], [("e", b"e"), ("f", b"f")]))
    assert [store.answer_to(key) for key in "abcdef"] == [None, None, None, b"d", b"e", b"f"]


def test_evidence_is_kept_once_with_the_time_it_first_came(place: Place) -> None:
    store = place.open()
    other = some_evidence(b"something else", at=6)

    store.append(Batch([], evidence=[some_evidence(at=5)]))
    store.append(Batch([], evidence=[some_evidence(at=9), other]))

    assert place.reopen().evidence() == [some_evidence(at=5), other]


# ------------------------------------------------------------------------------------------------------ checkpoints


def test_checkpoints_are_given_by_rising_size_and_the_newer_text_stands(place: Place) -> None:
    store = place.open()
    store.append(Batch(some_entries(9)))

    for size, note in [(9, "nine"), (2, "two"), (5, "five"), (9, "nine, cosigned")]:
        store.save_checkpoint(FORTH, size, note)

    store = place.reopen()
    assert store.checkpoints(FORTH) == [(2, "two"), (5, "five"), (9, "nine, cosigned")]
    assert store.checkpoints(BACK) == []


def test_the_latest_checkpoint_is_the_largest_that_is_not_above_the_size_asked_for(place: Place) -> None:
    store = place.open()
    store.append(Batch(some_entries(5)))
    store.save_checkpoint(FORTH, 2, "two")
    store.save_checkpoint(FORTH, 5, "five")

    assert store.latest_checkpoint(FORTH) == (5, "five")
    assert store.latest_checkpoint(FORTH, at_most=5) == (5, "five")
    assert store.latest_checkpoint(FORTH, at_most=4) == (2, "two")
    assert store.latest_checkpoint(FORTH, at_most=1) is None
    assert store.latest_checkpoint(BACK) is None


# --------------------------------------------------------------------------------------------------- replacing a tail


def test_a_tail_is_forgotten_and_what_replaces_it_runs_on_from_the_last_seq(place: Place) -> None:
    store = place.open()
    kept = [an_entry(1, 0), an_entry(2, 0, BACK)]
    store.append(Batch([*kept, an_entry(3, 1, text="ours"), an_entry(4, 1, BACK), an_entry(5, 2, text="ours too")]))
    theirs = [an_entry(6, 1, text="theirs"), an_entry(7, 2, text="theirs too"), an_entry(8, 3, text="and a third")]

    store.replace_tail(FORTH, 1, theirs)

    assert list(store.entries()) == [*kept, an_entry(4, 1, BACK), *theirs]
    assert store.log_entries(FORTH, 0, 99) == [an_entry(1, 0), *theirs]
    assert [each.n for each in store.log_entries(BACK, 0, 99)] == [0, 1]
    store = place.reopen()
    assert list(store.entries()) == [*kept, an_entry(4, 1, BACK), *theirs]
    store.append(Batch([an_entry(9, 4), an_entry(10, 2, BACK)]))
    assert list(store.entries(after_seq=8)) == [an_entry(9, 4), an_entry(10, 2, BACK)]


def test_checkpoints_above_the_start_of_a_replaced_tail_are_forgotten_and_no_others(place: Place) -> None:
    store = place.open()
    store.append(Batch([*some_entries(3), *(an_entry(4 + n, n, BACK) for n in range(3))]))
    for size in (1, 2, 3):
        store.save_checkpoint(FORTH, size, f"{size}")
        store.save_checkpoint(BACK, size, f"{size}")

    store.replace_tail(FORTH, 2, [an_entry(7, 2, text="theirs")])

    store = place.reopen()
    assert [size for size, _ in store.checkpoints(FORTH)] == [1, 2]
    assert [size for size, _ in store.checkpoints(BACK)] == [1, 2, 3]


def test_a_tail_may_start_where_a_log_ends_or_where_it_begins(place: Place) -> None:
    store = place.open()
    store.append(Batch(some_entries(2)))

    store.replace_tail(FORTH, 2, [an_entry(3, 2)])
    store.replace_tail(FORTH, 0, [an_entry(4, 0, text="all anew")])
    store.replace_tail(BACK, 0, [an_entry(5, 0, BACK)])
    store.replace_tail(BACK, 1, [])

    assert list(place.reopen().entries()) == [an_entry(4, 0, text="all anew"), an_entry(5, 0, BACK)]


def test_tails_can_be_replaced_again_and_again(place: Place) -> None:
    store = place.open()
    store.append(Batch([each for n in range(4) for each in (an_entry(2 * n + 1, n), an_entry(2 * n + 2, n, BACK))]))
    seq = 8
    for round_ in range(5):
        tail = [an_entry(seq + 1 + n, n, FORTH, f"round {round_}, {n}") for n in range(round_ % 3, 4)]
        tail = [an_entry(seq + 1 + k, each.n, FORTH, f"round {round_}") for k, each in enumerate(tail)]
        store.replace_tail(FORTH, round_ % 3, tail)
        seq += len(tail)

    store = place.reopen()
    assert [each.n for each in store.log_entries(FORTH, 0, 99)] == [0, 1, 2, 3]
    assert [each.seq for each in store.log_entries(BACK, 0, 99)] == [2, 4, 6, 8]
    seqs = [each.seq for each in store.entries()]
    assert seqs == sorted(seqs) and seqs[-1] == seq


@pytest.mark.parametrize(
    ("first", "entries", "why"),
    [
        (3, [an_entry(3, 3)], "starts beyond the end"),
        (-1, [an_entry(3, 0)], "starts before the beginning"),
        (1, [an_entry(2, 1)], "uses a seq again"),
        (1, [an_entry(4, 1)], "skips a seq"),
        (1, [an_entry(3, 2)], "leaves out an index"),
        (1, [an_entry(3, 1, BACK)], "is of another log"),
        (1, [], "puts nothing in the place of what it forgets"),
        (1, [StoredEntry(3, FORTH, 1, leaf_hash(b"another"), b"one")], "has another's leaf hash"),
    ],
)
def test_a_tail_that_does_not_fit_is_refused_and_nothing_is_forgotten(
    place: Place, first: int, entries: list[StoredEntry], why: str
) -> None:
    store = place.open()
    store.append(Batch(some_entries(2)))
    store.save_checkpoint(FORTH, 2, "two")
    before = everything(store)

    with pytest.raises(InvariantBroken):
        store.replace_tail(FORTH, first, entries)

    assert everything(store) == before
    assert everything(place.reopen()) == before


# ------------------------------------------------------------------------------------------------------------ closing


@pytest.mark.parametrize(
    "use",
    [
        lambda store: list(store.entries()),
        lambda store: store.log_entries(FORTH, 0, 1),
        lambda store: store.append(Batch([an_entry(1, 0)])),
        lambda store: store.replace_tail(FORTH, 0, [an_entry(1, 0)]),
        lambda store: store.save_checkpoint(FORTH, 0, "none"),
        lambda store: store.checkpoints(FORTH),
        lambda store: store.latest_checkpoint(FORTH),
        lambda store: store.answer_to("a"),
        lambda store: store.evidence(),
    ],
)
def test_a_closed_store_says_so(place: Place, use: Callable[[Store], object]) -> None:
    store = place.open()
    store.close()

    with pytest.raises(StoreFailed, match="closed"):
        use(store)
    store.close()


# ----------------------------------------------------------------------------------- both stores, step by step, agree


@settings(max_examples=40)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from([FORTH, BACK]), st.integers(0, 5), st.integers(1, 4), st.booleans()), max_size=12
    )
)
def test_any_history_reads_the_same_from_both_stores(
    steps: list[tuple[str, int, int, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    stores = [Place("memory", Path()), Place("sqlite", tmp_path_factory.mktemp("store"))]
    opened = [place.open() for place in stores]
    seq, sizes = 0, {FORTH: 0, BACK: 0}

    for step, (log, back, count, is_replaced) in enumerate(steps):
        first = max(0, sizes[log] - back) if is_replaced else sizes[log]
        entries = [an_entry(seq + 1 + k, first + k, log, f"step {step}, {k}") for k in range(count)]
        for store in opened:
            if is_replaced:
                store.replace_tail(log, first, entries)
            else:
                store.append(Batch(entries, [("abcdef"[step % 6], b"%d" % step)]))
            store.save_checkpoint(log, first + count, f"step {step}")
        seq, sizes[log] = seq + count, first + count

    assert everything(opened[0]) == everything(opened[1])
    assert everything(stores[0].reopen()) == everything(stores[1].reopen())
    for place in stores:
        place.close()


# ---------------------------------------------------------------------------- the memory store fails when it is told to


def test_a_fault_before_the_commit_stores_nothing_and_the_store_goes_on() -> None:
    store = MemoryStore()
    store.fail_next(Fault.BEFORE_COMMIT)

    with pytest.raises(StoreFailed):
        store.append(Batch(some_entries(2), [("a", b"one")]))

    assert everything(store) == everything(MemoryStore())
    store.append(Batch(some_entries(2)))
    assert list(store.entries()) == some_entries(2)


def test_a_fault_after_the_commit_stores_everything_and_the_store_must_be_opened_anew() -> None:
    store = MemoryStore()
    store.fail_next(Fault.AFTER_COMMIT)

    with pytest.raises(StoreFailed):
        store.append(Batch(some_entries(2)))

    with pytest.raises(StoreFailed, match="opened anew"):
        store.append(Batch([an_entry(3, 2)]))
    restored = MemoryStore.restored(store.snapshot())
    assert list(restored.entries()) == some_entries(2)
    restored.append(Batch([an_entry(3, 2)]))


def test_a_full_disk_in_memory_takes_the_stop_lane_and_checkpoints_and_nothing_else() -> None:
    store = MemoryStore()
    store.disk_full = True

    with pytest.raises(StoreFailed, match="full"):
        store.append(Batch(some_entries(1)))
    with pytest.raises(StoreFailed, match="full"):
        store.replace_tail(FORTH, 0, some_entries(1))
    store.append(Batch(some_entries(1), is_stop_lane=True))
    store.save_checkpoint(FORTH, 1, "signed")

    assert list(store.entries()) == some_entries(1)
    store.disk_full = False
    store.append(Batch([an_entry(2, 1)]))


def test_faults_from_outside_are_asked_before_each_write_and_a_crash_of_theirs_stores_nothing() -> None:
    class Crash(BaseException):
        pass

    asked: list[bool] = []

    def faults(may_use_reserve: bool) -> Fault | None:
        asked.append(may_use_reserve)
        if len(asked) == 3:
            raise Crash
        return Fault.DISK_FULL if len(asked) == 2 else None

    store = MemoryStore(faults=faults)
    store.append(Batch(some_entries(1)))
    with pytest.raises(StoreFailed, match="full"):
        store.append(Batch([an_entry(2, 1)]))
    with pytest.raises(Crash):
        store.append(Batch([an_entry(2, 1)], is_stop_lane=True))

    assert asked == [False, False, True]
    assert list(MemoryStore.restored(store.snapshot()).entries()) == some_entries(1)


def test_a_snapshot_does_not_change_when_the_store_does() -> None:
    store = MemoryStore()
    store.append(Batch(some_entries(2), [("a", b"one")]))
    store.save_checkpoint(FORTH, 2, "two")
    old = store.snapshot()
    before = everything(store)

    store.append(Batch([an_entry(3, 2)], [("b", b"two")], [some_evidence()]))
    store.replace_tail(FORTH, 1, [an_entry(4, 1, text="theirs")])

    assert everything(MemoryStore.restored(old)) == before
