"""Akismet's API: its Python client is served, and every answer has its shape."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import akismet
import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from model.finding import Rule
from service.app import create_app
from service.auth import key_hash, new_key
from service.compat.akismet import MAX_FORM, THANKS, longest
from service.compat.forms import MAX_FIELDS
from service.domain import Outcome, Thresholds
from service.errors import UnknownComment
from service.services import NAME, Services
from service.settings import Settings, load_settings
from service.store.sites import Sites
from tests.fixtures_clients import OTHER_METHODS, Redirected, verdicts
from tests.fixtures_service import Server, stored, with_more
from tests.fixtures_store import KEY, NOON, take_away

CHECK = "/1.1/comment-check"
SPAM = "/1.1/submit-spam"
HAM = "/1.1/submit-ham"
PATHS = ("/1.1/verify-key", CHECK, SPAM, HAM, "/1.2/key-sites", "/1.2/usage-limit")
BLOG = "https://news.example.com"
FAIR = "The council should publish the report."
FOUL = "What the fuck is wrong with this world."
FOREIGN = "この記事はとても興味深いです。しかし結論には賛成できません。"
IP = "192.0.2.1"

PUBLISHED = pytest.mark.client("akismet", registry="PyPI")


def sent(**fields: object) -> dict[str, Any]:
    return {"api_key": KEY, "blog": BLOG, "user_ip": IP, **fields}


def said(response: TestResponse) -> str:
    """The answer, after checking all that holds for every one."""
    assert response.status_code == 200
    assert response.content_type == "text/plain; charset=utf-8"
    text = response.get_data(as_text=True)
    # Clients take a good answer with one of these headers for a failure.
    headers = {name.lower() for name, _ in response.headers}
    assert ("x-akismet-debug-help" in headers) == (text == "invalid")
    assert not headers & {"x-akismet-alert-code", "x-akismet-alert-msg"}
    return text


def check(client: FlaskClient, text: str, **fields: object) -> str:
    return said(client.post(CHECK, data=sent(comment_content=text, **fields)))


def told(client: FlaskClient, path: str, **fields: object) -> str:
    """The id of what a person decided."""
    guid = client.post(CHECK, data=sent(**fields)).headers["X-akismet-guid"]
    assert said(client.post(path, data=sent(**fields))) == THANKS
    return guid


# The published client


@contextmanager
def client_of(
    server: Server, key: str = KEY, params: dict[str, str] | None = None
) -> Iterator[akismet.SyncClient]:
    """The client from PyPI; its own argument says where it sends."""
    transport = Redirected(server)
    with httpx.Client(transport=transport, timeout=30, params=params) as http:
        yield akismet.SyncClient(akismet.Config(key, BLOG), http_client=http)


@pytest.fixture
def client_here(server: Server) -> Iterator[akismet.SyncClient]:
    with client_of(server) as client:
        yield client


@PUBLISHED
def test_the_client_knows_a_valid_key_from_a_wrong_one(
    client_here: akismet.SyncClient,
) -> None:
    assert client_here.verify_key() is True
    assert client_here.verify_key("wrong", BLOG) is False


@PUBLISHED
def test_the_client_refuses_to_work_with_a_wrong_key(server: Server) -> None:
    with client_of(server, "wrong") as client:
        with pytest.raises(akismet.APIKeyError):
            client.comment_check(IP, comment_content=FAIR)
        with pytest.raises(akismet.APIKeyError), client:
            pytest.fail("It has to check its key first.")


@PUBLISHED
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(FAIR, akismet.CheckResponse.HAM, id="fair"),
        pytest.param(FOUL, akismet.CheckResponse.SPAM, id="rejected"),
        pytest.param(FOREIGN, akismet.CheckResponse.SPAM, id="flagged"),
    ],
)
def test_the_client_hears_what_the_policy_says(
    client_here: akismet.SyncClient, text: str, expected: akismet.CheckResponse
) -> None:
    assert client_here.comment_check(IP, comment_content=text) is expected


@PUBLISHED
def test_the_client_is_told_to_discard_only_where_the_operator_wants_it(
    open_server: Server,
) -> None:
    with client_of(open_server) as client:
        blatant = client.comment_check(IP, comment_content=FOUL)
        doubtful = client.comment_check(IP, comment_content=FOREIGN)

    assert blatant is akismet.CheckResponse.DISCARD
    assert doubtful is akismet.CheckResponse.SPAM


@PUBLISHED
def test_what_the_client_submits_is_a_label(
    client_here: akismet.SyncClient, http: httpx.Client, fresh_id: str
) -> None:
    text = f"A fair point, {fresh_id}."
    fields: Any = {"comment_content": text, "permalink": f"{BLOG}/a"}

    assert client_here.submit_spam(IP, **fields) is True
    guid = http.post(CHECK, data=sent(**fields)).headers["X-akismet-guid"]
    first = http.get(f"/v1/comments/{guid}").json()
    assert client_here.submit_ham(IP, **fields) is True
    second = http.get(f"/v1/comments/{guid}").json()

    assert (first["text"], first["decision"]) == (text, "reject")
    assert (first["decided_by"], first["history"][-1]["kind"]) == ("akismet", "site")
    assert second["decision"] == "accept"
    assert len(second["history"]) == 3


@PUBLISHED
def test_the_client_learns_that_there_is_no_limit(
    client_here: akismet.SyncClient,
) -> None:
    answer = client_here.usage_limit()

    assert set(answer) == {"limit", "usage", "percentage", "throttled"}
    assert (answer["limit"], answer["throttled"]) == ("none", False)


@PUBLISHED
def test_the_client_sends_no_key_for_the_list_of_sites(
    client_here: akismet.SyncClient, server: Server, open_server: Server
) -> None:
    with pytest.raises(akismet.APIKeyError):
        client_here.key_sites()

    for where, params in ((server, {"api_key": KEY}), (open_server, None)):
        with client_of(where, params=params) as client:
            listed = client.key_sites()
            table = client.key_sites(result_format="csv")
        assert isinstance(listed, dict)
        (month,) = set(listed) - {"limit", "offset", "total"}
        assert [row["site"] for row in listed[month]] == ["default"]
        assert isinstance(table, str)
        assert table.splitlines()[2].startswith("default,")


@PUBLISHED
def test_the_client_takes_a_fault_for_no_verdict(settings: Settings) -> None:
    take_away(settings.database_url)
    app = create_app(settings)

    with httpx.Client(transport=httpx.WSGITransport(app)) as http:
        client = akismet.SyncClient(akismet.Config(KEY, BLOG), http_client=http)

        with pytest.raises(akismet.RequestError, match="503"):
            client.comment_check(IP, comment_content=FAIR)
        with pytest.raises(akismet.RequestError, match="503"):
            client.verify_key()


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


def with_settings(settings: Settings, **env: str) -> Flask:
    """An app on the test's own database."""
    return create_app(with_more(settings, **env))


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


