"""`keepclear phrasebook` and `keepclear say`: the languages, who vouches for them, and any entry in one of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from keepclear.cli.common import HERE, AsJson, By, Home, client_of, say, show, table
from keepclear.errors import KeepclearError, Malformed, NotFound

if TYPE_CHECKING:
    from keepclear.client import Client
    from keepclear.formats.phrasebook import Said
    from keepclear.record import Envelope
    from keepclear.record.signing import Signer

#: Entries asked for at once, and the most that are looked through for an id.
_STRETCH: Final = 500
_LOOKED_AT_MAX: Final = 200_000

Language = Annotated[str, typer.Option("--language", metavar="LANGUAGE", help="en, ru, ar, he, tr, fr, or your own.")]
AsHtml = Annotated[bool, typer.Option("--html", help="Print an HTML element instead of text.")]


def list_phrasebooks(home: Home = HERE, as_json: AsJson = False) -> None:
    """Every language, and whether a named speaker has signed its phrase file as it is."""
    from keepclear.links.phrasebooks import load_phrasebooks

    held = load_phrasebooks(home)
    heads = ("language", "name", "state", "signed by", "from", "file hash", "")
    rows = [
        (
            language, each.book.name, each.state, each.signer or "nobody", "own file" if each.is_own else "keepclear",
            each.book.sha256[:16], each.fault,
        )
        for language, each in held.items()
    ]  # fmt: skip
    values = [
        {
            "language": language, "name": each.book.name, "state": each.state, "signer": each.signer,
            "own": each.is_own, "sha256": each.book.sha256, "fault": each.fault,
        }
        for language, each in held.items()
    ]  # fmt: skip
    show(values, lambda: table([heads, *rows]), as_json=as_json)


def sign(
    language: Language,
    by: By,
    home: Home = HERE,
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The speaker's Ed25519 key (PEM); the node's own when not given."),
    ] = None,
) -> None:
    """Vouch for a phrase file, as a named speaker of its language. Changed by a letter, it is a DRAFT again."""
    import msgspec

    from keepclear.formats.phrasebook import sign_phrasebook
    from keepclear.links.phrasebooks import FOLDER, phrasebook_of, signature_file
    from keepclear.links.system import load_identity, write_atomically

    held = phrasebook_of(language, home)
    if held.book.is_source:
        raise Malformed(f"{language} is what the others are translated from: there is no translation to sign")
    signer: Signer = _speaker_key(key) if key is not None else load_identity(home)[1]
    signature = sign_phrasebook(held.book, by, signer)
    (home / FOLDER).mkdir(mode=0o700, exist_ok=True)
    path = signature_file(home, language)
    write_atomically(path, msgspec.json.encode(signature) + b"\n", mode=0o644)
    say(f"{held.book.name}: signed by {by} as it is now ({held.book.sha256[:16]}); the signature is {path}")


def _speaker_key(path: Path) -> Signer:
    from hashlib import sha256

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    from keepclear.record import Ed25519Signer

    try:
        read = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as problem:
        raise Malformed(f"{path} is no private key in PEM without a password: {problem}", at="key") from None
    if not isinstance(read, Ed25519PrivateKey):
        raise Malformed(f"{path} is another kind of key; `openssl genpkey -algorithm ed25519` makes one", at="key")
    seed = read.private_bytes_raw()
    # A speaker signs with Ed25519 alone; the second seed is asked for and never used.
    return Ed25519Signer(seed, sha256(b"unused" + seed).digest())


def say_entry(
    what: Annotated[
        str,
        typer.Argument(
            metavar="FILE|ID",
            help="A file with one entry, or an id: amber/A-0001, amber/SA-0001, amber/A-0001/v1/birch, LOG#N.",
        ),
    ],
    language: Language,
    home: Home = HERE,
    version: Annotated[int, typer.Option(help="Which version of a notice; the newest when 0.")] = 0,
    as_html: AsHtml = False,
) -> None:
    """Say an entry of a channel in a language, from its codes: the hash is the same in every one (T2)."""
    print_said(said_of_what(what, home, version), language, home, as_html=as_html)


def said_of_what(what: str, home: Path, version: int) -> Said:
    """What an entry says that is named by a file or an id. Raises NotFound, Malformed."""
    path = Path(what)
    return _said_of_file(path) if path.is_file() else _said_of_id(what, home, version)


def print_said(said: Said, language: str, home: Path, *, as_html: bool) -> None:
    """An entry in a language, on standard output."""
    from keepclear.formats.phrasebook import render
    from keepclear.links.phrasebooks import phrasebook_of

    held = phrasebook_of(language, home)
    rendering = render(said, held.book, signer=held.signer)
    say((rendering.html() if as_html else rendering.text()).rstrip("\n"))


def print_notice(notice: str, language: str, home: Path) -> None:
    """The newest version of a notice, as it stands in a channel, in a language."""
    print_said(_said_of_id(notice, home, 0), language, home, as_html=False)


def _said_of_file(path: Path) -> Said:
    from keepclear.formats.phrasebook import said_of
    from keepclear.record import MAX_ENTRY_BYTES, Envelope

    with path.open("rb") as opened:
        data = opened.read(MAX_ENTRY_BYTES + 2)
    try:
        return said_of(Envelope.from_bytes(data.rstrip(b"\n")))
    except KeepclearError as problem:
        raise Malformed(f"not an entry of a channel: {problem}", at=path.name) from None


def _said_of_id(what: str, home: Path, version: int) -> Said:
    from keepclear.formats.phrasebook import said_of

    with client_of(home) as client:
        log, numbered, number = what.partition("#")
        if numbered:
            if not (number.isascii() and number.isdigit() and len(number) <= 16):
                raise Malformed(f"{number!r} is no index; as in keepclear/amber/to/birch#3", at="id")
            return said_of(_entry(client, log, int(number)))
        party, _, rest = what.partition("/")
        found = [each for each in channel_entries(client, party) if _is_named(each, what, rest, version)]
    if not found:
        said = f"{what} v{version}" if version else what
        raise NotFound(f"no channel of {party} holds {said}: `keepclear notice list` shows what there is", at="id")
    return said_of(max(found, key=lambda each: (each.at, each.n)))


def _is_named(entry: Envelope, what: str, serial: str, version: int) -> bool:
    body = entry.body
    if entry.kind == "alert":
        return body.get("alert") == what
    return body.get("id") == serial and entry.kind != "stop_answer" and version in (0, body.get("version", 0))


def _entry(client: Client, log: str, n: int) -> Envelope:
    from keepclear.record import Envelope

    texts = client.entries(log, first=n, count=1)
    if not texts:
        raise NotFound(f"{log} has no entry {n}", at="id")
    return Envelope.from_bytes(texts[0].text.encode())


def channel_entries(client: Client, party: str) -> Iterator[Envelope]:
    """What a party said to anyone, as this node holds it."""
    from keepclear.record import Envelope

    left = _LOOKED_AT_MAX
    for held in client.record().logs:
        if not held.origin.startswith(f"keepclear/{party}/to/"):
            continue
        for first in range(0, held.size, _STRETCH):
            left -= _STRETCH
            if left < 0:
                raise Malformed(f"more than {_LOOKED_AT_MAX} entries: name one as LOG#N", at="id")
            for each in client.entries(held.origin, first=first, count=_STRETCH):
                yield Envelope.from_bytes(each.text.encode())
