"""Very many volumes, standing: found by compiled kernels, changed at any time, read as of a numbered moment.

Rows are only ever added; one that is removed is marked with the change that removed it. So a `Snapshot` is a number
and what was there then, and whoever holds it gets one consistent answer while the index goes on changing.

New rows go into a small open tree, full ones are sorted into packed trees, and trees of one size are merged when there
are several (`merge`, in any thread; `adopt`, in the writer's). Kernels that are in doubt say so: `judge` decides then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from keepclear.core.footprint import CORNERS_MAX
from keepclear.core.volume import Volume4D
from keepclear.engine.kernels import layout
from keepclear.engine.kernels.pack import N_RADIUS, N_VERSION, pack_one, sort_keys
from keepclear.engine.kernels.search import (
    STATISTICS,
    TREE,
    fill_nodes,
    find,
    find_pairs,
    leaf_boxes,
    put_leaf,
    reaches_of,
)
from keepclear.engine.packing import ROWS_OF_ONE, RUNS_OF_ONE, Plan, Rows, numbers_of, pack, plan_of
from keepclear.errors import LimitReached

ROWS_MAX = 2_000_000
PARTIES_MAX = 1_000
#: Rows of the open tree: two levels of nodes.
OPEN_ROWS = layout.FAN * layout.FAN
#: Trees of one size that stand side by side before they become one.
SAME_SIZE = 4
#: Merges of at most so many rows are done by whoever adds; larger ones wait for `due`.
MERGE_AT_ONCE = 4_096
#: Levels at most: if nobody takes up what is due, whoever adds must.
LEVELS_MAX = 40

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """A packed tree over rows of one size class and datum; `present` are the parties whose rows it holds."""

    nodes: npt.NDArray[np.float32]
    rows: npt.NDArray[np.int32]
    parties: npt.NDArray[np.int16]
    offsets: tuple[int, ...]
    size: int
    datum: int
    count: int
    present: npt.NDArray[np.int16]

    @property
    def nbytes(self) -> int:
        return self.nodes.nbytes + self.rows.nbytes + self.parties.nbytes


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Trees over some rows."""

    trees: tuple[Tree, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """What one search looked at. Counts do not depend on the machine."""

    candidates: int
    exact: int
    doubts: int
    nodes: int


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A volume ready to be asked about; good for any snapshot of the index that made it."""

    arrays: tuple[Any, ...]
    addresses: Ints
    box: npt.NDArray[np.float32]


_NAMES = ("rec", "span", "geom", "life", "verts", "chunks", "zones", "zone_rows", "runs")


class Rooms:
    """Arrays of rows that grow by half. What was handed out stays as it was."""

    def __init__(self) -> None:
        self.rec = np.zeros((0, layout.REC))
        self.span = np.zeros((0, 2), dtype=np.int64)
        self.geom = np.zeros((0, layout.GEOM), dtype=np.int32)
        self.life = np.zeros((0, 2), dtype=np.int32)
        self.verts = np.zeros((0, 3), dtype=np.float32)
        self.chunks = np.zeros((0, 6), dtype=np.float32)
        self.zones = np.zeros(0, dtype=np.int32)
        self.zone_rows = np.zeros(0, dtype=np.uint16)
        self.runs = np.zeros((0, 4), dtype=np.int16)
        self.used = np.zeros(layout.ADDRESSES, dtype=np.int64)
        self.addresses = _addresses(self.all())

    def put(self, name: str, values: Any) -> int:
        """Append to one array; where the values begin."""
        place = _NAMES.index(name)
        begin = int(self.used[place])
        self.make_room(name, len(values), spare=False)
        getattr(self, name)[begin : begin + len(values)] = values
        self.used[place] = begin + len(values)
        return begin

    def make_room(self, name: str, more: int, *, spare: bool) -> None:
        """Room for so many more in one array; exactly that much if it is empty and no spare room is wanted."""
        place = _NAMES.index(name)
        array, begin = getattr(self, name), int(self.used[place])
        if begin + more <= len(array):
            return
        size = begin + more if begin == 0 and not spare else max(begin + more, len(array) + len(array) // 2, 1_024)
        grown = np.zeros((size, *array.shape[1:]), dtype=array.dtype)
        grown[:begin] = array[:begin]
        setattr(self, name, grown)
        self.addresses = _addresses(self.all())

    def all(self) -> tuple[Any, ...]:
        """The arrays in the order of the kernels' table of addresses."""
        return tuple(getattr(self, name) for name in _NAMES)

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in self.all())