# Forms


def raw(content: bytes, charset: str) -> bytes:
    fields = urlencode(sent(blog_charset=charset)).encode()
    return fields + b"&comment_content=" + quote_from_bytes(content).encode()


@pytest.mark.parametrize(
    ("charset", "content", "text"),
    [
        ("UTF-8", "Größe “so”".encode(), "Größe “so”"),
        ("ISO-8859-1", "Größe “so”".encode("cp1252"), "Größe “so”"),
        ("ISO-8859-1", "Größe, said in UTF-8".encode(), "Größe, said in UTF-8"),
        ("windows-1251", "Согласен".encode("cp1251"), "Согласен"),
        ("Shift_JIS", "賛成です".encode("shift_jis"), "賛成です"),
        ("unicode_escape", b"\\u0041 \xff", "\\u0041 \ufffd"),
        ("no-such-charset", b"Gr\xf6\xdfe", "Gr\ufffd\ufffde"),
        ("", b"Gr\xf6\xdfe or so", "Gr\ufffd\ufffde or so"),
    ],
)
def test_texts_are_read_in_the_charset_of_the_blog(
    anyone: FlaskClient, parts: Services, charset: str, content: bytes, text: str
) -> None:
    body = raw(content, charset)

    guid = _posted(anyone, CHECK, body).headers["X-akismet-guid"]
    assert said(_posted(anyone, HAM, body)) == THANKS

    assert stored(parts, guid).text == text


def _posted(client: FlaskClient, path: str, body: bytes) -> TestResponse:
    media_type = "application/x-www-form-urlencoded; charset=utf-8"
    return client.post(path, data=body, content_type=media_type)


