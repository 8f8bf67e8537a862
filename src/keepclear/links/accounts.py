"""Accounts in one file of the node's folder, and passwords as argon2id, hashed by a worker."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import argon2

from keepclear.errors import NotAllowed, StoreFailed
from keepclear.formats.accounts import BYTES_MAX, Account, read_accounts, write_accounts

FILE_NAME: Final = "accounts.json"
#: Hashings under way at once: each takes 64 MiB and a core for a tenth of a second.
AT_ONCE: Final = 2


class AccountFile:
    """One JSON file, mode 0600, replaced as a whole."""

    def __init__(self, folder: Path) -> None:
        """The file in a node's folder."""
        self._file = folder / FILE_NAME

    def read(self) -> dict[str, Account]:
        """Login to account; empty where there is no file yet.

        Raises:
            NotAllowed: others may read it. Malformed: it is not such a file.
        """
        try:
            with self._file.open("rb") as opened:
                mode = os.fstat(opened.fileno()).st_mode
                data = opened.read(BYTES_MAX + 1)
        except FileNotFoundError:
            return {}
        if mode & 0o077:
            raise NotAllowed(f"{self._file} may be read by others: chmod 600 {self._file}", at="accounts")
        return read_accounts(data)

    def write(self, accounts: Mapping[str, Account]) -> None:
        """All of them, in one piece: a crash leaves the old file or the new one. Raises StoreFailed."""
        fresh = self._file.with_suffix(".new")
        try:
            with contextlib.suppress(FileNotFoundError):
                fresh.unlink()
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(write_accounts(accounts))
                opened.flush()
                os.fsync(opened.fileno())
            fresh.replace(self._file)
        except OSError as problem:
            raise StoreFailed(f"accounts could not be written: {problem.strerror}") from None


class Argon2Passwords:
    """argon2id (RFC 9106, the profile for little memory), in a thread: the loop goes on meanwhile."""

    def __init__(self, hasher: argon2.PasswordHasher | None = None) -> None:
        self._hasher = hasher or argon2.PasswordHasher.from_parameters(argon2.profiles.RFC_9106_LOW_MEMORY)
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._none = ""

    async def make(self, password: str) -> str:
        """A hash with its own salt and parameters."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, made: str, password: str) -> bool:
        """Whether the password is the one. Nobody's hash takes as long as somebody's, and fits nothing."""
        if not self._none:
            self._none = await self.make("nobody has this password")
        async with self._turn:
            is_right = await asyncio.to_thread(self._verify, made or self._none, password)
        return is_right and bool(made)

    def _verify(self, made: str, password: str) -> bool:
        try:
            return self._hasher.verify(made, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
