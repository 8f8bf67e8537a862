"""What belongs to no one subject: the picture, who we are, our clock, health, the reference, links to the console."""

from __future__ import annotations

from keepclear.core.timespan import zulu
from keepclear.errors import NotFound
from keepclear.faces.caller import LINK_LIFE_US
from keepclear.faces.http import render
from keepclear.faces.http.endpoint import Api, Asked, Endpoint, Raw
from keepclear.formats.api import answers, requests
from keepclear.node.commands import ConfirmClock


async def picture(api: Api, _: Asked) -> render.Shown:
    """All that is in force now."""
    return render.picture(api.node, has_reference=api.reference is not None)


async def identity(api: Api, _: Asked) -> answers.IdentityAnswer:
    """Who we are."""
    ours = api.node.loop.identity
    return answers.IdentityAnswer({name: str(value) for name, value in ours.to_json().items()}, ours.fingerprint())


async def health(api: Api, _: Asked) -> answers.Health:
    """Whether commands can be recorded. Says nothing that a stranger on this machine may not know."""
    fault = api.node.loop.store_fault
    return answers.Health(not fault, answers.StoreState(not fault, fault))


async def confirm_clock(api: Api, asked: Asked) -> render.Shown:
    """A person vouches for our clock."""
    body: requests.ConfirmClockRequest = asked.body
    return {"receipt": render.receipt(await api.submit(asked, ConfirmClock(body.by)))}


async def reference(api: Api, _: Asked) -> Raw:
    """The reference view that this node was started with."""
    if api.reference is None:
        raise NotFound("this node was started without a reference view")
    return Raw(api.reference, "application/json")


async def new_link(api: Api, _: Asked) -> answers.Link:
    """A link that opens the console once."""
    code = api.doorman.sessions.new_link()
    return answers.Link(f"{api.base_url}/open?code={code}", zulu(api.node.wall_us() + LINK_LIFE_US))


ENDPOINTS = (
    Endpoint("GET", "/v1/picture", "All that is in force now", picture, answer=answers.Picture),
    Endpoint("GET", "/v1/identity", "Who we are: public keys and their fingerprint", identity,
             answer=answers.IdentityAnswer),
    Endpoint("GET", "/v1/health", "Whether this node can take and record commands", health, answer=answers.Health,
             needs_caller=False),
    Endpoint("POST", "/v1/clock/confirm", "A person looked at another clock and vouches for ours", confirm_clock,
             requests.ConfirmClockRequest, answers.ReceiptAnswer),
    Endpoint("GET", "/v1/reference", "The reference view that this node was started with", reference, answer=bytes,
             errors=("not_found",)),
    Endpoint("POST", "/v1/session/link", "A link that opens the console once, within ten minutes", new_link,
             answer=answers.Link, status=201),
)  # fmt: skip