def _addresses(arrays: Sequence[Any]) -> Ints:
    return np.array([array.ctypes.data for array in arrays], dtype=np.int64)


class Snapshot:
    """The index as of one change. Holds on to the arrays that it reads."""

    def __init__(self, number: int, arrays: tuple[Any, ...], trees: tuple[Tree, ...], rows: int, epoch_us: int) -> None:
        self.number = number
        self._arrays, self._trees, self._rows = arrays, trees, rows
        self._addresses = np.append(_addresses(arrays), rows)
        self._epoch_us = epoch_us
        self._forest = np.zeros(0, dtype=np.int64)
        self._reaches: list[Any] = []
        self._separations: Any = None
        self._flat: Any = None

    def asked_with(self, separations: npt.NDArray[np.float64]) -> Snapshot:
        """The same, ready for questions at these separations.

        Args:
            separations: shape (parties, parties, 3): what the party that asks (first) keeps from the party of a row;
                metres, metres, seconds. A negative first number: that party's rows are not asked about.
        """
        ready = Snapshot(self.number, self._arrays, self._trees, self._rows, self._epoch_us)
        ready._separations = np.ascontiguousarray(separations, dtype=np.float64)
        ready._flat = ready._separations.reshape(-1)
        forest = np.zeros((len(self._trees), TREE), dtype=np.int64)
        for line, tree in zip(forest, self._trees, strict=True):
            reach = np.empty((len(separations), 3))
            reaches_of(tree.present, ready._separations, reach)
            ready._reaches.append(reach)
            levels = len(tree.offsets) - 1
            line[:7] = (
                tree.nodes.ctypes.data, tree.rows.ctypes.data, tree.parties.ctypes.data, levels, tree.size, tree.datum,
                reach.ctypes.data,
            )  # fmt: skip
            line[7 : 7 + levels] = tree.offsets[:-1]
        ready._forest = forest.reshape(-1)
        return ready

    def find(
        self, question: Question, out: npt.NDArray[np.int32], statistics: Ints, *, later_us: int = 0
    ) -> npt.NDArray[np.int32]:
        """Rows that conflict, each as twice its number, and one more where only `judge` can tell.

        Args:
            out: room for the answer; a larger one is made when it does not do.
            later_us: also what would conflict if the volume started up to so much later.
        """
        while True:
            used = find(
                question.addresses, question.box, self._addresses, self._forest, len(self._trees), self._flat,
                self.number, later_us, out, statistics,
            )  # fmt: skip
            if used <= len(out):
                return out[:used]
            out = np.empty(used, dtype=np.int32)

    def pairs(
        self, boxes: npt.NDArray[np.float32], order: npt.NDArray[np.int32], first: int, last: int, room: int
    ) -> Iterator[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Ints]]:
        """Conflicts among all rows whose first row is one of `order[first:last]`, in portions; and what was looked at.

        A portion is good until the next: the room is used again. Run in several threads for several stretches.
        """
        ones, out = (np.empty(max(room, self._rows), dtype=np.int32) for _ in range(2))
        while first < last:
            statistics = np.zeros(STATISTICS, dtype=np.int64)
            used, first = find_pairs(
                self._addresses, boxes, order, first, last, self._forest, len(self._trees), self._flat, self.number,
                ones, out, statistics,
            )  # fmt: skip
            yield ones[:used], out[:used], statistics


@dataclass(slots=True, eq=False)
class Merge:
    """Trees to become one. `run` in any thread; then `PackedRows.adopt` in the writer's."""

    levels: tuple[Level, ...]
    arrays: tuple[Any, ...]
    version: int
    made: Level | None = field(default=None)

    def run(self) -> Merge:
        """Build the new level from what was standing when the merge was planned."""
        boxes, rows = [], []
        for tree in (tree for level in self.levels for tree in level.trees):
            part = np.empty((tree.count, layout.BOUNDS), dtype=np.float32)
            leaf_boxes(tree.nodes, tree.count, part)
            alive = self.arrays[layout.A_LIFE][tree.rows[: tree.count], 1] > self.version
            boxes.append(part[alive])
            rows.append(tree.rows[: tree.count][alive])
        self.made = build_level(np.concatenate(boxes), np.concatenate(rows), self.arrays[layout.A_GEOM])
        return self


