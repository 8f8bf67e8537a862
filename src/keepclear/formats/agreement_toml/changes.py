"""What one agreement changes against another, in words: which term, for whom, and what falls due sooner or later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final

from keepclear.core.agreement import Agreement, DisclosureLevel
from keepclear.core.schedule import Window
from keepclear.core.terms import TABLES
from keepclear.core.timespan import zulu
from keepclear.core.zone import Zone
from keepclear.formats.agreement_toml.writing import duration, length, zone_lines

#: Less of it is due sooner; more of it is due sooner; neither.
_LESS, _MORE, _NEITHER = -1, 1, 0

_WHOEVER_IS_TOLD: Final = "whoever is told"
_WHOEVER_FILES: Final = "whoever files"
_EACH: Final = "each party"

#: Term to who owes it, what that is, and which way is sooner.
_OWED: Final[dict[str, tuple[str, str, int]]] = {
    "deadlines.notice_before_s": (_WHOEVER_FILES, "tells of a notice this long before it starts", _MORE),
    "deadlines.acknowledge_s": (_WHOEVER_IS_TOLD, "answers a notice within this", _LESS),
    "deadlines.acknowledge_conflict_s": (_WHOEVER_IS_TOLD, "answers a notice that conflicts within this", _LESS),
    "deadlines.acknowledge_warning_s": (_WHOEVER_IS_TOLD, "answers a warning within this", _LESS),
    "deadlines.acknowledge_stop_s": (_WHOEVER_IS_TOLD, "answers a STOP within this", _LESS),
    "deadlines.standby_s": (_WHOEVER_IS_TOLD, "is given this much longer by STANDBY", _LESS),
    "notices.hazard_before_s": (_WHOEVER_FILES, "tells of a hazard this long before it starts", _MORE),
    "notices.movement_before_s": (_WHOEVER_FILES, "tells of a movement this long before it starts", _MORE),
    "notices.emergency_before_s": (_WHOEVER_FILES, "tells of an emergency this long before it starts", _MORE),
    "notices.contingency_before_s": (_WHOEVER_FILES, "tells of a contingency this long before it starts", _MORE),
    "notices.earliest_before_s": (_WHOEVER_FILES, "tells of a notice at most this long before", _NEITHER),
    "notices.announce_expiry_before_s": (_WHOEVER_FILES, "announces the end of a notice this long before", _MORE),
    "line.test_every_s": (_EACH, "tests the line this often", _LESS),
    "line.test_within_s": (_EACH, "answers a line test within this", _LESS),
    "line.heard_within_s": (_EACH, "is heard this often", _LESS),
    "line.alarm_after_s": (_EACH, "takes silence for an alarm after this", _LESS),
    "dissemination.within_s": (_WHOEVER_IS_TOLD, "passes a notice on inside within this", _LESS),
    "request.answer_within_s": (_WHOEVER_IS_TOLD, "answers a request within this", _LESS),
    "readback.within_s": (_WHOEVER_IS_TOLD, "reads a notice back within this", _LESS),
    "sites.revalidate_every_s": (_WHOEVER_FILES, "confirms its sites this often", _LESS),
    "handover.overlap_s": (_EACH, "keeps both shifts on watch for this long", _NEITHER),
    "inquiry.answer_within_s": (_EACH, "tells the result of an inquiry within this", _LESS),
    "duties.answer_call_by_s": (_EACH, "answers a request for a call within this", _LESS),
    "duties.clear_by_s": (_EACH, "is clear within this of being asked", _LESS),
    "duties.hold_clear_s": (_EACH, "then stays clear for this long", _NEITHER),
    "duties.keep_separation_s": (_EACH, "may be closer than the separation for this long", _LESS),
    "duties.report_violation_by_s": (_EACH, "reports a violation within this", _LESS),
    "duties.revalidate_every_s": (_EACH, "confirms what it listed this often", _LESS),
    "duties.meet_every_s": (_EACH, "meets the others this often", _LESS),
    "duties.answer_inquiry_by_s": (_EACH, "answers an inquiry within this", _LESS),
    "planning.refresh_every_s": (_EACH, "tells its plans anew this often", _LESS),
}
_LADDER: Final = {
    "second_path_s": "is sent by a second path",
    "phone_s": "is telephoned",
    "supervisor_s": "goes to the supervisor",
    "next_echelon_s": "goes to the other party's next echelon",
    "unanswered_s": "is recorded as attempted and unanswered",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One term that is not as it was.

    Attributes:
        term: its full name: `deadlines.acknowledge`.
        before, after: its values in words; empty where it was not agreed.
        whom: for whom it changes something.
        words: a sentence.
        due: `sooner` or `later` where something falls due otherwise than before, else empty.
    """

    term: str
    before: str
    after: str
    whom: str
    words: str
    due: str = ""


