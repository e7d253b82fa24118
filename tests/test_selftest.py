"""`flask selftest` tells what a newsroom would see, and what stands in the way."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
import trustme
from click.testing import Result
from flask import Flask

from model.finding import Rule
from service import cli
from service.auth import key_hash
from service.commands.selftest import KEY as KEY_VARIABLE
from service.commands.selftest import SECRET as SECRET_VARIABLE
from service.domain import Outcome, Thresholds
from service.selftest.calling import Answer, Caller
from service.selftest.findings import Failed, Line, Section, has_failed, page
from service.selftest.visit import FOUL, in_time
from service.store.accounts import Accounts
from service.store.coral import CoralSecrets
from service.store.database import Database, open_database
from service.store.sites import Sites
from tests.between import Send, between
from tests.fixtures_coral import SECRET
from tests.fixtures_service import ROOT, Server, serving
from tests.fixtures_store import KEY, NOON

ANALYZE = "/v1alpha1/comments:analyze"
HTML = {"Content-Type": "text/html"}
SITES = (
    ("lenient", None, Outcome.ACCEPT),
    ("flagging", 0.6, Outcome.ACCEPT),
    ("holding-back", 0.6, Outcome.REJECT),
)
"""Names, from which score each rule flags, and what is flagged gets."""


def run(url: str, *options: str, key: str = KEY, secret: str | None = None) -> Result:
    """Type the command, with the key in the environment."""
    app = Flask("operator")
    cli.register(app)
    env = {KEY_VARIABLE: key, SECRET_VARIABLE: secret}
    result = app.test_cli_runner().invoke(args=["selftest", url, *options], env=env)
    assert not key or key not in result.output
    assert not secret or secret not in result.output
    return result


def section(result: Result, title: str) -> list[str]:
    """The lines below a title, each with its blanks made one."""
    lines = result.output.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(title))
    end = lines.index("", start)
    return [" ".join(line.split()) for line in lines[start + 1 : end]]


def failed(result: Result) -> list[str]:
    """The lines that failed."""
    lines = (" ".join(line.split()) for line in result.output.splitlines())
    return [line for line in lines if line.startswith("FAIL ")]


def stored(server: Server) -> int:
    with closing(sqlite3.connect(server.log_file.parent / "refrain.db")) as database:
        return int(database.execute("SELECT count(*) FROM comments").fetchone()[0])


@pytest.fixture(scope="module")
def public_server(
    tmp_path_factory: pytest.TempPathFactory, coral_sqlite: Path
) -> Iterator[Server]:
    """gunicorn that knows its own address, with sites that have other policies."""
    folder = tmp_path_factory.mktemp("selftest")
    shutil.copy(coral_sqlite, folder)
    database = open_database(f"sqlite:///{folder}/refrain.db")
    for site in SITES:
        add_site(database, *site)
    database.close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    with serving(
        folder, PORT=port, REFRAIN_CORAL_BUDGET_MS="10000", REFRAIN_LOG_LEVEL="DEBUG"
    ) as server:
        yield server


def add_site(
    database: Database, name: str, flag_from: float | None, flagged: Outcome
) -> None:
    """Add a site that rejects nothing, with a key and a secret of Coral's."""
    sites = Sites(database)
    sites.create(name, by="t", now=NOON)
    limits = Thresholds(flag_from, None)
    for rule in Rule:
        sites.set_thresholds(name, rule, limits, by="t", now=NOON)
    sites.set_flagged(name, flagged, by="t", now=NOON)
    Accounts(database).create_key(name, key_hash(f"rf_{name}"), "t", NOON)
    CoralSecrets(database).add(name, f"empsec_{name}", NOON)


# All is well


def test_a_service_that_runs_gets_a_page_of_passes(public_server: Server) -> None:
    before = stored(public_server)

    result = run(public_server.url, secret=SECRET)

    assert result.exit_code == 0, result.output
    assert "24 passed, 0 failed, 0 not tried." in result.output
    assert section(result, "Refrain's own API") == [
        "pass fair comment accepted: it is published",
        "pass foul comment rejected (obscene, personal): it is not published",
        "pass wrong key refused",
    ]
    perspective = section(result, "Perspective")
    assert perspective[0].endswith("not above Coral's usual 80 %: Coral publishes it")
    assert perspective[1].endswith("after a warning, it lands in Coral's Pending queue")
    assert "pass fair comment not flagged" in section(result, "OpenAI's")
    assert section(result, "Coral's external")[:3] == [
        "pass fair comment no objection: Coral publishes it",
        "pass foul comment REJECTED, OFFENSIVE: Coral rejects it",
        "pass unsigned refused",
    ]
    assert section(result, "Akismet")[2:4] == [
        "pass foul comment true: lands among spam or pending",
        "pass decisions what people decide can be told (it was marked as a test)",
    ]
    assert stored(public_server) == before


