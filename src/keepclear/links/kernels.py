"""Where the engine's compiled kernels are kept, and whether they are there.

Under the user's cache folder, or under NUMBA_CACHE_DIR where that is set, so that the program itself may be installed
read-only. The folder's name follows from the kernels' source and from what compiled them: a new version never meets the
code of an old one.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import structlog

import keepclear
from keepclear.engine.warm import make_ready

_STAMP = "warm"


def use_kept_kernels() -> bool:
    """Have Numba keep kernels in our folder; call it before Numba is imported. Whether they are there already."""
    folder = kernel_folder()
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    return (folder / _STAMP).is_file()


def mark_as_kept() -> None:
    """Remember that every kernel was compiled into our folder."""
    (kernel_folder() / _STAMP).touch()


class Warming:
    """Has the kernels ready once a node has so many volumes that it pays; a thread that looks now and then.

    Where they were never compiled, that is done in a process of its own and of the lowest priority: compiling holds the
    interpreter, and the node must not wait for it.
    """

    def __init__(self, is_needed: Callable[[], bool], *, every_s: float = 5.0) -> None:
        self._is_needed, self._every_s = is_needed, every_s
        self._stopped = threading.Event()
        self._compiling: subprocess.Popen[bytes] | None = None
        threading.Thread(target=self._watch, name="kernels", daemon=True).start()

    def stop(self) -> None:
        """Look no more, and end a compilation that runs."""
        self._stopped.set()
        if self._compiling is not None and self._compiling.poll() is None:
            self._compiling.terminate()

    def _watch(self) -> None:
        log = structlog.get_logger("kernels")
        while not self._stopped.wait(0 if self._is_needed() else self._every_s):
            if not self._is_needed():
                continue
            try:
                if not use_kept_kernels():
                    log.info("kernels_compile")
                    if self._compile() != 0 or self._stopped.is_set():
                        log.warning("kernels_not_compiled")
                        return
                make_ready()
                log.info("kernels_ready")
            except Exception:
                # Without them every answer is the same, and slower.
                log.exception("kernels_not_ready")
            return

    def _compile(self) -> int:
        nice = ["nice", "-n", "19"] if shutil.which("nice") else []
        self._compiling = subprocess.Popen(
            [*nice, sys.executable, "-m", "keepclear", "warmup"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        return self._compiling.wait()


def kernel_folder() -> Path:
    """The folder of this version's kernels; it is made if it can be."""
    base = os.environ.get("KEEPCLEAR_CACHE") or os.environ.get("NUMBA_CACHE_DIR") or _user_cache()
    folder = Path(base)
    name = f"keepclear-kernels-{_digest()}"
    if folder.name != name:
        folder = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _user_cache() -> str:
    kept = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return kept or str(Path.home() / ".cache")


def _digest() -> str:
    """What the compiled code depends on."""
    digest = hashlib.sha256()
    for file in sorted((Path(keepclear.__file__).parent / "engine" / "kernels").glob("*.py")):
        digest.update(file.read_bytes())
    for part in (version("numba"), version("numpy"), sys.version, platform.machine(), platform.processor()):
        digest.update(part.encode())
    return digest.hexdigest()[:16]
