"""A service on each store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.conformance.service import Service, a_service


@pytest.fixture(params=["memory", "sqlite"])
async def service(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Service]:
    place = "memory" if request.param == "memory" else f"sqlite:{tmp_path / 'dss.sqlite'}"
    async with a_service(place) as made:
        yield made
