"""/v1/requests, /v1/outcomes, /v1/readback, /v1/ladders and /v1/stops/voice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from keepclear.core.escalation import Rung, after_s
from keepclear.core.ids import make_key
from keepclear.core.notice import STANDING_LINE
from keepclear.core.readback import Heard, Line, lines_of
from keepclear.core.request import RequestState
from keepclear.core.timespan import SECOND_US, zulu
from keepclear.core.volume import Volume4D
from keepclear.errors import NotFound
from keepclear.faces.http import render
from keepclear.faces.http.endpoint import Api, Asked, Endpoint
from keepclear.formats.api import answers, requests, volume_from_api
from keepclear.formats.api import asking as shapes
from keepclear.formats.wire import volume_from_wire
from keepclear.node.commands import (
    AcceptAlternative,
    AskRequest,
    JudgeReadBack,
    NoteCall,
    NoteCallBack,
    ReadBack,
    RecordVoiceStop,
    ReplyRequest,
    ReportOutcome,
    WithdrawRequest,
)
from keepclear.node.decide.ladder import terms_of
from keepclear.node.held import HeldAlert, HeldReadBack, HeldRequest, HeldVoiceStop
from keepclear.node.heldladder import HeldLadder
from keepclear.node.loop import Receipt
from keepclear.node.node import Node
from keepclear.node.picture import Picture

# ---------------------------------------------------------------------------------------------------------- requests


async def list_requests(api: Api, _: Asked) -> list[render.Shown]:
    """Requests, ours and those to us."""
    return [request_shown(api.node, held) for held in api.node.picture.requests.values()]


async def ask(api: Api, asked: Asked) -> render.Shown:
    """Ask."""
    body: shapes.AskRequestRequest = asked.body
    command = AskRequest(
        body.to, _volumes(body.volumes), body.by, body.kind, body.action, body.contact, body.remarks,
        requests.movement_from_api(body.movement), body.mode,
    )  # fmt: skip
    receipt = await api.submit(asked, command)
    return _request_answer(api, receipt, receipt.subject)


async def reply(api: Api, asked: Asked) -> render.Shown:
    """Agree, deny or offer an alternative."""
    body: shapes.ReplyRequestRequest = asked.body
    command = ReplyRequest(body.request, body.reply, body.by, body.reason, _volumes(body.volumes), body.remarks)
    receipt = await api.submit(asked, command)
    return _request_answer(api, receipt, body.request)


async def accept(api: Api, asked: Asked) -> render.Shown:
    """Accept the alternative."""
    body: shapes.AcceptRequest = asked.body
    receipt = await api.submit(asked, AcceptAlternative(body.id, body.reply, body.by))
    return _request_answer(api, receipt, make_key(api.node.party, body.id))


async def withdraw(api: Api, asked: Asked) -> render.Shown:
    """Withdraw."""
    body: shapes.WithdrawRequestRequest = asked.body
    receipt = await api.submit(asked, WithdrawRequest(body.id, body.by))
    return _request_answer(api, receipt, make_key(api.node.party, body.id))


def _request_answer(api: Api, receipt: Receipt, key: str) -> render.Shown:
    held = api.node.picture.requests.get(key)
    return {"receipt": render.receipt(receipt), "request": request_shown(api.node, held) if held else None}


def request_shown(node: Node, held: HeldRequest) -> render.Shown:
    """A request; that nobody answered is said by the clock, once it may be judged."""
    state = held.state
    late = held.state is RequestState.OPEN and held.due_at <= node.now_us()
    if late and not node.picture.is_clock_suspect:
        state = RequestState.NO_ANSWER
    replied, sent = held.reply, held.sent
    return {
        "key": held.key,
        "id": held.id,
        "party": held.party,
        "to": held.to,
        "own": held.is_own,
        "mode": held.mode.value,
        "kind": sent.kind.value,
        "action": sent.action.value,
        "state": state.value,
        "by": sent.by,
        "contact": sent.contact,
        "remarks": sent.remarks,
        "volumes": [render.volume(volume_from_wire(each)) for each in sent.volumes],
        "movement": render.movement(sent.movement),
        "written_at": zulu(held.at),
        "transmitted": render.instant(held.transmitted_at),
        "received": render.instant(held.received_at),
        "due_at": render.instant(held.due_at),
        "reply": {
            "reply": replied.said.reply.value,
            "by": replied.said.by,
            "at": zulu(replied.at),
            "hash": replied.leaf,
            "reason": replied.said.reason.value if replied.said.reason else "",
            "remarks": replied.said.remarks,
            "volumes": [render.volume(volume_from_wire(each)) for each in replied.said.volumes],
        }
        if replied is not None
        else None,
        "closed_by": held.closed_by,
        "profile": held.profile,
        "standing": STANDING_LINE,
    }


# ---------------------------------------------------------------------------------------------------------- outcomes


async def list_outcomes(api: Api, _: Asked) -> list[render.Shown]:
    """What came of things, each side's word apart."""
    return outcomes_shown(api.node.picture)


