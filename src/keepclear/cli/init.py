"""`keepclear init`: keys, certificates and a commented keepclear.toml for a new node."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keepclear.cli.common import HERE, AsJson, Home, show, write_new

if TYPE_CHECKING:
    from keepclear.record import Identity

#: Public half of who we are, for others to check our records with.
IDENTITY_FILE = "identity.json"


@dataclass(frozen=True, slots=True)
class Made:
    """What `init` made."""

    party: str
    name: str
    folder: str
    fingerprint: str
    console: str
    peers: str
    authority: str


def create_node(
    home: Path,
    party: str,
    name: str,
    *,
    telephone: str = "",
    console_port: int = 8443,
    peer_host: str = "127.0.0.1",
    peer_port: int = 8444,
    peer_url: str = "",
    more: str = "",
) -> Made:
    """Make the folder of a new node.

    Args:
        more: lines put at the end of the configuration.

    Raises:
        UnlawfulChange: the folder holds a node already.
        Malformed: a value that no configuration may have.
        StoreFailed: the folder cannot be written.
    """
    from keepclear import config
    from keepclear.errors import UnlawfulChange
    from keepclear.links import system
    from keepclear.node.settings import DEFAULT

    if (home / config.FILE_NAME).exists():
        raise UnlawfulChange(f"{home} holds a node already; name another folder", at="home")
    console, peers = config.Door("127.0.0.1", console_port), config.Door(peer_host, peer_port)
    url = peer_url or f"https://{f'[{peer_host}]' if ':' in peer_host else peer_host}:{peer_port}"
    wanted = config.Config(home, party, name, telephone, console, peers, url, None, DEFAULT)
    text = config.write(wanted) + more
    # Read back before anything is made: what cannot be read is told now and not at the first start.
    config.read(text, home, {})
    clock = system.SystemClock()
    identity = system.create_identity(home, party, name, system.SystemEntropy(), now_us=clock.now_us())
    write_identity(home / IDENTITY_FILE, identity)
    write_new(home / config.FILE_NAME, text.encode())
    return Made(
        party, name, str(home), identity.fingerprint(), f"https://127.0.0.1:{console_port}", url,
        str(system.authority_file(home)),
    )  # fmt: skip


def write_identity(path: Path, identity: Identity) -> None:
    """Write an identity file, as `keepclear verify --trust` takes it; what was there is replaced."""
    path.write_text(json.dumps(identity.to_json(), indent=1) + "\n", encoding="utf-8")


def init(
    party: Annotated[str, typer.Option(metavar="ID", help="1 to 32 of a-z, 0-9 and -, a letter first.")],
    name: Annotated[str, typer.Option(help="As people call the party. The id in capitals when not given.")] = "",
    home: Home = HERE,
    telephone: Annotated[str, typer.Option(help="Where the duty officer is reached when the line is down.")] = "",
    console_port: Annotated[int, typer.Option(help="Where browsers come in, on this machine only.")] = 8443,
    peer_host: Annotated[str, typer.Option(help="Address on which other parties' nodes come in.")] = "127.0.0.1",
    peer_port: Annotated[int, typer.Option(help="Its port.")] = 8444,
    peer_url: Annotated[
        str, typer.Option(help="How other parties reach it, https://host:port; else made from the address.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make the folder of a new node: its keys, its certificates and its configuration."""
    made = create_node(
        home,
        party,
        name or party.capitalize(),
        telephone=telephone,
        console_port=console_port,
        peer_host=peer_host,
        peer_port=peer_port,
        peer_url=peer_url,
    )
    show(
        made,
        lambda: (
            f"{made.name} ({made.party}) now has a node in {made.folder}.",
            f"fingerprint  {made.fingerprint}",
            f"console      {made.console}",
            f"peers        {made.peers}",
            "",
            f"So that your browser trusts the console, add {made.authority} to its authorities, once:",
            "  Firefox: Settings, Certificates, Authorities, Import.   Chromium on Linux:",
            f'  certutil -d sql:$HOME/.pki/nssdb -A -t "C,," -n "keepclear {made.party}" -i {made.authority}',
            "The authority can vouch for this machine alone, and its key was not kept.",
            f"Next: keepclear serve --home {made.folder}",
        ),
        as_json=as_json,
    )
