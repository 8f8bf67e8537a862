"""What a profile would make of a story: who would owe what by when, step by step, before anybody signs it.

A story is text: a line for each thing that somebody does, a line of dashes, and what follows, each with the term that
says so. `tell` gives what follows; docs/how-to/agreements.md says which words there are. Places are judged by the same
engine as notices are; nothing is recorded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from keepclear.core.agreement import Agreement
from keepclear.core.conflict import Verdict
from keepclear.core.duties import BY_NAME, due_at
from keepclear.core.footprint import Circle, Footprint, Polygon
from keepclear.core.geodesy import WGS84, bearing_deg, distance_m
from keepclear.core.place import Region, contradicts
from keepclear.core.timespan import SECOND_US, TimeSpan, parse_instant, spoken_duration, zulu
from keepclear.core.volume import AltitudeBand, Volume4D
from keepclear.core.zone import Activity, Rule
from keepclear.engine.judge import judge
from keepclear.engine.zones import breaks
from keepclear.errors import LimitReached, Malformed
from keepclear.formats.agreement_toml.quantities import altitude, duration_s, length_m

STEPS_MAX: Final = 500
WORDS_MAX: Final = 40
_PAIR: Final = re.compile(r'([a-z_]+)=("[^"]*"|\S+)')
_SQUARE_KM: Final = 1e6


@dataclass(frozen=True, slots=True)
class Follows:
    """One thing that follows from a step, and the terms that say so, by the names of a profile."""

    words: str
    terms: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.words}  [{', '.join(self.terms)}]"


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody does."""

    at_us: int
    who: str
    verb: str
    options: dict[str, str]

    def instant(self, name: str) -> int:
        """An instant among the options."""
        return parse_instant(self.need(name), at=name)

    def need(self, name: str) -> str:
        """An option that the verb needs."""
        if name not in self.options:
            raise Malformed(f"{self.verb} needs {name}=", at=name)
        return self.options[name]


@dataclass(slots=True)
class Rehearsal:
    """A profile, and what was planned so far."""

    agreement: Agreement
    planned: list[tuple[str, str, Volume4D]] = field(default_factory=list)

    def others(self, who: str) -> list[str]:
        """All parties but one."""
        return [party for party in self.agreement.parties if party != who]


def read_step(line: str) -> Step:
    """A step from its line: `at 2027-03-01T08:00:00Z amber files from=... until=... circle=10.2,20.1,20km`.

    Raises:
        Malformed: no such line, instant or word.
    """
    options = {name: value.strip('"') for name, value in _PAIR.findall(line)}
    words = _PAIR.sub("", line).split()
    if len(words) != 4 or words[0] != "at" or len(options) > WORDS_MAX:
        raise Malformed(f"a step is `at TIME WHO DOES name=value ...`, not {line[:120]!r}", at="step")
    if words[3] not in VERBS:
        raise Malformed(f"nobody can {words[3]!r}; known are {', '.join(sorted(VERBS))}", at="step")
    return Step(parse_instant(words[1], at="step"), words[2], words[3], options)


def play(agreement: Agreement, text: str) -> list[tuple[str, list[Follows]]]:
    """A whole story: its lines that begin with `at`; all others are for the reader."""
    return tell(agreement, [line for line in text.splitlines() if line.startswith("at ")])


def tell(agreement: Agreement, lines: list[str]) -> list[tuple[str, list[Follows]]]:
    """Each step of a story with what follows from it under a profile (G1, C4).

    Raises:
        LimitReached: more than 500 steps.
        Malformed: a line that is no step, or a party that the profile does not name.
    """
    if len(lines) > STEPS_MAX:
        raise LimitReached(f"a story has at most {STEPS_MAX} steps, not {len(lines)}")
    rehearsal = Rehearsal(agreement)
    told = []
    for line in lines:
        step = read_step(line)
        if step.who not in (*agreement.parties, *agreement.observers):
            raise Malformed(f"{step.who} is not named in the profile", at="step")
        told.append((line, list(VERBS[step.verb](rehearsal, step))))
    return told


# ------------------------------------------------------------------------------------------------------------ notices


