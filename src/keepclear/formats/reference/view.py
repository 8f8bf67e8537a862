"""What a reader sees of a reference file: the facts as they are, and lead times and gaps computed from them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal

import msgspec

from keepclear.formats.reference.reading import instant_of
from keepclear.formats.reference.values import (
    Id,
    Incident,
    Name,
    PublishedClock,
    Reference,
    Text,
    TimelineItem,
    Value,
    Zulu,
    names_of,
)


class AccountLead(Value, frozen=True):
    """How long before the hazard a notice came, by one account alone.

    `basis` is `clock_times` (then `lead_s`, and `bracket_s` for times printed to the minute), `words`
    (then `longer_than_s`, exclusive, with no upper bound) or `not_known` (all three are null).
    """

    by: Id
    basis: Literal["clock_times", "words", "not_known"]
    lead_s: int | None
    bracket_s: tuple[int, int] | None
    longer_than_s: int | None
    notice_at: Zulu | None
    hazard_at: Zulu | None
    stated: tuple[Text, ...]
    sources: tuple[Id, ...]


class Release(Value, frozen=True):
    """The times that one publication gives for the same event, earliest and latest, as printed and in Zulu."""

    release: Name
    first_at: Zulu
    last_at: Zulu
    published: tuple[PublishedClock, ...]
    approximate: bool
    sources: tuple[Id, ...]


class ClockGap(Value, frozen=True):
    """Two publications of one side that give different times for one event, and how far apart they lie."""

    by: Id
    says: Literal["loss_time"]
    earlier: Release
    later: Release
    least_s: int
    most_s: int


def _seconds(earlier: str, later: str) -> int:
    return int((instant_of(later) - instant_of(earlier)).total_seconds())


def lead_times(incident: Incident) -> list[AccountLead]:
    """How long before the hazard the notice came, one row for each account that speaks of a notice.

    An account is judged by its own times alone: the other side's hazard start is never lent to it.
    Times are printed to the minute, so two of them are up to 60 s off their difference either way.
    """
    speakers = dict.fromkeys(item.by for item in incident.timeline if item.says == "notice_time")
    return [_lead([item for item in incident.timeline if item.by == by]) for by in speakers]


def _lead(account: list[TimelineItem]) -> AccountLead:
    items = [item for item in account if item.says in ("notice_time", "hazard_start")]
    notices = [item for item in items if item.says == "notice_time"]
    notice_at = next((item.at for item in notices if item.at), None)
    hazard_at = next((item.at for item in items if item.says == "hazard_start" and item.at), None)
    lead_s = _seconds(notice_at, hazard_at) if notice_at and hazard_at else None
    bounds_s = [item.lead_longer_than_s for item in notices if item.lead_longer_than_s is not None]
    longer_than_s = max(bounds_s, default=None) if lead_s is None else None
    words: Literal["words", "not_known"] = "not_known" if longer_than_s is None else "words"
    return AccountLead(
        by=account[0].by,
        basis=words if lead_s is None else "clock_times",
        lead_s=lead_s,
        bracket_s=None if lead_s is None else (lead_s - 60, lead_s + 60),
        longer_than_s=longer_than_s,
        notice_at=notice_at,
        hazard_at=hazard_at,
        stated=tuple(item.text for item in items),
        sources=tuple(dict.fromkeys(source for item in items for source in item.sources)),
    )


def clock_gaps(incident: Incident) -> list[ClockGap]:
    """Where two publications of one side give different times for the loss, all turned into Zulu.

    `least_s` and `most_s` are the nearest and the furthest two of these times; publications whose times
    overlap make no gap.
    """
    releases: dict[str, dict[str, list[TimelineItem]]] = {}
    for item in incident.timeline:
        if item.says == "loss_time" and item.at:
            releases.setdefault(item.by, {}).setdefault(item.release, []).append(item)
    gaps = []
    for by, items in releases.items():
        ordered = sorted((_release(name, rows) for name, rows in items.items()), key=lambda one: one.first_at)
        for earlier, later in pairwise(ordered):
            least_s, most_s = _seconds(earlier.last_at, later.first_at), _seconds(earlier.first_at, later.last_at)
            if least_s > 0:
                gap = ClockGap(by=by, says="loss_time", earlier=earlier, later=later, least_s=least_s, most_s=most_s)
                gaps.append(gap)
    return gaps


def _release(name: str, items: list[TimelineItem]) -> Release:
    times = sorted(item.at for item in items if item.at)
    return Release(
        release=name,
        first_at=times[0],
        last_at=times[-1],
        published=tuple(printed for item in items for printed in item.published),
        approximate=any(item.approximate for item in items),
        sources=tuple(dict.fromkeys(source for item in items for source in item.sources)),
    )


def _plain(value: object) -> Any:
    """Dictionaries, lists, text and numbers only, as a reader of the JSON would have them."""
    return msgspec.json.decode(msgspec.json.encode(value))


def reference_view(reference: Reference) -> dict[str, Any]:
    """The reference as plain JSON values for the console (`GET /v1/reference`), read-only.

    Sections: `parties, others, agreements, zones, posts, meetings, incidents, joint_statements, parameters,
    differences, sources`, as in the file and with every key present; besides `format`, `about`, and
    `names` (id to name, for parties and others). Each incident has two keys more, computed here:
    `lead_times` (a list of AccountLead) and `clock_gaps` (a list of ClockGap).
    The whole shape: `examples/syria_2019/README.md`, "Shape".
    """
    view: dict[str, Any] = _plain(reference)
    view["names"] = names_of(reference)
    for row, incident in zip(view["incidents"], reference.incidents, strict=True):
        row["lead_times"] = _plain(lead_times(incident))
        row["clock_gaps"] = _plain(clock_gaps(incident))
    return view
