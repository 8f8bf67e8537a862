"""Duties: what one party owes another, in one table: who owes it, from when it runs, and by which term it is due.

A duty opens, and is met, missed or waived; the entries that prove it stand in the record. Who is owed judges it, by its
own clock. None of the numbers stands here: each comes from the agreement in force.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, Final

from keepclear.core.agreement import Agreement
from keepclear.core.timespan import SECOND_US


class Ower(enum.StrEnum):
    """Who owes a duty, seen from the one whose act opens it."""

    ACTOR = "actor"  # whoever did what opens it
    OTHER = "other"  # whoever was told of it
    EACH = "each"  # every party


class Way(enum.StrEnum):
    """How the time that a duty leaves is counted."""

    WITHIN = "within"  # after what opens it
    BEFORE = "before"  # before a start that is stated
    EVERY = "every"  # again and again, from the last time
    UNTIL = "until"  # it goes on for so long
    WHILE = "while"  # it goes on while a plan or a zone stands


@dataclass(frozen=True, slots=True)
class Duty:
    """One kind of duty.

    Attributes:
        name: as the record names it.
        opens: what opens it, in words.
        ower: who owes it.
        way: how its time is counted.
        terms: where in an agreement its measure stands, the first that is agreed counts.
        met: what meets it, in words.
    """

    name: str
    opens: str
    ower: Ower
    way: Way
    terms: tuple[str, ...]
    met: str


TABLE: Final = (
    Duty("notify_before", "a notice", Ower.ACTOR, Way.BEFORE,
         ("notices.hazard_before_s", "notices.movement_before_s", "deadlines.notice_before_s"),
         "it was received that long before its start"),
    Duty("acknowledge_by", "an alert", Ower.OTHER, Way.WITHIN, ("deadlines.acknowledge_s",),
         "an answer by a named person"),
    Duty("answer_call_by", "a request for a call", Ower.OTHER, Way.WITHIN, ("duties.answer_call_by_s",), "the call"),
    Duty("clear_by", "being asked to be clear", Ower.OTHER, Way.WITHIN, ("duties.clear_by_s",), "being clear"),
    Duty("hold_clear", "being clear", Ower.OTHER, Way.UNTIL, ("duties.hold_clear_s",),
         "nothing of it there until then"),
    Duty("stay_out", "a plan in a zone to stay out of", Ower.ACTOR, Way.WHILE, ("duties.stay_out",),
         "the plan leaves the zone, or ends, before it begins there"),
    Duty("stay_within_depth", "a plan deeper in a zone than agreed", Ower.ACTOR, Way.WHILE,
         ("duties.stay_within_depth",),
         "the plan keeps to the depth, or ends, before it begins there"),
    Duty("keep_separation", "two plans closer than agreed", Ower.EACH, Way.UNTIL, ("duties.keep_separation_s",),
         "they are apart again by then"),
    Duty("line_test_every", "an agreement in force", Ower.EACH, Way.EVERY, ("line.test_every_s",), "a line test"),
    Duty("report_violation_by", "a violation that is known", Ower.ACTOR, Way.WITHIN, ("duties.report_violation_by_s",),
         "its report"),
    Duty("revalidate_every", "a listed site", Ower.ACTOR, Way.EVERY,
         ("duties.revalidate_every_s", "sites.revalidate_every_s"),
         "its confirmation"),
    Duty("meet_every", "an agreement in force", Ower.EACH, Way.EVERY, ("duties.meet_every_s",), "a meeting"),
    Duty("answer_inquiry_by", "an inquiry", Ower.OTHER, Way.WITHIN,
         ("duties.answer_inquiry_by_s", "inquiry.answer_within_s"), "its result"),
)  # fmt: skip

BY_NAME: Final = {duty.name: duty for duty in TABLE}


def measure(agreement: Agreement, term: str) -> Any:
    """What an agreement says under the full name of a term; None where it was not agreed.

    >>> from keepclear.core.duties import BY_NAME
    >>> BY_NAME["meet_every"].terms
    ('duties.meet_every_s',)
    """
    value: Any = agreement
    for name in term.split("."):
        value = getattr(value, name, None)
        if value is None:
            return None
    return value


def agreed_measure(agreement: Agreement, duty: Duty) -> tuple[str, Any] | None:
    """The term that a duty is measured by, and its value; None where the parties agreed nothing of it."""
    for term in duty.terms:
        value = measure(agreement, term)
        if value is not None and value is not False:
            return term, value
    return None


def due_at(agreement: Agreement, duty: Duty, opened_at: int) -> int | None:
    """When a duty that opened at an instant is due, microseconds; None where it has no time or was not agreed.

    `opened_at` is the start that is stated where the time runs before it.
    """
    found = agreed_measure(agreement, duty)
    if found is None or duty.way is Way.WHILE:
        return None
    seconds = int(found[1])
    return opened_at - seconds * SECOND_US if duty.way is Way.BEFORE else opened_at + seconds * SECOND_US
