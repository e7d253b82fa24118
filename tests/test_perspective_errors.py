"""What is wrong with a request is said in Google's shape and Perspective's words."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from service.app import create_app
from service.compat.perspective.reading import MAX_BYTES
from service.services import NAME, Services
from service.settings import Settings
from tests.fixtures_clients import OTHER_METHODS, verdicts
from tests.fixtures_perspective import (
    ANALYZE,
    BAD_REQUEST,
    ERROR,
    FAIR,
    FOUL,
    INFO,
    INSULT,
    SUGGEST,
    Ask,
    Body,
    answered,
    count,
    error,
    request_for,
    scores,
    suggestion,
)
from tests.fixtures_store import KEY, take_away

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
FIELDS = (
    "comment",
    "context",
    "requestedAttributes",
    "attributeScores",
    "languages",
    "doNotStore",
    "clientToken",
    "spanAnnotations",
)


@given(
    path=st.sampled_from([ANALYZE, SUGGEST]),
    body=st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON)),
)
@settings(max_examples=150, deadline=None)
def test_any_json_gets_an_answer_or_a_reason(app: Flask, path: str, body: Body) -> None:
    response = app.test_client().post(
        path,
        query_string={"key": KEY},
        data=json.dumps(request_for(FAIR) | {"attributeScores": {}} | body),
        content_type="application/json",
    )

    if response.status_code != 200:
        error(response)


# What is wrong

OK: Body = {"comment": {"text": FAIR}}
LONG = "ä" * (MAX_BYTES // 2)


@pytest.mark.parametrize(
    ("body", "message", "kind"),
    [
        pytest.param({}, "Comment must be non-empty.", "COMMENT_EMPTY", id="nothing"),
        pytest.param(
            request_for(""), "Comment must be non-empty.", "COMMENT_EMPTY", id="empty"
        ),
        pytest.param(
            request_for(" \n\u200b"),
            "Comment must be non-empty.",
            "COMMENT_EMPTY",
            id="nothing to see",
        ),
        pytest.param(
            request_for(None), "Comment must be non-empty.", "COMMENT_EMPTY", id="null"
        ),
        pytest.param(
            request_for(f"{LONG}a"),
            "Comment text too long.",
            "COMMENT_TOO_LONG",
            id="one byte too long",
        ),
        pytest.param(
            OK, "Missing requested_attributes", "NO_REQUESTED_ATTRIBUTES", id="no field"
        ),
        pytest.param(
            OK | {"requestedAttributes": {}},
            "Missing requested_attributes",
            "NO_REQUESTED_ATTRIBUTES",
            id="no attributes",
        ),
        *(
            pytest.param(
                request_for(FAIR, name),
                f"Unknown requested attribute: {name}",
                "INVALID_REQUEST",
                id=f"attribute {name}",
            )
            for name in (
                "ATTACK_ON_AUTHOR",
                "ATTACK_ON_COMMENTER",
                "ATTACK_ON_PUBLISHER",
                "FLIRTATION",
                "INCOHERENT",
                "INFLAMMATORY",
                "OFF_TOPIC",
                "SEXUALLY_EXPLICIT",
                "SPAM",
                "UNSUBSTANTIAL",
                "COMPASSION_EXPERIMENTAL",
                "toxicity",
                "TOXICITY@",
                "TOXICITY@x",
                "TOXICITY@٦",
                "DELETED",
                "",
            )
        ),
        pytest.param(
            request_for(FAIR, "TOXICITY", "SPAM", "FLIRTATION"),
            "Unknown requested attribute: SPAM",
            "INVALID_REQUEST",
            id="one attribute at a time",
        ),
        pytest.param(
            request_for(FAIR, "X" * 500),
            f"Unknown requested attribute: {'X' * 100}",
            "INVALID_REQUEST",
            id="a long name",
        ),
        *(
            pytest.param(
                OK | {"requestedAttributes": {"INSULT": {"scoreType": name}}},
                f"Requested score type {name} is not supported by attribute INSULT",
                "INVALID_REQUEST",
                id=f"score type {name}",
            )
            for name in ("STD_DEV_SCORE", "PERCENTILE", "RAW", "FOO", "")
        ),
        pytest.param(
            request_for(FAIR) | {"comment": {"text": FAIR, "type": "HTML"}},
            "Currently, only 'PLAIN_TEXT' comments are supported",
            "INVALID_REQUEST",
            id="HTML",
        ),
        pytest.param(
            request_for(FAIR) | {"comment": {"text": FAIR, "type": "PDF"}},
            "Unknown text type",
            "INVALID_REQUEST",
            id="no type of text",
        ),
        pytest.param(
            request_for(FAIR)
            | {
                "context": {
                    "entries": [{"text": "a"}],
                    "articleAndParentComment": {"article": {"text": "b"}},
                }
            },
            "Context can have either entries or article_and_parent_comment, but both "
            "fields were populated.",
            "INVALID_REQUEST",
            id="both contexts",
        ),
    ],
)
def test_what_is_wrong_is_said_in_perspectives_words(
    ask: Ask, body: Body, message: str, kind: str
) -> None:
    found = error(ask(**body))

    assert found["message"] == message
    assert found["status"] == "INVALID_ARGUMENT"
    assert found["details"] == [{"@type": ERROR, "errorType": kind}]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(OK, "Missing attribute_scores", id="no scores"),
        pytest.param(
            OK | {"attributeScores": {}}, "Missing attribute_scores", id="empty scores"
        ),
        pytest.param(
            suggestion(FAIR, SPAM=1),
            "Unknown requested attribute: SPAM",
            id="an unknown attribute",
        ),
        pytest.param(
            OK | {"attributeScores": {"INSULT": {"spanScores": [{}]}}},
            "Missing score of attribute INSULT",
            id="no score",
        ),
        pytest.param(
            OK | {"attributeScores": {"INSULT": None}},
            "Missing score of attribute INSULT",
            id="null",
        ),
        pytest.param(
            suggestion(FAIR, INSULT=1.01),
            "Score of attribute INSULT must be from 0 to 1",
            id="more than 1",
        ),
        pytest.param(
            suggestion(FAIR, INSULT=-1),
            "Score of attribute INSULT must be from 0 to 1",
            id="less than 0",
        ),
        pytest.param(
            OK | {"attributeScores": {"INSULT": {"summaryScore": {"type": "RAW"}}}},
            "Requested score type RAW is not supported by attribute INSULT",
            id="a score type",
        ),
    ],
)
def test_a_suggestion_that_says_nothing_is_refused(
    parts: Services, ask: Ask, body: Body, message: str
) -> None:
    before = count(parts)

    found = error(ask(SUGGEST, **body))

    assert found["message"] == message
    assert found["details"] == [{"@type": ERROR, "errorType": "INVALID_REQUEST"}]
    assert count(parts) == before


def test_the_longest_comment_is_scored(ask: Ask) -> None:
    assert len(LONG.encode()) == MAX_BYTES
    assert "TOXICITY" in scores(ask, LONG, "TOXICITY")


@pytest.mark.parametrize(
    ("body", "place", "kind"),
    [
        pytest.param(request_for(7), "comment.text", "TYPE_STRING", id="number"),
        pytest.param({"comment": "a"}, "comment", "message", id="no object"),
        pytest.param(
            request_for(FAIR, languages="en"), "languages", "repeated", id="no list"
        ),
        pytest.param(
            request_for(FAIR, languages=["en", 1]),
            "languages[1]",
            "TYPE_STRING",
            id="in a list",
        ),
        pytest.param(
            request_for(FAIR, doNotStore="true"),
            "doNotStore",
            "TYPE_BOOL",
            id="no bool",
        ),
        pytest.param(
            OK | {"requestedAttributes": ["TOXICITY"]},
            "requestedAttributes",
            "message",
            id="a list of attributes",
        ),
        pytest.param(
            OK | {"requestedAttributes": {"TOXICITY": {"scoreThreshold": "x"}}},
            "requestedAttributes.TOXICITY.scoreThreshold",
            "TYPE_FLOAT",
            id="a word as threshold",
        ),
        pytest.param(
            OK | {"requestedAttributes": {"TOXICITY": {"scoreThreshold": math.nan}}},
            "requestedAttributes.TOXICITY.scoreThreshold",
            "TYPE_FLOAT",
            id="not a number",
        ),
    ],
)
def test_a_field_of_the_wrong_type_is_named(
    ask: Ask, body: Body, place: str, kind: str
) -> None:
    found = error(ask(**body))

    said = f"Invalid value at '{place}' ({kind})"
    assert found["message"] == said
    assert found["details"] == [
        {
            "@type": BAD_REQUEST,
            "fieldViolations": [{"field": place, "description": said}],
        }
    ]


@pytest.mark.parametrize("path", [ANALYZE, SUGGEST])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="cut short"),
        pytest.param(b'{"comment": "\xff"}', id="invalid UTF-8"),
        pytest.param(b"[" * 60_000, id="deeply nested"),
        pytest.param("\ud83d".encode("utf-8", "surrogatepass"), id="a lone surrogate"),
        pytest.param(b"{} {}", id="two values"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"\\ud83d"', id="a string"),
        pytest.param(b"7", id="a number"),
    ],
)
def test_what_is_no_json_object_is_refused(
    anyone: FlaskClient, path: str, body: bytes
) -> None:
    response = anyone.post(path, query_string={"key": KEY}, data=body)

    assert error(response)["message"].startswith("Invalid JSON payload received.")


def test_an_empty_body_is_an_error_with_a_detail(anyone: FlaskClient) -> None:
    # So PyPerspective finds out whether its key is good.
    found = error(anyone.post(ANALYZE, query_string={"key": KEY}))

    assert found["details"] == [{"@type": ERROR, "errorType": "COMMENT_EMPTY"}]


@pytest.mark.parametrize("path", [ANALYZE, SUGGEST])
@pytest.mark.parametrize("key", ["", "AIzaSyA", KEY[:-1], "ä", "\x00"])
def test_a_wrong_key_is_told_as_google_does(ask: Ask, path: str, key: str) -> None:
    found = error(ask(path, key, **request_for(FAIR)))

    assert found["message"] == "API key not valid. Please pass a valid API key."
    assert found["details"] == [
        {"@type": INFO, "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
    ]


def test_a_key_may_come_in_googles_header(anyone: FlaskClient) -> None:
    body = request_for(FAIR)

    response = anyone.post(ANALYZE, json=body, headers={"X-Goog-Api-Key": KEY})

    answered(response, FAIR)


def test_other_parameters_are_passed_over(anyone: FlaskClient) -> None:
    query = {"alt": "json", "key": KEY, "prettyPrint": "false", "$.xgafv": "2"}

    response = anyone.post(
        "/v1alpha1/comments%3Aanalyze", query_string=query, json=request_for(FAIR)
    )

    answered(response, FAIR)


def test_fields_may_have_the_names_of_the_messages(ask: Ask) -> None:
    response = ask(
        comment={"text": FAIR},
        requested_attributes={"TOXICITY": {"score_threshold": 0, "x": 1}},
        client_token="t",
        sessionId=7,
        unknown=[],
    )

    assert answered(response, FAIR)["clientToken"] == "t"


def test_context_is_taken_and_not_judged(ask: Ask) -> None:
    plain = scores(ask, FAIR)
    around = {"article": {"text": FOUL * 5_000}, "parentComment": {"text": INSULT}}

    for context in (
        {"entries": [{"text": FOUL, "type": "PLAIN_TEXT"}]},
        {"articleAndParentComment": around},
        {},
    ):
        assert scores(ask, FAIR, context=context) == plain


def test_a_body_that_is_far_too_large_is_refused(ask: Ask, parts: Services) -> None:
    text = "x" * parts.settings.max_batch_body

    found = error(ask(**request_for(FAIR, context={"entries": [{"text": text}]})), 413)

    assert found["status"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("path", [ANALYZE, SUGGEST])
@pytest.mark.parametrize("method", OTHER_METHODS)
def test_another_method_is_refused(anyone: FlaskClient, path: str, method: str) -> None:
    response = anyone.open(path, method=method)

    error(response, 405)
    assert response.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    "path",
    [
        "/v1alpha1",
        "/v1alpha1/",
        "/v1alpha1/comments",
        "/v1alpha1/comments:analyse",
        f"{ANALYZE}/",
        "/v1alpha1//comments:analyze",
        "//v1alpha1//comments:analyze",
        "/$discovery/v1/apis",
        "/$discovery//rest",
    ],
)
@pytest.mark.parametrize("method", ["POST", "TRACE", "PROPFIND"])
def test_there_is_nothing_else_below_the_paths(
    anyone: FlaskClient, path: str, method: str
) -> None:
    # Given so, for a client would take what stands after two slashes for a host.
    asked = {"PATH_INFO": path, "QUERY_STRING": f"key={KEY}"}
    found = error(anyone.open(method=method, environ_overrides=asked), 404)

    assert found["status"] == "NOT_FOUND"


@pytest.mark.parametrize("path", [ANALYZE, SUGGEST])
def test_without_a_database_a_client_is_told_to_come_again(
    settings: Settings, path: str
) -> None:
    take_away(settings.database_url)
    client = create_app(settings).test_client()

    response = client.post(path, query_string={"key": KEY}, json=request_for(FAIR))

    assert error(response, 503)["status"] == "UNAVAILABLE"
    assert int(response.headers["Retry-After"]) > 0


def test_a_fault_of_ours_tells_nothing(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(settings)
    parts: Any = app.extensions[NAME]
    app.extensions[NAME] = replace(parts, moderation=None)

    response = app.test_client().post(
        SUGGEST, query_string={"key": KEY}, json=suggestion("secret words", INSULT=1)
    )

    parts.store.database.close()
    found = error(response, 500)
    assert found["status"] == "INTERNAL"
    assert "moderation" not in found["message"]
    log = capsys.readouterr().err
    assert "internal error" in log
    assert "secret" not in log
    assert KEY not in log


def test_verdicts_are_counted(app: Flask, ask: Ask) -> None:
    before = verdicts(app)

    for text in (FAIR, FOUL, FOUL):
        ask(**request_for(text, spanAnnotations=True))

    assert verdicts(app) - before == Counter(accept=1, reject=2)


def test_requests_are_counted_by_route(app: Flask, ask: Ask) -> None:
    ask(**request_for(FAIR))
    ask(**request_for(""))

    counts = app.extensions[NAME].metrics.exposition().decode()

    for status in (200, 400):
        assert f'route="{ANALYZE}",status="{status}"' in counts
