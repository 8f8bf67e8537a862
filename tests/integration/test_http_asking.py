"""Requests, outcomes, read-back, the ladder and STOP by voice over the real API of two nodes."""

from __future__ import annotations

import msgspec
import pytest
from tests.integration.inprocess import agree, configured, enrol, running, until
from tests.integration.nodes import a_volume, in_seconds

from keepclear.core.notice import STANDING_LINE
from keepclear.formats.api import answers, asking

CONVOY = {"transports": [{"kind": "TRUCK", "count": 4}], "armed": "ESCORT", "armed_count": 6, "markings": ["RED ROOF"]}


@pytest.fixture
async def pair(tmp_path):
    async with (
        running(configured(tmp_path / "amber", "amber", ladder_second_path_s=1)) as amber,
        running(configured(tmp_path / "birch", "birch")) as birch,
    ):
        await enrol(amber, birch)
        await agree(amber, birch)
        yield amber, birch


async def post(node, path: str, body: dict, kind, status: int = 200):
    response = await node.http.post(path, json=body)
    assert response.status_code == status, response.text
    return msgspec.json.decode(response.content, type=kind)


async def test_a_request_is_answered_with_an_alternative_that_is_accepted(pair) -> None:
    """N9."""
    amber, birch = pair
    asked = await post(
        amber, "/v1/requests", {"to": "birch", "volumes": [a_volume()], "by": "I. Maro", "movement": CONVOY},
        asking.RequestAnswer, 201,
    )  # fmt: skip
    key = asked.request.key
    await until(birch, lambda: key in birch.node.picture.requests)

    other = {
        "request": key,
        "reply": "ALTERNATIVE",
        "by": "T. Quill",
        "volumes": [a_volume(start_s=9_000, end_s=9_900)],
    }
    await post(birch, "/v1/requests/reply", other, asking.RequestAnswer)
    await until(amber, lambda: amber.node.picture.requests[key].reply is not None)
    (held,) = msgspec.json.decode((await amber.http.get("/v1/requests")).content, type=list[asking.RequestShown])
    assert held.transmitted
    assert held.received
    assert held.standing == STANDING_LINE
    accepted = await post(
        amber, "/v1/requests/accept", {"id": held.id, "reply": held.reply.hash, "by": "I. Maro"}, asking.RequestAnswer
    )
    assert accepted.request.state == "accepted"


async def test_a_notice_cannot_be_denied_over_the_api(pair) -> None:
    """N9."""
    amber, birch = pair
    filed = await post(amber, "/v1/notices", {"volumes": [a_volume()], "by": "I. Maro"}, answers.NoticeAnswer, 201)
    key = f"amber/{filed.notice.id}"
    await until(birch, lambda: key in birch.node.picture.notices)

    response = await birch.http.post(
        "/v1/requests/reply", json={"request": key, "reply": "DENY", "by": "T. Quill", "reason": "UNSAFE"}
    )

    assert (response.status_code, response.json()["code"]) == (409, "not_a_request")
    assert "nobody can deny it" in response.json()["detail"]


async def test_the_five_instants_are_apart_and_a_wrong_read_back_sets_none(pair) -> None:
    """N2, P3."""
    amber, birch = pair
    filed = await post(
        amber, "/v1/notices",
        {"volumes": [a_volume()], "by": "I. Maro", "kind": "MOVEMENT", "movement": CONVOY}, answers.NoticeAnswer, 201,
    )  # fmt: skip
    assert (filed.notice.movement.armed, filed.notice.standing) == ("ESCORT", STANDING_LINE)
    alert = f"amber/{filed.notice.id}/v1/birch"
    await until(birch, lambda: alert in birch.node.picture.alerts)
    shown = msgspec.json.decode(
        (await birch.http.get("/v1/readback", params={"alert": alert})).content, type=asking.ReadBacksShown
    )
    lines = [{"field": e.field, "number": e.number, "value": e.value, "letters": e.letters} for e in shown.lines]
    wrong = [lines[0] | {"value": lines[0]["value"].replace("5", "6", 1)}, *lines[1:]]

    for read in (wrong, lines):
        body = {"alert": alert, "version": 1, "lines": read, "by": "T. Quill"}
        await post(birch, "/v1/readback", body, asking.ReadBacksShown, 201)
    await until(amber, lambda: len(amber.node.picture.alerts[alert].read_backs) == 2)
    held = msgspec.json.decode(
        (await amber.http.get("/v1/readback", params={"alert": alert})).content, type=asking.ReadBacksShown
    )
    first, second = held.readings
    assert [(e.field, e.number, e.fault) for e in first.wrong] == [("PLACE", 1, "misheard")]
    judged = {"alert": alert, "read_back": first.hash, "verdict": "CONFIRM", "by": "I. Maro"}
    response = await amber.http.post("/v1/readback/judge", json=judged)
    assert response.json()["code"] == "read_back_wrong"
    assert not amber.node.picture.notices[f"amber/{filed.notice.id}"].sent["birch", 1].read_back_at

    await post(amber, "/v1/readback/judge", judged | {"read_back": second.hash}, asking.ReadBacksShown)

    notice = msgspec.json.decode(
        (await amber.http.get(f"/v1/notices/amber/{filed.notice.id}")).content, type=answers.Notice
    )
    (told,) = notice.recipients
    assert (bool(told.transmitted), bool(told.received), bool(told.read_back)) == (True, True, True)
    assert (told.acknowledged, told.disseminated, told.read_back_by) == ("", "", "T. Quill")
    assert told.profile == amber.node.picture.in_force["birch"].hash


