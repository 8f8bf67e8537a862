"""Instants and spans of time.

An instant is an `int`: microseconds since 1970-01-01T00:00:00Z, UTC. Integers compare exactly, hash the same
in every language and need no time zone. A span holds its start and not its end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from keepclear.errors import Malformed

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US

#: 2200-01-01T00:00:00Z. Later instants are slips of the hand, and leave the range that every language holds exactly.
LATEST_US = 7_258_118_400 * SECOND_US

_ZULU = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class TimeSpan:
    """From `start_us` up to but not including `end_us`, microseconds UTC; longer than zero."""

    start_us: int
    end_us: int

    def __post_init__(self) -> None:
        for name, instant in (("start", self.start_us), ("end", self.end_us)):
            if not 0 <= instant <= LATEST_US:
                raise Malformed(f"{instant} us is not between 1970 and 2200", at=f"span.{name}")
        if self.end_us <= self.start_us:
            raise Malformed(f"a span must end after it starts: {zulu(self.start_us)} to {zulu(self.end_us)}", at="span")

    def overlaps(self, other: TimeSpan) -> bool:
        """Whether the two share an instant. Meeting end to end is not overlapping."""
        # Half-open: a zone lifted at 12:00 does not conflict with a notice from 12:00.
        return self.start_us < other.end_us and other.start_us < self.end_us

    def holds(self, instant_us: int) -> bool:
        """Whether it is in force at that instant."""
        return self.start_us <= instant_us < self.end_us


def zulu(instant_us: int) -> str:
    """As people write it: `2027-03-14T02:17:40Z`, with a fraction only where there is one.

    >>> zulu(0)
    '1970-01-01T00:00:00Z'
    """
    seconds, fraction = divmod(instant_us, SECOND_US)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{fraction:06d}Z" if fraction else f"{text}Z"


def parse_instant(text: object, *, at: str = "") -> int:
    """Microseconds UTC of an RFC 3339 time.

    A time without offset is refused: whose local time would it be? Second 60 is the next second, as in a leap second.
    Digits beyond the microsecond are dropped.

    Raises:
        Malformed: not RFC 3339, or no such day or time.

    >>> parse_instant("1970-01-01T00:00:60Z")
    60000000
    """
    match = _ZULU.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise Malformed(f"{text!r} is not a time: write it as 2027-03-14T02:17:40Z", at=at)
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    leap = 1 if second == 60 else 0
    try:
        base = datetime(year, month, day, hour, minute, second - leap, tzinfo=UTC)
    except ValueError as problem:
        raise Malformed(f"{text!r} is not a time: {problem}", at=at) from None
    fraction_us = int((match.group(7) or "0").ljust(6, "0")[:6])
    offset = match.group(8)
    offset_us = 0
    if offset not in ("Z", "z"):
        hours, minutes = int(offset[1:3]), int(offset[4:6])
        if hours > 23 or minutes > 59:
            raise Malformed(f"{text!r} has no such offset from UTC", at=at)
        offset_us = (hours * HOUR_US + minutes * MINUTE_US) * (-1 if offset[0] == "-" else 1)
    instant_us = (round(base.timestamp()) + leap) * SECOND_US + fraction_us - offset_us
    if not 0 <= instant_us <= LATEST_US:
        raise Malformed(f"{text!r} is not between 1970 and 2200", at=at)
    return instant_us


def spoken_duration(seconds: float) -> str:
    """A length of time so that it never looks like a time of day: `6 min 20 s`.

    >>> spoken_duration(380), spoken_duration(-5), spoken_duration(5400)
    ('6 min 20 s', '-0 min 05 s', '1 h 30 min 00 s')
    """
    sign = "-" if seconds < 0 else ""
    whole = round(abs(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{sign}{hours} h {minutes:02d} min {left:02d} s" if hours else f"{sign}{minutes} min {left:02d} s"
