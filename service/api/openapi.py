"""The OpenAPI 3.1 document, put together from the types that requests and answers have.

By hand, because it costs a request nothing.  The same route, with the same pydantic
model, cost 54 us in process when parsed straight from the bytes, 67 us under
flask-openapi3 4.3, 75 us under APIFlask 3.1 and 104 us under SpecTree 3.0; an empty
route 44 us (2 cores, Python 3.11, best of five runs, all in one).
`tests/test_openapi.py` holds routes, answers and document together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from service.api.operations import Operation, operations
from service.api.parsing import CommentInput
from service.api.problems import HTTP_KINDS, KINDS, MEDIA_TYPE, Kind, Problem, of_kind
from service.api.shapes import DecisionAnswer
from service.settings import Settings

API_VERSION = "1.0.0"
REF = "#/components/schemas/{model}"

RETRY_AFTER: Mapping[str, Any] = {
    "description": "Seconds to wait.",
    "schema": {"type": "integer", "minimum": 0},
}

HEADERS: Mapping[int, Mapping[str, Any]] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
    429: {
        "Retry-After": RETRY_AFTER,
        "RateLimit": {
            "description": "How many requests are left, and for how many seconds.",
            "schema": {"type": "string"},
            "example": '"requests";r=0;t=12',
        },
        "RateLimit-Policy": {
            "description": "How many may be sent, and in how many seconds.",
            "schema": {"type": "string"},
            "example": '"requests";q=600;w=60',
        },
    },
    503: {"Retry-After": RETRY_AFTER},
}

LINKS: Mapping[str, str] = {
    "getComment": "The same decision, and its history.",
    "getStatement": "What a rejection rests on.",
    "reportComment": "A reader complains of it.",
    "appealComment": "Its author objects.",
    "decideComment": "A person decides otherwise.",
    "eraseComment": "It is to be forgotten.",
}
"""What follows a decision, by the name of the operation."""


class Plain(GenerateJsonSchema):
    """JSON Schema without a title at every field that only repeats its name."""

    def field_title_should_be_set(self, schema: object) -> bool:
        """Never."""
        return False


def document(settings: Settings, example: tuple[str, DecisionAnswer]) -> dict[str, Any]:
    """Build the document.

    Args:
        settings: of which the limits are shown.
        example: a text and what the running judge and policy make of it.
    """
    rows = operations(settings)
    schemas, components = _schemas(rows)
    _state_limits(components, settings)
    paths: dict[str, Any] = {}
    for row in rows:
        paths.setdefault(row.path, {})[row.method] = _operation(row, schemas)
    _show(paths["/v1/moderate"]["post"], *example)
    _link(paths["/v1/moderate"]["post"])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Refrain",
            "version": API_VERSION,
            "summary": "Comment moderation: accept or reject, with reasons.",
            "description": "Every error is a problem document (RFC 9457). Where a name "
            "stands twice in a JSON object, the last one counts.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


Schemas = Mapping[tuple[Any, JsonSchemaMode], Mapping[str, Any]]


def _schemas(rows: Iterable[Operation]) -> tuple[Schemas, dict[str, Any]]:
    """JSON Schemas of all bodies and answers, and the named ones they refer to."""
    types: list[tuple[Any, JsonSchemaMode]] = [(Problem, "serialization")]
    for row in rows:
        if not isinstance(row.answer, str):
            types.append((row.answer, "serialization"))
        if row.body is not None:
            types.append((row.body, "validation"))
    # The limits are checked per comment, so that a batch's schema names what it holds.
    types.append((CommentInput, "validation"))
    schemas, rest = TypeAdapter.json_schemas(
        [(kind, mode, TypeAdapter(kind)) for kind, mode in types],
        ref_template=REF,
        schema_generator=Plain,
    )
    return schemas, rest["$defs"]


def _state_limits(components: dict[str, Any], settings: Settings) -> None:
    """Write into the schemas what is checked outside of them."""
    for name in ("CommentInput", "TextInput"):
        components[name]["properties"]["text"]["maxLength"] = settings.max_text
    comments = components["BatchInput"]["properties"]["comments"]
    comments["maxItems"] = settings.max_batch
    # Anything goes, for a wrong comment is answered in its place.
    comments["items"] = {"anyOf": [{"$ref": REF.format(model="CommentInput")}, {}]}


def _operation(row: Operation, schemas: Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": row.name,
        "summary": row.summary,
        "parameters": list(row.parameters),
        "responses": {"200": _success(row, schemas), **_problems(row)},
        "security": [{"key": []}] if row.with_key else [],
    }
    if row.body is not None:
        operation["requestBody"] = {
            "required": True,
            "description": f"At most {row.limit:,} bytes.",
            "content": {
                "application/json": {"schema": schemas[row.body, "validation"]}
            },
        }
    return operation


def _success(row: Operation, schemas: Schemas) -> dict[str, Any]:
    if isinstance(row.answer, str):
        content: dict[str, Any] = {row.answer: {"schema": {"type": "string"}}}
    else:
        schema = schemas[row.answer, "serialization"]
        content = {"application/json": {"schema": schema}}
    return {"description": "The answer.", "content": content}


def _problems(row: Operation) -> dict[str, Any]:
    """Every problem an operation can answer, by status; 500 is never ruled out."""
    by_status: dict[int, list[Kind]] = {}
    for kind in (*row.problems, HTTP_KINDS[500]):
        by_status.setdefault(kind.status, []).append(kind)
    return {
        str(int(status)): _problem(status, kinds)
        for status, kinds in sorted(by_status.items())
    }


def _problem(status: int, kinds: list[Kind]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": " ".join(f"{kind.title}. {kind.advice}" for kind in kinds),
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": REF.format(model="Problem")},
                "examples": {
                    kind.slug: {"value": of_kind(kind, kind.title + ".")}
                    for kind in kinds
                },
            }
        },
    }
    if status in HEADERS:
        described["headers"] = HEADERS[status]
    return described


def _show(operation: dict[str, Any], text: str, answer: DecisionAnswer) -> None:
    """Put the example where readers and tools look for it."""
    request: dict[str, Any] = {"id": answer["id"], "text": text}
    operation["requestBody"]["content"]["application/json"]["examples"] = {
        "comment": {"value": request}
    }
    operation["responses"]["200"]["content"]["application/json"]["examples"] = {
        "decision": {"value": answer}
    }


def _link(operation: dict[str, Any]) -> None:
    """Say what can be done about what was answered, and where it is found again."""
    operation["responses"]["200"]["links"] = {
        name: {
            "operationId": name,
            "parameters": {"id": "$response.body#/id"},
            "description": description,
        }
        for name, description in LINKS.items()
    }


def kinds() -> tuple[Kind, ...]:
    """Every kind of problem, for the documentation page."""
    return (*KINDS.values(), *HTTP_KINDS.values())
