"""The API through a real TLS port: what it takes, what it refuses and how, and that a repeat is not done twice."""

from __future__ import annotations

import json

import msgspec
import pytest
from openapi_spec_validator import validate
from tests.integration.inprocess import Inside, agree, configured, enrol, running, until
from tests.integration.nodes import a_volume, card_of

from keepclear.errors import StoreFailed
from keepclear.formats.api import answers


@pytest.fixture
async def amber(tmp_path):
    async with running(configured(tmp_path / "amber", "amber")) as inside:
        yield inside


@pytest.fixture
async def pair(tmp_path):
    async with (
        running(configured(tmp_path / "amber", "amber")) as amber,
        running(configured(tmp_path / "birch", "birch")) as birch,
    ):
        await enrol(amber, birch)
        await agree(amber, birch)
        yield amber, birch


def notice(**changes):
    return {"volumes": [a_volume()], "by": "I. Maro", **changes}


def as_typed(data: bytes, kind):
    """The answer as its documented type; fails on a field that is missing, of another type, or not documented."""
    value = msgspec.json.decode(data, type=kind, strict=True)
    assert msgspec.json.decode(msgspec.json.encode(value)).keys() >= msgspec.json.decode(data).keys()
    return value


async def is_problem(response, status: int, code: str) -> dict:
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert (response.status_code, body["status"], body["code"]) == (status, status, code), response.text
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["detail"]
    return body


# ------------------------------------------------------------------------------------------------- what it gives


async def test_a_filed_notice_is_answered_with_its_entries_and_its_conflicts(pair):
    amber, birch = pair
    first = await birch.http.post("/v1/notices", json=notice(by="K. Orr"))
    await until(amber, lambda: "birch/B-0001" in amber.node.picture.notices)

    answer = await amber.http.post("/v1/notices", json=notice())

    assert (first.status_code, answer.status_code) == (201, 201)
    typed = as_typed(answer.content, answers.NoticeAnswer)
    assert typed.notice is not None
    assert (typed.notice.id, typed.notice.version) == ("A-0001", 1)
    assert {entry.kind for entry in typed.receipt.entries} == {
        "notice_filed",
        "conflicts_found",
        "notice",
        "alert",
        "duty",
    }
    assert [(c.one.id, c.other.id, c.verdict) for c in typed.conflicts] == [("A-0001", "B-0001", "CONFLICT")]


async def test_the_picture_has_the_documented_shape_with_everything_in_it(pair):
    amber, birch = pair
    await birch.http.post("/v1/notices", json=notice(by="K. Orr"))
    await until(amber, lambda: "birch/B-0001" in amber.node.picture.notices)
    await amber.http.post("/v1/notices", json=notice())
    await birch.http.post("/v1/stops", json={"by": "K. Orr", "remarks": "storm"})
    await until(amber, lambda: amber.node.picture.stops)

    for node in pair:
        data = (await node.http.get("/v1/picture")).content

        typed = as_typed(data, answers.Picture)
        assert typed.notices and typed.alerts and typed.stops and typed.conflicts and typed.duties and typed.peers
        assert typed.agreements and typed.record.logs
        assert typed.peers[0].line == "open"


async def test_an_answer_and_a_given_receipt_come_back_to_the_filer(pair):
    amber, birch = pair
    await amber.http.post("/v1/notices", json=notice())
    missing = await amber.http.get("/v1/record/given?id=A-0001&version=2&to=birch")
    await until(birch, lambda: birch.node.picture.alerts)
    alert = (await birch.http.get("/v1/alerts")).json()[0]

    answer = await birch.http.post(
        "/v1/alerts/answer", json={"alert": alert["id"], "version": 1, "answer": "WILCO", "by": "K. Orr"}
    )

    await is_problem(missing, 404, "not_found")
    assert as_typed(answer.content, answers.AlertAnswer).alert.answered_by == "K. Orr"
    await until(amber, lambda: amber.node.picture.alerts[alert["id"]].answer)
    await until(amber, lambda: amber.node.exchange.cosigned_size.get("keepclear/amber/to/birch", 0) >= 3)
    given = await amber.http.get("/v1/record/given?id=A-0001&version=1&to=birch")
    assert given.status_code == 200
    assert given.json()["format"] == "keepclear-given/1"


