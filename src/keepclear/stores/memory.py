"""The record in dictionaries: for tests, the simulator and examples. It can be told to fail, and to be killed.

What it holds counts as durable at once. A crash is `MemoryStore.restored(store.snapshot())`: a new store with what was
durable and nothing else; an old backup is a snapshot taken earlier.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from operator import attrgetter

from keepclear.errors import StoreFailed, ensure
from keepclear.node.ports import Batch, Evidence, StoredEntry
from keepclear.node.settings import DEFAULT
from keepclear.record.tree import leaf_hash

_by_seq = attrgetter("seq")
_FULL = "the disk is full: nothing of this was stored; free some space and try again"


class Fault(Enum):
    """How a write may fail."""

    #: Nothing of it is stored.
    BEFORE_COMMIT = "before commit"
    #: It is stored, and nobody can know: the store takes no further write until it is opened anew.
    AFTER_COMMIT = "after commit"
    #: Nothing of it is stored; the STOP lane and checkpoints are not hit.
    DISK_FULL = "disk full"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that was durable at one moment."""

    entries: tuple[StoredEntry, ...]
    answers: tuple[tuple[str, bytes], ...]
    checkpoints: tuple[tuple[str, int, str], ...]
    evidence: tuple[Evidence, ...]


class MemoryStore:
    """A `Store` that keeps everything in memory.

    Args:
        idempotency_keys_max: answers kept; the oldest are dropped.
        faults: asked before each write with True if the write may use reserved space; gives how this write fails,
            or None. What it raises itself (a simulated crash) is not caught, and nothing is stored.
    """

    def __init__(
        self,
        *,
        idempotency_keys_max: int = DEFAULT.idempotency_keys_max,
        faults: Callable[[bool], Fault | None] | None = None,
    ) -> None:
        #: While true, every write fails but those of the STOP lane and checkpoints.
        self.disk_full = False
        self._keys_max = idempotency_keys_max
        self._faults = faults
        self._fail_next: deque[Fault] = deque()
        self._closed = False
        #: Why no further write is taken, or empty.
        self._in_doubt = ""
        self._entries: list[StoredEntry] = []
        self._logs: dict[str, list[StoredEntry]] = {}
        self._answers: OrderedDict[str, bytes] = OrderedDict()
        self._checkpoints: dict[str, dict[int, str]] = {}
        self._evidence: dict[str, Evidence] = {}

    @classmethod
    def restored(
        cls,
        snapshot: Snapshot,
        *,
        idempotency_keys_max: int = DEFAULT.idempotency_keys_max,
        faults: Callable[[bool], Fault | None] | None = None,
    ) -> MemoryStore:
        """A store that holds what was durable when the snapshot was taken."""
        store = cls(idempotency_keys_max=idempotency_keys_max, faults=faults)
        for entry in snapshot.entries:
            store._keep(entry)
        store._answers.update(snapshot.answers)
        for log, size, note in snapshot.checkpoints:
            store._checkpoints.setdefault(log, {})[size] = note
        store._evidence.update((each.sha256, each) for each in snapshot.evidence)
        return store

    def snapshot(self) -> Snapshot:
        """What is durable now; works on a closed or failed store too."""
        return Snapshot(
            entries=tuple(self._entries),
            answers=tuple(self._answers.items()),
            checkpoints=tuple(
                (log, size, note) for log, notes in self._checkpoints.items() for size, note in notes.items()
            ),
            evidence=tuple(self._evidence.values()),
        )

    def fail_next(self, fault: Fault) -> None:
        """Make the next write fail so; several wait in line."""
        self._fail_next.append(fault)

    # ------------------------------------------------------------------------------------------------------- reading

    def entries(self, after_seq: int = 0) -> Iterator[StoredEntry]:
        """All entries in the order of `seq`, from after the given one."""
        self._check_open()
        yield from self._entries[bisect_right(self._entries, after_seq, key=_by_seq) :]

    def log_entries(self, log: str, first: int, count: int) -> list[StoredEntry]:
        """Entries `first` to `first + count` of one log, fewer where it ends."""
        self._check_open()
        ensure(first >= 0 and count >= 0, f"a stretch of a log starts at 0 or later, not at {first} for {count}")
        return self._logs.get(log, [])[first : first + count]

    def answer_to(self, key: str) -> bytes | None:
        """The answer kept for an idempotency key."""
        self._check_open()
        return self._answers.get(key)

    def checkpoints(self, log: str) -> list[tuple[int, str]]:
        """All kept checkpoints of a log as (size, signed note), by rising size."""
        self._check_open()
        return sorted(self._checkpoints.get(log, {}).items())

    def latest_checkpoint(self, log: str, *, at_most: int | None = None) -> tuple[int, str] | None:
        """The largest kept checkpoint of a log, at most of the given size."""
        kept = [each for each in self.checkpoints(log) if at_most is None or each[0] <= at_most]
        return kept[-1] if kept else None

    def evidence(self) -> list[Evidence]:
        """Everything kept as evidence, in the order in which it came."""
        self._check_open()
        return list(self._evidence.values())

    # ------------------------------------------------------------------------------------------------------- writing

    def append(self, batch: Batch) -> None:
        """Make a batch durable, whole or not at all; one that does not continue what is stored is refused."""
        self._check_open()
        sizes = {log: len(entries) for log, entries in self._logs.items()}
        _check_continues(batch.entries, self._last_seq(), sizes)
        for each in batch.evidence:
            ensure(sha256(each.data).hexdigest() == each.sha256, f"evidence is named by its hash, not {each.sha256}")
        self._write(lambda: self._append(batch), may_use_reserve=batch.is_stop_lane)

    def replace_tail(self, log: str, first: int, entries: Sequence[StoredEntry]) -> None:
        """Forget a log's entries from `first` on and append others; its checkpoints above `first` too.

        Nothing may be forgotten without something in its place, so the last `seq` is always a stored one.
        """
        self._check_open()
        size = len(self._logs.get(log, []))
        ensure(0 <= first <= size, f"{log} has {size} entries, so its tail cannot start at {first}")
        ensure(bool(entries) or first == size, f"something is put in the place of what {log} forgets")
        ensure(all(each.log == log for each in entries), f"what replaces the tail of {log} is of {log}")
        _check_continues(entries, self._last_seq(), {log: first})
        self._write(lambda: self._replace_tail(log, first, entries), may_use_reserve=False)

    def save_checkpoint(self, log: str, size: int, note: str) -> None:
        """Keep a signed checkpoint; for the same log and size the newer text replaces the older."""
        self._check_open()
        self._write(lambda: self._checkpoints.setdefault(log, {}).update({size: note}), may_use_reserve=True)

    def restore_reserve(self) -> bool:
        """Whether recording is possible now."""
        return not self.disk_full

    def close(self) -> None:
        """Let go of the store; `snapshot` still gives what was durable."""
        self._closed = True

    def _write(self, change: Callable[[], None], *, may_use_reserve: bool) -> None:
        if self._in_doubt:
            raise StoreFailed(self._in_doubt)
        fault = self._fail_next.popleft() if self._fail_next else None
        if fault is None and self._faults is not None:
            fault = self._faults(may_use_reserve)
        if (self.disk_full or fault is Fault.DISK_FULL) and not may_use_reserve:
            raise StoreFailed(_FULL)
        if fault is Fault.BEFORE_COMMIT:
            raise StoreFailed("the disk failed before anything was stored; try again")
        change()
        if fault is Fault.AFTER_COMMIT:
            self._in_doubt = "whether the last write is durable is not known; the store must be opened anew"
            raise StoreFailed(self._in_doubt)

    def _append(self, batch: Batch) -> None:
        for entry in batch.entries:
            self._keep(entry)
        for key, answer in batch.answers:
            # The first answer was given to somebody; a later one would contradict it.
            self._answers.setdefault(key, answer)
        while len(self._answers) > self._keys_max:
            self._answers.popitem(last=False)
        for each in batch.evidence:
            self._evidence.setdefault(each.sha256, each)
        for log, size, note in batch.checkpoints:
            self._checkpoints.setdefault(log, {}).setdefault(size, note)

    def _replace_tail(self, log: str, first: int, entries: Sequence[StoredEntry]) -> None:
        forgotten = {each.seq for each in self._logs.get(log, [])[first:]}
        self._entries = [each for each in self._entries if each.seq not in forgotten]
        del self._logs.setdefault(log, [])[first:]
        self._checkpoints[log] = {size: n for size, n in self._checkpoints.get(log, {}).items() if size <= first}
        for entry in entries:
            self._keep(entry)

    def _keep(self, entry: StoredEntry) -> None:
        self._entries.append(entry)
        self._logs.setdefault(entry.log, []).append(entry)

    def _last_seq(self) -> int:
        return self._entries[-1].seq if self._entries else 0

    def _check_open(self) -> None:
        if self._closed:
            raise StoreFailed("the store is closed")


def _check_continues(entries: Sequence[StoredEntry], last_seq: int, sizes: dict[str, int]) -> None:
    """Raise InvariantBroken unless the entries run on from `last_seq` and from `sizes`, which it changes."""
    for seq, entry in enumerate(entries, last_seq + 1):
        n = sizes.get(entry.log, 0)
        ensure(entry.seq == seq, f"the entry after seq {seq - 1} has seq {seq}, not {entry.seq}")
        ensure(entry.n == n, f"the next entry of {entry.log} has index {n}, not {entry.n}")
        ensure(entry.leaf == leaf_hash(entry.data), f"entry {n} of {entry.log} has the leaf hash of its bytes")
        sizes[entry.log] = n + 1
