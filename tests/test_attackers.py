"""Who has a key, an account or a shell gets no further than these reach.

The desk's own doors are in `test_desk_security`, clients that break HTTP in
`test_hostile_clients`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import io
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from string import ascii_lowercase
from typing import Any, NamedTuple
from urllib.parse import quote, urljoin, urlsplit
from uuid import uuid4

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

import service
from model.artifact import BrokenArtifact, load, shipped
from model.judge import Judge
from model.lexicon.matcher import load_lexicon
from service.app import create_app
from service.auth import check_password, hash_password, key_hash, new_key
from service.logs import make_log
from service.services import NAME
from service.settings import load_settings
from service.store.accounts import Accounts, Moderator, Role
from service.store.coral import CoralSecrets
from service.store.deliveries import Deliveries
from service.store.endpoints import Endpoints
from service.store.outbox import utc_now
from service.store.schema import policies
from service.store.sites import Sites
from service.webhooks.deliverer import Deliverer
from tests.fixtures_service import ROOT, built, with_key
from tests.fixtures_store import KEY, NOON, PASSWORD, Install
from tests.fuzzing.texts import chance
from tests.telling import tell
from tests.visitor import Visitor

FOUL = "You are an idiot, and what the fuck is this"
OTHER = "sport"


class Place(NamedTuple):
    """One installation with the sites `default`, which KEY opens, and `sport`."""

    app: Flask
    ours: FlaskClient
    theirs: FlaskClient

    @property
    def accounts(self) -> Accounts:
        """Its accounts."""
        accounts: Accounts = self.app.extensions[NAME].accounts
        return accounts

    def visitor(
        self, role: Role, site_id: int | None = None, name: str = ""
    ) -> Visitor:
        """Somebody signed in."""
        name = name or uuid4().hex
        known = Moderator(name, HASH, role, NOON, site_id=site_id)
        self.accounts.create_moderator(known)
        visitor = Visitor.of(self.app)
        assert visitor.sign_in(name).status_code == 303
        return visitor


HASH = hash_password(PASSWORD)


@pytest.fixture(scope="module")
def place(dialect: str, install: Install) -> Iterator[Place]:
    with built(install(dialect)) as app:
        parts, key = app.extensions[NAME], new_key()
        Sites(parts.store.database).create(OTHER, by="test", now=NOON)
        parts.accounts.create_key(OTHER, key_hash(key), "test", NOON)
        theirs = app.test_client()
        theirs.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
        yield Place(app, with_key(app), theirs)


@pytest.fixture
def foul(place: Place) -> str:
    """Id of a rejected comment of `default`."""
    comment_id = uuid4().hex
    answer = place.ours.post("/v1/moderate", json={"id": comment_id, "text": FOUL})
    assert answer.json
    assert answer.json["decision"] == "reject"
    return comment_id


# ---- From one site to another ----


@pytest.mark.parametrize(
    ("method", "act", "body"),
    [
        ("GET", "", None),
        ("GET", "/statement", None),
        ("POST", "/report", {"words": "It is mean."}),
        ("POST", "/appeal", {"words": "It is not."}),
        ("POST", "/decision", {"decision": "accept"}),
    ],
)
def test_a_key_opens_no_comment_of_another_site(
    place: Place, foul: str, method: str, act: str, body: dict[str, str] | None
) -> None:
    before = place.ours.get(f"/v1/comments/{foul}").json

    answer = place.theirs.open(f"/v1/comments/{foul}{act}", method=method, json=body)

    assert answer.status_code == 404
    assert place.ours.get(f"/v1/comments/{foul}").json == before


def test_one_id_on_two_sites_is_two_comments(place: Place, foul: str) -> None:
    theirs = place.theirs.post("/v1/moderate", json={"id": foul, "text": "A fair one."})

    assert theirs.json
    assert theirs.json["decision"] == "accept"
    ours = place.ours.get(f"/v1/comments/{foul}").json
    assert ours
    assert ours["decision"] == "reject"


def test_a_label_by_another_protocol_stays_on_the_site_of_its_key(
    place: Place, foul: str
) -> None:
    score = {"TOXICITY": {"summaryScore": {"value": 0.0}}}
    body = {"comment": {"text": FOUL}, "attributeScores": score, "clientToken": foul}
    key = place.theirs.environ_base["HTTP_AUTHORIZATION"].removeprefix("Bearer ")

    answer = place.theirs.post(
        f"/v1alpha1/comments:suggestscore?key={key}",
        json=body,
        headers={"Authorization": ""},
    )

    assert answer.status_code == 200
    ours = place.ours.get(f"/v1/comments/{foul}").json
    assert ours
    assert (ours["decision"], len(ours["history"])) == ("reject", 1)


@pytest.mark.parametrize("act", ["decide", "decide-many", "undo", "look"])
def test_a_moderator_reaches_nothing_of_another_site_by_its_id(
    place: Place, foul: str, act: str
) -> None:
    local = place.visitor(Role.MODERATOR, site_id=2)
    before = place.ours.get(f"/v1/comments/{foul}").json
    pick = {"id": foul, "seen": "1", "pick": f"1:{foul}", "approve": "1"}

    for picked in (f"1:{foul}", f"1 {foul}", foul):
        local.post(f"/desk/{OTHER}/{act}", **(pick | {"pick": picked}))

    assert place.ours.get(f"/v1/comments/{foul}").json == before
    assert local.get(f"/desk/{OTHER}/comments/{quote(foul)}").status_code == 404


# ---- From a moderator to an editor ----


def test_a_moderator_may_do_nothing_that_is_an_editors(place: Place) -> None:
    moderator = place.visitor(Role.MODERATOR)
    before = Sites(place.app.extensions[NAME].store.database).find("default")
    acts = [
        rule.rule.replace("<site>", "default")
        for rule in place.app.url_map.iter_rules()
        if re.match(r"/desk/(?:<site>/rules|accounts)", rule.rule)
        and "POST" in (rule.methods or ())
    ]
    assert len(acts) > 8

    for path in acts:
        answer = moderator.post(path, version="1", text="word", name="eve")
        assert answer.status_code == 403, path

    assert Sites(place.app.extensions[NAME].store.database).find("default") == before


def test_nobody_becomes_an_editor_by_a_field_too_many(place: Place) -> None:
    name, new = uuid4().hex, "quite another secret"
    moderator = place.visitor(Role.MODERATOR, 2, name)

    moderator.post(
        "/desk/password",
        **{"present": PASSWORD, "password": new, "again": new},
        **{"role": "editor", "site": "", "site_id": "", "is_editor": "1"},
    )

    account = place.accounts.moderator(name)
    assert account
    assert (account.role, account.site_id) == (Role.MODERATOR, 2)


# ---- Guessing ----


def test_an_unknown_name_takes_as_long_as_a_wrong_password(place: Place) -> None:
    known = uuid4().hex
    place.visitor(Role.MODERATOR, name=known)
    accounts = place.accounts

    def cost(name: str) -> float:
        start = time.process_time()
        assert check_password(accounts, name, "wrong password") is None
        return time.process_time() - start

    costs = {name: min(cost(name) for _ in range(5)) for name in (known, "nobody")}

    assert 0.6 < costs[known] / costs["nobody"] < 1.7
    assert costs["nobody"] > 0.01


def test_neither_the_host_nor_a_proxy_says_where_links_lead(
    place: Place, foul: str
) -> None:
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    evil |= {"X-Forwarded-Proto": "gopher", "X-Forwarded-Prefix": "//evil.example"}
    evil |= {"Forwarded": "host=evil.example", "X-Original-URL": "//evil.example"}

    answer = place.ours.post(
        "/v1/moderate", json={"text": FOUL, "id": foul}, headers=evil
    )
    page = place.app.test_client().get("/desk/", headers=evil)
    found = place.ours.get("/$discovery/rest", headers=evil)

    for one in (answer, page, found):
        assert b"evil" not in one.data
        assert "evil" not in str(one.headers)


# ---- Whatever is shown ----


class Canary(NamedTuple):
    """Markup that was put in a field, to be looked for on every page."""

    field: str

    def __str__(self) -> str:
        return f"<i id={self.field}>'\"&<script>"


SOWN = frozenset(
    (
        *("text", "commentid", "authorid", "authorname", "articleid", "articletitle"),
        *("parent", "report", "reporter", "appeal", "note", "by", "moderator"),
        *("notice", "why", "word", "phrase", "edited", "disabled"),
    )
)
NEVER_SHOWN = frozenset({"articleid"})
"""It stands in addresses only.  All other fields are shown somewhere: what is not
looked for is not found."""


@pytest.fixture(scope="module")
def sown(place: Place) -> Visitor:
    """An editor, at a desk where every field has markup in it."""
    sow = {field: str(Canary(field)) for field in SOWN}
    editor = place.visitor(Role.EDITOR, name=sow["moderator"])
    for number in range(3):
        comment_id = f"<i id=commentid>{number}"
        place.ours.post(
            "/v1/moderate",
            json={
                "id": comment_id,
                "text": f"{FOUL} {number} {sow['text']}",
                "author": {"id": sow["authorid"], "name": sow["authorname"]},
                "article": {"id": sow["articleid"], "title": sow["articletitle"]},
                "parent_id": sow["parent"],
            },
        )
        at = f"/v1/comments/{quote(comment_id, safe='')}"
        place.ours.post(f"{at}/appeal", json={"words": sow["appeal"]})
        complaint = {"words": sow["report"], "reporter": sow["reporter"]}
        place.ours.post(f"{at}/report", json=complaint)
    decided = {"decision": "reject", "rule": "personal", "note": sow["note"]}
    place.ours.post(f"{at}/decision", json={**decided, "by": sow["by"][:64]})
    site = Sites(place.app.extensions[NAME].store.database).find("default")
    editor.post(
        "/desk/default/rules/notices",
        **{"version": str(site.policy_version), "note": sow["why"]},
        **{"notice-en-obscene": sow["notice"]},
    )
    sow_rules(place, sow)
    edited = {"id": "<i id=commentid>0", "text": f"{FOUL} {sow['edited']}"}
    place.ours.post("/v1/moderate", json=edited)
    place.visitor(Role.MODERATOR, name=sow["disabled"])
    place.accounts.disable(sow["disabled"], NOON)
    return editor


def sow_rules(place: Place, sow: dict[str, str]) -> None:
    """Put in a word and a phrase as the desk would not take them."""
    word = {"text": sow["word"], "rule": "obscene", "strength": "flag", "forms": "word"}
    with place.app.extensions[NAME].store.database.writing() as connection:
        connection.execute(
            update(policies).values(
                words=json.dumps([word]), allowed=json.dumps([sow["phrase"]])
            )
        )


def crawled(visitor: Visitor, start: str) -> dict[str, str]:
    """Every page of the desk that links lead to, by its address."""
    pages: dict[str, str] = {}
    new = [start]
    while new and len(pages) < 150:
        url = new.pop()
        answer = visitor.get(url)
        if "html" not in answer.headers.get("Content-Type", ""):
            continue
        pages[url] = answer.text
        for link in re.findall(r'href="([^"#]+)"', answer.text):
            there = urljoin(url, unescape(link))
            is_own = urlsplit(there).netloc == "" and there.startswith("/desk")
            if is_own and there not in pages and there not in new:
                new.append(there)
    return pages


def test_no_page_of_the_desk_shows_markup_of_any_field_as_markup(sown: Visitor) -> None:
    pages = crawled(sown, "/desk/default/queue")
    everything = "".join(pages.values())

    assert len(pages) > 15
    for url, page in pages.items():
        assert "<i id=" not in page, url
        assert not re.search(r"<script(?![^>]* src=)", page), url
    shown = {field for field in SOWN if f"&lt;i id={field}" in everything}
    assert shown == SOWN - NEVER_SHOWN


def test_no_page_of_a_reader_shows_markup_as_markup(
    place: Place, sown: Visitor
) -> None:
    sent = {"id": "<i id=commentid>r", "text": f"You are an idiot. {Canary('text')}"}
    answer = place.ours.post("/v1/moderate", json=sent).json
    assert answer
    path = urlsplit(answer["appeal_url"]).path
    reader = place.app.test_client()

    pages = [reader.get(path).text]
    pages.append(reader.post(path, data={"words": f"{Canary('words')}" * 200}).text)
    reader.post(path, data={"words": str(Canary("words"))})
    pages.append(reader.get(path).text)

    assert "&lt;i id=text" in pages[0]
    assert "&lt;i id=words" in pages[1]
    assert len(set(pages)) == 3
    for page in pages:
        assert "<i id=" not in page
        assert "<script" not in page


@pytest.mark.parametrize(
    "query",
    [
        "words",
        "author",
        "article",
        "language",
        "rule",
        "least",
        "after",
        "order",
        "day",
    ],
)
@pytest.mark.parametrize(
    "listing",
    ["queue", "appeals", "rejected", "accepted", "overview", "rules/versions"],
)
def test_what_an_address_asks_for_is_shown_as_text(
    sown: Visitor, listing: str, query: str
) -> None:
    answer = sown.client.get(
        f"/desk/default/{listing}",
        params={query: str(Canary("query")), "from": "<i id="},
    )

    assert answer.status_code < 500
    assert "<i id=" not in answer.text


# ---- What is kept, and what is loaded ----


def test_new_words_and_characters_do_not_fill_the_memory() -> None:
    judge, random = Judge(load_lexicon(), load(shipped())), chance(1)

    def judged(count: int) -> float:
        """Megabytes of this process after so many texts that nobody has sent before."""
        for _ in range(count):
            words = ("".join(random.choices(ascii_lowercase, k=7)) for _ in range(400))
            odd = "".join(chr(random.randint(0x80, 0xD7FF)) for _ in range(2_000))
            rare = "".join(chr(random.randint(0x10000, 0x10FFFF)) for _ in range(2_000))
            judge.judge(" ".join(words) + odd + rare)
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

    # Fifty words of each text are read whole, so that the first round fills what there
    # is to fill: 20,000 words, and the characters of all alphabets.
    first = judged(150)

    assert judged(100) - first < 10.0


class Evil:
    """What a pickle has run when it is read."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.file,)