async def test_a_check_records_nothing_and_names_conflict_contradiction_and_clear_start(pair):
    amber, birch = pair
    await birch.http.post("/v1/notices", json=notice(by="K. Orr"))
    await until(amber, lambda: "birch/B-0001" in amber.node.picture.notices)
    before = amber.node.loop.logs.seq

    near = await amber.http.post("/v1/check", json={"volumes": [a_volume()]})
    east = await amber.http.post("/v1/check", json={"volumes": [a_volume(lon=-150.9)], "region": "W"})

    typed = as_typed(near.content, answers.CheckAnswer)
    assert typed.conflicts[0].other.id == "B-0001"
    assert typed.earliest_clear_start.endswith(("0:00Z", "5:00Z"))
    assert typed.is_short == {"birch": False}
    assert as_typed(east.content, answers.CheckAnswer).contradiction == answers.Contradiction("W", "E")
    # The line goes on in the background; of what was checked nothing is recorded.
    kinds = {json.loads(entry.data)["kind"] for entry in amber.node.store.entries(before)}
    assert kinds <= {"transmitted", "received"}
    assert set(amber.node.picture.notices) == {"birch/B-0001"}


async def test_the_whole_record_is_given_as_a_file_that_verifies(pair):
    from keepclear.record import verify_record

    amber, birch = pair
    await amber.http.post("/v1/notices", json=notice())
    await until(amber, lambda: amber.node.exchange.cosigned_size.get("keepclear/amber/to/birch", 0) >= 3)
    await until(birch, lambda: birch.node.exchange.cosigned_size.get("keepclear/birch/to/amber", 0) >= 2)

    answer = await amber.http.get("/v1/record/export?private=true")

    report = verify_record(answer.content.splitlines(keepends=True))
    assert report.sound, report.faults
    assert answer.headers["content-type"].startswith("application/x-ndjson")


async def test_a_proof_leads_from_the_entry_to_the_signed_root(pair):
    from keepclear.record import leaf_hash, open_signed, verify_inclusion

    amber, _ = pair
    await amber.http.post("/v1/notices", json=notice())
    for log in ("keepclear/amber/private", "keepclear/amber/to/birch"):
        typed = as_typed((await amber.http.get("/v1/record/proof", params={"log": log, "n": 1})).content, answers.Proof)

        checkpoint, _ = open_signed(typed.checkpoint, amber.node.loop.identity.ed25519)
        leaf = leaf_hash(typed.text.encode())
        path = [bytes.fromhex(each) for each in typed.proof]
        verify_inclusion(typed.index, typed.size, leaf, path, bytes.fromhex(typed.root))
        assert (checkpoint.origin, checkpoint.size, checkpoint.root.hex()) == (log, typed.size, typed.root)


async def test_tiles_and_checkpoint_of_a_channel_are_served_and_the_private_log_is_not(pair):
    amber, _ = pair
    await amber.http.post("/v1/notices", json=notice())
    base = "/v1/record/tiles/amber/birch"

    note = await amber.http.get(f"{base}/checkpoint")
    width = amber.node.loop.logs.size("keepclear/amber/to/birch")
    hashes = await amber.http.get(f"{base}/tile/0/000.p/{width}")
    entries = await amber.http.get(f"{base}/tile/entries/000.p/{width}")
    beyond = await amber.http.get(f"{base}/tile/0/000.p/{width + 1}")

    assert note.text.startswith("keepclear/amber/to/birch\n")
    assert len(hashes.content) == 32 * width
    assert entries.content[2:].startswith(b'{"at":')
    await is_problem(beyond, 404, "not_found")
    await is_problem(await amber.http.get("/v1/record/tiles/amber/private/checkpoint"), 404, "not_found")


