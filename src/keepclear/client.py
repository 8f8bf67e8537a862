"""A small client of a node's API, for the command line, the demo and programs of your own.

It knows what docs/reference/http-api.md says and nothing of the node. It trusts one certificate authority: that of the
node's own console.

```python
with Client.of(Path("amber"), "https://127.0.0.1:8443") as amber:
    filed = amber.file_notice(request)
    print(filed.notice.id, [conflict.other.id for conflict in filed.conflicts])
```
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from keepclear.errors import (
    KeepclearError,
    LimitReached,
    Malformed,
    NotAllowed,
    NotFound,
    NotKnown,
    Refused,
    Stale,
    StoreFailed,
    Tampered,
    Unavailable,
    UnlawfulChange,
)
from keepclear.formats.api import answers, requests
from keepclear.formats.api.stream import EntryEvent, PulseEvent

T = TypeVar("T")

#: Longest answer that is read whole: a picture of ten thousand notices. A record file is streamed instead.
ANSWER_BYTES_MAX: Final = 64_000_000
_LINE_BYTES_MAX: Final = 1_000_000

_KINDS: Final[dict[str, type[KeepclearError]]] = {
    each.code: each
    for each in (
        Malformed, NotKnown, NotFound, Refused, NotAllowed, UnlawfulChange, Stale, LimitReached, Tampered, Unavailable,
        StoreFailed,
    )
}  # fmt: skip


def refused_by_node(problem: answers.Problem) -> KeepclearError:
    """The error that the node answered, with its own code and words, and its card if it gave one."""
    kind = _KINDS.get(problem.code, Unavailable if problem.status >= 500 else Refused)
    error = kind(problem.detail, at=problem.at)
    error.code, error.status = problem.code, problem.status
    if problem.card:
        error.card = problem.card  # type: ignore[attr-defined]  # carried along for whoever can show it
    return error


class Client:
    """Asks one node. Every method raises the KeepclearError that the node answered, or Unavailable."""

    def __init__(self, url: str, *, token: str, authority: Path, timeout_s: float = 30.0) -> None:
        """A client of the node at `url`, which shows a certificate of `authority` (PEM file).

        Raises:
            NotFound: there is no such file.
        """
        self.url = url
        try:
            context = ssl.create_default_context(cafile=str(authority))
        except (OSError, ssl.SSLError) as problem:
            raise NotFound(f"{authority}: {problem}; it is the ca.crt of the node's folder", at="authority") from None
        self._http = httpx.Client(
            base_url=url,
            verify=context,
            headers={"authorization": f"Bearer {token}"},
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
        )

    @classmethod
    def of(cls, folder: Path, url: str, *, timeout_s: float = 30.0) -> Self:
        """A client with the token and the authority that lie in a node's folder.

        Raises:
            NotFound: they do not lie there, or may not be read.
        """
        try:
            token = (folder / "api-token").read_text().strip()
        except OSError as problem:
            raise NotFound(f"{folder / 'api-token'}: {problem.strerror}", at="api-token") from None
        return cls(url, token=token, authority=folder / "ca.crt", timeout_s=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    # --------------------------------------------------------------------------------------------------- asking

    def ask(self, method: str, path: str, kind: type[T], request: requests.Request | None = None) -> T:
        """Whatever has no method of its own here: docs/reference/http-api.md lists all."""
        return self._ask(method, path, kind, request)

    def fetch(self, path: str) -> bytes:
        """An answer as it is: a file, or a page."""
        return self._bytes("GET", path)

    def picture(self) -> answers.Picture:
        """All that is in force now."""
        return self._ask("GET", "/v1/picture", answers.Picture)

    def health(self) -> answers.Health:
        """Whether the node can record."""
        return self._ask("GET", "/v1/health", answers.Health)

    def identity(self) -> answers.IdentityAnswer:
        """Who the node is."""
        return self._ask("GET", "/v1/identity", answers.IdentityAnswer)

    def new_link(self) -> answers.Link:
        """A link that opens the console once."""
        return self._ask("POST", "/v1/session/link", answers.Link)

    def confirm_clock(self, by: str) -> answers.ReceiptAnswer:
        """Vouch for the node's clock."""
        return self._ask("POST", "/v1/clock/confirm", answers.ReceiptAnswer, requests.ConfirmClockRequest(by))

    def notices(self, *, live: bool | None = None) -> list[answers.Notice]:
        """Notices in the picture."""
        query = "" if live is None else f"?live={str(live).lower()}"
        return self._ask("GET", f"/v1/notices{query}", list[answers.Notice])

    def notice(self, party: str, serial: str) -> answers.Notice:
        """One notice."""
        return self._ask("GET", f"/v1/notices/{_part(party)}/{_part(serial)}", answers.Notice)

    def file_notice(self, request: requests.FileNoticeRequest, *, key: str = "") -> answers.NoticeAnswer:
        """File a notice. With the same key, the same request is done once however often it is sent."""
        return self._ask("POST", "/v1/notices", answers.NoticeAnswer, request, key=key)

    def change_notice(
        self, serial: str, request: requests.ChangeNoticeRequest, *, key: str = ""
    ) -> answers.NoticeAnswer:
        """State a notice of ours anew."""
        return self._ask("PUT", f"/v1/notices/{_part(serial)}", answers.NoticeAnswer, request, key=key)

    def move_notice(self, serial: str, request: requests.MoveNoticeRequest, *, key: str = "") -> answers.NoticeAnswer:
        """Activate or end a notice of ours."""
        return self._ask("POST", f"/v1/notices/{_part(serial)}/state", answers.NoticeAnswer, request, key=key)

    def check(self, request: requests.CheckRequest) -> answers.CheckAnswer:
        """What these volumes would conflict with."""
        return self._ask("POST", "/v1/check", answers.CheckAnswer, request)

    def alerts(self) -> list[answers.Alert]:
        """Alerts to us and from us."""
        return self._ask("GET", "/v1/alerts", list[answers.Alert])

    def answer_alert(self, request: requests.AnswerAlertRequest, *, key: str = "") -> answers.AlertAnswer:
        """Answer an alert."""
        return self._ask("POST", "/v1/alerts/answer", answers.AlertAnswer, request, key=key)

    def silence_alert(self, request: requests.SilenceAlertRequest) -> answers.AlertAnswer:
        """Stop the sound of an alert."""
        return self._ask("POST", "/v1/alerts/silence", answers.AlertAnswer, request)

    def stops(self) -> list[answers.Stop]:
        """STOPs, sent and received."""
        return self._ask("GET", "/v1/stops", list[answers.Stop])

    def send_stop(self, request: requests.StopRequest, *, key: str = "") -> answers.StopSentAnswer:
        """Ask to stop. When it cannot be recorded, the error carries `card`: lines to read out by telephone."""
        return self._ask("POST", "/v1/stops", answers.StopSentAnswer, request, key=key)

    def answer_stop(self, request: requests.AnswerStopRequest, *, key: str = "") -> answers.StopSentAnswer:
        """Answer a STOP that came in."""
        return self._ask("POST", "/v1/stops/answer", answers.StopSentAnswer, request, key=key)

    def resume(self, request: requests.ResumeRequest) -> answers.StopSentAnswer:
        """No longer ask to stop."""
        return self._ask("POST", "/v1/stops/resume", answers.StopSentAnswer, request)

    def agreements(self) -> list[answers.Agreement]:
        """Agreements, proposed or in force."""
        return self._ask("GET", "/v1/agreements", list[answers.Agreement])

    def propose_agreement(self, request: requests.ProposeAgreementRequest) -> answers.AgreementAnswer:
        """Propose terms, and sign them ourselves."""
        return self._ask("POST", "/v1/agreements", answers.AgreementAnswer, request)

    def sign_agreement(self, hash_: str, by: str) -> answers.AgreementAnswer:
        """Sign what was proposed."""
        path = f"/v1/agreements/{_part(hash_)}/signature"
        return self._ask("POST", path, answers.AgreementAnswer, requests.SignatureRequest(by))

    def act_on_agreement(self, hash_: str, request: requests.ActOnAgreementRequest) -> answers.AgreementAnswer:
        """Suspend an agreement, take that back, extend it, or withdraw."""
        return self._ask("POST", f"/v1/agreements/{_part(hash_)}/act", answers.AgreementAnswer, request)

    def zones(self) -> list[answers.Zone]:
        """Zones, announced and agreed."""
        return self._ask("GET", "/v1/zones", list[answers.Zone])

    def zones_geojson(self) -> dict[str, Any]:
        """The same, to be drawn."""
        return self._ask("GET", "/v1/zones/geojson", dict[str, Any])

    def announce_zone(self, request: requests.AnnounceZoneRequest, *, key: str = "") -> answers.ZoneAnswer:
        """Announce a zone of ours."""
        return self._ask("POST", "/v1/zones", answers.ZoneAnswer, request, key=key)

    def change_zone(self, id_: str, request: requests.ChangeZoneRequest) -> answers.ZoneAnswer:
        """State a zone of ours anew."""
        return self._ask("PUT", f"/v1/zones/{_part(id_)}", answers.ZoneAnswer, request)

    def lift_zone(self, id_: str, request: requests.LiftZoneRequest) -> answers.ZoneAnswer:
        """A zone of ours is no more."""
        return self._ask("POST", f"/v1/zones/{_part(id_)}/lift", answers.ZoneAnswer, request)

    def give_back_zone(self, id_: str, request: requests.GiveBackZoneRequest) -> answers.ZoneAnswer:
        """What is left of a zone of ours is not needed."""
        return self._ask("POST", f"/v1/zones/{_part(id_)}/give-back", answers.ZoneAnswer, request)

    def peers(self) -> list[answers.Peer]:
        """Parties that are enrolled."""
        return self._ask("GET", "/v1/peers", list[answers.Peer])

    def enrol_peer(self, request: requests.EnrolPeerRequest) -> answers.ReceiptAnswer:
        """Accept a party's keys."""
        return self._ask("POST", "/v1/peers", answers.ReceiptAnswer, request)

    def remove_peer(self, party: str, by: str) -> answers.ReceiptAnswer:
        """Accept nothing more from a party."""
        return self._ask("DELETE", f"/v1/peers/{_part(party)}?by={quote(by)}", answers.ReceiptAnswer)

    def challenge(self, party: str) -> answers.Challenge:
        """A fresh challenge for a party that speaks to us."""
        return self._ask("POST", "/v1/cards/challenge", answers.Challenge, requests.ChallengeRequest(party))

    def type_card(self, request: requests.TypeCardRequest) -> answers.TypedCard:
        """A card that was read out to us."""
        return self._ask("POST", "/v1/cards", answers.TypedCard, request)

    def typed_cards(self) -> list[answers.TypedCard]:
        """What was said to us by voice."""
        return self._ask("GET", "/v1/cards", list[answers.TypedCard])

    def carry_out(self, party: str) -> bytes:
        """Signed lines that somebody carries to a peer."""
        return self._bytes("GET", f"/v1/carry/{_part(party)}")

    def carry_in(self, line: str) -> answers.CarriedAnswer:
        """Take in one line that was carried here."""
        return self._ask("POST", "/v1/carry", answers.CarriedAnswer, requests.CarryRequest(line))

    # ------------------------------------------------------------------------------------------------ the record

    def record(self) -> answers.Record:
        """Every log."""
        return self._ask("GET", "/v1/record", answers.Record)

    def entries(self, log: str, *, first: int = 0, count: int = 100) -> list[answers.EntryText]:
        """A stretch of one log, at most 500."""
        path = f"/v1/record/entries?log={quote(log)}&first={first}&count={count}"
        return list(self._ask("GET", path, answers.Entries).entries)

    def proof(self, log: str, n: int) -> answers.Proof:
        """That an entry stands in a log."""
        return self._ask("GET", f"/v1/record/proof?log={quote(log)}&n={n}", answers.Proof)

    def given(self, serial: str, version: int, to: str) -> bytes:
        """The GivenReceipt of one version of our notice, a file."""
        return self._bytes("GET", f"/v1/record/given?id={quote(serial)}&version={version}&to={quote(to)}")

    def export(self, *, private: bool = False) -> Iterator[bytes]:
        """The record as a file, piece by piece. A file without its foot is not whole: `verify` says so."""
        with self._stream(f"/v1/record/export?private={str(private).lower()}") as response:
            yield from response.iter_bytes()

    def reference(self) -> dict[str, Any]:
        """The reference view."""
        return self._ask("GET", "/v1/reference", dict[str, Any])

    def follow(self, *, after: int = 0) -> Iterator[EntryEvent | PulseEvent]:
        """Entries as they are recorded, and a pulse every second; when the node ends it, go on from the last seq."""
        with self._stream(f"/v1/stream?after={after}") as response:
            kind = ""
            for line in response.iter_lines():
                if len(line) > _LINE_BYTES_MAX:
                    raise LimitReached(f"a line of the stream has more than {_LINE_BYTES_MAX} characters")
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    data = line.removeprefix("data: ").encode()
                    yield _decoded(data, EntryEvent) if kind == "entry" else _decoded(data, PulseEvent)

    # ---------------------------------------------------------------------------------------------------- inside

    def _ask(
        self, method: str, path: str, kind: type[T], request: requests.Request | None = None, *, key: str = ""
    ) -> T:
        return _decoded(self._bytes(method, path, request, key=key), kind)

    def _bytes(self, method: str, path: str, request: requests.Request | None = None, *, key: str = "") -> bytes:
        headers: dict[str, str] = {}
        content = b""
        if request is not None:
            headers["content-type"] = "application/json"
            content = msgspec.json.encode(request)
        if key:
            headers["idempotency-key"] = key
        with _explained(self.url), self._http.stream(method, path, content=content, headers=headers) as response:
            return _whole(response)

    @contextlib.contextmanager
    def _stream(self, path: str) -> Iterator[httpx.Response]:
        with _explained(self.url), self._http.stream("GET", path, timeout=None) as response:
            if response.status_code != 200:
                _whole(response)
            yield response


