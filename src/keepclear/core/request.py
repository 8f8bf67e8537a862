"""Requests and their replies, as AP I art. 29 has them; and what came of an activity afterwards.

A notice is told and acknowledged. A request asks for consent, and only words give it: silence is no answer.
"""

from __future__ import annotations

import enum


class Reply(enum.StrEnum):
    """The three replies to a request (AP I art. 29, 3)."""

    AGREE = "AGREE"
    DENY = "DENY"
    ALTERNATIVE = "ALTERNATIVE"  # another place or time, which the asker may accept


class DenyReason(enum.StrEnum):
    """Why a request is denied, as a code. Never what the other activity is."""

    OTHER_ACTIVITY = "OTHER_ACTIVITY"
    UNSAFE = "UNSAFE"
    TOO_LATE = "TOO_LATE"
    NO_AUTHORITY = "NO_AUTHORITY"  # whoever is on watch may not agree to it
    NOT_STATED = "NOT_STATED"


class RequestState(enum.StrEnum):
    """Where a request stands. No state is reached by silence but NO_ANSWER."""

    OPEN = "open"
    AGREED = "agreed"
    DENIED = "denied"
    ALTERNATIVE = "alternative"
    ACCEPTED = "accepted"  # the asker took the alternative
    WITHDRAWN = "withdrawn"
    NO_ANSWER = "no_answer"


def after_reply(reply: Reply) -> RequestState:
    """What a reply makes of a request that waits for one."""
    match reply:
        case Reply.AGREE:
            return RequestState.AGREED
        case Reply.DENY:
            return RequestState.DENIED
        case Reply.ALTERNATIVE:
            return RequestState.ALTERNATIVE


def may_be_replied_to(state: RequestState) -> bool:
    """Whether a reply still counts: also a late one, and a better one than the alternative that was offered."""
    return state in (RequestState.OPEN, RequestState.ALTERNATIVE, RequestState.NO_ANSWER)


class Outcome(enum.StrEnum):
    """What came of an activity, in the words that humanitarian offices publish (N10)."""

    FACILITATED = "FACILITATED"
    PARTLY = "PARTLY"
    IMPEDED = "IMPEDED"
    DENIED = "DENIED"
    POSTPONED = "POSTPONED"
    CANCELLED_BY_SELF = "CANCELLED_BY_SELF"
