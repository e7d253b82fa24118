"""Every endpoint hears of every event, and nothing is sent twice at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from service.errors import InvalidInput
from service.store.database import Database
from service.store.deliveries import Deliveries, Delivery
from service.store.endpoints import Endpoints
from service.store.outbox import SETTLE_S, Backlog, Outbox
from service.store.schema import deliveries as table
from service.store.sites import Sites
from tests.fixtures_store import NOON
from tests.misbehaving import SECRET
from tests.telling import tell

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
UNDO = timedelta(seconds=10)
ALL = 1000


@pytest.fixture
def deliveries(database: Database) -> Deliveries:
    return Deliveries(database)


@pytest.fixture
def endpoints(database: Database) -> Endpoints:
    return Endpoints(database)


@pytest.fixture
def endpoint(endpoints: Endpoints) -> int:
    """The site's endpoint, added at noon."""
    return endpoints.add("default", "https://news.example/hook", SECRET, NOON)


def claim(deliveries: Deliveries, endpoint: int, *, limit: int = ALL) -> list[Delivery]:
    """Take what is due at noon."""
    return deliveries.claim(endpoint, limit, NOON, NOON + MINUTE)


def claimed(deliveries: Deliveries, endpoint: int) -> list[str]:
    """The comments of which an endpoint is to be told now."""
    return [one.event.comment_id for one in claim(deliveries, endpoint)]


def test_an_endpoint_hears_of_what_comes_after_it_was_added(
    database: Database, deliveries: Deliveries, endpoints: Endpoints
) -> None:
    tell(database, "c-1", NOON - SECOND)
    endpoint = endpoints.add("default", "https://news.example/", SECRET, NOON)
    tell(database, "c-2", NOON)

    assert deliveries.spread(NOON) == 1
    assert deliveries.spread(NOON) == 0

    assert claimed(deliveries, endpoint) == ["c-2"]


def test_a_clock_that_steps_back_hides_nothing_from_a_new_endpoint(
    database: Database, deliveries: Deliveries, endpoint: int
) -> None:
    tell(database, "c-1", NOON - MINUTE)

    deliveries.spread(NOON)

    assert claimed(deliveries, endpoint) == ["c-1"]


def test_an_endpoint_that_has_heard_nothing_yet_misses_nothing(
    database: Database, deliveries: Deliveries, endpoint: int
) -> None:
    for i in range(3):
        tell(database, f"c-{i}", NOON)

    deliveries.spread(NOON)

    assert claimed(deliveries, endpoint) == ["c-0", "c-1", "c-2"]


def test_every_endpoint_of_a_site_hears_and_no_other(
    database: Database, deliveries: Deliveries, endpoints: Endpoints, endpoint: int
) -> None:
    Sites(database).create("sports", by="test", now=NOON)
    second = endpoints.add("default", "https://log.example/", SECRET, NOON)
    other = endpoints.add("sports", "https://news.example/hook", SECRET, NOON)
    tell(database, "c-1", NOON)

    deliveries.spread(NOON)

    assert sorted(deliveries.due(NOON)) == [endpoint, second]
    assert claimed(deliveries, endpoint) == claimed(deliveries, second) == ["c-1"]
    assert claimed(deliveries, other) == []


def test_what_can_be_undone_is_not_delivered(
    database: Database, deliveries: Deliveries, endpoint: int
) -> None:
    tell(database, "c-1", NOON, NOON + UNDO)

    assert deliveries.spread(NOON + UNDO) == 0
    assert deliveries.spread(NOON + UNDO + SETTLE_S * SECOND) == 1


def test_a_claimed_delivery_is_nobody_elses_until_its_claim_ends(
    database: Database, deliveries: Deliveries, endpoint: int
) -> None:
    tell(database, "c-1", NOON)
    deliveries.spread(NOON)
    (first,) = deliveries.claim(endpoint, ALL, NOON, NOON + MINUTE)

    assert deliveries.claim(endpoint, ALL, NOON + MINUTE - SECOND, NOON) == []
    (again,) = deliveries.claim(endpoint, ALL, NOON + MINUTE, NOON + 2 * MINUTE)

    assert again.event == first.event
    assert (first.tries, again.tries) == (1, 2)


def test_deliverers_that_claim_at_once_share_what_is_due(
    database: Database, endpoint: int
) -> None:
    for i in range(40):
        tell(database, f"c-{i}", NOON)
    Deliveries(database).spread(NOON)

    def work(_: int) -> list[str]:
        mine: list[str] = []
        while some := claim(Deliveries(database), endpoint, limit=3):
            mine += [delivery.event.comment_id for delivery in some]
        return mine

    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(work, range(4)))

    every = [comment_id for share in shares for comment_id in share]
    assert sorted(every) == sorted(f"c-{i}" for i in range(40))


