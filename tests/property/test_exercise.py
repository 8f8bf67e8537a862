"""An exercise or a test never raises a live alert, whatever is said in it (V6)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from given import Desk, a_notice, a_volume, amber_and_birch, sync
from keepclear.core.alert import Answer
from keepclear.core.notice import Change, Mode, NoticeState
from keepclear.core.readback import Heard, lines_of
from keepclear.core.request import Outcome, Reply
from keepclear.core.timespan import MINUTE_US, SECOND_US
from keepclear.errors import KeepclearError
from keepclear.node.commands import (
    AnswerAlert,
    AnswerStop,
    AskRequest,
    ChangeNotice,
    Command,
    ExtendNotice,
    MoveNotice,
    ReadBack,
    RecordVoiceStop,
    ReplyRequest,
    ReportOutcome,
    Resume,
    SendStop,
    Tick,
)
from keepclear.node.entries import DutyChanged
from keepclear.node.logs import read_entry

#: What machines tell each other, and what is about the line itself: no message of a person, and no alert.
_LINE = ("received", "transmitted", "line_test", "line_test_result", "message_skew")
_LINE_DUTIES = ("answer_test", "answer_line_test", "line_test")


def _commands(desk: Desk, mode: Mode, act: str) -> list[Command]:
    """What a person at this desk does of this kind, to everything that there is."""
    picture = desk.picture
    own = [held for held in picture.notices.values() if held.is_own]
    asked = [held for held in picture.alerts.values() if held.to == desk.party]
    match act:
        case "file":
            return [a_notice(mode=mode, confirmed=True)]
        case "change":
            changed = a_notice(a_volume(10.4), mode=mode)
            return [ChangeNotice(held.id, held.latest.version, changed) for held in own]
        case "extend":
            return [ExtendNotice(h.id, h.latest.version, h.span.end_us + MINUTE_US, "Imani") for h in own]
        case "end":
            return [MoveNotice(h.id, h.latest.version, NoticeState.ENDED, "Imani", Change.GIVE_BACK) for h in own]
        case "answer":
            return [AnswerAlert(held.id, held.ref.version, Answer.ROGER, "Imani") for held in asked]
        case "read back":
            found = []
            for held in asked:
                notice = picture.notices[f"{held.ref.party}/{held.ref.id}"]
                lines = lines_of(notice.volumes, notice.latest.body.action)
                heard = tuple(Heard(line.field, line.number, line.value) for line in lines)
                found.append(ReadBack(held.id, held.ref.version, heard, "Imani"))
            return list(found)
        case "stop":
            return [SendStop("Imani", mode=mode)]
        case "voice":
            return [RecordVoiceStop(party, "STOP", "Imani", mode) for party in picture.enrolled_peers()]
        case "answer stop":
            return [AnswerStop(held.key, Answer.WILCO, "Imani") for held in picture.stops.values() if not held.is_own]
        case "resume":
            return [Resume(held.id, "Imani") for held in picture.stops.values() if held.is_own]
        case "ask":
            return [AskRequest(party, (a_volume(),), "Imani", mode=mode) for party in picture.enrolled_peers()]
        case "reply":
            return [ReplyRequest(h.key, Reply.AGREE, "Imani") for h in picture.requests.values() if not h.is_own]
        case "outcome":
            return [ReportOutcome(key, Outcome.PARTLY, "Imani") for key in (*picture.notices, *picture.requests)]
    raise AssertionError(act)


ACTS = (
    "file", "change", "extend", "end", "answer", "read back", "stop", "voice", "answer stop", "resume", "ask", "reply",
    "outcome",
)  # fmt: skip


@settings(max_examples=25)
@given(
    st.sampled_from((Mode.EXER, Mode.TEST)),
    st.lists(
        st.tuples(st.sampled_from(ACTS), st.booleans(), st.sampled_from((1, 30, 200, 6_000))), min_size=3, max_size=12
    ),
)
def test_whatever_is_said_in_an_exercise_nothing_of_it_is_live_on_either_side(
    mode: Mode, acts: list[tuple[str, bool, int]]
) -> None:
    amber, birch = amber_and_birch()
    birch.ask(a_notice(a_volume(10.5, 20.01, from_min=40, to_min=200)))  # what is meant stands in the same place
    sync(amber, birch)
    before = {desk.party: desk.loop.logs.seq for desk in (amber, birch)}
    for act, is_amber, seconds in [("file", True, 1), ("stop", True, 1), *acts]:
        desk = amber if is_amber else birch
        for command in _commands(desk, mode, act):
            if _is_about_what_is_meant(desk, command):
                continue
            try:
                desk.ask(command)
            except KeepclearError:
                continue
        sync(amber, birch)
        amber.hands.now_us += seconds * SECOND_US
        for each in (amber, birch):
            each.run(Tick())

    for desk in (amber, birch):
        for stored in desk.store.entries(before[desk.party]):
            read = read_entry(stored.data, stored.leaf)
            if read.kind in _LINE or "B-0001" in str(read.body):
                continue
            if isinstance(read.body, DutyChanged) and read.body.duty.startswith(_LINE_DUTIES):
                continue
            assert read.mode is mode, f"{desk.party}: {read.kind} is {read.mode}: {read.body}"


def _is_about_what_is_meant(desk: Desk, command: Command) -> bool:
    return "B-0001" in str(command)


def test_an_exercise_does_not_meet_what_is_meant_and_is_not_met_by_it() -> None:
    amber, birch = amber_and_birch()
    birch.ask(a_notice())
    sync(amber, birch)

    key = amber.ask(a_notice(mode=Mode.EXER))
    sync(amber, birch)

    assert not amber.picture.conflicts
    assert not birch.picture.conflicts
    assert {held.mode for held in birch.picture.alerts.values() if held.party == "amber"} == {Mode.EXER}
    assert birch.picture.notices[key].latest.mode is Mode.EXER
