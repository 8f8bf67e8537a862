"""A notice: a party's statement of planned activity. It asks for nothing and grants nothing."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from keepclear.core.timespan import SECOND_US, TimeSpan
from keepclear.core.volume import Volume4D
from keepclear.errors import LimitReached, Malformed, UnlawfulChange

#: Fixed in every rendering (N8).
STANDING_LINE = "A notice is no permission, no recognition and no guarantee."
NOT_CERTIFIED_LINE = "Not certified. Not the sole means of separation."

VOLUMES_MAX = 50
TRANSPORTS_MAX = 10
MARKINGS_MAX = 10
MARKING_MAX = 60
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


class Timing(enum.StrEnum):
    """Why the notice comes when it comes (N6). It is never refused for that; the label makes late honesty possible."""

    ROUTINE = "ROUTINE"
    EMERGENCY = "EMERGENCY"  # shorter than agreed, for a reason that is stated
    STARTED = "STARTED"  # told after it began


class ShortReason(enum.StrEnum):
    """Why a notice is shorter than agreed, as a code, so that it reads the same in every language."""

    RESCUE = "RESCUE"  # life is in danger
    MEDICAL = "MEDICAL"
    WEATHER = "WEATHER"
    TECHNICAL = "TECHNICAL"  # a fault of a machine or a line
    SAFETY = "SAFETY"  # of those who do it, or of others
    LATE_DECISION = "LATE_DECISION"  # it was decided late
    OVERSIGHT = "OVERSIGHT"  # it should have been told before


class Change(enum.StrEnum):
    """What a version of a notice does to the one before it (N7)."""

    AMEND = "AMEND"  # another place, time, height or text
    EXTEND = "EXTEND"  # the same, and longer
    SHORTEN = "SHORTEN"  # the same, and shorter
    DEVIATE = "DEVIATE"  # a movement is not where or when it was to be
    ACTIVATE = "ACTIVATE"
    CANCEL = "CANCEL"  # it will not take place
    COMPLETE = "COMPLETE"  # it took place and is over
    GIVE_BACK = "GIVE_BACK"  # what is left of it is not needed


#: What ends a notice, and nothing else does.
ENDINGS = (Change.CANCEL, Change.COMPLETE, Change.GIVE_BACK)


class Armed(enum.StrEnum):
    """Whether a movement has armed persons with it: their number and nothing else about them (P6, G3)."""

    NONE = "NONE"
    ON_BOARD = "ON_BOARD"  # in the transports themselves
    ESCORT = "ESCORT"  # in transports of their own
    BOTH = "BOTH"


class TransportKind(enum.StrEnum):
    """What moves, as seen from outside."""

    CAR = "CAR"
    TRUCK = "TRUCK"
    BUS = "BUS"
    AMBULANCE = "AMBULANCE"
    AEROPLANE = "AEROPLANE"
    HELICOPTER = "HELICOPTER"
    UAV = "UAV"
    VESSEL = "VESSEL"
    TRAIN = "TRAIN"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Transports:
    """So many transports of one kind."""

    kind: TransportKind
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 1_000:
            raise Malformed(f"1 to 1000 transports of a kind, not {self.count}", at="movement.transports")


@dataclass(frozen=True, slots=True)
class Movement:
    """What moves, and what can be seen of it from outside (P6; AP I art. 29).

    Attributes:
        armed: whether armed persons are with it; it must be said, also when there are none.
        armed_count: how many; more than none exactly when there are any.
        markings: as they are painted or flown: plates, emblems, roof markings.
        second_contact: whom to call when the first does not answer.
    """

    transports: tuple[Transports, ...]
    armed: Armed
    armed_count: int = 0
    markings: tuple[str, ...] = ()
    second_contact: str = ""

    def __post_init__(self) -> None:
        if not 1 <= len(self.transports) <= TRANSPORTS_MAX:
            raise Malformed(f"say what moves: 1 to {TRANSPORTS_MAX} kinds of transports", at="movement.transports")
        if (self.armed is Armed.NONE) != (self.armed_count == 0) or not 0 <= self.armed_count <= 10_000:
            raise Malformed(
                f"armed {self.armed} with a count of {self.armed_count}: say how many, or NONE and 0",
                at="movement.armed_count",
            )
        if len(self.markings) > MARKINGS_MAX or not all(0 < len(each) <= MARKING_MAX for each in self.markings):
            raise LimitReached(f"at most {MARKINGS_MAX} markings of {MARKING_MAX} characters", at="movement.markings")
        if len(self.second_contact) > CONTACT_MAX:
            raise LimitReached(f"a contact has at most {CONTACT_MAX} characters", at="movement.second_contact")


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


def ending_of(span: TimeSpan, state: NoticeState, now_us: int) -> Change:
    """How a notice ends when nobody says how: cancelled before it began, given back while it runs, else complete."""
    if now_us >= span.end_us:
        return Change.COMPLETE
    if state is NoticeState.ACTIVATED or now_us >= span.start_us:
        return Change.GIVE_BACK
    return Change.CANCEL


def check_ending(change: Change, span: TimeSpan, state: NoticeState, now_us: int) -> None:
    """Raise UnlawfulChange unless a notice can end so: what began cannot be cancelled, what did not is not complete."""
    has_begun = state is NoticeState.ACTIVATED or now_us >= span.start_us
    if change not in ENDINGS:
        raise UnlawfulChange(f"a notice ends by {', '.join(ENDINGS)}, not by {change}", at="change")
    if change is Change.CANCEL and has_begun:
        raise UnlawfulChange("it has begun: complete it, or give back what is left of it", at="change")
    if change is Change.COMPLETE and not has_begun:
        raise UnlawfulChange("it has not begun: cancel it, or give it back", at="change")


def lead_time_s(starts_at_us: int, received_at_us: int) -> float:
    """Seconds from the first authenticated receipt to the start of the hazard (N1). Negative: it came too late.

    >>> lead_time_s(90_000_000, 30_000_000)
    60.0
    """
    return (starts_at_us - received_at_us) / SECOND_US
