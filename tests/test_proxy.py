"""The nginx of deploy/ before real servers: what it lets through and writes down."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from service.settings import load_settings
from tests.fixtures_service import Server, serving
from tests.fixtures_store import KEY, PASSWORD
from tests.proxied import NGINX, Proxy, check, configure, program, proxying

FAIR = {"text": "The council should publish the report."}
SLOW_S = 20.0
"""A slow client is cut off after 10 s."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, prepared_sqlite: Path) -> Path:
    """A folder with a database as the first start leaves it."""
    program()
    folder = tmp_path_factory.mktemp("proxied")
    (folder / "refrain.db").write_bytes(prepared_sqlite.read_bytes())
    return folder


@pytest.fixture(scope="module")
def servers(folder: Path) -> Iterator[list[Server]]:
    """Two services on one database, behind one proxy."""
    settings = {"REFRAIN_PROXIES": "1", "WEB_CONCURRENCY": "1"}
    with (
        serving(folder, workers=1, **settings) as one,
        serving(folder, workers=1, **settings) as other,
    ):
        yield [one, other]


@pytest.fixture(scope="module")
def proxy(
    tmp_path_factory: pytest.TempPathFactory, servers: list[Server]
) -> Iterator[Proxy]:
    own = tmp_path_factory.mktemp("nginx")
    with proxying(own, [server.address for server in servers]) as proxy:
        yield proxy


@pytest.fixture
def outside(proxy: Proxy) -> Iterator[httpx.Client]:
    """A client of the proxy, with KEY."""
    trusted = ssl.create_default_context(cafile=str(proxy.authority))
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx.Client(
        base_url=proxy.url, headers=headers, verify=trusted, timeout=30
    ) as client:
        yield client


def test_nginx_finds_nothing_wrong_with_the_configuration(tmp_path: Path) -> None:
    program()
    configure(tmp_path, [("127.0.0.1", 9)])

    assert "test is successful" in check(tmp_path)


def test_a_comment_is_judged_through_the_proxy(outside: httpx.Client) -> None:
    answers = [outside.post("/v1/moderate", json=FAIR) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert answers[0].json()["decision"] == "accept"
    assert "max-age" in answers[0].headers["Strict-Transport-Security"]


@pytest.mark.parametrize(
    "path", ["/metrics", "/readyz", "//metrics", "/v1/../metrics", "/%6detrics"]
)
def test_counts_and_readiness_are_for_those_inside(proxy: Proxy, path: str) -> None:
    raw = exchange(proxy, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")

    assert raw.startswith("HTTP/1.1 404 ")
    assert '"title":"Not Found"' in raw
    assert "refrain_requests" not in raw


def exchange(proxy: Proxy, sent: str) -> str:
    """Send bytes as they are, and read the first part of what comes."""
    trusted = ssl.create_default_context(cafile=str(proxy.authority))
    with (
        socket.create_connection(proxy.tls, timeout=10) as plain,
        trusted.wrap_socket(plain, server_hostname="localhost") as stream,
    ):
        stream.sendall(sent.encode())
        stream.settimeout(10)
        return stream.recv(65536).decode()


def test_without_tls_there_is_only_the_way_to_it(proxy: Proxy) -> None:
    plain = f"http://{proxy.plain[0]}:{proxy.plain[1]}"

    sent_on = httpx.post(f"{plain}/v1/moderate", json=FAIR)

    assert sent_on.status_code == 308
    assert sent_on.headers["Location"].startswith("https://")
    assert httpx.get(f"{plain}/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("path", "field"),
    [
        pytest.param("/v1/moderate", "max_body", id="a comment"),
        pytest.param("/v1/moderate/batch", "max_batch_body", id="a batch"),
        pytest.param("/v1/moderations", "max_batch_body", id="OpenAI's"),
        pytest.param(
            "/v1alpha1/comments:analyze", "max_batch_body", id="Perspective's"
        ),
        pytest.param("/1.1/comment-check", "max_batch_body", id="Akismet's"),
    ],
)
def test_a_body_may_be_as_large_as_the_service_takes_and_no_larger(
    outside: httpx.Client, path: str, field: str
) -> None:
    limit = getattr(load_settings({}), field)

    largest = outside.post(path, content=b"x" * limit)
    larger = outside.post(path, content=b"x" * (limit + 1))

    # The service's own word, whatever it is of: x's are no comment.
    assert largest.status_code in (200, 400, 415), largest.text
    assert largest.headers.get("Server") == "nginx"
    assert larger.status_code == 413
    assert larger.json() == {
        "type": "about:blank",
        "title": "Content Too Large",
        "status": 413,
    }


def test_the_service_believes_the_proxy_and_not_the_client(
    proxy: Proxy, outside: httpx.Client
) -> None:
    page = outside.get("/desk/sign-in")
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page.text)
    assert token
    forged = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "http"}

    signed_in = outside.post(
        "/desk/sign-in",
        data={"csrf_token": token[1], "name": "editor", "password": PASSWORD},
        headers=forged | {"Forwarded": "for=203.0.113.7", "X-Forwarded-Prefix": "/x"},
    )

    # Had it believed in http or a prefix, the way on would lead there.
    assert signed_in.status_code in (302, 303), signed_in.text
    assert not signed_in.headers["Location"].startswith(("http:", "/x"))


