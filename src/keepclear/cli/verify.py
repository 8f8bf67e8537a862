"""`keepclear verify`: check record files, given receipts and proofs. Needs no node, no network and no configuration."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Annotated, Any, Final

import typer

from keepclear.cli.common import EXIT_UNREADABLE, EXIT_WRONG, AsJson, say
from keepclear.core.timespan import SECOND_US, zulu
from keepclear.errors import KeepclearError, Malformed
from keepclear.record import Identity, Report, leaf_hash, parse_bundle, parse_origin, verify_bundle, verify_cosignatures
from keepclear.record import checkpoint as checkpoints
from keepclear.record.bundle import MAX_BUNDLE_BYTES, MAX_GIVEN_BYTES, Given, verify_given
from keepclear.record.recordfile import MAX_LINE_BYTES
from keepclear.record.verify import verify_record

#: From so many bytes on, progress is shown.
SHOW_PROGRESS_FROM: Final = 4_000_000
_IDENTITY_BYTES_MAX: Final = 10_000
_FAULTS_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of one file.

    Attributes:
        sound: None when it could not be read or lacks what a check needs.
        first_bad: names the first bad entry, or what is wrong with the whole; empty when sound.
        facts: for programs, as docs/reference/cli.md lists them.
        lines: for people.
    """

    file: str
    kind: str
    sound: bool | None
    first_bad: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