async def report_outcome(api: Api, asked: Asked) -> render.Shown:
    """Report."""
    body: shapes.OutcomeRequest = asked.body
    command = ReportOutcome(body.about, body.outcome, body.by, body.delay_min, body.remarks, body.to, body.mode)
    receipt = await api.submit(asked, command)
    return {"receipt": render.receipt(receipt)}


def outcomes_shown(picture: Picture) -> list[render.Shown]:
    """By what they are about, and by party."""
    return [
        {
            "about": about,
            "said": [
                {
                    "party": party,
                    "outcome": held.said.outcome.value,
                    "delay_min": held.said.delay_min,
                    "by": held.said.by,
                    "at": zulu(held.at),
                    "remarks": held.said.remarks,
                    "mode": held.mode.value,
                }
                for party, held in sorted(said.items())
            ],
        }
        for about, said in picture.outcomes.items()
    ]


# --------------------------------------------------------------------------------------------------------- read-back


async def show_read_back(api: Api, asked: Asked) -> render.Shown:
    """What is to be read back, and what was."""
    return _read_backs(api.node, _alert(api, asked.query.get("alert", "")))


async def read_back(api: Api, asked: Asked) -> render.Shown:
    """A person reads it back."""
    body: shapes.ReadBackRequest = asked.body
    lines = tuple(Heard(each.field, each.number, each.value, each.letters) for each in body.lines)
    await api.submit(asked, ReadBack(body.alert, body.version, lines, body.by))
    return _read_backs(api.node, _alert(api, body.alert))


async def judge_read_back(api: Api, asked: Asked) -> render.Shown:
    """Confirm, or have it corrected."""
    body: shapes.JudgeReadBackRequest = asked.body
    await api.submit(asked, JudgeReadBack(body.alert, body.read_back, body.verdict == "CONFIRM", body.by))
    return _read_backs(api.node, _alert(api, body.alert))


def _alert(api: Api, id_: str) -> HeldAlert:
    held = api.node.picture.alerts.get(id_)
    if held is None:
        raise NotFound(f"there is no alert {id_[:120]!r}", at="alert")
    return held


def _read_backs(node: Node, held: HeldAlert) -> render.Shown:
    notice = node.picture.notices.get(make_key(held.ref.party, held.ref.id))
    version = next((v for v in notice.versions if v.version == held.ref.version), None) if notice else None
    lines: Iterable[Line] = ()
    if version is not None:
        lines = lines_of([volume_from_wire(each) for each in version.body.volumes], version.body.action)
    return {
        "alert": held.id,
        "version": held.ref.version,
        "lines": [
            {"field": line.field.value, "number": line.number, "value": line.value, "letters": line.letters}
            for line in lines
        ],
        "readings": [_reading(each) for each in held.read_backs],
    }


def _reading(held: HeldReadBack) -> render.Shown:
    wrong = held.wrong
    return {
        "hash": held.leaf,
        "by": held.said.by,
        "at": zulu(held.at),
        "lines": [
            {"field": line.field.value, "number": line.number, "value": line.value, "letters": line.letters}
            for line in held.said.lines
        ],
        "wrong": [
            {
                "field": each.field.value,
                "number": each.number,
                "fault": each.fault.value,
                "sent": each.sent,
                "heard": each.heard,
            }
            for each in wrong
        ]
        if wrong is not None
        else None,
        "verdict": held.verdict,
        "judged_by": held.judged_by,
        "judged_at": render.instant(held.judged_at),
    }


# -------------------------------------------------------------------------------------------------------- the ladder


async def list_ladders(api: Api, _: Asked) -> list[render.Shown]:
    """Every alert and STOP of ours, and how far its ladder was climbed."""
    return [ladder_shown(api.node, held) for held in api.node.picture.ladders.values()]


async def note_call(api: Api, asked: Asked) -> render.Shown:
    """A person called."""
    body: shapes.CallRequest = asked.body
    receipt = await api.submit(asked, NoteCall(body.about, body.result, body.by, body.number, body.spoke_to))
    return {"receipt": render.receipt(receipt)}


def ladder_shown(node: Node, held: HeldLadder) -> render.Shown:
    """A ladder with what is due next on it."""
    terms = terms_of(node.picture, held, node.settings)
    ahead = (rung for rung in Rung if after_s(terms, rung) is not None and rung not in held.steps)
    following = None if held.closed else next(ahead, None)
    next_at = held.since_us + (after_s(terms, following) or 0) * SECOND_US if following is not None else 0
    return {
        "about": held.about,
        "party": held.party,
        "mode": held.mode.value,
        "level": held.level.value if held.level is not None else "stop",
        "since": render.instant(held.since_us),
        "closed": held.closed,
        "next_rung": following.value if following is not None else "",
        "next_at": render.instant(next_at),
        "steps": [
            {
                "rung": step.rung.value,
                "due_at": render.instant(step.due_at),
                "tried": [
                    {
                        "outcome": each.outcome.value,
                        "path": each.path,
                        "detail": each.detail,
                        "tried_at": render.instant(each.tried_at),
                    }
                    for each in step.tries
                ],
            }
            for step in held.steps.values()
        ],
        "calls": [
            {
                "result": call.result.value,
                "by": call.by,
                "at": zulu(at),
                "number": call.number,
                "spoke_to": call.spoke_to,
            }
            for at, call in held.calls
        ],
    }


