"""The service as deployed: gunicorn, two workers, real sockets, rude clients."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from uuid import uuid4

import httpx
import pytest

from tests.fixtures_service import Server
from tests.fixtures_store import KEY
from tests.running import FAIR, FOUL, THREADS, exchange, request, still_answers
from tests.senders import HEADERS
from tests.sockets import connected

BODY = json.dumps({"text": FAIR}).encode()
GOOD = request(BODY)


# Serving


def test_two_workers_answer_and_see_each_others_decisions(
    server: Server, http: httpx.Client
) -> None:
    comment_id = uuid4().hex
    first = http.post("/v1/moderate", json={"id": comment_id, "text": FOUL}).json()

    with ThreadPoolExecutor(THREADS) as pool:
        url = f"{server.url}/v1/comments/{comment_id}"
        answers = list(
            pool.map(lambda _: httpx.get(url, headers=HEADERS).json(), range(16))
        )

    assert {answer["decision"] for answer in answers} == {first["decision"]}


def test_the_same_comment_sent_many_times_at_once_is_decided_once(
    server: Server, http: httpx.Client
) -> None:
    comment = {"id": uuid4().hex, "text": FOUL}

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(
            pool.map(
                lambda _: httpx.post(
                    f"{server.url}/v1/moderate",
                    json=comment,
                    headers=HEADERS,
                    timeout=30,
                ).json(),
                range(24),
            )
        )

    stored = http.get(f"/v1/comments/{comment['id']}").json()
    assert all(answer == answers[0] for answer in answers)
    assert len(stored["history"]) == 1


def test_requests_sent_ahead_on_one_connection_are_answered_in_order(
    server: Server,
) -> None:
    ids = [uuid4().hex for _ in range(5)]
    bodies = [json.dumps({"id": i, "text": FAIR}).encode() for i in ids]

    answer = exchange(server, b"".join(map(request, bodies)))

    assert answer.count(b"HTTP/1.1 200") == 5
    places = [answer.index(i.encode()) for i in ids]
    assert places == sorted(places)


def test_a_chunked_body_is_read(server: Server) -> None:
    half = len(BODY) // 2
    chunks = [BODY[:half], BODY[half:], b""]
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)

    answer = exchange(server, request(body, "Transfer-Encoding: chunked"))

    assert answer.startswith(b"HTTP/1.1 200")


# Rude clients: every answer is a problem document, and the next client is served

RUDE = [
    pytest.param(b"HELLO\r\n\r\n", 400, id="no HTTP"),
    pytest.param(b"GET / HTTP/9.9\r\n\r\n", 400, id="HTTP of the future"),
    pytest.param(b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, id="a broken header"),
    pytest.param(b"GET / HTTP/1.1\r\nA b: c\r\n\r\n", 400, id="a blank in a name"),
    pytest.param(
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", 414, id="a long line"
    ),
    pytest.param(
        b"GET / HTTP/1.1\r\nA: " + b"a" * 20_000 + b"\r\n\r\n", 431, id="a long header"
    ),
    pytest.param(
        b"GET / HTTP/1.1\r\n" + b"A: a\r\n" * 500 + b"\r\n", 431, id="500 headers"
    ),
    pytest.param(request(BODY, "Content-Length: x"), 400, id="length is a word"),
    pytest.param(request(BODY, "Content-Length: -5"), 400, id="length is negative"),
    pytest.param(
        request(BODY, f"Content-Length: {'9' * 5000}"), 400, id="5,000 digits of length"
    ),
    pytest.param(
        request(BODY, "Content-Length: 5", "Content-Length: 6"), 400, id="two lengths"
    ),
    pytest.param(
        request(BODY, "Content-Length: 5", "Transfer-Encoding: chunked"),
        400,
        id="a length and chunks",
    ),
    pytest.param(
        request(BODY, "Transfer-Encoding: gzip, chunked"), 400, id="compressed chunks"
    ),
    pytest.param(
        request(b"zz\r\nabc\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
        400,
        id="chunk size is no number",
    ),
    pytest.param(
        request(b"-5\r\nabc\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
        400,
        id="negative chunk",
    ),
    pytest.param(
        request(b"ffffffffffffffff\r\nabc", "Transfer-Encoding: chunked"),
        400,
        id="endless chunk",
    ),
    pytest.param(
        request(b"5\r\nab", "Transfer-Encoding: chunked"), 400, id="half a chunk"
    ),
    pytest.param(request(BODY[:9], "Content-Length: 99"), 400, id="half a body"),
    pytest.param(
        request(b"", "Content-Length: 99999999999"),
        413,
        id="a length beyond all limits",
    ),
    pytest.param(request(BODY, "Expect: a miracle"), 417, id="an odd expectation"),
]


@pytest.mark.parametrize(("data", "status"), RUDE)
def test_what_is_no_proper_request_gets_a_problem_document(
    server: Server, data: bytes, status: int
) -> None:
    answer = exchange(server, data)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d" % status), answer
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] == status
    assert answer.count(b"HTTP/1.1 ") == 1
    assert exchange(server, GOOD).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\r\n", id="an empty line"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00", id="TLS to a plain port"),
        pytest.param(b"POST /v1/mod", id="half a line"),
        pytest.param(b"POST /v1/moderate HTTP/1.1\r\nHost: loc", id="half a header"),
    ],
)
def test_who_leaves_early_harms_nobody(server: Server, data: bytes) -> None:
    for _ in range(THREADS):
        exchange(server, data)

    assert still_answers(server)


def test_clients_that_never_finish_do_not_keep_the_threads(server: Server) -> None:
    halves = [
        b"POST /v1/moderate HTTP/1.1\r\nHost: loc",
        request(b'{"text', "Content-Length: 400"),
        request(b"5\r\nab", "Transfer-Encoding: chunked"),
    ]
    with ExitStack() as stack:
        # As many as there are threads: each of them waits for more.
        for number in range(THREADS):
            connection = stack.enter_context(connected(server))
            connection.sendall(halves[number % len(halves)])

        assert httpx.get(f"{server.url}/healthz", timeout=60).is_success


def test_who_resets_the_connection_harms_nobody(server: Server) -> None:
    for _ in range(THREADS):
        with connected(server) as connection:
            connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
            )
            connection.sendall(GOOD)

    assert still_answers(server)


def test_the_log_of_all_this_holds_no_text_and_no_key(
    server: Server, http: httpx.Client
) -> None:
    http.post("/v1/moderate", json={"text": FOUL, "id": "logged-id"})
    http.post("/v1/moderate?offsets=wrong", content=b"{" + FOUL.encode())

    assert "fuck" not in server.log
    assert KEY not in server.log
    assert "logged-id" not in server.log
    assert "Traceback" not in server.log
