"""The ladder of an alert or a STOP that nobody answers: which rung is due at which instant (N4).

A rung is climbed once. The last one says "attempted, unanswered": never before the others were tried and given time.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from keepclear.core.terms import LadderTerms
from keepclear.core.timespan import SECOND_US


class Rung(enum.StrEnum):
    """The steps, from first to last."""

    SECOND_PATH = "second_path"  # the same, by another way
    PHONE = "phone"  # our officer is prompted to call
    SUPERVISOR = "supervisor"  # our own
    NEXT_ECHELON = "next_echelon"  # the other side's
    UNANSWERED = "unanswered"  # what was attempted is said to have stayed unanswered


class TryOutcome(enum.StrEnum):
    """What came of one attempt on one path."""

    SENT = "sent"  # the path's machine took it; nobody is known to have read it
    PROMPTED = "prompted"  # our own officer is shown the number to call
    ANSWERED = "answered"  # a telephone was taken up; who it was, a person writes down
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"  # the path did not take it
    NO_PATH = "no_path"  # nobody gave this node such a path
    OVERTAKEN = "overtaken"  # answered before it was tried
    WITHHELD = "withheld"  # an exercise or a test: nothing leaves by other ways


def after_s(terms: LadderTerms, rung: Rung) -> int | None:
    """How long after the start a rung is due, seconds; None when it was not agreed.

    >>> after_s(LadderTerms(phone_s=60), Rung.PHONE)
    60
    """
    value: int | None = getattr(terms, f"{rung.value}_s")
    return value


def due_rungs(
    terms: LadderTerms, since_us: int, now_us: int, tried_at_us: Mapping[Rung, int]
) -> list[tuple[Rung, int]]:
    """Rungs to be climbed now, each with the instant that it was due, in order.

    Args:
        terms: as agreed, or the default; a rung that is None is left out.
        since_us: when the other machine took the message, or when it was written while it has not.
        tried_at_us: rungs that were climbed, to when their outcome was recorded; 0 while it is not.

    Source: FAA Order 7930.2 Appendix D (15 and 90 minutes) for the times; the rule for the last rung is our own.
    """
    found: list[tuple[Rung, int]] = []
    waits_us = 0
    before_s = 0
    for rung in Rung:
        at_s = after_s(terms, rung)
        if at_s is None:
            continue
        if rung is Rung.UNANSWERED:
            if found or any(not tried_at_us.get(each) for each in Rung if _comes_before(terms, each)):
                return found  # first the others are tried
            waits_us = max((tried_at_us[each] for each in Rung if _comes_before(terms, each)), default=since_us)
            due_us = max(since_us + at_s * SECOND_US, waits_us + (at_s - before_s) * SECOND_US)
        else:
            due_us = since_us + at_s * SECOND_US
        if rung not in tried_at_us and due_us <= now_us:
            found.append((rung, due_us))
        before_s = at_s
    return found


def _comes_before(terms: LadderTerms, rung: Rung) -> bool:
    return rung is not Rung.UNANSWERED and after_s(terms, rung) is not None
