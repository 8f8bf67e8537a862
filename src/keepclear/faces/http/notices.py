"""/v1/notices and /v1/check."""

from __future__ import annotations

from typing import Any

from keepclear.core.ids import check_party_id, check_serial, make_key
from keepclear.core.notice import Change, NoticeState, lead_time_s, whole_span
from keepclear.core.timespan import MINUTE_US, parse_instant, zulu
from keepclear.core.volume import Volume4D
from keepclear.engine.resolve import earliest_clear_start
from keepclear.errors import Malformed
from keepclear.faces.http import render
from keepclear.faces.http.endpoint import Api, Asked, Endpoint
from keepclear.faces.http.places import checks_of, flags_of, second_means
from keepclear.formats.api import answers, requests, volume_from_api
from keepclear.formats.api.asking import SpanRequest
from keepclear.node.commands import ChangeNotice, ExtendNotice, FileNotice, MoveNotice, ShortenNotice
from keepclear.node.consequences import conflicts_with, region_fault
from keepclear.node.decide.notices import check_volumes
from keepclear.node.entries import ConflictsFound
from keepclear.node.loop import Receipt

#: An earliest clear start is rounded up to this, so that it does not measure others' plans to the second.
_ROUNDED_UP_US = 5 * MINUTE_US


async def file_notice(api: Api, asked: Asked) -> render.Shown:
    """File a new notice."""
    command = await _command(api, asked.body)
    receipt = await api.submit(asked, command)
    return _answer(api, receipt, receipt.subject) | {"flags": flags_of(api.node, asked.body.volumes, command.volumes)}


async def change_notice(api: Api, asked: Asked) -> render.Shown:
    """State it anew, as a new version."""
    body: requests.ChangeNoticeRequest = asked.body
    serial = check_serial(asked.path["id"])
    if body.id and body.id != serial:
        raise Malformed(f"the path says {serial}, the body {body.id}", at="id")
    command = await _command(api, body)
    receipt = await api.submit(asked, ChangeNotice(serial, body.version, command, Change(body.change)))
    answer = _answer(api, receipt, make_key(api.node.party, serial))
    return answer | {"flags": flags_of(api.node, body.volumes, command.volumes)}


async def move_notice(api: Api, asked: Asked) -> render.Shown:
    """Activate or end it."""
    body: requests.MoveNoticeRequest = asked.body
    serial = check_serial(asked.path["id"])
    change = Change(body.change) if body.change is not None else None
    command = MoveNotice(serial, body.version, NoticeState(body.state), body.by, change)
    receipt = await api.submit(asked, command)
    return _answer(api, receipt, make_key(api.node.party, serial))


async def span_notice(api: Api, asked: Asked) -> render.Shown:
    """It ends later or earlier."""
    body: SpanRequest = asked.body
    serial = check_serial(asked.path["id"])
    until_us = parse_instant(body.until, at="until")
    make = ExtendNotice if body.change == "EXTEND" else ShortenNotice
    receipt = await api.submit(asked, make(serial, body.version, until_us, body.by))
    return _answer(api, receipt, make_key(api.node.party, serial))


async def list_notices(api: Api, asked: Asked) -> list[render.Shown]:
    """Notices in the picture."""
    live, now_us = asked.flag("live"), api.node.now_us()
    held = api.node.picture.notices.values()
    return [render.notice(api.node, each) for each in held if live is None or each.is_live(now_us) is live]


async def get_notice(api: Api, asked: Asked) -> render.Shown:
    """One notice."""
    party, serial = check_party_id(asked.path["party"]), check_serial(asked.path["id"])
    return render.notice(api.node, api.node.picture.notice(make_key(party, serial)))


