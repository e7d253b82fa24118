"""How Akismet's endpoints are asked in tests, and what holds for every answer."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.app import create_app
from service.compat.akismet import THANKS
from service.settings import Settings
from tests.fixtures_service import with_more
from tests.fixtures_store import KEY

CHECK = "/1.1/comment-check"
SPAM = "/1.1/submit-spam"
HAM = "/1.1/submit-ham"
PATHS = ("/1.1/verify-key", CHECK, SPAM, HAM, "/1.2/key-sites", "/1.2/usage-limit")
BLOG = "https://news.example.com"
FAIR = "The council should publish the report."
FOUL = "What the fuck is wrong with this world."
FOREIGN = "この記事はとても興味深いです。しかし結論には賛成できません。"
IP = "192.0.2.1"


def sent(**fields: object) -> dict[str, Any]:
    return {"api_key": KEY, "blog": BLOG, "user_ip": IP, **fields}


def said(response: TestResponse) -> str:
    """The answer, after checking all that holds for every one."""
    assert response.status_code == 200
    assert response.content_type == "text/plain; charset=utf-8"
    text = response.get_data(as_text=True)
    # Clients take a good answer with one of these headers for a failure.
    headers = {name.lower() for name, _ in response.headers}
    assert ("x-akismet-debug-help" in headers) == (text == "invalid")
    assert not headers & {"x-akismet-alert-code", "x-akismet-alert-msg"}
    return text


def check(client: FlaskClient, text: str, **fields: object) -> str:
    return said(client.post(CHECK, data=sent(comment_content=text, **fields)))


def told(client: FlaskClient, path: str, **fields: object) -> str:
    """The id of what a person decided."""
    guid = client.post(CHECK, data=sent(**fields)).headers["X-akismet-guid"]
    assert said(client.post(path, data=sent(**fields))) == THANKS
    return guid


def with_settings(settings: Settings, **env: str) -> Flask:
    """An app on the test's own database."""
    return create_app(with_more(settings, **env))


def posted(client: FlaskClient, path: str, body: bytes) -> TestResponse:
    media_type = "application/x-www-form-urlencoded; charset=utf-8"
    return client.post(path, data=body, content_type=media_type)
