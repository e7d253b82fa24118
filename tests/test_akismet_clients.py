"""Akismet's Python client is served, unpatched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import akismet
import httpx
import pytest

from service.app import create_app
from service.settings import Settings
from tests.akismet_asked import BLOG, CHECK, FAIR, FOREIGN, FOUL, IP, sent
from tests.fixtures_clients import Redirected
from tests.fixtures_service import Server
from tests.fixtures_store import KEY, take_away

PUBLISHED = pytest.mark.client("akismet", registry="PyPI")


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
