"""The record in one SQLite file: the default store."""

from keepclear.stores.sqlite.store import Damage, SqliteStore, check_file

__all__ = ["Damage", "SqliteStore", "check_file"]
