"""`keepclear record`: what the record holds, the record as a file, and the proof that a notice was given."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from keepclear.cli.common import HERE, AsJson, Home, client_of, show, table, tell
from keepclear.errors import UnlawfulChange

OutFile = Annotated[str, typer.Argument(metavar="FILE", help="A new file; - writes to standard output.")]


def show_record(home: Home = HERE, as_json: AsJson = False) -> None:
    """Every log: how long it is, and how far it is signed and cosigned."""
    with client_of(home) as client:
        held = client.record()
    heads = ("log", "entries", "signed", "cosigned", "at", "root")
    rows = [
        (
            each.origin, str(each.size), str(each.checkpoint_size), str(each.cosigned_size),
            each.cosigned_at or "never", each.root[:16],
        )
        for each in held.logs
    ]  # fmt: skip
    show(held, lambda: table([heads, *rows]) or ["the record is empty"], as_json=as_json)


def export(
    file: OutFile,
    home: Home = HERE,
    private: Annotated[
        bool, typer.Option("--private", help="With our private log. Such a file is for ourselves alone.")
    ] = False,
) -> None:
    """Write the record as a file that `keepclear verify` checks."""
    with client_of(home) as client:
        size = write_parts(file, client.export(private=private), mode=0o600 if private else 0o644)
    if file != "-":
        tell(f"wrote {size:,} bytes to {file}; check it with: keepclear verify {file}")


def given(
    notice: Annotated[str, typer.Argument(metavar="ID", help="Serial of our own notice, as in A-0001.")],
    to: Annotated[str, typer.Option(metavar="PARTY", help="To whom it was given.")],
    home: Home = HERE,
    version: Annotated[int, typer.Option(help="Which version; the newest when 0.")] = 0,
    out: Annotated[
        str, typer.Option(metavar="FILE", help="Where to; named after the notice when not given, - is standard output.")
    ] = "",
) -> None:
    """Write the receipt that a notice was given: received, recorded and cosigned by the other party."""
    from keepclear import config

    party = config.load(home).party
    serial = notice.removeprefix(f"{party}/")
    with client_of(home) as client:
        wanted = version or client.notice(party, serial).version
        receipt = client.given(serial, wanted, to)
    file = out or f"{party}-{serial}-v{wanted}-{to}.keepclear-given"
    write_parts(file, [receipt], mode=0o644)
    if file != "-":
        tell(f"wrote {file}; check it with: keepclear verify {file}")


def write_parts(file: str, parts: Iterable[bytes], *, mode: int) -> int:
    """Write a new file, or to standard output; the file gets its name only when it is whole. Gives its length.

    Raises:
        UnlawfulChange: there is such a file already.
    """
    if file == "-":
        size = sum(sys.stdout.buffer.write(part) for part in parts)
        sys.stdout.buffer.flush()
        return size
    path = Path(file)
    if path.exists():
        raise UnlawfulChange(f"{path} exists already, and nothing is overwritten; name another file")
    part_path = path.with_name(path.name + ".part")
    size = 0
    try:
        with part_path.open("wb") as opened:
            part_path.chmod(mode)
            for part in parts:
                size += opened.write(part)
        part_path.rename(path)
    finally:
        part_path.unlink(missing_ok=True)
    return size