# ---------------------------------------------------------------------------------------------- what it refuses


@pytest.mark.parametrize(
    ("change", "status", "code", "at"),
    [
        ({"target": "x"}, 422, "malformed", ""),
        ({"volumes": []}, 422, "malformed", "volumes"),
        ({"by": ""}, 422, "malformed", "by"),
        ({"remarks": "x" * 201}, 422, "malformed", "remarks"),
        ({"volumes": [a_volume(start_s=-7200, end_s=-3600)]}, 422, "malformed", "volumes"),
        ({"volumes": [a_volume(end_s=500 * 86_400)]}, 413, "limit_reached", "volumes"),
        ({"volumes": [{**a_volume(), "polygon": [[0, 0], [0, 1], [1, 1]]}]}, 422, "malformed", "volumes[0]"),
        ({"volumes": [{**a_volume(), "start": "2027-01-01 08:00"}]}, 422, "malformed", "volumes[0].start"),
        ({"volumes": [a_volume(lat=120)]}, 422, "malformed", "volumes[0].circle.lat"),
    ],
)
async def test_a_notice_that_cannot_be_is_refused_with_the_field(amber: Inside, change, status, code, at):
    answer = await amber.http.post("/v1/notices", json=notice(**change))

    body = await is_problem(answer, status, code)
    assert body.get("at", "").startswith(at)
    assert not amber.node.picture.notices


async def test_a_body_over_the_bound_is_refused_and_one_at_the_bound_is_read(amber: Inside):
    head = {"content-type": "application/json"}

    at_bound = await amber.http.post("/v1/notices", content=b" " * 512_000, headers=head)
    beyond = await amber.http.post("/v1/notices", content=b" " * 512_001, headers=head)

    async def pieces():
        for _ in range(513):
            yield b" " * 1_000

    unsized = await amber.http.post("/v1/notices", content=pieces(), headers=head)
    await is_problem(at_bound, 422, "malformed")
    await is_problem(beyond, 413, "limit_reached")
    await is_problem(unsized, 413, "limit_reached")


@pytest.mark.parametrize("body", [b"", b"{", b"[1", b'{"by": 1}', b"\xff", b"[" * 100_000, b"null"])
async def test_bytes_that_are_no_request_are_refused_as_malformed(amber: Inside, body):
    answer = await amber.http.post("/v1/notices", content=body, headers={"content-type": "application/json"})

    assert answer.status_code in (413, 422)
    assert answer.json()["code"] in ("malformed", "limit_reached")


async def test_another_content_type_is_refused(amber: Inside):
    answer = await amber.http.post("/v1/notices", content=b"{}", headers={"content-type": "text/plain"})

    await is_problem(answer, 415, "unsupported_media_type")


async def test_what_the_framework_refuses_is_a_problem_too(amber: Inside):
    await is_problem(await amber.http.get("/v1/nothing"), 404, "not_found")
    await is_problem(await amber.http.get("/v1/picture/"), 404, "not_found")
    wrong = await amber.http.put("/v1/check", json={})
    await is_problem(wrong, 405, "method_not_allowed")
    assert "POST" in wrong.headers["allow"]


async def test_an_unknown_or_doubled_parameter_is_named(amber: Inside):
    unknown = await is_problem(await amber.http.get("/v1/notices?alive=true"), 422, "malformed")
    await is_problem(await amber.http.get("/v1/notices?live=true&live=false"), 422, "malformed")
    await is_problem(await amber.http.get("/v1/record/entries?log=keepclear/amber/private&count=501"), 422, "malformed")

    assert "live" in unknown["detail"]


async def test_a_region_word_that_contradicts_the_geometry_is_sent_only_when_confirmed(pair):
    amber, _ = pair
    request = notice(volumes=[a_volume(lon=-150.9)], region="W")

    first = await amber.http.post("/v1/notices", json=request)
    second = await amber.http.post("/v1/notices", json={**request, "confirmed": True})

    body = await is_problem(first, 409, "contradiction")
    assert "W" in body["detail"] and "E" in body["detail"]
    assert second.status_code == 201


