"""/v1/watch, /v1/people, /v1/log and /v1/drafts: who is on watch, how it passes, what is kept beside it (D3, D5)."""

from __future__ import annotations

from keepclear.core.duty import list_digest, unticked
from keepclear.faces.http import render
from keepclear.faces.http.endpoint import Api, Asked, Endpoint, Raw
from keepclear.faces.http.sheet import watch_sheet
from keepclear.formats.api import watch as shapes
from keepclear.formats.wire import volume_from_wire
from keepclear.node.checklist import checklist
from keepclear.node.commands import (
    AddLog,
    AttachRecording,
    Command,
    DropDraft,
    OfferHandover,
    SendDraft,
    SetNumber,
    SetPerson,
    SignHandover,
    TakeWatch,
    TickItems,
    WithdrawHandover,
)
from keepclear.node.node import Node

PERIODS_SHOWN = 20


async def people(api: Api, _: Asked) -> list[render.Shown]:
    """People of our party, and whether they can sign in."""
    accounts = api.doorman.accounts
    return [
        {
            "login": each.login, "name": each.name, "roles": [role.value for role in each.roles], "desk": each.desk,
            "telephone": each.telephone,
            "has_password": bool(accounts and accounts.of(each.login).password),
            "passkeys": len(accounts.of(each.login).passkeys) if accounts else 0,
        }
        for each in api.node.picture.watch.people.values()
    ]  # fmt: skip


async def set_person(api: Api, asked: Asked) -> render.Shown:
    """A person, or no longer one."""
    body: shapes.SetPersonRequest = asked.body
    command = SetPerson(body.login, body.name, body.roles, body.by, body.desk, body.telephone)
    return await _done(api, asked, command)


async def watch(api: Api, _: Asked) -> render.Shown:
    """Who holds the watch, and what would be handed over now."""
    return shown(api.node)


async def take_watch(api: Api, asked: Asked) -> render.Shown:
    """Begin it, or assume it."""
    body: shapes.TakeWatchRequest = asked.body
    return await _done(api, asked, TakeWatch(body.by, body.remarks))


async def offer_handover(api: Api, asked: Asked) -> render.Shown:
    """Begin a handover."""
    body: shapes.OfferHandoverRequest = asked.body
    return await _done(api, asked, OfferHandover(body.to, body.by))


async def tick_items(api: Api, asked: Asked) -> render.Shown:
    """The next shift has looked."""
    body: shapes.TickItemsRequest = asked.body
    return await _done(api, asked, TickItems(body.items, body.by))


async def sign_handover(api: Api, asked: Asked) -> render.Shown:
    """Sign the list."""
    body: shapes.SignHandoverRequest = asked.body
    return await _done(api, asked, SignHandover(body.digest, body.by))


async def withdraw_handover(api: Api, asked: Asked) -> render.Shown:
    """It does not take place."""
    body: shapes.ByRequest = asked.body
    return await _done(api, asked, WithdrawHandover(body.by))


async def read_log(api: Api, asked: Asked) -> list[render.Shown]:
    """The newest lines of the duty log."""
    count = asked.number("count", 100, least=1, most=500)
    lines = list(api.node.picture.watch.log)[-count:]
    return [{"at": render.instant(at), "by": body.by, "text": body.text, "about": body.about} for at, body in lines]


async def add_log(api: Api, asked: Asked) -> render.Shown:
    """A line of the duty log."""
    body: shapes.LogRequest = asked.body
    return await _done(api, asked, AddLog(body.text, body.by, body.about))


async def set_number(api: Api, asked: Asked) -> render.Shown:
    """A line of the directory."""
    body: shapes.NumberRequest = asked.body
    return await _done(api, asked, SetNumber(body.name, body.number, body.by, body.remarks))


async def attach_recording(api: Api, asked: Asked) -> render.Shown:
    """A recording, by its hash."""
    body: shapes.RecordingRequest = asked.body
    command = AttachRecording(body.sha256, body.size, body.name, body.by, body.about, body.remarks)
    return await _done(api, asked, command)


async def send_draft(api: Api, asked: Asked) -> render.Shown:
    """A second person sends it."""
    body: shapes.ByRequest = asked.body
    receipt = await api.submit(asked, SendDraft(asked.path["id"], body.by))
    held = api.node.picture.notices.get(receipt.subject)
    shown_notice = render.notice(api.node, held) if held else None
    return {"receipt": render.receipt(receipt), "subject": receipt.subject, "notice": shown_notice}


async def drop_draft(api: Api, asked: Asked) -> render.Shown:
    """It is not sent."""
    body: shapes.ByRequest = asked.body
    return await _done(api, asked, DropDraft(asked.path["id"], body.by, body.remarks))


async def sheet(api: Api, _: Asked) -> Raw:
    """What is printed each shift, so that the line survives the computer."""
    return Raw("\n".join(watch_sheet(api.node)).encode() + b"\n", "text/plain; charset=utf-8")


