"""Coral's own calls, byte for byte, on the real server; its answers checked by Joi."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.fixtures_clients import Scripts
from tests.fixtures_coral import (
    FAIR,
    FLAGGED,
    FOREIGN,
    FOUL,
    HATE,
    HELD,
    HOLDING_SECRET,
    INSULT,
    PHASE,
    PHONE,
    SECRET,
    WRONG_SECRET,
    Answer,
    Sender,
    headers_for,
    moderation,
    sign,
    written,
)
from tests.fixtures_service import Server
from tests.published import CORAL

# As `JSON.stringify(data, null, 2)` writes it.
BODY = """{
  "action": "NEW",
  "comment": {
    "body": "%s",
    "parentID": null
  },
  "author": {
    "id": "baf4e943-3594-4fcc-b2ba-3e8de7a76352",
    "role": "COMMENTER"
  },
  "story": {
    "id": "245b3856-b0a0-4d2f-a6bb-58c71f18d6a6",
    "url": "http://localhost:1313/posts/a-story-url/"
  },
  "site": {
    "id": "a4bede88-2d2c-4424-bc18-4322a9e285a6"
  },
  "tenantID": "19ba5794-7eeb-4d46-a81b-c00c61672501",
  "tenantDomain": "localhost"
}"""
# As Coral's HTTP client, node-fetch, orders its headers.
REQUEST = """POST /coral/moderate HTTP/1.1\r
User-Agent: Coral Moderation/%s\r
Content-Type: application/json\r
X-Coral-Signature: %s\r
Accept: */*\r
Content-Length: %d\r
Accept-Encoding: gzip,deflate\r
Connection: close\r
Host: 127.0.0.1\r
\r
"""

PHASE_OF_CORAL = pytest.mark.client("external moderation phase", registry="calls")


def exchange(server: Server, text: str, *secrets: str) -> tuple[str, bytes]:
    """Send Coral's bytes; the head and the body of what comes back."""
    body = (BODY % text).encode()
    signature = ",".join(f"sha256={sign(secret, body)}" for secret in secrets)
    with socket.create_connection(server.address, timeout=30) as connection:
        connection.sendall((REQUEST % (CORAL, signature, len(body))).encode() + body)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, said = received.partition(b"\r\n\r\n")
    return head.decode("latin-1"), said


@PHASE_OF_CORAL
def test_corals_own_bytes_are_answered(coral_server: Server) -> None:
    head, said = exchange(coral_server, "Here’s a comment — naïve, 日本 😀", SECRET)

    assert head.startswith("HTTP/1.1 204 ")
    assert said == b""
    assert "\r\ncontent-type:" not in head.lower()


@PHASE_OF_CORAL
def test_corals_own_bytes_are_rejected_with_a_reason(coral_server: Server) -> None:
    head, said = exchange(coral_server, FOUL, SECRET)

    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert b'"code":"OFFENSIVE"' in said


@PHASE_OF_CORAL
def test_while_a_secret_is_replaced_two_sign_and_either_will_do(
    coral_server: Server,
) -> None:
    for secrets in ((SECRET, WRONG_SECRET), (WRONG_SECRET, SECRET)):
        head, _ = exchange(coral_server, FAIR, *secrets)
        assert head.startswith("HTTP/1.1 204")


@pytest.mark.parametrize("secrets", [(), (WRONG_SECRET,), (WRONG_SECRET, "x")])
def test_without_a_right_signature_there_is_a_problem(
    coral_server: Server, secrets: tuple[str, ...]
) -> None:
    head, said = exchange(coral_server, FAIR, *secrets)

    assert head.startswith("HTTP/1.1 401 ")
    assert "application/problem+json" in head
    assert b"<" not in said


def test_a_body_in_pieces_is_put_together(coral_server: Server) -> None:
    """Proxies send it so."""
    body = written(moderation(FOUL))
    pieces = (body[i : i + 100] for i in range(0, len(body), 100))

    answer = httpx.post(
        f"{coral_server.url}{PHASE}", content=pieces, headers=headers_for(body, SECRET)
    )

    assert answer.status_code == 200
    assert answer.json()["status"] == "REJECTED"


def test_a_request_that_is_too_large_is_held(coral: Sender) -> None:
    assert coral.moderate("x" * (256 * 1024)).json == HELD


def test_no_answer_is_a_redirect(coral: Sender) -> None:
    for path in (PHASE, f"{PHASE}/", f"/{PHASE}", "/coral", f"{PHASE}/x"):
        body = written(moderation(FAIR))
        answer: Answer = coral.post(path, body, headers_for(body, SECRET))
        assert answer.status in (204, 404)
        assert "Location" not in answer.headers


def test_neither_text_nor_secret_nor_signature_is_logged(
    coral: Sender, coral_server: Server
) -> None:
    marked = "marzipan fuck"
    body = written(moderation(marked))

    coral.moderate(marked)
    coral.send_bytes(PHASE, body[:-3])
    coral.post(PHASE, body, headers_for(body, WRONG_SECRET))

    log = coral_server.log
    assert '"route": "/coral/moderate"' in log
    assert "request of Coral cannot be read" in log
    for kept in ("marzipan", SECRET, sign(SECRET, body), sign(WRONG_SECRET, body)):
        assert kept not in log


# Coral's check of answers, by the package that it uses


def ask(npm: Scripts, server: Server, *secrets: str, **job: object) -> list[Any]:
    url = f"{server.url}{PHASE}"
    outcome = npm.run("coral.mjs", url=url, secrets=secrets, **job)
    answers: list[Any] = outcome["answers"]
    return answers


def test_joi_takes_every_kind_of_answer(npm: Scripts, coral_server: Server) -> None:
    texts = [
        FAIR,
        FOUL,
        INSULT,
        HATE,
        PHONE,
        FOREIGN,
        f"<b>{FOUL}</b>",
        "",
        "x" * 11000,
    ]
    requests = [moderation(text) for text in texts]

    default = ask(npm, coral_server, SECRET, requests=requests)
    holding = ask(npm, coral_server, HOLDING_SECRET, requests=requests)

    assert [answer for answer in default + holding if "error" in answer] == []
    assert [what_becomes(answer["value"]) for answer in default] == [
        None,
        "OFFENSIVE",
        "ABUSIVE",
        "HATE_SPEECH",
        "OTHER",
        "flagged",
        "OFFENSIVE",
        None,
        "SYSTEM_WITHHELD",
    ]
    assert holding[5]["value"] == HELD
    assert default[5]["value"] == FLAGGED


def test_coral_goes_by_all_that_is_answered(npm: Scripts, coral_server: Server) -> None:
    """Joi takes keys away that it does not know: there are none."""
    (answer,) = ask(npm, coral_server, SECRET, requests=[moderation(FOUL)])

    assert httpx.Response(200, text=answer["text"]).json() == answer["value"]


def test_a_wrong_secret_is_an_error_at_corals(
    npm: Scripts, coral_server: Server
) -> None:
    (answer,) = ask(npm, coral_server, WRONG_SECRET, requests=[moderation(FOUL)])

    assert answer["error"] == "status 401"


def test_joi_minds_what_our_own_check_minds(npm: Scripts, coral_server: Server) -> None:
    answers = ['{"tags":[]}', '{"tags":null}', '{"status":null}', '{"own":1}']

    checked = ask(npm, coral_server, answers=answers)

    assert ["error" in one for one in checked] == [True, True, True, False]


def what_becomes(value: Mapping[str, Any] | None) -> str | None:
    if value is None:
        return None
    if "moderationAction" in value:
        return str(value["moderationAction"]["rejectionReason"]["code"])
    return str(value.get("status", "flagged"))
