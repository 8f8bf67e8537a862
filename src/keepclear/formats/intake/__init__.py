"""From a communique or news text to a draft: what it says of meetings, agreements, zones, posts, incidents and words.

Rules only: grammar, dates, titles and small words. No network, no model, no list of the world's names.
Nothing here enters a record: every finding waits for a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Final

from keepclear.errors import LimitReached, Malformed
from keepclear.formats.intake import dates, names
from keepclear.formats.intake.agreements import agreements
from keepclear.formats.intake.events import incidents, meetings
from keepclear.formats.intake.ground import posts, zones
from keepclear.formats.intake.passages import passages, quotes
from keepclear.formats.intake.scene import Scene
from keepclear.formats.intake.statements import statements
from keepclear.formats.intake.values import Draft, Finding, Kind, Place, Span, Sure, When

__all__ = ["Draft", "Finding", "Kind", "Place", "Span", "Sure", "When", "read_text"]

#: A long communique has 20,000 characters; a text of more is a book, and nobody confirms a book line by line.
TEXT_CHARS_MAX: Final = 200_000
#: Findings that one person can be asked to confirm in one go.
FINDINGS_MAX: Final = 2_000


def read_text(text: str, *, dated: str = "", gazetteer: names.Gazetteer = names.no_gazetteer) -> Draft:
    """A draft of what a text says, each finding with the exact characters it was read from.

    Args:
        text: as it stands in the file.
        dated: the day it was written, `2019-02-19`. Without it relative times stay relative.
        gazetteer: the known place of a name, or empty.

    Raises:
        Malformed: `dated` is no day.
        LimitReached: longer than TEXT_CHARS_MAX, or more findings than FINDINGS_MAX.
    """
    if len(text) > TEXT_CHARS_MAX:
        raise LimitReached(f"intake reads at most {TEXT_CHARS_MAX} characters; this text has {len(text)}", at="text")
    try:
        day = date.fromisoformat(dated) if dated else None
    except ValueError:
        raise Malformed(f"{dated!r} is not a day: write it as 2019-02-19", at="dated") from None
    found_quotes = quotes(text)
    scene = Scene(
        text, passages(text), found_quotes, names.know(text), day, gazetteer,
        tuple(dates.nights(text, dates.Days(day))),
    )  # fmt: skip
    found = sorted(_attributed(list(_findings(scene))), key=lambda finding: (finding.span, finding.kind))
    if len(found) > FINDINGS_MAX:
        raise LimitReached(f"intake gives at most {FINDINGS_MAX} findings; this text has {len(found)}", at="text")
    return Draft(tuple(found), dated, dates.dateline(text), hashlib.sha256(text.encode()).hexdigest())


def _findings(scene: Scene) -> Iterable[Finding]:
    yield from statements(scene)
    for passage in scene.passages:
        named = list(agreements(scene, passage))
        yield from named
        taken = [finding.span for finding in named]
        yield from zones(scene, passage, taken)
        yield from posts(scene, passage, taken)
        yield from meetings(scene, passage, taken)
        yield from incidents(scene, passage, taken)


def _attributed(found: list[Finding]) -> list[Finding]:
    """Findings that are told inside a statement carry its speaker: it is that speaker's word, not the text's."""
    said = [finding for finding in found if finding.kind is Kind.STATEMENT]
    whole = []
    for finding in found:
        around = next((s for s in said if s is not finding and s.span.holds(finding.span)), None)
        if finding.kind is not Kind.STATEMENT and around is not None:
            finding = replace(finding, speaker=around.speaker, is_quoted=around.is_quoted)  # noqa: PLW2901
        whole.append(finding)
    return whole
