"""The event stream: in order, once, resumable, bounded."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from tests.integration.inprocess import configured, running, trusting
from tests.integration.nodes import a_volume

from keepclear.formats.api.stream import EntryEvent, PulseEvent


@pytest.fixture
async def amber(tmp_path):
    async with running(configured(tmp_path / "amber", "amber", followers_max=2, follower_queue_max=64)) as inside:
        yield inside


async def events(amber, *, after=0, headers=None):
    """(kind, id, data) of each event, as they come."""
    async with amber.http.stream("GET", f"/v1/stream?after={after}", headers=headers or {}) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        kind, id_ = "", None
        async for line in response.aiter_lines():
            if line.startswith("event: "):
                kind = line[7:]
            elif line.startswith("id: "):
                id_ = int(line[4:])
            elif line.startswith("data: "):
                yield kind, id_, json.loads(line[6:])
                kind, id_ = "", None


async def entries(amber, count, **how):
    found = []
    async with asyncio.timeout(15):
        async for kind, id_, data in events(amber, **how):
            if kind == "entry":
                assert id_ == data["seq"]
                found.append(data)
                if len(found) == count:
                    return found
    raise AssertionError("the stream ended early")


async def file(amber, count):
    for _ in range(count):
        answer = await amber.http.post("/v1/notices", json={"volumes": [a_volume()], "by": "I. Maro"})
        assert answer.status_code == 201


async def test_every_entry_comes_once_in_order_whether_before_or_while_following(amber):
    await file(amber, 3)
    following = asyncio.create_task(entries(amber, amber.node.loop.logs.seq + 3))
    await asyncio.sleep(0.3)

    await file(amber, 3)

    found = await following
    assert [each["seq"] for each in found] == list(range(1, len(found) + 1))
    assert set(found[0]) == set(EntryEvent.__struct_fields__)
    assert {each["kind"] for each in found} >= {"node_started", "notice_filed"}


async def test_a_follower_that_comes_back_goes_on_after_the_last_id(amber):
    await file(amber, 4)
    whole = await entries(amber, 5)

    by_query = await entries(amber, 2, after=3)
    by_header = await entries(amber, 2, after=0, headers={"last-event-id": "3"})

    assert by_query == whole[3:5]
    assert by_header == whole[3:5]


async def test_a_pulse_comes_every_second_and_has_no_id(amber):
    pulses = []
    async with asyncio.timeout(6):
        async for kind, id_, data in events(amber, after=10_000):
            assert (kind, id_) == ("pulse", None)
            pulses.append(data)
            if len(pulses) == 3:
                break

    assert set(pulses[0]) == set(PulseEvent.__struct_fields__)
    assert pulses[0]["now"] < pulses[1]["now"] < pulses[2]["now"]


async def test_followers_beyond_the_bound_are_refused_by_name(amber):
    held = [amber.http.stream("GET", "/v1/stream") for _ in range(2)]
    for each in held:
        assert (await each.__aenter__()).status_code == 200
    try:
        third = await amber.http.get("/v1/stream")
        assert third.status_code == 413
        assert "followers_max" in third.json()["detail"]
    finally:
        for each in held:
            await each.__aexit__(None, None, None)

    async with asyncio.timeout(5):
        while (response := await stream_status(amber)) != 200:
            assert response == 413
            await asyncio.sleep(0.1)


async def stream_status(amber) -> int:
    async with amber.http.stream("GET", "/v1/stream") as response:
        return response.status_code


async def test_a_follower_that_does_not_keep_up_is_cut_off_and_resumes_without_a_gap(amber):
    """Its queue of 64 fills while one turn of the loop records more than that."""
    following = asyncio.create_task(collect_until_end(amber))
    await asyncio.sleep(0.3)
    requests = [
        amber.http.post("/v1/notices", json={"volumes": [a_volume(lat=0.0 + n)], "by": "I. Maro"}) for n in range(80)
    ]
    stored = amber.node.store.entries

    amber.node.fanout.publish(list(stored(0)) * 100)
    await asyncio.gather(*requests)

    seen = await asyncio.wait_for(following, 15)
    rest = await entries(amber, amber.node.loop.logs.seq - seen[-1], after=seen[-1]) if seen else []
    assert [*seen, *(each["seq"] for each in rest)] == list(range(1, amber.node.loop.logs.seq + 1))


async def collect_until_end(amber):
    return [data["seq"] async for kind, _, data in events(amber) if kind == "entry"]


@pytest.mark.parametrize("after", ["-1", "x", "1e3", "9" * 17])
async def test_a_last_id_that_is_no_number_is_refused(amber, after):
    answer = await amber.http.get("/v1/stream", params={"after": after})

    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


async def test_streams_end_at_once_when_the_node_stops(tmp_path):
    made = configured(tmp_path / "birch", "birch")
    async with httpx.AsyncClient(verify=trusting(made.folder), trust_env=False, timeout=20) as outside:
        async with running(made) as birch:
            request = outside.build_request("GET", f"{birch.doors.console_url}/v1/stream", headers=birch.http.headers)
            response = await outside.send(request, stream=True)
            reading = asyncio.create_task(response.aread())
            await asyncio.sleep(0.2)
            begun = asyncio.get_running_loop().time()

        whole = await reading

    assert b"event: pulse" in whole  # it ended as an answer ends, and was not torn
    assert asyncio.get_running_loop().time() - begun < 2.0
