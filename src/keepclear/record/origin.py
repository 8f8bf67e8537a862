"""How logs and those who cosign them are named.

Source: docs/reference/record.md, sections 1 and 3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from keepclear.errors import Malformed

_PARTY = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose log it is, and to whom it speaks.

    Attributes:
        writer: the party that appends to it and signs it.
        reader: the party a channel is addressed to; None for the writer's private log.
    """

    writer: str
    reader: str | None = None

    def __post_init__(self) -> None:
        check_party(self.writer)
        if self.reader is not None:
            check_party(self.reader)
            if self.reader == self.writer:
                raise Malformed(f"a channel leads from one party to another, not from {self.writer} to itself")

    def __str__(self) -> str:
        return (
            f"keepclear/{self.writer}/private" if self.reader is None else f"keepclear/{self.writer}/to/{self.reader}"
        )

    @property
    def opposite(self) -> Origin | None:
        """The channel back; None for a private log."""
        return None if self.reader is None else Origin(self.reader, self.writer)


def parse_origin(text: str) -> Origin:
    """Whose log an origin line names.

    Raises:
        Malformed: not the origin of a channel or of a private log.

    >>> parse_origin("keepclear/amber/to/birch").opposite
    Origin(writer='birch', reader='amber')
    """
    parts = text.split("/")
    if len(parts) == 3 and parts[0] == "keepclear" and parts[2] == "private":
        return Origin(parts[1])
    if len(parts) == 4 and parts[0] == "keepclear" and parts[2] == "to":
        return Origin(parts[1], parts[3])
    raise Malformed(f"not the origin of a log: {text[:100]!r}")


def channel_origin(writer: str, reader: str) -> str:
    """The origin line of the log that holds what `writer` sent to `reader`."""
    return str(Origin(writer, reader))


def private_origin(party: str) -> str:
    """The origin line of what a party stated and derived for itself."""
    return str(Origin(party))


def cosigner_name(party: str) -> str:
    """The key name under which a party cosigns the logs of others."""
    check_party(party)
    return f"keepclear/{party}"


def check_party(party: str) -> None:
    """Raise Malformed unless this is a party id: 1 to 32 of a-z, 0-9 and -, starting with a letter."""
    if not _PARTY.fullmatch(party):
        raise Malformed(f"a party id is 1 to 32 of a-z, 0-9 and -, starting with a letter: {party[:40]!r}")
