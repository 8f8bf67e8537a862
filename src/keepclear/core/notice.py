"""A notice: a party's statement of planned activity. It asks for nothing and grants nothing."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from keepclear.core.timespan import SECOND_US, TimeSpan
from keepclear.core.volume import Volume4D
from keepclear.errors import UnlawfulChange

#: Fixed in every rendering (N8).
STANDING_LINE = "A notice is no permission, no recognition and no guarantee."
NOT_CERTIFIED_LINE = "Not certified. Not the sole means of separation."

VOLUMES_MAX = 50
REMARKS_MAX = 200
CONTACT_MAX = 60


class NoticeKind(enum.StrEnum):
    """What sort of statement it is. Not what the activity is: that is never asked (G3)."""

    HAZARD = "HAZARD"  # others should keep out of it
    MOVEMENT = "MOVEMENT"  # we move here and want to be kept clear of


class Action(enum.StrEnum):
    """What the filer expects of others."""

    KEEP_CLEAR = "KEEP_CLEAR"
    CALL_BEFORE_ENTERING = "CALL_BEFORE_ENTERING"
    BE_AWARE = "BE_AWARE"


class Mode(enum.StrEnum):
    """Whether a message is meant (V6). An exercise or a test never raises a live alert."""

    OPER = "OPER"
    EXER = "EXER"
    TEST = "TEST"


class NoticeState(enum.StrEnum):
    """The names of ASTM F3548, for every kind of notice."""

    ACCEPTED = "Accepted"
    ACTIVATED = "Activated"
    ENDED = "Ended"


_MAY_FOLLOW = {
    NoticeState.ACCEPTED: (NoticeState.ACCEPTED, NoticeState.ACTIVATED, NoticeState.ENDED),
    NoticeState.ACTIVATED: (NoticeState.ACTIVATED, NoticeState.ENDED),
    NoticeState.ENDED: (),
}


def check_may_follow(before: NoticeState, after: NoticeState) -> None:
    """Raise UnlawfulChange unless a notice may go from `before` to `after`."""
    if after not in _MAY_FOLLOW[before]:
        lawful = " or ".join(_MAY_FOLLOW[before]) or "nothing"
        raise UnlawfulChange(f"from {before} follows {lawful}, not {after}", at="state")


def whole_span(volumes: Sequence[Volume4D]) -> TimeSpan:
    """From the earliest start to the latest end of a notice's volumes."""
    return TimeSpan(min(v.span.start_us for v in volumes), max(v.span.end_us for v in volumes))


def lead_time_s(starts_at_us: int, received_at_us: int) -> float:
    """Seconds from the first authenticated receipt to the start of the hazard (N1). Negative: it came too late.

    >>> lead_time_s(90_000_000, 30_000_000)
    60.0
    """
    return (starts_at_us - received_at_us) / SECOND_US
