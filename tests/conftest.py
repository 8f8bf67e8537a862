"""Fixtures that need cleaning up, and no others. Builders of values are plain functions in `given.py`."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from playwright.async_api import Browser, async_playwright

from chromium import chromium_path
from keepclear.links.kernels import mark_as_kept, use_kept_kernels

# A test that failed once must fail again for the next reader: examples follow from the test's code, not from chance.
# The machine may be slow and shared, so no example has a deadline of its own; pytest's timeout stands above all.
settings.register_profile(
    "steady", derandomize=True, deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", settings.get_profile("steady"), derandomize=False, max_examples=5000)
settings.load_profile(os.environ.get("KEEPCLEAR_HYPOTHESIS", "steady"))

# Before anything imports Numba: what was compiled once is found again.
use_kept_kernels()

STOP_WITHIN_S = 5


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that drives the browser is tried once more: a page may be slow for a moment on a shared machine.

    No other test is. What fails now and then in a store, a node or between two of them is a race, and must be seen.
    """
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def kernels() -> None:
    """The engine's compiled kernels; the first run on a machine compiles them, half a minute or more."""
    from keepclear.engine.warm import make_ready

    make_ready()
    mark_as_kept()


def _end(process: subprocess.Popen[Any]) -> None:
    """End a process and all that it started; kindly at first."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        # Its group may have members left when it is itself gone.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, kind)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_WITHIN_S)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[Any]]]:
    """Start a process as `subprocess.Popen` does, in a group of its own; it and its children end with the test."""
    started: list[subprocess.Popen[Any]] = []

    def start_one(*command: str | os.PathLike[str], **options: Any) -> subprocess.Popen[Any]:
        process = subprocess.Popen([os.fspath(part) for part in command], start_new_session=True, **options)
        started.append(process)
        return process

    yield start_one
    for process in reversed(started):
        _end(process)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """The Chromium of this machine, without a window. A machine without one fails the test: it does not skip it."""
    path = chromium_path()
    if path is None:
        pytest.fail("this test drives Chromium and found none; `make test` says how to get it")
    # Chromium cannot build its sandbox for root, which is who a container often is.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=path, args=arguments)
        yield launched
        await launched.close()
