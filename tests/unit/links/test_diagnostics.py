"""The diagnostic log: JSON lines, facts as fields, and no words of what went wrong."""

from __future__ import annotations

import io
import json
import logging

import pytest

from keepclear.links.diagnostics import start_diagnostics


@pytest.fixture
def lines():
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    # Another test may have made our loggers quiet.
    ours = logging.getLogger("keepclear")
    quiet = ours.level
    ours.setLevel(logging.NOTSET)
    out = io.StringIO()
    start_diagnostics(to=out)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)
    ours.setLevel(quiet)


def test_an_event_and_its_facts_are_fields(lines):
    logging.getLogger("keepclear.outbox").info("line_failed peer=%s code=%s retry_s=%.1f", "birch", "busy", 0.5)

    (line,) = lines()
    assert (line["event"], line["peer"], line["code"], line["retry_s"]) == ("line_failed", "birch", "busy", "0.5")
    assert line["at"].endswith("Z")


def test_a_fault_is_told_by_kind_and_place_and_not_by_its_words(lines):
    try:
        raise ValueError("at 38.123 S 152.456 W said I. Maro")
    except ValueError:
        logging.getLogger("keepclear.peer").exception("peer_request_failed path=%s", "/peer/v1/entries")

    (line,) = lines()
    assert line["fault"] == "ValueError"
    assert line["where"][-1].startswith("test_diagnostics.py:")
    assert "38.123" not in json.dumps(line)
    assert "Maro" not in json.dumps(line)