def changes(old: Agreement, new: Agreement) -> list[Change]:
    """What `new` changes against `old`, term by term, in the order of a profile; empty when they say the same."""
    found = list(_changes(old, new))
    return [change for change in found if change.before != change.after]


def _changes(old: Agreement, new: Agreement) -> Iterator[Change]:
    yield from _heads(old, new)
    yield from _leaf("area.radius", length(old.area.radius_m), length(new.area.radius_m), "all")
    middles = [f"{each.area.lat_deg:.7f}, {each.area.lon_deg:.7f}" for each in (old, new)]
    yield from _leaf("area.middle", middles[0], middles[1], "all")
    for name in ("horizontal_m", "vertical_m"):
        one, other = getattr(old.separation, name), getattr(new.separation, name)
        way = "farther apart" if other > one else "closer"
        term = f"separation.{name.removesuffix('_m')}"
        words = f"two activities may be {way}: {length(other)} rather than {length(one)}".replace('"', "")
        yield Change(term, length(one), length(other), _EACH, words.replace("may be farther", "must be farther"))
    times = [duration(round(each.separation.time_s)) for each in (old, new)]
    yield from _leaf("separation.time", times[0], times[1], _EACH)
    yield from _tables({"deadlines": old.deadlines}, {"deadlines": new.deadlines})
    yield from _disclosure(old, new)
    names = list(TABLES)
    yield from _tables({name: getattr(old, name) for name in names}, {name: getattr(new, name) for name in names})
    yield from _zones(old, new)


def _heads(old: Agreement, new: Agreement) -> Iterator[Change]:
    for name in ("title", "profile", "subject", "amends"):
        yield from _leaf(name, getattr(old, name), getattr(new, name), "all")
    for party in sorted({*old.parties, *new.parties}):
        was, is_now = ("a party" if party in each.parties else "" for each in (old, new))
        words = f"{party} {'joins' if is_now else 'is no longer a party'}"
        yield Change(f"parties.{party}", was, is_now, party, words)
    for name in ("valid_from", "valid_until"):
        texts = ["" if (at := getattr(each, f"{name}_us")) is None else zulu(at) for each in (old, new)]
        yield from _leaf(name, texts[0], texts[1], "all")


def _leaf(term: str, before: str, after: str, whom: str) -> Iterator[Change]:
    before, after = before.replace('"', ""), after.replace('"', "")
    if not before:
        words = f"{term}: {after}, not agreed before"
    elif not after:
        words = f"{term}: no longer agreed; it was {before}"
    else:
        words = f"{term}: {after} rather than {before}"
    yield Change(term, before, after, whom, words)


