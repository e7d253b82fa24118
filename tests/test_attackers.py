"""Who has a key, an account or a model's folder gets no further than these reach.

The desk's own doors are in `test_desk_security`, markup in what is shown in
`test_displayed_fields`, clients that break HTTP in `test_hostile_clients`, and what
could be read in logs and lists of processes in `test_leaks`.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from string import ascii_lowercase
from typing import NamedTuple
from urllib.parse import quote
from uuid import uuid4

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from model.artifact import BrokenArtifact, load, shipped
from model.judge import Judge
from model.lexicon.matcher import load_lexicon
from service.auth import check_password, hash_password, key_hash, new_key
from service.services import NAME
from service.store.accounts import Accounts, Moderator, Role
from service.store.sites import Sites
from tests.canaries import MARK, Page, canary
from tests.fixtures_service import built, with_key
from tests.fixtures_store import NOON, PASSWORD, Install
from tests.fuzzing.texts import chance
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


# ---- What is asked for ----


@pytest.fixture(scope="module")
def editor(place: Place) -> Visitor:
    """Somebody who may see every list; a comment is in some."""
    place.ours.post("/v1/moderate", json={"id": uuid4().hex, "text": FOUL})
    return place.visitor(Role.EDITOR)


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
    editor: Visitor, listing: str, query: str
) -> None:
    answer = editor.client.get(
        f"/desk/default/{listing}",
        params={query: canary("query"), "from": MARK},
    )

    assert answer.status_code < 500
    assert MARK not in answer.text
    assert Page(answer.text).harm == []


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
