"""/v1/line: tests of each path, how each channel stands, and what waits (V3, V5, T3)."""

from __future__ import annotations

from typing import Any

from keepclear.core.line import MissCause, TestResult
from keepclear.core.timespan import SECOND_US
from keepclear.errors import NotFound
from keepclear.faces.http import render
from keepclear.faces.http.endpoint import Api, Asked, Endpoint
from keepclear.formats.api import line as shapes
from keepclear.node.commands import AnswerLineTest, Command, RecordLineTest, SetChannel, StateCause, TestLine
from keepclear.node.heldline import HeldLine, HeldTest, line_rules, stays_open
from keepclear.node.node import Node


async def list_lines(api: Api, _: Asked) -> list[render.Shown]:
    """The line to every enrolled party."""
    return [line(api.node, party) for party in api.node.picture.enrolled_peers()]


async def test_line(api: Api, asked: Asked) -> render.Shown:
    """Ask whether anybody hears us."""
    body: shapes.TestLineRequest = asked.body
    return await _done(api, asked, TestLine(body.to, body.by, body.asks_person, body.mode), body.to)


async def answer_test(api: Api, asked: Asked) -> render.Shown:
    """A person on watch hears them."""
    body: shapes.AnswerLineTestRequest = asked.body
    return await _done(api, asked, AnswerLineTest(body.test, body.by, body.language_ok), _party_of(api, body.test))


async def enter_test(api: Api, asked: Asked) -> render.Shown:
    """What came of a call."""
    body: shapes.EnterLineTestRequest = asked.body
    latency_ms = round(body.latency_s * 1_000)
    command = RecordLineTest(
        body.to, body.path, body.by, body.answered_by, latency_ms, body.language_ok, body.cause, body.mode
    )
    return await _done(api, asked, command, body.to)


async def state_cause(api: Api, asked: Asked) -> render.Shown:
    """Why a test was missed."""
    body: shapes.StateCauseRequest = asked.body
    command = StateCause(body.test, body.cause, body.by, body.remarks)
    return await _done(api, asked, command, _party_of(api, body.test))


async def set_channel(api: Api, asked: Asked) -> render.Shown:
    """How a channel stands from now on."""
    body: shapes.SetChannelRequest = asked.body
    command = SetChannel(body.to, body.channel, body.state, body.by, body.remarks, body.mode)
    return await _done(api, asked, command, body.to)


async def _done(api: Api, asked: Asked, command: Command, party: str) -> render.Shown:
    receipt = await api.submit(asked, command)
    shown = line(api.node, party) if party in api.node.picture.peers else None
    return {"receipt": render.receipt(receipt), "subject": receipt.subject, "line": shown}


def _party_of(api: Api, test: str) -> str:
    for party, held in api.node.picture.lines.items():
        if test in held.tests:
            return party
    raise NotFound(f"there is no line test {test[:60]} among the newest", at="test")


# --------------------------------------------------------------------------------------------------------- shown


def line(node: Node, party: str) -> render.Shown:
    """The line to a party, as the API shows it."""
    picture, now_us = node.picture, node.now_us()
    held, agreement = picture.line_with(party), picture.agreement_with(party)
    rules = line_rules(agreement, node.settings)
    heard = node.exchange.line(party).last_heard
    return {
        "party": party,
        "line": node.exchange.line_word(party, now_us),
        "last_heard": render.instant(heard),
        "silent_for_s": (now_us - heard) / SECOND_US if heard else None,
        "heard_within_s": rules.heard_within_s,
        "alarm_after_s": rules.alarm_after_s,
        "software": node.exchange.line(party).software or held.software,
        **_skew(held.skew_ms, held.skew_uncertain_ms),
        "suspended": held.is_suspended(),
        "stays_open": list(stays_open(agreement)),
        "channels": [
            {
                "party": who, "channel": name.value, "state": said.state.value, "at": render.instant(said.at),
                "by": said.by, "remarks": said.remarks,
            }
            for (who, name), said in sorted(held.stated.items())
        ],
        "waiting": [
            {"number": each.number, "kind": each.kind, "since": render.instant(each.at)} for each in held.waiting
        ],
        "next_tests": [
            _next(path.value, held.tested_at.get(path, held.since) + rules.test_every_s * SECOND_US, now_us)
            for path in rules.paths
        ],
        "tests": [_test(node, each) for each in held.tests.values()],
        "alarms": alarms(node, party),
    }  # fmt: skip


