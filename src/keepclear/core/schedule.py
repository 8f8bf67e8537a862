"""Hours that come again: every day, or on some days of the week, by a stated offset from UTC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from keepclear.core.timespan import HOUR_US, LATEST_US, MINUTE_US, TimeSpan
from keepclear.errors import Malformed

DAY_MIN: Final = 24 * 60
DAY_US: Final = 24 * HOUR_US
#: As they are written in the record and in files; Monday is the first, as in ISO 8601.
WEEKDAYS: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
#: 1970-01-01 was a Thursday.
_FIRST_WEEKDAY: Final = 3
#: No place on Earth is farther than this from UTC.
OFFSET_MAX_MIN: Final = 14 * 60


@dataclass(frozen=True, slots=True)
class Window:
    """From `from_min` up to but not including `until_min`, minutes of the day at `offset_min` from UTC.

    A window that ends at or before the minute at which it begins runs over midnight into the next day; it belongs to
    the day on which it begins. Clock times are stated and never follow the sun or a summer time.

    Attributes:
        weekdays: on which days it begins, of `WEEKDAYS`; empty is every day.
        offset_min: minutes east of UTC: 180 is UTC+3.
    """

    from_min: int
    until_min: int
    weekdays: tuple[str, ...] = ()
    offset_min: int = 0

    def __post_init__(self) -> None:
        for name, value, most in (("from", self.from_min, DAY_MIN - 1), ("until", self.until_min, DAY_MIN)):
            if not 0 <= value <= most:
                raise Malformed(f"a time of day lies between 00:00 and 24:00, not minute {value}", at=name)
        unknown = [day for day in self.weekdays if day not in WEEKDAYS]
        if unknown or len(set(self.weekdays)) != len(self.weekdays):
            raise Malformed(f"days are {', '.join(WEEKDAYS)}, each once, not {list(self.weekdays)}", at="weekdays")
        if abs(self.offset_min) > OFFSET_MAX_MIN:
            raise Malformed(f"an offset is at most 14 h, not {self.offset_min} min", at="zone")
        object.__setattr__(self, "weekdays", tuple(sorted(self.weekdays, key=WEEKDAYS.index)))

    @property
    def length_us(self) -> int:
        """How long it lasts each time, microseconds; more than zero and at most a day."""
        minutes = (self.until_min - self.from_min) % DAY_MIN or DAY_MIN
        return minutes * MINUTE_US

    def holds(self, instant_us: int) -> bool:
        """Whether the instant lies in it."""
        span = self.next_span(instant_us)
        return span is not None and span.holds(instant_us)

    def next_span(self, instant_us: int) -> TimeSpan | None:
        """The stretch that holds an instant, or else the next one after it; None past the year 2200.

        >>> from keepclear.core.timespan import zulu
        >>> thursday = Window(9 * 60, 13 * 60, ("THU",), 180)
        >>> zulu(thursday.next_span(0).start_us)
        '1970-01-01T06:00:00Z'
        """
        day = (instant_us + self.offset_min * MINUTE_US) // DAY_US - 1
        for number in range(day, day + 10):
            if self.weekdays and WEEKDAYS[(number + _FIRST_WEEKDAY) % 7] not in self.weekdays:
                continue
            start = number * DAY_US + (self.from_min - self.offset_min) * MINUTE_US
            end = start + self.length_us
            if end > instant_us and start >= 0:
                return TimeSpan(start, end) if end <= LATEST_US else None
        return None