def test_of_fields_with_one_name_the_last_counts(anyone: FlaskClient) -> None:
    content = urlencode([("comment_content", FOUL), ("comment_content", FAIR)])
    body = f"{urlencode(sent())}&{content}".encode()

    assert said(_posted(anyone, CHECK, body)) == "false"


def test_what_a_server_adds_is_passed_over(anyone: FlaskClient) -> None:
    variables = {f"HTTP_X_{i}": f"value {i}" for i in range(800)}
    context = {f"comment_context[{i}]": "rivers" for i in range(20)}

    assert check(anyone, FOUL, **variables, **context, **{"": "", "a=": "&"}) == "true"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"data": b"x" * 200_000}, id="no form"),
        pytest.param(
            {"data": sent(comment_content="x" * 1_100_000)}, id="more than is read"
        ),
        pytest.param(
            {"data": sent(**{f"x{i}": "" for i in range(MAX_FIELDS)})},
            id="too many fields",
        ),
        pytest.param({"json": sent(comment_content=FAIR)}, id="JSON"),
        pytest.param(
            {
                "data": sent(comment_content=FAIR),
                "content_type": "multipart/form-data",
            },
            id="in parts",
        ),
    ],
)
def test_what_is_no_form_is_invalid(
    anyone: FlaskClient, path: str, options: dict[str, Any]
) -> None:
    response = anyone.post(path, **options)

    assert said(response) == "invalid"
    assert response.headers["X-akismet-debug-help"]


def test_files_are_refused(anyone: FlaskClient) -> None:
    data = sent(comment_content=FAIR, file=(io.BytesIO(b"x"), "a.txt"))

    assert said(anyone.post(CHECK, data=data)) == "invalid"


@settings(max_examples=150, deadline=None)
@given(
    st.text(
        st.characters(exclude_categories=()) | st.sampled_from("<b>&;"), max_size=300
    ),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_any_text_gets_a_verdict(
    app: Flask, text: str, author: str, charset: str
) -> None:
    client = app.test_client()

    fields = sent(comment_content=text, comment_author=author, blog_charset=charset)
    # Halves of surrogate pairs, as bytes that no charset has.
    body = urlencode(fields, errors="surrogatepass").encode()

    verdict = said(_posted(client, CHECK, body))

    assert verdict in {"true", "false"}


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=100), st.sampled_from([SPAM, HAM]), st.text(max_size=20))
def test_any_text_can_be_a_label(app: Flask, text: str, path: str, page: str) -> None:
    fields = {"comment_content": text, "permalink": page, "comment_author": page}

    guid = told(app.test_client(), path, **fields)

    assert guid.startswith("akismet-")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_get_an_answer(app: Flask, body: bytes) -> None:
    body = f"api_key={KEY}&comment_content=".encode() + body

    verdict = said(_posted(app.test_client(), CHECK, body))

    assert verdict in {"true", "false", "invalid"}


# What the site came to


def test_the_month_counts_what_was_stored(settings: Settings) -> None:
    app = create_app(settings)
    client = app.test_client()
    told(client, SPAM, comment_content=FAIR)
    told(client, HAM, comment_content=FOUL)
    told(client, HAM, comment_content=f"{FAIR} Yes.")
    month = f"{datetime.now(UTC):%Y-%m}"

    listed = client.post("/1.2/key-sites", data=sent()).json
    used = client.post("/1.2/usage-limit", data=sent()).json

    assert listed == {
        month: [
            {
                "site": "default",
                "api_calls": 3,
                "spam": 1,
                "ham": 2,
                "missed_spam": 1,
                "false_positives": 1,
                "is_revoked": False,
            }
        ],
        "limit": 500,
        "offset": 0,
        "total": 1,
    }
    assert used == {
        "limit": "none",
        "usage": 3,
        "percentage": "0.00",
        "throttled": False,
    }
    app.extensions[NAME].store.database.close()


def test_the_list_comes_as_a_table_without_the_key(anyone: FlaskClient) -> None:
    query = {"api_key": KEY, "format": "csv", "month": "2024-02"}

    response = anyone.get("/1.2/key-sites", query_string=query)

    assert response.mimetype == "text/csv"
    assert response.get_data(as_text=True) == (
        "Active sites during 2024-02 (limit:500, offset: 0, total: 1)\n"
        "Site,Total API Calls,Spam,Ham,Missed Spam,False Positives,Is Revoked\n"
        "default,0,0,0,0,0,false\n"
    )


