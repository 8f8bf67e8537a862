"""All volumes that stand, whatever their number: what a new one meets among them, at the separation of each party.

Few are kept in a table that is scanned whole (`VolumeIndex`), which needs nothing compiled. From `PACK_FROM` on, and
once the kernels are at hand (`warm`), they stand in packed trees (`PackedRows`). Both give the same conflicts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from keepclear.core.conflict import Verdict
from keepclear.core.separation import NO_SEPARATION, Separation
from keepclear.core.timespan import LATEST_US
from keepclear.core.volume import Volume4D
from keepclear.engine import warm
from keepclear.engine.detect import widest_of
from keepclear.engine.judge import judge
from keepclear.engine.volume_index import Hit, VolumeIndex
from keepclear.errors import LimitReached, Malformed

if TYPE_CHECKING:
    from keepclear.engine.packed import Merge, PackedRows

#: Fewer volumes than this are found as quickly by a scan.
PACK_FROM = 4_000
#: So many new ones at once are packed together.
TOGETHER = 256
#: When more rows than live ones are dead, and so many more, all is packed anew.
DEAD_MORE = 20_000
#: Codes of parties. The one that asks has code 0, whoever it is.
PARTIES_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Near:
    """A volume that is met: its key and place there, and whether that is sure or left to `judge`."""

    key: str
    position: int
    is_sure: bool


class StandingIndex:
    """Volumes by key, each of a party. One thread writes and asks."""

    def __init__(self) -> None:
        self._volumes: dict[str, tuple[Volume4D, ...]] = {}
        self._party: dict[str, str] = {}
        self._waiting: dict[str, None] = {}
        self._table = VolumeIndex()
        self._packed: _Packed | None = None

    def __len__(self) -> int:
        """How many keys it holds."""
        return len(self._volumes)

    def __contains__(self, key: object) -> bool:
        return key in self._volumes

    def __iter__(self) -> Iterator[str]:
        return iter(self._volumes)

    @property
    def is_packed(self) -> bool:
        """Whether the kernels answer."""
        return self._packed is not None

    @property
    def number(self) -> int:
        """Of the state that the next answer is about: it grows with every change."""
        return self._packed.rows.version if self._packed is not None else 0

    def add(self, key: str, volumes: Sequence[Volume4D], party: str = "") -> None:
        """Hold these volumes under a new key. Nothing is computed before somebody asks.

        Raises:
            Malformed: the key is held already (remove it first).
        """
        if key in self._volumes:
            raise Malformed(f"{key!r} is in the index already", at="key")
        self._volumes[key] = tuple(volumes)
        self._party[key] = party
        self._waiting[key] = None

    def volume(self, key: str, position: int) -> Volume4D:
        """A volume that is held."""
        return self._volumes[key][position]

    def party_of(self, key: str) -> str:
        """Whose a key is."""
        return self._party[key]

    def remove(self, key: str) -> None:
        """Let go of a key; nothing happens if it is not held."""
        if self._volumes.pop(key, None) is None:
            return
        del self._party[key]
        if key in self._waiting:
            del self._waiting[key]
        elif self._packed is not None:
            self._packed.remove(key)
        else:
            self._table.remove(key)

    def expire(self, before_us: int) -> tuple[str, ...]:
        """Let go of every key all of whose volumes ended by then; returns those keys. An end is not part of a span."""
        over = tuple(
            key for key, volumes in self._volumes.items() if all(volume.span.end_us <= before_us for volume in volumes)
        )
        for key in over:
            self.remove(key)
        return over

    def meeting(self, volume: Volume4D, separations: Mapping[str, Separation], *, later_us: int = 0) -> list[Near]:
        """All that a volume meets, or may meet, among the volumes of some parties.

        Args:
            separations: of each party that is asked about, what is agreed with it.
            later_us: also what it would meet if it started up to so much later.

        Returns:
            With kernels: every conflict, and what only `judge` can tell. Without: candidates, none of them sure.
        """
        self._settle()
        if self._packed is not None:
            return self._packed.meeting(volume, separations, later_us)
        asked = _shifted(volume, later_us)
        widest = widest_of(separations.values())
        return [
            Near(key, position, False)
            for key, position in self._table.candidates(asked, widest)
            if self._party[key] in separations
        ]

    def candidates(self, volume: Volume4D, separation: Separation = NO_SEPARATION) -> list[Hit]:
        """All that may conflict with a volume at one separation, whoever's it is; few others."""
        everybody = dict.fromkeys(set(self._party.values()), separation)
        return [(near.key, near.position) for near in self.meeting(volume, everybody)]

    def conflicts(self, volume: Volume4D, separations: Mapping[str, Separation]) -> list[tuple[Hit, Verdict]]:
        """What a volume conflicts with, exactly: (key, position) and whether it is sure (W1)."""
        found: list[tuple[Hit, Verdict]] = []
        for near in self.meeting(volume, separations):
            verdict = Verdict.CONFLICT
            if not near.is_sure:
                other = self._volumes[near.key][near.position]
                verdict = judge(volume, other, separations[self._party[near.key]], measure_depth=False).verdict
            if verdict is not Verdict.CLEAR:
                found.append(((near.key, near.position), verdict))
        return found

    def pairs(self, separation_of: Mapping[tuple[str, str], Separation], *, most: int) -> list[tuple[Hit, Hit]]:
        """All pairs of volumes in conflict, of different keys (W2): each once, by key and place.

        Args:
            separation_of: of each two parties, in either order, what is agreed; pairs of others are not compared.
            most: how many may be found.

        Raises:
            LimitReached: there are more; none is left out in silence.
        """
        self._settle()
        hits = self._packed.pairs(separation_of) if self._packed is not None else self._scanned(separation_of)
        found: list[tuple[Hit, Hit]] = []
        for one, other, is_sure in hits:
            if one[0] == other[0]:
                continue
            if not is_sure:
                agreed = separation_of[_both(separation_of, self._party[one[0]], self._party[other[0]])]
                volumes = (self._volumes[one[0]][one[1]], self._volumes[other[0]][other[1]])
                if judge(*volumes, agreed, measure_depth=False).verdict is Verdict.CLEAR:
                    continue
            if len(found) == most:
                raise LimitReached(f"more than {most} pairs in conflict; ask about fewer at a time", at="conflicts")
            found.append((one, other))
        return found

    def _scanned(self, separation_of: Mapping[tuple[str, str], Separation]) -> Iterator[tuple[Hit, Hit, bool]]:
        place = {key: number for number, key in enumerate(self._volumes)}
        widest = widest_of(separation_of.values())
        for key, volumes in self._volumes.items():
            for position, volume in enumerate(volumes):
                for hit in self._table.candidates(volume, widest):
                    pair = _both(separation_of, self._party[key], self._party[hit[0]])
                    if place[hit[0]] > place[key] and pair in separation_of:
                        yield (key, position), hit, False

    def due(self) -> Merge | None:
        """A merge of trees that is worth doing: `run` it in any thread and give it to `adopt`."""
        return self._packed.rows.due() if self._packed is not None else None

    def adopt(self, merge: Merge) -> None:
        """Take up a merge that has run."""
        if self._packed is not None:
            self._packed.rows.adopt(merge)

    def _settle(self) -> None:
        """Take up what waits, in the way that is best for so many."""
        packed = self._packed
        if packed is not None and packed.rows.rows > 2 * len(packed.rows) + DEAD_MORE:
            self._waiting, packed, self._packed = dict.fromkeys(self._volumes), None, None
        if not self._waiting:
            return
        if packed is None and len(self._volumes) >= PACK_FROM and warm.is_ready():
            packed = self._packed = _Packed(next(iter(self._volumes.values()))[0].span.start_us)
            self._table = VolumeIndex()
            self._waiting = dict.fromkeys(self._volumes)
        waiting, self._waiting = self._waiting, {}
        if packed is None:
            for key in waiting:
                self._table.add(key, self._volumes[key])
        else:
            packed.add([(key, self._party[key], self._volumes[key]) for key in waiting])


