"""`keepclear dev-authority`: gives anybody any token, on this machine alone, for trying out the standard face."""

from __future__ import annotations

import ipaddress
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keepclear.cli.common import say
from keepclear.cli.dss import host_and_port, run_to_end, until_told
from keepclear.errors import Malformed, NotAllowed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


def dev_authority(
    listen: Annotated[str, typer.Option(help="HOST:PORT on this machine; port 0 takes any free.")] = "127.0.0.1:8085",
    key: Annotated[Path, typer.Option(help="Private key, PEM; made if there is none.")] = Path("dev-authority.pem"),
) -> None:
    """Give anybody any token, for trying things out. Refuses to listen elsewhere than on loopback."""
    host, port = host_and_port(listen)
    if not _is_loopback(host):
        raise NotAllowed(
            f"it gives anybody any token, so it listens on loopback only (127.0.0.1 or ::1), not on {host}", at="listen"
        )
    run_to_end(_serve(host, port, _private_key(key)))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _private_key(path: Path) -> RSAPrivateKey:
    """The key in a file; made, with its public half beside it as `FILE.pub.pem`, if there is none."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
        load_pem_private_key,
    )

    from keepclear.links.system import read_private, write_atomically, write_private

    if not path.exists():
        made = generate_private_key(public_exponent=65_537, key_size=2_048)
        write_private(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        key = load_pem_private_key(read_private(path), password=None)
    except (ValueError, TypeError):
        raise Malformed(f"{path} is not a private key in PEM", at="key") from None
    if not isinstance(key, RSAPrivateKey):
        raise Malformed(f"{path} is not an RSA key", at="key")
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    write_atomically(path.with_name(path.name + ".pub.pem"), public, mode=0o644)
    return key


async def _serve(host: str, port: int, key: RSAPrivateKey) -> None:
    from keepclear.faces.f3548.authority import AuthorityApp
    from keepclear.faces.serving import open_plain_door
    from keepclear.links.system import SystemClock, SystemEntropy

    app = AuthorityApp(key, SystemClock(), SystemEntropy())
    async with open_plain_door(app, host, port) as url:
        say(f"Tokens for anybody at {url}/token, keys at {url}/.well-known/jwks.json. For trying things out alone.")
        sys.stdout.flush()
        await until_told()
