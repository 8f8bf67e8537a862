"""What the commands share: where the node is, how facts are printed, and how an error is told in one line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import msgspec
import typer
from typer.core import TyperGroup

from keepclear.errors import InvariantBroken, KeepclearError, NotFound

if TYPE_CHECKING:
    from keepclear.client import Client

T = TypeVar("T")

#: Exit codes. 2 is also what a wrong command line gives.
EXIT_WRONG: Final = 1
EXIT_UNREADABLE: Final = 2

Home = Annotated[
    Path, typer.Option("--home", metavar="DIR", envvar="KEEPCLEAR_HOME", help="Folder of the node.", show_default=True)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", envvar="KEEPCLEAR_BY", help="Who does this, as they sign.")]
HERE: Final = Path()


class Program(TyperGroup):
    """Turns an error of ours into one line and an exit code, and loads what is heavy only when it is asked for."""

    #: Commands whose modules are slow to import: name to a function that gives the command.
    heavy: Mapping[str, Callable[[], Any]] = {}

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command, by name."""
        return sorted({*super().list_commands(ctx), *self.heavy})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by its name; a heavy one is imported now."""
        if cmd_name in self.heavy and cmd_name not in self.commands:
            self.commands[cmd_name] = self.heavy[cmd_name]()
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except KeepclearError as problem:
            tell(f"{problem}")
            for line in getattr(problem, "card", ()):
                tell(f"  {line}")
            raise typer.Exit(EXIT_WRONG) from None
        except InvariantBroken as problem:
            tell(f"this is our own mistake, please report it: {problem}")
            raise typer.Exit(EXIT_WRONG) from None
        except OSError as problem:
            if isinstance(problem, BrokenPipeError):
                raise
            name = f"{problem.filename}: " if problem.filename else ""
            tell(f"{name}{problem.strerror or problem}")
            raise typer.Exit(EXIT_WRONG) from None


def client_of(home: Path) -> Client:
    """A client of the running node in a folder, to be used as a context.

    Raises:
        NotFound, Malformed: there is no node's folder, or its configuration cannot be read.
    """
    from keepclear import config
    from keepclear.client import Client

    loaded = config.load(home)
    host = f"[{loaded.console.host}]" if ":" in loaded.console.host else loaded.console.host
    return Client.of(loaded.folder, f"https://{host}:{loaded.console.port}")


def present(value: T | None) -> T:
    """What an answer carries, where only a removal in the same moment could have taken it away."""
    if value is None:
        raise NotFound("it was recorded, and is no longer in the picture")
    return value


def tell(text: str) -> None:
    """One line for the person, on standard error."""
    typer.echo(_printable(text, sys.stderr.encoding), err=True)


def say(text: str = "") -> None:
    """One line of the answer, on standard output."""
    typer.echo(_printable(text, sys.stdout.encoding))


def show(value: Any, lines: Callable[[], Iterable[str]], *, as_json: bool) -> None:
    """Print facts: as JSON for programs, or as lines for people."""
    if as_json:
        say(json.dumps(msgspec.to_builtins(value), indent=2, ensure_ascii=False))
        return
    for line in lines():
        say(line)


def table(rows: Iterable[tuple[str, ...]], *, indent: str = "") -> list[str]:
    """Rows as lines with columns aligned, the first row being the heads; empty when there are no others."""
    listed = list(rows)
    if len(listed) < 2:
        return []
    widths = [max(len(row[column]) for row in listed) for column in range(len(listed[0]))]
    return [
        indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in listed
    ]


def write_new(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file that must not exist yet. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _printable(text: str, encoding: str | None) -> str:
    known = encoding or "utf-8"
    return text.encode(known, "replace").decode(known)
