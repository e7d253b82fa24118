"""Fixtures: Coral's side of its external moderation phase and of its webhooks."""

from __future__ import annotations

import hmac
import http.client
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from service.domain import Outcome
from service.rules.own import make_word
from service.store.coral import CoralSecrets
from service.store.database import Database, open_database
from service.store.sites import Sites
from tests.fixtures_service import OnKind, Server, built, one_of_each, serving_on
from tests.fixtures_store import NOON, Install, Installation
from tests.published import CORAL

PHASE = "/coral/moderate"
WEBHOOKS = "/coral/webhooks"
SECRET = "empsec_" + "5e" * 32
HOOKS_SECRET = "whsec_" + "5e" * 32
HOLDING_SECRET = "empsec_" + "0b" * 32
"""Of a site that holds what is flagged, and has a word of its own."""
OWN_WORD = "grumbletonian"
WRONG_SECRET = "empsec_" + "ff" * 32
SIGNATURE = "X-Coral-Signature"
FLAG = {"actionType": "FLAG", "reason": "COMMENT_DETECTED_TOXIC"}
PATIENT = {"REFRAIN_CORAL_BUDGET_MS": "10000"}
"""Time enough for every comment, however busy the machine."""
HELD = {"status": "SYSTEM_WITHHELD", "actions": [FLAG]}
FLAGGED = {"actions": [FLAG]}

FAIR = "The council should publish the report."
FOUL = "What the fuck is wrong with this world."
INSULT = "You are an idiot. Did you even read the article?"
HATE = "All Mexicans are dirty animals, deport them."
PHONE = "Call me at +1 202 555 0143 about the report."
FOREIGN = "この記事はとても興味深いです。しかし結論には賛成できません。"

STATUSES = {"NONE", "APPROVED", "REJECTED", "PREMOD", "SYSTEM_WITHHELD"}
REASONS = {"COMMENT_DETECTED_TOXIC", "COMMENT_DETECTED_SPAM"}
TAGS = {"FEATURED", "STAFF"}
CODES = {
    "OFFENSIVE",
    "ABUSIVE",
    "SPAM",
    "BANNED_WORD",
    "AD",
    "ILLEGAL_CONTENT",
    "HARASSMENT_BULLYING",
    "MISINFORMATION",
    "HATE_SPEECH",
    "IRRELEVANT_CONTENT",
    "OTHER",
}
TEXTS = ("legalGrounds", "detailedExplanation", "customReason")

Body = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What Coral gets: everything of a response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Body | None:
        """What is said, after checking all that Coral does; None for no opinion."""
        assert self.status in (200, 204), self.body
        if self.status == 204:
            assert self.body == b""
            return None
        assert self.headers["Content-Type"] == "application/json"
        said: Body = json.loads(self.body)
        assert complaints(said) == []
        return said

    @property
    def problem(self) -> Body:
        """What is wrong with the request."""
        assert self.headers["Content-Type"] == "application/problem+json"
        found: Body = json.loads(self.body)
        assert found["status"] == self.status
        return found


@dataclass(frozen=True)
class Sender:
    """Sends what Coral would to a server, over a connection of its own each time."""

    address: tuple[str, int]
    secrets: tuple[str, ...] = (SECRET,)

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str], timeout: float = 30.0
    ) -> Answer:
        """Send bytes with these headers."""
        connection = http.client.HTTPConnection(*self.address, timeout=timeout)
        try:
            connection.request("POST", path, body, dict(headers))
            response = connection.getresponse()
            return Answer(response.status, dict(response.headers), response.read())
        finally:
            connection.close()

    def moderate(self, text: object, **more: str) -> Answer:
        """Ask what is to become of a comment."""
        return self.send(PHASE, moderation(text, **more))

    def send(self, path: str, data: object) -> Answer:
        """Send a value, signed."""
        return self.send_bytes(path, written(data))

    def send_bytes(self, path: str, body: bytes) -> Answer:
        """Send bytes, signed."""
        return self.post(path, body, headers_for(body, *self.secrets))


def moderation(text: object, role: str = "COMMENTER", action: str = "NEW") -> Body:
    """A request for moderation, with its keys in Coral's order."""
    return {
        "action": action,
        "comment": {"body": text, "parentID": None},
        "author": {"id": "baf4e943", "role": role},
        "story": {"id": "245b3856", "url": "http://localhost:1313/posts/a-story/"},
        "site": {"id": "a4bede88"},
        "tenantID": "19ba5794",
        "tenantDomain": "localhost",
    }


def written(data: object) -> bytes:
    """JSON as JavaScript's `JSON.stringify(data, null, 2)` writes it."""
    text = json.dumps(data, indent=2, ensure_ascii=False)
    # Halves of surrogate pairs are escaped, whole characters are not.
    return "".join(
        f"\\u{ord(one):04x}" if "\ud800" <= one < "\ue000" else one for one in text
    ).encode()


