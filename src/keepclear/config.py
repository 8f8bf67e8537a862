"""`keepclear.toml` into a frozen Config. An unknown key is an error that names the keys that are near.

Every value may be set by the environment instead, as `KEEPCLEAR_<SECTION>_<KEY>`: `KEEPCLEAR_CONSOLE_PORT=9443`.

Source: docs/reference/configuration.md.
"""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from keepclear.core.agreement import DisclosureLevel
from keepclear.core.ids import check_party_id
from keepclear.errors import LimitReached, Malformed, NotFound
from keepclear.node.settings import DEFAULT, Settings

FILE_NAME: Final = "keepclear.toml"
BYTES_MAX: Final = 100_000
ADDRESSES_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Door:
    """Where a TLS port listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Standard:
    """The standard face, ASTM F3548-21: how it is reached, whom it lets in, and what it does.

    Attributes:
        host, port: where it listens; certificate and key make it speak TLS.
        audiences: host names that tokens are for.
        public_key, jwks, issuer: what tokens are checked with.
        serves_dss: whether this node is a discovery service as well.
        dss_url: the discovery service to plan with; empty: our own.
        url: our base URL, as other services reach it; empty: no service of our own.
        token_url, name: where our own tokens come from, and their `sub`.
        shows: the most that is shown to everybody there: NONE or VOLUME.
        refuses_conflicts: whether a plan that meets another is refused on our own side.
        allowed_hosts: whom we may call; empty: whoever has a public address.
        allows_http: plain http and private addresses; for trying it out alone.
        flight_planning: whether automated tests may plan in our name.
        zones: whether the zones of agreements in force are published as constraints.
    """

    host: str
    port: int
    certificate: Path | None
    key: Path | None
    audiences: tuple[str, ...]
    public_key: Path | None
    jwks: str
    issuer: str
    serves_dss: bool
    dss_url: str
    url: str
    token_url: str
    name: str
    shows: DisclosureLevel
    refuses_conflicts: bool
    allowed_hosts: tuple[str, ...]
    allows_http: bool
    flight_planning: bool
    zones: bool


@dataclass(frozen=True, slots=True)
class Alarms:
    """Whom the ladder reaches when nobody answers, and by which ways (N4).

    Attributes:
        addresses: rung to party to addresses, `mailto:`, `https:`, `http:` or `tel:`; the party "" is for all.
        mail_host: our mail server; empty for none. Its password lies in a file of the folder.
        webhooks: origins that may be called; their tokens lie in a file, one `origin token` a line.
        modem: a serial line; None for none.
    """

    addresses: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    mail_host: str = ""
    mail_port: int = 25
    mail_sender: str = ""
    mail_tls: bool = True
    mail_user: str = ""
    mail_password_file: Path | None = None
    webhooks: tuple[str, ...] = ()
    webhook_tokens_file: Path | None = None
    allows_private: bool = False
    modem: Path | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that a node is told before it starts.

    Attributes:
        folder: holds keys, certificates, the record and the API token; the folder of the configuration file.
        party, name: whose node it is.
        telephone: where our duty officer is reached when the line is down.
        console: where browsers and programs of our own come in. Loopback only in this version.
        peers: where other parties' nodes come in.
        peer_url: how other parties reach our peer door, `https://host:port`.
        reference: a reference view to show beside the live picture; None for none.
        settings: bounds and durations.
        gazetteer: the party's own places, TOML or CSV, beside the bundled ones; None for none.
        standard: the standard face; None when there is no section for it.
        alarms: whom the ladder reaches, and by which ways.
    """

    folder: Path
    party: str
    name: str
    telephone: str
    console: Door
    peers: Door
    peer_url: str
    reference: Path | None
    settings: Settings
    gazetteer: Path | None = None
    standard: Standard | None = None
    alarms: Alarms = field(default_factory=Alarms)

    @property
    def record_file(self) -> Path:
        """The SQLite file that the record lies in."""
        return self.folder / "record.sqlite"