def test_no_log_holds_the_key_or_a_comment(public_server: Server) -> None:
    run(public_server.url, secret=SECRET)

    assert ANALYZE in public_server.log
    assert KEY not in public_server.log
    assert SECRET not in public_server.log
    assert FOUL not in public_server.log


def test_secrets_may_be_lines_of_standard_input(public_server: Server) -> None:
    command = [sys.executable, "-m", "flask", "--app", "service.cli", "selftest"]

    done = subprocess.run(
        [*command, "--coral", public_server.url],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "REFRAIN_DATA_DIR": "/nowhere"},
        input=f"{KEY}\n{SECRET}\n",
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "24 passed, 0 failed, 0 not tried." in done.stdout


def test_an_address_with_a_slash_at_the_end_will_do(public_server: Server) -> None:
    assert run(f"{public_server.url}/").exit_code == 0


def test_without_a_secret_corals_phase_is_not_tried(public_server: Server) -> None:
    lines = section(run(public_server.url), "Coral's external")

    assert lines == ["- not tried no secret was given: add --coral"]


# Other policies


def test_a_site_that_lets_everything_pass_is_told_so(public_server: Server) -> None:
    result = run(public_server.url, key="rf_lenient", secret="empsec_lenient")

    assert result.exit_code == 1
    (line,) = failed(result)
    assert line.startswith("FAIL foul comment accepted. The site's thresholds")
    assert "pass foul comment not flagged" in section(result, "OpenAI's")
    coral = section(result, "Coral's external")
    assert "pass foul comment no objection: Coral publishes it" in coral


@pytest.mark.parametrize(
    ("site", "said", "by_coral"),
    [
        pytest.param(
            "flagging",
            "it is published, and people look at it",
            "flagged: Coral publishes it, and it lands in the Reported queue",
            id="published",
        ),
        pytest.param(
            "holding-back",
            "it waits for people",
            "SYSTEM_WITHHELD: it lands in Coral's Pending queue",
            id="held",
        ),
    ],
)
def test_a_site_that_has_people_look_is_told_what_happens_until_then(
    public_server: Server, site: str, said: str, by_coral: str
) -> None:
    result = run(public_server.url, key=f"rf_{site}", secret=f"empsec_{site}")

    assert result.exit_code == 0, result.output
    assert section(result, "Refrain's own API")[1].endswith(said)
    assert section(result, "Coral's external")[1] == f"pass foul comment {by_coral}"
    assert "pass foul comment true: lands" in "\n".join(section(result, "Akismet"))


# Coral's signature


def test_a_secret_that_nobody_added_is_refused(public_server: Server) -> None:
    result = run(public_server.url, secret="empsec_wrong")

    lines = section(result, "Coral's external")
    assert lines[0].startswith("FAIL fair comment The signature is refused: the secret")
    assert "pass unsigned refused" in lines
    assert set(failed(result)) <= set(lines)


def test_the_secret_of_another_site_is_noticed(public_server: Server) -> None:
    result = run(public_server.url, secret="empsec_lenient")

    (line,) = failed(result)
    assert line.startswith(
        "FAIL foul comment Coral publishes it, but by the verdict of"
    )


def test_a_signature_or_a_body_that_does_not_arrive_is_noticed(
    public_server: Server,
) -> None:
    def lose(request: httpx.Request, send: Send) -> httpx.Response:
        request.headers.pop("X-Coral-Signature", None)
        return send(request)

    def write_anew(request: httpx.Request, send: Send) -> httpx.Response:
        if request.url.path != "/coral/moderate":
            return send(request)
        body = json.dumps(json.loads(request.content)).encode()
        kept = {k: v for k, v in request.headers.items() if k != "content-length"}
        url = str(request.url)
        return send(httpx.Request("POST", url, headers=kept, content=body))

    for spoil in (lose, write_anew):
        with between(public_server, spoil) as url:
            lines = section(run(url, secret=SECRET), "Coral's external")

        assert lines[0].endswith("changes the body or takes `X-Coral-Signature` away.")