async def test_a_change_of_an_older_version_is_stale(pair):
    amber, _ = pair
    await amber.http.post("/v1/notices", json=notice())

    changed = await amber.http.put("/v1/notices/A-0001", json=notice(version=1, remarks="later"))
    again = await amber.http.put("/v1/notices/A-0001", json=notice(version=1))

    assert (changed.status_code, changed.json()["notice"]["version"]) == (200, 2)
    await is_problem(again, 412, "stale")


async def test_our_own_fault_says_so_and_nothing_else(amber: Inside, monkeypatch):
    monkeypatch.setattr(amber.node, "now_us", lambda: 1 / 0)

    answer = await amber.http.get("/v1/picture")

    body = await is_problem(answer, 500, "invariant_broken")
    assert "division" not in answer.text
    assert body["detail"] == "this is our fault, and it is logged"


# ------------------------------------------------------------------------------------------------ repeated requests


async def test_a_repeat_with_the_same_key_gets_the_same_bytes_and_is_not_done_again(pair):
    amber, _ = pair
    key = {"idempotency-key": "one"}
    request = notice()

    first = await amber.http.post("/v1/notices", json=request, headers=key)
    second = await amber.http.post("/v1/notices", json=request, headers=key)
    other = await amber.http.post("/v1/notices", json=notice(remarks="another"), headers=key)

    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert len(amber.node.picture.notices) == 1
    await is_problem(other, 409, "idempotency_mismatch")


async def test_a_repeat_after_a_restart_gets_the_same_receipt(tmp_path):
    made = configured(tmp_path / "amber", "amber")
    request = notice()
    async with running(made) as amber:
        first = await amber.http.post("/v1/notices", json=request, headers={"idempotency-key": "k"})
    async with running(made) as amber:
        second = await amber.http.post("/v1/notices", json=request, headers={"idempotency-key": "k"})

        assert second.status_code == 201
        assert second.json()["receipt"] == first.json()["receipt"]
        assert len(amber.node.picture.notices) == 1


@pytest.mark.parametrize(("key", "fits"), [("x" * 128, True), ("x" * 129, False), ("a b", False), ("é", False)])
async def test_an_idempotency_key_is_visible_ascii_within_its_bound(amber: Inside, key, fits):
    answer = await amber.http.post("/v1/notices", json=notice(), headers={"idempotency-key": key.encode("latin-1")})

    assert answer.status_code == (201 if fits else 422)


# ------------------------------------------------------------------------------------------------------- who asks


async def test_without_credential_nothing_is_told_but_health(amber: Inside):
    del amber.http.headers["authorization"]
    for path in ("/v1/picture", "/v1/notices", "/v1/stream", "/v1/openapi.json", "/v1/record/export"):
        answer = await amber.http.get(path)

        if path != "/v1/openapi.json":
            await is_problem(answer, 401, "not_known")
            assert answer.headers["www-authenticate"] == "Bearer"
    assert (await amber.http.get("/v1/health")).json() == {"ok": True, "store": {"ok": True, "detail": ""}}


async def test_a_wrong_token_is_refused(amber: Inside):
    for shown in ("Bearer " + "0" * 64, "Bearer", "Basic abc", ""):
        answer = await amber.http.get("/v1/picture", headers={"authorization": shown})

        await is_problem(answer, 401, "not_known")


async def test_a_link_opens_one_session_once(amber: Inside):
    link = (await amber.http.post("/v1/session/link")).json()["url"]
    del amber.http.headers["authorization"]

    opened = await amber.http.get(link)
    again = await amber.http.get(link)

    assert (opened.status_code, opened.headers["location"]) == (303, "/")
    cookie = opened.headers["set-cookie"]
    assert all(
        word in cookie for word in ("__Host-keepclear-amber=", "HttpOnly", "Secure", "SameSite=Strict", "Path=/")
    )
    assert (await amber.http.get("/v1/picture")).status_code == 200
    assert (await amber.http.get("/")).status_code == 200
    assert again.status_code == 401


