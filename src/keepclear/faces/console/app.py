"""The duty officer's screen: static files with a strict content policy, and the door that a one-time link opens.

The page has no private door: it calls /v1 like any other program, with the session that the link opened.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from keepclear.errors import KeepclearError, NotKnown
from keepclear.faces.caller import Doorman
from keepclear.faces.problem import Headers, send_whole

STATIC: Final = Path(__file__).parent / "static"

#: Nothing from elsewhere, nothing inline, no frame, no form, no plug-in.
CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final[Headers] = [
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
]
_TYPES: Final = {".js": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml"}
_CLOSED: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>keepclear</title><h1>This console is closed</h1>'
    "<p>{why}</p><p>It opens by a one-time link. <code>keepclear serve</code> prints one when it starts.</p></html>"
)


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    media_type: str
    tag: bytes


def console_routes(doorman: Doorman) -> list[Route]:
    """The pages of the console. The files are read once, so that no path of a request ever reaches the disk."""
    files = dict(_files())
    routes = [Route("/open", _Opener(doorman), methods=["GET"]), Route("/", _Front(doorman, files), methods=["GET"])]
    return routes + [Route(f"/{name}", _Static(file), methods=["GET"]) for name, file in files.items()]


def _files() -> Iterator[tuple[str, _File]]:
    for path in sorted(STATIC.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            body = path.read_bytes()
            kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            media_type = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
            yield (
                path.relative_to(STATIC).as_posix(),
                _File(body, media_type, b'"%b"' % hashlib.sha256(body).hexdigest()[:32].encode()),
            )


class _Static:
    """One file. It holds nothing that is secret, so it needs no session."""

    def __init__(self, file: _File) -> None:
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _send_file(scope, send, self._file)


class _Front:
    """The page itself, for whoever has opened a link; the others are told how."""

    def __init__(self, doorman: Doorman, files: dict[str, _File]) -> None:
        self._doorman = doorman
        self._files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        try:
            self._doorman.check_host(headers)
        except KeepclearError as refused:
            await _send_closed(send, refused)
            return
        if self._doorman.must_sign_in(headers):
            await _send_file(scope, send, self._files["login.html"])
            return
        file = self._files.get("index.html")
        if file is None or not self._doorman.has_session(headers):
            await _send_closed(send, NotKnown("No session is open in this browser."))
            return
        await _send_file(scope, send, file)


class _Opener:
    """Takes a one-time link and gives a session for it."""

    def __init__(self, doorman: Doorman) -> None:
        self._doorman = doorman

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._doorman.check_host(dict(scope["headers"]))
            given = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=4).get("code", [""])[0]
            session = self._doorman.sessions.open(given[:200])
        except ValueError:
            await _send_closed(send, NotKnown("This is not a link."))
            return
        except KeepclearError as refused:
            await _send_closed(send, refused)
            return
        # Whoever came by a link of their own sets a password first.
        place = b"/account.html" if self._doorman.sessions.whose(session) else b"/"
        more: Headers = [(b"location", place), (b"set-cookie", self._doorman.sessions.cookie(session))]
        await send_whole(send, 303, b"", "text/plain", [*_HEADERS, *more])


async def _send_file(scope: Scope, send: Send, file: _File) -> None:
    headers: Headers = [*_HEADERS, (b"etag", file.tag), (b"cache-control", b"no-cache")]
    known = dict(scope["headers"]).get(b"if-none-match")
    if known == file.tag:
        await send_whole(send, 304, b"", file.media_type, headers)
    else:
        await send_whole(send, 200, file.body, file.media_type, headers)


async def _send_closed(send: Send, refused: KeepclearError) -> None:
    page = _CLOSED.format(why=refused.message.replace("&", "&amp;").replace("<", "&lt;"))
    await send_whole(send, refused.status, page.encode(), "text/html; charset=utf-8", list(_HEADERS))
