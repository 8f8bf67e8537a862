"""The peer door: who gets in, who is told why not, and what no flood can shut out."""

from __future__ import annotations

import asyncio
import ssl

import httpx
import pytest
from tests.integration.inprocess import agree, configured, enrol, running, until
from tests.integration.nodes import a_volume

from keepclear.errors import PeerUnreachable
from keepclear.faces.peer import app as peer_app
from keepclear.formats import peer as wire
from keepclear.links import system
from keepclear.links.peer import HttpsPeerLink, PeerDoor


@pytest.fixture
async def pair(tmp_path):
    async with (
        running(configured(tmp_path / "amber", "amber")) as amber,
        running(configured(tmp_path / "birch", "birch")) as birch,
    ):
        await enrol(amber, birch)
        await agree(amber, birch)
        yield amber, birch


def caller(
    door: str, server_certificate, files=None, *, lowest=ssl.TLSVersion.TLSv1_3, highest=None
) -> httpx.AsyncClient:
    """A client of a peer door that shows the certificate of `files`, or none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.minimum_version = lowest
    if highest is not None:
        context.maximum_version = highest
    context.load_verify_locations(cafile=str(server_certificate))
    if files is not None:
        context.load_cert_chain(files.certificate, files.key)
    return httpx.AsyncClient(base_url=door, verify=context, trust_env=False, timeout=5)


def stranger(tmp_path, party="cedar"):
    folder = tmp_path / "stranger"
    system.create_identity(folder, party, party.title(), system.SystemEntropy(), now_us=system.SystemClock().now_us())
    return system.peer_files(folder)


async def test_a_caller_without_certificate_or_with_an_unknown_one_does_not_get_through_the_handshake(pair, tmp_path):
    amber, birch = pair
    shown = system.peer_files(birch.config.folder).certificate
    unknown = stranger(tmp_path, "amber")  # the right name on the wrong key

    for files in (None, unknown, system.console_files(amber.config.folder)):
        async with caller(birch.doors.peer_url, shown, files) as client:
            with pytest.raises(httpx.TransportError):
                await client.post("/peer/v1/heartbeat", content=b"{}")


async def test_an_older_tls_is_refused(pair):
    amber, birch = pair
    files = system.peer_files(amber.config.folder)
    old = ssl.TLSVersion.TLSv1_2

    async with caller(
        birch.doors.peer_url, system.peer_files(birch.config.folder).certificate, files, lowest=old, highest=old
    ) as client:
        with pytest.raises(httpx.TransportError):
            await client.post("/peer/v1/heartbeat", content=b"{}")


async def test_a_party_that_is_removed_is_refused_with_the_reason_and_then_not_let_in_at_all(pair):
    amber, birch = pair
    files, shown = system.peer_files(amber.config.folder), system.peer_files(birch.config.folder).certificate
    async with caller(birch.doors.peer_url, shown, files) as client:
        before = await client.get("/peer/v1/entries")

        removed = await birch.http.delete("/v1/peers/amber?by=K. Orr")
        on_the_held_connection = await client.get("/peer/v1/entries")

    assert before.status_code == 200
    assert removed.status_code == 200
    assert on_the_held_connection.status_code == 403
    problem = on_the_held_connection.json()
    assert problem["code"] == "not_allowed"
    assert "amber was removed at birch" in problem["detail"]
    async with caller(birch.doors.peer_url, shown, files) as client:
        with pytest.raises(httpx.TransportError):
            await client.get("/peer/v1/entries")


async def test_a_party_sees_its_own_channel_and_no_other(pair):
    amber, birch = pair
    files, shown = system.peer_files(amber.config.folder), system.peer_files(birch.config.folder).certificate
    await birch.http.post("/v1/notices", json={"volumes": [a_volume()], "by": "K. Orr"})
    async with caller(birch.doors.peer_url, shown, files) as client:
        answer = await client.get("/peer/v1/entries?first=0&count=256")
        entries = wire.read_entries(answer.content).entries

        assert entries
        assert all(b'"log":"keepclear/amber/to/birch"' in entry for entry in entries)
        for path in ("/v1/picture", "/v1/record", "/", "/peer/v1/other", "/peer/v1/entries/x"):
            assert (await client.get(path)).status_code == 404
        assert (await client.get("/peer/v1/entries?count=257")).json()["code"] == "malformed"


async def test_bytes_that_are_no_message_are_refused_and_the_door_stays_open(pair):
    amber, birch = pair
    files, shown = system.peer_files(amber.config.folder), system.peer_files(birch.config.folder).certificate
    bad = [
        b"",
        b"{",
        b"null",
        b"[" * 50_000,
        b'{"first":-1,"entries":[],"checkpoint":""}',
        b'{"first":0,"entries":["!"]}',
    ]
    async with caller(birch.doors.peer_url, shown, files) as client:
        for body in bad:
            answer = await client.post("/peer/v1/entries", content=body)
            assert (answer.status_code, answer.json()["code"]) == (422, "malformed"), body[:20]
        many = wire.encode(wire.DeliveryMessage(0, (b"x",) * 257, ""))
        assert (await client.post("/peer/v1/entries", content=many)).status_code == 422
        long = await client.post("/peer/v1/entries", content=b"x" * (wire.MESSAGE_BYTES_MAX + 1))
        assert (long.status_code, long.json()["code"]) == (413, "limit_reached")
        beat = await client.post("/peer/v1/heartbeat", content=b" " * (wire.HEARTBEAT_BYTES_MAX + 1))
        assert beat.status_code == 413
        assert (await client.get("/peer/v1/entries")).status_code == 200


async def test_a_flood_is_slowed_and_a_stop_and_a_heartbeat_pass_it(pair, monkeypatch):
    amber, birch = pair
    # A test on a slow machine cannot flood: a short burst, and nothing after it.
    monkeypatch.setattr(peer_app, "RATE_PER_S", 0.0)
    monkeypatch.setattr(peer_app, "BURST", 120.0)
    files, shown = system.peer_files(amber.config.folder), system.peer_files(birch.config.folder).certificate
    nothing = wire.encode(wire.DeliveryMessage(10_000, (), ""))
    stop = wire.encode(wire.DeliveryMessage(10_000, (b'{"at":1,"body":{},"kind":"stop","log":"x"}',), ""))
    async with caller(birch.doors.peer_url, shown, files) as client:
        codes = [(await client.post("/peer/v1/entries", content=nothing)).status_code for _ in range(100)]
        while (flooded := await client.post("/peer/v1/entries", content=nothing)).status_code == 200:
            codes.append(200)
        urgent = await client.post("/peer/v1/entries", content=stop)
        ours = amber.node.exchange.heartbeat("birch", amber.node.now_us(), amber.node.wall_us())
        beat = wire.HeartbeatMessage(ours.software, ours.now_us, ours.holds, ours.cosigned, ours.checkpoint, True)
        heard = await client.post("/peer/v1/heartbeat", content=wire.encode(beat))

    assert set(codes) == {200}
    assert len(codes) <= 120
    assert flooded.json()["code"] == "busy"
    assert urgent.status_code == 200, urgent.text  # beyond the gap: taken, and told how much is held
    assert heard.status_code == 200
    assert wire.read_heartbeat(heard.content).software.startswith("keepclear ")


async def test_the_calling_side_says_in_words_what_to_check(pair, tmp_path):
    amber, birch = pair
    ours = system.peer_files(amber.config.folder)
    unknown = stranger(tmp_path)
    birch_pem = system.peer_files(birch.config.folder).certificate.read_text()
    beat = amber.node.exchange.heartbeat("birch", amber.node.now_us(), amber.node.wall_us())
    console = birch.doors.console_url

    cases = [
        (
            ours,
            PeerDoor(birch.doors.peer_url, unknown.certificate.read_text()),
            "another certificate than the one enrolled",
        ),
        (unknown, PeerDoor(birch.doors.peer_url, birch_pem), "not accept our certificate"),
        (ours, PeerDoor("https://127.0.0.1:9", birch_pem), "nothing listens at"),
        (ours, PeerDoor(console, birch_pem), "another certificate than the one enrolled"),
        (ours, PeerDoor("https://no-such-host.invalid:8444", birch_pem), "cannot be reached"),
    ]

    for files, door, words in cases:
        link = HttpsPeerLink(files.certificate, files.key)
        link.trust({"birch": door})
        try:
            with pytest.raises(PeerUnreachable) as told:
                await link.heartbeat("birch", beat)
        finally:
            await link.close()
        assert words in str(told.value)
        assert "birch" in str(told.value)


async def test_a_party_that_is_not_enrolled_is_not_called(pair):
    amber, _ = pair
    link = HttpsPeerLink(*(getattr(system.peer_files(amber.config.folder), name) for name in ("certificate", "key")))

    with pytest.raises(PeerUnreachable, match="not enrolled"):
        await link.fetch("cedar", 0, 1)


async def test_a_renewed_certificate_is_trusted_once_it_is_enrolled_and_the_old_one_no_more(pair, tmp_path):
    amber, birch = pair
    old = system.peer_files(amber.config.folder)
    new = stranger(tmp_path, "amber")
    shown = system.peer_files(birch.config.folder).certificate
    held = birch.node.picture.peers["amber"].enrolled

    answer = await birch.http.post(
        "/v1/peers",
        json={
            **{name: getattr(held, name) for name in held.__struct_fields__},
            "tls": new.certificate.read_text(),
            "persons": ["K. Orr", "L. Tesh"],
        },
    )

    assert answer.status_code == 201, answer.text
    async with caller(birch.doors.peer_url, shown, new) as client:
        assert (await client.get("/peer/v1/entries")).status_code == 200
    async with caller(birch.doors.peer_url, shown, old) as client:
        with pytest.raises(httpx.TransportError):
            await client.get("/peer/v1/entries")


async def test_what_is_filed_while_the_peer_is_away_arrives_in_order_when_it_is_back(tmp_path):
    made = configured(tmp_path / "birch", "birch")
    async with running(configured(tmp_path / "amber", "amber")) as amber:
        async with running(made) as birch:
            await enrol(amber, birch)
            await agree(amber, birch)
        for _ in range(5):
            assert (
                await amber.http.post("/v1/notices", json={"volumes": [a_volume()], "by": "I. Maro"})
            ).status_code == 201

        async with running(made) as birch:
            await until(birch, lambda: len(birch.node.picture.notices) == 5)
            held = [birch.node.store.log_entries("keepclear/amber/to/birch", 0, 100)]

    sent = [each.data for each in held[0]]
    assert len(sent) == len(set(sent))
    assert [each.n for each in held[0]] == list(range(len(sent)))


async def test_no_traffic_crosses_in_clear(pair):
    _, birch = pair
    host, port = "127.0.0.1", birch.config.peers.port
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET /peer/v1/entries HTTP/1.1\r\nHost: x\r\n\r\n")
    await writer.drain()

    answer = await asyncio.wait_for(reader.read(100), 5)

    writer.close()
    assert not answer.startswith(b"HTTP/")