def test_nothing_in_a_models_folder_is_run(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(shipped(), tmp_path / "model"))
    weights = dict(np.load(folder / "weights.npz"))
    name = next(iter(weights))
    weights[name] = np.array([Evil(tmp_path / "ran")], dtype=object)
    np.savez(folder / "weights.npz", allow_pickle=True, **weights)
    digest = hashlib.sha256((folder / "weights.npz").read_bytes()).hexdigest()
    card = json.loads((folder / "card.json").read_text())
    for key, value in card.items():
        if isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value):
            card[key] = digest
    (folder / "card.json").write_text(json.dumps(card))

    with pytest.raises(BrokenArtifact):
        load(folder)

    assert not (tmp_path / "ran").exists()


# ---- What keys and passwords are written to ----


def dataclasses_of_the_service() -> list[type[Any]]:
    found = []
    for module in pkgutil.walk_packages(service.__path__, "service."):
        if ".migrations." in module.name or module.name.endswith(("__main__", "conf")):
            continue
        for part in vars(importlib.import_module(module.name)).values():
            if isinstance(part, type) and part.__module__ == module.name:
                found += [part] if dataclasses.is_dataclass(part) else []
    return found


SECRET = re.compile(r"secret|password|(database|redis)_url|authorization|^key$")
ROWS = frozenset({"int"})
"""A `key` that is a number is that of a row."""


