"""References of a discovery and synchronisation service in memory: for tests, and for trying it out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from keepclear.dss.ports import Draft, Row
from keepclear.dss.values import Kind
from keepclear.errors import StoreFailed, ensure


class MemoryDssStore:
    """A `DssStore` that forgets everything with the process.

    Args:
        fails: asked before each commit whether it is to fail.
    """

    def __init__(self, *, fails: Callable[[], bool] | None = None) -> None:
        self._rows: dict[int, Row] = {}
        self._last = 0
        self._is_open = False
        self._fails = fails

    def rows(self) -> Iterator[Row]:
        """Everything that is there, in the order of changes."""
        yield from self._rows.values()

    def is_behind(self) -> bool:
        """Never: nobody else writes to it."""
        return False

    def since(self, number: int) -> Sequence[Row] | None:
        """What changed after a number."""
        return [row for row in self._rows.values() if row.number > number]

    def begin(self) -> None:
        """Begin a turn."""
        ensure(not self._is_open, "one turn at a time")
        self._is_open = True

    def commit(self, drafts: Iterable[Draft]) -> int:
        """Keep drafts; gives the number of the first."""
        ensure(self._is_open, "a commit ends a turn")
        if self._fails is not None and self._fails():
            raise StoreFailed("the store was told to fail")
        first = self._last + 1
        for number, draft in enumerate(drafts, first):
            self._rows.pop(draft.replaces, None)
            if draft.data is not None:
                self._rows[number] = Row(number, draft.kind, draft.id, draft.data)
            self._last = number
        self._is_open = False
        return first

    def roll_back(self) -> None:
        """Keep nothing of this turn."""
        self._is_open = False

    def report(self, key: str) -> bytes | None:
        """A report as it was stored."""
        found = [row.data for row in self._rows.values() if row.kind is Kind.REPORT and row.id == key]
        return found[-1] if found else None

    def close(self) -> None:
        """Nothing to let go of."""
