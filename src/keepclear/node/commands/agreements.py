"""What can be asked about agreements."""

from __future__ import annotations

from dataclasses import dataclass

from keepclear.core.agreement import Agreement, AgreementAct
from keepclear.node.commands.base import Command


@dataclass(frozen=True, slots=True)
class ProposeAgreement(Command):
    """Propose terms to the other party, and sign them ourselves."""

    agreement: Agreement
    by: str


@dataclass(frozen=True, slots=True)
class SignAgreement(Command):
    """Sign what was proposed, by its hash."""

    hash: str
    by: str


@dataclass(frozen=True, slots=True)
class ActOnAgreement(Command):
    """Suspend an agreement in force, take that back, agree to extend it, or withdraw.

    `until` is the new end of an extension or the end of a withdrawal, microseconds; 0 is none, or at once.
    """

    hash: str
    act: AgreementAct
    by: str
    until: int = 0
    reason: str = ""
