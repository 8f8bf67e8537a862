"""The files beside a store's database: who writes, and the space set aside for the STOP lane."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from pathlib import Path

from keepclear.errors import StoreFailed

#: Stores open for writing in this process: the lock below is the process's, so it would not refuse us ourselves.
_open_here: set[str] = set()
_open_here_lock = threading.Lock()


class WriterLock:
    """The right to write to a store: held by one process, let go by the kernel however that process ends.

    A record lock (POSIX), not flock: a child that this process forks, and that outlives it, must not hold the store.
    """

    def __init__(self, path: Path) -> None:
        self._name = os.path.realpath(path)
        with _open_here_lock:
            if self._name in _open_here:
                raise StoreFailed(f"this process ({os.getpid()}) already writes to {path}; close that store first")
            try:
                self._descriptor = os.open(beside(path, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                raise StoreFailed(f"{path} cannot be opened: {error.strerror}") from error
            self._take(path)
            _open_here.add(self._name)

    def _take(self, path: Path) -> None:
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._descriptor)
            raise StoreFailed(f"process {holder} already writes to {path}; end it, or name another file") from error
        # Of a fixed width, so that it needs no space on a full disk; it is a courtesy, and the lock holds without it.
        with contextlib.suppress(OSError):
            os.pwrite(self._descriptor, f"{os.getpid():<20}".encode(), 0)

    def release(self) -> None:
        """Let the next writer in; does nothing the second time."""
        with _open_here_lock:
            if self._name in _open_here:
                _open_here.remove(self._name)
                os.close(self._descriptor)


class Reserve:
    """Disk space held by a file of nothing, so that it is there when a STOP needs it."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        self._path = path
        self._size_bytes = size_bytes
        #: Whether all of it is set aside.
        self.is_held = size_bytes == 0

    def make(self) -> bool:
        """Set the space aside; whether there was room for all of it (a part is not kept)."""
        if self._size_bytes == 0:
            return True
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return False
        try:
            os.posix_fallocate(descriptor, 0, self._size_bytes)
            os.ftruncate(descriptor, self._size_bytes)
            os.fsync(descriptor)
            self.is_held = True
        except OSError:
            self.is_held = False
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
        finally:
            os.close(descriptor)
        return self.is_held

    def give_up(self) -> bool:
        """Give the space back to the disk; whether there was any to give."""
        if self._size_bytes == 0:
            return False
        self.is_held = False
        try:
            descriptor = os.open(self._path, os.O_RDWR)
        except OSError:
            return False
        try:
            had_bytes = os.fstat(descriptor).st_size
            os.ftruncate(descriptor, 0)
            # Some file systems free what was cut only when they have written down that it was.
            os.fsync(descriptor)
            return had_bytes > 0
        except OSError:
            return False
        finally:
            os.close(descriptor)


def beside(path: Path, suffix: str) -> Path:
    """The file that lies beside another, with a suffix more."""
    return path.with_name(f"{path.name}.{suffix}")


def create(path: Path) -> None:
    """Make an empty file that only its owner may read, if there is none; SQLite's own files take over its mode."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreFailed(f"{path} cannot be opened: {error.strerror}") from error
    os.close(descriptor)
    sync(path.parent)


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
