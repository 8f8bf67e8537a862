"""`keepclear watch` and `keepclear log`: the watch, its handover, the sheet to print, drafts, numbers, log (D3, D5)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from keepclear.cli.common import HERE, AsJson, By, Home, client_of, say, show, table
from keepclear.errors import LimitReached

Draft = Annotated[str, typer.Argument(metavar="DRAFT", help="As in DA-0001.")]
Remarks = Annotated[str, typer.Option(help="Free text, not for targets.")]
#: A recording is read through once; beyond this it is no call.
RECORDING_BYTES_MAX = 4_000_000_000


def show_watch(home: Home = HERE, as_json: AsJson = False) -> None:
    """Show who holds the watch, the list that would be handed over now, and what waits for a second person."""
    from keepclear.formats.api.watch import WatchShown

    with client_of(home) as client:
        watch = client.ask("GET", "/v1/watch", WatchShown)

    def lines() -> list[str]:
        found = [f"on watch: {watch.holder or 'nobody'}{' since ' + watch.since if watch.since else ''}"]
        if watch.handover is not None:
            signed = ", ".join(watch.handover.signed) or "nobody"
            found.append(f"handover from {watch.handover.by} to {watch.handover.to}, signed as it stands by {signed}")
        rows = [("x" if item.ticked else " ", item.key, item.words) for item in watch.items]
        found += table([("", "item", "as it stands"), *rows])
        found += [
            f"draft {each.draft} of {each.drafted_by} waits for a second person ({', '.join(each.why)})"
            for each in watch.drafts
        ]
        found.append(f"list {watch.digest}")
        return found

    show(watch, lines, as_json=as_json)


def take(by: By, home: Home = HERE, remarks: Remarks = "", as_json: AsJson = False) -> None:
    """Begin the watch; or assume it with --remarks saying why it cannot be handed over."""
    _post(home, "/v1/watch/take", "TakeWatchRequest", {"by": by, "remarks": remarks}, f"{by} holds the watch", as_json)


def hand_over(
    to: Annotated[str, typer.Argument(metavar="NAME", help="Who takes over, as they sign.")],
    by: By, home: Home = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Begin a handover. The watch stays where it is until both have signed."""
    values = {"to": to, "by": by}
    done = f"{to} ticks the list (`keepclear watch tick`), then both sign (`keepclear watch sign`)"
    _post(home, "/v1/watch/handover", "OfferHandoverRequest", values, done, as_json)


