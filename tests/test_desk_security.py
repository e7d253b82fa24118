"""Nobody acts at the desk but who signed in there, on their own sites, on purpose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from flask import Flask
from itsdangerous import TimestampSigner

from service.app import create_app
from service.auth import hash_password
from service.desk.pages import HEADERS
from service.services import NAME
from service.settings import load_settings
from service.store.accounts import Accounts, Moderator, Role
from service.store.database import open_database
from service.store.schema import attempts
from service.store.signins import ADDRESS, SignIns
from service.store.sites import Sites
from service.store.store import Store
from tests.fixtures_service import ROOT, Server, built, serving_on
from tests.fixtures_store import KEY, NOON, PASSWORD, Install, Installation
from tests.visitor import Visitor

TEMPLATES = ROOT / "service" / "templates" / "desk"
SESSION_MINUTES = 20


@dataclass(frozen=True)
class House:
    """One database and what serves it: an app in this process, and two servers.

    The sites are `default` and `sport`; accounts made here have PASSWORD.
    """

    installation: Installation
    app: Flask
    servers: tuple[Server, Server]
    password_hash: str
    others: ExitStack

    @property
    def accounts(self) -> Accounts:
        """Its accounts."""
        accounts: Accounts = self.app.extensions[NAME].accounts
        return accounts

    def account(self, role: Role = Role.MODERATOR, site_id: int | None = None) -> str:
        """Name of a new account."""
        name = uuid4().hex
        account = Moderator(name, self.password_hash, role, NOON, site_id=site_id)
        self.accounts.create_moderator(account)
        return name

    def other_app(self, **env: str) -> Flask:
        """The app with other settings, on this database."""
        return self.others.enter_context(built(self.installation, **env))


@pytest.fixture(scope="module")
def house(dialect: str, install: Install) -> Iterator[House]:
    """A house of this module's own."""
    installation = install(dialect)
    minutes = str(SESSION_MINUTES)
    with (
        built(installation, REFRAIN_SESSION_MINUTES=minutes) as app,
        serving_on(installation, WEB_CONCURRENCY="1") as first,
        serving_on(installation, WEB_CONCURRENCY="1") as second,
        ExitStack() as others,
    ):
        Sites(app.extensions[NAME].store.database).create("sport", by="test", now=NOON)
        password_hash = hash_password(PASSWORD)
        yield House(installation, app, (first, second), password_hash, others)


@pytest.fixture(autouse=True)
def _nobody_has_failed(house: House) -> None:
    """Forget the failures of the test before: all come from the same address."""
    with house.app.extensions[NAME].store.database.writing() as connection:
        connection.execute(attempts.delete())


@pytest.fixture
def visitor(house: House) -> Visitor:
    """A moderator of all sites, signed in."""
    return signed_in(house, house.account())


@pytest.fixture
def editor(house: House) -> Visitor:
    """An editor of all sites, signed in."""
    return signed_in(house, house.account(Role.EDITOR))


def signed_in(house: House, name: str, server: int | None = None) -> Visitor:
    """Somebody signed in, to the app or to one of the servers."""
    visitor = (
        Visitor.of(house.app)
        if server is None
        else Visitor.at(house.servers[server].url)
    )
    assert visitor.sign_in(name).status_code == 303
    assert visitor.is_signed_in()
    return visitor


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


def without_token(page: str) -> str:
    """A page without what differs each time."""
    return re.sub(r'(content|value)="[\w.-]{40,}"', "", page)


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


# ---- Signing in ----


def test_a_session_that_was_planted_before_signing_in_is_worth_nothing(
    house: House,
) -> None:
    attacker, victim = Visitor.of(house.app), Visitor.of(house.app)
    known_token = attacker.token()
    victim.client.cookies.set("desk", attacker.cookie, domain="localhost.local")

    victim.sign_in(house.account())

    assert not attacker.is_signed_in()
    assert victim.cookie != attacker.cookie
    forged = victim.client.post("/desk/sign-out", data={"csrf_token": known_token})
    assert forged.status_code == 400
    assert victim.is_signed_in()