def _whole(response: httpx.Response) -> bytes:
    parts, size = [], 0
    for part in response.iter_bytes():
        size += len(part)
        if size > ANSWER_BYTES_MAX:
            raise LimitReached(f"the answer has more than {ANSWER_BYTES_MAX} bytes")
        parts.append(part)
    data = b"".join(parts)
    if response.is_success:
        return data
    try:
        problem = msgspec.json.decode(data, type=answers.Problem)
    except msgspec.MsgspecError:
        title = f"HTTP {response.status_code}"
        problem = answers.Problem("about:blank", title, response.status_code, "error", f"the node answered {title}")
    raise refused_by_node(problem)


def _decoded(data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as problem:
        raise Malformed(f"the node's answer is not what its version should give: {problem}") from None


@contextlib.contextmanager
def _explained(url: str) -> Iterator[None]:
    try:
        yield
    except httpx.TransportError as failed:
        text = f"{failed}"
        if "CERTIFICATE_VERIFY_FAILED" in text:
            why = "it shows a certificate that this folder's ca.crt does not vouch for: is it another node's port?"
        elif "refused" in text.lower():
            why = "nothing listens there: start it with `keepclear serve`"
        else:
            why = text or type(failed).__name__
        raise Unavailable(f"the node at {url} was not reached: {why}") from None


def _part(text: str) -> str:
    return quote(text, safe="")


def to_request(kind: type[T], values: Mapping[str, Any]) -> T:
    """Plain values as a request, checked as the node would check it. Raises Malformed."""
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as problem:
        raise Malformed(str(problem)) from None
