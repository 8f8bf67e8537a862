"""Alarms by telephone: a modem that speaks AT commands over a serial line dials, and says what came of it.

Fulfils `AlarmPath` for `tel:` addresses. It rings, so that a person takes up the telephone; nothing is spoken.
Commands: ITU-T V.250.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from pathlib import Path
from typing import Final

from keepclear.core.escalation import TryOutcome
from keepclear.errors import Malformed, Unavailable
from keepclear.node.ports import Alarm, AlarmSaid

_NUMBER = re.compile(r"\+?[0-9]{3,20}", re.ASCII)
_ANSWERS: Final = {
    "CONNECT": TryOutcome.ANSWERED,
    "OK": TryOutcome.ANSWERED,
    "BUSY": TryOutcome.BUSY,
    "NO ANSWER": TryOutcome.NO_ANSWER,
    "NO CARRIER": TryOutcome.NO_ANSWER,
}
_FAULTS: Final = ("ERROR", "NO DIALTONE", "NO DIAL TONE")
LINE_BYTES_MAX: Final = 256


class Modem:
    """One serial line. One call at a time: the others wait for it.

    Args:
        device: as in /dev/ttyUSB0.
        dial_s: how long it may ring.
    """

    def __init__(self, device: Path, *, dial_s: float = 25.0, reply_s: float = 3.0) -> None:
        self._device = device
        self._dial_s = dial_s
        self._reply_s = reply_s
        self._line = asyncio.Lock()

    async def raise_alarm(self, address: str, alarm: Alarm) -> AlarmSaid:
        """Dial once, let it ring, and hang up.

        Raises:
            Malformed: not a number.
            Unavailable: the modem does not answer, or has no line.
        """
        number = read_number(address)
        async with self._line:
            try:
                opened = os.open(self._device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            except OSError as failed:
                raise Unavailable(f"no modem at {self._device}: {failed.strerror}", at="modem") from None
            try:
                _make_raw(opened)
                return await self._dial(_Talk(opened), number)
            except OSError as failed:
                raise Unavailable(f"the line to the modem broke: {failed.strerror}", at="modem") from None
            finally:
                os.close(opened)

    async def _dial(self, talk: _Talk, number: str) -> AlarmSaid:
        talk.say("ATZ")
        if await talk.hear(self._reply_s) != "OK":
            raise Unavailable("the modem does not answer ATZ with OK", at="modem")
        talk.say(f"ATDT{number}")
        heard = await talk.hear(self._dial_s)
        with contextlib.suppress(OSError):
            talk.say("ATH")
        word = next((word for word in _ANSWERS if heard.startswith(word)), "")
        if not word:
            raise Unavailable(f"the modem said {heard or 'nothing'}", at="modem")
        return AlarmSaid(_ANSWERS[word], f"the modem said {heard}")


class _Talk:
    def __init__(self, opened: int) -> None:
        self._opened = opened
        self._heard = b""

    def say(self, command: str) -> None:
        os.write(self._opened, command.encode("ascii") + b"\r")

    async def hear(self, seconds: float) -> str:
        """The next result; echoes and empty lines are passed over. Empty when none comes in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while len(self._heard) <= LINE_BYTES_MAX:
                    while b"\r" in self._heard or b"\n" in self._heard:
                        line, self._heard = re.split(rb"[\r\n]", self._heard, maxsplit=1)
                        text = line.decode("ascii", "replace").strip()
                        if any(text.startswith(word) for word in (*_ANSWERS, *_FAULTS)):
                            return text
                    await self._readable()
                    self._heard += os.read(self._opened, 256)
        return ""

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._opened, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._opened)


def _make_raw(opened: int) -> None:
    """A terminal without echo or translation; a file or pipe is left as it is."""
    if os.isatty(opened):
        import termios
        import tty

        with contextlib.suppress(termios.error):
            tty.setraw(opened)


def read_number(address: str) -> str:
    """The number of a `tel:` address, digits alone, or Malformed.

    >>> read_number("tel:+1 555-0100")
    '+15550100'
    """
    scheme, _, number = address.partition(":")
    digits = re.sub(r"[ ().-]", "", number)
    if scheme != "tel" or not _NUMBER.fullmatch(digits):
        raise Malformed(f"{address[:60]!r} is not tel: and a number", at="address")
    return digits
