"""The generated pages of the reference say what the types say."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from keepclear.errors import KeepclearError
from keepclear.node import entries

ROOT = Path(__file__).parents[2]
GENERATE: dict[str, Any] = runpy.run_path(str(ROOT / "docs" / "generate.py"), run_name="generate")


@pytest.mark.parametrize("name", sorted(GENERATE["PAGES"]))
def test_a_generated_page_is_current(name: str) -> None:
    written = (ROOT / name).read_text("utf-8")

    assert written == GENERATE["PAGES"][name](), f"{name} is not current: run `python docs/generate.py`"


def test_every_kind_of_entry_has_a_section_of_its_own() -> None:
    page = (ROOT / "docs" / "reference" / "entries.md").read_text("utf-8").splitlines()

    kinds = [*entries.CHANNEL_KINDS, *entries.PRIVATE_KINDS]
    assert len(kinds) >= 23
    assert [kind for kind in kinds if page.count(f"### {kind}") != 1] == []


def test_every_field_of_a_kind_has_a_row() -> None:
    page = (ROOT / "docs" / "reference" / "entries.md").read_text("utf-8")

    for kind, body in {**entries.CHANNEL_KINDS, **entries.PRIVATE_KINDS}.items():
        section = page.partition(f"\n### {kind}\n")[2].partition("\n### ")[0]
        missing = [name for name in body.__struct_fields__ if f"| `{name}` |" not in section]
        assert not missing, f"{kind}: {missing}"


def test_a_field_that_nobody_described_ends_the_run() -> None:
    with pytest.raises(SystemExit, match=r"NoticeSent\.payload"):
        GENERATE["meaning_of"]("NoticeSent", "payload")


def test_no_meaning_is_kept_for_a_field_that_is_gone() -> None:
    page = (ROOT / "docs" / "reference" / "entries.md").read_text("utf-8")

    assert [name for name, meaning in GENERATE["MEANINGS"].items() if meaning not in page] == []


def test_every_error_of_the_package_is_on_the_page_and_none_of_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    class OfATest(KeepclearError):
        """Not the package's."""

    named = {error.__name__ for _, error in GENERATE["error_tree"]()}

    assert {"Malformed", "SplitView", "IdempotencyMismatch", "StopNotRecorded"} <= named
    assert OfATest.__name__ not in named
    ours = {
        name
        for module, loaded in list(sys.modules.items())
        if module.startswith("keepclear.")
        for name, value in vars(loaded).items()
        if isinstance(value, type) and issubclass(value, KeepclearError) and not name.startswith("_")
    }
    assert ours <= named


def test_a_page_that_is_not_current_is_named_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "docs" / "reference" / "errors.md"
    page.parent.mkdir(parents=True)
    page.write_text("old", "utf-8")
    main = GENERATE["main"]
    monkeypatch.setitem(main.__globals__, "ROOT", tmp_path)

    assert main(["--check"]) == 1
    assert page.read_text("utf-8") == "old"
    assert "docs/reference/errors.md" in capsys.readouterr().out

    assert main([]) == 0
    assert main(["--check"]) == 0
