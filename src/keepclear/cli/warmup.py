"""`keepclear warmup`: compile the engine's kernels once, so that very many notices are compared quickly."""

from __future__ import annotations

import typer

from keepclear.cli.common import say


def warmup() -> None:
    """Compile what compares very many notices, once; half a minute to two, and a second when it is there already.

    Nothing waits for it: without it every answer is the same, and slower with many thousands of notices.
    """
    from keepclear.links.kernels import kernel_folder, mark_as_kept, use_kept_kernels

    is_kept = use_kept_kernels()
    from keepclear.engine.warm import make_ready

    say("kernels were compiled before: loading them" if is_kept else f"compiling kernels into {kernel_folder()}")
    make_ready(_tell)
    mark_as_kept()
    say("ready")


def _tell(done: int, of: int, what: str) -> None:
    if what:
        typer.echo(f"  {done + 1} of {of}: {what}", err=True)
