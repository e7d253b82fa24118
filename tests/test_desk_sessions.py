"""A session at the desk begins with the right password and ends everywhere at once."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from flask import Flask
from itsdangerous import TimestampSigner

from service.desk.pages import HEADERS
from service.services import NAME
from service.store.accounts import Accounts, Role
from service.store.database import open_database
from service.store.signins import ADDRESS, SignIns
from service.store.store import Store
from tests.fixtures_store import NOON, PASSWORD
from tests.house import SESSION_MINUTES, House, signed_in, without_token
from tests.visitor import Visitor

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


def test_a_server_sends_each_header_once(house: House) -> None:
    answer = Visitor.at(house.servers[0].url).get("/desk/sign-in")

    for name, value in HEADERS.items():
        assert answer.headers.get_list(name) == [value]


def test_neither_passwords_nor_cookies_are_logged(house: House) -> None:
    name = house.account()
    visitor = signed_in(house, name, server=0)
    visitor.sign_in(name, "a secret that is wrong")

    log = house.servers[0].log

    assert PASSWORD not in log
    assert "a secret that is wrong" not in log
    assert visitor.cookie not in log
