"""/v1/zones."""

from __future__ import annotations

from typing import Any

from keepclear.core.timespan import SECOND_US, TimeSpan, parse_instant, zulu
from keepclear.core.zone import Zone
from keepclear.engine.zones import is_in_force
from keepclear.faces.http import render
from keepclear.faces.http.endpoint import Api, Asked, Endpoint
from keepclear.formats.agreement_toml import read_zone_text, write_zone
from keepclear.formats.api import answers, requests
from keepclear.formats.zones_geojson import zones_geojson
from keepclear.node.commands import AnnounceZone, ChangeZone, GiveBackZone, LiftZone
from keepclear.node.held import HeldAgreement, HeldZone


async def list_zones(api: Api, _: Asked) -> list[render.Shown]:
    """Zones: announced ones first, then those of every agreement in force."""
    picture = api.node.picture
    now_us = api.node.now_us()
    shown = [_announced(api, held, now_us) for held in picture.zones.values()]
    for held in picture.agreements.values():
        if held.is_in_force:
            shown += [_agreed(api, held, zone, now_us) for zone in held.agreement.zones]
    return shown


async def geojson(api: Api, _: Asked) -> render.Shown:
    """The same, to be drawn."""
    picture = api.node.picture
    return zones_geojson({key: zone for party in _all(api) for key, zone in picture.zones_for(party)}.items())


def _all(api: Api) -> list[str]:
    return [api.node.party, *api.node.picture.enrolled_peers()]


async def announce(api: Api, asked: Asked) -> render.Shown:
    """Announce a zone."""
    body: requests.AnnounceZoneRequest = asked.body
    command = AnnounceZone(read_zone_text(body.toml), body.by, body.to, body.reason)
    return await _answer(api, asked, command)


async def change(api: Api, asked: Asked) -> render.Shown:
    """State a zone anew."""
    body: requests.ChangeZoneRequest = asked.body
    return await _answer(api, asked, ChangeZone(read_zone_text(body.toml), body.version, body.by, body.reason))


async def lift(api: Api, asked: Asked) -> render.Shown:
    """It is no more."""
    body: requests.LiftZoneRequest = asked.body
    return await _answer(api, asked, LiftZone(asked.path["id"], body.version, body.by, body.reason))


async def give_back(api: Api, asked: Asked) -> render.Shown:
    """What is left is not needed."""
    body: requests.GiveBackZoneRequest = asked.body
    at_us = parse_instant(body.at, at="at") if body.at else 0
    used = tuple(TimeSpan(parse_instant(start, at="used"), parse_instant(end, at="used")) for start, end in body.used)
    command = GiveBackZone(asked.path["id"], body.version, body.by, at_us, used, body.reason)
    return await _answer(api, asked, command)


async def _answer(api: Api, asked: Asked, command: AnnounceZone | ChangeZone | LiftZone | GiveBackZone) -> render.Shown:
    receipt = await api.submit(asked, command)
    held = api.node.picture.zones.get(receipt.subject)
    shown = _announced(api, held, api.node.now_us()) if held is not None else None
    return {"receipt": render.receipt(receipt), "zone": shown}


def _announced(api: Api, held: HeldZone, now_us: int) -> render.Shown:
    standing = held.standing
    shown = _zone(api, held.key, held.zone, standing is not None and is_in_force(standing, now_us))
    span = held.zone.span
    end_us = min(span.end_us, held.given_back_at or span.end_us) if span is not None else held.given_back_at
    return shown | {
        "party": held.party,
        "state": held.state.value,
        "version": held.version,
        "told": list(held.to),
        "by": held.by,
        "given_back_at": render.instant(held.given_back_at),
        "used": [[zulu(start), zulu(end)] for start, end in held.used],
        "reserved_s": (span.end_us - span.start_us) // SECOND_US if span is not None else 0,
        "kept_s": max(0, end_us - span.start_us) // SECOND_US if span is not None else 0,
        "used_s": sum(end - start for start, end in held.used) // SECOND_US,
    }


def _agreed(api: Api, held: HeldAgreement, zone: Zone, now_us: int) -> render.Shown:
    shown = _zone(api, f"{held.hash[:16]}/{zone.id}", zone, held.agreement.holds(now_us) and is_in_force(zone, now_us))
    return shown | {"agreement": held.hash, "state": "agreed", "told": list(held.agreement.parties)}


def _zone(api: Api, key: str, zone: Zone, is_now: bool) -> render.Shown:
    met = api.node.picture.zones_met.items()
    return {
        "key": key,
        "id": zone.id,
        "name": zone.name,
        "kind": zone.kind.value,
        "rule": zone.rules[0].rule.value,
        "is_in_force": is_now,
        "start": zulu(zone.span.start_us) if zone.span else "",
        "end": zulu(zone.span.end_us) if zone.span else "",
        "met_by": [
            {"notice": notice, "rule": each.rule.value, "verdict": each.verdict.value, "start": zulu(each.start),
             "end": zulu(each.end), "is_late": each.is_late}
            for notice, found in met
            for each in found.found
            if each.zone == key
        ],
        "toml": write_zone(zone),
    }  # fmt: skip


ENDPOINTS = (
    Endpoint("GET", "/v1/zones", "Zones, announced and agreed, and the notices that meet them", list_zones,
             answer=list[answers.Zone]),
    Endpoint("GET", "/v1/zones/geojson", "Zones to be drawn: a FeatureCollection", geojson, answer=dict[str, Any]),
    Endpoint("POST", "/v1/zones", "Announce a zone of our own", announce,
             requests.AnnounceZoneRequest, answers.ZoneAnswer, 201),
    Endpoint("PUT", "/v1/zones/{id}", "State a zone of our own anew", change,
             requests.ChangeZoneRequest, answers.ZoneAnswer, errors=("not_found", "stale")),
    Endpoint("POST", "/v1/zones/{id}/lift", "A zone of our own is no more", lift,
             requests.LiftZoneRequest, answers.ZoneAnswer, errors=("not_found", "stale")),
    Endpoint("POST", "/v1/zones/{id}/give-back", "What is left of a zone of our own is not needed", give_back,
             requests.GiveBackZoneRequest, answers.ZoneAnswer, errors=("not_found", "stale")),
)  # fmt: skip