def _next(path: str, due_at: int, now_us: int) -> render.Shown:
    return {"path": path, "due_at": render.instant(due_at), "due_in_s": (due_at - now_us) / SECOND_US}


def _skew(skew_ms: int, uncertain_ms: int) -> dict[str, Any]:
    known = uncertain_ms >= 0
    return {"skew_s": skew_ms / 1_000 if known else None, "skew_uncertain_s": uncertain_ms / 1_000 if known else None}


def _test(node: Node, held: HeldTest) -> render.Shown:
    return {
        "test": held.key,
        "party": held.party,
        "path": held.path.value,
        "mode": held.mode.value,
        "at": render.instant(held.at),
        "by": held.by,
        "due_at": render.instant(held.due_at),
        "results": [each.value for each in held.results],
        "latency_s": held.latency_ms / 1_000,
        "answered_by": held.answered_by,
        "language_ok": held.language_ok,
        **_skew(held.skew_ms, held.skew_uncertain_ms),
        "causes": [
            {"party": party, "cause": cause.value, "by": by, "remarks": remarks}
            for party, cause, by, remarks in held.causes
        ],
        "asks_us": held.party != node.party and held.n >= 0 and held.asks_person and not held.answered_by,
    }


def alarms(node: Node, party: str) -> list[render.Shown]:
    """What is wrong with the line to a party: silence, and our tests that were missed and nobody explained."""
    held = node.picture.line_with(party)
    found = []
    if held.is_silent:
        found.append(_alarm(party, "silent", "", held.silent_since))
    found += [_alarm(party, "missed_test", test.key, test.due_at or test.at) for test in _unexplained(held, node.party)]
    return found


def _unexplained(held: HeldLine, us: str) -> list[HeldTest]:
    """The newest test of ours of each path, where it was missed and no cause was stated."""
    newest = {test.path: test for test in held.tests.values() if test.party == us and test.results}
    return [
        test
        for test in newest.values()
        if test.results[-1] is TestResult.MISSED
        and not any(cause is not MissCause.NOT_STATED for _, cause, _, _ in test.causes)
    ]


def _alarm(party: str, what: str, about: str, since: int) -> render.Shown:
    return {"party": party, "what": what, "about": about, "level": "caution", "since": render.instant(since)}


ENDPOINTS = (
    Endpoint("GET", "/v1/line", "The line to each party: tests, clocks, channels, what waits, alarms", list_lines,
             answer=list[shapes.Line]),
    Endpoint("POST", "/v1/line/tests", "Ask over the network whether anybody hears us", test_line,
             shapes.TestLineRequest, shapes.LineAnswer, 201, errors=("not_found",)),
    Endpoint("POST", "/v1/line/tests/answer", "A person on watch answers a line test", answer_test,
             shapes.AnswerLineTestRequest, shapes.LineAnswer, errors=("not_found", "unlawful_change")),
    Endpoint("POST", "/v1/line/tests/entered", "What came of a test by telephone or radio", enter_test,
             shapes.EnterLineTestRequest, shapes.LineAnswer, 201, errors=("not_found",)),
    Endpoint("POST", "/v1/line/tests/cause", "Why a line test was missed; the miss stays", state_cause,
             shapes.StateCauseRequest, shapes.LineAnswer, errors=("not_found", "unlawful_change")),
    Endpoint("POST", "/v1/line/channel", "Say how a channel stands: open, limited or suspended", set_channel,
             shapes.SetChannelRequest, shapes.LineAnswer, errors=("not_found", "unlawful_change")),
)  # fmt: skip
