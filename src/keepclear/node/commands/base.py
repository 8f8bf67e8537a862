"""What every command shares."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Command:
    """One thing asked. `seed` is 32 random bytes that the node puts on: ids, salts and blinds come from it alone."""

    seed: bytes = field(default=b"", kw_only=True, repr=False)
