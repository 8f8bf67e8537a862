"""`keepclear doctor`: is this node's folder well? One line for each thing, with what to do about it.

It reads and changes nothing, and the node may run meanwhile.
"""

from __future__ import annotations

import datetime as dt
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from keepclear.cli.common import EXIT_WRONG, HERE, AsJson, Home, client_of, show
from keepclear.core.timespan import SECOND_US, zulu
from keepclear.errors import InvariantBroken, KeepclearError

if TYPE_CHECKING:
    from keepclear.config import Config
    from keepclear.node.loop import Loop

GOOD: Final = "good"
LOOK: Final = "look"
WRONG: Final = "wrong"

#: Free bytes below which the node is in danger, and below which somebody should look.
DISK_WRONG_BYTES: Final = 64_000_000
DISK_LOOK_BYTES: Final = 1_000_000_000
#: Days before a certificate ends at which somebody should look.
CERTIFICATE_LOOK_DAYS: Final = 30
#: No node was ever run before this.
_EARLIEST_US: Final = 1_767_225_600 * SECOND_US
_FAULTS_SHOWN: Final = 3
#: What a record may lack while the other side is away: it is cosigned when the line is back.
_WAITS_FOR_PEER: Final = 7


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: good, to be looked at, or wrong; and what to do."""

    what: str
    state: str
    detail: str
    mend: str = ""

    def line(self) -> str:
        """For people."""
        sign = {GOOD: "ok   ", LOOK: "LOOK ", WRONG: "WRONG"}[self.state]
        return f"{sign}  {self.what}: {self.detail}{f'. {self.mend}' if self.mend else ''}"


def examine(home: Path, now_us: int) -> Iterator[Finding]:
    """Everything that is looked at, in order; what needs a sound configuration is left out without one."""
    from keepclear import config

    try:
        loaded = config.load(home)
    except KeepclearError as problem:
        yield Finding("configuration", WRONG, str(problem), "Mend the key that is named.")
        return
    yield Finding("configuration", GOOD, f"{loaded.folder / config.FILE_NAME}, {loaded.name} ({loaded.party})")
    yield from _safely("keys", lambda: _keys(loaded))
    yield from _safely("certificates", lambda: _certificates(loaded, now_us))
    yield from _disk(loaded.folder)
    if not loaded.record_file.exists():
        yield Finding("record", LOOK, "there is none yet", "`keepclear serve` makes it.")
        return
    yield from _safely("database", lambda: _database(loaded))
    yield from _safely("record", lambda: _record(loaded, now_us))
    yield from _running(loaded)


def _safely(what: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """A look that itself fails is a finding: the others are still made."""
    try:
        yield from look()
    except (KeepclearError, InvariantBroken, OSError, ValueError) as problem:
        yield Finding(what, WRONG, f"{problem}", "Restore the folder from a backup if it cannot be mended.")


def _keys(loaded: Config) -> Iterator[Finding]:
    from keepclear.links import system

    folder = loaded.folder
    names = (system.RECORD_KEY, "peer.key", "console.key", system.API_TOKEN)
    for name in names:
        path = folder / name
        if not path.exists():
            yield Finding("keys", WRONG, f"{name} is missing", "Restore it from a backup; it cannot be made again.")
            return
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            yield Finding("keys", WRONG, f"{name} has mode {mode:04o}", f"`chmod 600 {path}`, and ask who has read it.")
            return
    identity, _ = system.load_identity(folder)
    system.load_token(folder)
    if identity.party != loaded.party:
        detail = f"the keys are {identity.party}'s, the configuration says {loaded.party}"
        yield Finding("keys", WRONG, detail, "Put the right ones into the folder.")
        return
    yield Finding("keys", GOOD, f"{len(names)} private files, mode 0600; fingerprint {identity.fingerprint()}")


def _certificates(loaded: Config, now_us: int) -> Iterator[Finding]:
    from keepclear.links import system

    peer, console = system.peer_files(loaded.folder), system.console_files(loaded.folder)
    renew = "Make a new node folder and enrol anew: peers pin this certificate."
    yield _certificate("certificate for peers", peer.certificate.read_bytes(), peer.key, now_us, renew)
    renew = "The console needs a new one: move ca.crt, console.crt and console.key away and restore or renew them."
    yield _certificate("certificate of the console", console.certificate.read_bytes(), console.key, now_us, renew)


def _certificate(what: str, pem: bytes, key: Path | None, now_us: int, mend: str) -> Finding:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    certificate = x509.load_pem_x509_certificate(pem)
    if key is not None:
        own = load_pem_private_key(key.read_bytes(), None).public_key()
        form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        if own.public_bytes(*form) != certificate.public_key().public_bytes(*form):
            return Finding(what, WRONG, f"{key.name} is not its key", mend)
    now = dt.datetime.fromtimestamp(now_us / SECOND_US, dt.UTC)
    until = certificate.not_valid_after_utc
    if not certificate.not_valid_before_utc <= now < until:
        return Finding(what, WRONG, f"valid {certificate.not_valid_before_utc:%Y-%m-%d} to {until:%Y-%m-%d}", mend)
    days = (until - now).days
    state = LOOK if days < CERTIFICATE_LOOK_DAYS else GOOD
    return Finding(what, state, f"valid until {until:%Y-%m-%d}, {days} days", mend if state == LOOK else "")


def _disk(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    detail = f"{free / 1e9:,.1f} GB free"
    if free < DISK_WRONG_BYTES:
        yield Finding("disk", WRONG, detail, "Free some space now: only STOP and answers are recorded on a full disk.")
    elif free < DISK_LOOK_BYTES:
        yield Finding("disk", LOOK, detail, "Free some space soon.")
    else:
        yield Finding("disk", GOOD, detail)


def _database(loaded: Config) -> Iterator[Finding]:
    from keepclear.stores.sqlite import check_file

    damages = check_file(loaded.record_file)
    if not damages:
        size = loaded.record_file.stat().st_size
        yield Finding("database", GOOD, f"every entry, number and digest is as it was written ({size / 1e6:,.1f} MB)")
    for damage in damages[:_FAULTS_SHOWN]:
        where = f"entry {damage.n} of {damage.log} (seq {damage.seq}): " if damage.log else ""
        mend = "Stop the node, restore the newest backup: it takes back from its peers what came after."
        yield Finding("database", WRONG, f"{where}{damage.what}", mend)
    if len(damages) > _FAULTS_SHOWN:
        yield Finding("database", WRONG, f"{len(damages) - _FAULTS_SHOWN} damages more")


def _record(loaded: Config, now_us: int) -> Iterator[Finding]:
    """The record as others would check it, from a copy: the node may run, and nothing is written into it."""
    from keepclear.links import system
    from keepclear.node.exchange import Exchange
    from keepclear.node.loop import Loop
    from keepclear.node.ports import Keys
    from keepclear.node.proofs import export
    from keepclear.record import verify_record
    from keepclear.stores.sqlite import SqliteStore
    from keepclear.stores.sqlite.database import copy
    from keepclear.stores.sqlite.files import create

    if loaded.record_file.stat().st_size * 2 > shutil.disk_usage(loaded.folder).free:
        yield Finding("record", LOOK, "not checked: there is no room for a copy", "Free some space.")
        return
    identity, signer = system.load_identity(loaded.folder)
    with tempfile.TemporaryDirectory(prefix=".keepclear-doctor-", dir=loaded.folder) as folder:
        path = Path(folder) / "record.sqlite"
        create(path)
        copy(loaded.record_file, path)
        store = SqliteStore(path, reserve_bytes=0)
        try:
            loop = Loop(Keys(identity.party, identity.name, signer), store, loaded.settings)
            yield from _clock(loop, now_us)
            yield from _peers(loop, now_us)
            report = verify_record(export(Exchange(loop, software="doctor"), private=True), [identity])
        finally:
            store.close()
    faults = [fault for fault in report.faults if fault.rule != _WAITS_FOR_PEER]
    waiting = [fault for fault in report.faults if fault.rule == _WAITS_FOR_PEER]
    for fault in faults[:_FAULTS_SHOWN]:
        yield Finding("record", WRONG, str(fault), "Keep the folder as it is, and restore the newest backup elsewhere.")
    for fault in waiting[:_FAULTS_SHOWN]:
        yield Finding("record", LOOK, str(fault), "It will be when the line to them is open.")
    if not report.faults:
        yield Finding("record", GOOD, f"{report.entries:,} entries in {len(report.logs)} logs verify")


def _clock(loop: Loop, now_us: int) -> Iterator[Finding]:
    newest_us = loop.last_at()
    mend = "Set the clock (a time service, or by hand), then confirm it in the console."
    if now_us < _EARLIEST_US:
        yield Finding("clock", WRONG, f"it says {zulu(now_us)}", mend)
    elif newest_us > now_us + loop.settings.clock_jump_s * SECOND_US:
        yield Finding("clock", WRONG, f"it says {zulu(now_us)}, and the newest entry is from {zulu(newest_us)}", mend)
    elif loop.picture.is_clock_suspect:
        yield Finding("clock", LOOK, "CLOCK SUSPECT stands in the record", "A person must confirm the clock.")
    else:
        yield Finding("clock", GOOD, f"{zulu(now_us // SECOND_US * SECOND_US)}, after the newest entry")


def _peers(loop: Loop, now_us: int) -> Iterator[Finding]:
    parties = list(loop.picture.enrolled_peers())
    if not parties:
        yield Finding("peers", LOOK, "none is enrolled", "`keepclear peer invite` begins an enrolment.")
    for party in parties:
        mend = f"Ask {party} for a new enrolment."
        try:
            pem = loop.picture.peers[party].enrolled.tls.encode()
            yield _certificate(f"certificate of {party}", pem, None, now_us, mend)
        except ValueError as problem:
            yield Finding(f"certificate of {party}", WRONG, f"cannot be read: {problem}", mend)


def _running(loaded: Config) -> Iterator[Finding]:
    try:
        with client_of(loaded.folder) as client:
            picture = client.picture()
    except KeepclearError as problem:
        yield Finding("node", LOOK, str(problem))
        return
    if not picture.store.ok:
        yield Finding(
            "node", WRONG, f"it cannot record: {picture.store.detail}", "Only STOP and answers may get through."
        )
    elif picture.degraded:
        yield Finding("node", LOOK, f"DEGRADED: {picture.degraded}", "A message was set aside; look at the record.")
    else:
        yield Finding("node", GOOD, f"it runs, {picture.software}, {picture.seq:,} entries recorded")
    for peer in picture.peers:
        difference = f", clocks {peer.clock_difference_ms} ms apart" if peer.clock_difference_ms is not None else ""
        detail = f"{peer.line}{difference}, {peer.undelivered} undelivered"
        state = GOOD if peer.line == "open" else WRONG if peer.line == "split" else LOOK
        mend = (
            "" if state == GOOD else f"{peer.trouble or 'It has not been heard'}; telephone {peer.telephone or 'them'}."
        )
        yield Finding(f"line to {peer.party}", state, detail, mend)


def doctor(home: Home = HERE, as_json: AsJson = False) -> None:
    """Look a node's folder over: configuration, keys, certificates, disk, database, record, clock and lines.

    Exit code: 0 nothing is wrong, 1 something is.
    """
    from keepclear.links.system import SystemClock

    findings = list(examine(home, SystemClock().now_us()))
    show(findings, lambda: (finding.line() for finding in findings), as_json=as_json)
    raise typer.Exit(EXIT_WRONG if any(finding.state == WRONG for finding in findings) else 0)
