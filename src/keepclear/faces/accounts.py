"""Accounts: how people of our party sign in, with a password or a passkey; what is slow is done by a worker.

Who they are and what they are there for stands in the private record. What opens the door for them stands in a file
beside it, and in no record: passwords as argon2, passkeys as public keys. There is no default password.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import msgspec

from keepclear.core.timespan import MINUTE_US, SECOND_US
from keepclear.errors import LimitReached, NotAllowed, NotFound, NotKnown, Refused
from keepclear.formats.accounts import Account, Passkey
from keepclear.node.heldduty import HeldPerson
from keepclear.node.ports import Clock, Entropy

PASSWORD_MIN: Final = 12
PASSWORD_MAX: Final = 200
PASSKEYS_MAX: Final = 10
#: Tries that cost nothing; from then on each failure doubles the wait, up to five minutes.
FREE_TRIES: Final = 3
WAIT_MAX_S: Final = 300
#: Names whose failures are counted; beyond it the oldest is forgotten, and unknown names share one count.
COUNTED_MAX: Final = 1_000
CHALLENGE_LIFE_US: Final = 5 * MINUTE_US
CHALLENGES_MAX: Final = 64
CHALLENGE_BYTES: Final = 32


class TooManyTries(Refused):
    """Somebody tries passwords: wait, and try again."""

    code, status = "too_many_tries", 429


class AccountStore(Protocol):
    """Where accounts lie. `write` is durable when it returns."""

    def read(self) -> dict[str, Account]:
        """Login to account."""
        ...

    def write(self, accounts: Mapping[str, Account]) -> None:
        """All of them, whole or not at all. Raises StoreFailed."""
        ...


class Passwords(Protocol):
    """Hashes passwords, slowly, without holding anybody up."""

    async def make(self, password: str) -> str:
        """A hash with its own salt and parameters."""
        ...

    async def fits(self, made: str, password: str) -> bool:
        """Whether the password is the one; an empty hash takes as long, and fits nothing."""
        ...


class Passkeys(Protocol):
    """What WebAuthn asks and proves. Values are the JSON of the browser's own interface."""

    def registration(self, rp: str, login: str, name: str, challenge: bytes, known: tuple[str, ...]) -> dict[str, Any]:
        """Options for `navigator.credentials.create`."""
        ...

    def registered(self, credential: dict[str, Any], *, rp: str, origin: str, challenge: bytes) -> tuple[str, str, int]:
        """Id, public key and count of a new passkey. Raises NotKnown."""
        ...

    def authentication(self, rp: str, challenge: bytes) -> dict[str, Any]:
        """Options for `navigator.credentials.get`."""
        ...

    def proved(self, credential: dict[str, Any], passkey: Passkey, *, rp: str, origin: str, challenge: bytes) -> int:
        """The new count, when the passkey signed this challenge for this page. Raises NotKnown."""
        ...


