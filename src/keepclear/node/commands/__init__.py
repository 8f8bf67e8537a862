"""Everything that can be asked of a node, as values: one module for each subject."""

from __future__ import annotations

from keepclear.node.commands.agreements import (
    ProposeAgreement,
    SignAgreement,
)
from keepclear.node.commands.base import (
    Command,
)
from keepclear.node.commands.channel import (
    SetChannel,
)
from keepclear.node.commands.dissemination import (
    ConfirmGroup,
    PassOn,
    RelayNotice,
    SetGroup,
    TellDisseminated,
)
from keepclear.node.commands.line import (
    ConfirmClock,
    EnrolPeer,
    NoteDelivered,
    NoteSplitView,
    ReceiveEntries,
    RemovePeer,
    Start,
    SuspectClock,
    Tick,
)
from keepclear.node.commands.linetests import (
    AnswerLineTest,
    NoteLine,
    RecordLineTest,
    StateCause,
    TestLine,
)
from keepclear.node.commands.notices import (
    AnswerAlert,
    ChangeNotice,
    ExtendNotice,
    FileNotice,
    MoveNotice,
    ShortenNotice,
    SilenceAlert,
)
from keepclear.node.commands.requests import (
    AcceptAlternative,
    AskRequest,
    ReplyRequest,
    ReportOutcome,
    WithdrawRequest,
)
from keepclear.node.commands.stops import (
    AnswerStop,
    Resume,
    SendStop,
)

#: These have reserved places in the queue and in the record: neither a flood nor a full disk shuts them out.
STOP_LANE = (SendStop, AnswerStop, Resume, AnswerAlert)

__all__ = [
    "STOP_LANE",
    "AcceptAlternative",
    "AnswerAlert",
    "AnswerLineTest",
    "AnswerStop",
    "AskRequest",
    "ChangeNotice",
    "Command",
    "ConfirmClock",
    "ConfirmGroup",
    "EnrolPeer",
    "ExtendNotice",
    "FileNotice",
    "MoveNotice",
    "NoteDelivered",
    "NoteLine",
    "NoteSplitView",
    "PassOn",
    "ProposeAgreement",
    "ReceiveEntries",
    "RecordLineTest",
    "RelayNotice",
    "RemovePeer",
    "ReplyRequest",
    "ReportOutcome",
    "Resume",
    "SendStop",
    "SetChannel",
    "SetGroup",
    "ShortenNotice",
    "SignAgreement",
    "SilenceAlert",
    "Start",
    "StateCause",
    "SuspectClock",
    "TellDisseminated",
    "TestLine",
    "Tick",
    "WithdrawRequest",
]
