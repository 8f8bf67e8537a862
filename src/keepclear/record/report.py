"""What was found in a record file, as values.

Source: docs/reference/record.md, section 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from keepclear.record.identity import Identity

#: Faults named; what is beyond is counted.
MAX_FAULTS: Final = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a record file.

    Attributes:
        line: of the file, from 1; 0 when the fault is not of one line.
        rule: of section 5 in docs/reference/record.md; 0 for whose keys they are.
        what: one sentence.
        log: origin of the log; empty when the whole file is meant.
        n: index of the bad entry; the first that may be bad, if `until` is given.
        until: the bad entry is below this index.
    """

    line: int
    rule: int
    what: str
    log: str = ""
    n: int | None = None
    until: int | None = None

    def __str__(self) -> str:
        entries = "" if self.n is None else f" entry {self.n}" if self.until is None else f" from entry {self.n}"
        line = f" (line {self.line})" if self.line else ""
        return f"rule {self.rule}: {self.log}{entries}{': ' if self.log else ''}{self.what}{line}"


@dataclass(frozen=True, slots=True)
class LogReport:
    """What a record file holds of one log.

    Attributes:
        signed_size: of the newest checkpoint that its log signed and whose root is true.
        cosigned_size: of the newest of those that the reader cosigned with both keys; 0 in a private log.
        cosigned_at_s: when, by the reader's clock, seconds since 1970.
        unanswered: entries for which the reader's `received` is not in the file.
        kinds: how many entries of each kind.
        first_at_us, last_at_us: of its entries, by the writer's clock; None without entries.
    """

    origin: str
    entries: int
    checkpoints: int
    signed_size: int
    cosigned_size: int
    cosigned_at_s: int | None
    unanswered: int
    kinds: Mapping[str, int]
    first_at_us: int | None
    last_at_us: int | None

    @property
    def not_yet_signed(self) -> int:
        """Entries above the newest signed checkpoint."""
        return max(0, self.entries - self.signed_size)

    @property
    def not_yet_cosigned(self) -> int:
        """Signed entries above the newest cosigned checkpoint."""
        return max(0, self.signed_size - self.cosigned_size)


@dataclass(frozen=True, slots=True)
class Report:
    """What a record file holds, and what is wrong with it.

    Attributes:
        party: who made the file; None if it has no readable header.
        identities: the maker first, then its peers.
        trusted: party ids whose keys the checker had from elsewhere and found the same.
        lines: how many the file has.
        faults: as found; at most MAX_FAULTS.
        faults_left_out: how many more there were.
    """

    party: Identity | None
    identities: tuple[Identity, ...]
    trusted: tuple[str, ...]
    logs: tuple[LogReport, ...]
    lines: int
    faults: tuple[Fault, ...]
    faults_left_out: int

    @property
    def sound(self) -> bool:
        """Every rule holds."""
        return not self.faults

    @property
    def entries(self) -> int:
        """How many entries there are in all logs."""
        return sum(log.entries for log in self.logs)

    @property
    def fingerprints(self) -> dict[str, str]:
        """Each party's fingerprint, to compare with what the party reads out."""
        return {each.party: each.fingerprint() for each in self.identities}

    @property
    def first_bad(self) -> Fault | None:
        """The fault that names the first bad entry: by order of logs, an exact index before a range of them."""
        order = {log.origin: position for position, log in enumerate(self.logs)}
        named = [each for each in self.faults if each.n is not None]
        return min(named, key=lambda each: (each.until is not None, order[each.log], each.n or 0), default=None)
