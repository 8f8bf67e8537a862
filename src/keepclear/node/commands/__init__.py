"""Everything that can be asked of a node, as values: one module for each subject."""

from __future__ import annotations

from keepclear.node.commands.agreements import (
    ActOnAgreement,
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
from keepclear.node.commands.duty import (
    AddLog,
    AttachRecording,
    DropDraft,
    OfferHandover,
    SendDraft,
    SetNumber,
    SetPerson,
    SignHandover,
    TakeWatch,
    TickItems,
    WithdrawHandover,
)
from keepclear.node.commands.ladder import NoteCall, NoteTried, Tried
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
from keepclear.node.commands.readback import JudgeReadBack, ReadBack
from keepclear.node.commands.requests import (
    AcceptAlternative,
    AskRequest,
    ReplyRequest,
    ReportOutcome,
    WithdrawRequest,
)
from keepclear.node.commands.stops import (
    AnswerStop,
    NoteCallBack,
    RecordVoiceStop,
    Resume,
    SendStop,
)
from keepclear.node.commands.zones import AnnounceZone, ChangeZone, GiveBackZone, LiftZone

#: These have reserved places in the queue and in the record: neither a flood nor a full disk shuts them out.
STOP_LANE = (SendStop, AnswerStop, Resume, AnswerAlert, RecordVoiceStop, NoteCallBack)

__all__ = [
    "STOP_LANE",
    "AcceptAlternative",
    "ActOnAgreement",
    "AddLog",
    "AnnounceZone",
    "AnswerAlert",
    "AnswerLineTest",
    "AnswerStop",
    "AskRequest",
    "AttachRecording",
    "ChangeNotice",
    "ChangeZone",
    "Command",
    "ConfirmClock",
    "ConfirmGroup",
    "DropDraft",
    "EnrolPeer",
    "ExtendNotice",
    "FileNotice",
    "GiveBackZone",
    "JudgeReadBack",
    "LiftZone",
    "MoveNotice",
    "NoteCall",
    "NoteCallBack",
    "NoteDelivered",
    "NoteLine",
    "NoteSplitView",
    "NoteTried",
    "OfferHandover",
    "PassOn",
    "ProposeAgreement",
    "ReadBack",
    "ReceiveEntries",
    "RecordLineTest",
    "RecordVoiceStop",
    "RelayNotice",
    "RemovePeer",
    "ReplyRequest",
    "ReportOutcome",
    "Resume",
    "SendDraft",
    "SendStop",
    "SetChannel",
    "SetGroup",
    "SetNumber",
    "SetPerson",
    "ShortenNotice",
    "SignAgreement",
    "SignHandover",
    "SilenceAlert",
    "Start",
    "StateCause",
    "SuspectClock",
    "TakeWatch",
    "TellDisseminated",
    "TestLine",
    "Tick",
    "TickItems",
    "Tried",
    "WithdrawHandover",
    "WithdrawRequest",
]