def test_deliverers_that_spread_at_once_make_each_delivery_once(
    database: Database, endpoint: int
) -> None:
    for i in range(40):
        tell(database, f"c-{i}", NOON)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: Deliveries(database).spread(NOON), range(8)))

    assert len(claim(Deliveries(database), endpoint)) == 40


def test_what_was_delivered_is_not_sent_again(
    database: Database, deliveries: Deliveries, endpoint: int
) -> None:
    tell(database, "c-1", NOON)
    deliveries.spread(NOON)
    (delivery,) = claim(deliveries, endpoint)

    deliveries.delivered(delivery, NOON)

    assert deliveries.claim(endpoint, ALL, NOON + 9 * MINUTE, NOON) == []
    assert Outbox(database).backlog() == Backlog(0, 0)


def test_what_failed_is_sent_again_when_it_is_time(
    database: Database, deliveries: Deliveries, endpoint: int, endpoints: Endpoints
) -> None:
    tell(database, "c-1", NOON)
    deliveries.spread(NOON)
    (delivery,) = claim(deliveries, endpoint)

    deliveries.failed(delivery, "The answer was 500.", NOON + 5 * MINUTE)

    assert deliveries.claim(endpoint, ALL, NOON + 5 * MINUTE - SECOND, NOON) == []
    (listed,) = endpoints.all()
    assert (listed.pending, listed.given_up) == (1, 0)
    assert listed.error == "The answer was 500."
    assert len(deliveries.claim(endpoint, ALL, NOON + 5 * MINUTE, NOON)) == 1


def test_what_was_given_up_is_shown_and_not_sent(
    database: Database, deliveries: Deliveries, endpoint: int, endpoints: Endpoints
) -> None:
    tell(database, "c-1", NOON)
    deliveries.spread(NOON)
    (delivery,) = claim(deliveries, endpoint)

    deliveries.failed(delivery, "The answer was 500.", None)

    assert deliveries.due(NOON + timedelta(days=1000)) == []
    (listed,) = endpoints.all()
    assert (listed.pending, listed.given_up) == (0, 1)
    assert Outbox(database).backlog() == Backlog(0, 1)


def test_who_comes_back_after_its_claim_ended_cannot_undo_what_others_did(
    database: Database, deliveries: Deliveries, endpoint: int
) -> None:
    tell(database, "c-1", NOON)
    deliveries.spread(NOON)
    (slow,) = claim(deliveries, endpoint)
    (quick,) = deliveries.claim(endpoint, ALL, NOON + MINUTE, NOON + 2 * MINUTE)

    deliveries.failed(slow, "There was no answer.", NOON)
    assert deliveries.claim(endpoint, ALL, NOON + MINUTE, NOON) == []

    deliveries.delivered(quick, NOON)
    deliveries.failed(slow, "There was no answer.", NOON)
    assert Outbox(database).backlog() == Backlog(0, 0)


def test_a_disabled_endpoint_is_told_nothing_more(
    database: Database, deliveries: Deliveries, endpoint: int, endpoints: Endpoints
) -> None:
    tell(database, "c-1", NOON)
    deliveries.spread(NOON)

    deliveries.disable(endpoint, "Gone.", NOON)
    tell(database, "c-2", NOON)

    assert deliveries.spread(NOON) == 0
    assert deliveries.due(NOON) == []
    (listed,) = endpoints.all()
    assert listed.disabled_at == NOON
    assert (listed.pending, listed.given_up, listed.error) == (0, 1, "Gone.")


def test_replaying_sends_all_since_a_time_again_with_the_same_ids(
    database: Database, deliveries: Deliveries, endpoint: int
) -> None:
    for i in range(4):
        tell(database, f"c-{i}", NOON + i * MINUTE)
    deliveries.spread(NOON + 9 * MINUTE)
    before = deliveries.claim(endpoint, ALL, NOON + 9 * MINUTE, NOON + 10 * MINUTE)
    for delivery in before:
        deliveries.delivered(delivery, NOON)

    assert deliveries.replay("default", NOON + 2 * MINUTE, NOON + 9 * MINUTE) == 2

    after = deliveries.claim(endpoint, ALL, NOON + 9 * MINUTE, NOON + 10 * MINUTE)
    assert [one.event for one in after] == [one.event for one in before[2:]]
    assert {one.tries for one in after} == {1}


