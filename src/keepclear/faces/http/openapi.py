"""The OpenAPI 3.1 description of the API, made from the endpoints and their types; and a page that shows it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from keepclear.faces.http.endpoint import Endpoint
from keepclear.formats.api import answers
from keepclear.formats.api.stream import EntryEvent, PulseEvent

_TEMPLATE: Final = "#/components/schemas/{name}"
_COMMON: Final = ("malformed", "not_known", "not_allowed")
_STATUS: Final = {
    "malformed": 422, "not_known": 401, "not_allowed": 403, "not_found": 404, "stale": 412, "unlawful_change": 409,
    "contradiction": 409, "contradicted": 409, "idempotency_mismatch": 409, "limit_reached": 413, "busy": 503,
    "store_failed": 503, "unavailable": 503, "tampered": 422, "line_wrong": 422, "replayed": 409, "split_view": 422,
    "unsupported_media_type": 415,
    "refused": 409, "not_a_request": 409, "read_back_wrong": 409, "too_many_tries": 429,
}  # fmt: skip
_PART = re.compile(r"\{(\w+)(?::path)?\}")


def openapi(endpoints: Sequence[Endpoint], *, version: str) -> dict[str, Any]:
    """The description as an object."""
    kinds = [each for endpoint in endpoints for each in (endpoint.body, endpoint.answer) if _is_described(each)]
    kinds += [answers.Problem, EntryEvent, PulseEvent]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_TEMPLATE)
    schema_of = {repr(kind): schema for kind, schema in zip(kinds, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        path = _PART.sub(r"{\1}", endpoint.path)
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(endpoint, schema_of)
    paths["/v1/stream"] = {"get": _stream_operation()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "keepclear",
            "version": version,
            "description": "The API of one party's node. Times are RFC 3339 in UTC, lengths metres, angles degrees, "
            "latitude first. An empty string is 'not yet' or 'not known'. Not certified. Not the sole means of "
            "separation. A notice is no permission, no recognition and no guarantee.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {"session": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-keepclear-{party}"},
            },
        },
    }


def _is_described(kind: Any) -> bool:
    return kind is not None and kind is not bytes


def _operation(endpoint: Endpoint, schema_of: dict[str, Any]) -> dict[str, Any]:
    media = {"schema": schema_of[repr(endpoint.answer)]} if _is_described(endpoint.answer) else {}
    operation: dict[str, Any] = {
        "operationId": endpoint.handler.__name__,  # type: ignore[attr-defined]  # handlers are functions
        "summary": endpoint.summary,
        "parameters": [*_parameters(endpoint)],
        "responses": {
            str(endpoint.status): {"description": "it is so", "content": {endpoint.media_type: media}},
            **_problems((*_COMMON, *endpoint.errors, *(_WRITING if endpoint.method != "GET" else ()))),
        },
    }
    if endpoint.body is not None:
        content = {"application/json": {"schema": schema_of[repr(endpoint.body)]}}
        operation["requestBody"] = {"required": True, "content": content}
    if not endpoint.needs_caller:
        operation["security"] = []
    return operation


_WRITING: Final = ("idempotency_mismatch", "limit_reached", "busy", "store_failed", "unsupported_media_type")


def _parameters(endpoint: Endpoint) -> Iterable[dict[str, Any]]:
    for name in _PART.findall(endpoint.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    for name, word in endpoint.query.items():
        yield {"name": name, "in": "query", "description": word, "schema": {"type": "string"}}
    if endpoint.method != "GET":
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "a repeat gets the same answer and is not done again",
            "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
        }


def _problems(codes: Iterable[str]) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for code in codes:
        known = by_status.setdefault(_STATUS[code], [])
        if code not in known:
            known.append(code)
    reference = {"$ref": _TEMPLATE.format(name="Problem")}
    return {
        str(status): {
            "description": " or ".join(known),
            "content": {"application/problem+json": {"schema": reference}},
        }
        for status, known in sorted(by_status.items())
    }


def _stream_operation() -> dict[str, Any]:
    return {
        "operationId": "stream",
        "summary": "Entries as they are recorded, and a pulse every second, as server-sent events",
        "description": "`event: entry` with the entry's number as id and an EntryEvent as data; `event: pulse` with a "
        "PulseEvent. Come back with `Last-Event-ID` or `after`.",
        "parameters": [
            {"name": "after", "in": "query", "schema": {"type": "string"}},
            {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}},
        ],
        "responses": {
            "200": {"description": "events", "content": {"text/event-stream": {}}},
            **_problems((*_COMMON, "limit_reached")),
        },
    }


def docs_page(described: dict[str, Any]) -> bytes:
    """A page that lists every request with its types. Plain markup: no script, and nothing from elsewhere."""
    rows: list[str] = []
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            rows.append(_section(path, method, operation))
    for name, schema in described["components"]["schemas"].items():
        text = html.escape(msgspec.json.format(msgspec.json.encode(schema), indent=2).decode())
        rows.append(f'<h3 id="{html.escape(name)}">{html.escape(name)}</h3><pre>{text}</pre>')
    body = "\n".join(rows)
    title = f"keepclear API {html.escape(described['info']['version'])}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>'
        f"<p>{html.escape(described['info']['description'])}</p>"
        f'<p>For programs: <a href="/v1/openapi.json">openapi.json</a></p>\n{body}</html>'
    ).encode()


def _section(path: str, method: str, operation: dict[str, Any]) -> str:
    lines = [f"<h2>{method.upper()} {html.escape(path)}</h2><p>{html.escape(operation['summary'])}</p><ul>"]
    for parameter in operation.get("parameters", []):
        word = html.escape(parameter.get("description", ""))
        lines.append(f"<li>{parameter['in']} <code>{html.escape(parameter['name'])}</code> {word}")
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body:
        lines.append(f"<li>body {_linked(body)}")
    for status, response in operation["responses"].items():
        media: list[dict[str, Any]] = list(response["content"].values())
        schema = media[0].get("schema") if media else None
        lines.append(f"<li>{status} {html.escape(response['description'])} {_linked(schema) if schema else ''}")
    return "".join(lines) + "</ul>"


def _linked(schema: dict[str, Any]) -> str:
    name = schema.get("$ref", schema.get("items", {}).get("$ref", "")).rpartition("/")[2]
    plural = "list of " if "items" in schema else ""
    return f'{plural}<a href="#{html.escape(name)}">{html.escape(name)}</a>' if name else ""
