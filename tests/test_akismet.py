"""Akismet's API: who has a key is served, and hears what the policy says."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlencode

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from model.finding import Rule
from service.auth import key_hash, new_key
from service.compat.akismet import MAX_FORM, longest
from service.domain import Outcome, Thresholds
from service.errors import UnknownComment
from service.services import NAME, Services
from service.settings import Settings, load_settings
from service.store.sites import Sites
from tests.akismet_asked import (
    BLOG,
    CHECK,
    FAIR,
    FOREIGN,
    FOUL,
    HAM,
    PATHS,
    SPAM,
    check,
    said,
    sent,
    told,
    with_settings,
)
from tests.fixtures_clients import verdicts
from tests.fixtures_service import stored
from tests.fixtures_store import KEY, NOON

# Where the key comes from


@pytest.mark.parametrize("field", ["api_key", "key"])
@pytest.mark.parametrize("path", PATHS)
def test_the_key_comes_in_a_field(anyone: FlaskClient, path: str, field: str) -> None:
    response = anyone.post(path, data={field: KEY, "blog": BLOG})

    assert response.status_code == 200
    assert response.data != b"invalid"


@pytest.mark.parametrize("path", PATHS)
def test_the_key_comes_as_the_first_label_of_the_host(
    anyone: FlaskClient, parts: Services, path: str
) -> None:
    key = new_key()
    parts.accounts.create_key("default", key_hash(key), path, NOON)
    # A URL's host is written without capitals, as by every browser.
    host = httpx.URL(f"http://{key}.refrain.example:8000/").netloc.decode()

    response = anyone.post(path, data={"blog": BLOG}, headers={"Host": host})

    assert response.status_code == 200
    assert response.data != b"invalid"


@pytest.mark.parametrize("path", ["/1.2/key-sites", "/1.2/usage-limit"])
def test_the_key_comes_in_the_query_of_what_is_only_read(
    anyone: FlaskClient, path: str
) -> None:
    assert (
        anyone.get(path, query_string={"api_key": KEY}).mimetype == "application/json"
    )
    assert said(anyone.get(path)) == "invalid"


@pytest.mark.parametrize("path", [CHECK, SPAM, HAM, "/1.1/verify-key"])
def test_a_key_in_the_query_of_what_is_posted_is_none(
    anyone: FlaskClient, path: str
) -> None:
    fields = {"comment_content": FAIR, "blog": BLOG}

    response = anyone.post(path, query_string={"api_key": KEY}, data=fields)

    assert said(response) == "invalid"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="none"),
        pytest.param({"api_key": ""}, id="empty"),
        pytest.param({"api_key": "wrong"}, id="wrong"),
        pytest.param({"api_key": "wrong", "key": KEY}, id="wrong in the first place"),
        pytest.param({"key": "\x00\ud7ff\U0010ffff"}, id="no text"),
        pytest.param({"api_key": f" {KEY}"}, id="with a blank"),
        pytest.param({"key": KEY.upper()}, id="in capitals"),
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_a_wrong_key_is_invalid_everywhere(
    anyone: FlaskClient, path: str, fields: dict[str, str]
) -> None:
    response = anyone.post(path, data={"blog": BLOG, **fields})

    assert said(response) == "invalid"
    assert KEY not in str(response.headers)


def test_clients_without_a_key_are_served_only_where_the_operator_names_their_site(
    settings: Settings,
) -> None:
    app = with_settings(settings, REFRAIN_AKISMET_SITE="default")
    client = app.test_client()

    assert said(client.post(CHECK, data={"comment_content": FOUL})) == "true"
    assert said(client.post(CHECK, data={"comment_content": FAIR})) == "false"

    # A wrong key is no missing one.
    for wrong in ({"api_key": "wrong"}, {"api_key": ""}, {"key": ""}):
        response = client.post(CHECK, data={"comment_content": FAIR, **wrong})
        assert said(response) == "invalid"
    host = {"Host": "rf_wrong.refrain.example"}
    response = client.post(CHECK, data={"comment_content": FAIR}, headers=host)
    assert said(response) == "invalid"
    app.extensions[NAME].store.database.close()


def test_a_site_that_there_is_not_serves_nobody(settings: Settings) -> None:
    app = with_settings(settings, REFRAIN_AKISMET_SITE="nowhere")

    response = app.test_client().post(CHECK, data={"comment_content": FAIR})

    assert said(response) == "invalid"
    app.extensions[NAME].store.database.close()


# What is answered


@pytest.mark.parametrize(
    "author",
    [
        {"comment_author": "viagra-test-123"},
        {"comment_author": "akismet-guaranteed-spam"},
        {"comment_author_email": "akismet-guaranteed-spam@example.com"},
    ],
)
def test_whoever_tries_out_spam_gets_it(
    anyone: FlaskClient, author: dict[str, str]
) -> None:
    assert check(anyone, FAIR, user_role="administrator", **author) == "true"


def test_what_an_administrator_writes_is_always_ham(anyone: FlaskClient) -> None:
    assert check(anyone, FOUL, user_role="administrator") == "false"
    assert check(anyone, FOUL, user_role="editor") == "true"


@pytest.mark.parametrize("text", ["", " \r\n", "\u200b"])
def test_where_there_is_nothing_to_read_nothing_is_wrong(
    anyone: FlaskClient, text: str
) -> None:
    assert check(anyone, text) == "false"
    assert said(anyone.post(CHECK, data=sent())) == "false"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a " * 5_001, id="by a character"),
        pytest.param(FAIR + "\U0001f600" * 17_000, id="escaped, four times a body"),
        pytest.param("x" * 800_000, id="by far"),
    ],
)
def test_what_is_too_long_to_be_judged_goes_to_people(
    anyone: FlaskClient, text: str
) -> None:
    assert check(anyone, text) == "true"


def test_what_is_too_long_to_be_received_goes_to_people_if_the_key_is_the_host(
    anyone: FlaskClient,
) -> None:
    fields = sent(comment_content="x" * 2_000_000)
    for host, expected in ((f"{KEY}.refrain.example", "true"), ("a", "invalid")):
        response = anyone.post(CHECK, data=fields, headers={"Host": host})

        assert said(response) == expected


def test_the_longest_form_is_as_long_as_the_longest_text_may_be() -> None:
    most = load_settings({"REFRAIN_MAX_TEXT": "100000"})

    assert longest(load_settings({})) == MAX_FORM
    assert longest(most) > len(urlencode({"a": "\U0001f600" * most.max_text}))


@pytest.mark.parametrize(
    "text",
    [
        "you f<b></b>ucking id<b></b>iot",
        "you f<!-- a > b -->ucking id<I title='>'>iot",
        'you f<a title="x>ucking idiot',
        "you f&#117;cking i&#x64;iot",
        "<p>you</p>\n<p>fucking<br/>idiot</p>",
        "<div>fair</div><!-- you fucking idiot -->",
        '<img alt="you fucking idiot">A fair point.',
        "<you fucking idiot>",
    ],
)
def test_markup_hides_nothing(anyone: FlaskClient, text: str) -> None:
    assert check(anyone, text) == "true"


def test_markup_of_a_fair_comment_is_nothing_to_mind(anyone: FlaskClient) -> None:
    assert check(anyone, f'<p>{FAIR} <a href="https://a.example">Here</a>.</p>') == (
        "false"
    )


def test_verdicts_are_counted_once_for_a_comment(
    app: Flask, anyone: FlaskClient
) -> None:
    before = verdicts(app)

    for text in (FAIR, f"<p>{FAIR}</p>", "you f<b></b>ucking idiot"):
        check(anyone, text)

    assert verdicts(app) - before == Counter(accept=2, reject=1)


def test_nothing_is_discarded_unless_the_operator_wants_it(
    anyone: FlaskClient,
) -> None:
    response = anyone.post(CHECK, data=sent(comment_content=FOUL))

    assert said(response) == "true"
    assert "X-akismet-pro-tip" not in response.headers


@pytest.mark.parametrize(
    ("threshold", "text", "is_discarded"),
    [
        pytest.param("1", FOUL, True, id="on the threshold"),
        pytest.param("0", FOREIGN, False, id="flagged"),
        pytest.param("0", FAIR, False, id="accepted"),
        pytest.param("0", "a " * 5_001, False, id="too long to be judged"),
    ],
)
def test_only_what_is_rejected_is_discarded(
    settings: Settings, threshold: str, text: str, is_discarded: bool
) -> None:
    app = with_settings(settings, REFRAIN_AKISMET_DISCARD=threshold)

    response = app.test_client().post(CHECK, data=sent(comment_content=text))

    assert ("X-akismet-pro-tip" in response.headers) == is_discarded
    app.extensions[NAME].store.database.close()


def test_what_is_held_for_people_is_not_discarded(settings: Settings) -> None:
    app = with_settings(settings, REFRAIN_AKISMET_DISCARD="0")
    parts: Services = app.extensions[NAME]
    Sites(parts.store.database).set_flagged("default", Outcome.REJECT, by="t", now=NOON)

    response = app.test_client().post(CHECK, data=sent(comment_content=FOREIGN))

    assert said(response) == "true"
    assert "X-akismet-pro-tip" not in response.headers
    parts.store.database.close()


def test_asking_stores_nothing(anyone: FlaskClient, parts: Services) -> None:
    response = anyone.post(CHECK, data=sent(comment_content=f"{FOUL} Nothing."))

    with pytest.raises(UnknownComment):
        stored(parts, response.headers["X-akismet-guid"])


def test_the_policy_is_that_of_the_keys_site(
    anyone: FlaskClient, parts: Services, fresh_id: str
) -> None:
    sites = Sites(parts.store.database)
    sites.create(fresh_id, by="t", now=NOON)
    for rule in Rule:
        sites.set_thresholds(fresh_id, rule, Thresholds(None, None), by="t", now=NOON)
    parts.accounts.create_key(fresh_id, key_hash(f"rf_{fresh_id}"), "t", NOON)

    assert check(anyone, FOUL) == "true"
    assert check(anyone, FOUL, api_key=f"rf_{fresh_id}") == "false"


# Labels


def test_a_label_has_the_text_the_author_and_the_page(
    anyone: FlaskClient, parts: Services
) -> None:
    page = f"{BLOG}/2026/rivers"
    guid = told(
        anyone,
        HAM,
        comment_content="On rivers, I agree.",
        permalink=page,
        comment_author="Jörg & Ann",
        comment_author_email="joerg@example.org",
    )

    record = stored(parts, guid)

    assert record.text == "On rivers, I agree."
    assert record.author is not None
    assert record.author.name == "Jörg & Ann"
    assert record.article is not None
    assert (record.article.id, record.article.url) == (page, page)
    assert "joerg@example.org" not in repr(record)


def test_the_same_label_again_changes_nothing(
    anyone: FlaskClient, parts: Services, fresh_id: str
) -> None:
    fields = {"comment_content": f"Once or twice, {fresh_id}"}

    guids = {told(anyone, SPAM, **fields) for _ in range(3)}

    (guid,) = guids
    assert len(stored(parts, guid).decisions) == 2


def test_the_last_label_counts(anyone: FlaskClient, parts: Services) -> None:
    fields = {"comment_content": "First spam, then ham."}
    told(anyone, SPAM, **fields)

    guid = told(anyone, HAM, **fields)

    assert stored(parts, guid).decisions[-1].verdict.outcome is Outcome.ACCEPT


def test_the_same_words_of_two_people_are_two_comments(anyone: FlaskClient) -> None:
    one = told(anyone, HAM, comment_content="Agreed!", comment_author="Ann")
    other = told(anyone, SPAM, comment_content="Agreed!", comment_author="Bela")

    assert one != other


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"comment_content": ""}, id="nothing to read"),
        pytest.param({"comment_content": "a " * 5_001}, id="too long"),
        pytest.param({"comment_content": "Only a test.", "is_test": "1"}, id="a test"),
        pytest.param({"comment_content": "Another.", "is_test": "True"}, id="test too"),
    ],
)
def test_there_is_not_always_something_to_learn(
    anyone: FlaskClient, parts: Services, fields: dict[str, str]
) -> None:
    guid = told(anyone, SPAM, **fields)

    with pytest.raises(UnknownComment):
        stored(parts, guid)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("permalink", "javascript:alert(1)", id="no web address"),
        pytest.param("permalink", f"{BLOG}/{'x' * 200}", id="long address"),
        pytest.param("comment_author", "A\nB", id="name with a line feed"),
        pytest.param("comment_author", "A" * 501, id="long name"),
        pytest.param("comment_author_email", "\x00", id="strange e-mail address"),
    ],
)
def test_what_cannot_be_stored_of_a_comment_is_left_out(
    anyone: FlaskClient, parts: Services, field: str, value: str
) -> None:
    guid = told(anyone, HAM, comment_content="All the same.", **{field: value})

    record = stored(parts, guid)

    assert record.text == "All the same."
    assert value not in repr(record)
