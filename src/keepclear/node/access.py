"""Who is asking, and what they may ask: one table of roles and rights, one of endpoints and what each needs."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from keepclear.core.duty import Role
from keepclear.errors import NotAllowed


class Right(enum.StrEnum):
    """A sort of thing that can be asked."""

    LOOK = "look"  # read what is in force, and the record
    STOP = "stop"  # ask the other side to stop: anyone who sees danger may (N5)
    PLAN = "plan"  # file, change and end notices
    ACT = "act"  # answer, test the line, keep the log, hold the watch, pass on
    AGREE = "agree"  # sign terms, suspend a channel
    ENROL = "enrol"  # other parties' keys
    PEOPLE = "people"  # who is of our party
    SELF = "self"  # one's own password and passkeys


_EVERYBODY: Final = frozenset({Right.LOOK, Right.STOP, Right.SELF})
#: What each role may ask. One person may have several.
RIGHTS: Final[dict[Role, frozenset[Right]]] = {
    Role.OBSERVER: _EVERYBODY,
    Role.PLANNER: _EVERYBODY | {Right.PLAN},
    Role.DUTY_OFFICER: _EVERYBODY | {Right.PLAN, Right.ACT},
    Role.SUPERVISOR: _EVERYBODY | {Right.PLAN, Right.ACT, Right.AGREE},
    Role.ADMIN: _EVERYBODY | {Right.ENROL, Right.PEOPLE},
}

#: What an endpoint that changes something needs, by its method and the beginning of its path; the longest one counts.
#: What stands nowhere needs ACT, so that an endpoint that nobody thought of is not open to those who only look.
_NEEDED: Final[tuple[tuple[str, Right], ...]] = (
    ("POST /v1/stops", Right.STOP),
    ("POST /v1/stops/answer", Right.ACT),
    ("POST /v1/notices", Right.PLAN),
    ("PUT /v1/notices", Right.PLAN),
    ("POST /v1/check", Right.LOOK),
    ("POST /v1/requests", Right.PLAN),
    ("POST /v1/requests/reply", Right.ACT),
    ("POST /v1/drafts", Right.PLAN),
    ("POST /v1/agreements", Right.AGREE),
    ("POST /v1/line/channel", Right.AGREE),
    ("POST /v1/peers", Right.ENROL),
    ("DELETE /v1/peers", Right.ENROL),
    ("POST /v1/people", Right.PEOPLE),
    ("POST /v1/session/link", Right.PEOPLE),
    ("POST /v1/account", Right.SELF),
    ("DELETE /v1/account", Right.SELF),
    ("DELETE /v1/session", Right.SELF),
)


def needed(method: str, path: str) -> Right:
    """The right that an endpoint needs.

    >>> needed("GET", "/v1/picture"), needed("POST", "/v1/stops/answer"), needed("POST", "/v1/something/new")
    (<Right.LOOK: 'look'>, <Right.ACT: 'act'>, <Right.ACT: 'act'>)
    """
    if method in ("GET", "HEAD"):
        return Right.LOOK
    asked = f"{method} {path}"
    found = [(begin, right) for begin, right in _NEEDED if asked == begin or asked.startswith(f"{begin}/")]
    return max(found, key=lambda each: len(each[0]))[1] if found else Right.ACT


@dataclass(frozen=True, slots=True)
class Caller:
    """A person or program of our own party, as a credential showed.

    Attributes:
        login, name: of the person who signed in; empty for a program with the API token, and for whoever opened a
            link while there were no accounts: under which name they act is then theirs to give.
        roles: what that person is there for.
    """

    party: str
    login: str = ""
    name: str = ""
    roles: tuple[Role, ...] = ()

    def may(self, right: Right) -> bool:
        """Whether this caller may ask such a thing. Who is no person but holds the key of the house may ask all."""
        return not self.login or any(right in RIGHTS[role] for role in self.roles)


def require_may_command(caller: Caller, party: str, method: str = "POST", path: str = "") -> None:
    """Raise NotAllowed unless the caller may ask this party's node for this."""
    if caller.party != party:
        raise NotAllowed(f"{caller.party} does not command {party}")
    right = needed(method, path)
    if not caller.may(right):
        roles = ", ".join(caller.roles) or "nothing"
        raise NotAllowed(f"{caller.name} is {roles} here, and may not {right}", at="role")