class Throttle:
    """Slows whoever guesses: by time that is given, never by a wait of ours."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failed: dict[str, tuple[int, int]] = {}

    def check(self, name: str) -> None:
        """Raise TooManyTries while a name has to wait."""
        count, since_us = self._failed.get(name, (0, 0))
        if count < FREE_TRIES:
            return
        wait_s = min(WAIT_MAX_S, 2 ** min(count - FREE_TRIES, 10))
        left_us = since_us + wait_s * SECOND_US - self._clock.elapsed_us()
        if left_us > 0:
            raise TooManyTries(f"{count} tries failed: again in {-(-left_us // SECOND_US)} s", at="password")

    def failed(self, name: str) -> None:
        """One more failure."""
        count = self._failed.pop(name, (0, 0))[0]
        while len(self._failed) >= COUNTED_MAX:
            del self._failed[next(iter(self._failed))]
        self._failed[name] = (count + 1, self._clock.elapsed_us())

    def passed(self, name: str) -> None:
        """It was them: nothing is counted any more."""
        self._failed.pop(name, None)


@dataclass(slots=True)
class Accounts:
    """All accounts of one party.

    Attributes:
        people: login to person, as the private record names them now.
    """

    store: AccountStore
    passwords: Passwords
    passkeys: Passkeys
    people: Callable[[], Mapping[str, HeldPerson]]
    clock: Clock
    entropy: Entropy
    throttle: Throttle = field(init=False)
    _held: dict[str, Account] = field(init=False)
    #: Challenge to (what it is for, when it is void).
    _challenges: dict[bytes, tuple[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.throttle = Throttle(self.clock)
        self._held = self.store.read()

    def exist(self) -> bool:
        """Whether anybody who is named can sign in. From then on nobody gets in without."""
        return any(login in self._held and self._held[login].opens for login in self.people())

    def person(self, login: str) -> HeldPerson:
        """The person of a login, as they are named now. Raises NotKnown."""
        held = self.people().get(login)
        if held is None:
            raise NotKnown("sign in: this account is no longer there")
        return held

    def of(self, login: str) -> Account:
        """The account of a login; an empty one where nothing was set yet."""
        return self._held.get(login, Account())

    # --------------------------------------------------------------------------------------------------- passwords

    async def set_password(self, login: str, password: str) -> None:
        """From now on this is the password of a person who is named.

        Raises:
            NotFound: nobody has that login. LimitReached: too short or too long.
        """
        self._check_named(login)
        if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
            raise LimitReached(f"a password has {PASSWORD_MIN} to {PASSWORD_MAX} characters", at="password")
        made = await self.passwords.make(password)
        self._put(login, msgspec.structs.replace(self.of(login), password=made))
        self.throttle.passed(login)

    async def check_password(self, login: str, password: str) -> HeldPerson:
        """The person, when the password is theirs. A name that does not exist takes as long, and is told the same.

        Raises:
            NotKnown: name and password do not go together. TooManyTries: somebody tried too often.
        """
        counted = login if login in self.people() else "?"
        self.throttle.check(counted)
        # Counted before it is known: many tries at once are not all free.
        self.throttle.failed(counted)
        made = self.of(login).password if counted == login else ""
        if len(password) > PASSWORD_MAX or not await self.passwords.fits(made, password):
            raise NotKnown("name and password do not go together")
        self.throttle.passed(counted)
        return self.person(login)

    # ---------------------------------------------------------------------------------------------------- passkeys

    def registration(self, login: str, rp: str) -> dict[str, Any]:
        """What a browser needs to make a passkey for a person who is signed in."""
        person, account = self.person(login), self.of(login)
        if len(account.passkeys) >= PASSKEYS_MAX:
            raise LimitReached(f"passkeys_max: {PASSKEYS_MAX} passkeys are there already", at="passkeys")
        known = tuple(each.id for each in account.passkeys)
        return self.passkeys.registration(rp, login, person.name, self._challenge(f"register {login}"), known)

    def register(self, login: str, credential: dict[str, Any], name: str, *, rp: str, origin: str) -> Passkey:
        """Keep a passkey that a browser made. Raises NotKnown when it did not make it for us, or not now."""
        challenge = self._take_challenge(credential, f"register {login}")
        id_, public_key, count = self.passkeys.registered(credential, rp=rp, origin=origin, challenge=challenge)
        if any(each.id == id_ for account in self._held.values() for each in account.passkeys):
            raise Refused("this passkey is registered already", at="credential")
        self._check_named(login)
        made = Passkey(id_, public_key, count, name)
        account = self.of(login)
        self._put(login, msgspec.structs.replace(account, passkeys=(*account.passkeys, made)))
        return made

    def drop_passkey(self, login: str, id_: str) -> None:
        """Forget a passkey. Raises NotFound, and NotAllowed for the last way to sign in."""
        account = self.of(login)
        left = tuple(each for each in account.passkeys if each.id != id_)
        if len(left) == len(account.passkeys):
            raise NotFound("there is no such passkey", at="id")
        if not left and not account.password:
            raise NotAllowed("it is the only way in: set a password first", at="id")
        self._put(login, msgspec.structs.replace(account, passkeys=left))

    def authentication(self, rp: str) -> dict[str, Any]:
        """What a browser needs to show a passkey. It names nobody: the authenticator knows whose it is."""
        return self.passkeys.authentication(rp, self._challenge("sign in"))

    def check_passkey(self, credential: dict[str, Any], *, rp: str, origin: str) -> HeldPerson:
        """The person whose passkey signed our challenge. Raises NotKnown."""
        challenge = self._take_challenge(credential, "sign in")
        shown = credential.get("id")
        for login in self.people():
            account = self.of(login)
            for passkey in account.passkeys:
                if passkey.id != shown:
                    continue
                count = self.passkeys.proved(credential, passkey, rp=rp, origin=origin, challenge=challenge)
                kept = tuple(
                    msgspec.structs.replace(each, sign_count=count) if each.id == shown else each
                    for each in account.passkeys
                )
                self._put(login, msgspec.structs.replace(account, passkeys=kept))
                return self.person(login)
        raise NotKnown("this passkey is nobody's here")

    def _challenge(self, what: str) -> bytes:
        now_us = self.clock.elapsed_us()
        for old in [each for each, (_, until_us) in self._challenges.items() if until_us <= now_us]:
            del self._challenges[old]
        while len(self._challenges) >= CHALLENGES_MAX:
            del self._challenges[next(iter(self._challenges))]
        made = self.entropy.draw(CHALLENGE_BYTES)
        self._challenges[made] = (what, now_us + CHALLENGE_LIFE_US)
        return made

    def _take_challenge(self, credential: dict[str, Any], what: str) -> bytes:
        """The challenge that a credential answers: ours, for this, not too old, and never a second time."""
        challenge = challenge_of(credential)
        asked, until_us = self._challenges.pop(challenge, ("", 0))
        if asked != what or self.clock.elapsed_us() >= until_us:
            raise NotKnown("this answers no question of ours: begin again")
        return challenge

    # ------------------------------------------------------------------------------------------------------ inside

    def _check_named(self, login: str) -> None:
        if login not in self.people():
            raise NotFound(f"nobody is named {login}: `keepclear user add` names people", at="login")

    def _put(self, login: str, account: Account) -> None:
        # What was a person's and is no longer named goes with the next change.
        named = self.people()
        after = {each: held for each, held in self._held.items() if each in named} | {login: account}
        self.store.write(after)
        self._held = after


class _ClientData(msgspec.Struct):
    challenge: str


def challenge_of(credential: dict[str, Any]) -> bytes:
    """The challenge that the browser says it answered. Raises NotKnown."""
    try:
        response = credential["response"]
        data = base64.urlsafe_b64decode(str(response["clientDataJSON"]) + "===")
        return base64.urlsafe_b64decode(msgspec.json.decode(data, type=_ClientData).challenge + "===")
    except (KeyError, TypeError, ValueError, msgspec.MsgspecError):
        raise NotKnown("this is no answer of a passkey") from None
