"""The machine itself: the real clock, real chance, and the files of a node's folder.

The only file of the package that may ask the machine for time or chance.

| File | Holds | Mode |
|---|---|---|
| `record.key` | the two seeds of the record keys | 0600 |
| `peer.key`, `peer.crt` | P-256 key and self-signed certificate for the peer door | 0600, 0644 |
| `ca.crt` | the certificate of an authority for this node's console alone; its key is not kept | 0644 |
| `console.key`, `console.crt` | P-256 key and certificate for the console | 0600, 0644 |
| `api-token` | what programs of our own show at the HTTP API | 0600 |

Keys are apart: none of them signs for another's purpose. TLS keys are P-256 because browsers refuse Ed25519 there.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import os
import secrets
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from keepclear.errors import Malformed, NotAllowed, NotFound, StoreFailed, UnlawfulChange
from keepclear.node.ports import Entropy
from keepclear.record import Identity, RecordSigner

RECORD_KEY: Final = "record.key"
API_TOKEN: Final = "api-token"  # noqa: S105 -- the name of a file
TOKEN_BYTES: Final = 32
#: P-256's group order less one: a private key is 1 up to this.
_P256_KEYS: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 - 1
_DAY: Final = dt.timedelta(days=1)
#: Peers pin the certificate itself, so its date protects nothing; rotation is a signed message of a later version.
_PEER_DAYS: Final = 3_650
_CONSOLE_DAYS: Final = 397
_CA_DAYS: Final = 3_650


class SystemClock:
    """The machine's clocks."""

    def now_us(self) -> int:
        """The wall clock, microseconds UTC. May jump."""
        return time.time_ns() // 1000

    def elapsed_us(self) -> int:
        """Microseconds since the machine started; never goes back."""
        return time.monotonic_ns() // 1000


class SystemEntropy:
    """The machine's random bytes."""

    def draw(self, count: int) -> bytes:
        """So many random bytes, fit for keys."""
        return secrets.token_bytes(count)


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """A certificate and its private key, PEM."""

    certificate: Path
    key: Path


def peer_files(folder: Path) -> CertificateFiles:
    """What the peer door shows and our calls to peers show."""
    return CertificateFiles(folder / "peer.crt", folder / "peer.key")


def console_files(folder: Path) -> CertificateFiles:
    """What the console shows to browsers."""
    return CertificateFiles(folder / "console.crt", folder / "console.key")


def authority_file(folder: Path) -> Path:
    """The certificate that a browser is told to trust, once, for this node's console."""
    return folder / "ca.crt"


def create_identity(folder: Path, party: str, name: str, entropy: Entropy, *, now_us: int) -> Identity:
    """Make every key and certificate of a new node in its folder, and say who it now is.

    The authority's key is used once, here, and not kept: nobody can make another certificate with it.

    Raises:
        UnlawfulChange: the folder holds keys already; they are never overwritten.
        Malformed: an id or name that no party may have.
        StoreFailed: the folder cannot be written.
    """
    if (folder / RECORD_KEY).exists():
        raise UnlawfulChange(f"{folder} holds the keys of a node already; they are never overwritten", at="folder")
    seeds = entropy.draw(32), entropy.draw(32)
    identity = Identity.of(party, name, RecordSigner(*seeds))
    _make_folder(folder)
    now = dt.datetime.fromtimestamp(now_us / 1e6, dt.UTC)
    _write_pair(peer_files(folder), *_self_signed(f"{party} peer door", party, entropy, now))
    _write_console(folder, party, entropy, now)
    write_private(folder / API_TOKEN, entropy.draw(TOKEN_BYTES).hex().encode() + b"\n")
    content = {
        "format": "keepclear-record-key/1", "party": party, "name": name,
        "ed25519_seed": seeds[0].hex(), "mldsa44_seed": seeds[1].hex(),
    }  # fmt: skip
    # Last, so that a folder with this file is whole.
    write_private(folder / RECORD_KEY, json.dumps(content, indent=1).encode() + b"\n")
    return identity


def renew_console_certificate(folder: Path, party: str, entropy: Entropy, *, now_us: int) -> None:
    """A new authority and a new console certificate; browsers must be told to trust the new authority."""
    _write_console(folder, party, entropy, dt.datetime.fromtimestamp(now_us / 1e6, dt.UTC))


