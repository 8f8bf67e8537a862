"""Identifiers: what each one names and how it is spelled.

| Id | Names | Spelled |
|---|---|---|
| party id | a party | `amber`: 1 to 32 of a-z, 0-9, `-`, a letter first |
| serial | a notice or a STOP, among those of its party | `A-0412`: short enough to be spoken |
| key | the same among all parties | `amber/A-0412` |
| alert id | an alert | `amber/A-0412/v2/birch`: the notice version it asks about, and who is asked |
"""

from __future__ import annotations

import re

from keepclear.errors import Malformed

_PARTY = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)
_SERIAL = re.compile(r"[A-Z]{1,3}-[0-9]{4,7}", re.ASCII)


def check_party_id(party: str, *, at: str = "party") -> str:
    """The party id, or Malformed."""
    if not _PARTY.fullmatch(party):
        raise Malformed(f"{party!r} is not a party id: 1 to 32 of a-z, 0-9 and -, a letter first", at=at)
    return party


def check_serial(serial: str, *, at: str = "id") -> str:
    """The serial, or Malformed."""
    if not _SERIAL.fullmatch(serial):
        raise Malformed(f"{serial!r} is not a serial such as A-0412", at=at)
    return serial


def check_person(by: str, *, at: str = "by") -> str:
    """The name of a person on watch, or Malformed."""
    if not 0 < len(by.strip()) <= 60 or len(by) > 60:
        raise Malformed("say who you are, in 1 to 60 characters", at=at)
    return by


def make_serial(party: str, number: int, *, prefix: str = "") -> str:
    """The serial of a party's `number`-th notice.

    >>> make_serial("amber", 412), make_serial("amber", 3, prefix="S")
    ('A-0412', 'SA-0003')
    """
    return f"{prefix}{party[0].upper()}-{number:04d}"


def make_key(party: str, serial: str) -> str:
    """Names a notice among those of all parties."""
    return f"{party}/{serial}"


def make_alert_id(party: str, serial: str, version: int, to: str) -> str:
    """Names the alert that asks another party about one version of a notice."""
    return f"{party}/{serial}/v{version}/{to}"