def test_no_value_that_holds_a_secret_shows_it() -> None:
    secrets = {
        f"{kind.__name__}.{field.name}": field.repr
        for kind in dataclasses_of_the_service()
        for field in dataclasses.fields(kind)
        if SECRET.search(field.name) and field.type not in ROWS
    }

    assert len(secrets) >= 7
    assert not [name for name, is_shown in secrets.items() if is_shown]


def test_no_command_takes_a_secret_where_ps_shows_it(place: Place) -> None:
    commands = place.app.cli.commands.values()
    parameters = [
        f"{command.name} {parameter.name}"
        for command in commands
        for parameter in command.params
    ]

    assert len(parameters) > 20
    assert not [one for one in parameters if re.search("(secret|password)$", one)]


def test_ps_shows_no_password_of_the_database(tmp_path: Path) -> None:
    env = {
        "PATH": os.environ["PATH"],
        "REFRAIN_DATA_DIR": str(tmp_path),
        "DATABASE_URL": "postgresql://refrain:s3cr3t-0f-ours@127.0.0.1:1/refrain",
        "PORT": "0",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "service/gunicorn_conf.py"],
        cwd=ROOT,
        env=env,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        commands = []
        while process.poll() is None:
            for folder in Path("/proc").glob("[0-9]*"):
                try:
                    if os.getpgid(int(folder.name)) == process.pid:
                        commands.append((folder / "cmdline").read_bytes())
                except OSError:
                    continue  # It has ended.
            time.sleep(0.1)
        assert process.stderr
        said = process.stderr.read()

    assert len(commands) > 3
    assert not [one for one in commands if b"s3cr3t" in one]
    assert "s3cr3t" not in said
    assert "The database" in said


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://refrain:s3cr3t@127.0.0.1:1/refrain",
        "postgresql://refrain:s3cr3t@127.0.0.1:port/refrain",
        "postgresql://refrain:s3cr3t@[::1/refrain",
        "postgresql://refrain:s3cr3t@@@/refrain?sslmode=none",
        "postgresql://refrain:s3cr3t@nowhere.invalid/refrain",
        "mysql://refrain:s3cr3t@127.0.0.1/refrain",
    ],
)
def test_no_command_says_the_password_of_a_database_it_cannot_use(
    tmp_path: Path, url: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "service.cli", "sites"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": url, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode != 0
    assert "s3cr3t" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_no_log_holds_a_key_wherever_it_was_sent(
    tmp_path: Path,
    prepared_sqlite: Path,
    capsys: pytest.CaptureFixture[str],
    level: str,
) -> None:
    shutil.copy(prepared_sqlite, tmp_path / "refrain.db")
    env = {"REFRAIN_DATA_DIR": str(tmp_path), "REFRAIN_LOG_LEVEL": level}
    app = create_app(load_settings(env))
    key = new_key()
    client = app.test_client()

    for headers, path, data in (
        ({"Authorization": f"Bearer {key}"}, "/v1/moderate", "{"),
        ({"Authorization": f"Basic {key}"}, "/v1/moderations", '{"input":"a"}'),
        ({}, f"/v1alpha1/comments:analyze?key={key}", '{"comment":{"text":"a"}}'),
        ({}, "/1.1/verify-key", f"api_key={key}&blog=a"),
        ({"Host": f"{key}.rest.example"}, "/1.1/comment-check", "comment_content=a"),
        ({}, f"/{key}", ""),
        ({"Cookie": f"desk={key}"}, "/desk/sign-in", f"password={key}&name={key}"),
    ):
        kind = (
            "application/x-www-form-urlencoded" if "1.1" in path else "application/json"
        )
        answer = client.post(path, data=data, headers=headers, content_type=kind)
        assert key.encode() not in answer.data, path
        assert answer.status_code < 500

    app.extensions[NAME].store.database.close()
    said = capsys.readouterr()
    assert key not in said.err + said.out
    assert "request" in said.err


def test_no_log_holds_a_secret_of_ours_whatever_fails(
    tmp_path: Path, prepared_sqlite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Redis is away, a receiver too, and what Coral sends is wrongly signed."""
    shutil.copy(prepared_sqlite, tmp_path / "refrain.db")
    env = {
        "REFRAIN_DATA_DIR": str(tmp_path),
        "REFRAIN_LOG_LEVEL": "DEBUG",
        "REFRAIN_RATE_LIMIT": "1000",
        "REDIS_URL": "redis://ann:r3d1s-0f-ours@127.0.0.1:1/0",
        "REFRAIN_PRIVATE_WEBHOOKS": "yes",
    }
    app = create_app(load_settings(env))
    parts = app.extensions[NAME]
    database, now = parts.store.database, utc_now()
    webhooks = "whsec_" + b64encode(b"w3bh00ks-0f-ours").decode()
    Endpoints(database).add("default", "http://127.0.0.1:1/", webhooks, now)
    CoralSecrets(database).add("default", "c0r4l-0f-ours" * 3, now)

    answers = [
        app.test_client().post(path, json=body, headers=headers)
        for path, body, headers in (
            ("/v1/moderate", {"text": "a"}, {"Authorization": f"Bearer {KEY}"}),
            ("/coral/moderate", {}, {"X-Coral-Signature": "sha256=" + "0" * 64}),
        )
    ]
    tell(database, "c-1", now - timedelta(minutes=1))
    log = io.StringIO()
    Deliverer(Deliveries(database), make_log("DEBUG", log), private=True).run_once()

    database.close()
    said = capsys.readouterr()
    everything = said.err + said.out + log.getvalue()
    everything += "".join(repr(answer.data) + str(answer.headers) for answer in answers)
    assert "Redis cannot be used" in everything
    assert "No connection can be made" in everything
    assert [answer.status_code for answer in answers] == [200, 401]
    for secret in ("r3d1s", "w3bh00ks", webhooks[6:], "c0r4l"):
        assert secret not in everything