@pytest.mark.parametrize(
    ("limit", "offset", "rows"),
    [("1", "0", 1), ("0", "0", 0), ("5", "1", 0), ("", "", 1)],
)
def test_the_list_comes_in_pages(
    anyone: FlaskClient, limit: str, offset: str, rows: int
) -> None:
    query = {"api_key": KEY, "month": "2024-02", "limit": limit, "offset": offset}

    listed = anyone.get("/1.2/key-sites", query_string=query).json
    table = anyone.get("/1.2/key-sites", query_string=query | {"format": "csv"}).text

    assert listed is not None
    assert len(listed.pop("2024-02")) == len(table.splitlines()) - 2 == rows
    page = {"limit": int(limit or 500), "offset": int(offset or 0), "total": 1}
    assert listed == page
    assert f"(limit:{page['limit']}, offset: {page['offset']}, total: 1)" in table


@pytest.mark.parametrize("value", ["-1", "x", "1.5", "٣", "1" * 30])
@pytest.mark.parametrize("name", ["limit", "offset"])
def test_a_page_that_is_none_is_invalid(
    anyone: FlaskClient, name: str, value: str
) -> None:
    query = {"api_key": KEY, name: value}

    assert said(anyone.get("/1.2/key-sites", query_string=query)) == "invalid"


def test_the_list_can_be_filtered(anyone: FlaskClient) -> None:
    query = {"api_key": KEY, "filter": "another", "month": "2099-12"}

    listed = anyone.get("/1.2/key-sites", query_string=query).json

    assert listed == {"2099-12": [], "limit": 500, "offset": 0, "total": 0}


@pytest.mark.parametrize(
    "month", ["2026-13", "2026-1", "26-01", "1999-01", "２０２６-01"]
)
def test_a_month_that_is_none_is_invalid(anyone: FlaskClient, month: str) -> None:
    query = {"api_key": KEY, "month": month}

    assert said(anyone.get("/1.2/key-sites", query_string=query)) == "invalid"


# Whatever goes wrong


def failed(response: TestResponse, status: int) -> str:
    assert response.status_code == status
    assert response.content_type == "text/plain; charset=utf-8"
    text = response.get_data(as_text=True)
    assert text
    assert text not in {"true", "false", "valid", "invalid"}
    assert "<" not in text
    return text


@pytest.mark.parametrize("path", PATHS[:4])
@pytest.mark.parametrize("method", OTHER_METHODS)
def test_another_method_is_refused(anyone: FlaskClient, path: str, method: str) -> None:
    response = anyone.open(path, method=method)

    failed(response, 405)
    assert response.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    "path",
    ["/1.1", "/1.1/get-stats", "/1.2/x/y", "/1.1/comment-check/", "/1.1//verify-key"],
)
@pytest.mark.parametrize("method", ["get", "post", "trace"])
def test_there_is_nothing_else(anyone: FlaskClient, path: str, method: str) -> None:
    failed(anyone.open(path, method=method, data=sent()), 404)


def test_without_a_database_there_is_no_verdict(settings: Settings) -> None:
    take_away(settings.database_url)
    client = create_app(settings).test_client()

    for path in PATHS:
        response = client.post(path, data=sent(comment_content=FAIR))

        failed(response, 503)
        assert int(response.headers["Retry-After"]) > 0


def test_a_fault_of_ours_tells_nothing(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(settings)
    parts: Any = app.extensions[NAME]
    app.extensions[NAME] = replace(parts, moderation=None)

    response = app.test_client().post(CHECK, data=sent(comment_content="secret words"))

    parts.store.database.close()
    assert "moderation" not in failed(response, 500)
    log = capsys.readouterr().err
    assert "internal error" in log
    assert "secret" not in log
    assert KEY not in log


def test_no_log_has_a_key_or_a_text(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    app = with_settings(settings, REFRAIN_LOG_LEVEL="DEBUG")
    client = app.test_client()

    client.get("/1.2/usage-limit", query_string={"api_key": KEY})
    client.post(CHECK, data=sent(comment_content="secret words"))
    client.get("/1.2/nothing", query_string={"api_key": KEY})

    app.extensions[NAME].store.database.close()
    log = capsys.readouterr().err
    assert "/1.2/usage-limit" in log
    assert KEY not in log
    assert "secret" not in log
