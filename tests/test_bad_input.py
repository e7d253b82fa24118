"""Whatever is sent: a problem document with the right status, and the field named."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from model.judge import Judgement
from service.api.parsing import is_blank, parse_comment
from service.app import create_app
from service.domain import Comment, Outcome
from service.errors import InvalidInput
from service.judging.bench import Bench
from service.moderation import Moderation
from service.services import NAME
from service.settings import Settings
from tests.fixtures_service import with_key
from tests.fixtures_store import GONE, KEY, take_away

JSON = "application/json"
FAIR = "The council should publish the report."


def send(client: FlaskClient, body: bytes, content_type: str = JSON) -> TestResponse:
    return client.post("/v1/moderate", data=body, content_type=content_type)


def problem(response: TestResponse, status: int, slug: str) -> dict[str, Any]:
    """The problem document, after checking all that holds for every one."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/problem+json"
    document: dict[str, Any] = json.loads(response.data)
    assert document["type"] == f"/docs#{slug}"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert "Traceback" not in response.get_data(as_text=True)
    return document


# Syntax: 400

MALFORMED = [
    pytest.param(b"", id="nothing"),
    pytest.param(b" ", id="a blank"),
    pytest.param(b"{", id="cut short"),
    pytest.param(b"not json", id="words"),
    pytest.param(b'{"text": "a"} {"text": "b"}', id="two values"),
    pytest.param(b"{'text': 'a'}", id="single quotes"),
    pytest.param(b'{"text": "a",}', id="trailing comma"),
    pytest.param(b'{"text": "\xff\xfe"}', id="invalid UTF-8"),
    pytest.param(b'{"text": "\xc0\xaf"}', id="overlong UTF-8"),
    pytest.param(b'{"text": "\xed\xa0\x80"}', id="surrogate in UTF-8"),
    pytest.param(b'{"text": "\\ud800"}', id="lone high surrogate"),
    pytest.param(b'{"text": "\\udc00 a"}', id="lone low surrogate"),
    pytest.param(b'{"text": "\\ud800\\ud800"}', id="two high surrogates"),
    pytest.param(b'{"text": "\x00"}', id="raw NUL"),
    pytest.param(b'{"text": "a\nb"}', id="raw line feed"),
    pytest.param(b"\xef\xbb\xbf" + b'{"text": "a"}', id="byte order mark"),
    pytest.param('{"text": "a"}'.encode("utf-16"), id="UTF-16"),
    pytest.param(b"[" * 60_000, id="deeply nested"),
    pytest.param(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, id="deeply nested object"),
    pytest.param(b'{"text": "a", "id": ' + b"9" * 60_000 + b"}", id="a long number"),
]


@pytest.mark.parametrize("body", MALFORMED)
@pytest.mark.parametrize("path", ["/v1/moderate", "/v1/moderate/batch"])
def test_what_is_no_json_is_400(client: FlaskClient, path: str, body: bytes) -> None:
    response = client.post(path, data=body, content_type=JSON)

    document = problem(response, 400, "malformed-body")
    assert document["errors"][0]["pointer"] == ""


# Fields: 422

