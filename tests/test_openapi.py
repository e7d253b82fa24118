"""The OpenAPI document is valid, complete and true, and its page needs nobody else."""

from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from service.api.problems import HTTP_KINDS, KINDS
from tests.fixtures_service import Server
from tests.fuzzing.described import command

CHECKS_S = 150
"""How long all the generated requests may take; about 30 s on two idle cores."""
FOR_PEOPLE = ("static", "desk.", "reader.")
"""Endpoints that no site calls: files, and the pages of moderators and readers."""
FOR_OTHERS = ("perspective.", "openai.", "akismet.", "coral.")
"""Endpoints for other services' clients: those services document them, and what is
different here is in the README."""


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    response = client.get("/openapi.json")
    assert response.mimetype == "application/json"
    assert response.json
    document: dict[str, Any] = response.json
    return document


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert not list(OpenAPIV31SpecValidator(document).iter_errors())


def test_every_route_is_documented_and_nothing_else(
    app: Flask, document: dict[str, Any]
) -> None:
    routes = {
        (re.sub(r"<(?:\w+:)?(?:comment_)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
        if not rule.endpoint.startswith(FOR_PEOPLE + FOR_OTHERS)
    }

    documented = {
        (path, method)
        for path, methods in document["paths"].items()
        for method in methods
    }

    assert documented == routes


def test_what_needs_a_key_says_so(app: Flask, document: dict[str, Any]) -> None:
    client = app.test_client()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            response = client.open(path.format(id="c-1"), method=method)

            assert (response.status_code == 401) == bool(operation["security"])
            assert ("401" in operation["responses"]) == bool(operation["security"])


def test_the_limits_shown_are_those_in_force(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    bodies = {
        path: document["paths"][path]["post"]["requestBody"]["description"]
        for path in ("/v1/moderate", "/v1/moderate/batch")
    }

    assert schemas["CommentInput"]["properties"]["text"]["maxLength"] == 10_000
    assert schemas["BatchInput"]["properties"]["comments"]["maxItems"] == 500
    assert bodies == {
        "/v1/moderate": "At most 65,536 bytes.",
        "/v1/moderate/batch": "At most 4,194,304 bytes.",
    }


def test_the_example_is_what_is_really_answered(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    operation = document["paths"]["/v1/moderate"]["post"]
    request = operation["requestBody"]["content"]["application/json"]["examples"]
    shown = operation["responses"]["200"]["content"]["application/json"]["examples"]

    answer = client.post("/v1/moderate", json=request["comment"]["value"]).json

    assert answer
    example = shown["decision"]["value"]
    link, cut = answer.pop("appeal_url"), example.pop("appeal_url")
    assert answer == example
    # Each database signs with a key of its own.
    assert link.startswith(cut.removesuffix("…"))


def test_generated_requests_find_no_answer_that_breaks_the_document(
    server: Server, http: httpx.Client, tmp_path: Path
) -> None:
    """Schemathesis: valid and invalid data, on the real server."""
    # Whom the document names as an example, so that there is somebody to erase.
    sent = {"id": "c-9", "text": "A fair point.", "author": {"id": "u-9"}}
    assert http.post("/v1/moderate", json=sent).status_code == 200
    run = subprocess.run(
        command(server.url, examples=50, seed=1),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=CHECKS_S,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "No issues found" in run.stdout


# The page


class Links(HTMLParser):
    """Every reference to another resource, and every id, on a page."""

    def __init__(self) -> None:
        super().__init__()
        self.references: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in ("src", "href", "action"):
                self.references.append(value or "")
            if name == "id":
                self.ids.append(value or "")


@pytest.fixture
def page(client: FlaskClient) -> Links:
    response = client.get("/docs")
    assert response.status_code == 200
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    links = Links()
    links.feed(response.get_data(as_text=True))
    return links


def test_the_page_loads_nothing_from_another_host_and_runs_nothing(page: Links) -> None:
    assert not page.tags & {"script", "iframe", "object", "embed", "img", "style"}
    assert all(reference[:1] in ("#", "/") for reference in page.references)
    assert not any(reference.startswith("//") for reference in page.references)


def test_every_link_on_the_page_leads_somewhere(
    page: Links, client: FlaskClient
) -> None:
    for reference in page.references:
        if reference.startswith("#"):
            assert reference[1:] in page.ids
        else:
            with client.get(reference) as response:
                assert response.status_code == 200


def test_no_id_stands_twice_on_the_page(page: Links) -> None:
    assert len(page.ids) == len(set(page.ids))


def test_every_kind_of_problem_is_described_on_the_page(page: Links) -> None:
    slugs = {kind.slug for kind in (*KINDS.values(), *HTTP_KINDS.values())}

    assert slugs <= set(page.ids)
