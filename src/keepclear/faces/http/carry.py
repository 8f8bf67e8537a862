"""/v1/carry: what somebody carries to a peer, and what somebody brought, when nothing connects the two (V4)."""

from __future__ import annotations

from keepclear.core.ids import check_party_id
from keepclear.faces.http.endpoint import Api, Asked, Endpoint, Raw
from keepclear.formats.api import answers, requests

MEDIA_TYPE = "application/x-ndjson"


async def carry_out(api: Api, asked: Asked) -> Raw:
    """Signed lines for a peer."""
    lines = api.node.carry_out(check_party_id(asked.path["party"]))
    return Raw(b"".join(lines), MEDIA_TYPE)


async def carry_in(api: Api, asked: Asked) -> answers.CarriedAnswer:
    """One line that was brought."""
    body: requests.CarryRequest = asked.body
    came = await api.node.carry_in(body.line.encode())
    return answers.CarriedAnswer(came.sender, came.taken, came.holds, came.has_gap, came.may_answer)


ENDPOINTS = (
    Endpoint("GET", "/v1/carry/{party}", "What is to be carried to a peer: signed lines", carry_out, answer=bytes,
             media_type=MEDIA_TYPE, errors=("limit_reached",)),
    Endpoint("POST", "/v1/carry", "Take in one line that was carried here", carry_in,
             requests.CarryRequest, answers.CarriedAnswer, errors=("tampered", "split_view", "unavailable")),
)  # fmt: skip