def _tables(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    before, after = dict(_leaves(old)), dict(_leaves(new))
    for path in dict.fromkeys((*before, *after)):
        one, other = before.get(path), after.get(path)
        if one != other:
            yield from _term(path, one, other)


def _leaves(tables: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in tables.items():
        if value is None or value == ():
            continue
        if is_dataclass(value) and not isinstance(value, Window):
            inner = {each.name: getattr(value, each.name) for each in fields(value)}
            yield from ((f"{name}.{path}", leaf) for path, leaf in _leaves(inner))
        else:
            yield name, value


def _term(path: str, one: Any, other: Any) -> Iterator[Change]:
    term = path.removesuffix("_s").removesuffix("_m")
    before, after = (_said(path, value).replace('"', "") for value in (one, other))
    table, _, name = path.rpartition(".")
    if table.startswith("ladder."):
        what, way = f"leaves a {table[7:]} unanswered: it {_LADDER[name]} after this", _LESS
        whom = _WHOEVER_IS_TOLD
    elif path in _OWED:
        whom, what, way = _OWED[path]
    else:
        yield from _leaf(term, before, after, "all")
        return
    due = ""
    # Something that is owed for the first time is owed sooner than never.
    if way and (one is None or other is None):
        due = "sooner" if one is None else ""
    elif way:
        due = "sooner" if (other - one) * way > 0 else "later"
    values = f"{after} rather than {before}" if before and after else after or f"no longer ({before})"
    label = f" ({due})" if due else ""
    yield Change(term, before, after, whom, f"{whom} {what}: {values}{label}", due)


def _said(path: str, value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(value)
        case Window():
            days = " ".join(value.weekdays) or "every day"
            times = " to ".join(f"{at // 60:02d}:{at % 60:02d}" for at in (value.from_min, value.until_min))
            return f"{days} {times}, {value.offset_min} min east of UTC"
        case int() if path.endswith("_s"):
            return duration(value)
        case float() if path.endswith("_m"):
            return length(value)
        case _:
            return f"{value:g}" if isinstance(value, float) else str(value)


def _disclosure(old: Agreement, new: Agreement) -> Iterator[Change]:
    levels = list(DisclosureLevel)
    for party in sorted({*old.disclosure, *new.disclosure}):
        one, other = old.disclosure.get(party), new.disclosure.get(party)
        if one is None or other is None or one == other:
            continue
        if one.level is not other.level:
            way = "more" if levels.index(other.level) > levels.index(one.level) else "less"
            words = (
                f"{party} shows {other.level.value} rather than {one.level.value}: the others see {way} of its notices"
            )
            yield Change(f"disclosure.{party}.level", one.level.value, other.level.value, party, words)
        if one.shows_activity is not other.shows_activity:
            said = "shows" if other.shows_activity else "no longer shows"
            values = [_said("", each.shows_activity) for each in (one, other)]
            words = f"{party} {said} the kind of activity"
            yield Change(f"disclosure.{party}.shows_activity", values[0], values[1], party, words)


def _zones(old: Agreement, new: Agreement) -> Iterator[Change]:
    before, after = ({zone.id: zone for zone in each.zones} for each in (old, new))
    for name in sorted({*before, *after}):
        one, other = before.get(name), after.get(name)
        if one == other:
            continue
        zone = other or one
        assert zone is not None
        if one is None or other is None:
            said = "is new" if one is None else "is lifted"
            words = f"zone {name} ({zone.name}, {zone.kind.value}) {said}"
            yield Change(f"zone.{name}", "" if one is None else "agreed", "agreed" if other else "", _whom(zone), words)
            continue
        yield from _zone(one, other)


def _zone(one: Zone, other: Zone) -> Iterator[Change]:
    was, is_now = list(zone_lines(one)), list(zone_lines(other))
    gone, come = ([line for line in lines if line not in others] for lines, others in ((was, is_now), (is_now, was)))
    before, after = "; ".join(filter(None, gone)) or "otherwise", "; ".join(filter(None, come)) or "without it"
    words = f"zone {one.id} ({other.name}): {after} rather than {before}".replace('"', "")
    yield Change(f"zone.{one.id}", before, after, _whom(other), words)


def _whom(zone: Zone) -> str:
    """Who may do otherwise than others in it is changed for least: everyone is named."""
    parties = sorted({rule.party for rule in zone.rules if rule.party})
    return f"{_EACH}; otherwise {', '.join(parties)}" if parties else _EACH
