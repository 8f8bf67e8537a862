"""/v1/dissemination and /v1/relays: passing on, inside and to third parties (D1, D2)."""

from __future__ import annotations

import msgspec

from keepclear.core.dissemination import reached
from keepclear.core.ids import make_key
from keepclear.errors import Malformed, NotFound
from keepclear.faces.http import render
from keepclear.faces.http.endpoint import Api, Asked, Endpoint, Raw
from keepclear.formats.api import dissemination as shapes
from keepclear.formats.dissemination import Opening, write_opening
from keepclear.node.commands import Command, ConfirmGroup, PassOn, RelayNotice, SetGroup, TellDisseminated
from keepclear.node.entries.dissemination import Disseminated
from keepclear.node.helddissemination import HeldRelay, Passing, ToldUs
from keepclear.node.logs import channel, read_entry
from keepclear.node.node import Node
from keepclear.record.bundle import make_bundle


async def dissemination(api: Api, _: Asked) -> render.Shown:
    """Groups, what went to them, what others said, and relays."""
    held = api.node.picture.passing_on
    return {
        "groups": [
            {"group": each.id, "name": each.name, "members": list(each.members)} for each in held.groups.values()
        ],
        "passed": [_passed(key, version, each) for (key, version), each in held.passings.items()],
        "told_us": [_told_us(key, each) for (key, _), each in held.told_us.items()],
        "relays": [_relay(each) for each in held.relays.values()],
    }


async def set_group(api: Api, asked: Asked) -> render.Shown:
    """Addressees of our own."""
    body: shapes.SetGroupRequest = asked.body
    return await _done(api, asked, SetGroup(body.group, body.name, body.members, body.by))


async def pass_on(api: Api, asked: Asked) -> render.Shown:
    """It went to groups."""
    body: shapes.PassOnRequest = asked.body
    command = PassOn(body.notice, body.version, body.groups, body.by)
    return await _done(api, asked, command, body.notice, body.version)


async def confirm_group(api: Api, asked: Asked) -> render.Shown:
    """A named person has it."""
    body: shapes.ConfirmGroupRequest = asked.body
    command = ConfirmGroup(body.notice, body.version, body.group, body.person, body.by)
    return await _done(api, asked, command, body.notice, body.version)


async def tell_disseminated(api: Api, asked: Asked) -> render.Shown:
    """Tell the other side how far."""
    body: shapes.TellDisseminatedRequest = asked.body
    command = TellDisseminated(body.notice, body.version, body.by, body.shows)
    return await _done(api, asked, command, body.notice, body.version)


async def opening(api: Api, asked: Asked) -> Raw:
    """The file that opens our newest commitment about a version of a notice."""
    key, version = asked.query.get("notice", ""), asked.number("version", 0, most=100_000)
    if not key or not version:
        raise Malformed("say which: ?notice=amber/A-0412&version=1", at="notice")
    passing = api.node.picture.passing_on.passings.get((key, version))
    if passing is None or not passing.told or passing.told[2] not in passing.lists:
        raise NotFound(f"we told nobody that {key} v{version} was passed on", at="notice")
    value, salt = passing.lists[passing.told[2]]
    log = channel(api.node.party, passing.ref.party)
    proof = api.node.proof(log, _index_of(api.node, log, passing.told[2]))
    made = Opening(
        api.node.loop.identity.to_json(), proof.data.decode(), make_bundle(proof.index, proof.path, proof.checkpoint),
        msgspec.json.decode(value), salt,
    )  # fmt: skip
    return Raw(write_opening(made), "application/json")


def _index_of(node: Node, log: str, commitment: str) -> int:
    """Where in our channel a commitment was told: looked for from its end, since an opening is asked for rarely."""
    page = 500
    for end in range(node.loop.logs.size(log), 0, -page):
        first = max(0, end - page)
        for stored in reversed(node.store.log_entries(log, first, end - first)):
            body = read_entry(stored.data, stored.leaf).body
            if isinstance(body, Disseminated) and body.commitment == commitment:
                return stored.n
    raise NotFound("no entry of ours holds this commitment", at="commitment")


