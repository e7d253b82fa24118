"""Who sends too much is told so, in the protocol's own words; nothing is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import httpx2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from openai import OpenAI, RateLimitError
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from service.auth import key_hash
from service.limiting.admission import caller_of, is_admitted
from service.limiting.making import make_limiter
from service.logs import make_log
from service.services import NAME, Services
from service.settings import load_settings
from service.store.schema import comments
from tests.fixtures_service import built
from tests.fixtures_store import KEY, NOON, Install

LIMIT = 3
NOW = NOON.timestamp() + 13
"""Thirteen seconds into a minute."""
FAIR = "The council should publish the report."
COMMENT = {"text": FAIR}
SCORED = {"comment": {"text": FAIR}, "requestedAttributes": {"TOXICITY": {}}}
CHECKED = {"blog": "https://paper.example", "comment_content": FAIR}


@pytest.fixture(scope="module")
def app(dialect: str, install: Install) -> Iterator[Flask]:
    """An app with a limit, at a moment that does not pass."""
    limited = {"REFRAIN_RATE_LIMIT": str(LIMIT), "REFRAIN_AKISMET_SITE": "default"}
    with built(install(dialect), **limited) as app:
        limiter = app.extensions[NAME].limiter
        limiter._clock = lambda: NOW
        yield app


@pytest.fixture(autouse=True)
def another_minute(parts: Services) -> None:
    """Every test has a minute of its own."""
    limiter = parts.limiter
    assert limiter
    later = limiter._clock() + 60
    limiter._clock = lambda: later


def use_up(parts: Services, caller: bytes | None = None) -> None:
    """Send as much as may be sent with KEY, or by somebody else."""
    assert parts.limiter
    for _ in range(LIMIT):
        assert is_admitted(parts.limiter, {}, caller or key_hash(KEY))


def stored(parts: Services) -> int:
    with parts.store.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(comments)) or 0


def asked_of(answer: TestResponse) -> tuple[str | None, str | None, str | None]:
    """What the headers say: the policy, how the caller stands, and when to come."""
    names = ("RateLimit-Policy", "RateLimit", "Retry-After")
    policy, standing, after = (answer.headers.get(name) for name in names)
    return policy, standing, after


# The service's own API


def test_every_answer_tells_how_many_requests_are_left(client: FlaskClient) -> None:
    answers = [client.post("/v1/moderate", json=COMMENT) for _ in range(LIMIT)]

    assert [answer.status_code for answer in answers] == [200] * LIMIT
    assert [asked_of(answer) for answer in answers] == [
        ('"requests";q=3;w=60', f'"requests";r={left};t=47', None) for left in (2, 1, 0)
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/moderate"),
        ("POST", "/v1/moderate?offsets=utf16"),
        ("POST", "/v1/moderate/batch"),
        ("GET", "/v1/comments/c-1"),
        ("DELETE", "/v1/comments/c-1"),
        ("DELETE", "/v1/authors/u-1"),
        ("POST", "/v1/comments/c-1/report"),
        ("POST", "/v1/comments/c-1/appeal"),
        ("POST", "/v1/comments/c-1/decision"),
        ("GET", "/v1/comments/c-1/statement"),
        ("GET", "/v1/decisions"),
        ("GET", "/v1/policy"),
        ("GET", "/v1/model"),
    ],
)
def test_one_too_many_is_refused_with_a_problem_wherever_it_is_sent(
    client: FlaskClient, parts: Services, method: str, path: str
) -> None:
    use_up(parts)
    before = stored(parts)

    answer = client.open(path, method=method, json={"id": "too-many", **COMMENT})

    assert answer.status_code == 429
    assert answer.mimetype == "application/problem+json"
    assert answer.json == {
        "type": "/docs#too-many-requests",
        "title": "The key has sent too many requests",
        "status": 429,
        "detail": "At most 3 requests a minute are answered. Try again in 47 s.",
    }
    assert asked_of(answer) == ('"requests";q=3;w=60', '"requests";r=0;t=47', "47")
    assert stored(parts) == before


def test_all_protocols_draw_on_the_same_limit(
    client: FlaskClient, anyone: FlaskClient, parts: Services
) -> None:
    key = {"key": KEY}
    answers = [
        client.post("/v1/moderate", json=COMMENT),
        client.post("/v1/moderations", json={"input": FAIR}),
        anyone.post("/v1alpha1/comments:analyze", query_string=key, json=SCORED),
        anyone.post("/1.1/comment-check", data=CHECKED | {"api_key": KEY}),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["RateLimit"][:14] for answer in answers] == [
        f'"requests";r={left}' for left in (2, 1, 0, 0)
    ]


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/docs", "/desk/sign-in"])
def test_what_needs_no_key_is_not_limited(
    anyone: FlaskClient, parts: Services, path: str
) -> None:
    use_up(parts)

    answer = anyone.get(path)

    assert answer.status_code == 200
    assert asked_of(answer)[:2] == (None, None)


def test_a_wrong_key_is_told_nothing_of_limits(anyone: FlaskClient) -> None:
    wrong = {"Authorization": "Bearer rf_wrong"}

    answers = [
        anyone.post("/v1/moderate", json=COMMENT, headers=wrong) for _ in range(5)
    ]

    assert [answer.status_code for answer in answers] == [401] * 5
    assert {asked_of(answer) for answer in answers} == {(None, None, None)}


def test_without_the_setting_nothing_is_limited(tmp_path: Path) -> None:
    settings = load_settings({"REFRAIN_DATA_DIR": str(tmp_path), "REDIS_URL": ""})

    assert settings.rate_limit == 0


def test_the_document_says_what_one_too_many_is_answered(anyone: FlaskClient) -> None:
    document: dict[str, Any] = json.loads(anyone.get("/openapi.json").data)

    refusal = document["paths"]["/v1/moderate"]["post"]["responses"]["429"]

    assert set(refusal["headers"]) == {"Retry-After", "RateLimit", "RateLimit-Policy"}
    assert list(refusal["content"]) == ["application/problem+json"]


# Other services' protocols


def test_openais_client_raises_its_own_error(app: Flask, parts: Services) -> None:
    use_up(parts)
    with httpx2.Client(transport=httpx2.WSGITransport(app=app)) as http:
        client = OpenAI(
            api_key=KEY,
            base_url="http://refrain.example/v1",
            http_client=http,
            max_retries=0,
        )

        with pytest.raises(RateLimitError) as caught:
            client.moderations.create(input=FAIR)

    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.type == "requests"
    assert caught.value.response.headers["Retry-After"] == "47"


def test_perspectives_clients_are_told_as_by_google(
    anyone: FlaskClient, parts: Services
) -> None:
    use_up(parts)

    answer = anyone.post(
        "/v1alpha1/comments:analyze", query_string={"key": KEY}, json=SCORED
    )

    assert answer.status_code == 429
    assert answer.json == {
        "error": {
            "code": 429,
            "message": "Quota exceeded: At most 3 requests a minute are answered. "
            "Try again in 47 s.",
            "status": "RESOURCE_EXHAUSTED",
            "details": [
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": "RATE_LIMIT_EXCEEDED",
                    "domain": "googleapis.com",
                }
            ],
        }
    }
    assert asked_of(answer)[2] == "47"


@pytest.mark.parametrize(
    "path", ["verify-key", "comment-check", "submit-spam", "submit-ham"]
)
def test_akismets_clients_find_no_verdict_but_a_status(
    anyone: FlaskClient, parts: Services, path: str
) -> None:
    use_up(parts)
    before = stored(parts)

    answer = anyone.post(f"/1.1/{path}", data=CHECKED | {"api_key": KEY})

    assert answer.status_code == 429
    assert answer.text not in {"true", "false", "valid", "invalid"}
    assert asked_of(answer)[2] == "47"
    assert stored(parts) == before


def test_clients_of_akismets_without_a_key_have_one_limit_together(
    anyone: FlaskClient, parts: Services
) -> None:
    use_up(parts)
    answers = [
        anyone.post("/1.1/comment-check", data=CHECKED) for _ in range(LIMIT + 1)
    ]

    statuses = [answer.status_code for answer in answers]
    assert statuses == [200] * LIMIT + [429]


def test_where_nothing_may_be_refused_one_is_told_of_it(parts: Services) -> None:
    caller, environ = caller_of("coral", 7), dict[str, Any]()
    use_up(parts, caller)
    assert parts.limiter

    assert is_admitted(parts.limiter, environ, caller) is False
    assert is_admitted(parts.limiter, environ, caller_of("coral", 8)) is True


# Faults


def test_a_count_that_fails_is_said_and_counted_and_refuses_nobody(
    parts: Services, tmp_path: Path
) -> None:
    env = {"REFRAIN_DATA_DIR": str(tmp_path), "REFRAIN_RATE_LIMIT": "5"}
    gone = {"REDIS_URL": f"unix://{tmp_path}/secret.sock"}
    log = StringIO()
    limiter = make_limiter(
        load_settings(env | gone), parts.store, parts.metrics, make_log("INFO", log)
    )
    assert limiter

    assert [limiter.admit(b"caller").is_admitted for _ in range(6)] == [
        *[True] * 5,
        False,
    ]
    (line,) = log.getvalue().splitlines()
    said = json.loads(line)
    assert (said["event"], said["by"]) == ("rate limits cannot be counted", "Redis")
    assert "secret" not in line
    assert "refrain_limit_errors_total 1.0" in parts.metrics.exposition().decode()
