"""From candidates to conflicts: what a notice meets among all that is live."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from keepclear.core.conflict import Judgement, Verdict
from keepclear.core.separation import NO_SEPARATION, Separation
from keepclear.core.volume import Volume4D
from keepclear.engine.judge import judge
from keepclear.engine.volume_index import Hit
from keepclear.errors import LimitReached


class Candidates(Protocol):
    """What gives all that may conflict with a volume."""

    def __iter__(self) -> Iterator[str]: ...

    def candidates(self, volume: Volume4D, separation: Separation = ..., /) -> list[Hit]: ...


@dataclass(frozen=True, slots=True)
class Found:
    """One conflict: volume `one_index` of the notice asked about with volume `other_index` of the one under `key`."""

    key: str
    one_index: int
    other_index: int
    judgement: Judgement


def find_conflicts(
    index: Candidates,
    volumes_of: Callable[[str], Sequence[Volume4D]],
    volumes: Sequence[Volume4D],
    separation_for: Callable[[str], Separation],
    *,
    exclude: Container[str] = (),
    most: int,
    widest: Separation | None = None,
) -> list[Found]:
    """Every conflict of some volumes with what the index holds, in order of key and volume.

    Args:
        volumes_of: the volumes that were added under a key, in the same order.
        separation_for: the separation agreed with whoever filed that key.
        exclude: keys not to be asked about, such as the notice's own.
        most: how many conflicts may be found.
        widest: at least as wide, in each dimension, as anything `separation_for` can give. Without it every key is
            asked for its separation first, which is slower on a large index and never wrong.

    Raises:
        LimitReached: there are more than `most`; none is left out in silence.
    """
    reach = widest_of(separation_for(key) for key in index) if widest is None else widest
    found: list[Found] = []
    for one_index, volume in enumerate(volumes):
        for key, other_index in index.candidates(volume, reach):
            if key in exclude:
                continue
            judgement = judge(volume, volumes_of(key)[other_index], separation_for(key))
            if judgement.verdict is Verdict.CLEAR:
                continue
            if len(found) == most:
                raise LimitReached(f"more than {most} conflicts; ask about fewer volumes at a time", at="conflicts")
            found.append(Found(key, one_index, other_index, judgement))
    found.sort(key=lambda each: (each.key, each.one_index, each.other_index))
    return found


def widest_of(separations: Iterable[Separation]) -> Separation:
    """A separation at least as wide as each of these, in each dimension."""
    different = set(separations)
    if not different:
        return NO_SEPARATION
    return Separation(
        horizontal_m=max(each.horizontal_m for each in different),
        vertical_m=max(each.vertical_m for each in different),
        time_s=max(each.time_s for each in different),
    )
