"""The tree itself: promises about files that no other tool keeps."""

from __future__ import annotations

import ast
import doctest
import hashlib
import importlib
import importlib.metadata
import importlib.util
import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "keepclear"
VENDOR = PACKAGE / "faces" / "console" / "static" / "vendor"

LONGEST_FUNCTION = 70
#: Numeric kernels and parsers that are longer, with the length they had. A figure may only be lowered.
#: Key: path under src/keepclear and the function's qualified name. Length: lines of code, its docstring apart.
LONGER_FUNCTIONS: dict[str, int] = {
    # Numeric kernels: loops within loops over the same names.
    "engine/kernels/ground.py:outlines": 71,
    "engine/kernels/search.py:search": 116,
}


def _modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if VENDOR not in path.parents)


@cache
def _tracked() -> tuple[Path, ...]:
    """Files that the repository holds; outside a repository (an unpacked archive), all that are not made by a tool."""
    git = shutil.which("git") if (ROOT / ".git").exists() else None
    listed = git and subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed and listed.returncode == 0:
        paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        made = {".git", ".venv", "__pycache__", "build", "dist", "var"}
        paths = [path for path in ROOT.rglob("*") if not made & set(path.relative_to(ROOT).parts)]
    assert ROOT / "pyproject.toml" in paths, "the list of files is not of this project"
    return tuple(path for path in paths if path.is_file() and not path.is_symlink())


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# --------------------------------------------------------------------------------------------------------- modules


def test_every_module_says_what_it_is_for() -> None:
    silent = [_name(path) for path in _modules() if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]

    assert not silent, f"modules without a docstring: {silent}"


def _modules_on_the_map(text: str) -> set[str]:
    """Paths under src/keepclear with a line of their own: `core/ids.py`, or `ids.py` indented below `core/`."""
    found = set(re.findall(r"[\w/]+\.py\b", text))
    folder = ""
    for line in text.splitlines():
        listed = re.match(r"(\s*)([\w/]+(?:\.py|/))(?:\s{2,}|$)", line)
        if listed is None:
            continue
        indented, path = listed.groups()
        if path.endswith("/"):
            folder = path
        elif indented:
            found.add(folder + path)
    return found


def test_every_module_has_a_line_on_the_map() -> None:
    on_the_map = _modules_on_the_map((ROOT / "ARCHITECTURE.md").read_text("utf-8"))
    folders = {f"{path.rpartition('/')[0]}/" for path in on_the_map}

    missing = []
    for path in (path.relative_to(PACKAGE) for path in _modules()):
        # A package is on the map when anything inside it is.
        is_package = path.name == "__init__.py" and any(f.startswith(f"{path.parent.as_posix()}/") for f in folders)
        if not is_package and path.as_posix() not in on_the_map:
            missing.append(path.as_posix())

    assert not missing, f"modules without a line in ARCHITECTURE.md: {missing}"


def test_the_map_reader_finds_plain_and_indented_lines_and_nothing_else() -> None:
    text = "core/ids.py     identifiers\nnode/decide/    one subject per file\n  stop.py       STOP\n"

    assert _modules_on_the_map(text) >= {"core/ids.py", "node/decide/stop.py"}
    assert "node/decide/line.py" not in _modules_on_the_map(text)


# ------------------------------------------------------------------------------------------------------- functions


def _functions(node: ast.AST, inside: str = "") -> Iterator[tuple[str, int]]:
    """Each function's qualified name and its lines of code, the docstring apart; a nested one counts in both."""
    for child in ast.iter_child_nodes(node):
        named = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        name = f"{inside}.{child.name}".lstrip(".") if named else inside
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (child.end_lineno or child.lineno) - child.lineno + 1
            if ast.get_docstring(child, clean=False) is not None:
                length -= (child.body[0].end_lineno or 0) - child.body[0].lineno + 1
            yield name, length
        yield from _functions(child, name)


def test_no_function_outgrows_the_screen() -> None:
    lengths = {
        f"{path.relative_to(PACKAGE).as_posix()}:{name}": length
        for path in _modules()
        for name, length in _functions(ast.parse(path.read_text("utf-8")))
    }

    grown = {name: length for name, length in lengths.items() if length > LONGER_FUNCTIONS.get(name, LONGEST_FUNCTION)}
    assert not grown, f"functions over {LONGEST_FUNCTION} lines, or over their recorded length: {grown}"
    shrunk = {name: lengths.get(name, 0) for name, was in LONGER_FUNCTIONS.items() if lengths.get(name, 0) < was}
    assert not shrunk, f"lower these in LONGER_FUNCTIONS, or take them out: {shrunk}"


