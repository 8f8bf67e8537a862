"""`keepclear carry`: the line on foot, as a file, on a stick or as QR codes, in any order, twice is once (V4)."""

from __future__ import annotations

import html
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from keepclear.cli.common import HERE, AsJson, Home, client_of, say, show, tell, write_new
from keepclear.errors import LimitReached, Malformed, UnlawfulChange

FILE_BYTES_MAX: Final = 64_000_000
FILES_MAX: Final = 1_000


def out(
    to: Annotated[str, typer.Option("--to", metavar="PARTY", help="The peer that it is carried to.")],
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="A new file, for a stick.")] = None,
    qr: Annotated[
        Path | None, typer.Option("--qr", metavar="DIR", help="Numbered QR codes in a new folder, and a page of them.")
    ] = None,
    home: Home = HERE,
) -> None:
    """Write what a peer lacks of our channel, signed, and how far we hold its own."""
    if (file is None) == (qr is None):
        raise Malformed("name either a FILE or --qr DIR", at="file")
    with client_of(home) as client:
        data = client.carry_out(to)
    lines = data.splitlines()
    entries = _entries(lines)
    if file is not None:
        write_new(file, data)
        say(f"{file}: {entries} entries for {to} in {len(lines)} lines; there: keepclear carry in {file.name}")
    elif qr is not None:
        count = _write_codes(data, qr, to)
        say(f"{qr}: {entries} entries for {to} in {count} codes; scanned texts in any order: keepclear carry in FILE")
    if not entries:
        tell("it says only how far we hold their channel: they hold ours, or have yet to answer since our start")


def take_in(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Carried files, or texts scanned from codes, one a line.")
    ],
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Take in what was brought, in any order; what was taken in before changes nothing."""
    from keepclear.formats.carried import lines_of

    lines = lines_of(_read_all(files))
    if not lines:
        raise Malformed("there is no carried line in it", at="files")
    with client_of(home) as client:
        came = [client.carry_in(line.decode()) for line in lines]

    def told() -> Iterator[str]:
        for sender in sorted({each.sender for each in came}):
            of = [each for each in came if each.sender == sender]
            yield f"{sender}: {sum(each.taken for each in of)} entries are new; we hold {of[-1].holds}"
            if of[-1].has_gap:
                yield f"  there is a gap before the last line: ask {sender} to carry out again"
            if not of[-1].may_answer:
                yield f"  since our start {sender} has not answered: carry out to it, and bring back what it says"
            else:
                yield f"  now bring the answer back: keepclear carry out --to {sender} FILE"

    show(came, told, as_json=as_json)


def _entries(lines: list[bytes]) -> int:
    from keepclear.formats.carried import read_line

    stretches = [read_line(line)[0].stretch for line in lines]
    return sum(len(stretch.entries) for stretch in stretches if stretch)


def _read_all(files: list[Path]) -> list[bytes]:
    if len(files) > FILES_MAX:
        raise LimitReached(f"at most {FILES_MAX} files at once, not {len(files)}", at="files")
    read, left = [], FILE_BYTES_MAX
    for path in files:
        with path.open("rb") as opened:
            read.append(opened.read(left + 1))
        left -= len(read[-1])
        if left < 0:
            raise LimitReached(f"at most {FILE_BYTES_MAX} bytes at once", at=path.name)
    return read


def _write_codes(data: bytes, folder: Path, to: str) -> int:
    """One SVG for each code, named by its number, and a page that prints them all."""
    import segno

    from keepclear.formats.carried import to_codes

    if folder.exists():
        raise UnlawfulChange(f"{folder} exists already, and nothing is overwritten; name another", at="qr")
    texts = to_codes(data)
    folder.mkdir(parents=True)
    figures = []
    for number, text in enumerate(texts, 1):
        head = f"{number} of {len(texts)}, checksum {text.split(':')[3]}"
        drawn = io.BytesIO()
        segno.make(text, error="m", micro=False).save(drawn, kind="svg", scale=4, xmldecl=False, title=head)
        (folder / f"{number:03d}-of-{len(texts):03d}.svg").write_bytes(drawn.getvalue())
        figures.append(f"<figure><figcaption>{head}</figcaption>{drawn.getvalue().decode()}</figure>\n")
    page = _PAGE.format(to=html.escape(to), figures="".join(figures))
    (folder / "codes.html").write_text(page, "utf-8")
    return len(texts)


_PAGE: Final = """<!doctype html>
<html lang="en" dir="ltr"><meta charset="utf-8"><title>Carried to {to}</title>
<style>
figure {{ break-inside: avoid; margin: 4mm; display: inline-block }}
figcaption {{ font: 12pt monospace }}
svg {{ width: 85mm; height: 85mm }}
</style>
<h1>Carried to {to}: scan all of these, in any order</h1>
{figures}</html>
"""
