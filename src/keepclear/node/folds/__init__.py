"""The fold, subject by subject: how one recorded entry changes what is in force. None of it refuses anything.

A new subject is a module with its own `FOLDS`, and one line in the table here.
"""

from __future__ import annotations

from keepclear.node.entries import Entry
from keepclear.node.folds import (
    agreements,
    airspace,
    channel,
    dissemination,
    duties,
    duty,
    ladder,
    line,
    linetests,
    notices,
    readback,
    requests,
    stops,
    voice,
    zones,
)
from keepclear.node.state import Fold

FOLDS: dict[type[Entry], Fold] = {
    **notices.FOLDS,
    **airspace.FOLDS,
    **stops.FOLDS,
    **agreements.FOLDS,
    **zones.FOLDS,
    **duties.FOLDS,
    **line.FOLDS,
    **linetests.FOLDS,
    **channel.FOLDS,
    **requests.FOLDS,
    **dissemination.FOLDS,
    **duty.FOLDS,
    **voice.FOLDS,
    **ladder.FOLDS,
    **readback.FOLDS,
}