def _files(rehearsal: Rehearsal, step: Step) -> Iterator[Follows]:
    agreement, kind = rehearsal.agreement, step.options.get("kind", "hazard")
    volume = _volume(step)
    start_us, end_us = volume.span.start_us, volume.span.end_us
    yield from _validity(agreement, step)
    yield from _lead(agreement, step, kind, start_us)
    yield from _place(agreement, step, volume.footprint)
    yield from _second_person(agreement, step, volume.footprint, start_us)
    is_conflict = False
    for party, name, other in rehearsal.planned:
        if party == step.who:
            continue
        judged = judge(volume, other, agreement.separation)
        if judged.verdict is Verdict.CLEAR:
            yield Follows(f"clear of {party}'s {name}", _SEPARATION)
            continue
        is_conflict = True
        yield Follows(
            f"{judged.verdict.value.lower()} with {party}'s {name}: nearer than"
            f" {agreement.separation.horizontal_m:.0f} m, {agreement.separation.vertical_m:.0f} m of height"
            f" and {agreement.separation.time_s:.0f} s",
            _SEPARATION,
        )
        yield from _who_moves(agreement, step.who, party)
    rehearsal.planned.append((step.who, step.options.get("name", f"plan {len(rehearsal.planned) + 1}"), volume))
    yield from _zones(agreement, step, volume, kind)
    for other_party in rehearsal.others(step.who):
        yield from _owed_by_told(agreement, step, other_party, is_conflict, start_us)
    shown = agreement.disclosure[step.who]
    activity = ", the kind of activity too" if shown.shows_activity else ""
    yield Follows(f"the others are shown {shown.level.value}{activity}", (f"disclosure.{step.who}",))
    if agreement.notices and agreement.notices.announce_expiry_before_s:
        at_us = end_us - agreement.notices.announce_expiry_before_s * SECOND_US
        yield Follows(f"its end is announced {zulu(at_us)}", ("notices.announce_expiry_before",))


_SEPARATION: Final = ("separation.horizontal", "separation.vertical", "separation.time")


def _lead(agreement: Agreement, step: Step, kind: str, start_us: int) -> Iterator[Follows]:
    term, before_s = "deadlines.notice_before", agreement.deadlines.notice_before_s
    own = getattr(agreement.notices, f"{kind}_before_s", None)
    if own is not None:
        term, before_s = f"notices.{kind}_before", own
    latest_us = start_us - before_s * SECOND_US
    verdict = "in time" if step.at_us <= latest_us else "SHORT"
    yield Follows(f"{step.who} notify_before {zulu(latest_us)}: {verdict}", (term,))
    earliest_s = agreement.notices.earliest_before_s if agreement.notices else None
    if earliest_s is not None:
        early = "earlier than" if step.at_us < start_us - earliest_s * SECOND_US else "within"
        yield Follows(f"told {early} {spoken_duration(earliest_s)} before", ("notices.earliest_before",))
    horizon_s = agreement.planning.horizon_s if agreement.planning else None
    if horizon_s is not None:
        where = "within" if start_us <= step.at_us + horizon_s * SECOND_US else "beyond"
        yield Follows(f"{where} the horizon of {spoken_duration(horizon_s)}", ("planning.horizon",))


def _place(agreement: Agreement, step: Step, footprint: Footprint) -> Iterator[Follows]:
    middle = (footprint.lat_deg, footprint.lon_deg) if isinstance(footprint, Circle) else footprint.outline[0]
    if "region" in step.options:
        centre, region = (agreement.area.lat_deg, agreement.area.lon_deg), Region(step.options["region"])
        wrong = contradicts(
            region,
            bearing_deg=bearing_deg(centre, middle),
            distance_m=distance_m(centre, middle),
            radius_m=agreement.area.radius_m,
        )
        yield Follows(f"the word {region.value} {'contradicts' if wrong else 'fits'} the place", ("area",))
    if agreement.place and "second" in step.options:
        lat_deg, lon_deg = (float(part) for part in step.options["second"].split(","))
        apart_m = distance_m(middle, (lat_deg, lon_deg))
        within = "within" if apart_m <= agreement.place.tolerance_m else "beyond"
        yield Follows(
            f"the two means of place differ by {apart_m:.0f} m: {within} {agreement.place.tolerance_m:.0f} m",
            ("place.tolerance",),
        )


