"""Clients from npm, unpatched, against the real server.

What the services answer to whoever asks is in tests/test_openai.py and
tests/test_akismet.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fixtures_clients import CLIENTS, HOW_TO_GET_NODE, Scripts
from tests.fixtures_service import ROOT, Server
from tests.fixtures_store import KEY

BLOG = {"url": "https://news.example.com", "charset": "UTF-8", "languages": ["en"]}
FAIR = "The council should publish the report."
FOUL = "What the fuck is wrong with this world."
FOREIGN = "この記事はとても興味深いです。しかし結論には賛成できません。"
AUTHOR = {"ipAddress": "192.0.2.1", "name": "Jörg", "email": "joerg@example.org"}

HAM, SPAM, PERVASIVE_SPAM = 0, 1, 2
"""`CheckResult` of @cedx/akismet."""

OPENAI = pytest.mark.client("openai", registry="npm")
CEDX = pytest.mark.client("@cedx/akismet", registry="npm")
AKISMET = pytest.mark.client("akismet", registry="npm")


# openai


def ask(npm: Scripts, server: Server, input: object, key: str = KEY) -> dict[str, Any]:
    return npm.run("openai.mjs", url=server.url, key=key, input=input)


@OPENAI
def test_openai_gets_a_result_for_each_text(npm: Scripts, server: Server) -> None:
    outcome = ask(npm, server, [FAIR, FOUL, FOREIGN])

    results = outcome["answer"]["results"]
    assert [result["flagged"] for result in results] == [False, True, True]
    assert results[1]["categories"]["profanity"] is True
    assert results[1]["category_applied_input_types"]["self-harm"] == []


@OPENAI
def test_openai_gets_one_result_for_a_text_in_parts(
    npm: Scripts, server: Server
) -> None:
    parts = [{"type": "text", "text": text} for text in (FAIR, FOUL)]

    (result,) = ask(npm, server, parts)["answer"]["results"]

    assert result["flagged"] is True


@OPENAI
def test_openai_knows_a_wrong_key(npm: Scripts, server: Server) -> None:
    error = ask(npm, server, FAIR, key="sk-no")["error"]

    assert (error["name"], error["status"]) == ("AuthenticationError", 401)
    assert error["code"] == "invalid_api_key"


@OPENAI
def test_openai_learns_that_images_are_not_judged(npm: Scripts, server: Server) -> None:
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}

    error = ask(npm, server, [image])["error"]

    assert (error["name"], error["status"]) == ("BadRequestError", 400)
    assert error["param"] == "input[0].type"
    assert "Images are not judged" in error["message"]


@OPENAI
def test_openai_needs_no_change_but_of_its_environment(
    npm: Scripts, server: Server
) -> None:
    env = {"OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_API_KEY": KEY}

    outcome = npm.run_with(env, "openai.mjs", input=FOUL)

    assert outcome["answer"]["results"][0]["flagged"] is True


# @cedx/akismet


def cedx(
    npm: Scripts,
    server: Server,
    call: str,
    content: str | None = None,
    *,
    key: str = KEY,
    author: dict[str, str] = AUTHOR,
) -> dict[str, Any]:
    comment = None
    if content is not None:
        comment = {
            "content": content,
            "author": author,
            "permalink": "https://news.example.com/rivers",
            "context": ["rivers", "politics"],
        }
    return npm.run(
        "cedx_akismet.mjs",
        url=server.url,
        key=key,
        blog=BLOG,
        call=call,
        comment=comment,
        isTest=False,
    )


@CEDX
def test_cedx_knows_a_valid_key_from_a_wrong_one(npm: Scripts, server: Server) -> None:
    assert cedx(npm, server, "verifyKey") == {"answer": True}
    assert cedx(npm, server, "verifyKey", key="wrong") == {"answer": False}


@CEDX
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(FAIR, HAM, id="fair"),
        pytest.param(FOUL, SPAM, id="rejected"),
        pytest.param(FOREIGN, SPAM, id="flagged"),
    ],
)
def test_cedx_hears_what_the_policy_says(
    npm: Scripts, server: Server, content: str, expected: int
) -> None:
    assert cedx(npm, server, "checkComment", content) == {"answer": expected}


@CEDX
def test_cedx_is_told_to_discard_where_the_operator_wants_it(
    npm: Scripts, open_server: Server
) -> None:
    outcome = cedx(npm, open_server, "checkComment", FOUL)

    assert outcome == {"answer": PERVASIVE_SPAM}


@CEDX
def test_cedx_takes_a_wrong_key_for_no_verdict(npm: Scripts, server: Server) -> None:
    # Whatever is not `false` is spam to it, but for an answer with a debug header.
    outcome = cedx(npm, server, "checkComment", FAIR, key="wrong")

    assert outcome == {"error": "The key opens no site."}


@CEDX
def test_cedx_can_be_tried_out(npm: Scripts, server: Server) -> None:
    spammer = AUTHOR | {"name": "viagra-test-123"}
    boss = AUTHOR | {"role": "administrator"}

    assert cedx(npm, server, "checkComment", FAIR, author=spammer) == {"answer": SPAM}
    assert cedx(npm, server, "checkComment", FOUL, author=boss) == {"answer": HAM}


@CEDX
def test_what_cedx_submits_is_a_label(
    npm: Scripts, server: Server, http: httpx.Client, fresh_id: str
) -> None:
    text = f"Größe ☂, {fresh_id}"
    guid = http.post(
        "/1.1/comment-check",
        data={
            "api_key": KEY,
            "comment_content": text,
            "comment_author": AUTHOR["name"],
            "comment_author_email": AUTHOR["email"],
            "permalink": "https://news.example.com/rivers",
        },
    ).headers["X-akismet-guid"]

    assert cedx(npm, server, "submitSpam", text) == {"answer": None}
    rejected = http.get(f"/v1/comments/{guid}").json()
    assert cedx(npm, server, "submitHam", text) == {"answer": None}
    accepted = http.get(f"/v1/comments/{guid}").json()

    assert (rejected["text"], rejected["decision"]) == (text, "reject")
    assert accepted["decision"] == "accept"


# akismet


def akismet(
    npm: Scripts, server: Server, call: str, key: str = KEY, **comment: str
) -> dict[str, Any]:
    host, port = server.address
    client = {
        "blog": BLOG["url"],
        "apiKey": key,
        "host": host,
        "endPoint": host,
        "port": port,
    }
    return npm.run("akismet.mjs", client=client, call=call, comment=comment or None)


@AKISMET
def test_akismet_knows_a_valid_key_from_a_wrong_one(
    npm: Scripts, server: Server
) -> None:
    assert akismet(npm, server, "verifyKey") == {"answer": True}
    assert akismet(npm, server, "verifyKey", key="wrong") == {"answer": False}


@AKISMET
def test_akismet_is_served_when_each_comment_brings_the_key(
    npm: Scripts, server: Server
) -> None:
    # With `endPoint` set, which all but Akismet's own address needs, it sends none.
    fields = {"user_ip": "192.0.2.1", "api_key": KEY}

    fair = akismet(npm, server, "checkComment", comment_content=FAIR, **fields)
    foul = akismet(npm, server, "checkComment", comment_content=FOUL, **fields)

    assert (fair, foul) == ({"answer": False}, {"answer": True})


@AKISMET
def test_akismet_is_served_without_a_key_where_the_operator_names_its_site(
    npm: Scripts, server: Server, open_server: Server
) -> None:
    fields = {"user_ip": "192.0.2.1", "comment_content": FOUL}

    assert akismet(npm, open_server, "checkSpam", **fields) == {"answer": True}
    # It takes a refusal for ham: its users have to check their key.
    assert akismet(npm, server, "checkSpam", **fields) == {"answer": False}


@AKISMET
def test_what_akismet_submits_is_a_label(
    npm: Scripts, open_server: Server, fresh_id: str
) -> None:
    text = f"A fair point, {fresh_id}."
    check = {"api_key": KEY, "comment_content": text}
    with httpx.Client(base_url=open_server.url) as http:
        guid = http.post("/1.1/comment-check", data=check).headers["X-akismet-guid"]
        for call, decision in (("submitSpam", "reject"), ("submitHam", "accept")):
            outcome = akismet(npm, open_server, call, comment_content=text)

            assert outcome == {"answer": None}
            headers = {"Authorization": f"Bearer {KEY}"}
            stored = http.get(f"/v1/comments/{guid}", headers=headers).json()
            assert (stored["text"], stored["decision"]) == (text, decision)


# How they are installed


def test_the_lock_file_pins_every_package_and_says_nothing_of_a_registry() -> None:
    wanted = json.loads((CLIENTS / "package.json").read_text())["dependencies"]
    packages = json.loads((CLIENTS / "package-lock.json").read_text())["packages"]

    assert packages[""]["dependencies"] == wanted
    assert all(version[0].isdigit() for version in wanted.values())
    assert all("integrity" in found for name, found in packages.items() if name)
    assert not any("resolved" in found for found in packages.values())


@pytest.mark.parametrize(
    ("env", "fate"),
    [
        pytest.param({}, "skipped", id="on a developer's machine"),
        pytest.param({"REQUIRE_NODE": "1"}, "error", id="where it is required"),
        pytest.param({"CI": "true"}, "error", id="in CI"),
    ],
)
def test_without_node_clients_are_skipped_only_where_they_may_be(
    tmp_path: Path, env: dict[str, str], fate: str
) -> None:
    this = f"{__file__}::test_openai_knows_a_wrong_key[sqlite]"
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider"]

    done = subprocess.run(
        [*command, this],
        cwd=ROOT,
        env={"PATH": str(tmp_path), **env},
        capture_output=True,
        text=True,
    )

    assert f"1 {fate}" in done.stdout, done.stdout + done.stderr
    assert HOW_TO_GET_NODE in done.stdout.replace("\n", " ")


def test_ci_does_not_let_them_be_skipped() -> None:
    assert "REQUIRE_NODE=1" in (ROOT / ".ci" / "run").read_text()
