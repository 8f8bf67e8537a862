"""Accounts on a real node over TLS: sessions, roles at every endpoint, forgery, fixation, throttling, passkeys."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import cbor2
import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from tests.integration.inprocess import Inside, configured, running, trusting
from tests.integration.nodes import a_volume

from keepclear.core.duty import Role
from keepclear.faces.http.app import ENDPOINTS
from keepclear.node.access import RIGHTS, Right, needed

PASSWORD = "a long sentence of words"


@contextlib.asynccontextmanager
async def a_node(folder: Path, **people: str) -> AsyncIterator[Inside]:
    """A node with people: login to role; each signs as their login in capitals."""
    async with running(configured(folder, "amber")) as amber:
        for login, role in people.items():
            body = {"login": login, "name": login.upper(), "roles": [role], "by": "setup"}
            assert (await amber.http.post("/v1/people", json=body)).status_code == 201
        yield amber


@contextlib.asynccontextmanager
async def a_browser(node: Inside, host: str = "127.0.0.1") -> AsyncIterator[httpx.AsyncClient]:
    """A browser with cookies of its own, that says where it comes from as browsers do."""
    url = f"https://{host}:{node.config.console.port}"
    headers = {"origin": url, "sec-fetch-site": "same-origin"}
    async with httpx.AsyncClient(
        base_url=url, verify=trusting(node.config.folder), headers=headers, trust_env=False, timeout=20
    ) as http:
        yield http


async def set_password(node: Inside, login: str) -> None:
    answer = await node.http.post("/v1/account/password", json={"login": login, "password": PASSWORD})
    assert answer.status_code == 200, answer.text


def throttle_of(node: Inside):
    return node.doors.accounts.throttle


def a_session(node: Inside, login: str) -> str:
    """The cookie of somebody who has signed in."""
    return f"{node.doors.sessions.cookie_name}={node.doors.sessions.begin(login)}"


async def sign_in(http: httpx.AsyncClient, login: str) -> httpx.Response:
    return await http.post("/v1/session", json={"login": login, "password": PASSWORD})


def fill(path: str) -> str:
    for name in ("{hash}", "{party}", "{id}", "{login}", "{sender}", "{receiver}", "{tile:path}"):
        path = path.replace(name, "x")
    return path


async def test_the_first_account_comes_by_a_one_time_link_and_from_then_on_nobody_gets_in_without(tmp_path):
    async with a_node(tmp_path / "amber", imaro="admin") as amber, a_browser(amber) as before, a_browser(amber) as own:
        # Before there are accounts: whoever opens a link.
        link = (await amber.http.post("/v1/session/link")).json()["url"]
        assert (await before.get(link)).status_code == 303
        assert (await before.get("/v1/picture")).status_code == 200
        assert (await before.get("/v1/session")).json() == {
            "accounts": False, "signed_in": False, "login": "", "name": "", "roles": [], "may": [r.value for r in Right]
        }  # fmt: skip
        # A link for one person sets their password.
        made = (await amber.http.post("/v1/people/imaro/link")).json()
        opened = await own.get(made["url"])
        assert (opened.status_code, opened.headers["location"]) == (303, "/account.html")
        assert (await own.get(made["url"])).status_code == 401, "a link opens once"
        assert (await own.post("/v1/account/password", json={"password": "short"})).status_code == 413
        assert (await own.post("/v1/account/password", json={"password": PASSWORD})).status_code == 200
        # From now on the link of before opens nothing, and the front page asks to sign in.
        assert (await before.get("/v1/picture")).json()["detail"] == "sign in: this node has accounts"
        assert "Sign in" in (await before.get("/")).text
        assert (await own.get("/v1/session")).json()["name"] == "IMARO"
        assert (await amber.http.get("/v1/people")).json()[0]["has_password"] is True


async def test_a_password_is_kept_as_argon2_in_a_file_of_its_own_and_in_no_record(tmp_path):
    async with a_node(tmp_path / "amber", imaro="admin") as amber:
        await set_password(amber, "imaro")
        file = tmp_path / "amber" / "accounts.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert json.loads(file.read_text())["imaro"]["password"].startswith("$argon2id$")
        assert not any(b"argon2" in entry.data for entry in amber.node.store.entries())
    # And it is there after a restart.
    async with running(amber.config) as again, a_browser(again) as own:
        assert (await sign_in(own, "imaro")).status_code == 200
        assert (await own.get("/v1/picture")).status_code == 200


async def test_who_signed_in_is_who_did_it_whatever_the_body_says(tmp_path):
    async with a_node(tmp_path / "amber", tquill="duty_officer") as amber, a_browser(amber) as own:
        await set_password(amber, "tquill")
        await sign_in(own, "tquill")

        filed = await own.post("/v1/notices", json={"volumes": [a_volume()], "by": "Somebody Else"})
        await own.post("/v1/log", json={"text": "all quiet", "by": "Somebody Else"})

        assert filed.json()["notice"]["drafted_by"] == "TQUILL"
        assert [line["by"] for line in (await own.get("/v1/log")).json()] == ["TQUILL"]
        # A program with the key of the house says for whom it acts.
        filed = await amber.http.post("/v1/notices", json={"volumes": [a_volume(-39)], "by": "F. Program"})
        assert filed.json()["notice"]["drafted_by"] == "F. Program"


async def test_every_endpoint_holds_every_role_to_its_rights(tmp_path):
    roles = {f"p{number}": role.value for number, role in enumerate(Role)}
    async with a_node(tmp_path / "amber", **roles) as amber:
        await set_password(amber, "p0")
        for login, role in roles.items():
            async with a_browser(amber) as own:
                own.headers["cookie"] = a_session(amber, login)
                told = (await own.get("/v1/session")).json()
                assert set(told["may"]) == {right.value for right in RIGHTS[Role(role)]}
                for endpoint in ENDPOINTS:
                    if not endpoint.needs_caller or endpoint.path in ("/v1/session", "/v1/account/password"):
                        continue
                    answer = await own.request(endpoint.method, fill(endpoint.path), content=b"{")
                    is_kept_out = answer.status_code == 403 and answer.json().get("at") == "role"
                    may = needed(endpoint.method, endpoint.path) in RIGHTS[Role(role)]
                    assert is_kept_out is not may, (role, endpoint.method, endpoint.path, answer.text[:200])


FOREIGN = (
    {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    {"origin": "https://127.0.0.1:1", "sec-fetch-site": "same-site"},
    {"origin": "null"},
    {"sec-fetch-site": "none", "origin": ""},
)


async def test_a_page_of_another_site_can_neither_act_nor_sign_anybody_in(tmp_path):
    async with a_node(tmp_path / "amber", tquill="duty_officer") as amber, a_browser(amber) as own:
        await set_password(amber, "tquill")
        for headers in FOREIGN:
            # Signing somebody in as somebody else is a forgery too.
            forged = await own.post("/v1/session", json={"login": "tquill", "password": PASSWORD}, headers=headers)
            assert forged.status_code == 403, headers
            cookie = {"cookie": a_session(amber, "tquill")}
            forged = await own.post("/v1/stops", json={"by": "x"}, headers=headers | cookie)
            assert (forged.status_code, forged.json()["at"]) == (403, "origin"), headers
        assert not amber.node.picture.stops


async def test_a_session_that_was_planted_before_signing_in_is_worth_nothing_afterwards(tmp_path):
    async with a_node(tmp_path / "amber", tquill="duty_officer") as amber, a_browser(amber) as own:
        await set_password(amber, "tquill")
        name = f"__Host-keepclear-{amber.node.party}"
        planted = "ab" * 32
        own.cookies.set(name, planted, domain="127.0.0.1")

        signed = await sign_in(own, "tquill")

        cookie = signed.headers["set-cookie"]
        fresh = cookie.partition("=")[2].partition(";")[0]
        assert fresh != planted
        assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"))
        async with a_browser(amber) as thief:
            assert (await thief.get("/v1/picture", headers={"cookie": f"{name}={planted}"})).status_code == 401
            # A password that changes closes every other session, and this one goes on under a new name.
            body = {"old": PASSWORD, "password": f"{PASSWORD} again"}
            changed = await own.post("/v1/account/password", json=body, headers={"cookie": f"{name}={fresh}"})
            assert changed.status_code == 200
            assert (await thief.get("/v1/picture", headers={"cookie": f"{name}={fresh}"})).status_code == 401
            after = changed.headers["set-cookie"].partition("=")[2].partition(";")[0]
            assert (await thief.get("/v1/picture", headers={"cookie": f"{name}={after}"})).status_code == 200


async def test_signing_out_taking_out_and_a_wrong_old_password_close_the_door(tmp_path):
    async with a_node(tmp_path / "amber", tquill="duty_officer", imaro="admin") as amber, a_browser(amber) as own:
        await set_password(amber, "tquill")
        await sign_in(own, "tquill")
        wrong = await own.post("/v1/account/password", json={"old": "something else!", "password": PASSWORD * 2})
        assert wrong.status_code == 401
        assert (await own.delete("/v1/session")).status_code == 200
        assert (await own.get("/v1/picture")).status_code == 401

        await sign_in(own, "tquill")
        gone = {"login": "tquill", "name": "TQUILL", "roles": [], "by": "IMARO"}
        await set_password(amber, "imaro")
        assert (await amber.http.post("/v1/people", json=gone)).status_code == 201

        assert (await own.get("/v1/picture")).status_code == 401
        assert (await sign_in(own, "tquill")).status_code == 401


async def test_whoever_guesses_waits_and_a_name_that_is_nobodys_is_told_the_same(tmp_path):
    async with a_node(tmp_path / "amber", tquill="duty_officer") as amber, a_browser(amber) as own:
        await set_password(amber, "tquill")

        async def guess(login: str) -> tuple[int, str]:
            answer = await own.post("/v1/session", json={"login": login, "password": "a wrong password"})
            return answer.status_code, answer.json()["detail"]

        nobody = [await guess("nobody") for _ in range(3)]
        told = [await guess("tquill") for _ in range(3)]

        assert told == nobody == [(401, "name and password do not go together")] * 3
        # Each failure from now on doubles the wait; what was tried and failed is counted before it is known.
        for _ in range(4):
            throttle_of(amber).failed("tquill")
            throttle_of(amber).failed("?")
        assert (await guess("tquill"))[0] == 429
        assert (await sign_in(own, "tquill")).status_code == 429, "the right one waits too"
        assert (await guess("somebody"))[0] == 429, "all names that are nobody's share one count"


# ---------------------------------------------------------------------------------------------------------- passkeys


class Authenticator:
    """A security key in software: one key, user verified, as WebAuthn level 2 says."""

    def __init__(self, rp: str) -> None:
        self.rp, self.key, self.id, self.count = rp, ec.generate_private_key(ec.SECP256R1()), os.urandom(16), 0

    def _data(self, *, attested: bytes = b"") -> bytes:
        self.count += 1
        flags = 0x05 | (0x40 if attested else 0)
        return hashlib.sha256(self.rp.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big") + attested

    @staticmethod
    def _client(kind: str, challenge: str, origin: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()

    def create(self, options: dict, origin: str) -> dict:
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._data(attested=attested)})
        client = self._client("webauthn.create", options["challenge"], origin)
        return self._credential(attestationObject=b64(made), clientDataJSON=b64(client))

    def get(self, options: dict, origin: str) -> dict:
        client, data = self._client("webauthn.get", options["challenge"], origin), self._data()
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential(authenticatorData=b64(data), clientDataJSON=b64(client), signature=b64(signature))

    def _credential(self, **response: str) -> dict:
        return {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response,
                "clientExtensionResults": {}}  # fmt: skip


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


async def test_a_passkey_opens_the_door_for_this_page_and_this_moment_alone(tmp_path):
    async with a_node(tmp_path / "amber", tquill="duty_officer") as amber, a_browser(amber, "localhost") as own:
        origin = str(own.base_url).rstrip("/")
        link = (await amber.http.post("/v1/people/tquill/link")).json()["url"]
        await own.get(link.replace("127.0.0.1", "localhost"))
        key = Authenticator("localhost")
        made = key.create((await own.post("/v1/account/passkeys/options")).json(), origin)
        kept = await own.post("/v1/account/passkeys", json={"credential": made, "name": "blue key"})
        assert (kept.status_code, [each["name"] for each in kept.json()["passkeys"]]) == (201, ["blue key"])
        again = await own.post("/v1/account/passkeys", json={"credential": made, "name": "again"})
        assert again.status_code == 401, "its challenge was used"
        await own.delete("/v1/session")

        async def shown(credential: dict) -> httpx.Response:
            return await own.post("/v1/session/passkey", json={"credential": credential})

        async def options() -> dict:
            return (await own.post("/v1/session/passkey/options")).json()

        # Not for another page, not by another key, not twice.
        assert (await shown(key.get(await options(), "https://evil.example"))).status_code == 401
        stranger = Authenticator("localhost")
        stranger.id = key.id
        assert (await shown(stranger.get(await options(), origin))).status_code == 401
        credential = key.get(await options(), origin)
        assert (await shown(credential)).json()["name"] == "TQUILL"
        assert (await shown(credential)).status_code == 401
        assert (await own.get("/v1/picture")).status_code == 200
        dropped = await own.delete(f"/v1/account/passkeys/{b64(key.id)}")
        assert (dropped.status_code, dropped.json()["detail"]) == (403, "it is the only way in: set a password first")


async def test_an_address_is_no_name_for_a_passkey(tmp_path):
    async with a_node(tmp_path / "amber", tquill="duty_officer") as amber, a_browser(amber) as own:
        told = await own.post("/v1/session/passkey/options")

        assert told.status_code == 403
        assert "https://localhost:" in told.json()["detail"]