def test_replaying_loses_nothing_that_was_not_sent_yet(
    database: Database, deliveries: Deliveries, endpoint: int
) -> None:
    tell(database, "c-1", NOON)
    tell(database, "c-2", NOON + MINUTE)
    tell(database, "c-3", NOON + MINUTE, NOON + 5 * MINUTE)

    deliveries.replay("default", NOON + MINUTE, NOON + MINUTE)

    now = NOON + 9 * MINUTE
    deliveries.spread(now)
    due = deliveries.claim(endpoint, ALL, now, now + MINUTE)
    assert [one.event.comment_id for one in due] == ["c-1", "c-2", "c-3"]


def test_a_new_endpoint_hears_of_old_events_by_replaying(
    database: Database, deliveries: Deliveries, endpoints: Endpoints
) -> None:
    tell(database, "c-1", NOON - 2 * MINUTE)
    tell(database, "c-2", NOON - MINUTE)
    endpoint = endpoints.add("default", "https://news.example/", SECRET, NOON)

    deliveries.replay("default", NOON - 9 * MINUTE, NOON)

    assert claimed(deliveries, endpoint) == ["c-1", "c-2"]


def test_replaying_an_unknown_site_is_refused(deliveries: Deliveries) -> None:
    with pytest.raises(InvalidInput, match="no site named 'nowhere'"):
        deliveries.replay("nowhere", NOON, NOON)


def test_a_removed_endpoint_leaves_nothing(
    database: Database, deliveries: Deliveries, endpoint: int, endpoints: Endpoints
) -> None:
    tell(database, "c-1", NOON)
    deliveries.spread(NOON)
    (delivery,) = claim(deliveries, endpoint)

    endpoints.remove(endpoint)

    deliveries.delivered(delivery, NOON)
    deliveries.failed(delivery, "The answer was 500.", NOON)
    assert endpoints.all() == []
    with database.reading() as connection:
        assert connection.execute(select(table)).all() == []
    with pytest.raises(InvalidInput, match=f"no endpoint {endpoint}"):
        endpoints.remove(endpoint)


def test_a_site_is_told_once_at_each_url(endpoints: Endpoints, endpoint: int) -> None:
    with pytest.raises(InvalidInput, match="exists already"):
        endpoints.add("default", "https://news.example/hook", SECRET, NOON)
    with pytest.raises(InvalidInput, match="no site named 'nowhere'"):
        endpoints.add("nowhere", "https://news.example/hook", SECRET, NOON)


def test_a_gone_endpoint_can_be_added_anew(
    endpoints: Endpoints, deliveries: Deliveries, endpoint: int
) -> None:
    deliveries.disable(endpoint, "Gone.", NOON)

    endpoints.add("default", "https://news.example/hook", SECRET, NOON)

    assert [listed.disabled_at for listed in endpoints.all()] == [NOON, None]


def test_secrets_are_not_shown_by_accident(
    database: Database, deliveries: Deliveries, endpoint: int, endpoints: Endpoints
) -> None:
    tell(database, "c-1", NOON)
    deliveries.spread(NOON)

    assert SECRET not in repr([endpoints.all(), claim(deliveries, endpoint)])


def test_a_long_backlog_is_spread_in_parts(
    database: Database,
    deliveries: Deliveries,
    endpoint: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.store.deliveries.BATCH", 3)
    for i in range(7):
        tell(database, f"c-{i}", NOON)

    assert [deliveries.spread(NOON) for _ in range(4)] == [3, 3, 1, 0]
    assert deliveries.replay("default", NOON, NOON) == 7


def test_since_when_an_endpoint_has_not_heard_is_told_of_spread_events_and_others(
    database: Database, deliveries: Deliveries, endpoint: int
) -> None:
    assert deliveries.unheard_since(NOON) is None

    tell(database, "c-1", NOON)
    tell(database, "c-2", NOON + MINUTE)
    later = NOON + 5 * MINUTE
    assert deliveries.unheard_since(later) == NOON, "nobody has spread them"

    deliveries.spread(later)
    first, second = deliveries.claim(endpoint, ALL, later, later + MINUTE)
    assert deliveries.unheard_since(later) == NOON
    deliveries.delivered(first, later)
    assert deliveries.unheard_since(later) == NOON + MINUTE
    deliveries.failed(second, "The answer was 500.", later + MINUTE)
    assert deliveries.unheard_since(later) == NOON + MINUTE
    deliveries.failed(second, "The answer was 500.", None)
    assert deliveries.unheard_since(later) is None, "it was given up"


def test_what_may_still_be_taken_back_is_not_late(
    database: Database, deliveries: Deliveries, endpoint: int
) -> None:
    tell(database, "c-1", NOON, due_at=NOON + UNDO)

    assert deliveries.unheard_since(NOON + SECOND) is None
    assert deliveries.unheard_since(NOON + MINUTE) == NOON