def verify(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Record files, given receipts, tlog-proof bundles.")
    ],
    trust: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Identity of a party, from elsewhere. It must occur with the same keys."),
    ] = None,
    entry: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The entry that a tlog-proof is about, byte for byte.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check what a file says, trusting no node, and name the first bad entry.

    Exit code: 0 everything is sound, 1 something is not, 2 something could not be read.
    """
    trusted = [read_identity(path) for path in trust or ()]
    text = entry.read_bytes() if entry is not None else None
    checked = [check_file(file, trusted, text) for file in files]
    if as_json:
        shown = [
            {"file": one.file, "kind": one.kind, "sound": one.sound, "first_bad": one.first_bad, **one.facts}
            for one in checked
        ]
        say(json.dumps({"format": "keepclear-verify/1", "files": shown}, indent=2))
    else:
        for one in checked:
            word = {True: "SOUND", False: "NOT SOUND", None: "NOT CHECKED"}[one.sound]
            say(f"{one.file}: {word}{f': {one.first_bad}' if one.first_bad else ''}")
            for line in one.lines:
                say(f"  {line}")
    raise typer.Exit(exit_code(checked))


def exit_code(checked: Sequence[Checked]) -> int:
    """0 all sound, 1 one is not, 2 one could not be read."""
    if any(one.sound is False for one in checked):
        return EXIT_WRONG
    return EXIT_UNREADABLE if any(one.sound is None for one in checked) else 0


def read_identity(path: Path) -> Identity:
    """The identity in a file: the identity itself, or the answer of a node's API that holds one.

    Raises:
        Malformed: neither.
    """
    with path.open("rb") as opened:
        data = opened.read(_IDENTITY_BYTES_MAX + 1)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise Malformed("not JSON; an identity has party, name, ed25519 and mldsa44", at=str(path)) from None
    if isinstance(value, dict) and isinstance(value.get("identity"), dict):
        value = value["identity"]
    try:
        return Identity.from_json(value)
    except Malformed as problem:
        raise Malformed(str(problem), at=str(path)) from None


def check_file(file: str, trust: Sequence[Identity], entry: bytes | None = None) -> Checked:
    """Whichever of the three kinds a file is. Never raises for what the file says."""
    try:
        with Path(file).open("rb") as opened:
            head = opened.read(64)
            opened.seek(0)
            if head.startswith(b'{"format":"keepclear-record/'):
                with _progress(opened, file) as lines:
                    return _record(file, verify_record(lines, trust))
            if head.startswith(b"c2sp.org/tlog-proof@"):
                return _bundle(file, opened.read(MAX_BUNDLE_BYTES + 1), trust, entry)
            data = opened.read(MAX_GIVEN_BYTES + 1)
            if head.startswith(b"{") and b'"format":"keepclear-given/' in data:
                return _given(file, data, trust)
    except OSError as problem:
        return Checked(file, "unknown", None, f"cannot be read: {problem.strerror}")
    except ValueError:
        return Checked(file, "unknown", None, "cannot be read: no such name can exist")
    return Checked(file, "unknown", None, "neither a record file, a given receipt nor a tlog-proof")


def _lines(opened: IO[bytes]) -> Iterator[bytes]:
    # A piece that is longer than any line may be is told as such, so no file can fill the memory.
    while line := opened.readline(MAX_LINE_BYTES + 2):
        yield line


@contextmanager
def _progress(opened: IO[bytes], file: str) -> Iterator[Iterator[bytes]]:
    size = Path(file).stat().st_size
    if size < SHOW_PROGRESS_FROM or not sys.stderr.isatty():
        yield _lines(opened)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"Checking {file}", total=size)

        def counted() -> Iterator[bytes]:
            pending = 0
            for line in _lines(opened):
                yield line
                pending += len(line)
                if pending > size // 200:
                    progress.advance(task, pending)
                    pending = 0

        yield counted()


def _keys(identities: Sequence[Identity], trusted: Sequence[str]) -> tuple[list[dict[str, Any]], list[str]]:
    facts, lines = [], []
    for one in identities:
        is_trusted = one.party in trusted
        facts.append({"party": one.party, "name": one.name, "fingerprint": one.fingerprint(), "trusted": is_trusted})
        lines.append(f"{one.party:<12} {one.fingerprint()}  {'as trusted' if is_trusted else 'not compared'}")
    if not all(fact["trusted"] for fact in facts):
        lines.append("Whose keys these are no file can prove: compare the fingerprints, or give --trust.")
    return facts, lines


def _record(file: str, report: Report) -> Checked:
    facts, lines = _keys(report.identities, report.trusted)
    for log in report.logs:
        cosigned = ""
        if parse_origin(log.origin).reader:
            when = f" at {zulu(log.cosigned_at_s * SECOND_US)}" if log.cosigned_at_s is not None else ""
            cosigned = f", {log.cosigned_size} cosigned{when}"
        waiting = f", {log.unanswered} not said to be received" if log.unanswered else ""
        lines.append(f"{log.origin}: {log.entries} entries, {log.signed_size} signed{cosigned}{waiting}")
    first = report.first_bad or (report.faults[0] if report.faults else None)
    if len(report.faults) > 1:
        lines += [f"wrong: {fault}" for fault in report.faults[:_FAULTS_SHOWN]]
        more = len(report.faults) - _FAULTS_SHOWN + report.faults_left_out
        lines += [f"and {more} faults more"] if more > 0 else []
    return Checked(
        file,
        "record",
        report.sound,
        str(first) if first else "",
        {
            "party": report.party.party if report.party else "",
            "parties": facts,
            "entries": report.entries,
            "logs": [
                {
                    "origin": log.origin, "entries": log.entries, "signed": log.signed_size,
                    "cosigned": log.cosigned_size, "unanswered": log.unanswered, "kinds": dict(log.kinds),
                }
                for log in report.logs
            ],
            "faults": [
                {"rule": each.rule, "log": each.log, "n": each.n, "until": each.until, "line": each.line,
                 "what": each.what}
                for each in report.faults
            ],
            "faults_left_out": report.faults_left_out,
        },
        tuple(lines),
    )  # fmt: skip


def _given(file: str, data: bytes, trust: Sequence[Identity]) -> Checked:
    try:
        given = verify_given(data, trust)
    except KeepclearError as problem:
        return Checked(file, "given", False, str(problem))
    facts, lines = _keys((given.sender, given.receiver), [each.party for each in trust])
    return Checked(
        file,
        "given",
        True,
        "",
        {
            "parties": facts,
            "log": given.entry.log,
            "n": given.entry.n,
            "kind_of_entry": given.entry.kind,
            "hash": given.leaf_hash.hex(),
            "recorded_at": zulu(given.entry.at),
            "received_at": zulu(given.received_at_us),
            "cosigned_at": zulu(given.cosigned_at_s * SECOND_US),
        },
        (*_given_lines(given), *lines),
    )


def _given_lines(given: Given) -> tuple[str, ...]:
    what, body, log = given.entry.kind, given.entry.body, given.entry.log
    name = f" {body['id']} v{body['version']}" if {"id", "version"} <= body.keys() else ""
    return (
        f"{given.sender.party} gave {given.receiver.party} the {what}{name}: entry {given.entry.n} of {log}",
        f"recorded by {given.sender.party}    {zulu(given.entry.at)}",
        f"received by {given.receiver.party}    {zulu(given.received_at_us)}",
        f"cosigned by {given.receiver.party}    {zulu(given.cosigned_at_s * SECOND_US)}, at {given.size} entries",
    )


def _bundle(file: str, data: bytes, trust: Sequence[Identity], entry: bytes | None) -> Checked:
    kind = "tlog-proof"
    try:
        bundle = parse_bundle(data)
        checkpoint, _ = checkpoints.parse(bundle.checkpoint)
        writer = parse_origin(checkpoint.origin).writer
        signer = next((each for each in trust if each.party == writer), None)
        if signer is None:
            return Checked(file, kind, None, f"give --trust with the identity of {writer}, whose log it is")
        content = entry if entry is not None else bundle.extra
        if not content:
            return Checked(file, kind, None, "give --entry with the entry that it is about")
        leaf = leaf_hash(content)
        checkpoint, note = verify_bundle(bundle, leaf, signer.ed25519)
        cosigned = [each.party for each in trust if verify_cosignatures(note, each).by_both_keys]
    except KeepclearError as problem:
        return Checked(file, kind, False, str(problem))
    facts, lines = _keys([signer], [writer])
    return Checked(
        file,
        kind,
        True,
        "",
        {"parties": facts, "log": checkpoint.origin, "n": bundle.index, "size": checkpoint.size, "hash": leaf.hex(),
         "cosigned_by": cosigned},
        (
            f"entry {bundle.index} of {checkpoint.origin}, at {checkpoint.size} entries",
            f"cosigned by {', '.join(cosigned) or 'none of the trusted parties'}",
            *lines,
        ),
    )  # fmt: skip
