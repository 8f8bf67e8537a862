"""What a person should look at again: a word for it, and a sentence. A flag refuses nothing by itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flag:
    """One doubt about what somebody wrote.

    Attributes:
        code: in capitals, listed in docs/reference/place.md and docs/reference/sites.md; stable.
        words: what is doubtful, with the value, and what would be right.
        at: the field or item it is about, or empty.
    """

    code: str
    words: str
    at: str = ""
