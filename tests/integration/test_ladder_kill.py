"""A real node that is killed half-way up the ladder (N4)."""

from __future__ import annotations

import socket
from pathlib import Path

from tests.integration.nodes import amber_and_birch, wait_for

from keepclear.formats.api import requests


def test_a_node_killed_between_an_attempt_and_its_record_tries_again(tmp_path: Path) -> None:
    """kill -9 of a real node while its webhook has taken the alarm and not answered yet (N4)."""
    settings = {"ladder_urgent_second_path_s": 1}
    with (
        amber_and_birch(tmp_path, agreed=False, settings=settings) as pair,
        socket.create_server(("127.0.0.1", 0)) as hook,
    ):
        amber, birch = pair.both()
        birch.kill()
        amber.stop()
        url = f"http://127.0.0.1:{hook.getsockname()[1]}"
        file = amber.folder / "keepclear.toml"
        hooks = f'[ladder]\nsecond_path = ["birch {url}/alarm"]\n[webhooks]\nallow = ["{url}"]\nallow_private = true\n'
        file.write_text(f"{file.read_text()}\n{hooks}")
        amber.start()
        hook.settimeout(30)

        amber.client.send_stop(requests.StopRequest(by="Imani"))
        first, line = _take(hook)
        amber.kill()
        line.close()
        amber.start()
        second, line = _take(hook)
        line.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        line.close()

        assert first == second == "amber/SA-0001/birch second_path"
        log = "keepclear/amber/private"
        tried = wait_for(
            lambda: [e.text for e in amber.client.entries(log) if '"kind":"ladder_tried"' in e.text], "the outcome"
        )
        assert '"outcome":"sent"' in tried[0]


def _take(hook: socket.socket) -> tuple[str, socket.socket]:
    """The key of the next alarm that comes in, and the line it came on."""
    line, _ = hook.accept()
    line.settimeout(10)
    data = b""
    while b"\r\n\r\n" not in data:
        data += line.recv(4_096)
    head = data.decode().lower().splitlines()
    key = next(each for each in head if each.startswith("idempotency-key: "))
    return data.decode().splitlines()[head.index(key)].partition(": ")[2], line
