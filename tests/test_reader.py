"""The reader's page says why, takes an appeal once, and does no harm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from model.finding import Rule
from service.app import create_app
from service.domain import Outcome, Waiting
from service.errors import NotPossible
from service.notices import LANGUAGES, SPOKEN, Clause
from service.reader.links import Links
from service.reader.visits import State, Visits
from service.reader.wording import PAGES
from service.review import Review
from service.services import NAME, Services
from service.settings import Settings
from service.store.accounts import Role
from service.store.cases import Case
from service.store.desk import Desk
from service.store.reviews import Reviews
from service.store.sites import Sites
from service.store.store import Store
from tests.fixtures_store import NOON, take_away
from tests.reviewing import approve, card_of, make_world, reject
from tests.samples import ACCEPTED, REJECTED, comment

FOUL = "What the fuck is wrong with this world."
ENGLISH = PAGES["en"]
ZALGO = "".join(chr(0x300 + i % 0x60) for i in range(200))


class Tags(HTMLParser):
    """What a page consists of, and the text that a person sees on it."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.text = ""
        self.marked: list[str] = []
        self._open: list[str] = []
        self.feed(response.get_data(as_text=True))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(attrs)
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.text += data
        if "mark" in self._open:
            self.marked.append(data)


@pytest.fixture
def reader(app: Flask) -> FlaskClient:
    """A browser without a key or a cookie."""
    return app.test_client()


def rejected(client: FlaskClient, text: str = FOUL, /, **fields: object) -> str:
    """The path of the link for a comment that is rejected."""
    body = {"id": uuid4().hex, "text": text, **fields}
    answer = client.post("/v1/moderate", json=body).json
    assert answer
    assert answer["decision"] == "reject"
    return path_of(answer["appeal_url"])


def path_of(url: str) -> str:
    start = url.index("/appeal/")
    return url[start:]


def case_of(parts: Services, path: str) -> Case:
    visit = parts.visits.look(path.removeprefix("/appeal/"))
    return visit.case


# What it says


def test_the_page_shows_the_comment_with_the_words_marked_and_says_why(
    client: FlaskClient, reader: FlaskClient
) -> None:
    article = {"id": "7", "title": "Trams & <buses>", "url": "https://news.example/7"}

    response = reader.get(rejected(client, article=article))

    page = Tags(response)
    assert response.status_code == 200
    assert page.marked == ["fuck"]
    assert FOUL in page.text
    assert "it contains obscene words" in page.text
    assert "Trams & <buses>" in page.text
    assert ENGLISH.by_program in page.text
    assert ENGLISH.wrong in page.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_in_the_comments_language(
    client: FlaskClient, reader: FlaskClient, language: str
) -> None:
    response = reader.get(rejected(client, language=f"{language}-IN"))

    page = Tags(response)
    assert f'<html lang="{language}">' in response.get_data(as_text=True)
    assert SPOKEN[language].clauses[Clause.OBSCENE] in page.text
    assert SPOKEN[language].sentence in page.text
    assert PAGES[language].send in page.text


def test_a_telephone_number_is_shown_as_such(
    client: FlaskClient, reader: FlaskClient
) -> None:
    page = Tags(reader.get(rejected(client, "You find him at +91 98470 12345.")))

    assert "private contact details" in page.text
    assert "a personal attack" not in page.text
    assert page.marked[0] == "+91 98470 12345"


def test_a_persons_decision_is_said_to_be_one(
    client: FlaskClient, reader: FlaskClient, parts: Services, fresh_id: str
) -> None:
    client.post("/v1/moderate", json={"id": fresh_id, "text": "A fair point."})
    body = {"decision": "reject", "rule": "personal", "by": "Ann Editor"}
    client.post(f"/v1/comments/{fresh_id}/decision", json=body)
    answer = client.get(f"/v1/comments/{fresh_id}").json

    assert answer
    page = Tags(reader.get(path_of(answer["appeal_url"])))
    assert ENGLISH.by_person in page.text
    assert "Ann Editor" not in page.text
    assert ENGLISH.no_text in page.text
    assert "a personal attack" in page.text


def test_what_is_held_is_said_to_wait_and_may_be_appealed(
    settings: Settings, reader: FlaskClient
) -> None:
    app = create_app(settings)
    parts: Services = app.extensions[NAME]
    sites = Sites(parts.store.database)
    held = sites.set_flagged("default", Outcome.REJECT, by="t", now=NOON)
    sent = comment("c-1", "無知の知。何も知らない。")
    decision = parts.moderation.moderate(held, sent)
    url = parts.links.appeal(held.id, "c-1", decision)
    assert url

    page = Tags(app.test_client().get(path_of(url)))

    parts.store.database.close()
    assert SPOKEN["en"].held in page.text
    assert ENGLISH.send in page.text


# What protects it


def test_the_page_needs_no_script_style_or_cookie_and_nobody_else(
    client: FlaskClient, reader: FlaskClient
) -> None:
    response = reader.get(rejected(client))

    page, headers = Tags(response), response.headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in headers
    assert not {*page.tags} & {"script", "style", "img", "iframe", "object", "svg"}
    assert "style" not in page.attributes
    assert not [name for name in page.attributes if name.startswith("on")]


