"""The tables that the subjects bring: nothing is recorded that cannot be folded, nothing asked that is not decided."""

from __future__ import annotations

import inspect
from importlib import import_module
from pkgutil import iter_modules

import keepclear.node.commands as commands
from keepclear.node.commands import Command, ReceiveEntries
from keepclear.node.decide import CHECKS, TABLE, TAKES
from keepclear.node.entries import CHANNEL_KINDS, DERIVED, FROZEN_CORE, KIND_OF, PRIVATE_KINDS, URGENT_KINDS
from keepclear.node.folds import FOLDS


def test_every_kind_of_entry_has_a_fold_and_nothing_else_has_one() -> None:
    assert set(FOLDS) == set(KIND_OF)


def test_no_kind_is_both_told_to_others_and_kept_to_ourselves() -> None:
    assert not set(CHANNEL_KINDS) & set(PRIVATE_KINDS)
    assert len(KIND_OF) == len(CHANNEL_KINDS) + len(PRIVATE_KINDS)


def test_what_is_derived_urgent_or_frozen_is_a_kind_that_exists() -> None:
    kinds = {*CHANNEL_KINDS, *PRIVATE_KINDS}

    assert kinds >= DERIVED
    assert set(CHANNEL_KINDS) >= FROZEN_CORE >= URGENT_KINDS


def test_only_what_a_peer_can_send_is_checked_and_taken() -> None:
    assert set(CHECKS) <= set(CHANNEL_KINDS.values())
    assert set(TAKES) <= set(CHANNEL_KINDS.values())


def test_every_command_is_decided() -> None:
    asked: set[type] = set()
    for found in iter_modules(commands.__path__):
        module = import_module(f"keepclear.node.commands.{found.name}")
        asked |= {kind for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, Command)}

    # Entries of a peer are taken one by one, in the loop.
    assert set(TABLE) == asked - {Command, ReceiveEntries}
