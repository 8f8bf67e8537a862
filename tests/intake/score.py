"""How well intake does on a text whose findings a person wrote down: precision, recall and right fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from keepclear.formats.intake import Draft, Finding, read_text


@dataclass
class Score:
    """Counts of one text, and what was wrong."""

    found: int = 0
    right: int = 0
    expected: int = 0
    met: int = 0
    fields: int = 0
    fields_right: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / max(1, self.found)

    @property
    def recall(self) -> float:
        return self.met / max(1, self.expected)


def score(text: str, expected: dict[str, Any]) -> Score:
    draft = read_text(text, dated=str(expected["dated"]))
    total = Score()
    used: set[int] = set()
    for line in expected["findings"]:
        match = _match(text, draft, line, used)
        is_counted = not line.get("optional")
        total.expected += is_counted
        if match is None:
            if is_counted:
                total.wrong.append(f"missed  {line['kind']:9} {line['anchor']!r}")
            continue
        used.add(match)
        total.met += is_counted
        _fields(draft.findings[match], line, total)
    optional = [line for line in expected["findings"] if line.get("optional")]
    for number, finding in enumerate(draft.findings):
        if number in used and not any(
            _covers(text, finding, line) for line in optional if finding.kind == line["kind"]
        ):
            total.found, total.right = total.found + 1, total.right + 1
        elif number not in used and not any(_covers(text, finding, line) for line in optional):
            total.found += 1
            total.wrong.append(f"extra   {finding.kind:9} {finding.text!r} {finding.speaker}")
        elif number in used:
            continue
    return total


def _match(text: str, draft: Draft, line: dict[str, Any], used: set[int]) -> int | None:
    """The finding of that kind that covers at least half of the anchor, each used once."""
    fits = [
        number
        for number, finding in enumerate(draft.findings)
        if finding.kind == line["kind"]
        and _covers(text, finding, line)
        # One quotation may hold several lines of what is expected; any other finding answers one line.
        and (number not in used or (finding.is_quoted and finding.kind == "statement"))
    ]
    return fits[0] if fits else None


def _covers(text: str, finding: Finding, line: dict[str, Any]) -> bool:
    start = text.index(line["anchor"])
    end = start + len(line["anchor"])
    return 2 * (min(end, finding.span.end) - max(start, finding.span.start)) >= end - start


def _fields(finding: Finding, line: dict[str, Any], total: Score) -> None:
    said = {
        "speaker": finding.speaker,
        "when": finding.when.iso if finding.when else "",
        "where": " ".join(place.name for place in finding.where),
        "count": finding.count,
        "tense": finding.tense,
    }
    for name, value in said.items():
        if name not in line:
            continue
        wanted = str(line[name])
        right = str(value).startswith(wanted) if name == "when" else wanted.lower() in str(value).lower()
        if name == "when" and "/" in wanted:
            right = str(value) == wanted
        total.fields += 1
        total.fields_right += right
        if not right:
            total.wrong.append(f"{name:7} {line['anchor']!r}: {value!r}, not {wanted!r}")
    for name in ("who", "parties"):
        for wanted in line.get(name, ()):
            right = any(wanted.lower() in one.lower() for one in finding.who)
            total.fields += 1
            total.fields_right += right
            if not right:
                total.wrong.append(f"{name:7} {line['anchor']!r}: {finding.who}, without {wanted!r}")


def read_case(name: Path) -> tuple[str, dict[str, Any]]:
    return name.with_suffix(".txt").read_text("utf-8"), yaml.safe_load(name.with_suffix(".yaml").read_text("utf-8"))