_SECTIONS: Final[dict[str, dict[str, type]]] = {
    "party": {"id": str, "name": str, "telephone": str},
    "console": {"host": str, "port": int},
    "peers": {"host": str, "port": int, "url": str},
    "reference": {"file": str},
    "gazetteer": {"file": str},
    "f3548": {
        "host": str,
        "port": int,
        "certificate": str,
        "key": str,
        "audience": str,
        "public_key": str,
        "jwks": str,
        "issuer": str,
        "dss": bool,
        "dss_url": str,
        "url": str,
        "token_url": str,
        "name": str,
        "shows": str,
        "refuses_conflicts": bool,
        "allowed_hosts": str,
        "allow_http": bool,
        "flight_planning": bool,
        "zones": bool,
    },
    "ladder": dict.fromkeys(("second_path", "phone", "supervisor", "next_echelon"), list),
    "mail": {"host": str, "port": int, "sender": str, "tls": bool, "user": str, "password_file": str},
    "webhooks": {"allow": list, "allow_private": bool, "tokens_file": str},
    "modem": {"device": str},
    "settings": {
        field.name: float if isinstance(field.default, float) else int
        for field in dataclasses.fields(Settings)
        # What is not a number is not for an operator: it weakens a check, for the simulator.
        if not isinstance(field.default, bool)
    },
}


def load(path: Path, environment: Mapping[str, str] | None = None) -> Config:
    """The configuration in a file, or in `keepclear.toml` of a folder.

    Args:
        environment: overrides; the process's own when None.

    Raises:
        NotFound: there is no such file.
        LimitReached: it is larger than 100,000 bytes.
        Malformed: not TOML, an unknown key, or a value of the wrong type or out of range; `at` names the key.
    """
    file = path / FILE_NAME if path.is_dir() else path
    try:
        with file.open("rb") as opened:
            data = opened.read(BYTES_MAX + 1)
    except OSError as problem:
        raise NotFound(f"no configuration at {file}: {problem.strerror}; `keepclear init` makes one") from None
    if len(data) > BYTES_MAX:
        raise LimitReached(f"a configuration has at most {BYTES_MAX} bytes")
    return read(
        data.decode(errors="replace"), file.parent.resolve(), os.environ if environment is None else environment
    )


def read(text: str, folder: Path, environment: Mapping[str, str]) -> Config:
    """The configuration in a text; relative paths are taken from the folder. Raises as `load`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise Malformed(f"not TOML: {problem}") from None
    _check_names(table)
    values = _overridden(table, environment)
    party, console, peers = values["party"], values["console"], values["peers"]
    for section, key in (("party", "id"), ("party", "name")):
        if key not in values[section]:
            raise Malformed(f"{key} is missing", at=f"{section}.{key}")
    peer_door = Door(peers.get("host", "127.0.0.1"), _port(peers.get("port", 8444), at="peers.port"))
    reference, gazetteer = (values[section].get("file", "") for section in ("reference", "gazetteer"))
    return Config(
        folder=folder,
        party=check_party_id(party["id"], at="party.id"),
        name=_bounded(party["name"], 1, 80, at="party.name"),
        telephone=_bounded(party.get("telephone", ""), 0, 40, at="party.telephone"),
        console=_console_door(console),
        peers=peer_door,
        peer_url=peers.get("url", "") or f"https://{_in_url(peer_door.host)}:{peer_door.port}",
        reference=(folder / reference) if reference else None,
        settings=_settings(values["settings"]),
        gazetteer=(folder / gazetteer) if gazetteer else None,
        standard=_standard(values["f3548"], folder, party["id"]) if values["f3548"] else None,
        alarms=_alarms(values, folder),
    )


def write(config: Config) -> str:
    """A commented `keepclear.toml` that reads back as this configuration, bounds at their defaults."""
    return f"""\