LONG = "x" * 201
FIELDS: list[Any] = [
    pytest.param([], "", id="an array"),
    pytest.param(None, "", id="null"),
    pytest.param("text", "", id="a string"),
    pytest.param({}, "/text", id="no text"),
    pytest.param({"text": None}, "/text", id="null text"),
    pytest.param({"text": 7}, "/text", id="a number"),
    pytest.param({"text": float("nan")}, "/text", id="NaN"),
    pytest.param({"text": True}, "/text", id="a boolean"),
    pytest.param({"text": ["a"]}, "/text", id="an array as text"),
    pytest.param({"text": ""}, "/text", id="empty"),
    pytest.param({"text": " \t\r\n\u00a0\u3000"}, "/text", id="white space"),
    pytest.param({"text": "\u200b\u200d\ufeff\u2060"}, "/text", id="zero width"),
    pytest.param({"text": "\u0000\u0001\u0085"}, "/text", id="control characters"),
    pytest.param({"text": "\u2800\u3164\u115f"}, "/text", id="fillers"),
    pytest.param({"text": "\U000e0041\ufe0f"}, "/text", id="tags and selectors"),
    pytest.param({"text": "x" * 10_001}, "/text", id="too long"),
    pytest.param({"text": "a", "txet": "b"}, "/txet", id="unknown field"),
    pytest.param({"text": "a", "a/b~c": 1}, "/a~1b~0c", id="a name to be escaped"),
    pytest.param({"text": "a", "id": ""}, "/id", id="empty id"),
    pytest.param({"text": "a", "id": 5}, "/id", id="a number as id"),
    pytest.param({"text": "a", "id": LONG}, "/id", id="long id"),
    pytest.param({"text": "a", "id": "a\0b"}, "/id", id="NUL in id"),
    pytest.param({"text": "a", "id": "a\n"}, "/id", id="line feed in id"),
    pytest.param({"text": "a", "author": "Ann"}, "/author", id="author is a name"),
    pytest.param({"text": "a", "author": {}}, "/author/id", id="author without id"),
    pytest.param(
        {"text": "a", "author": {"id": "1", "email": "x"}},
        "/author/email",
        id="unknown field of the author",
    ),
    pytest.param(
        {"text": "a", "author": {"id": "1", "name": "\0"}},
        "/author/name",
        id="NUL in a name",
    ),
    pytest.param(
        {"text": "a", "article": {"id": "1", "url": "javascript:alert(1)"}},
        "/article/url",
        id="a script as URL",
    ),
    pytest.param(
        {"text": "a", "article": {"id": "1", "url": "https://a b"}},
        "/article/url",
        id="a blank in the URL",
    ),
    pytest.param(
        {"text": "a", "article": {"id": "1", "title": "t" * 501}},
        "/article/title",
        id="long title",
    ),
    pytest.param({"text": "a", "parent_id": LONG}, "/parent_id", id="long parent id"),
    pytest.param({"text": "a", "language": "english!"}, "/language", id="language"),
    pytest.param({"text": "a", "language": ""}, "/language", id="empty language"),
]


@pytest.mark.parametrize(("body", "pointer"), FIELDS)
def test_a_wrong_field_is_named(
    client: FlaskClient, body: object, pointer: str
) -> None:
    response = send(client, json.dumps(body).encode())

    document = problem(response, 422, "invalid-input")
    assert [error["pointer"] for error in document["errors"]] == [pointer]


def test_all_wrong_fields_are_named_at_once(client: FlaskClient) -> None:
    response = send(client, b'{"text": 1, "id": 2, "language": 3}')

    document = problem(response, 422, "invalid-input")
    assert {error["pointer"] for error in document["errors"]} == {
        "/text",
        "/id",
        "/language",
    }


def test_a_flood_of_wrong_fields_gets_a_short_answer(client: FlaskClient) -> None:
    body = {f"{number}{'x' * 50}": 1 for number in range(900)}

    response = send(client, json.dumps(body).encode())

    problem(response, 422, "invalid-input")
    assert len(response.data) < 8000


def test_no_answer_repeats_what_was_wrong(client: FlaskClient) -> None:
    response = send(client, b'{"text": ["secret words"], "id": {"a": "secret"}}')

    problem(response, 422, "invalid-input")
    assert b"secret" not in response.data


@pytest.mark.parametrize(
    "query",
    ["offsets=bytes", "offsets=", "offset=utf16", "offsets=utf16&offsets=utf16"],
)
def test_a_wrong_query_parameter_is_named(client: FlaskClient, query: str) -> None:
    response = client.post(f"/v1/moderate?{query}", json={"text": FAIR})

    document = problem(response, 422, "invalid-input")
    assert document["errors"][0]["pointer"].startswith("?offset")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        pytest.param([], "", id="an array"),
        pytest.param({}, "/comments", id="no comments"),
        pytest.param({"comments": []}, "/comments", id="none"),
        pytest.param({"comments": {}}, "/comments", id="an object"),
        pytest.param({"comments": [1], "x": 1}, "/x", id="unknown field"),
    ],
)
def test_what_is_wrong_with_a_batch_as_such_is_named(
    client: FlaskClient, body: object, pointer: str
) -> None:
    response = client.post("/v1/moderate/batch", json=body)

    document = problem(response, 422, "invalid-input")
    assert document["errors"][0]["pointer"] == pointer


def test_of_a_name_that_stands_twice_the_last_one_counts(client: FlaskClient) -> None:
    response = send(client, b'{"text": "What the fuck", "text": "A fair point."}')

    assert response.status_code == 200
    assert response.json
    assert response.json["decision"] == "accept"


# Legal, if odd

