"""The reader's page says why, takes an appeal once, and does no harm."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.domain import Outcome, Waiting
from service.notices import LANGUAGES, SPOKEN, Clause
from service.reader.wording import PAGES
from service.services import NAME, Services
from service.settings import Settings
from service.store.sites import Sites
from tests.fixtures_store import NOON
from tests.reader_page import ENGLISH, FOUL, Tags, case_of, path_of, rejected
from tests.samples import comment

ZALGO = "".join(chr(0x300 + i % 0x60) for i in range(200))


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
