"""What can be asked about the state of a channel (V5)."""

from __future__ import annotations

from dataclasses import dataclass

from keepclear.core.line import ChannelName, ChannelState
from keepclear.core.notice import Mode
from keepclear.node.commands.base import Command


@dataclass(frozen=True, slots=True)
class SetChannel(Command):
    """Say how a channel to a party stands from now on."""

    to: str
    channel: ChannelName
    state: ChannelState
    by: str
    remarks: str = ""
    mode: Mode = Mode.OPER
