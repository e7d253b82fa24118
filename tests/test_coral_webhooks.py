"""Coral's webhooks are taken, counted, and nothing else."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.fixtures_coral import (
    HOOKS_SECRET,
    SECRET,
    WEBHOOKS,
    WRONG_SECRET,
    Body,
    Inside,
    Sender,
    headers_for,
    written,
)
from tests.fixtures_service import Server

TYPES = [
    "STORY_CREATED",
    "COMMENT_CREATED",
    "COMMENT_REPLY_CREATED",
    "COMMENT_ENTERED_MODERATION_QUEUE",
    "COMMENT_LEFT_MODERATION_QUEUE",
]


def event(kind: str, **data: object) -> Body:
    return {
        "id": "2cd8a8a0",
        "type": kind,
        "tenantID": "19ba5794",
        "tenantDomain": "localhost",
        "createdAt": "2026-11-23T15:17:00.000Z",
        "data": data,
    }


def left(status: object) -> Body:
    ids = {"commentID": "c1", "storyID": "s1", "siteID": "n1"}
    return event("COMMENT_LEFT_MODERATION_QUEUE", queue="PENDING", status=status, **ids)


@pytest.fixture
def hooks(coral_server: Server) -> Sender:
    """Coral, which signs webhooks with a secret of theirs."""
    return Sender(coral_server.address, (HOOKS_SECRET,))


def counted(server: Server) -> dict[tuple[str, str], int]:
    """How many webhooks were taken, by type and status."""
    exposed = httpx.get(f"{server.url}/metrics").text
    found = re.findall(
        r'^refrain_coral_events_total\{status="(.*)",type="(.*)"\} (\d+)\.0$',
        exposed,
        re.MULTILINE,
    )
    return {(kind, status): int(count) for status, kind, count in found}


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_taken_and_counted(
    hooks: Sender, coral_server: Server, kind: str
) -> None:
    before = counted(coral_server).get((kind, "none"), 0)

    answer = hooks.send(WEBHOOKS, event(kind, commentID="c1"))

    assert (answer.status, answer.body) == (204, b"")
    assert counted(coral_server)[kind, "none"] == before + 1


@pytest.mark.parametrize("status", ["APPROVED", "REJECTED"])
def test_what_people_made_of_a_comment_is_counted(
    hooks: Sender, coral_server: Server, status: str
) -> None:
    key = ("COMMENT_LEFT_MODERATION_QUEUE", status)
    before = counted(coral_server).get(key, 0)

    assert hooks.send(WEBHOOKS, left(status)).status == 204

    assert counted(coral_server)[key] == before + 1


def test_what_coral_may_invent_is_taken_and_makes_no_label_of_its_own(
    hooks: Sender, coral_server: Server
) -> None:
    for sent in (event("COMMENT_PINNED"), left("PONDERED"), event('x"\n{}', status="")):
        assert hooks.send(WEBHOOKS, sent).status == 204

    found = counted(coral_server)
    assert found["other", "none"] >= 1
    assert found["COMMENT_LEFT_MODERATION_QUEUE", "other"] >= 1
    assert {kind for kind, _ in found} <= {*TYPES, "other"}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"{}", b'{"type": 7}', b'{"type": "x", "data": {"status": 7}}'],
)
def test_what_cannot_be_read_is_taken_too_or_coral_would_give_up(
    inside: Inside, body: bytes
) -> None:
    answer = inside.send_bytes(body, HOOKS_SECRET, path=WEBHOOKS)

    assert answer.status == 204


def test_the_type_in_the_header_does_not_count(
    hooks: Sender, coral_server: Server
) -> None:
    """It is not signed."""
    body = written(event("STORY_CREATED"))
    headers = headers_for(body, HOOKS_SECRET) | {"X-Coral-Event": "COMMENT_CREATED"}
    before = counted(coral_server).get(("STORY_CREATED", "none"), 0)

    assert hooks.post(WEBHOOKS, body, headers).status == 204

    assert counted(coral_server)["STORY_CREATED", "none"] == before + 1


@pytest.mark.parametrize("secrets", [(), (WRONG_SECRET,)])
def test_nothing_is_taken_from_others(
    hooks: Sender, coral_server: Server, secrets: tuple[str, ...]
) -> None:
    body = written(left("APPROVED"))
    before = counted(coral_server)

    answer = hooks.post(WEBHOOKS, body, headers_for(body, *secrets))

    assert answer.status == 401
    assert answer.problem["type"] == "/docs#wrong-signature"
    assert counted(coral_server) == before


def test_one_too_large_is_refused(inside: Inside) -> None:
    sent = event("STORY_CREATED", story="x" * 256 * 1024)

    assert inside.send(sent, SECRET, path=WEBHOOKS).status == 413
