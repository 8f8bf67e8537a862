"""`keepclear backup` and `keepclear restore`: a whole node in one file, made while it runs.

The file is a tar archive: `manifest.json` first, with the length and SHA-256 of all others, then configuration, keys
and the record. Whoever holds it can sign as the party.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from keepclear.cli.common import HERE, AsJson, Home, show
from keepclear.core.timespan import SECOND_US, zulu
from keepclear.errors import LimitReached, Malformed, StoreFailed, Tampered, UnlawfulChange

FORMAT: Final = "keepclear-backup/1"
MANIFEST: Final = "manifest.json"
RECORD: Final = "record.sqlite"
#: Everything but the record is small; a larger one is not ours.
SMALL_BYTES_MAX: Final = 1_000_000
_NEEDED: Final = ("keepclear.toml", "record.key", "peer.key", "peer.crt", "api-token", RECORD)
_OPTIONAL: Final = ("identity.json", "ca.crt", "console.key", "console.crt")
_CHUNK: Final = 1_048_576


@dataclass(frozen=True, slots=True)
class Kept:
    """What a backup holds."""

    file: str
    party: str
    made_at: str
    entries: int
    bytes: int


def make_backup(home: Path, target: Path) -> Kept:
    """Write a node into one new file, while it runs. `target` is the file, or a folder that is there.

    Raises:
        UnlawfulChange: there is such a file already.
        NotFound, Malformed: the folder holds no node.
        StoreFailed: the record is damaged, or the disk is full; nothing is left behind.
    """
    from keepclear import config
    from keepclear.links.system import SystemClock
    from keepclear.stores.sqlite import check_file
    from keepclear.stores.sqlite.database import copy
    from keepclear.stores.sqlite.files import create

    loaded = config.load(home)
    made_at = zulu(SystemClock().now_us() // SECOND_US * SECOND_US)
    if target.is_dir():
        stamp = made_at.replace("-", "").replace(":", "")
        target = target / f"{loaded.party}-{stamp}.keepclear-backup"
    if target.exists():
        raise UnlawfulChange(f"{target} exists already, and a backup replaces nothing; name another file")
    with tempfile.TemporaryDirectory(prefix=".keepclear-backup-", dir=target.absolute().parent) as folder:
        record = Path(folder) / RECORD
        create(record)
        if not loaded.record_file.exists():
            raise StoreFailed(f"{home} has no record yet: it was never started")
        copy(loaded.record_file, record)
        if damages := check_file(record):
            raise StoreFailed(f"the record is not sound, so it is not backed up: {damages[0].what}")
        part = Path(folder) / "part"
        entries = _write(part, loaded.folder, record, loaded.party, made_at)
        part.rename(target)
        _sync(target.absolute().parent)
    return Kept(str(target), loaded.party, made_at, entries, target.stat().st_size)


def _write(part: Path, home: Path, record: Path, party: str, made_at: str) -> int:
    names = [name for name in (*_NEEDED, *_OPTIONAL) if name == RECORD or (home / name).exists()]
    for name in _NEEDED:
        if name not in names:
            raise StoreFailed(f"{home / name} is missing; `keepclear doctor` says what else is")
    sources = {name: record if name == RECORD else home / name for name in names}
    entries = _count(record)
    manifest = {
        "format": FORMAT, "party": party, "made_at": made_at, "entries": entries,
        "files": [
            {"name": name, "bytes": path.stat().st_size, "sha256": _sha256(path)} for name, path in sources.items()
        ],
    }  # fmt: skip
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        with tarfile.open(fileobj=opened, mode="w") as archive:
            data = json.dumps(manifest, indent=1).encode()
            _add(archive, MANIFEST, io.BytesIO(data), len(data))
            for name, path in sources.items():
                with path.open("rb") as source:
                    _add(archive, name, source, path.stat().st_size)
        opened.flush()
        os.fsync(opened.fileno())
    return entries


def _add(archive: tarfile.TarFile, name: str, source: Any, size: int) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    archive.addfile(info, source)


def _count(record: Path) -> int:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(f"{record.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM entry").fetchone()
    return int(count)


def restore_backup(file: Path, home: Path) -> Kept:
    """Make a node's folder from a backup. The folder must not be there, or must be empty.

    Raises:
        UnlawfulChange: there is something in the folder.
        Malformed: not a backup, or not of a version that is known here.
        Tampered: a part is not what the manifest says.
        StoreFailed: the record in it is not sound, or the disk is full.
    """
    from keepclear import config
    from keepclear.links import system
    from keepclear.stores.sqlite import check_file

    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise UnlawfulChange(f"{home} is not empty, and nothing is overwritten; name another folder", at="home")
    home.absolute().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".keepclear-restore-", dir=home.absolute().parent) as folder:
        inside = Path(folder) / "node"
        inside.mkdir(mode=0o700)
        try:
            manifest = _unpack(file, inside)
        except (tarfile.TarError, EOFError) as problem:
            raise Malformed(f"{file} is no backup of a node: {problem}") from None
        if damages := check_file(inside / RECORD):
            raise StoreFailed(f"the record in {file} is not sound, so it is not restored: {damages[0].what}")
        identity, _ = system.load_identity(inside)
        if not config.load(inside, {}).party == identity.party == manifest["party"]:
            raise Tampered(f"{file} says that it is {manifest['party']}'s, its keys are {identity.party}'s")
        with suppress(FileNotFoundError):
            home.rmdir()
        inside.rename(home)
        _sync(home.absolute().parent)
    return Kept(str(home), identity.party, str(manifest["made_at"]), int(manifest["entries"]), file.stat().st_size)


def _unpack(file: Path, inside: Path) -> dict[str, Any]:
    with tarfile.open(file, mode="r:") as archive:
        members = iter(archive)
        manifest = _manifest(archive, next(members, None))
        expected = {each["name"]: each for each in manifest["files"]}
        free = shutil.disk_usage(inside).free
        if sum(each["bytes"] for each in expected.values()) > free:
            raise StoreFailed(f"the disk has {free:,} bytes free, which is not enough for this backup")
        for member in members:
            # Only names that we know: nothing in an archive says where it goes.
            each = expected.pop(member.name, None)
            if each is None or not member.isreg() or member.size != each["bytes"]:
                raise Tampered(f"{member.name[:80]!r} is not what the manifest lists")
            mode = 0o644 if member.name.endswith((".crt", ".toml", "identity.json")) else 0o600
            if _extract(archive, member, inside / member.name, mode) != each["sha256"]:
                raise Tampered(f"{member.name} has another SHA-256 than the manifest says")
    if expected:
        raise Tampered(f"{', '.join(expected)} is listed and not there: the file is cut")
    return manifest


def _manifest(archive: tarfile.TarFile, member: tarfile.TarInfo | None) -> dict[str, Any]:
    opened = archive.extractfile(member) if member is not None and member.name == MANIFEST else None
    if opened is None or member is None or member.size > SMALL_BYTES_MAX:
        raise Malformed(f"a backup begins with {MANIFEST}")
    try:
        manifest: dict[str, Any] = json.loads(opened.read())
        files = {str(each["name"]): (int(each["bytes"]), str(each["sha256"])) for each in manifest["files"]}
        if manifest["format"] != FORMAT or not isinstance(manifest["party"], str) or int(manifest["entries"]) < 0:
            raise Malformed(f"this version reads {FORMAT}, not {manifest['format']}")
    except (ValueError, KeyError, TypeError) as problem:
        raise Malformed(f"{MANIFEST} cannot be read: {type(problem).__name__} {problem}") from None
    if not set(_NEEDED) <= set(files) <= {*_NEEDED, *_OPTIONAL} or len(files) != len(manifest["files"]):
        raise Malformed(f"a backup holds {', '.join(_NEEDED)}")
    for name, (size, _) in files.items():
        if size < 0 or (size > SMALL_BYTES_MAX and name != RECORD):
            raise LimitReached(f"{name} has at most {SMALL_BYTES_MAX} bytes, not {size}")
    return manifest


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path, mode: int) -> str:
    opened = archive.extractfile(member)
    if opened is None:
        raise Tampered(f"{member.name} is no file")
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as to:
        for chunk in _chunks(opened):
            digest.update(chunk)
            to.write(chunk)
        to.flush()
        os.fsync(to.fileno())
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as opened:
        for chunk in _chunks(opened):
            digest.update(chunk)
    return digest.hexdigest()


def _chunks(opened: Any) -> Iterator[bytes]:
    while chunk := opened.read(_CHUNK):
        yield chunk


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def backup(
    target: Annotated[Path, typer.Argument(metavar="DIR|FILE", help="A new file, or a folder to put one into.")],
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Write a whole node, keys and record, into one file. The node may run meanwhile."""
    kept = make_backup(home, target)
    show(
        kept,
        lambda: (
            f"wrote {kept.file}: {kept.entries:,} entries of {kept.party}, {kept.bytes:,} bytes, as of {kept.made_at}",
            "It holds the keys: whoever has it can sign as the party. Keep it where you would keep the keys.",
        ),
        as_json=as_json,
    )


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `keepclear backup` wrote.")],
    home: Annotated[Path, typer.Option("--home", metavar="DIR", help="A new folder for the node.")],
    as_json: AsJson = False,
) -> None:
    """Make a node's folder from a backup. Nothing is overwritten."""
    kept = restore_backup(file, home)
    show(
        kept,
        lambda: (
            f"{kept.party} is restored in {kept.file}: {kept.entries:,} entries, as of {kept.made_at}",
            "Never run it beside the node it was made from: two nodes with the same keys would tell two histories.",
            "When it starts it asks each peer what was sent since, takes that back, and signs nothing before.",
            f"Next: keepclear doctor --home {kept.file}; keepclear serve --home {kept.file}",
        ),
        as_json=as_json,
    )
