"""What a site may read of its decisions, page by page, and what it may ask for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete

from service.auth import key_hash, new_key
from service.services import NAME
from service.store.accounts import Accounts
from service.store.database import Database
from service.store.schema import deliveries, events
from service.store.sites import Sites
from tests.telling import TEXT, tell

PATH = "/v1/decisions"


@pytest.fixture
def database(app: Flask) -> Database:
    """The app's database, without events of other tests."""
    database: Database = app.extensions[NAME].store.database
    with database.writing() as connection:
        connection.execute(delete(deliveries))
        connection.execute(delete(events))
    return database


def now() -> datetime:
    return datetime.now(UTC)


def read(client: FlaskClient, **parameters: object) -> dict[str, Any]:
    response = client.get(PATH, query_string=parameters)
    assert response.status_code == 200
    assert response.json
    return dict(response.json)


def ids(page: dict[str, Any]) -> list[str]:
    """The comments that a page tells of."""
    return [event["data"]["id"] for event in page["events"]]


def test_a_decision_is_listed_as_a_webhook_tells_it(
    client: FlaskClient, database: Database, fresh_id: str
) -> None:
    tell(database, fresh_id, now())

    (event,) = read(client)["events"]

    assert event["id"].startswith("msg_")
    assert event["type"] == "comment.rejected"
    assert event["timestamp"] == event["data"].pop("decided_at")
    assert event["data"] == {
        "id": fresh_id,
        "revision": 1,
        "number": 2,
        "decision": "reject",
        "kind": "review",
        "decided_by": "anna",
        "rule": None,
        "notice": "Your comment was not published.",
    }


def test_the_text_is_not_listed(
    client: FlaskClient, database: Database, fresh_id: str
) -> None:
    tell(database, fresh_id, now())

    assert TEXT not in client.get(PATH).get_data(as_text=True)


def test_pages_follow_one_another_without_gap_or_repetition(
    client: FlaskClient, database: Database, fresh_id: str
) -> None:
    every = [f"{fresh_id}-{i}" for i in range(7)]
    for comment_id in every:
        tell(database, comment_id, now())

    page = read(client, limit=3)
    seen = ids(page)
    while ids(page):
        page = read(client, limit=3, after=page["after"])
        seen += ids(page)

    assert seen == every


def test_a_cursor_stays_good_when_there_is_nothing_new(
    client: FlaskClient, database: Database, fresh_id: str
) -> None:
    nothing = read(client)
    tell(database, fresh_id, now())

    page = read(client, after=nothing["after"])
    again = read(client, after=page["after"])

    assert nothing["events"] == again["events"] == []
    assert ids(page) == [fresh_id]
    assert again["after"] == page["after"]


def test_what_can_be_undone_is_not_listed_yet(
    client: FlaskClient, database: Database, fresh_id: str
) -> None:
    tell(database, f"{fresh_id}-1", now())
    tell(database, f"{fresh_id}-2", now(), now() + timedelta(minutes=1))
    tell(database, f"{fresh_id}-3", now())

    assert ids(read(client)) == [f"{fresh_id}-1"]


def test_a_site_reads_of_its_own_comments_only(
    app: Flask, client: FlaskClient, database: Database, fresh_id: str
) -> None:
    other = Sites(database).create(fresh_id, by="test", now=now())
    key = new_key()
    Accounts(database).create_key(fresh_id, key_hash(key), "test", now())
    tell(database, "theirs", now(), site_id=other.id)
    tell(database, f"{fresh_id}-ours", now())

    theirs = app.test_client().get(PATH, headers={"Authorization": f"Bearer {key}"})

    assert ids(read(client)) == [f"{fresh_id}-ours"]
    assert theirs.json
    assert ids(theirs.json) == ["theirs"]


def test_without_a_key_nothing_is_listed(app: Flask) -> None:
    assert app.test_client().get(PATH).status_code == 401


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        pytest.param("limit=0", "?limit", id="none"),
        pytest.param("limit=1001", "?limit", id="too many"),
        pytest.param("limit=-1", "?limit", id="fewer than none"),
        pytest.param("limit=ten", "?limit", id="no number"),
        pytest.param("limit=1.0", "?limit", id="a part"),
        pytest.param("limit=%D9%A1", "?limit", id="a digit of another script"),
        pytest.param("limit=1&limit=2", "?limit", id="two numbers"),
        pytest.param("limit=", "?limit", id="no limit"),
        pytest.param("after=", "?after", id="no cursor"),
        pytest.param("after=17", "?after", id="a key"),
        pytest.param("after=AAAAAAAAAA!", "?after", id="no letters"),
        pytest.param("after=AAAAAAAAAAB", "?after", id="bits that mean nothing"),
        pytest.param("after=__________8", "?after", id="below zero"),
        pytest.param("after=AAAAAAAAAAA%0A", "?after", id="a line's end"),
        pytest.param("after=AAAAAAAAAAA&after=AAAAAAAAAAA", "?after", id="two"),
        pytest.param("befor=AAAAAAAAAAA", "?befor", id="misspelt"),
    ],
)
def test_what_cannot_be_asked_for_is_named(
    client: FlaskClient, query: str, pointer: str
) -> None:
    response = client.get(f"{PATH}?{query}")

    assert response.status_code == 422
    assert response.mimetype == "application/problem+json"
    assert response.json
    assert [error["pointer"] for error in response.json["errors"]] == [pointer]


def test_the_last_possible_cursor_is_no_error(client: FlaskClient) -> None:
    page = read(client, after="f_________8")

    assert page == {"events": [], "after": "f_________8"}


def test_as_many_are_listed_as_are_asked_for(
    client: FlaskClient, database: Database, fresh_id: str
) -> None:
    for i in range(101):
        tell(database, f"{fresh_id}-{i}", now())

    assert len(read(client)["events"]) == 100
    assert len(read(client, limit=1)["events"]) == 1
    assert len(read(client, limit=1000)["events"]) == 101


def test_deliveries_are_counted_for_prometheus(
    client: FlaskClient, database: Database
) -> None:
    counted = client.get("/metrics").get_data(as_text=True)

    assert 'refrain_webhooks{state="pending"} 0.0' in counted
    assert 'refrain_webhooks{state="given_up"} 0.0' in counted