# ----------------------------------------------------------------------------------------------------- STOP by voice


async def list_voice_stops(api: Api, _: Asked) -> list[render.Shown]:
    """STOPs that came by voice."""
    return [voice_stop_shown(held) for held in api.node.picture.voice_stops.values()]


async def record_voice_stop(api: Api, asked: Asked) -> render.Shown:
    """Type one in."""
    body: shapes.VoiceStopRequest = asked.body
    receipt = await api.submit(asked, RecordVoiceStop(body.party, body.text, body.by, body.mode))
    return voice_stop_shown(api.node.picture.voice_stops[receipt.subject])


async def note_call_back(api: Api, asked: Asked) -> render.Shown:
    """What calling back gave."""
    body: shapes.CallBackRequest = asked.body
    await api.submit(asked, NoteCallBack(body.id, body.result, body.by, body.spoke_to))
    return voice_stop_shown(api.node.picture.voice_stops[body.id])


def voice_stop_shown(held: HeldVoiceStop) -> render.Shown:
    """A STOP that came by voice, marked as what it is."""
    said = held.said
    return {
        "id": said.id,
        "party": said.party,
        "state": held.state,
        "by": said.by,
        "at": zulu(held.at),
        "text": said.text,
        "card": said.card,
        "telephone": said.telephone,
        "mode": held.mode.value,
        "calls": [
            {
                "result": call.result.value,
                "by": call.by,
                "at": zulu(at),
                "number": said.telephone,
                "spoke_to": call.spoke_to,
            }
            for at, call in held.calls
        ],
    }


def _volumes(volumes: tuple[Any, ...]) -> tuple[Volume4D, ...]:
    return tuple(volume_from_api(volume, at=f"volumes[{number}]") for number, volume in enumerate(volumes))


ENDPOINTS = (
    Endpoint("GET", "/v1/requests", "Requests, ours and those to us", list_requests,
             answer=list[shapes.RequestShown]),
    Endpoint("POST", "/v1/requests", "Ask one party to agree to something", ask,
             shapes.AskRequestRequest, shapes.RequestAnswer, 201, errors=("refused", "limit_reached")),
    Endpoint("POST", "/v1/requests/reply", "Agree, deny, or offer an alternative; a notice cannot be denied", reply,
             shapes.ReplyRequestRequest, shapes.RequestAnswer,
             errors=("not_a_request", "unlawful_change", "not_found")),
    Endpoint("POST", "/v1/requests/accept", "Take the alternative that was offered", accept,
             shapes.AcceptRequest, shapes.RequestAnswer, errors=("stale", "unlawful_change", "not_found")),
    Endpoint("POST", "/v1/requests/withdraw", "We no longer ask", withdraw,
             shapes.WithdrawRequestRequest, shapes.RequestAnswer, errors=("unlawful_change", "not_found")),
    Endpoint("GET", "/v1/outcomes", "What each party says came of things, side by side", list_outcomes,
             answer=list[shapes.OutcomesShown]),
    Endpoint("POST", "/v1/outcomes", "Say what came of a notice or request", report_outcome,
             shapes.OutcomeRequest, answers.ReceiptAnswer, 201, errors=("unlawful_change", "not_found")),
    Endpoint("GET", "/v1/readback", "What is to be read back of an alert's notice, and what was", show_read_back,
             answer=shapes.ReadBacksShown, query={"alert": "id of the alert"}, errors=("not_found",)),
    Endpoint("POST", "/v1/readback", "Read a notice back", read_back,
             shapes.ReadBackRequest, shapes.ReadBacksShown, 201, errors=("stale", "not_found")),
    Endpoint("POST", "/v1/readback/judge", "Confirm a read-back, or have it corrected", judge_read_back,
             shapes.JudgeReadBackRequest, shapes.ReadBacksShown,
             errors=("read_back_wrong", "stale", "unlawful_change", "not_found")),
    Endpoint("GET", "/v1/ladders", "How far each unanswered thing of ours has climbed", list_ladders,
             answer=list[shapes.LadderShown]),
    Endpoint("POST", "/v1/ladders/call", "Write down a call that a person made", note_call,
             shapes.CallRequest, answers.ReceiptAnswer, 201, errors=("not_found",)),
    Endpoint("GET", "/v1/stops/voice", "STOPs that came by voice, unauthenticated until called back", list_voice_stops,
             answer=list[shapes.VoiceStopShown]),
    Endpoint("POST", "/v1/stops/voice", "Type in a STOP that came by voice", record_voice_stop,
             shapes.VoiceStopRequest, shapes.VoiceStopShown, 201, errors=("not_found",)),
    Endpoint("POST", "/v1/stops/voice/called", "What calling back the enrolled number gave", note_call_back,
             shapes.CallBackRequest, shapes.VoiceStopShown, errors=("not_found",)),
)  # fmt: skip