@pytest.mark.parametrize(
    "answer",
    [
        {"status": "HELD"},
        {"status": None},
        {"tags": []},
        {"actions": [{"actionType": "FLAG", "reason": "COMMENT_DETECTED_ABUSE"}]},
        {"actions": None},
        {"moderationAction": {"rejectionReason": {"code": "RUDE"}}},
        {"moderationAction": {"rejectionReason": {"detailedExplanation": ""}}},
        {"moderationAction": None},
    ],
    ids=json.dumps,
)
def test_what_coral_would_discard_has_failed(
    public_server: Server, answer: dict[str, object]
) -> None:
    def strange(request: httpx.Request, send: Send) -> httpx.Response:
        signed = "X-Coral-Signature" in request.headers
        return httpx.Response(200, json=answer) if signed else send(request)

    with between(public_server, strange) as url:
        lines = section(run(url, secret=SECRET), "Coral's external")

    assert lines[1].startswith("FAIL foul comment Coral would discard the answer and")


# Something stands between


def test_a_header_that_gets_lost_is_told_from_a_wrong_key(
    public_server: Server,
) -> None:
    def lose(request: httpx.Request, send: Send) -> httpx.Response:
        request.headers.pop("Authorization", None)
        return send(request)

    with between(public_server, lose) as url:
        result = run(url)

    assert result.exit_code == 1
    assert section(result, "Refrain's own API")[0].endswith(
        "the header `Authorization` does not arrive: a proxy takes it away."
    )
    assert all(line.startswith("pass ") for line in section(result, "Perspective"))
    assert all(line.startswith("pass ") for line in section(result, "Akismet"))


def test_a_redirect_is_named_with_its_goal(public_server: Server) -> None:
    def redirect(request: httpx.Request, send: Send) -> httpx.Response:
        goal = f"https://news.example.com{request.url.raw_path.decode()}"
        goal = goal.partition("?")[0]
        return httpx.Response(308, headers={"Location": goal})

    with between(public_server, redirect) as url:
        result = run(url)

    assert result.exit_code == 1
    assert result.output.count("Callers are sent on to another address") > 10
    assert "https://news.example.com/v1/moderate" in result.output


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        pytest.param(200, "<!doctype html><title>Welcome to nginx!</title>", id="200"),
        pytest.param(502, "<html><body>502 Bad Gateway</body></html>", id="502"),
        pytest.param(404, "\n <HTML>\x1b[31mNot here</HTML>", id="404"),
    ],
)
def test_a_web_page_is_no_answer(
    public_server: Server, status: int, shown: str
) -> None:
    def web_page(request: httpx.Request, send: Send) -> httpx.Response:
        return httpx.Response(status, text=shown, headers=HTML)

    with between(public_server, web_page) as url:
        result = run(url)

    assert result.exit_code == 1
    (own, perspective, *_, akismet) = failed(result)
    assert own == perspective == akismet
    assert own.startswith(
        f"FAIL everything A web page is answered (status {status}): something else"
    )
    assert "\x1b" not in result.output


def test_a_path_that_is_not_passed_on_costs_one_protocol(
    public_server: Server,
) -> None:
    def choose(request: httpx.Request, send: Send) -> httpx.Response:
        if request.url.path.startswith("/v1alpha1"):
            return httpx.Response(404, text="no such location")
        return send(request)

    with between(public_server, choose) as url:
        result = run(url)

    lines = section(result, "Perspective")
    assert "FAIL fair comment Answered with 404 Not Found: no such location" in lines
    assert set(failed(result)) <= set(lines)


def test_error_pages_of_a_proxy_are_noticed(public_server: Server) -> None:
    def intercept(request: httpx.Request, send: Send) -> httpx.Response:
        response = send(request)
        if response.status_code < 400:
            return response
        return httpx.Response(response.status_code, text="<h1>Oops</h1>", headers=HTML)

    with between(public_server, intercept) as url:
        result = run(url)

    perspective = section(result, "Perspective")
    assert [line.split()[1] for line in perspective if line.startswith("FAIL")] == [
        "decisions",
        "errors",
        "wrong",
    ]
    assert any("OpenAI" in line for line in result.output.splitlines())


def test_coral_would_not_wait_for_a_slow_answer(public_server: Server) -> None:
    def slow(request: httpx.Request, send: Send) -> httpx.Response:
        if request.url.path == ANALYZE and FOUL in request.content.decode():
            time.sleep(0.85)
        return send(request)

    with between(public_server, slow) as url:
        (line,) = failed(run(url))

    assert line.startswith("FAIL time answered in ")
    assert line.endswith("ms, waited for 800 ms: Coral would publish.")


def test_the_quickest_of_three_answers_counts() -> None:
    seconds = iter([3.0, 0.5, 3.0])

    said = in_time(lambda: Answer(200, {}, b"{}", next(seconds)), 0.8, "")

    assert said == "answered in 500 ms, waited for 800 ms"
    with pytest.raises(Failed, match="answered in 800 ms, waited for 800 ms: Gone"):
        in_time(lambda: Answer(200, {}, b"{}", 0.8), 0.8, "Gone")


