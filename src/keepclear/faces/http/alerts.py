"""/v1/alerts and /v1/stops."""

from __future__ import annotations

from keepclear.core.ids import make_key
from keepclear.core.timespan import zulu
from keepclear.errors import StoreFailed
from keepclear.faces.http import render
from keepclear.faces.http.endpoint import Api, Asked, Endpoint
from keepclear.formats.api import answers, requests
from keepclear.node.commands import AnswerAlert, AnswerStop, Resume, SendStop, SilenceAlert
from keepclear.node.loop import Receipt


class StopNotRecorded(StoreFailed):
    """A STOP could not be recorded, so it did not go out on this line: `card` is to be read out by voice, now."""

    def __init__(self, message: str, card: tuple[str, ...]) -> None:
        super().__init__(message)
        self.card = card
        self.sent_unrecorded = False


async def list_alerts(api: Api, _: Asked) -> list[render.Shown]:
    """Alerts to us and from us."""
    return [render.alert(api.node, held) for held in api.node.picture.alerts.values()]


async def answer_alert(api: Api, asked: Asked) -> render.Shown:
    """A named person's answer."""
    body: requests.AnswerAlertRequest = asked.body
    command = AnswerAlert(body.alert, body.version, body.answer, body.by, body.again)
    receipt = await api.submit(asked, command)
    return _alert_answer(api, receipt, body.alert)


async def silence_alert(api: Api, asked: Asked) -> render.Shown:
    """Stop the sound for a while."""
    body: requests.SilenceAlertRequest = asked.body
    receipt = await api.submit(asked, SilenceAlert(body.alert, body.by, body.seconds))
    return _alert_answer(api, receipt, body.alert)


async def list_stops(api: Api, _: Asked) -> list[render.Shown]:
    """STOPs, sent and received."""
    return [render.stop(api.node, held) for held in api.node.picture.stops.values()]


async def send_stop(api: Api, asked: Asked) -> render.Shown:
    """Ask to stop."""
    body: requests.StopRequest = asked.body
    try:
        receipt = await api.submit(asked, SendStop(body.by, body.to, body.remarks, body.mode))
    except StoreFailed as failed:
        message = f"{failed.message}: this STOP was not sent, read it out by telephone"
        raise StopNotRecorded(message, _card(api, body)) from None
    return _stop_answer(api, receipt, receipt.subject)


async def answer_stop(api: Api, asked: Asked) -> render.Shown:
    """The answer of whoever is on duty."""
    body: requests.AnswerStopRequest = asked.body
    receipt = await api.submit(asked, AnswerStop(body.stop, body.answer, body.by))
    return _stop_answer(api, receipt, body.stop)


async def resume(api: Api, asked: Asked) -> render.Shown:
    """We no longer ask to stop."""
    body: requests.ResumeRequest = asked.body
    receipt = await api.submit(asked, Resume(body.id, body.by))
    return _stop_answer(api, receipt, make_key(api.node.party, body.id))


def _alert_answer(api: Api, receipt: Receipt, id_: str) -> render.Shown:
    held = api.node.picture.alerts.get(id_)
    return {"receipt": render.receipt(receipt), "alert": render.alert(api.node, held) if held else None}


def _stop_answer(api: Api, receipt: Receipt, key: str) -> render.Shown:
    held = api.node.picture.stops.get(key)
    return {"receipt": render.receipt(receipt), "stop": render.stop(api.node, held) if held else None}


def _card(api: Api, body: requests.StopRequest) -> tuple[str, ...]:
    """What to say on the telephone, line by line, and whom to call."""
    node = api.node
    to = body.to or tuple(node.picture.enrolled_peers())
    calls = []
    for party in to:
        held = node.picture.peers.get(party)
        telephone = held.enrolled.telephone if held else ""
        calls.append(f"CALL {party.upper()}: {telephone or 'no number is enrolled'}")
    return (
        *calls,
        f"{body.mode.value}. STOP STOP STOP.",
        f"FROM {node.party.upper()}. TO {', '.join(party.upper() for party in to)}.",
        f"TIME {zulu(node.now_us() // 1_000_000 * 1_000_000)}. SENT BY {body.by}.",
        *((f"REMARKS: {body.remarks}",) if body.remarks else ()),
        "ANSWER WILCO OR UNABLE, AND YOUR NAME.",
    )


ENDPOINTS = (
    Endpoint("GET", "/v1/alerts", "Alerts to us and from us", list_alerts, answer=list[answers.Alert]),
    Endpoint("POST", "/v1/alerts/answer", "Answer an alert: ROGER, WILCO, UNABLE or STANDBY", answer_alert,
             requests.AnswerAlertRequest, answers.AlertAnswer,
             errors=("contradicted", "stale", "unlawful_change", "not_found")),
    Endpoint("POST", "/v1/alerts/silence", "Stop the sound of an alert at this desk for a while", silence_alert,
             requests.SilenceAlertRequest, answers.AlertAnswer, errors=("not_found",)),
    Endpoint("GET", "/v1/stops", "STOPs, sent and received", list_stops, answer=list[answers.Stop]),
    Endpoint("POST", "/v1/stops", "Ask every peer, or some, to stop now", send_stop,
             requests.StopRequest, answers.StopSentAnswer, 201, errors=("store_failed",)),
    Endpoint("POST", "/v1/stops/answer", "Answer a STOP that came in", answer_stop,
             requests.AnswerStopRequest, answers.StopSentAnswer, errors=("not_found",)),
    Endpoint("POST", "/v1/stops/resume", "We no longer ask to stop", resume,
             requests.ResumeRequest, answers.StopSentAnswer, errors=("not_found", "unlawful_change")),
)  # fmt: skip