def test_no_key_id_text_or_link_is_written_down(
    proxy: Proxy, outside: httpx.Client, fresh_id: str
) -> None:
    secret = "rf_" + "s" * 43
    asked = {"comment": {"text": "unheard-of words"}, "requestedAttributes": {}}
    outside.post(f"/v1alpha1/comments:analyze?key={secret}", json=asked)
    outside.post(f"/v1alpha1/comments:analyze?key={secret}", content=b"x" * 5_000_000)
    outside.post("/v1/moderate", json={"id": fresh_id, "text": "unheard-of words"})
    outside.get(f"/v1/comments/{fresh_id}")
    outside.post(f"/v1/comments/{fresh_id}/report", json={})
    outside.get(f"/appeal/{fresh_id}")
    outside.get(f"/desk/default/comments/{fresh_id}?next={secret}")
    outside.get(f"/v1/decisions?cursor={secret}")

    time.sleep(0.1)
    written = proxy.written("access") + proxy.written("error")
    for hidden in (secret, KEY, fresh_id, "unheard-of", "127.0.0.1 "):
        assert hidden not in written
    lines = [json.loads(line) for line in proxy.written("access").splitlines()]
    paths = {line["path"] for line in lines}
    assert {
        "/v1alpha1/comments:analyze",
        "/v1/comments/{id}",
        "/v1/comments/{id}/report",
        "/appeal/{token}",
        "/desk/default/comments/{id}",
        "/v1/decisions",
    } <= paths


def test_a_key_is_not_written_down_where_no_service_answers(tmp_path: Path) -> None:
    secret = "rf_" + "s" * 43
    with proxying(tmp_path, [("127.0.0.1", 9)]) as proxy:
        trusted = ssl.create_default_context(cafile=str(proxy.authority))
        answers = [
            httpx.post(f"{proxy.url}{path}?key={secret}", json={}, verify=trusted)
            for path in ("/v1alpha1/comments:analyze", "/v1/moderate")
        ]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert {answer.headers["Retry-After"] for answer in answers} == {"5"}
    assert answers[0].json()["title"] == "Service Unavailable"
    assert secret not in proxy.written("access") + proxy.written("error")
    assert '"status":503' in proxy.written("access")


def test_a_client_that_sends_slowly_is_cut_off_and_holds_nothing(
    proxy: Proxy, outside: httpx.Client
) -> None:
    head = "POST /v1/moderate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n"
    begun = [f"{head}X-Slow: ", f"{head}Content-Type: application/json\r\n\r\n{{"]
    # More than the threads of both services together.
    with ThreadPoolExecutor(24) as pool:
        slow = [pool.submit(held, proxy, begun[i % 2]) for i in range(24)]
        time.sleep(1)
        start = time.monotonic()
        answer = outside.post("/v1/moderate", json=FAIR)
        took_s = time.monotonic() - start
        held_s = [one.result() for one in slow]

    assert answer.status_code == 200
    assert took_s < 5
    assert max(held_s) < SLOW_S


def held(proxy: Proxy, begun: str) -> float:
    """Begin a request and send no more; returns after how long it is cut off."""
    trusted = ssl.create_default_context(cafile=str(proxy.authority))
    with (
        socket.create_connection(proxy.tls, timeout=30) as plain,
        trusted.wrap_socket(plain, server_hostname="localhost") as stream,
    ):
        start = time.monotonic()
        stream.sendall(begun.encode())
        try:
            while stream.recv(4096):
                pass
        except OSError:  # Reset: cut off as well.
            pass
        return time.monotonic() - start


@pytest.mark.parametrize(
    "how", [signal.SIGKILL, signal.SIGTERM], ids=lambda how: how.name
)
def test_a_replica_that_is_lost_or_taken_away_is_not_noticed_outside(
    tmp_path: Path, folder: Path, servers: list[Server], how: signal.Signals
) -> None:
    settings = {"REFRAIN_PROXIES": "1", "WEB_CONCURRENCY": "1"}
    with serving(folder, workers=1, **settings) as doomed:
        addresses = [doomed.address, servers[0].address]
        with proxying(tmp_path, addresses) as proxy:
            trusted = ssl.create_default_context(cafile=str(proxy.authority))
            headers = {"Authorization": f"Bearer {KEY}"}
            with httpx.Client(
                base_url=proxy.url, headers=headers, verify=trusted, timeout=30
            ) as client:
                statuses = []
                for i in range(60):
                    if i == 20:
                        os.killpg(doomed.process.pid, how)
                    comment = {"id": f"{how.name}-{i}", **FAIR}
                    statuses.append(
                        client.post("/v1/moderate", json=comment).status_code
                    )
                stored = [
                    client.get(f"/v1/comments/{how.name}-{i}").status_code
                    for i in range(60)
                ]

    assert statuses == [200] * 60
    assert stored == [200] * 60


def test_the_limits_are_those_of_the_settings() -> None:
    text = (NGINX / "nginx.conf").read_text()
    settings = load_settings({})

    assert f"client_max_body_size {settings.max_body // 1024}k;" in text
    assert f"client_max_body_size {settings.max_batch_body // 2**20}m;" in text


def test_ci_does_without_none_of_the_real_programs() -> None:
    script = (NGINX.parents[1] / ".ci" / "run").read_text()

    for promise in (
        "REQUIRE_NGINX=1",
        "REQUIRE_PROMTOOL=1",
        "REQUIRE_NAMESPACES=1",
        "make audit",
    ):
        assert promise in script