def test_who_scores_nothing_is_not_mistaken_for_perspective(
    public_server: Server,
) -> None:
    def strange(request: httpx.Request, send: Send) -> httpx.Response:
        if request.url.path != ANALYZE:
            return send(request)
        return httpx.Response(200, json={"attributeScores": {"TOXICITY": 0.9}})

    with between(public_server, strange) as url:
        lines = section(run(url), "Perspective")

    said = "FAIL foul comment What is answered has no score for TOXICITY."
    assert said in lines


def test_protocols_that_disagree_are_noticed(public_server: Server) -> None:
    def meek(request: httpx.Request, send: Send) -> httpx.Response:
        if request.url.path == "/1.1/comment-check":
            return httpx.Response(200, text="false")
        return send(request)

    with between(public_server, meek) as url:
        lines = section(run(url), "Akismet")

    said = "FAIL foul comment `false`, which is not what the site's policy says."
    assert said in lines


# Discovery


def test_googles_clients_must_be_led_to_where_something_answers(
    server: Server,
) -> None:
    # It listens on port 0, as far as it knows.
    result = run(server.url)

    assert result.exit_code == 1
    (line,) = failed(result)
    assert "where nothing answers from here: set REFRAIN_PUBLIC_URL" in line


def test_they_may_be_led_to_another_name_of_the_same_service(
    public_server: Server,
) -> None:
    with between(public_server, lambda request, send: send(request)) as url:
        result = run(url)

    assert result.exit_code == 0, result.output
    assert f"Google's clients are led to {public_server.url}" in result.output


# Nothing can be tried


def test_a_wrong_key_is_said_once(public_server: Server) -> None:
    result = run(public_server.url, key="rf_wrong")

    assert result.exit_code == 2
    assert result.output == "Error: The key opens no site there.\n"


def test_where_nothing_listens_one_sentence_says_so() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        result = run(url)

    assert result.exit_code == 2
    assert result.output == (
        f"Error: No connection can be made. Does the service run, and at {url}?\n"
    )


@contextmanager
def secure() -> Iterator[str]:
    """A server whose certificate nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    return  # The client believes us nothing.

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def test_a_certificate_that_cannot_be_verified_is_named() -> None:
    with secure() as url:
        result = run(url)

    assert result.exit_code == 2
    assert "The certificate cannot be verified." in result.output


def test_a_service_that_speaks_no_tls_is_told_from_none(public_server: Server) -> None:
    result = run(public_server.url.replace("http:", "https:"))

    assert result.exit_code == 2
    assert "No encrypted connection can be made." in result.output


def test_an_answer_has_its_time_and_its_length() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        caller = Caller(f"http://127.0.0.1:{port}", ssl.create_default_context(), 0.2)

        with pytest.raises(Exception, match=r"no answer within 0\.2 s"):
            caller.get("/healthz")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param("news.example.com", "The URL must be http or https", id="scheme"),
        pytest.param("http://a@127.0.0.1", "no user", id="user"),
        pytest.param("http://127.0.0.1:x", "no proper host or port", id="port"),
        pytest.param("http://no.invalid", "cannot be resolved", id="unknown"),
        pytest.param("http://127.0.0.1/v1alpha1", "the service's own", id="Coral's"),
        pytest.param("http://127.0.0.1/?key=x", "the service's own", id="query"),
    ],
)
def test_a_url_that_will_not_do_is_refused(url: str, said: str) -> None:
    result = run(url)

    assert result.exit_code == 2
    assert said in result.output


@pytest.mark.parametrize("key", ["", "two words", "schlüssel", "a\x1bb"])
def test_a_key_that_cannot_be_sent_is_refused(key: str) -> None:
    result = run("http://127.0.0.1:9", key=key)

    assert result.exit_code == 2
    assert "API key must be printable ASCII without blanks." in result.output


# The page


def test_a_fault_that_all_have_is_told_once() -> None:
    lines = [Line("one", False, "Gone."), Line("two", False, "Gone.")]

    shown = list(page([Section("All", lines), Section("None", [Line("a", True, "b")])]))

    assert [line for line in shown if "Gone." in line] == ["  FAIL  everything  Gone."]
    assert shown[-1] == "1 passed, 2 failed, 0 not tried."


def test_what_was_not_tried_has_not_failed() -> None:
    assert not has_failed([Section("A", [Line("a", None, "b"), Line("c", True, "d")])])
    assert has_failed([Section("A", [Line("a", True, "b"), Line("c", False, "d")])])