def _second_person(agreement: Agreement, step: Step, footprint: Footprint, start_us: int) -> Iterator[Follows]:
    terms = agreement.second_person
    if terms is None:
        return
    area_km2 = _area_km2(footprint)
    if terms.area_over_km2 is not None:
        asks = "a second person looks" if area_km2 > terms.area_over_km2 else "one person sends it"
        yield Follows(f"{area_km2:.0f} km2 of {terms.area_over_km2:g} km2: {asks}", ("second_person.area_over_km2",))
    if terms.lead_below_s is not None:
        lead_s = (start_us - step.at_us) // SECOND_US
        asks = "a second person looks" if lead_s < terms.lead_below_s else "one person sends it"
        yield Follows(f"lead against {spoken_duration(terms.lead_below_s)}: {asks}", ("second_person.lead_below",))


def _area_km2(footprint: Footprint) -> float:
    if isinstance(footprint, Circle):
        return math.pi * footprint.radius_m**2 / _SQUARE_KM
    lats, lons = zip(*footprint.outline, strict=True)
    return abs(float(WGS84.polygon_area_perimeter(lons, lats)[0])) / _SQUARE_KM


def _zones(agreement: Agreement, step: Step, volume: Volume4D, kind: str) -> Iterator[Follows]:
    activity = Activity.MOVEMENT if kind == "movement" else Activity.HAZARD
    for zone in agreement.zones:
        rule = zone.rule_for(step.who, activity)
        particular = ".".join(
            part for part in (rule.party, rule.activity.value if rule.activity is not Activity.ANY else "") if part
        )
        term = f"zone.{zone.id}.{particular}" if particular else f"zone.{zone.id}"
        meeting = breaks(volume, zone, rule)
        if rule.rule is Rule.FREE:
            yield Follows(f"free in {zone.id}", (term,))
        elif meeting is None:
            yield Follows(f"nothing in {zone.id}", (term,))
        else:
            yield Follows(
                f"{rule.rule.value} in {zone.id} from {zulu(meeting.span.start_us)} ({meeting.verdict.value})"
                + (f", called {spoken_duration(rule.call_before_s)} before" if rule.call_before_s else ""),
                (term,),
            )
            duty = BY_NAME.get(rule.rule.value)
            if duty is not None and agreement.duties and getattr(agreement.duties, duty.name):
                yield Follows(f"{step.who} {duty.name} {zulu(meeting.span.start_us)}", (f"duties.{duty.name}",))


def _owed_by_told(agreement: Agreement, step: Step, other: str, is_conflict: bool, start_us: int) -> Iterator[Follows]:
    deadlines = agreement.deadlines
    term, within_s = "acknowledge", deadlines.acknowledge_s
    if is_conflict:
        is_soon = (start_us - step.at_us) / SECOND_US < deadlines.acknowledge_conflict_s
        term = "acknowledge_warning" if is_soon else "acknowledge_conflict"
        within_s = deadlines.acknowledge_warning_s if is_soon else deadlines.acknowledge_conflict_s
    yield _due(step, other, "acknowledge_by", within_s, f"deadlines.{term}")
    if agreement.dissemination:
        shows = agreement.dissemination.shows
        yield _due(step, other, f"disseminated (shown as {shows})", agreement.dissemination.within_s,
                   "dissemination.within", "dissemination.shows")  # fmt: skip
    if agreement.readback:
        must = "must be" if agreement.readback.required else "may be"
        yield _due(step, other, f"read back ({must})", agreement.readback.within_s,
                   "readback.within", "readback.required")  # fmt: skip


def _due(step: Step, who: str, what: str, within_s: int, *terms: str) -> Follows:
    return Follows(f"{who} {what} {zulu(step.at_us + within_s * SECOND_US)}", terms)


def _who_moves(agreement: Agreement, later: str, earlier: str) -> Iterator[Follows]:
    terms = agreement.resolution
    if terms is None:
        return
    mover = terms.moves
    if mover == "later_filed":
        mover = later
    elif mover == "lower_priority":
        order = terms.priority or ()
        mover = max((later, earlier), key=lambda party: order.index(party) if party in order else len(order))
    cited = ["resolution.moves", *(["resolution.priority"] if terms.priority else [])]
    limits = []
    for name, words in (("shift_at_most", "s"), ("height_at_most", "m of height"), ("move_at_most", "m")):
        value = getattr(terms, f"{name}_s" if name == "shift_at_most" else f"{name}_m")
        if value is not None:
            limits.append(f"{value:.0f} {words}")
            cited.append(f"resolution.{name}")
    yield Follows(f"{mover} moves, by at most {', '.join(limits) or 'what it takes'}", tuple(cited))