async def test_a_session_acts_only_from_our_own_page(amber: Inside):
    await amber.http.get(amber.doors.new_link())
    del amber.http.headers["authorization"]
    own = amber.doors.console_url
    cases = {
        (("origin", own),): 201,
        (("origin", own), ("sec-fetch-site", "same-origin")): 201,
        (("origin", "https://127.0.0.1:1"), ("sec-fetch-site", "same-site")): 403,
        (("origin", own), ("sec-fetch-site", "cross-site")): 403,
        (("origin", "null"),): 403,
        (): 403,
    }

    for shown, status in cases.items():
        answer = await amber.http.post("/v1/notices", json=notice(), headers=dict(shown))

        assert answer.status_code == status, (shown, answer.text)


async def test_another_host_name_is_refused(amber: Inside):
    answer = await amber.http.get("/v1/health", headers={"host": "evil.example:443"})

    await is_problem(answer, 403, "not_allowed")


async def test_every_answer_forbids_frames_caches_and_guessing(amber: Inside):
    for path in ("/v1/picture", "/v1/nothing", "/v1/docs", "/"):
        headers = (await amber.http.get(path)).headers

        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
    page = (await amber.http.get("/")).headers["content-security-policy"]
    assert page.startswith("default-src 'none'")
    assert "unsafe" not in page


async def test_files_of_the_console_are_served_and_no_other(amber: Inside):
    script = await amber.http.get("/main.js")

    assert script.headers["content-type"].startswith("text/javascript")
    assert (await amber.http.get("/main.js", headers={"if-none-match": script.headers["etag"]})).status_code == 304
    for path in ("/../app.py", "/%2e%2e/app.py", "/static/main.js", "/api-token", "/..%2fapp.py"):
        assert (await amber.http.get(path)).status_code == 404


# ------------------------------------------------------------------------------------------------------ the rest


async def test_the_description_is_valid_openapi_and_names_every_route(amber: Inside):
    described = (await amber.http.get("/v1/openapi.json")).json()

    validate(described)
    assert described["openapi"] == "3.1.0"
    from keepclear.faces.http.app import ENDPOINTS

    operations = {(method, path) for path, item in described["paths"].items() for method in item}
    expected = {(each.method.lower(), each.path.replace(":path", "")) for each in ENDPOINTS}
    assert operations == expected | {("get", "/v1/stream")}
    ids = [operation["operationId"] for item in described["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids))


async def test_the_documentation_page_loads_nothing(amber: Inside):
    page = await amber.http.get("/v1/docs")

    assert "POST /v1/notices" in page.text
    assert "<script" not in page.text
    assert "src=" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


async def test_a_stop_that_cannot_be_recorded_gives_a_card_to_read_out(pair, monkeypatch):
    amber, _ = pair

    def fail(batch):
        raise StoreFailed("the disk is full")

    monkeypatch.setattr(amber.node.store, "append", fail)

    answer = await amber.http.post("/v1/stops", json={"by": "I. Maro", "remarks": "storm"})

    body = await is_problem(answer, 503, "store_failed")
    assert body["card"][0] == "CALL BIRCH: +00 555"
    assert any("STOP" in line for line in body["card"])
    assert answer.headers["retry-after"] == "1"
    assert (await amber.http.get("/v1/health")).json()["ok"] is False


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tls", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), ("tls", "none"),
        ("url", "http://127.0.0.1:1"), ("ed25519", "AQ" + "A" * 41 + "="), ("persons", ["I. Maro", "I. Maro"]),
    ],
)  # fmt: skip
async def test_a_card_with_a_part_that_cannot_be_is_not_enrolled(amber: Inside, tmp_path, field, value):
    card = card_of(configured(tmp_path / "birch", "birch"))
    body = {name: getattr(card, name) for name in card.__struct_fields__} | {"persons": ["I. Maro", "J. Venn"]}

    answer = await amber.http.post("/v1/peers", json={**body, field: value})

    await is_problem(answer, 422, "malformed")
    assert not amber.node.picture.peers


