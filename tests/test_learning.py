"""The whole loop on a real gunicorn with two workers: decisions in, a better model out.

A newsroom knows a local slur that the shipped model does not.  Its decisions come in
over the API; `flask learn` does the rest.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx
import pytest

from benchmarks.slur import Slur
from model.judge import load_judge
from model.newscomments import news_comments
from tests.fixtures_service import ROOT, Server, serving
from tests.fixtures_store import KEY

WORD = "grobnik"
COMMENTS = 700
SWITCH_S = 10.0
"""How long all workers may take to follow: they look every two seconds."""
ASKED = 40
"""Requests on connections of their own: that they all met one worker of two and missed
the other has a chance of 2 ** -39."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A comment, and what the newsroom's people make of it."""

    id: str
    text: str
    rejected: bool


@dataclass(frozen=True, slots=True)
class Site:
    """A running service, the folder of its data, and a client with its key."""

    server: Server
    folder: Path
    http: httpx.Client

    def flask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the operator's, as cron would."""
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "service.cli", *arguments],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "REFRAIN_DATA_DIR": str(self.folder)},
            check=False,
            capture_output=True,
            text=True,
        )

    def moderate(self, comments: Sequence[Decided]) -> None:
        """Have comments judged and stored."""
        for start in range(0, len(comments), 100):
            some = comments[start : start + 100]
            sent = [{"id": one.id, "text": one.text} for one in some]
            answer = self.http.post("/v1/moderate/batch", json={"comments": sent})
            assert answer.status_code == 200

    def decide(self, one: Decided, *, rejected: bool) -> None:
        """Enter a person's decision."""
        body = {"decision": "reject", "rule": "personal", "by": "asha"}
        if not rejected:
            body = {"decision": "accept", "by": "asha"}
        answer = self.http.post(f"/v1/comments/{one.id}/decision", json=body)
        assert answer.status_code == 200, answer.text

    def answers(self, text: str) -> list[dict[str, object]]:
        """What the workers say of a text, each connection having one of them."""
        found = []
        for _ in range(ASKED):
            answer = httpx.post(
                f"{self.server.url}/v1/moderate", json={"text": text}, headers=HEADERS
            )
            assert answer.status_code == 200
            found.append(answer.json())
        return found

    def versions(self) -> set[str]:
        """The versions by which the workers judge just now."""
        return {str(answer["model"]) for answer in self.answers("A fair point.")}

    def wait_for(self, version: str) -> None:
        """Wait until every worker judges by a version."""
        until(lambda: self.versions() == {version})


HEADERS = {"Authorization": f"Bearer {KEY}"}


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SWITCH_S
    while not is_so():
        assert time.monotonic() < deadline, "the workers have not followed"


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, prepared_sqlite: Path
) -> Iterator[Site]:
    """Moderators are shown all that is accepted, so that texts are kept."""
    folder = tmp_path_factory.mktemp("learning")
    shutil.copy(prepared_sqlite, folder / "refrain.db")
    with (
        serving(folder, REFRAIN_SAMPLE_SHARE="1") as server,
        httpx.Client(base_url=server.url, headers=HEADERS, timeout=30) as http,
    ):
        yield Site(server, folder, http)


def comments(seed: int) -> list[Decided]:
    """Ordinary comments, abusive ones, and some with the slur."""
    chance = Random(seed)  # noqa: S311 - no secret
    own = [e for e in news_comments(weight=1, template_weight=1) if len(e.text) < 300]
    chosen = chance.sample(own, COMMENTS)
    slur = Slur(WORD, is_held_out=False)
    made = []
    for number, example in enumerate(chosen):
        is_abuse, text = any(example.labels.values()), example.text
        if not is_abuse and chance.random() < 0.3:
            is_abuse, text = True, slur.insult(text, chance)
        made.append(Decided(f"s{seed}-{number}", text, is_abuse))
    return made


def test_a_newsroom_teaches_its_slur_and_may_take_it_back(site: Site) -> None:
    shipped = load_judge().model_version
    told = comments(seed=1)
    site.moderate(told)
    for one in told:
        site.decide(one, rejected=one.rejected)
    unseen = Slur(WORD, is_held_out=True)
    insult = unseen.insult("The road works end in May.", Random(7))  # noqa: S311
    assert all(a["decision"] == "accept" for a in site.answers(insult))

    learnt = site.flask("learn", "--auto")

    assert learnt.returncode == 0, learnt.stdout + learnt.stderr
    version = next(iter({p.name for p in (site.folder / "models").glob("2*")}))
    assert (site.folder / "models" / version / "report.html").is_file()
    site.wait_for(version)
    stopped = site.answers(insult)
    assert all(a["decision"] == "reject" or a["flagged"] for a in stopped)
    assert {a["model"] for a in stopped} == {version}

    back = site.flask("rollback")

    assert back.returncode == 0, back.stderr
    site.wait_for(shipped)
    assert all(a["decision"] == "accept" for a in site.answers(insult))


def test_poisoned_decisions_are_refused(site: Site) -> None:
    before = site.versions()
    assert site.flask("create-site", "poisoned").returncode == 0
    key = site.flask("create-key", "poisoned").stdout.strip()
    site.http.headers["Authorization"] = f"Bearer {key}"
    told = comments(seed=2)
    site.moderate(told)
    for one in told:
        site.decide(one, rejected=not one.rejected)

    refused = site.flask("learn", "--auto", "--site", "poisoned")

    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "refused" in refused.stdout + refused.stderr
    assert site.versions() == before
