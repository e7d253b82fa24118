"""Whatever goes wrong, Akismet's clients hear of no verdict, and nobody of a key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.app import create_app
from service.services import NAME
from service.settings import Settings
from tests.akismet_asked import CHECK, FAIR, PATHS, sent, with_settings
from tests.fixtures_clients import OTHER_METHODS
from tests.fixtures_store import KEY, take_away


def failed(response: TestResponse, status: int) -> str:
    assert response.status_code == status
    assert response.content_type == "text/plain; charset=utf-8"
    text = response.get_data(as_text=True)
    assert text
    assert text not in {"true", "false", "valid", "invalid"}
    assert "<" not in text
    return text


@pytest.mark.parametrize("path", PATHS[:4])
@pytest.mark.parametrize("method", OTHER_METHODS)
def test_another_method_is_refused(anyone: FlaskClient, path: str, method: str) -> None:
    response = anyone.open(path, method=method)

    failed(response, 405)
    assert response.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    "path",
    ["/1.1", "/1.1/get-stats", "/1.2/x/y", "/1.1/comment-check/", "/1.1//verify-key"],
)
@pytest.mark.parametrize("method", ["get", "post", "trace"])
def test_there_is_nothing_else(anyone: FlaskClient, path: str, method: str) -> None:
    failed(anyone.open(path, method=method, data=sent()), 404)


def test_without_a_database_there_is_no_verdict(settings: Settings) -> None:
    take_away(settings.database_url)
    client = create_app(settings).test_client()

    for path in PATHS:
        response = client.post(path, data=sent(comment_content=FAIR))

        failed(response, 503)
        assert int(response.headers["Retry-After"]) > 0


def test_a_fault_of_ours_tells_nothing(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(settings)
    parts: Any = app.extensions[NAME]
    app.extensions[NAME] = replace(parts, moderation=None)

    response = app.test_client().post(CHECK, data=sent(comment_content="secret words"))

    parts.store.database.close()
    assert "moderation" not in failed(response, 500)
    log = capsys.readouterr().err
    assert "internal error" in log
    assert "secret" not in log
    assert KEY not in log


def test_no_log_has_a_key_or_a_text(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    app = with_settings(settings, REFRAIN_LOG_LEVEL="DEBUG")
    client = app.test_client()

    client.get("/1.2/usage-limit", query_string={"api_key": KEY})
    client.post(CHECK, data=sent(comment_content="secret words"))
    client.get("/1.2/nothing", query_string={"api_key": KEY})

    app.extensions[NAME].store.database.close()
    log = capsys.readouterr().err
    assert "/1.2/usage-limit" in log
    assert KEY not in log
    assert "secret" not in log
