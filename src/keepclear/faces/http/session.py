"""/v1/session and /v1/account: signing in, with a password or a passkey, and what one signs in with."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from keepclear.core.timespan import zulu
from keepclear.errors import InvariantBroken, NotAllowed, NotFound, NotKnown
from keepclear.faces.accounts import Accounts
from keepclear.faces.caller import LINK_LIFE_US
from keepclear.faces.http import render
from keepclear.faces.http.endpoint import Api, Asked, Endpoint, Raw, encode
from keepclear.formats.api import session as shapes
from keepclear.node.access import Caller, Right
from keepclear.node.heldduty import HeldPerson


async def who(api: Api, asked: Asked) -> render.Shown:
    """Who is signed in here. Tells a stranger only whether there are accounts."""
    accounts = _accounts(api)
    try:
        caller = api.doorman.caller("GET", asked.headers)
    except NotKnown:
        return {"accounts": accounts.exist(), "signed_in": False}
    return _shown(accounts, caller)


async def sign_in(api: Api, asked: Asked) -> Raw:
    """With a password."""
    body: shapes.SignInRequest = asked.body
    return _begin(api, asked, await _accounts(api).check_password(body.login, body.password))


async def passkey_options(api: Api, asked: Asked) -> dict[str, Any]:
    """What a browser needs to show a passkey."""
    return _accounts(api).authentication(_rp(asked.headers))


async def sign_in_with_passkey(api: Api, asked: Asked) -> Raw:
    """With a passkey."""
    body: shapes.PasskeyRequest = asked.body
    rp = _rp(asked.headers)
    person = _accounts(api).check_passkey(body.credential, rp=rp, origin=_origin(asked.headers))
    return _begin(api, asked, person)


async def sign_out(api: Api, asked: Asked) -> Raw:
    """Close this session."""
    api.doorman.sessions.end(api.doorman.session_of(asked.headers))
    body = encode({"accounts": _accounts(api).exist(), "signed_in": False})
    return Raw(body, "application/json", [(b"set-cookie", api.doorman.sessions.no_cookie())])


async def account(api: Api, asked: Asked) -> render.Shown:
    """How one signs in."""
    return _account(api, _own(asked))


async def set_password(api: Api, asked: Asked) -> Raw:
    """One's own password. Every other session of that person is closed, and this one goes on under a new name."""
    body: shapes.SetPasswordRequest = asked.body
    accounts, sessions = _accounts(api), api.doorman.sessions
    caller = asked.caller or Caller(api.node.party)
    login = caller.login or body.login
    if not login:
        raise NotFound("say whose password: login", at="login")
    session = api.doorman.session_of(asked.headers)
    if caller.login and accounts.of(login).password and not sessions.was_opened_by_link(session):
        await accounts.check_password(login, body.old)
    await accounts.set_password(login, body.password)
    sessions.end_all(login)
    cookie = [(b"set-cookie", sessions.cookie(sessions.begin(login)))] if caller.login else []
    return Raw(encode(_account(api, login)), "application/json", cookie)


async def new_passkey_options(api: Api, asked: Asked) -> dict[str, Any]:
    """What a browser needs to make a passkey."""
    return _accounts(api).registration(_own(asked), _rp(asked.headers))


async def add_passkey(api: Api, asked: Asked) -> render.Shown:
    """Keep a passkey."""
    body: shapes.NewPasskeyRequest = asked.body
    login, rp = _own(asked), _rp(asked.headers)
    _accounts(api).register(login, body.credential, body.name, rp=rp, origin=_origin(asked.headers))
    return _account(api, login)


async def drop_passkey(api: Api, asked: Asked) -> render.Shown:
    """Forget a passkey."""
    login = _own(asked)
    _accounts(api).drop_passkey(login, asked.path["id"])
    return _account(api, login)


async def person_link(api: Api, asked: Asked) -> render.Shown:
    """A one-time link for one person: to set a first password, or when they have lost it."""
    login = asked.path["login"]
    if login not in api.node.picture.watch.people:
        raise NotFound(f"nobody is named {login[:40]}", at="login")
    code = api.doorman.sessions.new_link(login)
    until = zulu(api.node.wall_us() + LINK_LIFE_US)
    return {"login": login, "url": f"{api.base_url}/open?code={code}", "until": until}


