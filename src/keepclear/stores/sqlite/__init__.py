"""The record in one SQLite file: the default store."""

from keepclear.stores.sqlite.integrity import Damage, check_file
from keepclear.stores.sqlite.store import SqliteStore

__all__ = ["Damage", "SqliteStore", "check_file"]