def _volume(step: Step) -> Volume4D:
    span = TimeSpan(step.instant("from"), step.instant("until"))
    low, _, high = step.options.get("height", "0 m AMSL-3000 m AMSL").partition("-")
    return Volume4D(_footprint(step), AltitudeBand(altitude(low), altitude(high)), span)


def _footprint(step: Step) -> Footprint:
    if "circle" in step.options:
        lat, lon, radius = step.options["circle"].split(",")
        return Circle(float(lat), float(lon), length_m(radius))
    corners = [corner.split(",") for corner in step.need("outline").split(";")]
    return Polygon(tuple((float(lat), float(lon)) for lat, lon in corners))


# -------------------------------------------------------------------------------------------------- everything else


def _validity(agreement: Agreement, step: Step) -> Iterator[Follows]:
    given = [name for name in ("valid_from", "valid_until") if getattr(agreement, f"{name}_us") is not None]
    if given:
        yield Follows("in force" if agreement.holds(step.at_us) else "not in force", tuple(given))


def _by_duty(*names: str) -> Callable[[Rehearsal, Step], Iterator[Follows]]:
    """What opens duties of the table."""

    def follows(rehearsal: Rehearsal, step: Step) -> Iterator[Follows]:
        agreement = rehearsal.agreement
        for name in names:
            duty = BY_NAME[name]
            for term in duty.terms:
                table, _, leaf = term.rpartition(".")
                value = getattr(getattr(agreement, table), leaf, None)
                if value is None:
                    continue
                at_us = due_at(agreement, duty, step.at_us)
                owers = {"actor": [step.who], "other": rehearsal.others(step.who)}.get(duty.ower, agreement.parties)
                when = f" {zulu(at_us)}" if at_us is not None and term == duty.terms[0] else ""
                when = when or f" {zulu(step.at_us + int(value) * SECOND_US)}"
                yield Follows(f"{', '.join(owers)} {name}{when}", (term.removesuffix("_s"),))

    return follows


def _unanswered(rehearsal: Rehearsal, step: Step) -> Iterator[Follows]:
    level = step.options.get("level", "caution")
    ladder = getattr(rehearsal.agreement.ladder, level, None)
    for name in ("second_path", "phone", "supervisor", "next_echelon", "unanswered"):
        after_s = getattr(ladder, f"{name}_s", None)
        if after_s is not None:
            yield Follows(f"{name} {zulu(step.at_us + after_s * SECOND_US)}", (f"ladder.{level}.{name}",))


def _standby(rehearsal: Rehearsal, step: Step) -> Iterator[Follows]:
    added_s = rehearsal.agreement.deadlines.standby_s
    yield Follows(f"{step.who} has {spoken_duration(added_s)} more, once", ("deadlines.standby",))


def _stops(rehearsal: Rehearsal, step: Step) -> Iterator[Follows]:
    for other in rehearsal.others(step.who):
        yield _due(
            step, other, "answer_stop", rehearsal.agreement.deadlines.acknowledge_stop_s, "deadlines.acknowledge_stop"
        )


def _tests(rehearsal: Rehearsal, step: Step) -> Iterator[Follows]:
    line = rehearsal.agreement.line
    if line is None:
        return
    for other in rehearsal.others(step.who):
        yield _due(
            step, other, f"answers on {', '.join(line.paths)}", line.test_within_s, "line.test_within", "line.paths"
        )
    yield _due(step, "next", "line_test_every", line.test_every_s, "line.test_every")


def _silent(rehearsal: Rehearsal, step: Step) -> Iterator[Follows]:
    line = rehearsal.agreement.line
    for name, what in (("heard_within", "should be heard"), ("alarm_after", "is an alarm")):
        after_s = getattr(line, f"{name}_s", None)
        if after_s is not None:
            yield _due(step, step.who, what, after_s, f"line.{name}")


def _suspends(rehearsal: Rehearsal, _: Step) -> Iterator[Follows]:
    terms = rehearsal.agreement.suspension
    if terms is not None:
        yield Follows(f"goes on: {', '.join(terms.stays_open)}", ("suspension.stays_open",))


