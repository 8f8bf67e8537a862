"""Where the engine's compiled kernels are kept, and whether they are there.

Under the user's cache folder, or under NUMBA_CACHE_DIR where that is set, so that the program itself may be installed
read-only. The folder's name follows from the kernels' source and from what compiled them: a new version never meets the
code of an old one.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import keepclear

_STAMP = "warm"


def use_kept_kernels() -> bool:
    """Have Numba keep kernels in our folder; call it before Numba is imported. Whether they are there already."""
    folder = kernel_folder()
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    return (folder / _STAMP).is_file()


def mark_as_kept() -> None:
    """Remember that every kernel was compiled into our folder."""
    (kernel_folder() / _STAMP).touch()


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
