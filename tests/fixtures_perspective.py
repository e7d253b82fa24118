"""Fixtures: Perspective's endpoints, and what holds for all that they answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from model.finding import ATTRIBUTES
from service.errors import UnknownComment
from service.services import Services
from service.store.schema import comments
from tests.fixtures_service import stored
from tests.fixtures_store import KEY

ANALYZE = "/v1alpha1/comments:analyze"
SUGGEST = "/v1alpha1/comments:suggestscore"
DISCOVERY = "/$discovery/rest"
ERROR = "type.googleapis.com/google.commentanalyzer.v1alpha1.Error"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
INFO = "type.googleapis.com/google.rpc.ErrorInfo"

FAIR = "The council should publish the report."
INSULT = "You are an idiot. Did you even read the article?"
FOUL = "What the fuck is wrong with this world."
PHONE = "Call me at +1 202 555 0143 about the report."
FOREIGN = "この記事はとても興味深いです。しかし結論には賛成できません。"
FOREIGN_FOUL = f"{FOREIGN} fuck you"
SIX = {str(attribute) for attribute in ATTRIBUTES}

Body = dict[str, Any]


Ask = Callable[..., TestResponse]


@pytest.fixture
def ask(anyone: FlaskClient) -> Ask:
    """Send a body, by default with the key and for TOXICITY, to `comments:analyze`."""

    def ask(path: str = ANALYZE, key: str = KEY, **body: object) -> TestResponse:
        return anyone.post(path, query_string={"key": key}, data=json.dumps(body))

    return ask


def request_for(text: object, *attributes: str, **more: object) -> dict[str, Any]:
    wanted: dict[str, object] = {name: {} for name in attributes or ("TOXICITY",)}
    return {"comment": {"text": text}, "requestedAttributes": wanted, **more}


def answered(response: TestResponse, text: str) -> dict[str, Any]:
    """The answer of `analyze`, after checking all that holds for every one."""
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.mimetype == "application/json"
    found: dict[str, Any] = json.loads(response.data)
    assert set(found) - {"attributeScores", "clientToken"} == {
        "languages",
        "detectedLanguages",
    }
    assert found["detectedLanguages"] in (["en"], ["und"])
    assert found["languages"]
    assert found.get("attributeScores") != {}
    for scores in found.get("attributeScores", {}).values():
        assert set(scores) == {"summaryScore", "spanScores"}
        spans = [span["score"] for span in scores["spanScores"]]
        assert spans
        for score in (scores["summaryScore"], *spans):
            assert score["type"] == "PROBABILITY"
            assert 0.0 <= score["value"] <= 1.0
        check_places(scores["spanScores"], text)
    return found


def check_places(spans: list[Body], text: str) -> None:
    """Spans are in order, within the text, and cut no character in two."""
    text = mended_text(text)
    units = text.encode("utf-16-le")
    last = 0
    for span in spans:
        assert last <= span["begin"] < span["end"] <= len(units) // 2
        last = span["end"]
        part = units[2 * span["begin"] : 2 * span["end"]]
        assert part.decode("utf-16-le") in text


def mended_text(text: str) -> str:
    """What is judged of a text: one sign for each half of a surrogate pair."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def scores(
    ask: Ask, text: str, *attributes: str, key: str = KEY, **more: object
) -> dict[str, float]:
    """The summary scores of a text."""
    response = ask(key=key, **request_for(text, *attributes, **more))
    found = answered(response, text).get("attributeScores", {})
    return {name: score["summaryScore"]["value"] for name, score in found.items()}


def error(response: TestResponse, status: int = 400) -> dict[str, Any]:
    """The error, after checking all that holds for every one."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/json"
    document = json.loads(response.data)
    assert set(document) == {"error"}
    found: dict[str, Any] = document["error"]
    assert set(found) == {"code", "message", "status", "details"}
    assert found["code"] == status
    assert found["message"]
    assert found["details"][0]["@type"].startswith("type.googleapis.com/google.")
    assert KEY not in response.get_data(as_text=True)
    return found


def is_stored(parts: Services, comment_id: str) -> bool:
    try:
        return bool(stored(parts, comment_id))
    except UnknownComment:
        return False


def count(parts: Services) -> int:
    with parts.store.database.reading() as connection:
        return int(connection.scalar(select(func.count()).select_from(comments)) or 0)


def suggestion(text: str, **values: float) -> dict[str, Any]:
    return {
        "comment": {"text": text},
        "attributeScores": {
            name: {"summaryScore": {"value": value}} for name, value in values.items()
        },
    }