async def test_a_ladder_shows_what_was_tried_and_takes_a_call(pair) -> None:
    """N4."""
    amber, _ = pair
    filed = await post(amber, "/v1/notices", {"volumes": [a_volume()], "by": "I. Maro"}, answers.NoticeAnswer, 201)
    about = f"amber/{filed.notice.id}/v1/birch"
    await until(amber, lambda: about in amber.node.picture.ladders and amber.node.picture.ladders[about].steps)
    await until(amber, lambda: not amber.node.picture.untried)
    call = {"about": about, "result": "no_answer", "by": "I. Maro", "number": "+0 555"}
    await post(amber, "/v1/ladders/call", call, answers.ReceiptAnswer, 201)

    (held,) = msgspec.json.decode((await amber.http.get("/v1/ladders")).content, type=list[asking.LadderShown])

    assert (held.steps[0].rung, held.steps[0].tried[0].outcome) == ("second_path", "no_path")
    assert (held.next_rung, held.calls[0].number) == ("phone", "+0 555")


async def test_a_notice_is_extended_given_back_and_its_outcomes_stand_apart(pair) -> None:
    """N7, N10."""
    amber, birch = pair
    filed = await post(amber, "/v1/notices", {"volumes": [a_volume()], "by": "I. Maro"}, answers.NoticeAnswer, 201)
    serial, key = filed.notice.id, f"amber/{filed.notice.id}"
    span = {"change": "SHORTEN", "version": 1, "until": "2000-01-01T00:00:00Z", "by": "I. Maro"}
    response = await amber.http.post(f"/v1/notices/{serial}/span", json=span)
    assert response.json()["code"] == "malformed"
    later = in_seconds(8_000)
    told = await post(
        amber, f"/v1/notices/{serial}/span", span | {"change": "EXTEND", "until": later}, answers.NoticeAnswer
    )
    assert (told.notice.change, told.notice.end) == ("EXTEND", later)
    version = amber.node.picture.notices[key].latest.version
    moved = {"state": "Ended", "version": version, "by": "I. Maro", "change": "GIVE_BACK"}
    ended = await post(amber, f"/v1/notices/{serial}/state", moved, answers.NoticeAnswer)
    assert ended.notice.change == "GIVE_BACK"
    await until(birch, lambda: key in birch.node.picture.notices)
    for node, word in ((amber, "IMPEDED"), (birch, "FACILITATED")):
        body = {"about": key, "outcome": word, "by": "somebody"}
        await post(node, "/v1/outcomes", body, answers.ReceiptAnswer, 201)
    await until(amber, lambda: len(amber.node.picture.outcomes.get(key, {})) == 2)

    (found,) = msgspec.json.decode((await amber.http.get("/v1/outcomes")).content, type=list[asking.OutcomesShown])

    assert [(said.party, said.outcome) for said in found.said] == [("amber", "IMPEDED"), ("birch", "FACILITATED")]


async def test_a_stop_by_voice_is_shown_unauthenticated_until_it_is_called_back(pair) -> None:
    """N5."""
    _, birch = pair
    typed = {"party": "amber", "text": "STOP STOP STOP\nFROM AMBER", "by": "T. Quill"}
    held = await post(birch, "/v1/stops/voice", typed, asking.VoiceStopShown, 201)
    assert held.state == "unauthenticated"
    assert held.telephone

    called = {"id": held.id, "result": "NOT_CONFIRMED", "by": "T. Quill", "spoke_to": "I. Maro"}
    held = await post(birch, "/v1/stops/voice/called", called, asking.VoiceStopShown)

    assert held.state == "not_confirmed"
    stranger = await birch.http.post("/v1/stops/voice", json=typed | {"party": "nobody"})
    assert stranger.json()["code"] == "not_found"
