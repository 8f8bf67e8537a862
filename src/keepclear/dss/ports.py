"""What the service needs from outside, as protocols."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from keepclear.dss.values import Kind


@dataclass(frozen=True, slots=True)
class Row:
    """One thing as it was stored; no data: it is gone.

    Attributes:
        number: its place in the order of changes. Of each thing only the last stands in a store.
    """

    number: int
    kind: Kind
    id: str
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A row that is to be written; `replaces` is the number of the one in whose place it comes, or 0."""

    kind: Kind
    id: str
    data: bytes | None
    replaces: int


class DssStore(Protocol):
    """Where references lie, shared by every process of one service. tests/contract/test_dss_store.py says what it owes.

    Between `begin` and `commit` or `roll_back` nobody else writes. Every method may raise StoreFailed.
    """

    def rows(self) -> Iterator[Row]:
        """Everything that is there, in the order of changes."""
        ...

    def is_behind(self) -> bool:
        """Whether another process may have written since `since`, `begin` or this was asked last. Cheap."""
        ...

    def since(self, number: int) -> Sequence[Row] | None:
        """What changed after a number, in order; None when too much was let go of since, so that all is read anew."""
        ...

    def begin(self) -> None:
        """Shut every other writer out, and wait until that is so."""
        ...

    def commit(self, drafts: Iterable[Draft]) -> int:
        """Make drafts durable as one, numbered in order; gives the number of the first. The turn is over."""
        ...

    def roll_back(self) -> None:
        """Write nothing. The turn is over."""
        ...

    def report(self, key: str) -> bytes | None:
        """A report as it was stored."""
        ...

    def close(self) -> None:
        """Let go of the store; what was committed stays."""
        ...


class Clock(Protocol):
    """Time, given."""

    def now_us(self) -> int:
        """The wall clock, microseconds UTC."""
        ...


class Entropy(Protocol):
    """Chance, given."""

    def draw(self, count: int) -> bytes:
        """So many random bytes."""
        ...