def tick(
    by: By,
    items: Annotated[list[str] | None, typer.Argument(metavar="ITEM...", help="As listed by `watch show`.")] = None,
    section: Annotated[list[str] | None, typer.Option(help="All of a section that was read: notices, lines.")] = None,
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Tick what you have looked at. What changes afterwards is ticked no longer."""
    from keepclear.formats.api.watch import WatchShown

    wanted = list(items or [])
    if section:
        with client_of(home) as client:
            watch = client.ask("GET", "/v1/watch", WatchShown)
        wanted += [item.key for item in watch.items if item.section in section and not item.ticked]
    if not wanted:
        say("there is nothing to tick there")
        return
    values = {"items": wanted, "by": by}
    _post(home, "/v1/watch/handover/ticks", "TickItemsRequest", values, f"{len(wanted)} ticked", as_json)


def sign(
    by: By,
    home: Home = HERE,
    digest: Annotated[str, typer.Option(help="Of the list that you saw; the one that stands, when not given.")] = "",
    as_json: AsJson = False,
) -> None:
    """Sign the list. With the second signature under the same list the watch passes, at that instant."""
    from keepclear.formats.api.watch import WatchShown

    if not digest:
        with client_of(home) as client:
            digest = client.ask("GET", "/v1/watch", WatchShown).digest
    values = {"digest": digest, "by": by}
    _post(home, "/v1/watch/handover/signature", "SignHandoverRequest", values, f"signed by {by}", as_json)


def withdraw(by: By, home: Home = HERE, as_json: AsJson = False) -> None:
    """The handover does not take place."""
    _post(home, "/v1/watch/handover/withdrawal", "ByRequest", {"by": by}, "withdrawn", as_json)


def sheet(
    home: Home = HERE,
    also: Annotated[
        list[Path] | None, typer.Option("--with", metavar="FILE", help="A page to put below: a challenge table.")
    ] = None,
) -> None:
    """Print the watch sheet: the next 24 hours, the numbers, how to say STOP. Print it each shift."""
    with client_of(home) as client:
        say(client.fetch("/v1/watch/sheet").decode().rstrip("\n"))
    for page in also or []:
        say("\f" + page.read_text())


def send_draft(draft: Draft, by: By, home: Home = HERE, as_json: AsJson = False) -> None:
    """Send what waits, as its second pair of eyes."""
    from keepclear.client import to_request
    from keepclear.formats.api.watch import ByRequest, DraftSentAnswer

    with client_of(home) as client:
        sent = client.ask("POST", f"/v1/drafts/{draft}/send", DraftSentAnswer, to_request(ByRequest, {"by": by}))
    show(sent, lambda: (f"{draft} is {sent.subject}, recorded and submitted",), as_json=as_json)


def drop_draft(draft: Draft, by: By, home: Home = HERE, remarks: Remarks = "", as_json: AsJson = False) -> None:
    """Do not send what waits. That it was drafted stays in the record."""
    _post(home, f"/v1/drafts/{draft}/drop", "ByRequest", {"by": by, "remarks": remarks}, f"{draft} is dropped", as_json)


def number(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Empty text takes it out.")],
    by: By, home: Home = HERE, remarks: Remarks = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Put a number into the telephone directory."""
    values = {"name": name, "number": number, "by": by, "remarks": remarks}
    _post(home, "/v1/numbers", "NumberRequest", values, f"{name}: {number or 'taken out'}", as_json)


def attach(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The recording. It stays where it is.")],
    by: By, home: Home = HERE,
    about: Annotated[str, typer.Option(help="What it is about: a notice, a line test, a party.")] = "",
    remarks: Remarks = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Attach the recording of a call by its hash."""
    digest, size = hashlib.sha256(), 0
    with file.open("rb") as opened:
        while part := opened.read(1_000_000):
            digest.update(part)
            size += len(part)
            if size > RECORDING_BYTES_MAX:
                raise LimitReached(f"a recording has at most {RECORDING_BYTES_MAX} bytes", at="file")
    values = {"sha256": digest.hexdigest(), "size": size, "name": file.name[:120], "by": by, "about": about,
              "remarks": remarks}  # fmt: skip
    _post(home, "/v1/recordings", "RecordingRequest", values, f"{digest.hexdigest()}  {file.name}", as_json)


def add_log(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Free words, not for targets.")],
    by: By, home: Home = HERE, about: Annotated[str, typer.Option(help="What it is about.")] = "",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Add a line to the duty log. It is private, and never changed."""
    _post(home, "/v1/log", "LogRequest", {"text": text, "by": by, "about": about}, "logged", as_json)


def list_log(
    home: Home = HERE,
    count: Annotated[int, typer.Option(min=1, max=500, help="The newest so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show the newest lines of the duty log."""
    from keepclear.formats.api.watch import LogLine

    with client_of(home) as client:
        lines = client.ask("GET", f"/v1/log?count={count}", list[LogLine])
    rows = [(each.at, each.by, each.about, each.text) for each in lines]
    show(lines, lambda: table([("at", "by", "about", "text"), *rows]) or ["the log is empty"], as_json=as_json)


def _post(home: Path, path: str, kind: str, values: Mapping[str, object], done: str, as_json: bool) -> None:
    from keepclear.client import to_request
    from keepclear.formats.api import watch as shapes
    from keepclear.formats.api.requests import Request

    request: Request = to_request(getattr(shapes, kind), values)
    with client_of(home) as client:
        answer = client.ask("POST", path, shapes.WatchAnswer, request)
    show(answer, lambda: (done, f"on watch: {answer.holder or 'nobody'}"), as_json=as_json)
