"""A service with moderators at work, for browsers: a real gunicorn and real sites.

Whatever stands in its queues has come by the API, as a news site sends it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from service.auth import hash_password, key_hash, new_key
from service.store.accounts import Accounts, Moderator, Role
from service.store.database import Database, open_database
from service.store.sites import Sites
from tests.fixtures_service import ROOT, WORKERS, Server, serving
from tests.fixtures_store import PASSWORD, prepare

EDITOR = "editor"
MARY, ZOE, OLGA = "Mary", "Zoë", "Olga"
"""Moderators.  Olga is who signs out, which ends all sessions of an account."""

ENVIRONMENT = {
    # Every decision is meant to stand: nobody is asked for a second opinion.
    "REFRAIN_SECOND_SHARE": "0",
    # Ids are new at every run: none is to be drawn by chance.
    "REFRAIN_SAMPLE_SHARE": "0",
    # The receivers of webhooks stand on this machine.
    "REFRAIN_PRIVATE_WEBHOOKS": "yes",
}


@dataclass(frozen=True)
class NewsSite:
    """A news site: its key, and what it does with it."""

    name: str
    key: str
    client: httpx.Client

    def page(self, *parts: str) -> str:
        """Path of one of its pages at the desk."""
        return "/".join(("/desk", self.name, *(quote(part, safe="") for part in parts)))

    def post(self, *comments: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Have comments moderated, in this order; gives the answers."""
        return [self._send("/v1/moderate", comment) for comment in comments]

    def queue(self, comments: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Post comments and see to it that people have to look at every one.

        What is accepted without a flag is reported by a reader; what is rejected is
        appealed against by who wrote it.
        """
        answers = self.post(*comments)
        for comment, answer in zip(comments, answers, strict=True):
            if answer["decision"] == "reject":
                self.appeal(comment["id"], "I meant the plan, not the person.")
            elif not answer["flagged"]:
                self.report(comment, "Not what I come here to read.")
        return answers

    def report(self, comment: Mapping[str, Any], words: str) -> None:
        """Pass a reader's complaint on, with the comment if it was not kept."""
        sent = {name: value for name, value in comment.items() if name != "id"}
        body = {"reporter": "u-9", "words": words, "comment": sent}
        self._send(_of(comment["id"], "/report"), body)

    def appeal(self, comment_id: str, words: str) -> None:
        """Pass on what a reader says against a rejection."""
        self._send(_of(comment_id, "/appeal"), {"words": words})

    def decide(self, comment_id: str, **decision: str) -> None:
        """Enter what was decided in the site's own system."""
        self._send(_of(comment_id, "/decision"), decision)

    def told(self, comment_id: str) -> dict[str, Any]:
        """All that the site can read of a comment."""
        return self._ask("GET", _of(comment_id))

    def held(self, comment_id: str) -> dict[str, Any]:
        """The decision that holds for a comment."""
        return dict(self.told(comment_id)["history"][-1])

    def _send(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._ask("POST", path, json=dict(body))

    def _ask(self, method: str, path: str, json: object = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = self.client.request(method, path, json=json, headers=headers)
        assert answer.is_success, answer.text
        return dict(answer.json())


@dataclass(frozen=True)
class Newsroom:
    """The service: its server, its database, and who sends comments there."""

    server: Server
    database: Database
    folder: Path
    client: httpx.Client

    @property
    def url(self) -> str:
        """Where the service is."""
        return self.server.url

    def start_flask(self, *words: str) -> subprocess.Popen[str]:
        """Start an operator's command."""
        return subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "service.cli", *words],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "REFRAIN_DATA_DIR": str(self.folder),
                **ENVIRONMENT,
            },
            stdout=subprocess.PIPE,
            text=True,
        )

    def flask(self, *words: str) -> str:
        """Run an operator's command; gives what it prints."""
        with self.start_flask(*words) as process:
            printed, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        return printed

    def site(self, name: str) -> NewsSite:
        """A new site with a key; its queue is empty."""
        key, now = new_key(), datetime.now(UTC)
        Sites(self.database).create(name, by=EDITOR, now=now)
        Accounts(self.database).create_key(name, key_hash(key), "tests", now)
        return NewsSite(name, key, self.client)


def _of(comment_id: str, what: str = "") -> str:
    return f"/v1/comments/{quote(comment_id, safe='')}{what}"


@contextmanager
def newsroom(folder: Path, **env: str) -> Iterator[Newsroom]:
    """Run a service on a database of its own; everybody's password is PASSWORD."""
    url = f"sqlite:///{folder / 'refrain.db'}"
    prepare(url)
    database = open_database(url)
    try:
        for name in (MARY, ZOE, OLGA):
            Accounts(database).create_moderator(
                Moderator(
                    name, hash_password(PASSWORD), Role.MODERATOR, datetime.now(UTC)
                )
            )
        with (
            serving(folder, WORKERS, **(ENVIRONMENT | env)) as server,
            httpx.Client(base_url=server.url, timeout=30) as client,
        ):
            yield Newsroom(server, database, folder, client)
    finally:
        database.close()
