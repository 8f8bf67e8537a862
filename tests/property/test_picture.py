"""The picture is a fold of the record: however a history goes, a restart shows the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from invariants import dump

from given import Desk, amber_and_birch, sync
from keepclear.core.alert import Answer
from keepclear.core.notice import NoticeState
from keepclear.core.timespan import SECOND_US
from keepclear.node.commands import AnswerAlert, AnswerStop, Command, FileNotice, MoveNotice, Resume, SendStop, Tick
from keepclear.node.loop import Loop
from strategies import notices

WAYS = ("file", "end", "answer", "stop", "answer stop", "resume", "tick", "wait", "sync")


def act(desk: Desk, way: str, notice: FileNotice, answer: Answer) -> Command | None:
    picture = desk.picture
    match way:
        case "file":
            return notice
        case "end":
            own = next((held for held in picture.notices.values() if held.is_own), None)
            return MoveNotice(own.id, own.latest.version, NoticeState.ENDED, "Imani") if own else None
        case "answer":
            asked = next((held for held in picture.alerts.values() if held.to == desk.party and held.is_open), None)
            return AnswerAlert(asked.id, asked.ref.version, answer, "Imani", again=True) if asked else None
        case "stop":
            return SendStop("Imani")
        case "answer stop":
            stop = next((held for held in picture.stops.values() if not held.is_own), None)
            return AnswerStop(stop.key, answer, "Tomas") if stop else None
        case "resume":
            stop = next((held for held in picture.stops.values() if held.is_own), None)
            return Resume(stop.id, "Imani") if stop else None
    return Tick()


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from(WAYS), notices(), st.sampled_from(Answer)), min_size=3, max_size=14
    )
)
def test_after_any_history_a_restart_shows_the_same_picture(
    history: list[tuple[bool, str, FileNotice, Answer]],
) -> None:
    amber, birch = amber_and_birch()
    for is_amber, way, notice, answer in history:
        desk = amber if is_amber else birch
        if way == "sync":
            sync(amber, birch)
        elif way == "wait":
            amber.hands.now_us += 200 * SECOND_US
        else:
            command = act(desk, way, notice, answer)
            if command is not None:
                desk.run(command)
    for desk in (amber, birch):
        again = Loop(desk.keys, desk.store, desk.settings)
        assert dump(again.picture) == dump(desk.picture)
        assert again.logs.seq == desk.loop.logs.seq
        for log in again.logs.origins():
            assert again.logs.tree(log).root() == desk.loop.logs.tree(log).root()