def _requests(rehearsal: Rehearsal, step: Step) -> Iterator[Follows]:
    terms = rehearsal.agreement.request
    for other in rehearsal.others(step.who) if terms is not None else ():
        assert terms is not None
        yield _due(step, other, "answers the request", terms.answer_within_s, "request.answer_within")


def _lists(rehearsal: Rehearsal, step: Step) -> Iterator[Follows]:
    sites = rehearsal.agreement.sites
    if sites is None:
        return
    if sites.duplicate_within_m is not None and "near" in step.options:
        near_m = length_m(step.options["near"])
        same = "a duplicate of" if near_m <= sites.duplicate_within_m else "another than"
        yield Follows(f"{same} the one {near_m:.0f} m away", ("sites.duplicate_within",))
    if sites.window is not None:
        is_open = sites.window.holds(step.at_us)
        opens = sites.window.next_span(step.at_us)
        said = "taken now" if is_open or opens is None else f"taken from {zulu(opens.start_us)}"
        yield Follows(said, ("sites.window",))
    yield from _by_duty("revalidate_every")(rehearsal, step)


def _hands_over(rehearsal: Rehearsal, step: Step) -> Iterator[Follows]:
    terms = rehearsal.agreement.handover
    if terms is not None:
        yield _due(step, step.who, "both shifts until", terms.overlap_s, "handover.overlap")


def _close(rehearsal: Rehearsal, step: Step) -> Iterator[Follows]:
    duties = rehearsal.agreement.duties
    if duties is not None and duties.keep_separation_s is not None:
        for_s = duration_s(step.need("for").replace("_", " "))
        kept = "kept" if for_s <= duties.keep_separation_s else "not kept"
        yield Follows(f"keep_separation {kept}: {for_s} s of {duties.keep_separation_s} s", ("duties.keep_separation",))


def _plans(rehearsal: Rehearsal, step: Step) -> Iterator[Follows]:
    planning = rehearsal.agreement.planning
    if planning is None:
        return
    if planning.ahead_s is not None:
        yield _due(step, step.who, "tells its plans until", planning.ahead_s, "planning.ahead")
    if planning.refresh_every_s is not None:
        yield _due(step, step.who, "tells them anew", planning.refresh_every_s, "planning.refresh_every")
    if planning.least_overlap_m is not None:
        yield Follows(f"others count from {planning.least_overlap_m * 1000:.0f} mm", ("planning.least_overlap",))


def _speaks(rehearsal: Rehearsal, _: Step) -> Iterator[Follows]:
    agreement = rehearsal.agreement
    for table in ("channels", "languages"):
        terms = getattr(agreement, table)
        for name in ("safety", "political", "frequencies", "voice", "text"):
            words = getattr(terms, name, None)
            if words is not None:
                yield Follows(f"{name}: {', '.join(words)}", (f"{table}.{name}",))
    for observer in agreement.observers:
        yield Follows(f"{observer} observes", ("roles.observers",))


def _keeps(rehearsal: Rehearsal, step: Step) -> Iterator[Follows]:
    for name in ("record", "tracks", "sites_after"):
        after_s = getattr(rehearsal.agreement.retention, f"{name}_s", None)
        if after_s is not None:
            yield _due(step, step.who, f"keeps {name} until", after_s, f"retention.{name}")


#: What people do in a story.
VERBS: Final[dict[str, Callable[[Rehearsal, Step], Iterator[Follows]]]] = {
    "files": _files,
    "leaves-unanswered": _unanswered,
    "asks-standby": _standby,
    "stops": _stops,
    "tests-the-line": _tests,
    "falls-silent": _silent,
    "suspends": _suspends,
    "requests": _requests,
    "lists-a-site": _lists,
    "hands-over": _hands_over,
    "flies-close": _close,
    "plans": _plans,
    "speaks": _speaks,
    "keeps": _keeps,
    "asks-for-a-call": _by_duty("answer_call_by"),
    "asks-to-clear": _by_duty("clear_by", "hold_clear"),
    "learns-of-a-violation": _by_duty("report_violation_by"),
    "asks-for-an-inquiry": _by_duty("answer_inquiry_by"),
    "meets": _by_duty("meet_every"),
}

__all__ = ["STEPS_MAX", "VERBS", "Follows", "Step", "play", "read_step", "tell"]
