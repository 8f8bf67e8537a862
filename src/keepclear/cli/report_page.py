"""The page that `keepclear report --html` writes: one file, plots drawn in it, no script and no network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from typing import Any, Final

from keepclear.cli.report import rows

_STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1b1b1b;background:#fff}
table{border-collapse:collapse;margin:1rem 0}th,td{border:1px solid #999;padding:.3rem .6rem;text-align:start}
td+td,th+th{text-align:end}svg{max-width:100%;height:auto}figcaption{color:#444}
@media print{body{margin:0}}
"""
_WIDTH: Final = 640
_BARS: Final = ("#0b5394", "#b45f06")
#: Lead times are drawn in these steps, seconds: up to each, and beyond the last.
_STEPS_S: Final = (0, 60, 300, 900, 3_600, 21_600, 86_400)
_STEP_WORDS: Final = ("after start", "1 min", "5 min", "15 min", "1 h", "6 h", "24 h", "more")


def page(said: dict[str, Any]) -> str:
    """The report as one page of HTML."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    names = " and ".join(escape(party) for party in said["checkpoints"])
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy"',
            f" content=\"default-src 'none'; style-src 'sha256-{digest}'\">",
            f"<title>The line between {names}</title><style>{_STYLE}</style></head><body>",
            f"<h1>The line between {names}</h1>",
            f"<p>Cut-off {escape(said['cut_off'])}, {escape(said['cut_off_local'])}. From {escape(said['from'])}.</p>",
            *(
                f"<p>{escape(party)}'s channel, checkpoints {escape(period['from'])} to {escape(period['to'])}</p>"
                for party, period in said["checkpoints"].items()
            ),
            *_table(list(rows(said))),
            *_figure(
                "Lead times at receipt", _STEP_WORDS, [(d["party"], _steps(d["leads_s"])) for d in said["directions"]]
            ),
            *_figure("Answers to alerts", _ANSWERS, [(d["party"], _answers(d)) for d in said["directions"]]),
            *_breaches(said),
            "<p>Counted from the two channels alone. The other party's record gives the same figures.",
            "Not certified. Not the sole means of separation.</p>",
            "</body></html>",
        )
    )


_ANSWERS: Final = ("in time", "late", "unanswered", "superseded", "open")


def _answers(each: dict[str, Any]) -> list[int]:
    keys = ("acknowledged_in_time", "acknowledged_late", "unanswered", "superseded", "undecided")
    return [each[key] for key in keys]


def _steps(leads_s: list[int]) -> list[int]:
    """How many leads fall into each step."""
    counts = [0] * (len(_STEPS_S) + 1)
    for lead_s in leads_s:
        counts[
            next((place for place, end in enumerate(_STEPS_S) if lead_s < end or lead_s == end == 0), len(_STEPS_S))
        ] += 1
    return counts


def _table(listed: list[tuple[str, ...]]) -> Iterator[str]:
    heads, *lines = listed
    yield (
        "<table><thead><tr>"
        + "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
        + "</tr></thead><tbody>"
    )
    for name, *cells in lines:
        yield (
            f'<tr><th scope="row">{escape(name)}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
        )
    yield "</tbody></table>"


def _figure(title: str, words: tuple[str, ...], series: list[tuple[str, list[int]]]) -> Iterator[str]:
    """Bars side by side, their numbers on them, so that nothing is told by colour alone."""
    most = max((value for _, values in series for value in values), default=0) or 1
    step, wide, base = _WIDTH / len(words), _WIDTH / len(words) / (len(series) + 1), 180
    yield f'<figure><svg viewBox="0 0 {_WIDTH} 230" role="img" aria-label="{escape(title)}">'
    for place, word in enumerate(words):
        yield f'<text x="{(place + 0.5) * step:.0f}" y="200" font-size="12" text-anchor="middle">{escape(word)}</text>'
        for number, (party, values) in enumerate(series):
            high = 150 * values[place] / most
            left = place * step + (number + 0.5) * wide
            yield (
                f'<rect x="{left:.1f}" y="{base - high:.1f}" width="{wide * 0.9:.1f}" height="{high:.1f}"'
                f' fill="{_BARS[number % 2]}"><title>{escape(party)}: {values[place]}</title></rect>'
            )
            yield (
                f'<text x="{left + wide * 0.45:.1f}" y="{base - high - 4:.1f}" font-size="11"'
                f' text-anchor="middle">{values[place]}</text>'
            )
    yield f'<line x1="0" y1="{base}" x2="{_WIDTH}" y2="{base}" stroke="#333"/></svg>'
    order = "; ".join(
        f"{'left' if number == 0 else 'right'} bar: sent by {escape(party)}" for number, (party, _) in enumerate(series)
    )
    yield f"<figcaption>{escape(title)}. {order}</figcaption></figure>"


def _breaches(said: dict[str, Any]) -> Iterator[str]:
    listed = [breach for each in said["directions"] for breach in each["breaches"]]
    yield "<h2>What the agreement asked for and was not so</h2>"
    if not listed:
        yield "<p>Nothing.</p>"
        return
    heads = ("at", "party", "what", "about", "by, seconds")
    yield from _table([heads, *((b["at"], b["party"], b["what"], b["about"], str(b["by_s"])) for b in listed)])
    yield "<p>Nothing here says why.</p>"
