"""docs/reference/cli.md, made from the program itself: `python -m keepclear.cli.helppage > docs/reference/cli.md`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

_HEAD = """\
# The command line

Made from the program by `python -m keepclear.cli.helppage`; a test holds it to what the program says.

Commands that ask a running node find it by its folder: `--home DIR`, or `KEEPCLEAR_HOME`, else the current folder.
`--json` prints the same facts for programs.
An error is one line on standard error that says what is wrong and what would be right.
Exit codes are 0 done, 1 refused or not sound, 2 a wrong command line; commands with others say so.
"""


def help_page() -> str:
    """The page."""
    from keepclear.cli.main import app

    program = typer.main.get_command(app)
    return "\n".join((_HEAD.rstrip(), "", *_lines(program, "keepclear"))).rstrip() + "\n"


def _lines(command: Any, path: str) -> Iterator[str]:
    context = typer.Context(command, info_name=path)
    if not hasattr(command, "list_commands"):
        yield from _command_lines(command, path)
        return
    for name in command.list_commands(context):
        yield from _lines(command.get_command(context, name), f"{path} {name}")


def _command_lines(command: Any, path: str) -> Iterator[str]:
    yield f"## `{path}`"
    yield ""
    yield from (line.strip() for line in (command.help or "").strip().splitlines())
    yield ""
    yield "```"
    arguments = [_metavar(param) for param in command.params if param.param_type_name == "argument"]
    yield " ".join((path, *arguments, "[OPTIONS]"))
    yield "```"
    yield ""
    rows = [row for row in map(_row, command.params) if row is not None]
    if rows:
        yield "| Argument | Means |"
        yield "|---|---|"
        yield from rows
        yield ""
    if command.epilog:
        yield f"Example: `{command.epilog.removeprefix('Example: ')}`"
        yield ""


def _row(param: Any) -> str | None:
    if getattr(param, "hidden", False) or param.name == "help":
        return None
    if param.param_type_name == "argument":
        names = f"`{_metavar(param)}`"
    else:
        metavar = "" if getattr(param, "is_flag", False) else f" {_metavar(param)}"
        names = ", ".join(f"`{name}{metavar}`" for name in param.opts)
    text = (getattr(param, "help", None) or "").replace("|", "\\|")
    if param.required and param.param_type_name == "option":
        text += " Needed."
    elif param.param_type_name == "option" and not getattr(param, "is_flag", False):
        text += _default(param.default)
    return f"| {names} | {text} |"


def _metavar(param: Any) -> str:
    """What stands for the value: as the command says, else a number or a text."""
    return str(param.metavar or ("N" if isinstance(param.default, int | float) else "TEXT"))


def _default(default: object) -> str:
    if (
        default is None
        or callable(default)
        or default in ("", ())
        or not isinstance(default, str | int | float | tuple)
    ):
        return ""
    if isinstance(default, tuple) and not any(default):
        return ""
    return f" Default {default}."


if __name__ == "__main__":
    print(help_page(), end="")