ODD = [
    pytest.param("x" * 10_000, id="10,000 letters"),
    pytest.param("\u0301" * 10_000, id="10,000 combining marks"),
    pytest.param("a" + "\u0301" * 9_999, id="a letter with 9,999 marks"),
    pytest.param("\u202e" * 9_999 + "a", id="right-to-left overrides"),
    pytest.param("\0" * 9_999 + "a", id="NULs"),
    pytest.param("a\u200d" * 5_000, id="joiners"),
    pytest.param("( " * 5_000, id="brackets"),
    pytest.param("f u c k " * 1_250, id="spaced letters"),
    pytest.param("f*" * 5_000, id="masked letters"),
    pytest.param("@" * 10_000, id="at signs"),
    pytest.param("1" * 10_000, id="digits"),
    pytest.param("+91 " * 2_500, id="beginnings of numbers"),
    pytest.param("a.b@" * 2_500, id="beginnings of addresses"),
    pytest.param("무지" * 5_000, id="Korean"),
    pytest.param("\U0001f600" * 10_000, id="emoji"),
    pytest.param("ﷺ" * 10_000, id="a character that folds to eighteen"),
]


@pytest.mark.parametrize("text", ODD)
def test_an_odd_text_is_judged_like_any_other(
    client: FlaskClient, fresh_id: str, text: str
) -> None:
    body = json.dumps({"id": fresh_id, "text": text}, ensure_ascii=False).encode()

    response = send(client, body)

    assert response.status_code == 200, response.json
    assert client.get(f"/v1/comments/{fresh_id}").status_code == 200


@settings(max_examples=300, deadline=None)
@given(st.text(min_size=1, max_size=60))
def test_any_text_is_either_judged_or_blank(text: str) -> None:
    body = json.dumps({"text": text}).encode()

    if is_blank(text):
        with pytest.raises(InvalidInput, match="must not be blank"):
            parse_comment(body, max_text=60)
    else:
        assert parse_comment(body, max_text=60) == Comment(text)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_either_a_comment_or_a_named_error(body: bytes) -> None:
    try:
        comment = parse_comment(body, max_text=60)
    except InvalidInput:
        return  # Any other error fails the test.

    assert not is_blank(comment.text)


# HTTP


@pytest.mark.parametrize(
    ("content_type", "headers"),
    [
        pytest.param("text/plain", {}, id="text"),
        pytest.param("application/x-www-form-urlencoded", {}, id="a form"),
        pytest.param("multipart/form-data; boundary=x", {}, id="an upload"),
        pytest.param("application/jsonp", {}, id="nearly JSON"),
        pytest.param("", {}, id="none"),
        pytest.param(JSON, {"Content-Encoding": "gzip"}, id="compressed"),
        pytest.param(JSON, {"Content-Encoding": "identity, br"}, id="in the end"),
    ],
)
def test_what_is_not_sent_as_json_is_415(
    client: FlaskClient, content_type: str, headers: dict[str, str]
) -> None:
    response = client.post(
        "/v1/moderate",
        data=b'{"text": "a"}',
        content_type=content_type,
        headers=headers,
    )

    problem(response, 415, "unsupported-media-type")


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("coding", ["identity", "Identity", "identity, identity", ""])
@pytest.mark.parametrize(
    ("path", "content_type", "body"),
    [
        ("/v1/moderate", JSON, '{"text": "a"}'),
        ("/v1/moderate/batch", JSON, '{"comments": [{"text": "a"}]}'),
        ("/v1/moderations", JSON, '{"input": "a"}'),
        (
            f"/v1alpha1/comments:analyze?key={KEY}",
            JSON,
            '{"comment": {"text": "a"}, "requestedAttributes": {"TOXICITY": {}}}',
        ),
        ("/1.1/comment-check", FORM, f"api_key={KEY}&blog=b&comment_content=a"),
    ],
)
def test_identity_is_no_coding(
    client: FlaskClient, path: str, content_type: str, body: str, coding: str
) -> None:
    response = client.post(
        path,
        data=body,
        content_type=content_type,
        headers={"Content-Encoding": coding},
    )

    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.get_data(as_text=True) != "invalid"


def test_json_with_a_charset_is_json(client: FlaskClient) -> None:
    response = send(client, b'{"text": "a fair point"}', f"{JSON}; charset=utf-8")

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/v1/moderate", 65_536), ("/v1/moderate/batch", 4_194_304)],
)
def test_a_body_over_the_limit_is_413(
    client: FlaskClient, path: str, limit: int
) -> None:
    fits = client.post(path, data=b" " * limit, content_type=JSON)
    over = client.post(path, data=b" " * (limit + 1), content_type=JSON)

    problem(fits, 400, "malformed-body")
    document = problem(over, 413, "too-large")
    assert f"{limit:,} bytes" in document["detail"]