async def relay_notice(api: Api, asked: Asked) -> render.Shown:
    """Tell a third party."""
    body: shapes.RelayRequest = asked.body
    if body.source in api.node.picture.passing_on.relays:
        return await _done(api, asked, RelayNotice(body.source, body.to, body.by))
    latest = api.node.picture.notice(body.source).latest
    proof = api.node.proof(latest.log, latest.n)
    bundle = make_bundle(proof.index, proof.path, proof.checkpoint)
    return await _done(api, asked, RelayNotice(body.source, body.to, body.by, proof.data, bundle))


async def _done(api: Api, asked: Asked, command: Command, key: str = "", version: int = 0) -> render.Shown:
    receipt = await api.submit(asked, command)
    passing = api.node.picture.passing_on.passings.get((key, version))
    return {
        "receipt": render.receipt(receipt),
        "subject": receipt.subject,
        "passed": _passed(key, version, passing) if passing else None,
    }


def _passed(key: str, version: int, held: Passing) -> render.Shown:
    names = {group: person for group, (person, _) in held.confirmed.items()}
    count = reached(held.groups, names)
    return {
        "notice": key,
        "version": version,
        "at": render.instant(held.at),
        "receipts": [
            {
                "group": group, "name": name, "person": names.get(group, ""),
                "at": render.instant(held.confirmed.get(group, ("", 0))[1]),
            }
            for group, name in sorted(held.groups.items())
        ],
        "reached": count[0],
        "groups": count[1],
        "told": render.instant(held.told_at),
        "told_counts": held.told[:2] if held.told else None,
        "commitment": held.told[2] if held.told else "",
        "reminders": held.reminders,
    }  # fmt: skip


def _told_us(key: str, held: ToldUs) -> render.Shown:
    return {
        "notice": key, "version": held.version, "party": held.party, "reached": held.reached, "groups": held.groups,
        "commitment": held.commitment, "at": render.instant(held.at), "by": held.by,
    }  # fmt: skip


def _relay(held: HeldRelay) -> render.Shown:
    sent = held.sent
    return {
        "relay": held.key, "party": held.party, "to": held.to, "mode": held.mode.value, "at": render.instant(held.at),
        "by": sent.by, "origin": sent.origin, "notice": make_key(sent.origin, sent.said.id),
        "version": sent.said.version, "state": sent.said.state.value, "log": sent.log, "index": sent.index,
        "leaf": sent.leaf, "content": sent.content, "trail": list(sent.trail),
        "word": held.word.value if held.word else "", "proved": held.proved,
    }  # fmt: skip


ENDPOINTS = (
    Endpoint("GET", "/v1/dissemination", "Passing on: groups, receipts by name, what was told, relays", dissemination,
             answer=shapes.Dissemination),
    Endpoint("POST", "/v1/dissemination/groups", "Make, change or drop a group of addressees of our own", set_group,
             shapes.SetGroupRequest, shapes.PassingAnswer, 201, errors=("not_found",)),
    Endpoint("POST", "/v1/dissemination/passed", "Another party's notice went to groups of ours", pass_on,
             shapes.PassOnRequest, shapes.PassingAnswer, 201, errors=("not_found",)),
    Endpoint("POST", "/v1/dissemination/confirmed", "A named person of a group has it", confirm_group,
             shapes.ConfirmGroupRequest, shapes.PassingAnswer, errors=("not_found", "unlawful_change")),
    Endpoint("POST", "/v1/dissemination/told", "Tell the other side how far it was passed on", tell_disseminated,
             shapes.TellDisseminatedRequest, shapes.PassingAnswer, errors=("not_found",)),
    Endpoint("GET", "/v1/dissemination/opening", "The file that opens our commitment about a notice", opening,
             answer=bytes, query={"notice": "party/serial", "version": "of the notice"}, errors=("not_found",)),
    Endpoint("POST", "/v1/relays", "Tell a third party of a notice, citing where it stands", relay_notice,
             shapes.RelayRequest, shapes.PassingAnswer, 201, errors=("not_found", "unlawful_change")),
)  # fmt: skip