def test_signing_in_as_somebody_else_keeps_nothing_of_the_first(
    house: House, editor: Visitor
) -> None:
    token = editor.token()
    # The form is not shown to who is signed in, but it may still be open.
    answer = editor.client.post(
        "/desk/sign-in",
        data={"csrf_token": token, "name": house.account(), "password": PASSWORD},
    )

    assert answer.status_code == 303
    assert editor.get("/desk/accounts").status_code == 403
    stale = editor.client.post("/desk/sign-out", data={"csrf_token": token})
    assert stale.status_code == 400


def test_an_unknown_name_a_disabled_account_and_a_wrong_password_are_answered_alike(
    house: House,
) -> None:
    disabled, known = house.account(), house.account()
    house.accounts.disable(disabled, NOON)
    answers = []

    for name, password in (
        (uuid4().hex, PASSWORD),
        (disabled, PASSWORD),
        (known, "wrong"),
    ):
        answer = Visitor.of(house.app).sign_in(name, password)
        own = ("set-cookie", "x-request-id")  # New for each request.
        headers = {k: v for k, v in answer.headers.items() if k not in own}
        page = without_token(answer.text).replace(name, "NAME")
        answers.append((answer.status_code, headers, page))

    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 403
    assert "Name or password is wrong." in answers[0][2]


def test_a_lock_out_holds_in_every_process_for_every_password(house: House) -> None:
    name = house.account()
    first, second = (Visitor.at(server.url) for server in house.servers)

    failed = [visitor.sign_in(name, "wrong") for visitor in (first, second) * 3]

    assert [answer.status_code for answer in failed] == [403] * 5 + [429]
    for visitor in (first, second):
        locked = visitor.sign_in(name)
        assert locked.status_code == 429
        assert 50 <= int(locked.headers["Retry-After"]) <= 60
        assert "Try again in a minute." in locked.text
        assert not visitor.is_signed_in()
    assert first.sign_in(house.account()).status_code == 303


@pytest.mark.parametrize(
    ("proxies", "forwarded", "is_locked"),
    [
        pytest.param("0", "203.0.113.9", True, id="none is trusted"),
        pytest.param("1", "203.0.113.9", False, id="one has told"),
        pytest.param("1", "203.0.113.9, 127.0.0.1", True, id="the caller has forged"),
        pytest.param("2", "203.0.113.9, 10.0.0.1", False, id="two have told"),
    ],
)
def test_who_fails_is_known_by_the_address_that_trusted_proxies_tell(
    house: House, proxies: str, forwarded: str, is_locked: bool
) -> None:
    visitor = Visitor.of(house.other_app(REFRAIN_PROXIES=proxies))
    visitor.client.headers["X-Forwarded-For"] = forwarded

    lock(house.app.extensions[NAME].store, "127.0.0.1")

    answer = visitor.sign_in(uuid4().hex, "wrong")

    assert answer.status_code == (429 if is_locked else 403)


def lock(store: Store, address: str) -> None:
    counts = SignIns(store)
    for _ in range(ADDRESS.failures):
        counts.count(uuid4().hex, address, datetime.now(UTC))


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/desk/",
        "//evil.example/desk/",
        "/\\evil.example/",
        "/desk\\..\\evil",
        "/desk/\\evil.example",
        "/desk/../v1/comments/x",
        "/desk/%0d%0aSet-Cookie:x/..",
        "/desk/\r\nX: y",
        "/desk/ ",
        "javascript:alert(1)",
        "/v1/moderate",
        "/deskother",
        "desk/",
        "/desk/sign-out",
        "",
    ],
)
def test_signing_in_leads_nowhere_but_to_the_desk(
    visitor: Visitor, wanted: str
) -> None:
    answer = visitor.client.get("/desk/sign-in", params={"next": wanted})

    assert answer.headers["Location"] == "/desk/"


def test_signing_in_leads_back_to_where_a_link_was_leading(house: House) -> None:
    visitor = Visitor.of(house.app)
    asked = visitor.get("/desk/sport/queue?rule=obscene&words=a%20b").headers[
        "Location"
    ]
    hidden = re.search('name="next" value="([^"]*)"', visitor.get(asked).text)
    assert hidden

    answer = visitor.post(
        "/desk/sign-in",
        name=house.account(),
        password=PASSWORD,
        next=hidden[1].replace("&amp;", "&"),
    )

    assert answer.headers["Location"] == "/desk/sport/queue?rule=obscene&words=a%20b"