def test_a_body_without_a_length_is_read_no_further_than_the_limit(
    client: FlaskClient,
) -> None:
    stream = Endless()

    response = client.post(
        "/v1/moderate",
        content_type=JSON,
        environ_overrides={
            "wsgi.input": io.BufferedReader(stream),
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": "",
        },
    )

    problem(response, 413, "too-large")
    assert stream.given < 200_000


class Endless(io.RawIOBase):
    """A body that never ends; counts what is taken."""

    given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - no type for buffers
        self.given += len(buffer)
        buffer[:] = b" " * len(buffer)
        return len(buffer)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/moderate", {"POST"}),
        ("PUT", "/v1/moderate", {"POST"}),
        ("OPTIONS", "/v1/moderate", {"POST"}),
        ("TRACE", "/v1/moderate", {"POST"}),
        ("DELETE", "/v1/moderate/batch", {"POST"}),
        ("POST", "/v1/comments/c-1", {"GET", "HEAD", "DELETE"}),
        ("POST", "/healthz", {"GET", "HEAD"}),
        ("BREW", "/docs", {"GET", "HEAD"}),
    ],
)
def test_a_wrong_method_is_405_and_the_right_ones_are_named(
    client: FlaskClient, method: str, path: str, allowed: set[str]
) -> None:
    response = client.open(path, method=method)

    problem(response, 405, "method-not-allowed")
    assert set(response.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/",
        "/v1/moderate/",
        "/v1/comments",
        "/v1/comments/",
        "//v1/moderate",
        "/V1/moderate",
        "/v1/moderate/../policy",
        "/static/",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/.env",
        "/docs/",
        "/%00",
        "/%ff",
    ],
)
def test_an_unknown_path_is_404(client: FlaskClient, path: str) -> None:
    problem(client.get(path), 404, "not-found")


# Faults of our own


class Broken:
    """A judge with a bug, for which no text can be made up."""

    model_version = "m1"
    card = {  # noqa: RUF012 - as a judge has it
        "thresholds": {"personal": {"flag": 0.4, "reject": 0.9}}
    }

    def judge(self, text: str) -> Judgement:
        raise ZeroDivisionError(f"cannot divide {text}")


def test_a_text_on_which_the_judge_breaks_is_flagged_and_kept(app: Flask) -> None:
    store = app.extensions[NAME].store
    seen: list[Exception] = []
    moderation = Moderation(Bench(Broken()), store, on_failure=seen.append)  # type: ignore[arg-type]
    site = store.site_of_key(known_key())

    decision = moderation.moderate(site, Comment("odd", id="broken-judge"))

    record = moderation.find(site, "broken-judge")
    assert (decision.verdict.outcome, decision.verdict.flagged) == (
        Outcome.ACCEPT,
        True,
    )
    assert decision.verdict.reasons[0].message.startswith(
        "The text could not be judged"
    )
    assert record.text == "odd"
    assert len(seen) == 1


def known_key() -> bytes:
    from service.auth import key_hash

    return key_hash(KEY)


def test_a_bug_is_500_of_which_caller_and_log_learn_no_text(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(settings)

    @app.post("/bug")
    def bug() -> str:
        raise ValueError("the comment's text: " + "secret words")

    response = with_key(app).post("/bug", json={"text": "secret words"})

    app.extensions[NAME].store.database.close()
    problem(response, 500, "internal-error")
    line, request = map(json.loads, capsys.readouterr().err.splitlines())
    assert (request["event"], request["status"]) == ("request", 500)
    assert (line["event"], line["error"]) == ("internal error", "ValueError")
    assert "test_bad_input.py" in line["trace"][-1]
    assert "secret" not in str(line) + str(request)
    assert b"secret" not in response.data


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(lambda c: c.post("/v1/moderate", json={"text": FAIR}), id="one"),
        pytest.param(
            lambda c: c.post("/v1/moderate/batch", json={"comments": [{"text": FAIR}]}),
            id="batch",
        ),
        pytest.param(lambda c: c.get("/v1/comments/c-1"), id="look up"),
        pytest.param(lambda c: c.get("/readyz"), id="readiness"),
    ],
)
def test_without_a_database_everything_is_503_and_says_when_to_try_again(
    settings: Settings,
    dialect: str,
    capsys: pytest.CaptureFixture[str],
    request_: Callable[[FlaskClient], TestResponse],
) -> None:
    take_away(settings.database_url)
    app = create_app(settings)

    response = request_(with_key(app))

    slug = "not-ready" if response.json and "checks" in response.json else None
    document = problem(response, 503, slug or "store-unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert GONE[dialect][0] in str(document)
    assert FAIR not in capsys.readouterr().err
