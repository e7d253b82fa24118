"""Nobody acts at the desk but who signed in there, on their own sites, on purpose."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from service.app import create_app
from service.desk.pages import HEADERS
from service.settings import load_settings
from service.store.accounts import Role
from tests.fixtures_service import ROOT
from tests.fixtures_store import KEY
from tests.house import House, signed_in, without_token
from tests.visitor import Visitor

TEMPLATES = ROOT / "service" / "templates" / "desk"
pytestmark = pytest.mark.usefixtures("house")


def paths(app: Flask, method: str, site: str = "default") -> list[str]:
    """Every path of the desk that knows a method, with something in its gaps."""
    adapter = app.url_map.bind("localhost")
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("desk.") and method in (rule.methods or ())
    ]
    assert len(rules) > 5
    return [
        adapter.build(
            rule.endpoint,
            {name: 1 if name in INTEGERS else "x" for name in rule.arguments}
            | ({"site": site} if "site" in rule.arguments else {}),
            method=method,
        )
        for rule in rules
    ]


INTEGERS = frozenset({"version", "number"})
"""Gaps in paths that take numbers only."""


# ---- Forms that were not sent from a page of ours ----


@pytest.mark.parametrize("token", ["missing", "wrong", "foreign"])
def test_no_form_is_taken_without_the_token_of_its_session(
    house: House, editor: Visitor, token: str
) -> None:
    foreign = signed_in(house, house.account(Role.EDITOR)).token()
    data = {"missing": {}, "wrong": {"csrf_token": "x"}}.get(
        token, {"csrf_token": foreign}
    )

    for path in paths(house.app, "POST"):
        answer = editor.client.post(path, data={"name": "eve", **data})

        assert answer.status_code == 400, path
        assert "The form was not accepted" in answer.text
    assert editor.is_signed_in()


def test_no_form_is_taken_that_the_browser_says_another_site_has_sent(
    house: House, editor: Visitor
) -> None:
    data = {"csrf_token": editor.token()}

    for path in paths(house.app, "POST"):
        for origin in ("cross-site", "same-site"):
            answer = editor.client.post(
                path, data=data, headers={"Sec-Fetch-Site": origin}
            )
            assert answer.status_code == 400, path


def test_a_form_of_ours_is_taken_as_browsers_send_it(editor: Visitor) -> None:
    answer = editor.client.post(
        "/desk/sign-out",
        data={"csrf_token": editor.token()},
        headers={"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
    )

    assert answer.headers["Location"] == "/desk/sign-in"


def test_the_token_may_come_in_a_header_of_the_script(editor: Visitor) -> None:
    answer = editor.client.post(
        "/desk/sign-out", headers={"X-CSRFToken": editor.token()}
    )

    assert answer.status_code == 303


def test_opening_a_page_changes_nothing(house: House, editor: Visitor) -> None:
    before = house.accounts.all_moderators()

    for path in paths(house.app, "POST"):
        editor.get(path)

    assert house.accounts.all_moderators() == before


# ---- Who may open what ----


def test_every_page_but_one_asks_to_sign_in(house: House) -> None:
    stranger = Visitor.of(house.app)

    for path in paths(house.app, "GET"):
        if path != "/desk/sign-in":
            answer = stranger.get(path)
            assert answer.status_code == 303, path
            assert answer.headers["Location"].startswith("/desk/sign-in?next=/desk")


def test_nothing_is_done_for_who_is_not_signed_in(house: House) -> None:
    stranger = Visitor.of(house.app)
    token = stranger.token()

    for path in paths(house.app, "POST"):
        if path != "/desk/sign-in":
            answer = stranger.client.post(path, data={"csrf_token": token})
            assert answer.status_code == 303, path
            assert answer.headers["Location"] == "/desk/sign-in"


def test_an_api_key_opens_no_page(house: House) -> None:
    answer = Visitor.of(house.app).get("/desk/accounts", Authorization=f"Bearer {KEY}")

    assert answer.status_code == 303


def test_a_session_opens_no_api(house: House, visitor: Visitor) -> None:
    assert visitor.get("/v1/comments/x").status_code == 401


@pytest.mark.parametrize("act", ["", "/change", "/password", "/disable", "/enable"])
def test_a_moderator_has_no_power_over_accounts(
    house: House, visitor: Visitor, act: str
) -> None:
    before = house.accounts.all_moderators()

    answer = visitor.post(f"/desk/accounts{act}", name="editor", role="editor", site="")

    assert answer.status_code == 403
    assert "Only an editor may do that." in answer.text
    assert house.accounts.all_moderators() == before
    assert visitor.get("/desk/accounts").status_code == 403


def test_an_account_of_one_site_finds_no_other_site(house: House) -> None:
    local = signed_in(house, house.account(Role.EDITOR, site_id=2))

    for method in ("GET", "POST"):
        token = local.token()
        for path in paths(house.app, method, site="default"):
            if not path.startswith("/desk/default/"):
                continue
            data = {"csrf_token": token} if method == "POST" else None
            there = local.client.request(method, path, data=data)
            nowhere = local.client.request(
                method, path.replace("/default/", "/nowhere/"), data=data
            )
            assert there.status_code == nowhere.status_code == 404, path
            assert without_token(there.text) == without_token(nowhere.text)
    assert "default" not in local.get("/desk/password").text


def test_an_account_of_one_site_starts_there(house: House) -> None:
    local = signed_in(house, house.account(site_id=2))

    assert local.get("/desk/").headers["Location"] == "/desk/sport/queue"


# ---- What browsers are told ----


def test_the_cookie_is_for_the_desk_and_no_script(house: House) -> None:
    answer = Visitor.of(house.app).get("/desk/sign-in")

    name, *flags = answer.headers["Set-Cookie"].split("; ")
    assert name.startswith("desk=")
    assert set(flags) == {"HttpOnly", "Path=/", "SameSite=Lax"}


def test_with_https_the_cookie_never_travels_in_the_clear(house: House) -> None:
    app = house.other_app(REFRAIN_PUBLIC_URL="https://refrain.example")
    visitor = Visitor.of(app, "https://refrain.example")

    answer = visitor.sign_in(house.account())

    name, *flags = answer.headers["Set-Cookie"].split("; ")
    assert name.startswith("__Host-desk=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} < set(flags)
    assert not [flag for flag in flags if flag.startswith("Domain")]
    assert visitor.is_signed_in()


def test_behind_a_proxy_with_a_prefix_links_and_forms_keep_it(house: House) -> None:
    app = house.other_app(REFRAIN_PROXIES="1")
    visitor = Visitor.of(app)
    visitor.client.headers["X-Forwarded-Prefix"] = "/refrain"

    page = visitor.get("/desk/sign-in").text
    start = visitor.get("/desk/")

    assert 'action="/refrain/desk/sign-in"' in page
    assert 'href="/refrain/static/desk.css"' in page
    assert start.headers["Location"] == "/refrain/desk/sign-in?next=/desk/"


@pytest.mark.parametrize(
    "path", ["/desk/sign-in", "/desk/password", "/desk/nowhere", "/desk/default/queue"]
)
def test_every_page_has_the_headers_that_keep_it_to_itself(
    house: House, visitor: Visitor, path: str
) -> None:
    for answer in (visitor.get(path), Visitor.of(house.app).get(path)):
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_nothing_outside_the_desk_knows_cookies(house: House, visitor: Visitor) -> None:
    elsewhere = {
        rule.rule
        for rule in house.app.url_map.iter_rules()
        if not rule.arguments and not rule.rule.startswith("/desk")
    }
    assert "/v1/moderate" in elsewhere

    for path in sorted(elsewhere | {"/v1/comments/x", "/static/desk.css", "/none"}):
        for method in ("GET", "POST"):
            answer = visitor.client.request(method, path)
            assert "Set-Cookie" not in answer.headers, path
            assert "Cookie" not in answer.headers.get("Vary", ""), path


@pytest.mark.parametrize(
    "template", sorted(TEMPLATES.glob("*.html")), ids=lambda p: p.name
)
def test_no_page_holds_script_or_style_of_its_own(template: Path) -> None:
    text = template.read_text()

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    # Only what is written in the template itself may stay as it is.
    assert not re.search(r"[^'\"\s]\s*\|\s*safe\b", text)
    assert not re.search(r"autoescape\s+false", text)


# ---- Errors ----


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/desk/no/such/page", 404),
        ("POST", "/desk/no/such/page", 404),
        ("GET", "/desk/nowhere/queue", 404),
        ("GET", "/desk/accounts", 403),
        ("DELETE", "/desk/password", 404),
    ],
)
def test_an_error_at_the_desk_is_a_page(
    visitor: Visitor, method: str, path: str, status: int
) -> None:
    answer = visitor.client.request(
        method, path, headers={"X-CSRFToken": visitor.token()}
    )

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert '<main id="main"' in answer.text


def test_an_error_is_a_sentence_for_the_pages_script(visitor: Visitor) -> None:
    headers = {"X-Requested-With": "desk"}

    missing = visitor.client.get("/desk/nowhere/queue", headers=headers)
    forged = visitor.client.post("/desk/password", headers=headers)
    visitor.client.cookies.clear()
    over = visitor.client.post("/desk/password", headers=headers)

    assert (missing.status_code, forged.status_code, over.status_code) == (
        404,
        400,
        401,
    )
    assert missing.json() == {"said": "There is nothing here, or not for this account."}
    assert "reload the page" in forged.json()["said"]
    assert over.json()["said"] == "Your session is over. Sign in to go on."


def test_errors_outside_the_desk_are_still_problem_documents(house: House) -> None:
    answer = Visitor.of(house.app).get("/desks")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_form_that_is_too_large_is_refused(visitor: Visitor) -> None:
    answer = visitor.client.post(
        "/desk/password", data={"csrf_token": visitor.token(), "x": "x" * 2_000_000}
    )

    assert answer.status_code == 413
    assert "That is more than this page takes." in answer.text


@pytest.mark.parametrize(
    "body", [b"\xff\xfe=\x00&name=%00%ff", b"name=%F0%9F&password=%80", b"a" * 100_000]
)
def test_a_form_of_rubbish_is_no_fault_of_the_service(
    house: House, body: bytes
) -> None:
    visitor = Visitor.of(house.app)
    answer = visitor.client.post(
        "/desk/sign-in",
        content=body,
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "X-CSRFToken": visitor.token(),
        },
    )

    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/desk/sign-in", "/desk/", "/desk/default/queue"])
def test_without_a_database_the_desk_says_so(tmp_path: Path, path: str) -> None:
    app = create_app(load_settings({"REFRAIN_DATA_DIR": str(tmp_path / "none")}))

    answer = Visitor.of(app).get(path)

    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert int(answer.headers["Retry-After"]) > 0
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