# ---- Sessions and their end ----


def test_signing_out_ends_copies_of_the_session_too(house: House) -> None:
    name = house.account()
    visitor = signed_in(house, name, server=0)
    thief = Visitor.at(house.servers[1].url)
    thief.client.cookies = httpx.Cookies(visitor.client.cookies)
    assert thief.is_signed_in()

    visitor.post("/desk/sign-out")

    assert not visitor.is_signed_in()
    assert not thief.is_signed_in()


def test_a_changed_password_ends_sessions_in_other_processes_at_once(
    house: House,
) -> None:
    name, new = house.account(), "quite another secret"
    here, there = signed_in(house, name, server=0), signed_in(house, name, server=1)

    here.post("/desk/password", present=PASSWORD, password=new, again=new)

    assert here.is_signed_in()
    assert not there.is_signed_in()


@pytest.mark.parametrize("act", ["disable", "password", "role"])
def test_what_the_operator_does_ends_sessions_at_once(house: House, act: str) -> None:
    name = house.account()
    visitor = signed_in(house, name, server=0)
    database = open_database(house.installation.url)
    accounts = Accounts(database)

    if act == "disable":
        accounts.disable(name, NOON)
    elif act == "password":
        accounts.set_password(name, house.password_hash)
    else:
        accounts.set_role(name, Role.EDITOR, None)

    database.close()
    assert not visitor.is_signed_in()


def test_a_session_ends_when_nothing_was_done_for_long_enough(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = signed_in(house, house.account())
    now = TimestampSigner("").get_timestamp()

    def after(minutes: float) -> bool:
        monkeypatch.setattr(
            TimestampSigner, "get_timestamp", lambda self: now + int(60 * minutes)
        )
        return visitor.is_signed_in()

    assert after(SESSION_MINUTES - 1)
    assert after(2 * SESSION_MINUTES - 2)
    assert not after(3 * SESSION_MINUTES - 1)


def test_what_a_page_asks_by_itself_does_not_keep_a_session_alive(
    house: House, visitor: Visitor
) -> None:
    visitor.get("/desk/default/queue")
    token = {"csrf_token": visitor.token()}

    by_itself = visitor.client.post("/desk/default/look", data=token)
    by_a_person = visitor.get("/desk/default/queue")

    assert "Set-Cookie" not in by_itself.headers
    assert "Set-Cookie" in by_a_person.headers


@pytest.mark.parametrize("change", ["cut", "flipped", "unsigned", "of another house"])
def test_a_cookie_of_somebody_elses_making_signs_nobody_in(
    house: House, visitor: Visitor, change: str, tmp_path: Path
) -> None:
    cookie = visitor.cookie
    forged = {
        "cut": cookie[:-3],
        "flipped": ("f" if cookie[1] != "f" else "g").join((cookie[:1], cookie[2:])),
        "unsigned": cookie.rpartition(".")[0],
    }.get(change) or made_elsewhere(house, cookie)
    stranger = Visitor.of(house.app)
    stranger.client.cookies.set("desk", forged, domain="localhost.local")

    assert not stranger.is_signed_in()


def made_elsewhere(house: House, cookie: str) -> str:
    """The same session, signed with another installation's key."""
    interface = house.app.session_interface
    ours = interface.get_signing_serializer(house.app)  # type: ignore[attr-defined]
    other = Flask("other")
    other.secret_key = b"t" * 32
    theirs = interface.get_signing_serializer(other)  # type: ignore[attr-defined]
    return str(theirs.dumps(ours.loads(cookie)))


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


def test_a_server_sends_each_header_once(house: House) -> None:
    answer = Visitor.at(house.servers[0].url).get("/desk/sign-in")

    for name, value in HEADERS.items():
        assert answer.headers.get_list(name) == [value]


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


def test_neither_passwords_nor_cookies_are_logged(house: House) -> None:
    name = house.account()
    visitor = signed_in(house, name, server=0)
    visitor.sign_in(name, "a secret that is wrong")

    log = house.servers[0].log

    assert PASSWORD not in log
    assert "a secret that is wrong" not in log
    assert visitor.cookie not in log
