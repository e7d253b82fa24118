"""Sites hear of every decision once, whatever their receivers, or we, go through."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from service.logs import make_log
from service.store.database import Database, open_database
from service.store.deliveries import Deliveries
from service.store.endpoints import Endpoints
from service.store.outbox import NEVER, Backlog, Outbox, take_back, utc_now
from service.store.schema import deliveries as table
from service.webhooks.deliverer import JITTER, LEASE_S, WAITS_S, Deliverer, Limits
from tests.misbehaving import (
    SECRET,
    Act,
    Answer,
    Flood,
    Receiver,
    babble,
    close,
    hang,
    receiving,
    trickle,
)
from tests.names import NameServer
from tests.telling import TEXT, decide, record, tell

ROOT = Path(__file__).parent.parent
PATIENCE_S = 30.0
PATIENT = Limits(timeout_s=PATIENCE_S, poll_s=0.02, stop_s=PATIENCE_S)
IMPATIENT = replace(PATIENT, timeout_s=0.5)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


class Office:
    """A site with endpoints, its outbox, a deliverer, and a clock that can be put."""

    def __init__(self, database: Database, receiver: Receiver) -> None:
        self.database = database
        self.receiver = receiver
        self.endpoints = Endpoints(database)
        self.ahead = timedelta()
        self.log = io.StringIO()

    def now(self) -> datetime:
        return utc_now() + self.ahead

    def sleep(self, seconds: float) -> None:
        """Let time pass, for the deliverer."""
        self.ahead += timedelta(seconds=seconds)

    def add(self, path: str = "/hook", act: Act | None = None) -> int:
        """Have the site told at a path of its receiver, which acts like that."""
        if act:
            self.receiver.acts[path] = act
        url = self.receiver.url + path
        return self.endpoints.add("default", url, SECRET, self.now())

    def tell(self, *ids: str) -> None:
        """Decide comments of which the site is to be told at once."""
        for comment_id in ids:
            tell(self.database, comment_id, self.now())

    def deliverer(self, *, private: bool = True, limits: Limits = PATIENT) -> Deliverer:
        return Deliverer(
            Deliveries(self.database),
            make_log("DEBUG", self.log),
            private=private,
            clock=self.now,
            limits=limits,
        )

    def deliver(self, limits: Limits = PATIENT) -> None:
        """Send what is due."""
        self.deliverer(limits=limits).run_once()

    @property
    def backlog(self) -> Backlog:
        return Outbox(self.database).backlog()

    @property
    def errors(self) -> list[str | None]:
        """What went wrong last with each endpoint."""
        return [endpoint.error for endpoint in self.endpoints.all()]


@pytest.fixture
def office(database: Database, receiver: Receiver) -> Office:
    return Office(database, receiver)


def test_a_decision_is_told_signed_and_without_the_text(office: Office) -> None:
    office.add()
    office.tell("c-1")

    office.deliver()

    (heard,) = office.receiver.heard
    assert office.receiver.forged == 0
    assert heard.id.startswith("msg_")
    data = heard.event.pop("data")
    assert heard.event == {
        "type": "comment.rejected",
        "timestamp": data["decided_at"],
    }
    assert datetime.fromisoformat(data.pop("decided_at")).tzinfo
    assert data == {
        "id": "c-1",
        "revision": 1,
        "number": 2,
        "decision": "reject",
        "kind": "review",
        "decided_by": "anna",
        "rule": None,
        "notice": "Your comment was not published.",
    }
    assert TEXT not in json.dumps(data)


def test_a_wrong_secret_is_noticed_by_the_packages_own_verifier(
    office: Office,
) -> None:
    office.add()
    office.receiver.secret = "whsec_" + "b3RoZXIh" * 5
    office.tell("c-1")

    office.deliver()

    assert office.receiver.forged == 1


def test_what_was_acknowledged_is_never_sent_again(office: Office) -> None:
    office.add()
    office.tell("c-1", "c-2", "c-3")

    for _ in range(3):
        office.deliver()
        office.sleep(LEASE_S + 1)

    assert sorted(office.receiver.comments) == ["c-1", "c-2", "c-3"]
    assert office.backlog == Backlog(0, 0)


@pytest.mark.parametrize(
    ("act", "error"),
    [
        pytest.param(Answer(500), "The answer was 500.", id="fails"),
        pytest.param(Answer(404), "The answer was 404.", id="knows nothing"),
        pytest.param(Answer(429), "The answer was 429.", id="is busy"),
        pytest.param(hang, "There was no answer within 0.5 s.", id="hangs"),
        pytest.param(trickle, "There was no answer within 0.5 s.", id="trickles"),
        pytest.param(
            close, "The connection was closed without a proper answer.", id="closes"
        ),
        pytest.param(
            babble, "The connection was closed without a proper answer.", id="babbles"
        ),
    ],
)
def test_a_receiver_that_misbehaves_is_told_when_it_comes_back(
    office: Office, act: Act, error: str
) -> None:
    office.add(act=act)
    office.tell("c-1")
    office.deliver(IMPATIENT)
    assert office.errors == [error]
    assert office.backlog == Backlog(1, 0)
    office.deliver(IMPATIENT)
    assert len(office.receiver.heard) == 1  # It is given time.

    office.receiver.acts.clear()
    office.sleep(WAITS_S[0] * (1 + JITTER))
    office.deliver()

    assert office.receiver.comments == ["c-1"]
    assert len({heard.id for heard in office.receiver.heard}) == 1
    assert office.receiver.forged == 0
    assert office.backlog == Backlog(0, 0)


def test_a_receiver_that_is_not_there_is_told_when_it_is(office: Office) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    office.endpoints.add("default", url, SECRET, office.now())
    office.tell("c-1")

    office.deliver()

    assert office.errors == ["No connection can be made."]
    assert office.backlog == Backlog(1, 0)


def test_an_endless_answer_is_not_read(office: Office) -> None:
    office.add(act=Flood())
    office.tell("c-1")
    start = time.monotonic()

    office.deliver()

    assert office.backlog == Backlog(0, 0)
    assert time.monotonic() - start < PATIENCE_S


def test_a_redirect_is_not_followed(office: Office) -> None:
    office.add(act=Answer(307, location="/elsewhere"))
    office.tell("c-1")

    office.deliver()

    assert [heard.path for heard in office.receiver.heard] == ["/hook"]
    assert office.errors == ["The answer was 307."]


def test_who_answers_410_is_told_nothing_more(office: Office) -> None:
    office.add("/gone", Answer(410))
    office.add("/there")
    office.tell("c-1")
    office.deliver()
    office.tell("c-2")
    office.deliver()

    gone, there = office.endpoints.all()
    assert (gone.disabled_at is None, gone.pending, gone.given_up) == (False, 0, 1)
    assert gone.error == "The endpoint answered 410: it wants to hear no more."
    assert there.disabled_at is None
    assert office.receiver.comments == ["c-1", "c-2"]
    assert sum(heard.path == "/gone" for heard in office.receiver.heard) == 1


def test_waits_grow_until_a_delivery_is_given_up(office: Office) -> None:
    office.add(act=Answer(500))
    office.tell("c-1")

    for wait_s in WAITS_S:
        office.deliver()
        (due_at,) = due_times(office.database)
        waits_s = (due_at - office.now()).total_seconds()
        assert wait_s * (1 - JITTER) - 30 < waits_s <= wait_s * (1 + JITTER)
        office.sleep(waits_s)
    office.deliver()

    assert due_times(office.database) == [NEVER]
    assert len(office.receiver.heard) == len(WAITS_S) + 1
    (endpoint,) = office.endpoints.all()
    assert (endpoint.given_up, endpoint.error) == (1, "The answer was 500.")


def due_times(database: Database) -> list[datetime]:
    with database.reading() as connection:
        return list(connection.scalars(select(table.c.due_at)))


def test_one_that_hangs_does_not_hold_up_the_others(office: Office) -> None:
    ids = [f"c-{i}" for i in range(10)]
    office.add("/slow", hang)
    office.add("/quick")
    office.tell(*ids)
    deliverer = office.deliverer()
    running = threading.Thread(target=deliverer.run)
    running.start()

    office.receiver.wait_for(len(ids) + 2)

    assert sorted(office.receiver.comments) == sorted(ids)
    deliverer.stop()
    office.receiver.is_closing.set()
    running.join(PATIENCE_S)
    assert not running.is_alive()


def test_a_deliverer_that_runs_tells_what_becomes_due(office: Office) -> None:
    office.add()
    deliverer = office.deliverer()
    running = threading.Thread(target=deliverer.run)
    running.start()

    office.tell("c-1")
    office.receiver.wait_for(1)
    office.tell("c-2")
    office.receiver.wait_for(2)

    deliverer.stop()
    running.join(PATIENCE_S)
    assert not running.is_alive()
    assert office.receiver.comments == ["c-1", "c-2"]
    assert office.backlog == Backlog(0, 0)


def test_stopping_waits_for_what_is_under_way(office: Office) -> None:
    heard, may_answer = threading.Event(), threading.Event()

    def answer_late(request: object) -> None:
        heard.set()
        may_answer.wait(PATIENCE_S)
        Answer(204)(request)  # type: ignore[arg-type]

    office.add(act=answer_late)
    office.tell("c-1")
    deliverer = office.deliverer()
    running = threading.Thread(target=deliverer.run)
    running.start()
    heard.wait(PATIENCE_S)

    deliverer.stop()
    may_answer.set()
    running.join(PATIENCE_S)

    assert not running.is_alive()
    assert office.backlog == Backlog(0, 0)


def test_several_deliverers_send_each_event_once(
    office: Office, database_url: str
) -> None:
    office.add("/a")
    office.add("/b")
    office.tell(*(f"c-{i}" for i in range(20)))
    others = [open_database(database_url) for _ in range(3)]

    def deliver(database: Database) -> None:
        log = make_log("DEBUG", io.StringIO())
        Deliverer(Deliveries(database), log, private=True, limits=PATIENT).run_once()

    threads = [threading.Thread(target=deliver, args=[other]) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)

    assert len(office.receiver.heard) == 40
    assert len({(heard.path, heard.id) for heard in office.receiver.heard}) == 40
    assert office.backlog == Backlog(0, 0)
    for other in others:
        other.close()


def test_what_is_taken_back_in_time_is_never_told(office: Office) -> None:
    office.add()
    now = office.now()
    key = record(office.database, "c-1", now)
    number = decide(office.database, key, now, now + timedelta(seconds=10))
    office.deliver()
    with office.database.writing() as connection:
        assert take_back(connection, comment_key=key, decision=number)

    office.sleep(60)
    office.deliver()

    assert office.receiver.heard == []


def test_a_private_address_is_refused_at_sending_too(office: Office) -> None:
    office.add()
    office.tell("c-1")

    office.deliverer(private=False).run_once()

    assert office.receiver.heard == []
    assert office.errors == ["The host 127.0.0.1 has a private address."]


def test_a_host_is_resolved_once_and_by_nobody_else(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    resolve = socket.getaddrinfo

    def rebind(host: str, *rest: object, **more: object) -> object:
        """A name server of which the second answer would lead inside."""
        if host != "news.example":
            return resolve(host, *rest, **more)  # type: ignore[arg-type]
        asked.append(host)
        if len(asked) > 1:
            raise AssertionError("it was resolved again")
        return resolve("127.0.0.1", *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", rebind)
    url = office.receiver.url.replace("127.0.0.1", "news.example") + "/hook"
    office.endpoints.add("default", url, SECRET, office.now())
    office.tell("c-1")

    office.deliver()

    assert asked == ["news.example"]
    assert office.receiver.comments == ["c-1"]


class World:
    """The internet as a test has it: 8.8.8.8 is the receiver; who goes where."""

    def __init__(self) -> None:
        self._connect = socket.create_connection
        self.reached: list[str] = []

    def __call__(self, address: tuple[str, int], *rest: Any, **more: Any) -> Any:  # noqa: ANN401 - as the system's
        host, port = address
        self.reached.append(host)
        return self._connect(
            ("127.0.0.1" if host == "8.8.8.8" else host, port), *rest, **more
        )


@pytest.mark.parametrize(
    ("answers", "reached", "error"),
    [
        pytest.param([("8.8.8.8",)], ["8.8.8.8"], None, id="a public name"),
        pytest.param(
            # Checked, and then asked again by who connects: it must not be.
            [("8.8.8.8",), ("127.0.0.1",)],
            ["8.8.8.8"],
            None,
            id="private from the second answer on",
        ),
        pytest.param(
            # It was public when the endpoint was added.
            [("127.0.0.1",)],
            [],
            "The host news.example has a private address.",
            id="private by now",
        ),
        pytest.param(
            [("8.8.8.8", "127.0.0.1")],
            [],
            "The host news.example has a private address.",
            id="public and private",
        ),
        pytest.param(
            [("127.0.0.1", "8.8.8.8")],
            [],
            "The host news.example has a private address.",
            id="private and public",
        ),
    ],
)
def test_no_answer_of_a_name_server_leads_a_webhook_inside(
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    answers: list[tuple[str, ...]],
    reached: list[str],
    error: str | None,
) -> None:
    names, world = NameServer("news.example", *answers), World()
    url = office.receiver.url.replace("127.0.0.1", "news.example") + "/hook"
    office.endpoints.add("default", url, SECRET, office.now())
    office.tell("c-1")
    monkeypatch.setattr(socket, "getaddrinfo", names)
    monkeypatch.setattr(socket, "create_connection", world)

    office.deliverer(private=False).run_once()

    assert world.reached == reached
    assert names.asked == 1
    assert office.receiver.comments == ["c-1"] * len(reached)
    assert office.errors == [error]


def test_the_log_names_the_event_and_neither_text_nor_secret(office: Office) -> None:
    office.add("/path-of-theirs", Answer(500))
    office.tell("c-1")

    office.deliver()

    (line,) = office.log.getvalue().splitlines()
    entry = json.loads(line)
    assert (entry["event"], entry["detail"]) == ("not delivered", "The answer was 500.")
    assert entry["message"] == office.receiver.heard[0].id
    for private in (TEXT, SECRET, "c-1", "path-of-theirs", "not published"):
        assert private not in line


@pytest.mark.parametrize("backend", ["sqlite"])  # A file is easily taken away.
def test_nothing_is_lost_when_the_database_is_away_for_a_while(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    file, away = Path(database_url.removeprefix("sqlite:///")), tmp_path / "away.db"
    office.add()
    office.tell("c-1")
    office.database.close()
    file.rename(away)
    deliverer = office.deliverer()
    running = threading.Thread(target=deliverer.run)
    running.start()
    while "cannot be opened" not in office.log.getvalue():
        time.sleep(0.01)

    away.rename(file)
    office.receiver.wait_for(1)

    deliverer.stop()
    running.join(PATIENCE_S)
    assert office.receiver.comments == ["c-1"]


def start(database_url: str, *options: str) -> subprocess.Popen[str]:
    """The command, in a process of its own."""
    command = ["flask", "--app", "service.cli", "deliver-webhooks", *options]
    env = {"DATABASE_URL": database_url, "REFRAIN_PRIVATE_WEBHOOKS": "yes"}
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=os.environ | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_deliverer_loses_nothing(office: Office, database_url: str) -> None:
    office.add(act=hang)
    office.tell("c-1")
    killed = start(database_url)
    office.receiver.wait_for(1)
    killed.kill()
    killed.communicate()
    office.receiver.acts.clear()

    office.deliver()
    assert len(office.receiver.heard) == 1  # Its claim has not ended yet.
    office.sleep(LEASE_S + 1)
    office.deliver()
    office.deliver()

    first, second = office.receiver.heard
    assert first == second
    assert office.receiver.comments == ["c-1"]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_command_delivers_until_it_is_told_to_end(
    office: Office, database_url: str, ending: signal.Signals
) -> None:
    office.add()
    office.tell("c-1")

    process = start(database_url)
    office.receiver.wait_for(1)
    process.send_signal(ending)
    _, said = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 0
    assert "Traceback" not in said
    assert office.backlog == Backlog(0, 0)


def test_the_command_delivers_once_and_ends(office: Office, database_url: str) -> None:
    office.add()
    office.tell("c-1", "c-2")

    process = start(database_url, "--once")
    printed, said = process.communicate(timeout=PATIENCE_S)

    assert (process.returncode, printed, said) == (0, "", "")
    assert sorted(office.receiver.comments) == ["c-1", "c-2"]
