"""Errors as RFC 9457 problems: the one place where an error of ours becomes an answer of HTTP.

The status and the code come from the error tree; an error of the framework (no such path, wrong method) gets the same
shape; what is our own fault says so and gives away nothing else.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import msgspec
from starlette.types import Send

from keepclear.errors import KeepclearError
from keepclear.formats.api.answers import Problem

MEDIA_TYPE: Final = "application/problem+json"

_encode = msgspec.json.Encoder().encode

Headers = list[tuple[bytes, bytes]]

#: On every answer of every face. Nothing of ours belongs into a frame, a cache or a referrer.
SECURITY_HEADERS: Final[Headers] = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]


def problem_of(error: KeepclearError) -> Problem:
    """The problem that an error of ours is."""
    return Problem(
        type="about:blank",
        title=_title(error.status),
        status=error.status,
        code=error.code,
        detail=error.message,
        at=error.at,
        card=tuple(getattr(error, "card", ())),
        sent_unrecorded=bool(getattr(error, "sent_unrecorded", False)),
    )


def framework_problem(status: int, detail: str) -> Problem:
    """The problem for what the framework found: no such path, a wrong method, a body that cannot be."""
    code = HTTPStatus(status).name.lower()
    return Problem("about:blank", _title(status), status, code, detail)


#: Our own fault. What it was stands in the diagnostic log and not on the wire.
OUR_FAULT: Final = Problem(
    "about:blank", "Internal Server Error", 500, "invariant_broken", "this is our fault, and it is logged"
)


async def send_problem(send: Send, problem: Problem, headers: Headers | None = None) -> None:
    """Answer with a problem."""
    more: Headers = list(headers or [])
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        more.append((b"retry-after", b"1"))
    await send_whole(send, problem.status, _encode(problem), MEDIA_TYPE, more)


async def send_whole(
    send: Send, status: int, body: bytes, media_type: str = "application/json", headers: Headers | None = None
) -> None:
    """Answer with a body that is all there."""
    given = {name for name, _ in headers or ()}
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", media_type.encode()),
                (b"content-length", b"%d" % len(body)),
                *(header for header in SECURITY_HEADERS if header[0] not in given),
                *(headers or ()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


def _title(status: int) -> str:
    return HTTPStatus(status).phrase
