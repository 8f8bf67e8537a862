"""What a service plans, and what others told it, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field

from keepclear.core.conflict import Verdict
from keepclear.core.volume import Volume4D
from keepclear.dss.values import IntentState
from keepclear.engine.judge import judge


@dataclass(frozen=True, slots=True)
class Plan:
    """An operational intent of ours.

    Attributes:
        volumes, off_nominal: nominal volumes, and where it may be when it does not conform.
        priority: a plan yields to those of a greater one.
    """

    id: str
    volumes: tuple[Volume4D, ...]
    state: IntentState = IntentState.ACCEPTED
    priority: int = 0
    off_nominal: tuple[Volume4D, ...] = ()

    @property
    def extents(self) -> tuple[Volume4D, ...]:
        """All of it."""
        return (*self.volumes, *self.off_nominal)


@dataclass(frozen=True, slots=True)
class Standing:
    """An operational intent as its manager says that it is: ours, or another service's.

    Attributes:
        ovn: the opaque version number that a key needs.
        subscription: ours, of our own; else empty.
    """

    plan: Plan
    manager: str
    version: int
    ovn: str
    url: str
    start_us: int
    end_us: int
    subscription: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of planning.

    Attributes:
        standing: as it is now; None if it was refused.
        conflicts: others' intents that it meets.
        untold: addresses of services that had to be told and did not answer.
    """

    standing: Standing | None
    conflicts: tuple[Standing, ...] = ()
    untold: tuple[str, ...] = field(default=())


def meets(one: Plan, other: Plan) -> Verdict:
    """Whether two plans share a point of space and an instant; the worst of their volumes."""
    worst = Verdict.CLEAR
    for volume in one.extents:
        for theirs in other.extents:
            verdict = judge(volume, theirs, measure_depth=False).verdict
            if verdict is Verdict.CONFLICT:
                return verdict
            if verdict is Verdict.POSSIBLE:
                worst = verdict
    return worst
