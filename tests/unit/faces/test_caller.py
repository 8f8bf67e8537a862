"""Links, sessions and tokens at the door."""

from __future__ import annotations

import hashlib

import pytest

from keepclear.errors import NotAllowed, NotKnown
from keepclear.faces.caller import LINK_LIFE_US, LINKS_MAX, SESSION_LIFE_US, SESSIONS_MAX, Doorman, Sessions

HOST = b"127.0.0.1:8443"


class Clock:
    at_us = 0

    def now_us(self) -> int:
        return self.at_us

    def elapsed_us(self) -> int:
        return self.at_us


class Counted:
    count = 0

    def draw(self, count: int) -> bytes:
        self.count += 1
        return hashlib.shake_256(str(self.count).encode()).digest(count)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sessions(clock):
    return Sessions("amber", clock, Counted())


def test_a_link_is_256_bits_and_opens_once(sessions):
    code = sessions.new_link()
    session = sessions.open(code)

    assert len(bytes.fromhex(code)) == 32
    assert sessions.is_open(session)
    with pytest.raises(NotKnown):
        sessions.open(code)


@pytest.mark.parametrize(("waited_us", "opens"), [(LINK_LIFE_US - 1, True), (LINK_LIFE_US, False)])
def test_a_link_lives_ten_minutes(sessions, clock, waited_us, opens):
    code = sessions.new_link()
    clock.at_us = waited_us

    if opens:
        assert sessions.is_open(sessions.open(code))
    else:
        with pytest.raises(NotKnown, match="ten minutes"):
            sessions.open(code)


def test_a_session_ends(sessions, clock):
    session = sessions.open(sessions.new_link())
    clock.at_us = SESSION_LIFE_US - 1
    assert sessions.is_open(session)
    clock.at_us = SESSION_LIFE_US

    assert not sessions.is_open(session)


def test_links_and_sessions_are_bounded_and_the_oldest_goes_first(sessions):
    codes = [sessions.new_link() for _ in range(LINKS_MAX + 1)]
    with pytest.raises(NotKnown):
        sessions.open(codes[0])
    first = sessions.open(codes[1])

    for _ in range(SESSIONS_MAX):
        sessions.open(sessions.new_link())

    assert not sessions.is_open(first)


def test_no_code_lies_in_memory_as_it_is_shown(sessions):
    code = sessions.new_link()
    session = sessions.open(sessions.new_link())

    assert code not in repr(vars(sessions))
    assert session not in repr(vars(sessions))


def doorman(sessions, token="t" * 64):
    return Doorman("amber", hashlib.sha256(token.encode()).digest(), sessions, frozenset({HOST}))


def test_two_parties_on_one_machine_do_not_share_a_cookie(clock):
    names = {Sessions(party, clock, Counted()).cookie_name for party in ("amber", "birch")}

    assert names == {"__Host-keepclear-amber", "__Host-keepclear-birch"}


def test_the_right_token_lets_in_and_nothing_like_it(sessions):
    door = doorman(sessions)
    headers = {b"host": HOST}

    assert door.caller("POST", {**headers, b"authorization": b"Bearer " + b"t" * 64}).party == "amber"
    for shown in (b"Bearer " + b"t" * 63, b"bearer", b"", b"Basic " + b"t" * 64, b"t" * 64):
        with pytest.raises(NotKnown):
            door.caller("GET", {**headers, b"authorization": shown})


def test_a_cookie_of_no_session_or_a_broken_one_lets_nobody_in(sessions):
    door = doorman(sessions)
    name = sessions.cookie_name.encode()

    for cookie in (b"", name + b"=", name + b"=" + b"0" * 64, b"=;=;", b"\xff\xfe", name + b"=" + b"x" * 9000):
        with pytest.raises(NotKnown):
            door.caller("GET", {b"host": HOST, b"cookie": cookie})


@pytest.mark.parametrize("host", [b"", b"evil.example", b"127.0.0.1", b"127.0.0.1:8444"])
def test_only_our_own_names_are_answered_to(sessions, host):
    with pytest.raises(NotAllowed):
        doorman(sessions).check_host({b"host": host})


def test_a_page_of_another_program_on_this_machine_is_not_answered_and_its_cookies_hide_nothing(sessions):
    doorman = Doorman("amber", b"", sessions, frozenset({HOST}))
    session = sessions.open(sessions.new_link())
    cookie = f"bad,na(me=1; {sessions.cookie_name}=x; {sessions.cookie_name}={session}".encode()
    headers = {b"host": HOST, b"cookie": cookie}

    for site in (b"same-origin", b"none"):
        assert doorman.caller("GET", headers | {b"sec-fetch-site": site}).party == "amber"
    for site in (b"same-site", b"cross-site"):
        with pytest.raises(NotAllowed):
            doorman.caller("GET", headers | {b"sec-fetch-site": site})