def test_a_docstring_does_not_count_as_code_and_a_nested_function_does() -> None:
    source = (
        'class A:\n    def b(self):\n        """One.\n\n        Two."""\n'
        "        def c():\n            return 1\n        return c\n"
    )

    assert dict(_functions(ast.parse(source))) == {"A.b": 4, "A.b.c": 2}


# ----------------------------------------------------------------------------------------------- what files may say

# Put together from pieces, so that this file does not say them itself.
REGISTRIES = [
    "py" + "pi.org", "pythonhost" + "ed.org", "npm" + "js.org", "npm" + "js.com", "crates" + ".io", "un" + "pkg.com",
    "jsdel" + "ivr.net", "proxy.go" + "lang.org", "maven" + ".org", "ruby" + "gems.org",
]  # fmt: skip
MACHINE_PATH = re.compile(r"(?<![\w./~$}-])/(?:wor" + r"k|tm" + r"p|roo" + r"t|hom" + r"e|User" + r"s)/[\w.]")


def _lines_that_say(pattern: re.Pattern[str]) -> list[str]:
    """Each tracked text line that the pattern is found in, as `path:line: the words`."""
    found = []
    for path in _tracked():
        data = path.read_bytes()
        if b"\0" in data[:8192]:
            continue
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
            match = pattern.search(line)
            if match:
                found.append(f"{_name(path)}:{number}: {line[max(0, match.start() - 20) : match.end() + 20]}")
    return found


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    found = _lines_that_say(MACHINE_PATH)

    assert not found, "\n".join(found)


def test_no_file_names_the_host_of_a_package_registry() -> None:
    found = _lines_that_say(re.compile("|".join(re.escape(host) for host in REGISTRIES), re.IGNORECASE))

    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("open('/tm" + "p/x')", True),
        ("/hom" + "e/amber/keys", True),
        ("cd /roo" + "t/", False),
        ("https://example.org/wor" + "k/page", False),
        ("src/hom" + "e/index", False),
        ("/var/lib/keepclear", False),
    ],
)
def test_a_machine_path_is_told_from_an_address(text: str, is_one: bool) -> None:
    assert bool(MACHINE_PATH.search(text)) is is_one


# --------------------------------------------------------------------------------------- what comes from elsewhere


def test_every_vendored_file_has_its_licence_and_checksum() -> None:
    """VENDORED.json: {"files": [{"file", "name", "version", "licence", "licence_file", "sha256"}, ...]}.

    Paths are relative to the folder. A file in the public domain has no licence text: its "licence_file" is "".
    """
    listed = {entry["file"]: entry for entry in json.loads((VENDOR / "VENDORED.json").read_text("utf-8"))["files"]}
    licences = {entry["licence_file"] for entry in listed.values()} - {""}
    there = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}

    assert there - {"VENDORED.json"} == set(listed) | licences
    for file, entry in listed.items():
        assert hashlib.sha256((VENDOR / file).read_bytes()).hexdigest() == entry["sha256"], file
        assert entry["name"], file
        assert entry["version"], file
        assert entry["licence"], file
        assert entry["licence_file"] or "public domain" in entry["licence"].lower() or "CC0" in entry["licence"], file


def _locked(lock: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9][a-z0-9-]*)==", (ROOT / "requirements" / lock).read_text("utf-8"), re.MULTILINE))


def _required(group: list[str]) -> set[str]:
    return {re.split(r"[<>=!~;\[ ]", line, maxsplit=1)[0].lower().replace("_", "-") for line in group}


def test_each_lock_holds_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    run, extras = _required(project["dependencies"]), project["optional-dependencies"]

    assert run <= _locked("run.txt")
    assert run | _required(extras["test"]) <= _locked("test.txt")
    assert run | _required(extras["test"]) | _required(extras["dev"]) <= _locked("dev.txt")


