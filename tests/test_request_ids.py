"""Every request has an id: in its answer, and in each line logged on its way."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.app import create_app
from service.logs import make_log
from service.services import NAME
from service.settings import Settings
from tests.fixtures_service import Server, serving, with_key, with_more
from tests.fixtures_store import KEY
from tests.running import exchange

ID = re.compile(r"[0-9a-f]{16}")
TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
FAIR = {"text": "The council should publish the report."}
FOUL = {"text": "What the fuck is wrong with this world.", "id": "an-id-of-theirs"}

ASK = [
    pytest.param(lambda c: c.post("/v1/moderate", json=FAIR), id="the express lane"),
    pytest.param(
        lambda c: c.post("/v1/moderate?offsets=utf16", json=FAIR), id="past the lane"
    ),
    pytest.param(lambda c: c.post("/v1/moderate", data=b"{"), id="what is refused"),
    pytest.param(lambda c: c.get("/nowhere"), id="a path that is none"),
    pytest.param(lambda c: c.get("/readyz"), id="a probe"),
    pytest.param(lambda c: c.get("/desk/sign-in"), id="a page"),
    pytest.param(
        lambda c: c.post("/v1alpha1/comments:analyze", json={}), id="Perspective's"
    ),
]


@pytest.mark.parametrize("ask", ASK)
def test_every_answer_bears_an_id_of_ours(
    client: FlaskClient, ask: Callable[[FlaskClient], TestResponse]
) -> None:
    first, second = ask(client), ask(client)

    (one,) = first.headers.getlist("X-Request-Id")
    (another,) = second.headers.getlist("X-Request-Id")
    assert ID.fullmatch(one)
    assert one != another


def test_an_id_that_was_sent_is_not_taken_over(client: FlaskClient) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": "theirs"})

    assert ID.fullmatch(answer.headers["X-Request-Id"])


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory, prepared_sqlite: Path) -> Path:
    """Where a server has logged to, from its start to its end, with all it could."""
    folder = tmp_path_factory.mktemp("logging")
    shutil.copy(prepared_sqlite, folder / "refrain.db")
    with serving(folder, REFRAIN_LOG_LEVEL="DEBUG") as server:
        headers = {"Authorization": f"Bearer {KEY}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
            client.post("/v1/moderate", json=FOUL, headers=CALLER)
            client.post("/v1/moderate?offsets=fuck", content=b"{fuck")
            client.get("/v1/comments/an-id-of-theirs")
        exchange(server, b"GET /fuck HTTP/1.1\r\nno colon\r\n\r\n")
        httpx.get(f"{server.url}/healthz")
    return server.log_file


def test_all_that_a_server_logs_is_json_with_level_and_time(lines: Path) -> None:
    logged = [json.loads(line) for line in lines.read_text().splitlines()]

    assert all(line["level"] in LEVELS for line in logged)
    assert all(TIME.fullmatch(line["timestamp"]) for line in logged)
    said = " ".join(line["event"] for line in logged)
    assert "Starting gunicorn" in said
    assert "Worker ready" in said
    assert "Shutting down: Master" in said


LEVELS = {"debug", "info", "warning", "error"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def test_a_request_is_a_line_with_its_route_and_the_callers_trace(lines: Path) -> None:
    logged = [json.loads(line) for line in lines.read_text().splitlines()]
    requests = [line for line in logged if line["event"] == "request"]

    shown = [(one["method"], one["route"], one["status"]) for one in requests]
    assert shown == [
        ("POST", "/v1/moderate", 200),
        ("POST", "/v1/moderate", 422),
        ("GET", "/v1/comments/<whole_id:comment_id>", 200),
        ("GET", "/healthz", 200),
    ]
    assert requests[0]["trace_id"] == TRACE
    assert len({one["trace_id"] for one in requests}) == 4
    assert len({one["request_id"] for one in requests}) == 4
    assert all(0 < one["ms"] < 10_000 for one in requests)
    levels = [one["level"] for one in requests]
    assert levels == ["debug", "info", "debug", "debug"]


def test_no_line_holds_a_text_a_key_an_id_or_a_query(lines: Path) -> None:
    said = lines.read_text()

    assert "fuck" not in said
    assert KEY not in said
    assert "an-id-of-theirs" not in said
    assert "offsets" not in said


def test_what_is_no_request_yet_has_an_id_too(server: Server) -> None:
    answer = exchange(server, b"GET / HTTP/1.1\r\nno colon\r\n\r\n").decode()

    found = re.search(r"X-Request-Id: ([0-9a-f]{16})\r\n", answer)
    assert found
    (line,) = [one for one in server.log.splitlines() if found[1] in one]
    assert json.loads(line)["event"] == "Refused a request: InvalidHeader"


def test_a_fault_is_logged_with_the_id_that_its_caller_got(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(settings)

    @app.get("/bug")
    def bug() -> str:
        raise ValueError

    answer = with_key(app).get("/bug", headers=CALLER)

    app.extensions[NAME].store.database.close()
    fault, request = map(json.loads, capsys.readouterr().err.splitlines())
    assert (fault["event"], request["event"]) == ("internal error", "request")
    assert fault["request_id"] == request["request_id"]
    assert fault["request_id"] == answer.headers["X-Request-Id"]
    assert fault["trace_id"] == TRACE


def test_between_requests_no_line_bears_an_id(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(settings)
    with_key(app).get("/v1/model")

    make_log("INFO").info("after it")

    app.extensions[NAME].store.database.close()
    assert "request_id" not in json.loads(capsys.readouterr().err.splitlines()[-1])


def test_a_method_that_http_does_not_know_is_not_repeated(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(settings)

    app.test_client().open("/v1/model", method='FUCK"')

    app.extensions[NAME].store.database.close()
    line = json.loads(capsys.readouterr().err)
    assert (line["method"], line["status"]) == ("_OTHER", 405)


@pytest.mark.parametrize(
    ("level", "statuses"),
    [("DEBUG", [200, 404]), ("INFO", [404]), ("WARNING", [])],
)
def test_the_level_says_which_requests_are_logged(
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
    level: str,
    statuses: list[int],
) -> None:
    app = create_app(with_more(settings, REFRAIN_LOG_LEVEL=level))
    client = with_key(app)

    client.get("/v1/model")
    client.get("/v1/comments/none-of-this-id")

    app.extensions[NAME].store.database.close()
    logged = map(json.loads, capsys.readouterr().err.splitlines())
    assert [line["status"] for line in logged] == statuses


def test_a_full_disk_under_the_log_fails_no_request(settings: Settings) -> None:
    with Path("/dev/full").open("w") as full, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stderr", full)
        app = create_app(with_more(settings, REFRAIN_LOG_LEVEL="DEBUG"))
        client = with_key(app)

        answers = [client.post("/v1/moderate", json=FAIR) for _ in range(3)]
        told = client.get("/metrics").get_data(as_text=True)

    app.extensions[NAME].store.database.close()
    assert [answer.status_code for answer in answers] == [200] * 3
    assert re.search(r"^refrain_log_errors_total 3\.0$", told, re.MULTILINE)