def load_identity(folder: Path) -> tuple[Identity, RecordSigner]:
    """Who the node in this folder is, and its record keys.

    Raises:
        NotFound: no keys there.
        NotAllowed: others than the owner may read the file.
        Malformed: not a key file.
    """
    data = read_private(folder / RECORD_KEY)
    try:
        content = json.loads(data)
        signer = RecordSigner(bytes.fromhex(content["ed25519_seed"]), bytes.fromhex(content["mldsa44_seed"]))
        return Identity.of(content["party"], content["name"], signer), signer
    except (ValueError, KeyError, TypeError) as problem:
        raise Malformed(f"{RECORD_KEY} is not a key file: {type(problem).__name__}", at=RECORD_KEY) from None


def load_token(folder: Path) -> str:
    """The bearer token of the HTTP API. Raises as `load_identity`."""
    token = read_private(folder / API_TOKEN).decode(errors="replace").strip()
    if len(token) != 2 * TOKEN_BYTES:
        raise Malformed(f"{API_TOKEN} holds {2 * TOKEN_BYTES} hexadecimal digits", at=API_TOKEN)
    return token


def read_private(path: Path) -> bytes:
    """A file of ours that no one else may read.

    Raises:
        NotFound: it is not there.
        NotAllowed: group or others may read or write it; the message says how to mend that.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_IMODE(mode) & 0o077:
            raise NotAllowed(f"{path} may be read by others: `chmod 600 {path}`, and ask who has read it", at=path.name)
        return path.read_bytes()
    except OSError as problem:
        raise NotFound(f"{path}: {problem.strerror}; `keepclear init` makes a node's folder", at=path.name) from None


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read: whole or not at all, and on the disk when this returns."""
    write_atomically(path, data, mode=0o600)


def write_atomically(path: Path, data: bytes, *, mode: int) -> None:
    """Write a file beside its place, then move it there. Raises StoreFailed."""
    beside = path.with_name(path.name + ".new")
    try:
        beside.unlink(missing_ok=True)
        # Born with its mode: there is no moment at which another may open it.
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as problem:
        raise StoreFailed(f"{path} cannot be written: {problem.strerror}") from None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as problem:
        raise StoreFailed(f"{folder} cannot be made: {problem.strerror}") from None


def _write_console(folder: Path, party: str, entropy: Entropy, now: dt.datetime) -> None:
    authority_key = _private_key(entropy)
    name = _name(f"keepclear {party} console authority")
    authority = (
        _builder(name, name, authority_key, entropy, now, _CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        # It can speak for this machine's own loopback, and for nothing else in the world.
        .add_extension(
            x509.NameConstraints(permitted_subtrees=_loopback_ranges(), excluded_subtrees=None), critical=True
        )
        .sign(authority_key, hashes.SHA256())
    )
    key = _private_key(entropy)
    leaf = (
        _builder(_name(f"keepclear {party} console"), name, key, entropy, now, _CONSOLE_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_loopback_names()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    write_atomically(authority_file(folder), authority.public_bytes(serialization.Encoding.PEM), mode=0o644)
    _write_pair(console_files(folder), leaf, key)


def _self_signed(
    label: str, party: str, entropy: Entropy, now: dt.datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = _private_key(entropy)
    name = _name(f"keepclear {label}")
    certificate = (
        _builder(name, name, key, entropy, now, _PEER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        # The name says whose it is to whoever reads it; what is trusted is the whole certificate, pinned.
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"{party}.keepclear.invalid")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate, key


def _private_key(entropy: Entropy) -> ec.EllipticCurvePrivateKey:
    # 40 bytes for a number of 32: what is left of the bias after the division is below 2^-64.
    return ec.derive_private_key(int.from_bytes(entropy.draw(40), "big") % _P256_KEYS + 1, ec.SECP256R1())


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    entropy: Entropy,
    now: dt.datetime,
    days: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(entropy.draw(19), "big") + 1)
        # A day early: the other side's clock may be behind ours.
        .not_valid_before(now - _DAY)
        .not_valid_after(now + days * _DAY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _loopback_names() -> list[x509.GeneralName]:
    return [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.IPAddress(ipaddress.ip_address("::1")),
    ]


def _loopback_ranges() -> list[x509.GeneralName]:
    return [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_network("127.0.0.0/8")),
        x509.IPAddress(ipaddress.ip_network("::1/128")),
    ]


def _write_pair(files: CertificateFiles, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(files.key, private)
    write_atomically(files.certificate, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)