def test_nothing_that_runs_keepclear_is_under_the_gpl() -> None:
    copyleft = re.compile(r"\bA?L?GPL|General Public License", re.IGNORECASE)
    found, looked_at = {}, 0
    for name in sorted(_locked("run.txt")):
        try:
            about = importlib.metadata.metadata(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another operating system
        looked_at += 1
        # Only the first line of an old-style licence field: some packages put the whole text there, and more.
        said = [about.get("License-Expression", ""), (about.get("License") or "").partition("\n")[0]]
        said += [line for line in about.get_all("Classifier", []) if line.startswith("License")]
        if any(copyleft.search(line) for line in said):
            found[name] = said

    assert looked_at >= 16
    assert not found


# ------------------------------------------------------------------------------------------------- documentation


def _pages() -> list[Path]:
    return [path for path in _tracked() if path.suffix == ".md" and VENDOR not in path.parents]


def _without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.MULTILINE | re.DOTALL))


def _anchors(text: str) -> set[str]:
    """The anchors that a page's headings make: lower case, punctuation gone, spaces to hyphens."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#{1,6} +(.+?)\s*$", prose, re.MULTILINE)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def _broken_links(page: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)", _without_code(page.read_text("utf-8"))):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        file, _, anchor = target.partition("#")
        there = page.parent / file if file else page
        if not there.exists():
            yield f"{_name(page)}: {target}"
        elif anchor and there.suffix == ".md" and anchor not in _anchors(there.read_text("utf-8")):
            yield f"{_name(page)}: {target} (no such heading)"


def test_every_link_to_a_file_of_ours_leads_somewhere() -> None:
    broken = [link for page in _pages() for link in _broken_links(page)]

    assert not broken, "\n".join(broken)


def test_a_link_to_nowhere_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        "# The top\n[a](gone.md) [b](page.md#the-top) [c](#the-end) [d](https://example.org/x) `[e](x.md)`\n"
    )

    assert list(_broken_links(page)) == ["page.md: gone.md", "page.md: #the-end (no such heading)"]


def _commands_named(text: str) -> set[tuple[str, ...]]:
    """What follows `keepclear` in code: `keepclear peer invite | accept` names (peer, invite) and (peer, accept)."""
    fenced = re.findall(r"^```[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    named: set[tuple[str, ...]] = set()
    for line in (line.strip() for code in [*fenced, *inline] for line in code.splitlines()):
        said = re.match(r"(?:\$ |# )?(?:[\w./-]*/)?keepclear +([a-z][a-z-]*)\b(?! *=)(.*)", line)
        if said is None:
            continue
        command, rest = said.groups()
        below = re.match(r" +([a-z][a-z-]*(?: *\| *[a-z][a-z-]*)*)(?= |$)", rest)
        named |= {(command, word.strip()) for word in below[1].split("|")} if below else {(command,)}
    return named


def test_commands_are_found_in_code_and_nowhere_else() -> None:
    text = (
        "keepclear is a word. `keepclear peer invite | accept` `keepclear.toml`\n"
        "```\n$ keepclear check A.json --json\n```\n"
    )

    assert _commands_named(text) == {("peer", "invite"), ("peer", "accept"), ("check",)}


def test_every_command_that_the_documentation_names_is_there() -> None:
    typer = importlib.import_module("typer")
    program = typer.main.get_command(importlib.import_module("keepclear.cli.main").app)
    context = program.make_context("keepclear", [], resilient_parsing=True)
    plans = {"ARCHITECTURE.md"}

    missing = []
    for page in _pages():
        for command, *below in sorted(_commands_named(page.read_text("utf-8"))):
            if _name(page) in plans or _name(page).startswith("docs/decisions/"):
                continue
            found = program.get_command(context, command)
            # What follows a command that has no commands below it is an argument.
            if found is None or (below and hasattr(found, "commands") and below[0] not in found.commands):
                missing.append(f"{_name(page)}: keepclear {' '.join([command, *below])}")

    assert not missing, "\n".join(missing)


def _importable() -> list[str]:
    names = (path.relative_to(PACKAGE.parent).with_suffix("").as_posix().replace("/", ".") for path in _modules())
    return [name.removesuffix(".__init__") for name in names]


@pytest.mark.parametrize("module", _importable())
def test_every_example_in_a_docstring_holds(module: str) -> None:
    result = doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS)

    assert result.failed == 0, f"{result.failed} of {result.attempted} examples in {module}"
