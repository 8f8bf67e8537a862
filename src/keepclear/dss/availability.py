"""What arbitrators say of services, and reports of communication problems."""

from __future__ import annotations

from keepclear.dss.asks import Decision, MakeReport, SetAvailability
from keepclear.dss.limits import Limits
from keepclear.dss.names import new_id, opaque
from keepclear.dss.registry import Registry
from keepclear.dss.values import Availability, Change, Kind, Report
from keepclear.errors import LimitReached, UnlawfulChange


def set_availability(registry: Registry, ask: SetAvailability, now_us: int, seed: bytes, limits: Limits) -> Decision:
    """Say whether a service can be reached. Raises UnlawfulChange if the caller has not seen what was said last."""
    before = registry.availability.get(ask.uss)
    if ask.old_version != (before.version if before is not None else ""):
        raise UnlawfulChange("this is not the current version: get the availability anew", at="old_version")
    if before is None and len(registry.availability) >= limits.availability_max:
        raise LimitReached(f"availability_max: the availability of {limits.availability_max} services is held")
    fresh = Availability(ask.uss, ask.state, opaque(seed, "availability", ask.uss))
    return Decision((Change(Kind.AVAILABILITY, ask.uss, fresh),), fresh)


def make_report(registry: Registry, ask: MakeReport, now_us: int, seed: bytes, limits: Limits) -> Decision:
    """Archive a report; the oldest are let go of when there are more than `reports_max`."""
    report = Report(new_id(seed, "report"), ask.caller.manager, now_us, ask.data)
    changes = [Change(Kind.REPORT, report.id, report)]
    if len(registry.reports) >= limits.reports_max:
        changes.append(Change(Kind.REPORT, next(iter(registry.reports)), None))
    return Decision(tuple(changes), report)
