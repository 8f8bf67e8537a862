"""Who may ask what: tokens and scopes. 401, 403 and the audience, as docs/reference/f3548.md says."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from tests.conformance.service import (
    AA,
    AVAILABILITY,
    CM,
    CMSA,
    CONSTRAINTS,
    CP,
    HOST,
    INTENTS,
    SC,
    SUBSCRIPTIONS,
    Service,
    a_service,
    a_volume,
    check_answer,
    new_id,
    signing_key,
)

from keepclear.faces.f3548.gate import REMEMBERED_MAX, Gate
from keepclear.formats.tokens import write_token


async def asked(service: Service, token: str | None) -> int:
    headers = {"authorization": f"Bearer {token}"} if token is not None else {}
    path = f"{INTENTS}/{new_id()}"
    answer = await service.http.get(path, headers=headers)
    check_answer("GET", path, answer)
    return answer.status_code


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({}, 404),
        ({"aud": [HOST, "other.example.com"]}, 404),
        ({"aud": f"{HOST}:443"}, 401),
        ({"aud": "other.example.com"}, 401),
        ({"aud": ""}, 401),
        ({"scope": ""}, 401),
        ({"scope": CM}, 403),
        ({"scope": f"{CM} {SC}"}, 404),
        ({"sub": ""}, 401),
        ({"exp": 1_000_000_000}, 401),
        ({"exp": 9_999_999_999}, 401),
        ({"nbf": 9_999_999_999}, 401),
    ],
)
async def test_a_token_lets_in_whom_it_names_for_what_it_names(claims: dict[str, Any], status: int) -> None:
    async with a_service() as service:
        token = service.amber.token(**claims)

        assert await asked(service, token) == status
        assert await asked(service, token) == status, "and the same when it is remembered"


async def test_no_token_and_bad_tokens_are_401() -> None:
    async with a_service() as service:
        good = service.amber.token()
        head, body, signature = good.split(".")
        stranger = generate_private_key(public_exponent=65_537, key_size=2_048)
        forged = write_token({"sub": "amber", "aud": HOST, "scope": SC, "exp": service.clock.us // 10**6}, stranger, "")

        for bad in (None, "", "x", "a.b.c", f"{head}.{body}.", f"{head}.{body}.{signature[:-4]}AAAA", forged, "=.=.="):
            assert await asked(service, bad) == 401, bad
        basic = await service.http.get(f"{INTENTS}/{new_id()}", headers={"authorization": f"Basic {good}"})
        assert basic.status_code == 401
        assert basic.headers["www-authenticate"] == "Bearer"


async def test_a_token_that_chooses_its_algorithm_is_refused() -> None:
    async with a_service() as service:
        _, body, signature = service.amber.token().split(".")

        # {"alg":"none"} and {"alg":"HS256"}
        for head in ("eyJhbGciOiJub25lIn0", "eyJhbGciOiJIUzI1NiJ9"):
            assert await asked(service, f"{head}.{body}.{signature}") == 401
            assert await asked(service, f"{head}.{body}.") == 401


async def test_a_remembered_token_is_forgotten_with_its_end_with_a_minute_and_with_its_key() -> None:
    async with a_service() as service:
        gate = service.app.gate
        token = service.amber.token(exp=service.clock.us // 10**6 + 600).encode()
        assert (await gate.caller(b"Bearer " + token)).manager == "amber"

        gate.trust({"other": generate_private_key(public_exponent=65_537, key_size=2_048).public_key()})
        assert await asked(service, token.decode()) == 401

        gate.trust({"one": signing_key().public_key()})
        assert await asked(service, token.decode()) == 404
        service.clock.us += 700 * 10**6
        assert await asked(service, token.decode()) == 401


async def test_what_is_remembered_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keepclear.faces.f3548.gate.REMEMBERED_MAX", 3)
    assert REMEMBERED_MAX == 10_000
    async with a_service() as service:
        for number in range(5):
            assert await asked(service, service.uss(f"uss{number}").token()) == 404

        assert len(service.app.gate._known) == 3


async def test_a_key_that_the_gate_does_not_know_yet_is_looked_for_once_in_a_while() -> None:
    async with a_service() as service:
        fetched = []

        async def fetch() -> dict[str, Any]:
            fetched.append(service.clock.us)
            return {"two": signing_key().public_key()}

        stranger = generate_private_key(public_exponent=65_537, key_size=2_048).public_key()
        gate = Gate({"one-of-old": stranger}, [HOST], service.clock, fetch_keys=fetch)
        claims = {"sub": "amber", "aud": HOST, "scope": SC, "exp": service.clock.us // 10**6 + 60}
        token = write_token(claims, signing_key(), "two")

        assert (await gate.caller(f"Bearer {token}".encode())).manager == "amber"
        for _ in range(3):
            with pytest.raises(Exception, match="not signed by a key"):
                await gate.caller(b"Bearer " + write_token(claims, signing_key(), "three")[:-8].encode() + b"AAAAAAAA")
        assert len(fetched) == 1


INTENT, CONSTRAINT, SUBSCRIPTION = f"{INTENTS}/{{}}", f"{CONSTRAINTS}/{{}}", f"{SUBSCRIPTIONS}/{{}}"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", INTENT, {SC, CMSA}),
        ("PUT", f"{INTENT}/some-old-version", {SC, CMSA}),
        ("DELETE", f"{INTENT}/some-old-version", {SC, CMSA}),
        ("GET", INTENT, {SC, CMSA}),
        ("POST", f"{INTENTS}/query", {SC, CMSA}),
        ("PUT", CONSTRAINT, {CM}),
        ("PUT", f"{CONSTRAINT}/some-old-version", {CM}),
        ("DELETE", f"{CONSTRAINT}/some-old-version", {CM}),
        ("GET", CONSTRAINT, {CM, CP}),
        ("POST", f"{CONSTRAINTS}/query", {CM, CP}),
        ("PUT", SUBSCRIPTION, {SC, CP}),
        ("PUT", f"{SUBSCRIPTION}/some-old-version", {SC, CP}),
        ("DELETE", f"{SUBSCRIPTION}/some-old-version", {SC, CP}),
        ("GET", SUBSCRIPTION, {SC, CP}),
        ("POST", f"{SUBSCRIPTIONS}/query", {SC, CP}),
        ("PUT", f"{AVAILABILITY}/cedar", {AA}),
        ("GET", f"{AVAILABILITY}/cedar", {AA, SC, CMSA}),
        ("POST", "/dss/v1/reports", {SC, CMSA, CM, CP, AA}),
    ],
)
async def test_each_way_of_asking_takes_the_scopes_that_the_interface_lists(
    method: str, path: str, allowed: set[str]
) -> None:
    async with a_service() as service:
        for scope in (SC, CMSA, CM, CP, AA, "some.other"):
            answer = await service.amber.having(scope).ask(method, path.format(new_id()), {})

            assert (answer.status_code == 403) == (scope not in allowed), (scope, answer.text)


async def test_what_a_token_may_ask_for_beyond_its_way_of_asking() -> None:
    async with a_service() as service:
        clock, amber = service.clock, service.amber
        for flag, scope in (("notify_for_operational_intents", CP), ("notify_for_constraints", SC)):
            wish = {"extents": a_volume(clock), "uss_base_url": "https://a.example.com", flag: True}
            answer = await amber.having(scope).put(f"{SUBSCRIPTIONS}/{new_id()}", wish)
            assert answer.status_code == 403
            assert flag in answer.json()["message"]


async def test_aux_and_health() -> None:
    async with a_service() as service:
        http, amber = service.http, service.amber

        assert (await http.get("/healthy")).json() == "ok"
        assert (await http.get("/aux/v1/version")).json() == {"version": "1.0"}
        assert (await http.get("/aux/v1/validate_oauth")).status_code == 401
        assert (await amber.get("/aux/v1/validate_oauth?owner=amber")).status_code == 200
        assert (await amber.get("/aux/v1/validate_oauth?owner=birch")).status_code == 403
        pool = amber.having("interuss.pool_status.read")
        assert (await pool.get("/aux/v1/pool")).json() == {"dar_id": "here"}
        assert (await pool.get("/aux/v1/pool/dss_instances")).json() == {"dss_instances": [{"id": "here"}]}
        assert (await pool.get("/aux/v1/configuration/scd_lock_mode")).json() == {"global_lock": True}
        assert (await http.get("/aux/v1/configuration/ca_certs")).json() == {"CAs": []}
        assert (await amber.get("/aux/v1/pool")).status_code == 403
        versions = amber.having("interuss.versioning.read_system_versions")
        for system in ("astm.f3548.v21", "dss"):
            told = await versions.get(f"/versions/{system}")
            assert told.json() == {"system_identity": system, "system_version": "v1.0"}
        assert (await versions.get("/versions/another")).status_code == 404


async def test_paths_and_methods_that_are_not_there() -> None:
    async with a_service() as service:
        assert (await service.amber.get("/dss/v1/operation_references/x")).status_code == 404
        assert (await service.amber.get("/")).status_code == 404
        assert (await service.amber.ask("PATCH", f"{INTENTS}/{new_id()}")).status_code == 405
        assert (await service.http.post("/healthy")).status_code == 405