# The node of {config.name}. Every key: docs/reference/configuration.md.

[party]
id = {_quoted(config.party)}
name = {_quoted(config.name)}
# Where your duty officer is reached when the line is down. Shown on the other party's screen.
telephone = {_quoted(config.telephone)}

# Browsers and your own programs come in here. Loopback only, until there are accounts.
[console]
host = {_quoted(config.console.host)}
port = {config.console.port}

# Other parties' nodes come in here, over mutual TLS; `url` is how they reach it.
[peers]
host = {_quoted(config.peers.host)}
port = {config.peers.port}
url = {_quoted(config.peer_url)}
"""


def _check_names(table: Mapping[str, Any]) -> None:
    for section, inner in table.items():
        if section not in _SECTIONS:
            raise Malformed(f"there is no section [{section}]{_near(section, _SECTIONS)}", at=section)
        if not isinstance(inner, dict):
            raise Malformed(f"{section} is a section: write [{section}]", at=section)
        for key, value in inner.items():
            at = f"{section}.{key}"
            if key not in _SECTIONS[section]:
                raise Malformed(f"there is no key {key!r} in [{section}]{_near(key, _SECTIONS[section])}", at=at)
            wanted = _SECTIONS[section][key]
            if type(value) is not wanted and not (wanted is float and type(value) is int):
                raise Malformed(f"{_KINDS[wanted]} was expected, not {value!r}", at=at)


_KINDS: Final = {str: "text", int: "a whole number", float: "a number", bool: "true or false", list: "a list of texts"}


def _near(name: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else f"; known are {', '.join(known)}"


def _overridden(table: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    values = {section: dict(table.get(section, {})) for section in _SECTIONS}
    names = {f"KEEPCLEAR_{s}_{k}".upper(): (s, k) for s, keys in _SECTIONS.items() for k in keys}
    for variable, (section, key) in names.items():
        if variable not in environment:
            continue
        wanted = _SECTIONS[section][key]
        try:
            values[section][key] = _read_variable(wanted, environment[variable])
        except ValueError:
            raise Malformed(f"{_KINDS[wanted]} was expected, not {environment[variable]!r}", at=variable) from None
    return values


def _standard(given: Mapping[str, Any], folder: Path, party: str) -> Standard:
    def path(name: str) -> Path | None:
        return folder / given[name] if given.get(name) else None

    def words(name: str) -> tuple[str, ...]:
        return tuple(word.strip() for word in given.get(name, "").split(",") if word.strip())

    if bool(given.get("public_key")) == bool(given.get("jwks")):
        raise Malformed("give what checks tokens: public_key or jwks, one of them", at="f3548.public_key")
    if bool(given.get("certificate")) != bool(given.get("key")):
        raise Malformed("certificate and key belong together", at="f3548.certificate")
    if given.get("url") and not given.get("token_url"):
        raise Malformed("to plan with others we need tokens: say where they come from", at="f3548.token_url")
    if not given.get("dss") and not (given.get("url") and given.get("dss_url")):
        raise Malformed("dss = true serves a discovery service; url and dss_url plan with one", at="f3548")
    shows = given.get("shows", DisclosureLevel.NONE.value)
    if shows not in (DisclosureLevel.NONE, DisclosureLevel.VOLUME):
        raise Malformed(f"NONE or VOLUME was expected, not {shows!r}", at="f3548.shows")
    host = given.get("host", "127.0.0.1")
    return Standard(
        host=host,
        port=_port(given.get("port", 8082), at="f3548.port"),
        certificate=path("certificate"),
        key=path("key"),
        audiences=words("audience") or (host,),
        public_key=path("public_key"),
        jwks=given.get("jwks", ""),
        issuer=given.get("issuer", ""),
        serves_dss=given.get("dss", False),
        dss_url=given.get("dss_url", ""),
        url=given.get("url", ""),
        token_url=given.get("token_url", ""),
        name=given.get("name", party),
        shows=DisclosureLevel(shows),
        refuses_conflicts=given.get("refuses_conflicts", True),
        allowed_hosts=words("allowed_hosts"),
        allows_http=given.get("allow_http", False),
        flight_planning=given.get("flight_planning", False),
        zones=given.get("zones", False),
    )


def _read_variable(wanted: type, text: str) -> Any:
    if wanted is list:
        return [part.strip() for part in text.split(",") if part.strip()]
    if wanted is bool:
        if text not in ("true", "false"):
            raise ValueError
        return text == "true"
    return wanted(text)


def _alarms(values: Mapping[str, dict[str, Any]], folder: Path) -> Alarms:
    mail, hooks, modem = values["mail"], values["webhooks"], values["modem"].get("device", "")
    return Alarms(
        addresses={rung: _addresses(listed, at=f"ladder.{rung}") for rung, listed in values["ladder"].items()},
        mail_host=mail.get("host", ""),
        mail_port=_port(mail.get("port", 25), at="mail.port"),
        mail_sender=mail.get("sender", ""),
        mail_tls=mail.get("tls", True),
        mail_user=mail.get("user", ""),
        mail_password_file=(folder / mail["password_file"]) if mail.get("password_file") else None,
        webhooks=tuple(_texts(hooks.get("allow", []), at="webhooks.allow")),
        webhook_tokens_file=(folder / hooks["tokens_file"]) if hooks.get("tokens_file") else None,
        allows_private=hooks.get("allow_private", False),
        modem=(folder / modem) if modem else None,
    )


def _texts(values: list[Any], *, at: str) -> list[str]:
    if len(values) > ADDRESSES_MAX or not all(isinstance(value, str) and 0 < len(value) <= 300 for value in values):
        raise Malformed(f"at most {ADDRESSES_MAX} texts of 1 to 300 characters were expected", at=at)
    return values


def _addresses(values: list[Any], *, at: str) -> dict[str, tuple[str, ...]]:
    """`mailto:duty@amber.example` for everyone, or `birch mailto:watch@birch.example` for one party."""
    found: dict[str, list[str]] = {}
    for text in _texts(values, at=at):
        party, _, address = text.rpartition(" ")
        scheme = address.partition(":")[0]
        if scheme not in ("mailto", "https", "http", "tel"):
            raise Malformed(f"{text!r}: an address begins with mailto:, https:, http: or tel:", at=at)
        found.setdefault(check_party_id(party, at=at) if party else "", []).append(address)
    return {party: tuple(listed) for party, listed in found.items()}


def _console_door(console: Mapping[str, Any]) -> Door:
    host = console.get("host", "127.0.0.1")
    if not _is_loopback(host):
        raise Malformed(
            f"the console listens on loopback only in this version, since it has no accounts yet: 127.0.0.1 or ::1,"
            f" not {host!r}",
            at="console.host",
        )
    return Door(host, _port(console.get("port", 8443), at="console.port"))


def _is_loopback(host: str) -> bool:
    # By address and not by name: what `localhost` means is for another file to say.
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _port(port: int, *, at: str) -> int:
    if not 1 <= port <= 65_535:
        raise Malformed(f"a port is 1 to 65535, not {port}", at=at)
    return port


def _bounded(text: str, least: int, most: int, *, at: str) -> str:
    if not least <= len(text) <= most or not (text.isprintable()):
        raise Malformed(f"{least} to {most} printable characters were expected, not {text[:100]!r}", at=at)
    return text


def _settings(values: Mapping[str, Any]) -> Settings:
    for name, value in values.items():
        if not value > 0 or value == float("inf"):
            raise Malformed(f"a bound is more than 0, not {value}", at=f"settings.{name}")
    kinds = _SECTIONS["settings"]
    return dataclasses.replace(DEFAULT, **{name: kinds[name](value) for name, value in values.items()})


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
