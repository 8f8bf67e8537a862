"""Requests made up from the published schema, right and wrong: never a fault of ours, and a refusal changes nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from tests.conformance.service import AA, CM, CMSA, CP, SC, Service, a_service, check_answer, spec

ALL = (SC, CMSA, CM, CP, AA)
PATHS = sorted(path for path in spec()["paths"] if path.startswith("/dss/"))
WAYS = [
    (method.upper(), path, mode)
    for path in PATHS
    for method in spec()["paths"][path]
    for mode in GenerationMode
    # Only a body can be wrong in many ways.
    if method in ("put", "post") or (method in ("get", "delete") and mode is GenerationMode.POSITIVE)
]
EXAMPLES = int(os.environ.get("KEEPCLEAR_DSS_EXAMPLES", "4"))


@pytest.fixture(scope="module")
def schema() -> Any:
    return schemathesis.openapi.from_dict(spec())


@pytest.fixture
def running() -> Iterator[tuple[Service, Callable[[Any], Any]]]:
    loop = asyncio.new_event_loop()
    context = a_service()
    service = loop.run_until_complete(context.__aenter__())
    yield service, loop.run_until_complete
    loop.run_until_complete(context.__aexit__(None, None, None))
    loop.close()


def everything(service: Service) -> tuple[Any, ...]:
    registry = service.dss.current
    return (
        dict(registry.intents), dict(registry.constraints), dict(registry.subscriptions), dict(registry.notified),
        dict(registry.availability), dict(registry.reports),
    )  # fmt: skip


@pytest.mark.parametrize(("method", "path", "mode"), WAYS)
def test_made_up_requests(schema: Any, running: Any, method: str, path: str, mode: GenerationMode) -> None:
    service, run = running
    uss = service.uss("amber", *ALL)

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        before = everything(service)
        sent = case.as_transport_kwargs(base_url=str(service.http.base_url))
        headers = {"authorization": f"Bearer {uss.token()}"}
        body = {name: sent[name] for name in ("json", "data") if sent.get(name) is not None}
        if "data" in body:
            body["content"] = body.pop("data")

        answer = run(service.http.request(sent["method"], sent["url"], headers=headers, **body))

        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            assert everything(service) == before, "a refusal changes nothing"
            if answer.status_code not in (404, 405):
                check_answer(method, path, answer)
                assert len(answer.json()["message"]) > 8

    ask()
