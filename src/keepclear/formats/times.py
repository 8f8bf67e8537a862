"""Times as people write them, to an instant in UTC, with the offset they were given in: Zulu first, local second (T1).

A time without an offset is never guessed: it is given back as what it would be under each offset in use. The pair of
22:03 and 23:00 that two releases gave for one event (docs/explanation/time.md) is what `whole_hours_apart` is for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from keepclear.core.flag import Flag
from keepclear.core.timespan import HOUR_US, LATEST_US, MINUTE_US, SECOND_US, parse_instant, spoken_duration, zulu
from keepclear.errors import Malformed

TEXT_MAX: Final = 60
RIGHT: Final = "write it as 171840ZSEP18 or 2018-09-17T18:40:00Z"

_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
#: Hours east of Greenwich of each military zone letter. J is the time of whoever says it, and so says nothing.
_LETTERS: Final = {
    **{letter: hour for hour, letter in enumerate("ABCDEFGHIKLM", start=1)},
    **{letter: -hour for hour, letter in enumerate("NOPQRSTUVWXY", start=1)},
    "Z": 0,
}
_DTG = re.compile(r"(\d{2})(\d{2})(\d{2})(?::?(\d{2}))? ?([A-Z])? ?(?:([A-Z]{3}) ?(\d{4}|\d{2})?)?", re.ASCII)
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):?(\d\d)(?::?(\d\d)(?:\.\d{1,9})?)?"
    r" ?(Z|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d\d)?|UTC|GMT)?",
    re.ASCII,
)
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d\d))?", re.ASCII)
#: Offsets in use on Earth, minutes.
OFFSET_LEAST_MIN, OFFSET_MOST_MIN = -12 * 60, 14 * 60
#: A time before now is flagged PAST, and one so far ahead FAR.
FAR_US = 366 * 24 * HOUR_US
#: A day of the month is taken for the nearest to now; this near to the middle between two months it is refused.
DOUBT_DAYS = 5
#: Two times of one event that differ by whole hours, give or take this, are likely one time under two offsets.
SLIP_US = 5 * MINUTE_US
SLIP_HOURS_MAX = 14


@dataclass(frozen=True, slots=True)
class TimeReading:
    """An instant as somebody wrote it.

    Attributes:
        instant_us: microseconds UTC.
        offset_min: the offset it was given in, minutes east of UTC; it is kept beside the instant.
        flags: what to look at again.
    """

    instant_us: int
    offset_min: int
    flags: tuple[Flag, ...]

    @property
    def spelled(self) -> str:
        """Zulu first, local second, as `both` writes it."""
        return both(self.instant_us, self.offset_min)


def read_time(text: str, *, now_us: int, offsets_min: Sequence[int] = (), at: str = "time") -> TimeReading:
    """The instant of a date-time group or an ISO time (T1).

    `171840ZSEP18`, `171840ZSEP2018`, `172140CSEP18` (C is UTC+3), `171840Z` (the nearest such day, flagged),
    `2018-09-17T21:40+03:00`, `2018-09-17 18:40 UTC`.

    Args:
        now_us: what "past" and "the nearest day" are measured from.
        offsets_min: offsets in use here, for the message about a time that names none.

    Raises:
        Malformed: no time, no such day, or one that could be several: without offset, or a bare day midway between two
            months.

    >>> read_time("172140CSEP18", now_us=0).spelled
    '2018-09-17 18:40:00Z (21:40:00 UTC+3)'
    """
    said = " ".join(text.split()).upper()
    if not 0 < len(said) <= TEXT_MAX:
        raise Malformed(f"a time takes 1 to {TEXT_MAX} characters; {RIGHT}", at=at)
    if (iso := _ISO.fullmatch(said)) is not None:
        reading = _iso(iso, text, offsets_min, at=at)
    elif (group := _DTG.fullmatch(said)) is not None:
        reading = _date_time_group(group, text, now_us, offsets_min, at=at)
    else:
        raise Malformed(f"{text!r} is not a time; {RIGHT}", at=at)
    return TimeReading(
        reading.instant_us, reading.offset_min, reading.flags + tuple(_flags(reading.instant_us, now_us, at))
    )


def dtg(instant_us: int) -> str:
    """The date-time group of an instant, to the minute in which it lies, in Zulu.

    >>> dtg(1_537_209_600_000_000)
    '171840ZSEP18'
    """
    when = datetime.fromtimestamp(instant_us // SECOND_US, UTC)
    return f"{when:%d%H%M}Z{_MONTHS[when.month - 1]}{when.year % 100:02d}"


def both(instant_us: int, offset_min: int) -> str:
    """Zulu first, then local time with its offset, and the local date where it is another day (T1).

    >>> both(1_537_209_600_000_000, 780)
    '2018-09-17 18:40:00Z (2018-09-18 07:40:00 UTC+13)'
    """
    utc = datetime.fromtimestamp(instant_us // SECOND_US, UTC)
    zulu_text = f"{utc:%Y-%m-%d %H:%M:%S}Z"
    if offset_min == 0:
        return zulu_text
    local = utc + timedelta(minutes=offset_min)
    date = "" if local.date() == utc.date() else f"{local:%Y-%m-%d} "
    return f"{zulu_text} ({date}{local:%H:%M:%S} {offset_text(offset_min)})"


def offset_text(offset_min: int) -> str:
    """An offset as people say it: `UTC+3`, `UTC-3:30`.

    >>> offset_text(-210)
    'UTC-3:30'
    """
    hours, minutes = divmod(abs(offset_min), 60)
    return f"UTC{'-' if offset_min < 0 else '+'}{hours}" + (f":{minutes:02d}" if minutes else "")


def whole_hours_apart(one_us: int, other_us: int) -> int:
    """By how many whole hours two times of one event differ, if that is likely a slip between offsets; else 0 (T1).

    >>> whole_hours_apart(0, 57 * MINUTE_US), whole_hours_apart(0, 30 * MINUTE_US), whole_hours_apart(0, MINUTE_US)
    (1, 0, 0)
    """
    apart_us = abs(other_us - one_us)
    hours = round(apart_us / HOUR_US)
    if not 1 <= hours <= SLIP_HOURS_MAX or abs(apart_us - hours * HOUR_US) > SLIP_US:
        return 0
    return hours if other_us > one_us else -hours


def slip_flag(one_us: int, other_us: int, *, at: str = "time") -> Flag | None:
    """A flag when two times of one event look like one time under two offsets."""
    hours = whole_hours_apart(one_us, other_us)
    if not hours:
        return None
    return Flag(
        "HOURS_APART",
        f"{zulu(one_us)} and {zulu(other_us)} are about {abs(hours)} h apart: is one of them local time?",
        at,
    )


def _iso(match: re.Match[str], text: str, offsets_min: Sequence[int], *, at: str) -> TimeReading:
    year, month, day, hour, minute, second, offset = match.groups()
    bare = f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}"
    if offset is None:
        raise Malformed(_without_offset(parse_instant(f"{bare}Z", at=at), text, offsets_min), at=at)
    offset_min = _offset(offset, text, at=at)
    sign = "-" if offset_min < 0 else "+"
    hours, minutes = divmod(abs(offset_min), 60)
    fraction = re.search(r":\d\d(\.\d{1,9})", match.group())
    return TimeReading(
        parse_instant(f"{bare}{fraction.group(1) if fraction else ''}{sign}{hours:02d}:{minutes:02d}", at=at),
        offset_min,
        (),
    )


def _offset(said: str, text: str, *, at: str) -> int:
    match = _OFFSET.fullmatch(said)
    if match is None:
        return 0
    offset_min = (int(match.group(2)) * 60 + int(match.group(3) or 0)) * (-1 if match.group(1) == "-" else 1)
    if not OFFSET_LEAST_MIN <= offset_min <= OFFSET_MOST_MIN or int(match.group(3) or 0) > 59:
        raise Malformed(f"{text!r} has an offset that is in use nowhere: between UTC-12 and UTC+14", at=at)
    if offset_min % 15:
        raise Malformed(f"{text!r} has an offset that is in use nowhere: whole quarters of an hour", at=at)
    return offset_min


def _date_time_group(
    match: re.Match[str], text: str, now_us: int, offsets_min: Sequence[int], *, at: str
) -> TimeReading:
    day, hour, minute, second, letter, month, year = match.groups()
    if letter == "J":
        raise Malformed(f"{text!r}: J is the time of whoever says it; {RIGHT}", at=at)
    if month is not None and month not in _MONTHS:
        raise Malformed(f"{text!r}: {month} is no month; {RIGHT}", at=at)
    if letter is None and month is not None and year is not None:
        local_us = _instant(_year(year), _MONTHS.index(month) + 1, day, hour, minute, second, text, at=at)
        raise Malformed(_without_offset(local_us, text, offsets_min), at=at)
    if letter is None:
        raise Malformed(f"{text!r} has no zone letter: whose time is it? {RIGHT}", at=at)
    offset_min = _LETTERS[letter] * 60
    local_now = datetime.fromtimestamp((now_us + offset_min * MINUTE_US) // SECOND_US, UTC)
    flags: tuple[Flag, ...] = ()
    if year is not None and month is not None:
        local_us = _instant(_year(year), _MONTHS.index(month) + 1, day, hour, minute, second, text, at=at)
    else:
        months = _months_about(local_now, month)
        local_us = _nearest(months, (day, hour, minute, second), local_now, text, at=at)
        left_out = "year" if month is not None else "month"
        flags = (
            Flag(
                "DATE_ASSUMED",
                f"{text!r} names no {left_out}: taken for {both(local_us - offset_min * MINUTE_US, offset_min)}, the"
                " nearest to now",
                at,
            ),
        )
    return TimeReading(local_us - offset_min * MINUTE_US, offset_min, flags)


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _months_about(now: datetime, month: str | None) -> list[tuple[int, int]]:
    """Years and months in which a group may lie that leaves out the year, or both."""
    if month is not None:
        return [(now.year + step, _MONTHS.index(month) + 1) for step in (-1, 0, 1)]
    count = now.year * 12 + now.month - 1
    return [(number // 12, number % 12 + 1) for number in (count - 1, count, count + 1)]


def _nearest(
    months: Iterable[tuple[int, int]],
    clock: tuple[str, str, str, str | None],
    now: datetime,
    text: str,
    *,
    at: str,
) -> int:
    """The nearest instant to now among the months that have such a day; Malformed if two are about as near."""
    found: list[int] = []
    wrong: Malformed | None = None
    for year, month in months:
        try:
            found.append(_instant(year, month, *clock, text, at=at))
        except Malformed as problem:
            wrong = problem
    now_us = round(now.timestamp()) * SECOND_US
    found.sort(key=lambda instant_us: abs(instant_us - now_us))
    if not found:
        raise wrong or Malformed(f"{text!r} is not a time; {RIGHT}", at=at)
    if len(found) > 1:
        first, second = (abs(instant_us - now_us) for instant_us in found[:2])
        if second - first < 2 * DOUBT_DAYS * 24 * HOUR_US:
            earlier, later = sorted(found[:2])
            raise Malformed(
                f"{text!r} may be {dtg(earlier)[-5:]} or {dtg(later)[-5:]}: give month and year; {RIGHT}", at=at
            )
    return found[0]


def _instant(year: int, month: int, day: str, hour: str, minute: str, second: str | None, text: str, *, at: str) -> int:
    """Microseconds of a time of day, as if it were UTC."""
    try:
        when = datetime(year, month, int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC)
    except ValueError as problem:
        raise Malformed(f"{text!r} is not a time: {problem}", at=at) from None
    instant_us = round(when.timestamp()) * SECOND_US
    if not 0 <= instant_us <= LATEST_US:
        raise Malformed(f"{text!r} is not between 1970 and 2200", at=at)
    return instant_us


def _without_offset(local_us: int, text: str, offsets_min: Sequence[int]) -> str:
    """What to say about a time without offset: which instants it might be."""
    might = ", ".join(
        f"{zulu(local_us - offset_min * MINUTE_US)} if {offset_text(offset_min)}"
        for offset_min in offsets_min
        if local_us >= offset_min * MINUTE_US
    )
    return f"{text!r} does not say whose time it is: {might + '; ' if might else ''}{RIGHT}"


def _flags(instant_us: int, now_us: int, at: str) -> Iterable[Flag]:
    if instant_us < now_us:
        yield Flag("PAST", f"{zulu(instant_us)} was {_ago(now_us - instant_us)} ago", at)
    if instant_us > now_us + FAR_US:
        yield Flag("FAR", f"{zulu(instant_us)} is more than a year ahead", at)


def _ago(length_us: int) -> str:
    days = length_us // (24 * HOUR_US)
    return f"{days} days" if days > 1 else spoken_duration(length_us / SECOND_US)
