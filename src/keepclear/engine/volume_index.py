"""Which of many volumes may be near a given one: a table scanned whole, one product and one comparison a row.

Two balls meet when the distance of their centres is at most the sum of their radii. Squared and spread out, that is
linear in what a row holds, so one matrix product over all rows answers for all of them; straight lines through the
Earth make it right everywhere. At 10,000 rows a scan costs about 10 microseconds of CPU, less than the search of a tree
written in Python; docs/explanation/geometry.md, "The index", has the figures and says where that ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from keepclear.core.separation import NO_SEPARATION, Separation
from keepclear.core.timespan import SECOND_US
from keepclear.core.volume import Altitude, AltitudeDatum, Volume4D
from keepclear.engine.shape import ball_of
from keepclear.errors import LimitReached, Malformed

ROWS_MAX = 2_000_000
#: Rows in one block of the table. A product as small as this stays on the thread that asks for it: a second one would
#: be woken for some microseconds of work, and spin while it waits for more.
_BLOCK_ROWS = 1_792

#: Added to every reach, metres: squares of Earth radii lose some hundredths of a square metre to rounding.
_SLACK_M = 1.0

#: Data in which two heights compare exactly wherever they are; above the ground they do so only above one another.
_EXACT = (AltitudeDatum.WGS84, AltitudeDatum.AMSL, AltitudeDatum.FL)
#: Added to the vertical minimum, metres: far more than a difference of heights can lose to rounding.
_HEIGHT_SLACK_M = 1e-3

Hit = tuple[str, int]


class VolumeIndex:
    """Volumes by key; `candidates` gives all that may conflict and few others. One thread at a time."""

    def __init__(self) -> None:
        # In each block: x, y, z and radius of the enclosing ball, and (radius^2 - |centre|^2) / 2. A free row has minus
        # infinity there and so never meets anything.
        self._table = _empty_blocks(1)
        self._start_us = np.zeros(_BLOCK_ROWS, dtype=np.int64)
        self._end_us = np.zeros(_BLOCK_ROWS, dtype=np.int64)
        # One line for each exact datum: a lower limit in another datum is as low as can be, an upper one as high.
        self._lower_m = np.full((len(_EXACT), _BLOCK_ROWS), -np.inf)
        self._upper_m = np.full((len(_EXACT), _BLOCK_ROWS), np.inf)
        self._names: list[Hit | None] = []
        self._free: list[int] = []
        self._rows: dict[str, tuple[int, ...]] = {}

    def __len__(self) -> int:
        """How many keys it holds."""
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def add(self, key: str, volumes: Sequence[Volume4D]) -> None:
        """Hold these volumes under a new key.

        Raises:
            Malformed: the key is held already (remove it first), or a footprint is no place.
            LimitReached: more than ROWS_MAX volumes.
        """
        if key in self._rows:
            raise Malformed(f"{key!r} is in the index already", at="key")
        balls = [ball_of(volume.footprint) for volume in volumes]
        rows = self._take_rows(len(volumes))
        for position, (row, ball, volume) in enumerate(zip(rows, balls, volumes, strict=True)):
            x, y, z = ball.centre_m
            radius_m = ball.radius_m
            column = (x, y, z, radius_m, (radius_m * radius_m - x * x - y * y - z * z) / 2.0)
            self._table[row // _BLOCK_ROWS, :, row % _BLOCK_ROWS] = column
            self._start_us[row], self._end_us[row] = volume.span.start_us, volume.span.end_us
            self._lower_m[:, row] = _by_datum(volume.band.lower, -np.inf)
            self._upper_m[:, row] = _by_datum(volume.band.upper, np.inf)
            self._names[row] = (key, position)
        self._rows[key] = rows

    def remove(self, key: str) -> None:
        """Let go of a key; nothing happens if it is not held."""
        for row in self._rows.pop(key, ()):
            self._table[row // _BLOCK_ROWS, 4, row % _BLOCK_ROWS] = -np.inf
            self._names[row] = None
            self._free.append(row)

    def candidates(self, volume: Volume4D, separation: Separation = NO_SEPARATION) -> list[Hit]:
        """All (key, position among its volumes) that may conflict with a volume at that separation, and some others.

        Heights are compared within one datum only; what needs a conversion is left to `judge`.
        """
        blocks = -(-len(self._names) // _BLOCK_ROWS)
        ball, span = ball_of(volume.footprint), volume.span
        x, y, z = ball.centre_m
        reach_m = ball.radius_m + separation.horizontal_m + _SLACK_M
        limit = (x * x + y * y + z * z - reach_m * reach_m) / 2.0
        near = np.flatnonzero(np.array((x, y, z, reach_m, 1.0)) @ self._table[:blocks] >= limit)
        if not len(near):
            return []
        # A whole microsecond more than asked: then no rounding of the seconds can lose a row.
        apart_us = int(separation.time_s * SECOND_US) + 1
        meets = (self._start_us[near] < span.end_us + apart_us) & (self._end_us[near] > span.start_us - apart_us)
        near = near[meets]
        reach_up_m = separation.vertical_m + _HEIGHT_SLACK_M
        if volume.band.upper.datum in _EXACT:
            lower_m = self._lower_m[_EXACT.index(volume.band.upper.datum), near]
            near = near[lower_m - volume.band.upper.value_m <= reach_up_m]
        if volume.band.lower.datum in _EXACT:
            upper_m = self._upper_m[_EXACT.index(volume.band.lower.datum), near]
            near = near[volume.band.lower.value_m - upper_m <= reach_up_m]
        names = self._names
        return [name for row in near.tolist() if (name := names[row]) is not None]

    def expire(self, before_us: int) -> tuple[str, ...]:
        """Let go of every key all of whose volumes ended by then; returns those keys.

        An end is not part of a span, so ending at `before_us` is having ended. Subtract the widest time separation.
        """
        used = len(self._names)
        ended = (self._end_us[:used] <= before_us) & (self._table[:, 4].ravel()[:used] > -np.inf)
        names = {name[0] for row in np.flatnonzero(ended).tolist() if (name := self._names[row]) is not None}
        over = tuple(key for key in names if all(self._end_us[row] <= before_us for row in self._rows[key]))
        for key in over:
            self.remove(key)
        return over

    def draft(self) -> IndexDraft:
        """An overlay that sees its own changes; this index stays as it is until the draft is kept."""
        return IndexDraft(self)

    def _take_rows(self, count: int) -> tuple[int, ...]:
        used, free = len(self._names), self._free
        if used - len(free) + count > ROWS_MAX:
            raise LimitReached(f"the index holds at most {ROWS_MAX} volumes", at="volumes")
        fresh = max(0, count - len(free))
        if used + fresh > len(self._start_us):
            self._grow(used + fresh)
        self._names.extend([None] * fresh)
        return (*(free.pop() for _ in range(count - fresh)), *range(used, used + fresh))

    def _grow(self, least: int) -> None:
        blocks = max(-(-least // _BLOCK_ROWS), 2 * len(self._table))
        size = blocks * _BLOCK_ROWS
        self._table = np.concatenate((self._table, _empty_blocks(blocks - len(self._table))))
        self._start_us, self._end_us = _longer(self._start_us, size), _longer(self._end_us, size)
        more = ((0, 0), (0, size - self._lower_m.shape[1]))
        self._lower_m = np.pad(self._lower_m, more, constant_values=-np.inf)
        self._upper_m = np.pad(self._upper_m, more, constant_values=np.inf)


def _empty_blocks(count: int) -> npt.NDArray[np.float64]:
    blocks = np.zeros((count, 5, _BLOCK_ROWS))
    blocks[:, 4] = -np.inf
    return blocks


def _by_datum(limit: Altitude, otherwise: float) -> tuple[float, float, float]:
    wgs84, amsl, level = _EXACT
    datum, value_m = limit.datum, limit.value_m
    return (
        value_m if datum is wgs84 else otherwise,
        value_m if datum is amsl else otherwise,
        value_m if datum is level else otherwise,
    )


def _longer(column: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
    out = np.zeros(size, dtype=np.int64)
    out[: len(column)] = column
    return out


class IndexDraft:
    """Changes to an index that a running batch sees and nobody else; dropped by forgetting it."""

    def __init__(self, base: VolumeIndex) -> None:
        self._base = base
        self._added: dict[str, Sequence[Volume4D]] = {}
        self._removed: set[str] = set()
        self._own: VolumeIndex | None = None

    def __len__(self) -> int:
        return len(self._base) - len(self._removed) + len(self._added)

    def __contains__(self, key: object) -> bool:
        return key in self._added or (key in self._base and key not in self._removed)

    def __iter__(self) -> Iterator[str]:
        yield from (key for key in self._base if key not in self._removed)
        yield from self._added

    def add(self, key: str, volumes: Sequence[Volume4D]) -> None:
        """As `VolumeIndex.add`, seen by this draft alone."""
        if key in self:
            raise Malformed(f"{key!r} is in the index already", at="key")
        if self._own is None:
            self._own = VolumeIndex()
        self._own.add(key, volumes)
        self._added[key] = volumes

    def remove(self, key: str) -> None:
        """As `VolumeIndex.remove`, seen by this draft alone."""
        if self._added.pop(key, None) is not None:
            assert self._own is not None
            self._own.remove(key)
        elif key in self._base:
            self._removed.add(key)

    def candidates(self, volume: Volume4D, separation: Separation = NO_SEPARATION) -> list[Hit]:
        """As `VolumeIndex.candidates`, with the changes of this draft."""
        found = self._base.candidates(volume, separation)
        if self._removed:
            found = [hit for hit in found if hit[0] not in self._removed]
        return found + self._own.candidates(volume, separation) if self._own is not None else found

    def keep(self) -> None:
        """Make the changes to the index itself: call once, after the batch is durable."""
        for key in self._removed:
            self._base.remove(key)
        for key, volumes in self._added.items():
            self._base.add(key, volumes)
        self._added, self._removed, self._own = {}, set(), None
