"""A stage for the console: serves its real files, and a picture that a test sets up by hand.

Two real nodes are the proof that the console works (test_console_two_nodes.py). This stage is for what two healthy
nodes seldom show at will: a warning with one minute for five, a lost connection, a forged proof, a store that is full.
The record behind it is a real one, so the proofs that the browser recomputes are real proofs.
"""

from __future__ import annotations

import asyncio
import copy
import json
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from keepclear.record import canonical
from keepclear.record.bundle import make_bundle, make_given
from keepclear.record.checkpoint import Checkpoint, signed
from keepclear.record.cosign import cosign
from keepclear.record.envelope import Envelope, Seen
from keepclear.record.identity import Identity
from keepclear.record.note import add
from keepclear.record.origin import channel_origin
from keepclear.record.signing import RecordSigner
from keepclear.record.tree import Tree, leaf_hash

STATIC = Path(__file__).parents[2] / "src/keepclear/faces/console/static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
EMPTY_ROOT = Tree().root()


def zulu(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Log:
    """One channel of a real record, written by a real key."""

    def __init__(self, origin: str, writer: RecordSigner) -> None:
        self.origin, self.writer, self.tree = origin, writer, Tree()
        self.entries: list[bytes] = []

    def append(self, kind: str, body: dict[str, Any], at: datetime) -> Envelope:
        entry = Envelope(
            log=self.origin,
            n=len(self.entries),
            at=int(at.timestamp() * 1e6),
            kind=kind,
            mode="OPER",
            stated=True,
            seen=Seen(root=EMPTY_ROOT, size=0),
            body=body,
        )
        data = entry.to_bytes()
        self.entries.append(data)
        self.tree.append(leaf_hash(data))
        return entry

    def checkpoint(self, *cosigners: tuple[Identity, RecordSigner]) -> str:
        note = signed(Checkpoint(self.origin, self.tree.size, self.tree.root()), self.writer)
        for identity, signer in cosigners:
            note = add(note, cosign(note, identity, signer, int(time.time())))
        return note

    def proof(self, n: int, *cosigners: tuple[Identity, RecordSigner]) -> dict[str, Any]:
        size = self.tree.size
        return {
            "log": self.origin,
            "index": n,
            "size": size,
            "leaf": self.tree.leaf(n).hex(),
            "text": self.entries[n].decode(),
            "proof": [step.hex() for step in self.tree.inclusion_proof(n, size)],
            "root": self.tree.root().hex(),
            "checkpoint": self.checkpoint(*cosigners),
        }


@dataclass
class Stage:
    """What the console is shown, and what it sent. Tests change `picture` and call `tell`."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    picture: dict[str, Any] = field(default_factory=dict)
    sent: list[tuple[str, Any]] = field(default_factory=list)
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    is_silent: bool = False
    unrecorded_stops: list[dict[str, Any]] = field(default_factory=list)
    reference: dict[str, Any] | None = None
    forge: Any = None

    def __post_init__(self) -> None:
        self.seq = 1
        self.waiting: list[asyncio.Queue[bytes]] = []
        self.loop: asyncio.AbstractEventLoop | None = None
        self.amber, self.birch = (RecordSigner(bytes([k]) * 32, bytes([k + 9]) * 32) for k in (1, 2))
        self.amber_identity = Identity.of("amber", "Amber", self.amber)
        self.birch_identity = Identity.of("birch", "Birch", self.birch)
        self.forth = Log(channel_origin("amber", "birch"), self.amber)
        self.back = Log(channel_origin("birch", "amber"), self.birch)
        self.picture = a_calm_picture(self)
        self.watch: dict[str, Any] = {"watch": a_watch(self.now), "people": [], "log": []}
        self.lines = [a_line("birch", self.now), a_line("cedar", self.now)]

    # ------------------------------------------------------------------------------------------- what the tests do

    def tell(self) -> None:
        """Something was recorded: the console fetches the picture anew."""
        self.seq += 1
        self.picture["seq"] = self.seq
        event = {"seq": self.seq, "log": "", "n": 0, "at": zulu(datetime.now(UTC)), "kind": "notice"}
        data = f"event: entry\nid: {self.seq}\ndata: {json.dumps(event)}\n\n".encode()
        if self.loop:
            for queue in list(self.waiting):
                self.loop.call_soon_threadsafe(queue.put_nowait, data)

    def of_kind(self, path: str) -> list[Any]:
        return [body for where, body in self.sent if where == path]

    # ----------------------------------------------------------------------------------------------- the real record

    def record_notice(self, notice: dict[str, Any], at: datetime) -> None:
        """Writes a version of an own notice into the channel, and Birch's receipt into the other."""
        body = {"id": notice["id"], "version": notice["version"], "kind": notice["kind"], "state": notice["state"]}
        entry = self.forth.append("notice", body, at)
        notice["hash"], notice["log"], notice["n"] = entry.leaf_hash().hex(), self.forth.origin, entry.n
        said = {"hash": entry.leaf_hash().hex(), "index": entry.n, "received_at": int(at.timestamp() * 1e6) + 900_000}
        notice["filed_at"] = zulu(at)
        notice["_received_n"] = self.back.append("received", said, at + timedelta(seconds=1)).n
        version = {key: notice[key] for key in ("version", "hash", "log", "n", "state")} | {"at": zulu(at)}
        notice["versions"] = [*notice.get("versions", []), version]

    def given(self, notice: dict[str, Any]) -> dict[str, Any]:
        n, m = notice["n"], notice["_received_n"]
        forth, back = self.forth, self.back
        proof = make_bundle(
            n,
            forth.tree.inclusion_proof(n, forth.tree.size),
            forth.checkpoint((self.birch_identity, self.birch)),
        )
        received_proof = make_bundle(m, back.tree.inclusion_proof(m, back.tree.size), back.checkpoint())
        return dict(
            canonical.decode_object(
                make_given(
                    sender=self.amber_identity,
                    receiver=self.birch_identity,
                    entry=forth.entries[n],
                    proof=proof,
                    received=back.entries[m],
                    received_proof=received_proof,
                ).strip(),
                max_bytes=4_000_000,
            )
        )

    def find(self, key: str) -> dict[str, Any]:
        return next(one for one in self.picture["notices"] if f"{one['party']}/{one['id']}" == key)


# ------------------------------------------------------------------------------------------------------- pictures


def volume(start: datetime, end: datetime, low: float, high: float, **ground: Any) -> dict[str, Any]:
    return {
        **ground,
        "lower": {"value_m": low, "datum": "AMSL"},
        "upper": {"value_m": high, "datum": "AMSL"},
        "start": zulu(start),
        "end": zulu(end),
    }


def circle(lat: float, lon: float, radius_m: float) -> dict[str, Any]:
    return {"circle": {"lat": lat, "lon": lon, "radius_m": radius_m}}


def a_notice(party: str, ident: str, space: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "party": party,
        "id": ident,
        "version": 1,
        "state": "Accepted",
        "kind": "HAZARD",
        "action": "KEEP_CLEAR",
        "mode": "OPER",
        "region": "",
        "contact": "",
        "remarks": "",
        "activity": "",
        "volumes": [space],
        "start": space["start"],
        "end": space["end"],
        "own": party == "amber",
        "hash": "0" * 64,
        "log": "",
        "n": 0,
        "filed_at": space["start"],
        "hidden": [],
        "recipients": [],
        "versions": [],
        **more,
    }


def a_recipient(party: str, now: datetime, lead_s: int = 1308, **more: Any) -> dict[str, Any]:
    return {
        "party": party,
        "version": 1,
        "disclosed": True,
        "transmitted": zulu(now - timedelta(minutes=15, seconds=30)),
        "received": zulu(now - timedelta(minutes=15, seconds=29)),
        "acknowledged": "",
        "acknowledged_by": "",
        "answer": "",
        "read_back": "",
        "disseminated": "",
        "lead_s": lead_s,
        "lead_bracket_s": [lead_s - 8, lead_s + 1],
        "is_short": lead_s < 1800,
        "given": False,
        **more,
    }


def a_peer(party: str, slot: int, now: datetime, **more: Any) -> dict[str, Any]:
    return {
        "party": party,
        "name": party.title(),
        "slot": slot,
        "telephone": f"line {slot + 1}",
        "line": "open",
        "last_heard": zulu(now),
        "clock_difference_ms": 120,
        "software": "keepclear 0.1",
        "channel_size": 20,
        "delivered": 20,
        "undelivered": 0,
        "oldest_undelivered": "",
        "cosigned_size": 20,
        "cosigned_at": zulu(now - timedelta(seconds=9)),
        "received_size": 20,
        "agreement": "",
        "quarantined": 0,
        **more,
    }


def a_line(party: str, now: datetime, **more: Any) -> dict[str, Any]:
    """The line to a party as /v1/line shows it, with nothing wrong."""
    return {
        "party": party,
        "line": "open",
        "last_heard": zulu(now),
        "silent_for_s": 1.0,
        "heard_within_s": 10.0,
        "alarm_after_s": 60.0,
        "software": "keepclear 0.1",
        "skew_s": 0.1,
        "skew_uncertain_s": 0.05,
        "suspended": False,
        "stays_open": ["stop", "hazard", "line_test"],
        "channels": [],
        "waiting": [],
        "next_tests": [
            {"path": path, "due_at": zulu(now + timedelta(hours=5)), "due_in_s": 18_000.0}
            for path in ("network", "telephone")
        ],
        "tests": [],
        "alarms": [],
        **more,
    }


def a_test(party: str, number: int, now: datetime, **more: Any) -> dict[str, Any]:
    """A line test as /v1/line shows it: answered by a person."""
    return {
        "test": f"{party}/L{party[0].upper()}-{number:04}",
        "party": party,
        "path": "network",
        "mode": "OPER",
        "at": zulu(now),
        "by": "I. Maro",
        "due_at": zulu(now + timedelta(minutes=10)),
        "results": ["answered"],
        "latency_s": 4.2,
        "answered_by": "S. Tarn",
        "language_ok": True,
        "skew_s": None,
        "skew_uncertain_s": None,
        "causes": [],
        "asks_us": False,
        **more,
    }


def a_watch(now: datetime, **more: Any) -> dict[str, Any]:
    """The watch as /v1/watch shows it: nobody holds it yet."""
    return {
        "holder": "",
        "since": "",
        "periods": [],
        "handover": None,
        "items": [],
        "digest": "d" * 64,
        "drafts": [],
        "numbers": [],
        "recordings": [],
        **more,
    }


def an_agreement() -> dict[str, Any]:
    return {
        "hash": "a" * 64,
        "title": "Amber and Birch, open sea",
        "parties": ["amber", "birch"],
        "state": "in_force",
        "proposed_by": "amber",
        "signed_by": ["amber", "birch"],
        "in_force_since": "",
        "area": {"lat": 33.36, "lon": -38.72, "radius_m": 74_000},
        "separation": {"horizontal_m": 2000.0, "vertical_m": 300.0, "time_s": 0.0},
        "deadlines": {"notice_before_s": 1800, "acknowledge_s": 900},
        "disclosure": {},
    }


def an_alert(
    party: str, notice: dict[str, Any], level: str, now: datetime, due_s: float, to: str = "amber", **more: Any
) -> dict[str, Any]:
    return {
        "id": f"{party}/{notice['id']}/v{notice['version']}",
        "party": party,
        "to": to,
        "to_us": to == "amber",
        "level": level,
        "notice": {key: notice[key] for key in ("party", "id", "version", "hash")},
        "raised_at": zulu(now),
        "due_at": zulu(now + timedelta(seconds=due_s)),
        "due_in_s": due_s,
        "state": "open",
        "answer": "",
        "answered_by": "",
        "answered_at": "",
        "silenced_until": "",
        "lead_s": 1500,
        "lead_bracket_s": [1496, 1502],
        "is_short": True,
        "need_s": 0,
        "have_s": 0.0,
        "inside": [],
        "conflicts": [],
        "contradiction": None,
        "mode": "OPER",
        **more,
    }


def a_calm_picture(stage: Stage) -> dict[str, Any]:
    now = stage.now
    return {
        "party": "amber",
        "name": "Amber",
        "software": "keepclear 0.1",
        "now": zulu(now),
        "seq": stage.seq,
        "store": {"ok": True, "detail": ""},
        "clock": {"suspect": False, "difference_ms": 0, "against": ""},
        "degraded": "",
        "peers": [a_peer("birch", 1, now), a_peer("cedar", 2, now, line="degraded")],
        "agreements": [an_agreement()],
        "notices": [],
        "alerts": [],
        "stops": [],
        "conflicts": [],
        "duties": [],
        "record": {"entries": 0, "logs": []},
        "standing": [],
        "reference": False,
    }


def set_the_watch(stage: Stage) -> None:
    """A watch with something of everything: as on the pictures of the design."""
    now = stage.now
    whole = now.replace(second=0, microsecond=0)

    def at(minutes: float) -> datetime:
        return whole + timedelta(minutes=minutes)

    corridor = {
        "polygon": [
            [33.243, -39.34], [33.263, -38.99], [33.343, -38.655], [33.303, -38.32],
            [33.357, -38.317], [33.397, -38.665], [33.317, -39.01], [33.297, -39.34],
        ]
    }  # fmt: skip
    survey = a_notice("amber", "A-0219", volume(at(-48), at(102), 600, 1500, **corridor), version=1, kind="MOVEMENT")
    survey |= {"state": "Activated", "slowest_mps": 50, "reaction_s": 60, "drafted_by": "I. Maro"}
    answered = {"acknowledged": zulu(at(-12)), "acknowledged_by": "S. Tarn", "answer": "ROGER", "given": True}
    survey["recipients"] = [a_recipient("birch", now, 5400, **answered)]
    hazard = a_notice("amber", "A-0220", volume(at(8), at(53), 0, 900, **circle(33.5, -38.44, 4500)), version=1)
    hazard |= {"contact": "Amber watch, line 2", "region": "N", "remarks": "boats stay north", "drafted_by": "I. Maro"}
    hazard["recipients"] = [
        a_recipient("birch", now, **answered),
        a_recipient("cedar", now),
    ]
    dump = a_notice("birch", "B-0107", volume(at(23), at(72), 0, 3000, **circle(33.235, -38.93, 9000)), version=2)
    dump["recipients"] = [a_recipient("amber", now, version=2)]
    north, south = (
        [[33.64, -38.98], [33.72, -38.72], [33.70, -38.40]],
        [[33.60, -38.98], [33.68, -38.72], [33.66, -38.40]],
    )
    lane = {"polygon": [*south, *reversed(north)]}
    lift = a_notice("birch", "B-0103", volume(at(-77), at(57), 0, 450, **lane), kind="MOVEMENT", state="Activated")
    corner = {"polygon": [[33.22, -38.30], [33.25, -38.13], [33.14, -38.09], [33.11, -38.26]]}
    short = a_notice("cedar", "C-0045", volume(at(14), at(32), 0, 1200, **corner))
    short["recipients"] = [a_recipient("amber", now, 560)]
    stage.record_notice(survey, at(-50))
    stage.record_notice(hazard, at(-15))
    picture = stage.picture
    picture["notices"] = [survey, hazard, dump, lift, short]
    picture["alerts"] = [
        an_alert("amber", hazard, "caution", now, 32, to="cedar", state="missed"),
        an_alert("birch", dump, "caution", now, 380, conflicts=["A-0219"]),
        an_alert("birch", dump | {"version": 1}, "caution", now, -60, state="superseded", answer="ROGER"),
        an_alert(
            "cedar",
            short,
            "caution",
            now,
            700,
            state="answered",
            answer="ROGER",
            answered_at=zulu(now - timedelta(seconds=69)),
        ),
    ]
    picture["conflicts"] = [
        {
            "number": 1,
            "one": {"party": "amber", "id": "A-0219", "version": 1},
            "other": {"party": "birch", "id": "B-0107", "version": 2},
            "verdict": "CONFLICT",
            "start": zulu(at(23)),
            "end": zulu(at(72)),
            "horizontal_m": [0.0, 0.0],
            "vertical_m": [0.0, 0.0],
            "time_s": 0.0,
            "near": [33.29, -38.93],
        }
    ]
    size = stage.forth.tree.size
    logs = [("out", stage.forth, "birch"), ("in", stage.back, "birch")]
    picture["record"] = {
        "entries": 48_213,
        "logs": [
            {"origin": log.origin, "kind": kind, "party": party, "size": size, "root": log.tree.root().hex()}
            | {"checkpoint_size": size, "cosigned_size": size, "cosigned_at": zulu(now)}
            for kind, log, party in logs
        ],
    }


def add_warning(stage: Stage) -> dict[str, Any]:
    """Cedar's hazard on Amber's survey: one minute for five minutes and twenty seconds."""
    now = stage.now
    space = volume(now + timedelta(seconds=60), now + timedelta(minutes=27), 0, 2400, **circle(33.36, -38.62, 9000))
    strike = a_notice("cedar", "C-0046", space, contact="Cedar watch")
    strike["recipients"] = [a_recipient("amber", now, 66)]
    stage.picture["notices"].append(strike)
    alert = an_alert(
        "cedar", strike, "warning", now, 54, need_s=320, have_s=60.0, inside=["A-0219"], conflicts=["A-0219"]
    )
    alert |= {"lead_s": 66, "lead_bracket_s": [64, 67]}
    stage.picture["alerts"].append(alert)
    clash = copy.deepcopy(stage.picture["conflicts"][0]) | {"number": 2, "near": [33.36, -38.62]}
    clash |= {"other": {"party": "cedar", "id": "C-0046", "version": 1}, "start": space["start"], "end": space["end"]}
    stage.picture["conflicts"].append(clash)
    return alert


def add_stop(stage: Stage) -> dict[str, Any]:
    """Birch asks Amber to stop."""
    now = stage.now
    stop = {"id": "birch/SB-0001", "party": "birch", "own": False, "at": zulu(now), "by": "R. Lind", "remarks": ""}
    stop |= {"to": ["amber"], "state": "active", "resumed_at": "", "answers": [], "answered": False}
    stop |= {"due_at": zulu(now + timedelta(seconds=60)), "due_in_s": 60.0, "received": {}, "recorded": True}
    stage.picture["stops"].append(stop | {"mode": "OPER"})
    return stop


# --------------------------------------------------------------------------------------------------------- server


def problem(status: int, code: str, detail: str, **more: Any) -> tuple[int, dict[str, Any]]:
    return status, {"type": "about:blank", "title": code, "status": status, "code": code, "detail": detail} | more


def _public(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _public(inner) for key, inner in value.items() if not key.startswith("_")}
    return [_public(inner) for inner in value] if isinstance(value, list) else value


def app_of(stage: Stage) -> Starlette:
    """The part of the HTTP interface that the console uses, over a stage."""

    async def page(_: Request) -> Response:
        return Response((STATIC / "index.html").read_bytes(), media_type="text/html")

    async def picture(_: Request) -> Response:
        stage.loop = asyncio.get_running_loop()
        if stage.is_silent:
            await asyncio.sleep(30)
        return JSONResponse(_public(copy.deepcopy(stage.picture) | {"now": zulu(datetime.now(UTC))}))

    def pulse() -> bytes:
        shown = stage.picture
        beat = {key: shown[key] for key in ("store", "clock", "degraded")} | {"now": zulu(datetime.now(UTC))}
        beat |= {"seq": stage.seq, "unrecorded_stops": stage.unrecorded_stops}
        keys = ("party", "line", "last_heard", "undelivered", "clock_difference_ms")
        beat["peers"] = [{key: one[key] for key in keys} for one in shown["peers"]]
        return f"event: pulse\ndata: {json.dumps(beat)}\n\n".encode()

    async def beats() -> AsyncIterator[bytes]:
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        stage.waiting.append(queue)
        try:
            while True:
                if not stage.is_silent:
                    yield pulse()
                try:
                    yield await asyncio.wait_for(queue.get(), 0.5)
                except TimeoutError:
                    continue
        finally:
            stage.waiting.remove(queue)

    async def stream(_: Request) -> Response:
        stage.loop = asyncio.get_running_loop()
        return StreamingResponse(beats(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def given(request: Request) -> Response:
        asked = request.query_params
        receipt = stage.given(stage.find(f"{asked['party']}/{asked['id']}"))
        return JSONResponse(stage.forge(receipt) if stage.forge else receipt)

    def log_of(request: Request) -> Log:
        return stage.forth if request.query_params["log"] == stage.forth.origin else stage.back

    async def entries(request: Request) -> Response:
        log, first = log_of(request), int(request.query_params["first"])
        rows = [
            {"n": n, "hash": log.tree.leaf(n).hex(), "text": data.decode()}
            for n, data in enumerate(log.entries)
            if first <= n < first + int(request.query_params["count"])
        ]
        return JSONResponse({"entries": rows})

    async def proof(request: Request) -> Response:
        log = log_of(request)
        who = (stage.birch_identity, stage.birch) if log is stage.forth else (stage.amber_identity, stage.amber)
        return JSONResponse(log.proof(int(request.query_params["n"]), who))

    async def line(_: Request) -> Response:
        return JSONResponse(stage.lines)

    async def watch(request: Request) -> Response:
        return JSONResponse(stage.watch[request.url.path.rpartition("/")[2]])

    async def identity(_: Request) -> Response:
        return JSONResponse({"identity": stage.amber_identity.to_json(), "fingerprint": ""})

    async def reference(_: Request) -> Response:
        return JSONResponse(stage.reference, status_code=200 if stage.reference else 404)

    async def send(request: Request) -> Response:
        path = request.url.path
        stage.sent.append((path, await request.json()))
        status, body = stage.answers.get(path, (200, {}))
        return JSONResponse(_public(body), status_code=status)

    class Policy:
        """Adds the strict content policy, as the console's face does."""

        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            async def with_policy(message: Any) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [*message["headers"], (b"content-security-policy", POLICY.encode())]
                await send(message)

            await self.app(scope, receive, with_policy)

    routes = [
        Route("/", page),
        Route("/v1/picture", picture),
        Route("/v1/stream", stream),
        Route("/v1/line", line),
        *(Route(f"/v1/{name}", watch, methods=["GET"]) for name in ("watch", "people", "log")),
        Route("/v1/record/given", given),
        Route("/v1/record/entries", entries),
        Route("/v1/record/proof", proof),
        Route("/v1/identity", identity),
        Route("/v1/reference", reference),
        Route("/v1/{path:path}", send, methods=["POST", "PUT"]),
        Mount("/", StaticFiles(directory=STATIC)),
    ]
    app = Starlette(routes=routes)
    app.add_middleware(Policy)
    return app


class Server:
    """A stage on a free port of the loopback, in a thread of its own."""

    def __init__(self, stage: Stage) -> None:
        config = uvicorn.Config(app_of(stage), host="127.0.0.1", port=0, log_level="warning", loop="asyncio")
        config.timeout_graceful_shutdown = 1
        self.stage, self.server = stage, uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self) -> Server:
        self.thread.start()
        deadline = time.monotonic() + 10
        while not self.server.started:
            assert time.monotonic() < deadline, "the stage did not start"
            time.sleep(0.02)
        self.url = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = self.server.force_exit = True
        self.thread.join(5)
