"""Alerts, their levels, and the answers to them."""

from __future__ import annotations

import enum


class AlertLevel(enum.StrEnum):
    """How soon a person must act. Never shown without its shape."""

    ADVISORY = "advisory"  # worth knowing
    CAUTION = "caution"  # an answer is owed
    WARNING = "warning"  # someone may be inside a hazard before they can be clear


_RANK = {AlertLevel.ADVISORY: 0, AlertLevel.CAUTION: 1, AlertLevel.WARNING: 2}


def higher(one: AlertLevel, other: AlertLevel) -> AlertLevel:
    """The more urgent of two levels."""
    return one if _RANK[one] >= _RANK[other] else other


class Answer(enum.StrEnum):
    """The words of ICAO Doc 4444 (CPDLC).

    ROGER meets the duty to acknowledge. WILCO does too and promises to comply. STANDBY extends the deadline once.
    UNABLE answers an asked action; it acknowledges, and it is never a denial.
    """

    ROGER = "ROGER"
    WILCO = "WILCO"
    UNABLE = "UNABLE"
    STANDBY = "STANDBY"


def acknowledges(answer: Answer) -> bool:
    """Whether the answer meets the duty to acknowledge."""
    return answer is not Answer.STANDBY