def headers_for(body: bytes, *secrets: str) -> dict[str, str]:
    """The headers of a request for moderation."""
    return {
        "User-Agent": f"Coral Moderation/{CORAL}",
        "Accept": "*/*",
        "Accept-Encoding": "gzip,deflate",
        "Content-Type": "application/json",
        SIGNATURE: ",".join(f"sha256={sign(secret, body)}" for secret in secrets),
    }


def sign(secret: str, body: bytes) -> str:
    """A signature, in hexadecimal."""
    return hmac.new(secret.encode(), body, "sha256").hexdigest()


def complaints(said: object) -> list[str]:
    """What Coral's schema has against an answer, which it throws away then."""
    if not isinstance(said, dict):
        return ["no object"]
    rules = {
        "status": STATUSES.__contains__,
        "actions": lambda value: isinstance(value, list) and all(map(is_action, value)),
        "tags": lambda value: isinstance(value, list) and value and set(value) <= TAGS,
        "moderationAction": is_moderation,
    }
    return [key for key, fits in rules.items() if key in said and not fits(said[key])]


def is_action(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.get("actionType") == "FLAG"
        and value.get("reason") in REASONS
    )


def is_moderation(value: object) -> bool:
    if not isinstance(value, dict) or value.get("status", "REJECTED") != "REJECTED":
        return False
    reason = value.get("rejectionReason", {})
    return (
        isinstance(reason, dict)
        and reason.get("code", "OTHER") in CODES
        and all(isinstance(reason[n], str) and reason[n] for n in TEXTS if n in reason)
    )


def add_secrets(database: Database) -> None:
    """Add a site that holds what is flagged, and what Coral signs with on both."""
    holding = Sites(database).create("holding", by="test", now=NOON)
    Sites(database).change(
        holding,
        flagged=Outcome.REJECT,
        words=[make_word(OWN_WORD, "personal", "reject", "word")],
        by="test",
        now=NOON,
    )
    secrets = CoralSecrets(database)
    for site, secret in (
        ("default", SECRET),
        ("default", HOOKS_SECRET),
        ("holding", HOLDING_SECRET),
    ):
        secrets.add(site, secret, NOON)


@pytest.fixture(scope="session")
def coral_sqlite(
    tmp_path_factory: pytest.TempPathFactory, prepared_sqlite: Path
) -> Path:
    """An SQLite file with secrets, to be copied."""
    file = tmp_path_factory.mktemp("coral") / "refrain.db"
    shutil.copy(prepared_sqlite, file)
    database = open_database(f"sqlite:///{file}")
    add_secrets(database)
    database.close()
    return file


def coral_installation(installation: Installation) -> Installation:
    """The same with secrets."""
    database = open_database(installation.url)
    add_secrets(database)
    database.close()
    return installation


@pytest.fixture(scope="session")
def coral_apps(install: Install) -> Iterator[OnKind[Flask]]:
    """An app for Coral on each kind of database."""

    def make(kind: str) -> AbstractContextManager[Flask]:
        return built(coral_installation(install(kind)), **PATIENT)

    with one_of_each(make) as apps:
        yield apps


@pytest.fixture(scope="session")
def coral_app(dialect: str, coral_apps: OnKind[Flask]) -> Flask:
    """The app, with time enough for every comment."""
    return coral_apps(dialect)


@dataclass(frozen=True)
class Inside:
    """Asks an app without a socket."""

    app: Flask

    def send(self, data: object, *secrets: str, path: str = PHASE) -> Answer:
        """Send a value, signed."""
        return self.send_bytes(written(data), *secrets, path=path)

    def send_bytes(self, body: bytes, *secrets: str, path: str = PHASE) -> Answer:
        """Send bytes, signed."""
        return self.post(body, headers_for(body, *(secrets or (SECRET,))), path)

    def post(self, body: bytes, headers: Mapping[str, str], path: str) -> Answer:
        """Send bytes with these headers."""
        response = self.app.test_client().post(path, data=body, headers=dict(headers))
        found = dict(response.headers.items())
        return Answer(response.status_code, found, response.data)

    def moderate(self, text: object, *secrets: str, **more: str) -> Body | None:
        """What is to become of a comment."""
        return self.send(moderation(text, **more), *secrets).json


@pytest.fixture
def inside(coral_app: Flask) -> Inside:
    """That app as Coral sees it."""
    return Inside(coral_app)


@pytest.fixture(scope="session")
def coral_servers(install: Install) -> Iterator[OnKind[Server]]:
    """gunicorn for Coral on each kind of database."""

    def make(kind: str) -> AbstractContextManager[Server]:
        installation = coral_installation(install(kind))
        return serving_on(installation, REFRAIN_LOG_LEVEL="DEBUG", **PATIENT)

    with one_of_each(make) as servers:
        yield servers


@pytest.fixture(scope="session")
def coral_server(dialect: str, coral_servers: OnKind[Server]) -> Server:
    """gunicorn, with time enough for every comment."""
    return coral_servers(dialect)


@pytest.fixture
def coral(coral_server: Server) -> Sender:
    """Coral, with that server as its phase."""
    return Sender(coral_server.address)