async def _done(api: Api, asked: Asked, command: Command) -> render.Shown:
    receipt = await api.submit(asked, command)
    holder = api.node.picture.watch.holder
    return {"receipt": render.receipt(receipt), "subject": receipt.subject, "holder": holder}


def shown(node: Node) -> render.Shown:
    """The watch as the API shows it."""
    held, items = node.picture.watch, checklist(node.picture, node.now_us())
    handover = held.handover
    ticked = handover.ticked if handover else {}
    left = {item.key for item in unticked(items, ticked)}
    digest = list_digest(items)
    return {
        "holder": held.holder,
        "since": render.instant(held.periods[-1].since_us) if held.periods else "",
        "periods": [
            {"person": each.person, "since": render.instant(each.since_us)} for each in held.periods[-PERIODS_SHOWN:]
        ],
        "handover": {
            "to": handover.to, "by": handover.by, "at": render.instant(handover.at),
            # Only who signed the list as it stands: an older one counts no more.
            "signed": [person for person, signed in handover.signed.items() if signed == digest],
        } if handover else None,
        "items": [
            {
                "key": item.key, "section": item.section, "words": item.words, "digest": item.digest,
                "ticked": item.key not in left,
            }
            for item in items
        ],
        "digest": digest,
        "drafts": [
            {
                "draft": each.body.id, "drafted_by": each.body.drafted_by, "at": render.instant(each.at),
                "why": list(each.body.why), "changes": each.body.changes, "version": each.body.version,
                "volumes": [render.volume(volume_from_wire(wire)) for wire in each.body.volumes],
            }
            for each in held.drafts.values()
        ],
        "numbers": [
            {"name": each.name, "number": each.number, "remarks": each.remarks} for each in held.numbers.values()
        ],
        "recordings": [
            {
                "at": render.instant(at), "sha256": body.sha256, "size": body.size, "name": body.name, "by": body.by,
                "about": body.about, "remarks": body.remarks,
            }
            for at, body in held.recordings
        ],
    }  # fmt: skip


ENDPOINTS = (
    Endpoint("GET", "/v1/people", "People of our party, and what they are there for", people,
             answer=list[shapes.PersonShown]),
    Endpoint("POST", "/v1/people", "Name a person, change what they are there for, or take them out", set_person,
             shapes.SetPersonRequest, shapes.WatchAnswer, 201, errors=("not_found", "unlawful_change")),
    Endpoint("GET", "/v1/watch", "Who holds the watch, what would be handed over now, and what waits", watch,
             answer=shapes.WatchShown),
    Endpoint("POST", "/v1/watch/take", "Begin the watch, or assume it for a reason", take_watch,
             shapes.TakeWatchRequest, shapes.WatchAnswer, errors=("not_found", "unlawful_change")),
    Endpoint("POST", "/v1/watch/handover", "Begin to hand the watch over", offer_handover,
             shapes.OfferHandoverRequest, shapes.WatchAnswer, 201, errors=("not_found", "unlawful_change")),
    Endpoint("POST", "/v1/watch/handover/ticks", "The next shift has looked at these items", tick_items,
             shapes.TickItemsRequest, shapes.WatchAnswer, errors=("stale", "unlawful_change")),
    Endpoint("POST", "/v1/watch/handover/signature", "Sign the list; with both signatures the watch passes",
             sign_handover, shapes.SignHandoverRequest, shapes.WatchAnswer, errors=("stale", "unlawful_change")),
    Endpoint("POST", "/v1/watch/handover/withdrawal", "The handover does not take place", withdraw_handover,
             shapes.ByRequest, shapes.WatchAnswer, errors=("unlawful_change",)),
    Endpoint("GET", "/v1/watch/sheet", "What is printed each shift: the next 24 h and the numbers", sheet,
             answer=bytes, media_type="text/plain"),
    Endpoint("GET", "/v1/log", "The newest lines of the duty log", read_log, answer=list[shapes.LogLine],
             query={"count": "how many, at most 500"}),
    Endpoint("POST", "/v1/log", "A line of the duty log", add_log, shapes.LogRequest, shapes.WatchAnswer, 201),
    Endpoint("POST", "/v1/numbers", "A line of the telephone directory", set_number, shapes.NumberRequest,
             shapes.WatchAnswer, 201, errors=("not_found",)),
    Endpoint("POST", "/v1/recordings", "Attach the recording of a call by its hash", attach_recording,
             shapes.RecordingRequest, shapes.WatchAnswer, 201),
    Endpoint("POST", "/v1/drafts/{id}/send", "A second person sends what waits", send_draft, shapes.ByRequest,
             shapes.DraftSentAnswer, 201, errors=("not_found", "stale", "unlawful_change", "contradiction")),
    Endpoint("POST", "/v1/drafts/{id}/drop", "What waits is not sent", drop_draft, shapes.ByRequest,
             shapes.WatchAnswer, errors=("not_found",)),
)  # fmt: skip
