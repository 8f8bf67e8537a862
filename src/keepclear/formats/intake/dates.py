"""Times as people write them, and the days they mean when it is known from which day they were written."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from keepclear.formats.intake.values import Span, When

MONTHS: Final = {
    name.lower(): number
    for number in range(1, 13)
    for name in (calendar.month_name[number], calendar.month_abbr[number])
} | {"sept": 9}
WEEKDAYS: Final = {name.lower(): number for number, name in enumerate(calendar.day_name)}
NUMBERS: Final = {
    word: number
    for number, word in enumerate(
        (
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
            "sixteen seventeen eighteen nineteen twenty"
        ).split()
    )
} | {"a": 1, "an": 1, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "a dozen": 12, "a couple of": 2}
_ORDINALS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 5}
_SEASONS: Final = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11), "winter": (12, 2)}

_MONTH: Final = (
    r"(?:(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|JANUARY|FEBRUARY|MARCH|APRIL|MAY|JUNE|JULY|AUGUST|SEPTEMBER|OCTOBER|NOVEMBER|DECEMBER)"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec|JAN|FEB|MAR|APR|JUN|JUL|AUG|SEP|OCT|NOV|DEC)\b\.?)"
)
_DAY: Final = r"(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_YEAR: Final = r"(?:1[89]\d\d|20\d\d|21\d\d)"
_WEEKDAY: Final = r"(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
_NUMBER: Final = r"(?:\d{1,3}|" + "|".join(word for word in NUMBERS if word != "zero") + ")"
_TO: Final = r"\s*(?:-|–|—|to|and|until|through)\s*"
_PART: Final = r"(?:\s+(?:early\s+)?(?:morning|afternoon|evening|night))?"

#: A time of day: hours and minutes, which half of the day, and whose clock.
_CLOCK: Final = re.compile(
    r"\b(?P<h>[01]?\d|2[0-3])[:.](?P<m>[0-5]\d)(?:\s*(?P<half>[ap]\.?m\.?))?"
    r"(?:\s*(?:hours|hrs))?(?:\s*\(?(?P<zone>UTC[+-]\d{1,2}(?::?\d\d)?|UTC|GMT|Z|Zulu|local(?:\s+time)?)\b\)?)?"
    r"(?:\s*\((?P<h2>[01]?\d|2[0-3])[:.](?P<m2>[0-5]\d)\s*(?:UTC|GMT|Z)\))?"
)


@dataclass(frozen=True, slots=True)
class Days:
    """From which day relative times are counted.

    Attributes:
        dated: the day the text was written; None when it was not given.
        night: the days of a night that the text is about; a time of day before noon belongs to the second.
        is_future: the verb beside it speaks of what is to come.
    """

    dated: date | None
    night: tuple[date, date] | None = None
    is_future: bool | None = None


Resolved = tuple[str, str, bool]
_Rule = Callable[[re.Match[str], Days], Resolved]


def _month(name: str) -> int:
    return MONTHS[name.lower().rstrip(".")]


def _number(text: str) -> int:
    lowered = " ".join(text.lower().split())
    return int(lowered) if lowered.isdigit() else NUMBERS[lowered]


def _day_number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _year_for(month: int, day: int, days: Days) -> int | None:
    """The year of a day that was written without one: by the tense of the verb, or the nearest."""
    if days.dated is None:
        return None
    here = days.dated
    around = [found for year in (here.year - 1, here.year, here.year + 1) if (found := _day(year, month, day))]
    if days.is_future:
        around = [found for found in around if found >= here] or around
        return around[0].year
    if days.is_future is False:
        around = [found for found in around if found <= here] or around
        return around[-1].year
    return min(around, key=lambda found: abs((found - here).days)).year if around else None


def _stretch(first: date | None, last: date | None, counted: bool) -> Resolved:
    if first is None or last is None:
        return "", "", counted
    return first.isoformat(), last.isoformat(), counted


def _full(match: re.Match[str], days: Days) -> Resolved:
    """A day and a month, with or without a second day and a year."""
    month = _month(match["mon"])
    first_day = _day_number(match["d1"])
    last_day = _day_number(match["d2"]) if match["d2"] else first_day
    if match["y"]:
        year = int(match["y"]) if len(match["y"]) == 4 else 2000 + int(match["y"])
        return _stretch(_day(year, month, first_day), _day(year, month, last_day), False)
    found = _year_for(month, last_day, days)
    if found is None:
        return "", "", True
    return _stretch(_day(found, month, first_day), _day(found, month, last_day), True)


def _iso(match: re.Match[str], days: Days) -> Resolved:
    found = _day(int(match["y"]), int(match["m"]), int(match["d"]))
    if found and match["time"]:
        said = f"{found.isoformat()}T{match['time']}{match['z'] or ''}"
        return said, said, False
    return _stretch(found, found, False)


def _two_months(match: re.Match[str], days: Days) -> Resolved:
    months = _month(match["mon"]), _month(match["mon2"])
    numbers = _day_number(match["d1"]), _day_number(match["d2"])
    year = int(match["y"]) if match["y"] else _year_for(months[1], numbers[1], days)
    if year is None:
        return "", "", True
    earlier = year - 1 if months[0] > months[1] else year
    return _stretch(_day(earlier, months[0], numbers[0]), _day(year, months[1], numbers[1]), not match["y"])


def _month_of(match: re.Match[str], days: Days) -> Resolved:
    """A month, with a year, `of last year`, or neither."""
    month, said = _month(match["mon"]), match["y"]
    year: int | None
    if said and said.isdigit():
        return f"{said}-{month:02d}", f"{said}-{month:02d}", False
    if days.dated is None:
        return "", "", True
    if said:
        year = days.dated.year + {"last": -1, "this": 0, "next": 1, "the previous": -1, "that": 0}[said.lower()]
    elif days.is_future:
        year = days.dated.year + (month < days.dated.month)
    elif days.is_future is False:
        year = days.dated.year - (month > days.dated.month)
    else:
        here = days.dated
        near = (here.year - 1, here.year, here.year + 1)
        year = min(near, key=lambda y: abs((y - here.year) * 12 + month - here.month))
    return f"{year}-{month:02d}", f"{year}-{month:02d}", True


def _week_of_month(match: re.Match[str], days: Days) -> Resolved:
    month, nth = _month(match["mon"]), _ORDINALS[match["nth"].lower()]
    year = int(match["y"]) if match["y"] else _year_for(month, 15, days)
    if year is None:
        return "", "", True
    length = calendar.monthrange(year, month)[1]
    first = date(year, month, length - 6 if nth == 5 else 7 * nth - 6)
    return _stretch(first, first + timedelta(6), not match["y"])


def _year_only(match: re.Match[str], days: Days) -> Resolved:
    return match["y"], match["y"], False


def _weekday(match: re.Match[str], days: Days) -> Resolved:
    if days.dated is None:
        return "", "", True
    ahead = (WEEKDAYS[match["wd"].lower()] - days.dated.weekday()) % 7
    which = (match["which"] or "").lower()
    if which == "last":
        found = days.dated - timedelta((7 - ahead) if ahead else 7)
    elif which in ("next", "coming"):
        found = days.dated + timedelta(ahead or 7)
    elif days.is_future:
        found = days.dated + timedelta(ahead)
    else:
        found = days.dated - timedelta((7 - ahead) % 7)
    return _stretch(found, found, True)


def _near(match: re.Match[str], days: Days) -> Resolved:
    """Yesterday, tonight, this morning, the same day."""
    if days.dated is None:
        return "", "", True
    said = " ".join(match[0].lower().split())
    turn = {"yesterday": -1, "last night": -1, "overnight": -1, "tomorrow": 1, "the day before yesterday": -2}
    found = days.dated + timedelta(next((by for word, by in turn.items() if said.startswith(word)), 0))
    return _stretch(found, found, True)


def _unit(match: re.Match[str], days: Days) -> Resolved:
    """Last week, next month, this year, over the weekend."""
    if days.dated is None:
        return "", "", True
    which, unit, here = match["which"].lower(), match["unit"].lower(), days.dated
    by = {"last": -1, "previous": -1, "past": -1, "this": 0, "current": 0, "next": 1, "coming": 1, "following": 1}[
        which
    ]
    if unit == "week":
        monday = here - timedelta(here.weekday()) + timedelta(7 * by)
        return _stretch(monday, monday + timedelta(6), True)
    if unit == "month":
        year, month = divmod(here.year * 12 + here.month - 1 + by, 12)
        return f"{year}-{month + 1:02d}", f"{year}-{month + 1:02d}", True
    if unit == "year":
        return str(here.year + by), str(here.year + by), True
    if unit == "weekend":
        return _weekend(here, by)
    return _season(here, by, unit)


def _weekend(here: date, by: int) -> Resolved:
    saturday = here - timedelta((here.weekday() + 2) % 7)
    saturday += timedelta(7 if by > 0 else 0)
    return _stretch(saturday, saturday + timedelta(1), True)


def _season(here: date, by: int, unit: str) -> Resolved:
    first, last = _SEASONS[unit]
    year = here.year + (max(0, by))
    while by < 0 and (year, last) >= (here.year, here.month):
        year -= 1
    earlier = year - 1 if first > last else year
    return f"{earlier}-{first:02d}", f"{year}-{last:02d}", True


def _the_weekend(match: re.Match[str], days: Days) -> Resolved:
    return _weekend(days.dated, 1 if days.is_future else -1) if days.dated else ("", "", True)


def _ago(match: re.Match[str], days: Days) -> Resolved:
    if days.dated is None:
        return "", "", True
    count, unit = _number(match["n"]), match["unit"].lower().rstrip("s")
    if unit in ("month", "year"):
        year, month = divmod(days.dated.year * 12 + days.dated.month - 1 - count * (12 if unit == "year" else 1), 12)
        said = str(year) if unit == "year" else f"{year}-{month + 1:02d}"
        return said, said, True
    found = days.dated - timedelta(count * (7 if unit == "week" else 1))
    return _stretch(found, found, True)


def _within(match: re.Match[str], days: Days) -> Resolved:
    if days.dated is None:
        return "", "", True
    length = {"day": 1, "week": 7, "month": 30}[match["unit"].lower().rstrip("s")]
    return _stretch(days.dated, days.dated + timedelta(_number(match["n"]) * length), True)


def _end_of(match: re.Match[str], days: Days) -> Resolved:
    if days.dated is None:
        return "", "", True
    said = f"{days.dated.year}" if match["unit"] == "year" else f"{days.dated.year}-{days.dated.month:02d}"
    return said, said, True


def _group(match: re.Match[str], days: Days) -> Resolved:
    """A date-time group: day, hours and minutes in UTC, month, year."""
    year = int(match["y"]) + (2000 if len(match["y"]) == 2 else 0)
    found = _day(year, _month(match["mon"]), int(match["d"]))
    if found is None or int(match["h"]) > 23 or int(match["m"]) > 59:
        return "", "", False
    said = f"{found.isoformat()}T{match['h']}:{match['m']}Z"
    last = said
    if match["h2"]:
        second = _day(year, _month(match["mon"]), int(match["d2"] or match["d"]))
        last = f"{second.isoformat()}T{match['h2']}:{match['m2']}Z" if second else said
    return said, last, False


def _rules() -> list[tuple[re.Pattern[str], _Rule]]:
    year = rf"(?:,?\s+(?:of\s+)?(?P<y>{_YEAR}))?"
    d1, d2 = rf"(?P<d1>{_DAY})", rf"(?:{_TO}(?P<d2>{_DAY}))?"
    weekday = rf"(?:(?:on\s+)?{_WEEKDAY}{_PART},?\s+)?"
    spelled = [
        (
            r"\b(?P<d>[0-3]\d)(?P<h>[0-2]\d)(?P<m>[0-5]\d)\s*(?:UTC|Z|Zulu)?(?:\s*(?:-|–|to)\s*(?P<d2>[0-3]\d)(?P<h2>[0-2]\d)"
            rf"(?P<m2>[0-5]\d)\s*(?:UTC|Z)?)?\s+(?P<mon>{_MONTH})\s*(?P<y>\d\d(?:\d\d)?)\b",
            _group,
        ),
        (
            rf"\b(?P<y>{_YEAR})-(?P<m>[01]\d)-(?P<d>[0-3]\d)(?:T(?P<time>[0-2]\d:[0-5]\d)(?::[0-5]\d)?(?P<z>Z)?)?(?!\d)",
            _iso,
        ),
        (
            rf"\b(?P<d1>{_DAY})\s+(?P<mon>{_MONTH}){_TO}(?P<d2>{_DAY})\s+(?P<mon2>{_MONTH})(?:,?\s+(?P<y>{_YEAR}))?\b",
            _two_months,
        ),
        (rf"\b{weekday}{d1}{d2}\s+(?:of\s+)?(?P<mon>{_MONTH}){year}(?!\d)", _full),
        (rf"\b{weekday}(?P<mon>{_MONTH})\s+{d1}{d2}(?:,?\s+(?P<y>{_YEAR}))?(?![\d:])\b", _full),
        (rf"\b(?P<nth>first|second|third|fourth|last)\s+week\s+(?:of|in)\s+(?P<mon>{_MONTH})(?:\s+(?P<y>{_YEAR}))?", _week_of_month),
        (
            rf"\b(?:(?:early|late|mid)[\s-]+|the\s+(?:beginning|middle|end)\s+of\s+)?(?P<mon>{_MONTH})"
            rf"(?:,?\s+(?:of\s+)?(?P<y>{_YEAR}|last|this|next|the\s+previous|that)(?:\s+year)?)?(?!\s*\d)\b",
            _month_of,
        ),
        (rf"\b(?:(?P<which>last|next|this|coming)\s+)?(?P<wd>{_WEEKDAY})(?:'s)?{_PART}\b", _weekday),
        (
            r"(?i)\b(?:the day before yesterday|yesterday|today|tonight|tomorrow|last night|overnight"
            r"|this (?:morning|afternoon|evening)|(?:on )?the (?:same|following|next|previous) (?:day|evening|night|morning)|earlier (?:on )?in the day)"
            r"(?: morning| afternoon| evening| night)?\b",
            _near,
        ),
        (r"(?i)\b(?:over|at|during|on) the weekend\b", _the_weekend),
        (
            r"(?i)\b(?:(?:earlier|later|late|early)\s+)?(?:the\s+)?(?P<which>last|this|next|previous|past|current|coming|following)\s+"
            r"(?P<unit>week(?:end)?|month|year|spring|summer|autumn|winter)\b",
            _unit,
        ),
        (rf"(?i)\b(?:(?:about|some|around)\s+)?(?P<n>{_NUMBER})\s+(?P<unit>days?|weeks?|months?|years?)\s+(?:ago|earlier|before)\b", _ago),
        (rf"(?i)\b(?:within|in)\s+(?:the\s+next\s+)?(?P<n>{_NUMBER})\s+(?P<unit>days?|weeks?|months?)\b", _within),
        (r"(?i)\b(?:at|by|before|until)\s+the\s+end\s+of\s+the\s+(?P<unit>month|year)\b", _end_of),
        (rf"\b(?:in|of|since|from|for|by|until|dated|during|,)\s+(?P<y>{_YEAR})\b(?!\s*(?:m|km|metres|feet|people)\b)", _year_only),
    ]  # fmt: skip
    return [(re.compile(pattern), rule) for pattern, rule in spelled]


_RULES: Final = _rules()
_NIGHT: Final = re.compile(
    rf"\bnight\s+(?:of|from|between)\s+(?P<d1>{_DAY}){_TO}(?P<d2>{_DAY})\s+(?P<mon>{_MONTH})(?:,?\s+(?P<y>{_YEAR}))?"
)


def times(text: str, within: Span, days: Days) -> list[When]:
    """Times that a passage names, in order, as far as they can be told.

    Args:
        within: the passage.
        days: from which day to count. Without one a relative time is found and stays unresolved.
    """
    taken: list[When] = []
    for pattern, rule in _RULES:
        for match in pattern.finditer(text, within.start, within.end):
            span = Span(match.start(), match.end())
            if any(span.meets(other.span) for other in taken):
                continue
            if rule is _month_of and match["mon"] in ("May", "March") and not _is_month(text, match):
                continue
            first, last, counted = rule(match, days)
            taken.append(When(span, first, last, counted))
    return _with_clock(text, within, sorted(taken, key=lambda when: when.span), days)


def _is_month(text: str, match: re.Match[str]) -> bool:
    """`May` and `March` are also a verb and a walk."""
    return (
        bool(match["y"])
        or re.search(r"\b(?:in|of|since|until|by|last|next|this|early|late|mid)[\s-]+$", text[: match.start()])
        is not None
    )


def _with_clock(text: str, within: Span, found: list[When], days: Days) -> list[When]:
    """Times of day joined to the day beside them, or to the day that the passage is about."""
    joined = list(found)
    for match in _CLOCK.finditer(text, within.start, within.end):
        span = Span(match.start(), match.end())
        if any(span.meets(when.span) for when in found):
            continue
        if re.match(r"\s*(?:MHz|kHz|km|metres|per cent|%|million)", text[match.end() :]):
            continue
        if not (match["half"] or match["zone"] or match["h2"] or text[match.start() - 3 : match.start()] == "at "):
            continue
        near = next(
            (
                when
                for when in found
                if (when.first == when.last and abs(when.span.start - span.end) < 25)
                or abs(span.start - when.span.end) < 25
            ),
            None,
        )
        day = near.first if near and len(near.first) == 10 else _day_of(match, days)
        instant = _instant(match, day) if day else ""
        joined.append(When(span, instant, instant, is_counted=near is None))
    return sorted(joined, key=lambda when: when.span)


def _day_of(match: re.Match[str], days: Days) -> str:
    if days.night:
        return days.night[1 if int(match["h"]) < 12 else 0].isoformat()
    return days.dated.isoformat() if days.dated else ""


def _instant(match: re.Match[str], day: str) -> str:
    """The instant in UTC where the text says whose clock it is; otherwise the day and the time as written."""
    hour, minute = int(match["h"]), int(match["m"])
    if (match["half"] or "").lower().startswith("p") and hour < 12:
        hour += 12
    local = date.fromisoformat(day)
    zone = match["zone"] or ""
    if match["h2"]:
        # The second figure is UTC; it may be the day before or after by the offset between the two.
        utc = int(match["h2"])
        local += timedelta(-1 if utc - hour > 12 else 1 if utc - hour < -14 else 0)
        return f"{local.isoformat()}T{utc:02d}:{match['m2']}Z"
    offset = re.fullmatch(r"UTC([+-])(\d{1,2})(?::?(\d\d))?", zone)
    if offset:
        total = hour * 60 + minute - int(f"{offset[1]}1") * (int(offset[2]) * 60 + int(offset[3] or 0))
        return f"{(local + timedelta(total // 1440)).isoformat()}T{total % 1440 // 60:02d}:{total % 60:02d}Z"
    return f"{local.isoformat()}T{hour:02d}:{minute:02d}{'Z' if zone and not zone.startswith('local') else ''}"


def nights(text: str, days: Days) -> Iterator[tuple[int, tuple[date, date]]]:
    """Nights that a text is about, and where it says so."""
    for match in _NIGHT.finditer(text):
        first, last, _ = _full(match, days)
        if first and last:
            yield match.start(), (date.fromisoformat(first), date.fromisoformat(last))


_DATELINE: Final = re.compile(
    rf"(?m)^(?:[^\n.]{{0,60}}[,(]\s*)?(?:\d{{1,2}}\s*(?:-|–|to|and)\s*)?(?P<d1>{_DAY})\s+(?P<mon>{_MONTH})\s+(?P<y>{_YEAR})\b[^\n]{{0,40}}$"
    rf"|(?m:^)[^\n.]{{0,60}},\s+(?P<mon3>{_MONTH})\s+(?P<d3>{_DAY}),?\s+(?P<y3>{_YEAR})\b"
)


def dateline(text: str) -> str:
    """A day that the text seems to bear in its first lines, ISO; empty when it bears none."""
    match = _DATELINE.search(text[:600])
    if match is None:
        return ""
    if match["mon3"]:
        found = _day(int(match["y3"]), _month(match["mon3"]), _day_number(match["d3"]))
    else:
        found = _day(int(match["y"]), _month(match["mon"]), _day_number(match["d1"]))
    return found.isoformat() if found else ""
