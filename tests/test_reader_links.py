"""A reader's link opens one decision, for thirty days, as long as that one holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from model.finding import Rule
from service.app import create_app
from service.domain import Outcome
from service.errors import NotPossible
from service.reader.links import Links
from service.reader.visits import State, Visits
from service.reader.wording import PAGES
from service.review import Review
from service.services import NAME, Services
from service.settings import Settings
from service.store.accounts import Role
from service.store.sites import Sites
from service.store.store import Store
from tests.fixtures_store import NOON, take_away
from tests.reader_page import ENGLISH, FOUL, Tags, case_of, path_of, rejected
from tests.reviewing import Clock, approve, card_of, make_review, make_world, reject
from tests.samples import ACCEPTED, REJECTED, comment

# What a link is good for


@pytest.mark.parametrize("outcome", Outcome)
def test_once_something_else_holds_the_page_says_what(
    client: FlaskClient, reader: FlaskClient, parts: Services, outcome: Outcome
) -> None:
    path = rejected(client)
    decided = {"decision": outcome.value, "by": "ann"}
    rule = {"rule": "derogatory"} if outcome is Outcome.REJECT else {}
    case = case_of(parts, path)
    client.post(f"/v1/comments/{case.card.id}/decision", json=decided | rule)

    response = reader.get(path)
    late = reader.post(path, data={"words": "But why?"})

    page = Tags(response)
    is_accepted = outcome is Outcome.ACCEPT
    now = ENGLISH.accepted_now if is_accepted else ENGLISH.rejected_now
    assert (response.status_code, late.status_code) == (200, 409)
    assert ENGLISH.changed in page.text
    assert now in page.text
    assert ("derogatory words" in page.text) is not is_accepted
    assert FOUL not in page.text
    assert "form" not in page.tags
    assert not case_of(parts, path).appeals


def test_the_answer_to_an_appeal_is_found_at_the_same_address(
    client: FlaskClient, reader: FlaskClient, parts: Services
) -> None:
    path = rejected(client)
    reader.post(path, data={"words": "It is a quotation."})
    card = case_of(parts, path).card
    site = parts.visits.look(path.removeprefix("/appeal/")).site
    parts.review.decide(
        site,
        card.id,
        Outcome.ACCEPT,
        rule=None,
        note="A quotation indeed.",
        seen=card.number,
        by="editor",
        role=Role.EDITOR,
    )

    page = Tags(reader.get(path))

    assert ENGLISH.answered in page.text
    assert ENGLISH.accepted_now in page.text
    assert "A quotation indeed." not in page.text


def test_a_changed_comment_ends_the_link_of_what_was_written_before(
    client: FlaskClient, reader: FlaskClient, fresh_id: str
) -> None:
    path = rejected(client, id=fresh_id)
    client.post("/v1/moderate", json={"id": fresh_id, "text": "A fair point."})

    page = Tags(reader.get(path))

    assert ENGLISH.accepted_now in page.text
    assert FOUL not in page.text


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "token",
    [
        pytest.param("x", id="garbage"),
        pytest.param("1.1.YQ.", id="unsigned"),
        pytest.param("%00", id="NUL"),
        pytest.param("%ff", id="no UTF-8"),
        pytest.param("x" * 2000, id="long"),
        pytest.param("..", id="dots"),
    ],
)
def test_a_forged_link_opens_nothing(
    reader: FlaskClient, method: str, token: str
) -> None:
    response = reader.open(f"/appeal/{token}", method=method, data={"words": "x"})

    assert response.status_code == 404
    assert ENGLISH.broken in Tags(response).text or token == ".."


def test_a_link_that_was_tampered_with_opens_nothing(
    client: FlaskClient, reader: FlaskClient, parts: Services
) -> None:
    path, other = rejected(client), rejected(client)
    site, moment, _, signature = path.removeprefix("/appeal/").split(".")
    name = other.split(".")[2]

    response = reader.post(
        f"/appeal/{site}.{moment}.{name}.{signature}", data={"words": "x"}
    )

    assert response.status_code == 404
    assert not case_of(parts, other).appeals


def test_a_broken_link_is_explained_in_the_browsers_language(
    reader: FlaskClient,
) -> None:
    preferred = {"Accept-Language": "de-DE,ml-IN;q=0.9,en;q=0.5"}

    response = reader.get("/appeal/x", headers=preferred)

    assert PAGES["ml"].broken in Tags(response).text
    assert response.headers["Referrer-Policy"] == "no-referrer"


def test_without_a_database_the_reader_is_asked_to_come_again(
    settings: Settings,
) -> None:
    take_away(settings.database_url)
    app = create_app(settings)

    response = app.test_client().get("/appeal/1.2.3.4")

    app.extensions[NAME].store.database.close()
    assert response.status_code == 503
    assert response.mimetype == "text/html"
    assert ENGLISH.failed in Tags(response).text
    assert int(response.headers["Retry-After"]) > 0


# Over time, on both databases


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def review(store: Store, clock: Clock) -> Review:
    return make_review(store, clock, 0.0)


@pytest.fixture
def links(store: Store) -> Links:
    return Links("https://refrain.example", store.key_for)


@pytest.fixture
def visits(store: Store, links: Links, review: Review, clock: Clock) -> Visits:
    return Visits(links, Sites(store.database), review, clock=clock)


def stored(store: Store, links: Links, site_id: int = 1, at: datetime = NOON) -> str:
    """The token for a comment `c-1` that is rejected at a moment."""
    sent = comment("c-1", FOUL)
    recorded = store.record(
        site_id, sent, store.text_hash(FOUL), REJECTED, at, alike=b"a" * 16
    )
    url = links.appeal(site_id, "c-1", recorded.decision)
    assert url
    return url.rpartition("/")[2]


def test_a_link_is_valid_for_thirty_days_and_not_a_moment_longer(
    store: Store, links: Links, visits: Visits, clock: Clock
) -> None:
    token = stored(store, links)

    clock.now = NOON + timedelta(days=30) - timedelta(microseconds=1)
    before = visits.look(token)
    clock.now = NOON + timedelta(days=30)
    after = visits.look(token)

    assert (before.state, after.state) == (State.OPEN, State.OVER)
    with pytest.raises(NotPossible):
        visits.appeal(token, "Too late.")
    assert not visits.look(token).case.appeals


def test_a_link_that_is_over_says_so_on_its_page(
    reader: FlaskClient, parts: Services
) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=31)
    sent = comment(uuid4().hex, FOUL)
    parts.store.record(
        1, sent, parts.store.text_hash(FOUL), REJECTED, long_ago, alike=b"a" * 16
    )
    record = parts.store.history(1, str(sent.id))
    assert record
    path = path_of(str(parts.links.appeal(1, record.id, record.decisions[0])))

    response, late = reader.get(path), reader.post(path, data={"words": "x"})

    assert (response.status_code, late.status_code) == (410, 409)
    assert ENGLISH.over in Tags(response).text
    assert FOUL not in Tags(response).text


def test_one_sites_link_is_not_another_ones(
    store: Store, links: Links, visits: Visits
) -> None:
    other = Sites(store.database).create("other", by="t", now=NOON)
    mine = stored(store, links)
    theirs = stored(store, links, other.id)

    visits.appeal(theirs, "On the other site.")

    assert visits.look(mine).state is State.OPEN
    assert visits.look(theirs).state is State.HEARD
    assert visits.look(theirs).site.name == "other"


def test_escalating_leaves_the_link_and_its_one_appeal(
    store: Store, links: Links, visits: Visits, review: Review, clock: Clock
) -> None:
    token = stored(store, links)
    site = visits.look(token).site
    clock.now = NOON + timedelta(minutes=1)

    review.escalate(site, "c-1", note=None, seen=1, by="editor")
    before = visits.look(token).state
    visits.appeal(token, "It is a quotation.")
    after = visits.look(token)

    assert (before, after.state) == (State.OPEN, State.HEARD)
    assert after.appeal is not None
    assert after.appeal.words == "It is a quotation."


def test_an_approval_that_is_undone_leaves_the_link(
    store: Store, links: Links, visits: Visits, review: Review, clock: Clock
) -> None:
    token = stored(store, links)
    site = visits.look(token).site
    clock.now = NOON + timedelta(minutes=1)
    made = review.decide(
        site,
        "c-1",
        Outcome.ACCEPT,
        rule=None,
        note=None,
        seen=1,
        by="editor",
        role=Role.EDITOR,
    )
    between = visits.look(token).state

    review.undo(site, "c-1", number=made.number, by="editor")

    last = store.history(1, "c-1")
    assert last
    newest = str(links.appeal(1, "c-1", last.decisions[-1])).rpartition("/")[2]
    assert (between, visits.look(token).state) == (State.CHANGED, State.OPEN)
    assert newest != token
    assert visits.look(newest).state is State.OPEN


def test_a_second_opinion_that_differs_leaves_the_link_also_when_undone(
    store: Store, links: Links
) -> None:
    world = make_world(store)
    visits = Visits(links, Sites(store.database), world.review, clock=world.clock)
    world.send("c-1")
    reject(world, "c-1", review=world.with_share(1.0))
    told = card_of(world, "c-1").decision
    token = str(links.appeal(1, "c-1", told)).rpartition("/")[2]
    world.clock.sleep(60)

    approve(world, "c-1", seen=2, by="bela")
    differed = visits.look(token)
    world.review.undo(world.site, "c-1", number=4, by="bela")
    undone = visits.look(token)

    for visit in (differed, undone):
        assert (visit.state, visit.number) == (State.OPEN, 2)
        assert not visit.is_accepted
    assert visits.appeal(token, "It is a quotation.").state is State.HEARD


def test_a_rejection_confirmed_on_appeal_has_a_link_of_its_own(
    store: Store, links: Links, visits: Visits, review: Review, clock: Clock
) -> None:
    token = stored(store, links)
    visits.appeal(token, "It is a quotation.")
    clock.now = NOON + timedelta(minutes=1)
    review.decide(
        visits.look(token).site,
        "c-1",
        Outcome.REJECT,
        rule=Rule.OBSCENE,
        note=None,
        seen=1,
        by="editor",
        role=Role.EDITOR,
    )

    visit = visits.look(token)

    assert visit.state is State.CHANGED
    assert not visit.is_accepted
    assert visit.appeal is not None
    assert visit.appeal.answer == 2


def test_an_accepted_comment_can_have_no_link(store: Store, links: Links) -> None:
    sent = comment("c-2", "A fair point.")
    recorded = store.record(
        1, sent, store.text_hash(sent.text), ACCEPTED, NOON, alike=None
    )

    assert links.appeal(1, "c-2", recorded.decision) is None
