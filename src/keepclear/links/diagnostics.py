"""The diagnostic log, for the people who run a node: one JSON object a line, on standard error.

An event in the past tense, then facts as fields. No positions, no words of messages, no names of people: of an error
that was not foreseen, its kind and the lines of code it passed are written, and not what it says.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_FACT: Final = re.compile(r"(\w+)=(\S+)")
_FRAMES_MAX: Final = 12


def start_diagnostics(*, level: str = "INFO", to: TextIO = sys.stderr) -> None:
    """Write every diagnostic line of the process in our form. Call once, in the program.

    Raises:
        ValueError: no such level.
    """
    shared: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    handler = logging.StreamHandler(to)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                facts_as_fields,
                fault_without_words,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Libraries tell of every request; that is neither an event nor ours to tell.
    for name in ("httpx", "httpcore", "uvicorn.access", "uvicorn.error", "asyncio", "numba"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def facts_as_fields(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """`line_failed peer=birch code=busy` becomes an event and two fields."""
    text = str(event.get("event", ""))
    name, _space, rest = text.partition(" ")
    facts = _FACT.findall(rest)
    if facts and " ".join(f"{key}={value}" for key, value in facts) == rest:
        event["event"] = name
        for key, value in facts:
            event.setdefault(key, value)
    return event


def fault_without_words(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """An exception becomes its kind and where it passed."""
    given = event.pop("exc_info", None)
    event.pop("stack_info", None)
    caught = sys.exc_info() if given is True else given
    fault = caught[1] if isinstance(caught, tuple) else caught
    if isinstance(fault, BaseException):
        frames = traceback.extract_tb(fault.__traceback__)[-_FRAMES_MAX:]
        event["fault"] = type(fault).__name__
        event["where"] = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    return event