# ------------------------------------------------------------------------------------------------------------ inside


def _accounts(api: Api) -> Accounts:
    if api.doorman.accounts is None:
        raise InvariantBroken("the console was opened without accounts")
    return api.doorman.accounts


def _begin(api: Api, asked: Asked, person: HeldPerson) -> Raw:
    """A session under a new name; the one that the browser brought along is closed (session fixation)."""
    sessions = api.doorman.sessions
    sessions.end(api.doorman.session_of(asked.headers))
    cookie = sessions.cookie(sessions.begin(person.login))
    caller = Caller(api.node.party, person.login, person.name, person.roles)
    return Raw(encode(_shown(_accounts(api), caller)), "application/json", [(b"set-cookie", cookie)])


def _shown(accounts: Accounts, caller: Caller) -> render.Shown:
    return {
        "accounts": accounts.exist(), "signed_in": bool(caller.login), "login": caller.login, "name": caller.name,
        "roles": [role.value for role in caller.roles], "may": [right.value for right in Right if caller.may(right)],
    }  # fmt: skip


def _account(api: Api, login: str) -> render.Shown:
    held = _accounts(api).of(login)
    passkeys = [{"id": each.id, "name": each.name} for each in held.passkeys]
    return {"login": login, "has_password": bool(held.password), "passkeys": passkeys}


def _own(asked: Asked) -> str:
    if asked.caller is None or not asked.caller.login:
        raise NotAllowed("this is for a person who is signed in", at="session")
    return asked.caller.login


def _rp(headers: Mapping[bytes, bytes]) -> str:
    """The name that passkeys are for. An address is none: browsers make passkeys for names alone."""
    host = headers.get(b"host", b"").decode("latin-1")
    name = host.rpartition(":")[0] or host
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return name
    port = host.rpartition(":")[2]
    raise NotAllowed(f"a passkey is for a name: open the console as https://localhost:{port}", at="host")


def _origin(headers: Mapping[bytes, bytes]) -> str:
    return "https://" + headers.get(b"host", b"").decode("latin-1")


ENDPOINTS = (
    Endpoint("GET", "/v1/session", "Who is signed in, and what they may ask", who, answer=shapes.SessionShown,
             needs_caller=False),
    Endpoint("POST", "/v1/session", "Sign in with a password", sign_in, shapes.SignInRequest, shapes.SessionShown,
             needs_caller=False, errors=("too_many_tries",)),
    Endpoint("DELETE", "/v1/session", "Sign out", sign_out, answer=shapes.SessionShown),
    Endpoint("POST", "/v1/session/passkey/options", "What a browser needs to sign in with a passkey", passkey_options,
             answer=dict[str, Any], needs_caller=False),
    Endpoint("POST", "/v1/session/passkey", "Sign in with a passkey", sign_in_with_passkey, shapes.PasskeyRequest,
             shapes.SessionShown, needs_caller=False),
    Endpoint("GET", "/v1/account", "How one signs in", account, answer=shapes.AccountShown),
    Endpoint("POST", "/v1/account/password", "Set one's own password", set_password, shapes.SetPasswordRequest,
             shapes.AccountShown, errors=("not_found", "too_many_tries")),
    Endpoint("POST", "/v1/account/passkeys/options", "What a browser needs to make a passkey", new_passkey_options,
             answer=dict[str, Any]),
    Endpoint("POST", "/v1/account/passkeys", "Keep a passkey", add_passkey, shapes.NewPasskeyRequest,
             shapes.AccountShown, 201),
    Endpoint("DELETE", "/v1/account/passkeys/{id}", "Forget a passkey", drop_passkey, answer=shapes.AccountShown,
             errors=("not_found",)),
    Endpoint("POST", "/v1/people/{login}/link", "A one-time link for one person, signed in as them", person_link,
             answer=shapes.PersonLink, status=201, errors=("not_found",)),
)  # fmt: skip
