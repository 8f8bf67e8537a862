"""`keepclear user`: the people of our party, what they are there for, and how they sign in (D3)."""

from __future__ import annotations

from typing import Annotated

import typer

from keepclear.cli.common import HERE, AsJson, By, Home, client_of, say, show, table

Login = Annotated[str, typer.Argument(metavar="LOGIN", help="The name to sign in with: imaro.")]


def list_people(home: Home = HERE, as_json: AsJson = False) -> None:
    """List the people of our party."""
    from keepclear.formats.api.watch import PersonShown

    with client_of(home) as client:
        people = client.ask("GET", "/v1/people", list[PersonShown])
    rows = [
        (
            each.login, each.name, ", ".join(each.roles), each.desk, each.telephone,
            f"{'password' if each.has_password else 'no password'}, {each.passkeys} passkeys",
        )
        for each in people
    ]  # fmt: skip
    heads = ("login", "name", "roles", "desk", "telephone", "signs in with")
    show(people, lambda: table([heads, *rows]) or ["nobody is named yet"], as_json=as_json)


def add(
    login: Login,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As they sign: I. Maro.")],
    role: Annotated[list[str], typer.Option(help="duty_officer, supervisor, planner, observer, admin.")],
    by: By,
    home: Home = HERE,
    desk: Annotated[str, typer.Option(help="Where they sit.")] = "",
    telephone: Annotated[str, typer.Option(help="Where they are reached; on the watch sheet.")] = "",
    as_json: AsJson = False,
) -> None:
    """Name a person, or change what they are there for."""
    from keepclear.client import to_request
    from keepclear.formats.api.watch import SetPersonRequest, WatchAnswer

    values = {"login": login, "name": name, "roles": role, "by": by, "desk": desk, "telephone": telephone}
    with client_of(home) as client:
        done = client.ask("POST", "/v1/people", WatchAnswer, to_request(SetPersonRequest, values))
    show(done, lambda: (f"{login} signs as {name}: {', '.join(role)}",), as_json=as_json)


def link(login: Login, home: Home = HERE, as_json: AsJson = False) -> None:
    """Make a one-time link for one person: to set a first password, or when they have lost it. It is for them alone."""
    from urllib.parse import quote

    from keepclear.formats.api.session import PersonLink

    with client_of(home) as client:
        made = client.ask("POST", f"/v1/people/{quote(login, safe='')}/link", PersonLink)
    show(made, lambda: (f"{made.url}", f"opens once, as {login}, until {made.until}"), as_json=as_json)


def password(login: Login, home: Home = HERE) -> None:
    """Set a person's password; it is asked for unseen. Every session of theirs is closed."""
    from keepclear.formats.api.session import AccountShown, SetPasswordRequest

    given: str = typer.prompt("New password, 12 characters at least", hide_input=True, confirmation_prompt=True)
    with client_of(home) as client:
        client.ask("POST", "/v1/account/password", AccountShown, SetPasswordRequest(password=given, login=login))
    say(f"{login} signs in with it from now on")


def remove(login: Login, by: By, home: Home = HERE, as_json: AsJson = False) -> None:
    """Take a person out. What they signed stays in the record."""
    from keepclear.client import to_request
    from keepclear.formats.api.watch import PersonShown, SetPersonRequest, WatchAnswer

    with client_of(home) as client:
        people = {each.login: each.name for each in client.ask("GET", "/v1/people", list[PersonShown])}
        values = {"login": login, "name": people.get(login, login), "roles": [], "by": by}
        done = client.ask("POST", "/v1/people", WatchAnswer, to_request(SetPersonRequest, values))
    show(done, lambda: (f"{login} is no longer of this party",), as_json=as_json)
