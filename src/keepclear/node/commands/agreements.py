"""What can be asked about agreements."""

from __future__ import annotations

from dataclasses import dataclass

from keepclear.core.agreement import Agreement
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