def _shifted(volume: Volume4D, later_us: int) -> Volume4D:
    if not later_us:
        return volume
    return replace(volume, span=replace(volume.span, end_us=min(LATEST_US, volume.span.end_us + later_us)))


def _both(separation_of: Mapping[tuple[str, str], Separation], one: str, other: str) -> tuple[str, str]:
    return (one, other) if (one, other) in separation_of else (other, one)


class _Packed:
    """Packed rows, and whose they are."""

    def __init__(self, epoch_us: int) -> None:
        from keepclear.engine.kernels.search import STATISTICS
        from keepclear.engine.packed import PackedRows

        self.rows: PackedRows = PackedRows(epoch_us=epoch_us)
        self._codes: dict[str, int] = {}
        self._rows_of: dict[str, tuple[int, ...]] = {}
        self._keys: list[str] = []
        #: Of each row the number of its key and its place there.
        self._owner = np.zeros((0, 2), dtype=np.int32)
        self._out = np.empty(1_024, dtype=np.int32)
        self._statistics = np.zeros(STATISTICS, dtype=np.int64)
        self._asked: tuple[Any, Any] | None = None

    def add(self, entries: Sequence[tuple[str, str, tuple[Volume4D, ...]]]) -> None:
        from keepclear.engine.packing import plan_of

        flat = [(key, party, position, v) for key, party, volumes in entries for position, v in enumerate(volumes)]
        codes = [self._code(party) for _, party, _, _ in flat]
        if len(flat) >= TOGETHER:
            numbers = self.rows.add(plan_of([volume for *_, volume in flat]), codes).tolist()
        else:
            numbers = [self.rows.add_one(entry[3], code) for entry, code in zip(flat, codes, strict=True)]
        if self.rows.rows > len(self._owner):
            grown = np.zeros((self.rows.rows + self.rows.rows // 2, 2), dtype=np.int32)
            grown[: len(self._owner)] = self._owner
            self._owner = grown
        at = 0
        for key, _, volumes in entries:
            self._rows_of[key] = mine = tuple(numbers[at : at + len(volumes)])
            for position, row in enumerate(mine):
                self._owner[row] = len(self._keys), position
            self._keys.append(key)
            at += len(volumes)

    def remove(self, key: str) -> None:
        rows = self._rows_of.pop(key)
        self.rows.remove(list(rows))

    def _code(self, party: str) -> int:
        code = self._codes.setdefault(party, len(self._codes) + 1)
        if code > PARTIES_MAX:
            raise LimitReached(f"the index knows at most {PARTIES_MAX} parties", at="party")
        return code

    def meeting(self, volume: Volume4D, separations: Mapping[str, Separation], later_us: int) -> list[Near]:
        state = (self.rows.version, len(self.rows.levels), tuple(separations.items()))
        if self._asked is None or self._asked[0] != state:
            table = np.full((len(self._codes) + 1, len(self._codes) + 1, 3), -1.0)
            for party, agreed in separations.items():
                if party in self._codes:
                    table[0, self._codes[party]] = _three(agreed)
            self._asked = (state, self.rows.snapshot().asked_with(table))
        found = self._asked[1].find(self.rows.question(volume, 0), self._out, self._statistics, later_us=later_us)
        return [Near(*self._hit(value >> 1), not value & 1) for value in found.tolist()]

    def pairs(self, separation_of: Mapping[tuple[str, str], Separation]) -> Iterator[tuple[Hit, Hit, bool]]:
        table = np.full((len(self._codes) + 1, len(self._codes) + 1, 3), -1.0)
        for (one, other), agreed in separation_of.items():
            if one in self._codes and other in self._codes:
                table[self._codes[one], self._codes[other]] = _three(agreed)
                table[self._codes[other], self._codes[one]] = _three(agreed)
        order, boxes = self.rows.order()
        asked = self.rows.snapshot().asked_with(table)
        for ones, others, _ in asked.pairs(boxes, order, 0, len(order), 1 << 16):
            for one, value in zip(ones.tolist(), others.tolist(), strict=True):
                yield self._hit(one), self._hit(value >> 1), not value & 1

    def _hit(self, row: int) -> Hit:
        number, position = self._owner[row].tolist()
        return self._keys[number], position


def _three(separation: Separation) -> tuple[float, float, float]:
    return separation.horizontal_m, separation.vertical_m, separation.time_s
