"""/uss/v1: what other services ask of ours, and tell it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from keepclear.dss.names import check_id
from keepclear.dss.refusals import TooLarge
from keepclear.dss.values import ARBITRATION, MANAGEMENT, MONITORING, PROCESSING, STRATEGIC
from keepclear.errors import Malformed, NotFound, Refused, UnlawfulChange
from keepclear.faces.f3548.routing import Asked, Route
from keepclear.formats.f3548 import messages as wire
from keepclear.node.ports import Entropy
from keepclear.uss.constraints import ConstraintDesk
from keepclear.uss.service import Uss
from keepclear.uss.values import Standing
from keepclear.uss.wire import details_message

_STRATEGIC: Final = frozenset({STRATEGIC})
_ANY: Final = frozenset({STRATEGIC, MONITORING, MANAGEMENT, PROCESSING, ARBITRATION})
#: Bytes of a report, and how many are kept for people to read.
_REPORT_MAX: Final = 256_000
REPORTS_KEPT: Final = 1_000


class NoTelemetry(Refused):
    """The intent is off-nominal, and no position was reported to us."""

    code, status = "no_telemetry", 412


class UssFace:
    """The interface of our service.

    Args:
        desk: constraints of ours; None: there are none.
        on_told: called with what another service told us: the intent as it is now, or None and its id.
    """

    def __init__(
        self,
        uss: Uss,
        entropy: Entropy,
        *,
        on_told: Callable[[str, Standing | None], None] | None = None,
        desk: ConstraintDesk | None = None,
    ) -> None:
        self._uss = uss
        self._entropy = entropy
        self._on_told = on_told
        self._desk = desk
        self.reports: list[bytes] = []

    def routes(self) -> list[Route]:
        """Every way of asking."""
        intents, told = "/uss/v1/operational_intents", wire.PutOperationalIntentDetailsParameters
        return [
            Route("GET", f"{intents}/{{}}", self._details, _STRATEGIC),
            Route("GET", f"{intents}/{{}}/telemetry", self._telemetry, frozenset({MONITORING})),
            Route("POST", intents, self._told, _STRATEGIC, told),
            Route("GET", "/uss/v1/constraints/{}", self._constraint, frozenset({PROCESSING})),
            Route(
                "POST", "/uss/v1/constraints", self._constraint_told, frozenset({MANAGEMENT}),
                wire.PutConstraintDetailsParameters,
            ),
            Route("POST", "/uss/v1/reports", self._report, _ANY, wire.ErrorReport),
        ]  # fmt: skip

    async def _details(self, asked: Asked) -> tuple[int, Any]:
        held = self._uss.details(check_id(asked.names[0], at="entityid"))
        return 200, wire.OperationalIntentDetailsAnswer(details_message(held))

    async def _telemetry(self, asked: Asked) -> tuple[int, Any]:
        held = self._uss.details(check_id(asked.names[0], at="entityid"))
        if held.plan.state.is_nominal:
            raise UnlawfulChange(
                f"it is {held.plan.state}: telemetry is given while it does not conform", at="entityid"
            )
        raise NoTelemetry("no position was reported to us", at="entityid")

    async def _told(self, asked: Asked) -> tuple[int, Any]:
        body: wire.PutOperationalIntentDetailsParameters = asked.body
        key = check_id(body.operational_intent_id, at="operational_intent_id")
        standing = self._uss.take(body, asked.caller.manager)
        if self._on_told is not None:
            self._on_told(key, standing)
        return 204, None

    async def _constraint(self, asked: Asked) -> tuple[int, Any]:
        key = check_id(asked.names[0], at="entityid")
        if self._desk is None:
            raise NotFound(f"we manage no constraint {key}", at="entityid")
        return 200, wire.ConstraintDetailsAnswer(self._desk.details(key))

    async def _constraint_told(self, asked: Asked) -> tuple[int, Any]:
        check_id(asked.body.constraint_id, at="constraint_id")
        return 204, None

    async def _report(self, asked: Asked) -> tuple[int, Any]:
        if asked.body.report_id is not None:
            raise Malformed("the id of a report is given by whoever receives it: leave it out", at="report_id")
        if len(asked.raw) > _REPORT_MAX:
            raise TooLarge(f"a report has at most {_REPORT_MAX} bytes, not {len(asked.raw)}", at="exchange")
        answer = {**msgspec.json.decode(asked.raw), "report_id": self._entropy.draw(16).hex()}
        self.reports.append(msgspec.json.encode(answer))
        del self.reports[:-REPORTS_KEPT]
        return 201, answer