HOSTILE = [
    pytest.param("fuck <script>alert(1)</script>", id="script"),
    pytest.param('fuck "><img src=x onerror=alert(1)>', id="attribute"),
    pytest.param("fuck </blockquote></main><form action=//evil>", id="closing tags"),
    pytest.param("fuck {{ config }} {% raw %}", id="template"),
    pytest.param("fuck &lt;b&gt; &#x3c;", id="entities"),
    pytest.param(f"fuck {ZALGO} e{ZALGO}", id="Zalgo"),
    pytest.param("fuck " * 2000, id="10,000 characters"),
    pytest.param("fuck\0\0 \x01\x1b[2J", id="controls"),
    pytest.param("<fuck>" + "\u2066" * 50, id="isolates"),
]
PLAIN = {
    *("html", "head", "meta", "title", "link", "body", "main", "section", "h1", "h2"),
    *("p", "blockquote", "mark", "i", "ul", "li", "q", "bdi", "dl", "div", "dt", "dd"),
    *("time", "form", "label", "textarea", "button"),
}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_comment_is_shown_and_does_nothing(
    client: FlaskClient, reader: FlaskClient, text: str
) -> None:
    response = reader.get(rejected(client, text))

    page = Tags(response)
    assert response.status_code == 200
    assert {*page.tags} <= PLAIN
    assert page.tags.count("form") == 1
    assert any("fuck" in passage for passage in page.marked)


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_of_an_appeal_are_shown_and_do_nothing(
    client: FlaskClient, reader: FlaskClient, words: str
) -> None:
    path = rejected(client)

    reader.post(path, data={"words": words[:2000]})

    assert {*Tags(reader.get(path)).tags} <= PLAIN


@pytest.mark.parametrize("code", [0x202E, 0x202D, 0x2067, 0x200F, 0xFEFF])
def test_what_turns_or_hides_text_is_named_and_not_obeyed(
    client: FlaskClient, reader: FlaskClient, code: int
) -> None:
    html = reader.get(rejected(client, f"a {chr(code)} fuck")).get_data(as_text=True)

    assert chr(code) not in html
    assert f"U+{code:04X}" in html


# Appealing


def test_an_appeal_waits_for_a_moderator_with_the_readers_words(
    client: FlaskClient, reader: FlaskClient, parts: Services
) -> None:
    path = rejected(client)

    sent = reader.post(path, data={"words": "It is\r\na quotation."})

    case = case_of(parts, path)
    assert (sent.status_code, sent.headers["Location"]) == (303, path)
    assert "Set-Cookie" not in sent.headers
    assert [appeal.words for appeal in case.appeals] == ["It is\na quotation."]
    assert case.card.waiting is Waiting.APPEALED
    page = Tags(reader.get(path))
    assert ENGLISH.heard in page.text
    assert "It is\na quotation." in page.text
    assert "form" not in page.tags


def test_a_second_appeal_is_refused_and_the_first_one_shown(
    client: FlaskClient, reader: FlaskClient, parts: Services
) -> None:
    path = rejected(client)
    reader.post(path, data={"words": "First."})

    again = reader.post(path, data={"words": "Second."})

    assert again.status_code == 409
    assert "First." in Tags(again).text
    assert [appeal.words for appeal in case_of(parts, path).appeals] == ["First."]


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("", id="empty"),
        pytest.param("  \r\n ", id="blank"),
        pytest.param("\u200b\u2060\u3164", id="nothing to be seen"),
        pytest.param(None, id="missing"),
    ],
)
def test_without_words_there_is_no_appeal(
    client: FlaskClient, reader: FlaskClient, parts: Services, words: str | None
) -> None:
    path = rejected(client, language="ml")

    response = reader.post(path, data={} if words is None else {"words": words})

    page = Tags(response)
    assert response.status_code == 422
    assert PAGES["ml"].blank in page.text
    assert page.attributes["aria-invalid"] == "true"
    assert not case_of(parts, path).appeals


def test_too_many_words_are_given_back_to_be_made_shorter(
    client: FlaskClient, reader: FlaskClient, parts: Services
) -> None:
    path = rejected(client)

    response = reader.post(path, data={"words": "</textarea>" + "x" * 2000})

    page = Tags(response)
    assert response.status_code == 422
    assert ENGLISH.long.format(limit="2,000") in page.text
    assert "</textarea>" + "x" * 2000 in page.text
    assert not case_of(parts, path).appeals


def test_two_thousand_characters_are_enough_whatever_a_line_break_takes(
    client: FlaskClient, reader: FlaskClient, parts: Services
) -> None:
    path = rejected(client)

    response = reader.post(path, data={"words": "😀\r\n" * 1000})

    assert response.status_code == 303
    assert case_of(parts, path).appeals[0].words == "😀\n" * 1000


def test_a_form_beyond_all_measure_is_not_read(
    client: FlaskClient, reader: FlaskClient, parts: Services
) -> None:
    path = rejected(client)

    response = reader.post(path, data={"words": "x" * 1_000_000})

    assert response.status_code == 422
    assert len(response.data) < 10_000
    assert not case_of(parts, path).appeals


def test_what_is_no_form_is_no_appeal(
    client: FlaskClient, reader: FlaskClient, parts: Services
) -> None:
    path = rejected(client)

    assert reader.post(path, json={"words": "x"}).status_code == 422
    assert reader.post(path, data=b"\xff\xfe%%%").status_code == 422
    assert reader.put(path).status_code == 405
    assert not case_of(parts, path).appeals


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


class Clock:
    """A clock that is set by hand."""

    now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def review(store: Store, clock: Clock) -> Review:
    return Review(
        Desk(store.database),
        Reviews(store.database),
        second_share=0.0,
        text_hash=store.text_hash,
        clock=clock,
    )


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
