"""keepclear.toml: what it may say, what is told when it says something else, and the environment above it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from keepclear import config
from keepclear.errors import LimitReached, Malformed, NotFound
from keepclear.node.settings import Settings

LEAST = '[party]\nid = "amber"\nname = "Amber"\n'
HERE = Path("/folder")


def test_the_least_configuration_has_safe_defaults():
    read = config.read(LEAST, HERE, {})

    assert (read.console.host, read.peers.host) == ("127.0.0.1", "127.0.0.1")
    assert read.peer_url == "https://127.0.0.1:8444"
    assert read.record_file == HERE / "record.sqlite"


def test_what_is_written_reads_back_the_same():
    odd = config.read(LEAST.replace('"Amber"', r'"Am \"b\" \\er"'), HERE, {})

    assert config.read(config.write(odd), HERE, {}) == odd


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        (LEAST + "[consle]\n", "consle", "did you mean console"),
        (LEAST + 'telefone = "1"\n', "party.telefone", "did you mean telephone"),
        (LEAST + "[console]\nprt = 1\n", "console.prt", "did you mean port"),
        (LEAST + '[console]\nport = "1"\n', "console.port", "a whole number"),
        (LEAST + "[console]\nport = true\n", "console.port", "a whole number"),
        (LEAST + "[console]\nport = 65536\n", "console.port", "1 to 65535"),
        (LEAST + '[console]\nhost = "0.0.0.0"\n', "console.host", "loopback only"),
        (LEAST + '[console]\nhost = "localhost"\n', "console.host", "loopback only"),
        (LEAST + "[settings]\nheartbeat_s = 0\n", "settings.heartbeat_s", "more than 0"),
        (LEAST + "[settings]\nheartbeat_s = inf\n", "settings.heartbeat_s", "more than 0"),
        (LEAST + "[settings]\nneeds_mldsa44 = false\n", "settings.needs_mldsa44", "no key"),
        ("party = 1\n", "party", "section"),
        ('[party]\nname = "Amber"\n', "party.id", "missing"),
        (LEAST.replace("amber", "Amber"), "party.id", "not a party id"),
    ],
)
def test_what_cannot_be_is_named_with_what_would_be_right(text, at, words):
    with pytest.raises(Malformed) as refused:
        config.read(text, HERE, {})

    assert refused.value.at == at
    assert words in refused.value.message


def test_the_environment_stands_above_the_file():
    read = config.read(LEAST, HERE, {"KEEPCLEAR_CONSOLE_PORT": "9443", "KEEPCLEAR_SETTINGS_TICK_S": "0.5"})

    assert (read.console.port, read.settings.tick_s) == (9443, 0.5)
    with pytest.raises(Malformed) as refused:
        config.read(LEAST, HERE, {"KEEPCLEAR_CONSOLE_PORT": "high"})
    assert refused.value.at == "KEEPCLEAR_CONSOLE_PORT"


def test_a_folder_or_its_file_may_be_named(tmp_path):
    (tmp_path / config.FILE_NAME).write_text(LEAST)

    assert config.load(tmp_path, {}) == config.load(tmp_path / config.FILE_NAME, {})
    with pytest.raises(NotFound, match="keepclear init"):
        config.load(tmp_path / "other", {})


def test_a_file_beyond_the_bound_is_refused(tmp_path):
    (tmp_path / config.FILE_NAME).write_text(LEAST + "#" * config.BYTES_MAX)

    with pytest.raises(LimitReached):
        config.load(tmp_path, {})


def test_the_reference_page_lists_every_key_with_its_default():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "configuration.md").read_text()

    for section, keys in config._SECTIONS.items():
        assert f"## [{section}]" in page
        for key in keys:
            assert f"| `{key}` |" in page, f"{section}.{key}"
    for field in dataclasses.fields(Settings):
        if not isinstance(field.default, bool):
            assert f"| `{field.name}` | {field.default:,} |" in page