async def check(api: Api, asked: Asked) -> render.Shown:
    """What these volumes would conflict with, by what is on our record; nothing is recorded or sent."""
    body: requests.CheckRequest = asked.body
    node, volumes = api.node, _volumes(body.volumes)
    now_us, picture = node.now_us(), node.picture
    check_volumes(volumes, now_us, node.settings)
    peers = tuple(picture.enrolled_peers())
    found = conflicts_with(
        picture, "", volumes, mode=body.mode, now_us=now_us, parties=(node.party, *peers), settings=node.settings
    )
    pairs = [(party, pair) for party, of_party in found.items() for pair in of_party]
    lead_s = lead_time_s(whole_span(volumes).start_us, now_us)
    agreements = {peer: agreement for peer in peers if (agreement := picture.agreement_with(peer)) is not None}
    words = next((words for each in agreements.values() if (words := region_fault(body.region, volumes, each))), ())
    # Numbered by their place in this answer: what is only being drawn has no number in the record.
    said = await second_means(node, api.own_places, body.seen_from)
    return {
        "conflicts": [
            render.conflict(ConflictsFound(node.party, "", 0, party, ()), pair, number)
            for number, (party, pair) in enumerate(pairs, start=1)
        ],
        "lead_s": lead_s,
        "is_short": {peer: lead_s < each.deadlines.notice_before_s for peer, each in agreements.items()},
        "contradiction": {"said": words[0], "fits": words[1]} if words else None,
        "earliest_clear_start": _earliest(api, volumes, [make_key(party, pair.id) for party, pair in pairs]),
        "place_check": checks_of(node, said, volumes),
        "flags": flags_of(node, body.volumes, volumes),
    }


def _earliest(api: Api, volumes: tuple[Volume4D, ...], keys: list[str]) -> str:
    """When it could start and be clear of what it conflicts with now; empty when clear, or never within 30 days."""
    if not keys:
        return ""
    picture = api.node.picture
    held = [picture.notices[key] for key in keys]
    others = [(volume, picture.separation_to(notice.party)) for notice in held for volume in notice.volumes]
    start_us = earliest_clear_start(volumes, others)
    return zulu(-(-start_us // _ROUNDED_UP_US) * _ROUNDED_UP_US) if start_us is not None else ""


async def _command(api: Api, body: requests.FileNoticeRequest) -> FileNotice:
    return FileNotice(
        volumes=_volumes(body.volumes),
        by=body.by,
        kind=body.kind,
        action=body.action,
        id=body.id,
        region=body.region,
        seen_from=await second_means(api.node, api.own_places, body.seen_from),
        contact=body.contact,
        remarks=body.remarks,
        activity=body.activity,
        slowest_mps=body.slowest_mps,
        reaction_s=body.reaction_s,
        mode=body.mode,
        confirmed=body.confirmed,
        timing=body.timing,
        reason=body.reason,
        movement=requests.movement_from_api(body.movement),
    )


def _volumes(volumes: tuple[Any, ...]) -> tuple[Volume4D, ...]:
    return tuple(volume_from_api(volume, at=f"volumes[{number}]") for number, volume in enumerate(volumes))


def _answer(api: Api, receipt: Receipt, key: str) -> render.Shown:
    held = api.node.picture.notices.get(key)
    # None: a request repeated more than an hour after the notice ended. The receipt stands; the picture has let it go.
    return {
        "receipt": render.receipt(receipt),
        "notice": render.notice(api.node, held) if held else None,
        "conflicts": render.conflicts_of(api.node, held) if held else [],
    }


ENDPOINTS = (
    Endpoint(
        "POST", "/v1/notices", "File a notice; told to every party that may see it", file_notice,
        requests.FileNoticeRequest, answers.NoticeAnswer, 201, errors=("contradiction", "limit_reached"),
    ),
    Endpoint(
        "GET", "/v1/notices", "Notices in the picture: live ones, and those that ended within the hour", list_notices,
        answer=list[answers.Notice], query={"live": "true: live ones only; false: ended ones only"},
    ),
    Endpoint("POST", "/v1/check", "What would conflict with these volumes? Nothing is recorded", check,
             requests.CheckRequest, answers.CheckAnswer),
    Endpoint(
        "POST", "/v1/notices/{id}/state", "Activate or end a notice of ours", move_notice,
        requests.MoveNoticeRequest, answers.NoticeAnswer, errors=("stale", "unlawful_change"),
    ),
    Endpoint(
        "POST", "/v1/notices/{id}/span", "A notice of ours ends later or earlier than it said", span_notice,
        SpanRequest, answers.NoticeAnswer, errors=("stale", "unlawful_change"),
    ),
    Endpoint(
        "PUT", "/v1/notices/{id}", "State a notice of ours anew, as its next version", change_notice,
        requests.ChangeNoticeRequest, answers.NoticeAnswer, errors=("stale", "unlawful_change", "contradiction"),
    ),
    Endpoint("GET", "/v1/notices/{party}/{id}", "One notice", get_notice, answer=answers.Notice, errors=("not_found",)),
)  # fmt: skip
