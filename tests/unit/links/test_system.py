"""A node's folder: keys made once, apart from each other, and readable by nobody else."""

from __future__ import annotations

import datetime as dt
import hashlib
import ssl
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from keepclear.errors import NotAllowed, NotFound, UnlawfulChange
from keepclear.links import system

NOW_US = 1_800_000_000_000_000


class Counted:
    """Chance that is given, so that the same folder comes out twice."""

    def __init__(self) -> None:
        self.drawn = 0

    def draw(self, count: int) -> bytes:
        self.drawn += 1
        return hashlib.shake_256(str(self.drawn).encode()).digest(count)


@pytest.fixture
def folder(tmp_path):
    system.create_identity(tmp_path / "amber", "amber", "Amber", Counted(), now_us=NOW_US)
    return tmp_path / "amber"


def test_secret_files_are_for_their_owner_alone(folder):
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}

    secret = {"record.key", "peer.key", "console.key", "api-token"}
    assert {name for name, mode in modes.items() if mode == 0o600} == secret
    assert set(modes) == secret | {"peer.crt", "console.crt", "ca.crt"}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_no_key_serves_two_purposes(folder):
    publics = set()
    for name in ("peer.crt", "console.crt", "ca.crt"):
        certificate = x509.load_pem_x509_certificate((folder / name).read_bytes())
        publics.add(
            certificate.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
    assert len(publics) == 3


def test_the_identity_comes_back_from_its_file(folder, tmp_path):
    identity, signer = system.load_identity(folder)

    assert (identity.party, identity.name) == ("amber", "Amber")
    assert identity.ed25519 == signer.ed25519_public
    assert identity == system.create_identity(tmp_path / "same", "amber", "Amber", Counted(), now_us=NOW_US)


def test_keys_are_never_overwritten(folder):
    before = (folder / "record.key").read_bytes()

    with pytest.raises(UnlawfulChange, match="never overwritten"):
        system.create_identity(folder, "amber", "Amber", Counted(), now_us=NOW_US)
    assert (folder / "record.key").read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_refused_and_the_way_to_mend_it_told(folder, mode):
    (folder / "record.key").chmod(mode)

    with pytest.raises(NotAllowed, match="chmod 600"):
        system.load_identity(folder)


def test_a_folder_without_keys_says_how_to_make_them(tmp_path):
    with pytest.raises(NotFound, match="keepclear init"):
        system.load_identity(tmp_path)


def test_the_console_certificate_is_vouched_for_by_an_authority_that_can_vouch_for_loopback_only(folder):
    authority = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
    leaf = x509.load_pem_x509_certificate((folder / "console.crt").read_bytes())

    leaf.verify_directly_issued_by(authority)
    permitted = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
    assert {str(each.value) for each in permitted or []} == {"localhost", "127.0.0.0/8", "::1/128"}
    assert not list(folder.glob("ca.key"))
    made = dt.datetime.fromtimestamp(NOW_US / 1e6, dt.UTC)
    assert leaf.not_valid_before_utc < made < leaf.not_valid_after_utc


def test_the_files_load_into_tls(folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    for files in (system.peer_files(folder), system.console_files(folder)):
        context.load_cert_chain(files.certificate, files.key)


def test_a_write_that_is_cut_short_leaves_the_old_file_whole(tmp_path, monkeypatch):
    target = tmp_path / "api-token"
    system.write_private(target, b"old")
    monkeypatch.setattr(system.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))

    with pytest.raises(system.StoreFailed, match="No space left"):
        system.write_private(target, b"new")

    assert target.read_bytes() == b"old"


def test_the_clock_of_elapsed_time_does_not_go_back():
    clock = system.SystemClock()
    readings = [clock.elapsed_us() for _ in range(1000)]

    assert readings == sorted(readings)
    assert clock.now_us() > NOW_US // 2
