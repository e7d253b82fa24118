"""Akismet's forms are read in every charset, and what is none is refused."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from service.compat.akismet import THANKS
from service.compat.forms import MAX_FIELDS
from service.services import Services
from tests.akismet_asked import (
    CHECK,
    FAIR,
    FOUL,
    HAM,
    PATHS,
    SPAM,
    check,
    posted,
    said,
    sent,
    told,
)
from tests.fixtures_service import stored
from tests.fixtures_store import KEY


def raw(content: bytes, charset: str) -> bytes:
    fields = urlencode(sent(blog_charset=charset)).encode()
    return fields + b"&comment_content=" + quote_from_bytes(content).encode()


@pytest.mark.parametrize(
    ("charset", "content", "text"),
    [
        ("UTF-8", "Größe “so”".encode(), "Größe “so”"),
        ("ISO-8859-1", "Größe “so”".encode("cp1252"), "Größe “so”"),
        ("ISO-8859-1", "Größe, said in UTF-8".encode(), "Größe, said in UTF-8"),
        ("windows-1251", "Согласен".encode("cp1251"), "Согласен"),
        ("Shift_JIS", "賛成です".encode("shift_jis"), "賛成です"),
        ("unicode_escape", b"\\u0041 \xff", "\\u0041 \ufffd"),
        ("no-such-charset", b"Gr\xf6\xdfe", "Gr\ufffd\ufffde"),
        ("", b"Gr\xf6\xdfe or so", "Gr\ufffd\ufffde or so"),
    ],
)
def test_texts_are_read_in_the_charset_of_the_blog(
    anyone: FlaskClient, parts: Services, charset: str, content: bytes, text: str
) -> None:
    body = raw(content, charset)

    guid = posted(anyone, CHECK, body).headers["X-akismet-guid"]
    assert said(posted(anyone, HAM, body)) == THANKS

    assert stored(parts, guid).text == text


def test_of_fields_with_one_name_the_last_counts(anyone: FlaskClient) -> None:
    content = urlencode([("comment_content", FOUL), ("comment_content", FAIR)])
    body = f"{urlencode(sent())}&{content}".encode()

    assert said(posted(anyone, CHECK, body)) == "false"


def test_what_a_server_adds_is_passed_over(anyone: FlaskClient) -> None:
    variables = {f"HTTP_X_{i}": f"value {i}" for i in range(800)}
    context = {f"comment_context[{i}]": "rivers" for i in range(20)}

    assert check(anyone, FOUL, **variables, **context, **{"": "", "a=": "&"}) == "true"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"data": b"x" * 200_000}, id="no form"),
        pytest.param(
            {"data": sent(comment_content="x" * 1_100_000)}, id="more than is read"
        ),
        pytest.param(
            {"data": sent(**{f"x{i}": "" for i in range(MAX_FIELDS)})},
            id="too many fields",
        ),
        pytest.param({"json": sent(comment_content=FAIR)}, id="JSON"),
        pytest.param(
            {
                "data": sent(comment_content=FAIR),
                "content_type": "multipart/form-data",
            },
            id="in parts",
        ),
    ],
)
def test_what_is_no_form_is_invalid(
    anyone: FlaskClient, path: str, options: dict[str, Any]
) -> None:
    response = anyone.post(path, **options)

    assert said(response) == "invalid"
    assert response.headers["X-akismet-debug-help"]


def test_files_are_refused(anyone: FlaskClient) -> None:
    data = sent(comment_content=FAIR, file=(io.BytesIO(b"x"), "a.txt"))

    assert said(anyone.post(CHECK, data=data)) == "invalid"


@settings(max_examples=150, deadline=None)
@given(
    st.text(
        st.characters(exclude_categories=()) | st.sampled_from("<b>&;"), max_size=300
    ),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_any_text_gets_a_verdict(
    app: Flask, text: str, author: str, charset: str
) -> None:
    client = app.test_client()

    fields = sent(comment_content=text, comment_author=author, blog_charset=charset)
    # Halves of surrogate pairs, as bytes that no charset has.
    body = urlencode(fields, errors="surrogatepass").encode()

    verdict = said(posted(client, CHECK, body))

    assert verdict in {"true", "false"}


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=100), st.sampled_from([SPAM, HAM]), st.text(max_size=20))
def test_any_text_can_be_a_label(app: Flask, text: str, path: str, page: str) -> None:
    fields = {"comment_content": text, "permalink": page, "comment_author": page}

    guid = told(app.test_client(), path, **fields)

    assert guid.startswith("akismet-")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_get_an_answer(app: Flask, body: bytes) -> None:
    body = f"api_key={KEY}&comment_content=".encode() + body

    verdict = said(posted(app.test_client(), CHECK, body))

    assert verdict in {"true", "false", "invalid"}