def build_level(boxes: npt.NDArray[np.float32], rows: npt.NDArray[np.int32], geom: npt.NDArray[np.int32]) -> Level:
    """Packed trees over rows, one for each size class and datum that comes up."""
    kind = geom[rows, layout.KIND] & (layout.SIZE_MASK | layout.DATUM_MASK << layout.DATUM_SHIFT)
    trees = []
    for each in np.unique(kind).tolist():
        chosen = np.flatnonzero(kind == each)
        own = boxes[chosen]
        keys = np.empty(len(chosen), dtype=np.int64)
        sort_keys(own, keys)
        order = np.argsort(keys, kind="stable")
        sizes = [-(-len(order) // layout.FAN)]
        while sizes[-1] > 1:
            sizes.append(-(-sizes[-1] // layout.FAN))
        offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        nodes = np.empty(int(offsets[-1]) * layout.NODE, dtype=np.float32)
        fill_nodes(own, order, nodes, offsets, len(sizes))
        ordered = rows[chosen][order]
        parties = geom[ordered, layout.PARTY].astype(np.int16)
        trees.append(
            Tree(
                nodes,
                ordered,
                parties,
                tuple(offsets.tolist()),
                each & layout.SIZE_MASK,
                each >> layout.DATUM_SHIFT,
                len(ordered),
                np.unique(parties),
            )
        )
    return Level(tuple(trees), len(rows))


class _Scratch:
    """Room that packing one volume needs and nobody keeps."""

    def __init__(self) -> None:
        self.box = np.empty(layout.BOUNDS, dtype=np.float32)
        self.points = np.empty((CORNERS_MAX, 3))
        self.zone_rows = np.empty(ROWS_OF_ONE, dtype=np.uint16)
        self.runs = np.empty((RUNS_OF_ONE, 4), dtype=np.int16)


class PackedRows:
    """Rows, and the trees over them. One thread writes; any may read snapshots."""

    def __init__(self, *, epoch_us: int = 0) -> None:
        self.epoch_us = epoch_us
        self.rooms = Rooms()
        self.version = 0
        self.levels: list[Level] = []
        self.living = 0
        self._open_count = 0
        self._scratch = _Scratch()
        self._new_open()

    def __len__(self) -> int:
        return self.living

    @property
    def rows(self) -> int:
        """Rows ever added, those removed too, since the last time it was packed anew."""
        return int(self.rooms.used[layout.A_REC])

    @property
    def nbytes(self) -> int:
        """What all arrays take."""
        return self.rooms.nbytes + sum(tree.nbytes for level in self.levels for tree in level.trees)

    def question(self, volume: Volume4D, party: int) -> Question:
        """A volume made ready to be asked about, on behalf of a party."""
        numbers, lat, lon = numbers_of(volume, party)
        corners, scratch = len(lat), self._scratch
        is_large = corners > 0 and numbers[N_RADIUS] == 0.0
        one = (
            np.empty((1, layout.REC)),
            np.empty((1, 2), dtype=np.int64),
            np.empty((1, layout.GEOM), dtype=np.int32),
            np.empty((1, 2), dtype=np.int32),
            np.empty((corners, 3), dtype=np.float32),
            np.empty((corners // layout.CHUNK_PIECES + 1, 6), dtype=np.float32),
            np.empty(layout.ZONE_COLUMNS, dtype=np.int32),
            np.empty(ROWS_OF_ONE if is_large else 1, dtype=np.uint16),
            np.empty((RUNS_OF_ONE if is_large else 1, 4), dtype=np.int16),
        )
        addresses, box = _addresses(one), np.empty(layout.BOUNDS, dtype=np.float32)
        used = np.zeros(layout.ADDRESSES, dtype=np.int64)
        if pack_one(
            numbers, lat, lon, self.epoch_us, addresses, used, box, scratch.points, scratch.zone_rows, scratch.runs
        ):
            return Question(one, addresses, box)
        return self.question_of(plan_of((volume,)), party)

    def question_of(self, plan: Plan, party: int) -> Question:
        """The same from a plan of one volume."""
        rows = pack(plan, np.array([party], dtype=np.int16), epoch_us=self.epoch_us)
        life = np.zeros((1, 2), dtype=np.int32)
        arrays = (
            rows.rec, rows.span, rows.geom, life, rows.verts, rows.chunks, rows.zones, rows.zone_rows, rows.runs,
        )  # fmt: skip
        return Question(arrays, _addresses(arrays), rows.boxes[0])

    def add(self, plan: Plan, parties: Sequence[int]) -> npt.NDArray[np.int64]:
        """Rows for all volumes of a plan, seen from the next snapshot on; the number of each."""
        if self.living + len(plan) > ROWS_MAX:
            raise LimitReached(f"the index holds at most {ROWS_MAX} volumes", at="volumes")
        return self.add_rows(pack(plan, np.asarray(parties, dtype=np.int16), epoch_us=self.epoch_us))

    def add_rows(self, rows: Rows) -> npt.NDArray[np.int64]:
        """The same for rows that are packed already."""
        count = len(rows)
        order = np.arange(count)
        if count > OPEN_ROWS:
            # Rows near one another stand near one another in memory too.
            rows, order = in_order(rows)
        self.version += 1
        first = self._store(rows)
        self.living += count
        if count > OPEN_ROWS:
            self._close_open()
            self.levels.append(
                build_level(rows.boxes, np.arange(first, first + count, dtype=np.int32), self.rooms.geom)
            )
            self._tidy()
        else:
            self._put_open(first, rows)
        placed = np.empty(count, dtype=np.int64)
        placed[order] = np.arange(first, first + count)
        return placed

    def add_one(self, volume: Volume4D, party: int) -> int:
        """One row more, seen from the next snapshot on; its number. The quick way for one that is added alone."""
        if self.living == ROWS_MAX:
            raise LimitReached(f"the index holds at most {ROWS_MAX} volumes", at="volumes")
        numbers, lat, lon = numbers_of(volume, party)
        rooms, corners = self.rooms, len(lat)
        need = (1, 1, 1, 1, corners, corners // layout.CHUNK_PIECES + 1, layout.ZONE_COLUMNS, ROWS_OF_ONE, RUNS_OF_ONE)
        for place, (name, more) in enumerate(zip(_NAMES, need, strict=True)):
            if rooms.used[place] + more > len(getattr(rooms, name)):
                rooms.make_room(name, more, spare=True)
        numbers[N_VERSION] = self.version + 1
        row, scratch = self.rows, self._scratch
        is_done = pack_one(
            numbers, lat, lon, self.epoch_us, rooms.addresses, rooms.used, scratch.box, scratch.points,
            scratch.zone_rows, scratch.runs,
        )  # fmt: skip
        if not is_done:
            return int(self.add(plan_of((volume,)), [party])[0])
        self.version += 1
        self.living += 1
        self._put_leaf(row, scratch.box, party)
        return row

    def _put_open(self, first: int, rows: Rows) -> None:
        for number in range(len(rows)):
            self._put_leaf(first + number, rows.boxes[number], int(rows.geom[number, layout.PARTY]))

    def _put_leaf(self, row: int, box: npt.NDArray[np.float32], party: int) -> None:
        if self._open_count == OPEN_ROWS:
            self._close_open()
            self._tidy()
        tree = self._open
        put_leaf(box, row, party, self._open_count, tree.nodes, tree.rows, tree.parties)
        self._open_count += 1

    def remove(self, rows: Sequence[int] | npt.NDArray[np.int32]) -> None:
        """Rows that later snapshots do not have."""
        self.version += 1
        self.rooms.life[rows, 1] = self.version
        self.living -= len(rows)

    def snapshot(self) -> Snapshot:
        """The index as it stands."""
        trees = [tree for level in self.levels for tree in level.trees]
        if self._open_count:
            whole = self._open
            trees.append(replace(whole, count=self._open_count, present=np.unique(whole.parties[: self._open_count])))
        return Snapshot(self.version, self.rooms.all(), tuple(trees), self.rows, self.epoch_us)

    def due(self) -> Merge | None:
        """A merge that is worth doing now, or None."""
        tiers: dict[int, list[Level]] = {}
        for level in self.levels:
            tiers.setdefault(max(1, level.count).bit_length() // 2, []).append(level)
        for _, same in sorted(tiers.items()):
            if len(same) >= SAME_SIZE:
                return Merge(tuple(same), self.rooms.all(), self.version)
        return None

    def adopt(self, merge: Merge) -> None:
        """Put a merge that has run in the place of what it was made of. Rows removed meanwhile stay removed."""
        if merge.made is None or any(level not in self.levels for level in merge.levels):
            return
        self.levels = [level for level in self.levels if level not in merge.levels]
        if merge.made.count:
            self.levels.insert(0, merge.made)

    def order(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """All living rows in the order of the trees, and their boxes: what `Snapshot.pairs` goes through."""
        self._close_open()
        self.levels = [Merge(tuple(self.levels), self.rooms.all(), self.version).run().made or Level((), 0)]
        rows = [tree.rows for tree in self.levels[0].trees]
        boxes = []
        for tree in self.levels[0].trees:
            part = np.empty((tree.count, layout.BOUNDS), dtype=np.float32)
            leaf_boxes(tree.nodes, tree.count, part)
            boxes.append(part)
        return np.concatenate(rows), np.concatenate(boxes)

    def _store(self, rows: Rows) -> int:
        rooms, geom = self.rooms, rows.geom.copy()
        vert, chunk = rooms.put("verts", rows.verts), rooms.put("chunks", rows.chunks)
        geom[:, layout.FIRST] += vert
        geom[:, layout.CHUNK] += chunk
        if len(rows.zones):
            zones = rows.zones.reshape(-1, layout.ZONE_COLUMNS).copy()
            zones[:, layout.Z_START] += rooms.put("zone_rows", rows.zone_rows)
            zones[:, layout.Z_RUN] += rooms.put("runs", rows.runs)
            zone = rooms.put("zones", zones.reshape(-1)) // layout.ZONE_COLUMNS
            geom[:, layout.ZONE] += np.where(geom[:, layout.ZONE] >= 0, zone, 0).astype(np.int32)
        rooms.put("geom", geom)
        rooms.put("span", rows.span)
        rooms.put("life", np.array([[self.version, layout.NEVER]], dtype=np.int32).repeat(len(rows), axis=0))
        return rooms.put("rec", rows.rec)

    def _new_open(self) -> None:
        blocks = 1 + layout.FAN
        nodes = np.empty((blocks, layout.BOUNDS, layout.FAN), dtype=np.float32)
        is_low = np.isin(np.arange(layout.BOUNDS), (0, 1, 2, 6, 8))
        nodes[:] = np.where(is_low, np.inf, -np.inf)[None, :, None]
        rows, parties = np.zeros(OPEN_ROWS, dtype=np.int32), np.zeros(OPEN_ROWS, dtype=np.int16)
        # Leaves stand behind the root here: the offsets of the two levels say so.
        self._open = Tree(nodes.reshape(-1), rows, parties, (1, 0, blocks), layout.LARGE, layout.MIXED, 0, parties)
        self._open_count = 0

    def _close_open(self) -> None:
        count = self._open_count
        if not count:
            return
        boxes = np.empty((count, layout.BOUNDS), dtype=np.float32)
        leaf_boxes(self._open.nodes[layout.NODE :], count, boxes)
        alive = self.rooms.life[self._open.rows[:count], 1] > self.version
        if alive.any():
            self.levels.append(build_level(boxes[alive], self._open.rows[:count][alive], self.rooms.geom))
        self._new_open()

    def _tidy(self) -> None:
        while (merge := self.due()) is not None:
            if sum(level.count for level in merge.levels) > MERGE_AT_ONCE and len(self.levels) <= LEVELS_MAX:
                return
            self.adopt(merge.run())


def in_order(rows: Rows) -> tuple[Rows, Ints]:
    """The same rows, those of one size class together and near ones near one another; and which each of them was."""
    keys = np.empty(len(rows), dtype=np.int64)
    sort_keys(rows.boxes, keys)
    kind = rows.geom[:, layout.KIND] & (layout.SIZE_MASK | layout.DATUM_MASK << layout.DATUM_SHIFT)
    order = np.lexsort((keys, kind))
    geom = rows.geom[order]
    pieces = geom[:, layout.PIECES].astype(np.int64)
    chunks = -(-pieces // layout.CHUNK_PIECES)
    verts, first = _taken(rows.verts, geom[:, layout.FIRST], pieces)
    boxes, chunk = _taken(rows.chunks, geom[:, layout.CHUNK], chunks)
    geom[:, layout.FIRST], geom[:, layout.CHUNK] = first, chunk
    sorted_rows = Rows(
        rows.rec[order], rows.span[order], geom, rows.boxes[order], verts, boxes, rows.zones, rows.zone_rows, rows.runs
    )
    return sorted_rows, order


def _taken(values: Any, starts: Any, counts: Ints) -> tuple[Any, Ints]:
    """Stretches of an array one behind another, and where each begins."""
    begins = np.concatenate(([0], np.cumsum(counts)[:-1])) if len(counts) else np.zeros(0, dtype=np.int64)
    total = int(counts.sum())
    index = np.arange(total) - np.repeat(begins - starts, counts)
    return values[index], begins
