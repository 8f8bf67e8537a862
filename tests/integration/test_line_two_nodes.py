"""Two real nodes over TLS: a line test that is answered, a suspension, and a node that goes away (V3, V5)."""

from __future__ import annotations

from pathlib import Path

from tests.integration.inprocess import agree, configured, enrol, running, until
from tests.integration.nodes import a_volume


async def test_two_nodes_test_their_line_suspend_it_and_alarm_when_one_goes(tmp_path: Path) -> None:
    amber_config, birch_config = (configured(tmp_path / party, party) for party in ("amber", "birch"))
    async with running(amber_config) as amber:
        async with running(birch_config) as birch:
            await enrol(amber, birch)
            await agree(amber, birch)

            asked = await amber.http.post("/v1/line/tests", json={"to": "birch", "by": "I. Maro"})
            test = asked.json()["subject"]
            await until(birch, lambda: test in birch.node.picture.line_with("amber").tests)
            shown = (await birch.http.get("/v1/line")).json()[0]["tests"][0]
            assert (shown["test"], shown["asks_us"]) == (test, True)
            body = {"test": test, "by": "K. Orr", "language_ok": True}
            assert (await birch.http.post("/v1/line/tests/answer", json=body)).status_code == 200
            await until(amber, lambda: amber.node.picture.lines["birch"].tests[test].results)
            shown = (await amber.http.get("/v1/line")).json()[0]
            assert (shown["tests"][0]["results"], shown["tests"][0]["answered_by"]) == (["answered"], "K. Orr")
            assert abs(shown["skew_s"]) <= shown["skew_uncertain_s"] + 0.1
            assert shown["software"].startswith("keepclear ")

            channel = {"to": "amber", "channel": "safety", "state": "suspended", "by": "K. Orr"}
            assert (await birch.http.post("/v1/line/channel", json=channel)).status_code == 200
            await until(amber, lambda: amber.node.picture.lines["birch"].is_suspended())
            notice = {"volumes": [a_volume()], "by": "I. Maro", "kind": "MOVEMENT"}
            filed = (await amber.http.post("/v1/notices", json=notice)).json()
            assert [each["kind"] for each in filed["receipt"]["entries"]][-3:] == ["held_back"] * 3
            stop = (await amber.http.post("/v1/stops", json={"by": "I. Maro"})).json()["stop"]["id"]
            await until(birch, lambda: stop in birch.node.picture.stops)
            assert not birch.node.picture.notices
            assert len((await amber.http.get("/v1/line")).json()[0]["waiting"]) == 3

            assert (await birch.http.post("/v1/line/channel", json=channel | {"state": "open"})).status_code == 200
            await until(birch, lambda: birch.node.picture.notices)

        # Birch is gone: Amber says so, by itself.
        await until(amber, lambda: amber.node.picture.lines["birch"].is_silent, seconds=30)
        shown = (await amber.http.get("/v1/line")).json()[0]
        assert shown["line"] == "down"
        assert [(each["what"], each["level"]) for each in shown["alarms"]] == [("silent", "caution")]
