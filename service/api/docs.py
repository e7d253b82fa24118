"""The OpenAPI document, and a page that shows it without a script or a foreign host."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, Flask, Response, make_response, render_template

from service.api import openapi
from service.api.routes import answer
from service.services import services

CSP = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
CACHE = "public, max-age=300"

bp = Blueprint("docs", __name__)


def register(app: Flask) -> None:
    """Add the document and the page to an app."""
    app.register_blueprint(bp)
    app.add_template_filter(type_name)
    app.add_template_filter(pretty)
    app.add_template_filter(fields)


@bp.get("/openapi.json")
def document() -> Response:
    """Answer the OpenAPI document."""
    response = answer(services().document)
    response.headers["Cache-Control"] = CACHE
    return response


@bp.get("/docs")
def page() -> Response:
    """Show the document as a page."""
    spec = services().document
    html = render_template(
        "docs.html",
        spec=spec,
        operations=list(_operations(spec)),
        kinds=openapi.kinds(),
    )
    response = make_response(html)
    response.headers["Content-Security-Policy"] = CSP
    response.headers["Cache-Control"] = CACHE
    return response


def _operations(
    spec: Mapping[str, Any],
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def pretty(value: object) -> str:
    """Write a value as indented JSON."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def fields(schema: Mapping[str, Any]) -> list[tuple[str, bool, Mapping[str, Any]]]:
    """The fields of an object's schema: name, whether required, schema."""
    required = schema.get("required", ())
    properties = schema.get("properties", {})
    return [(name, name in required, part) for name, part in properties.items()]


def type_name(schema: Mapping[str, Any]) -> str:
    """Say in a few words what a JSON Schema admits."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        names = (type_name(part) for part in schema["anyOf"])
        return " or ".join(dict.fromkeys(name for name in names if name))
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " or ".join(json.dumps(value) for value in values)
    kind = str(schema.get("type", "any value"))
    if kind == "array":
        return f"array of {type_name(schema.get('items', {}))}"
    return f"{kind}{_limits(schema)}"


def _limits(schema: Mapping[str, Any]) -> str:
    low = schema.get("minLength", schema.get("minimum"))
    high = schema.get("maxLength", schema.get("maximum"))
    if low is None and high is None:
        return ""
    if high is None:
        return f", at least {low:,}"
    return f", {low:,} to {high:,}" if low is not None else f", at most {high:,}"