async def test_the_reference_view_is_not_there_unless_it_was_loaded(amber: Inside):
    await is_problem(await amber.http.get("/v1/reference"), 404, "not_found")


def test_the_reference_page_names_every_request_with_its_types():
    from pathlib import Path

    from keepclear.faces.http.app import ENDPOINTS

    page = (Path(__file__).parents[2] / "docs" / "reference" / "http-api.md").read_text()
    for endpoint in ENDPOINTS:
        query = "&".join(f"{name}=" for name in endpoint.query)
        path = endpoint.path.replace(":path", "") + (f"?{query}" if query else "")
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {endpoint.method} | `{path}` |")]
        assert endpoint.summary in row
        if endpoint.body is not None:
            assert f"`{endpoint.body.__name__}`" in row
        assert f"| {endpoint.status} " in row


async def test_a_loaded_reference_view_is_given_whole_and_read_only(tmp_path):
    import dataclasses

    from tests.integration.nodes import ROOT

    made = configured(tmp_path / "amber", "amber")
    shown = dataclasses.replace(made, reference=ROOT / "examples" / "syria_2019" / "reference.json")
    async with running(shown) as amber:
        view = (await amber.http.get("/v1/reference")).json()

        assert view["format"] == "keepclear-reference/1"
        assert all("lead_times" in incident for incident in view["incidents"])
        assert (await amber.http.get("/v1/picture")).json()["reference"] is True
        await is_problem(await amber.http.post("/v1/reference", json={}), 405, "method_not_allowed")


# ------------------------------------------------------------------------------------------------------ the client


async def test_the_client_gives_typed_answers_and_the_errors_of_the_node(pair):
    import asyncio

    from keepclear.client import Client, to_request
    from keepclear.errors import KeepclearError, Malformed, NotFound, Stale, Unavailable
    from keepclear.formats.api import requests
    from keepclear.formats.api.stream import EntryEvent

    amber, birch = pair

    def ask() -> None:
        folder, url = amber.config.folder, amber.doors.console_url
        with Client.of(folder, url) as client:
            filed = client.file_notice(to_request(requests.FileNoticeRequest, notice()), key="k")
            assert filed.notice is not None
            assert client.file_notice(to_request(requests.FileNoticeRequest, notice(volumes=filed.notice.volumes)))
            assert client.notice("amber", filed.notice.id).filed_at == filed.notice.filed_at
            change = to_request(requests.ChangeNoticeRequest, notice(version=2))
            with pytest.raises(Stale) as stale:
                client.change_notice(filed.notice.id, change)
            assert (stale.value.status, stale.value.at) == (412, "version")
            with pytest.raises(NotFound):
                client.notice("amber", "A-9999")
            west = to_request(requests.FileNoticeRequest, notice(volumes=[a_volume(lon=-150.9)], region="W"))
            with pytest.raises(KeepclearError) as contradiction:
                client.file_notice(west)
            assert contradiction.value.code == "contradiction"
            first = next(iter(client.follow()))
            assert not isinstance(first, EntryEvent)  # the pulse that opens every stream
            entry = next(each for each in client.follow(after=1) if isinstance(each, EntryEvent))
            assert entry.seq == 2
            assert b"".join(client.export()).endswith(b"}\n")
            assert client.new_link().url.startswith(f"{url}/open?code=")
        with Client.of(folder, birch.doors.console_url) as client, pytest.raises(Unavailable, match=r"ca\.crt"):
            client.picture()
        with Client.of(folder, "https://127.0.0.1:9") as client, pytest.raises(Unavailable, match="keepclear serve"):
            client.picture()
        with pytest.raises(Malformed):
            to_request(requests.FileNoticeRequest, notice(target=1))
        with pytest.raises(NotFound):
            Client.of(folder / "none", url)

    await asyncio.to_thread(ask)
