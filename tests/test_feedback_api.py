"""Complaints, appeals and sites' decisions come in, statements of reasons go out."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import TypeAdapter
from werkzeug.test import TestResponse

from service.api.feedback_shapes import StatementAnswer
from service.auth import key_hash
from service.domain import Kind, Waiting
from service.services import Services
from service.store.cases import Case
from service.store.sites import Sites
from tests.fixtures_store import NOON

Json = dict[str, Any]

FOUL = "What the fuck is wrong with this world."
FAIR = "The council should publish the report."
STATEMENT = TypeAdapter(StatementAnswer)


@pytest.fixture
def foul(client: FlaskClient, fresh_id: str) -> str:
    """The id of a comment that is rejected."""
    return sent(client, fresh_id, FOUL)


@pytest.fixture
def fair(client: FlaskClient, fresh_id: str) -> str:
    """The id of a comment that is accepted, and whose text is not kept."""
    return sent(client, fresh_id, FAIR)


def sent(client: FlaskClient, comment_id: str, text: str) -> str:
    response = client.post("/v1/moderate", json={"id": comment_id, "text": text})
    assert response.status_code == 200
    return comment_id


def post(client: FlaskClient, comment_id: str, act: str, body: object) -> TestResponse:
    path = f"/v1/comments/{quote(comment_id, safe='')}/{act}"
    return client.post(path, data=json.dumps(body), content_type="application/json")


def case_of(parts: Services, comment_id: str) -> Case:
    case = parts.review.desk.case(1, comment_id, by="", now=NOON)
    assert case is not None
    return case


def problem(response: TestResponse) -> str:
    """What kind of problem was answered."""
    assert response.mimetype == "application/problem+json"
    assert response.json
    return str(response.json["type"]).removeprefix("/docs#")


def pointers(response: TestResponse) -> list[str]:
    assert problem(response) == "invalid-input"
    assert response.json
    return [error["pointer"] for error in response.json["errors"]]


# The link in answers


def test_a_rejected_comment_is_answered_with_a_link_and_always_the_same(
    client: FlaskClient, foul: str
) -> None:
    body = {"id": foul, "text": FOUL}

    answers = [
        client.post("/v1/moderate", json=body).json,
        client.post("/v1/moderate?offsets=utf16", json=body).json,
        client.post("/v1/moderate/batch", json={"comments": [body]}).json,
        client.get(f"/v1/comments/{foul}").json,
    ]

    assert all(answers)
    urls = {
        (answer or {}).get("results", [answer])[0]["appeal_url"] for answer in answers
    }
    assert len(urls) == 1
    assert urls.pop().startswith("http://127.0.0.1:8000/appeal/")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"text": FAIR, "id": "link-1"}, id="accepted"),
        pytest.param({"text": FOUL}, id="not stored"),
        pytest.param({"text": "無知の知。", "id": "link-2"}, id="flagged"),
    ],
)
def test_what_is_published_or_not_stored_has_no_link(
    client: FlaskClient, body: Json
) -> None:
    answer = client.post("/v1/moderate", json=body).json

    assert answer
    assert answer["appeal_url"] is None


def test_the_notice_is_in_the_comments_language(
    client: FlaskClient, fresh_id: str
) -> None:
    body = {"id": fresh_id, "text": FOUL, "language": "hi-IN"}

    answer = client.post("/v1/moderate", json=body).json

    assert answer
    assert "अश्लील शब्द" in answer["notice"]


def test_the_history_says_how_each_decision_was_made(
    client: FlaskClient, foul: str
) -> None:
    post(client, foul, "decision", {"decision": "reject", "rule": "personal"})

    stored = client.get(f"/v1/comments/{foul}").json

    assert stored
    assert [(e["number"], e["kind"], e["rule"]) for e in stored["history"]] == [
        (1, "automatic", None),
        (2, "site", "personal"),
    ]


# Reports


def test_a_reported_comment_waits_for_a_moderator_with_its_text(
    client: FlaskClient, parts: Services, fair: str
) -> None:
    body = {"reporter": "r-1", "words": "Untrue.", "comment": {"text": FAIR}}

    response = post(client, fair, "report", body)

    case = case_of(parts, fair)
    assert response.json == {"id": fair, "decision": "accept"}
    assert case.card.waiting is Waiting.REPORTED
    assert case.card.text == FAIR
    assert [(r.reporter, r.words) for r in case.reports] == [("r-1", "Untrue.")]


def test_a_complaint_may_say_nothing_of_text_that_is_kept(
    client: FlaskClient, parts: Services, foul: str
) -> None:
    response = post(client, foul, "report", {})

    assert response.json == {"id": foul, "decision": "reject"}
    assert len(case_of(parts, foul).reports) == 1
    assert case_of(parts, foul).card.waiting is None


def test_without_its_text_nobody_could_read_what_is_complained_of(
    client: FlaskClient, parts: Services, fair: str
) -> None:
    response = post(client, fair, "report", {"words": "Untrue."})

    assert (response.status_code, problem(response)) == (409, "not-possible")
    assert not case_of(parts, fair).reports


def test_a_comment_that_was_never_sent_is_judged_when_it_is_reported(
    client: FlaskClient, parts: Services, fresh_id: str
) -> None:
    body = {"comment": {"text": FOUL, "author": {"id": "u-1"}}}

    response = post(client, fresh_id, "report", body)

    case = case_of(parts, fresh_id)
    assert response.json == {"id": fresh_id, "decision": "reject"}
    assert case.card.author
    assert len(case.reports) == 1


def test_a_text_that_was_edited_is_judged_anew_when_it_is_reported(
    client: FlaskClient, parts: Services, fair: str
) -> None:
    post(client, fair, "report", {"comment": {"text": FOUL}})

    case = case_of(parts, fair)
    assert (case.card.revision, case.card.decision.verdict.outcome) == (2, "reject")
    assert [report.revision for report in case.reports] == [2]


def test_the_same_reader_complains_once(
    client: FlaskClient, parts: Services, foul: str
) -> None:
    for words in ("Rude.", "Very rude."):
        response = post(client, foul, "report", {"reporter": "r-1", "words": words})
        assert response.status_code == 200

    assert [report.words for report in case_of(parts, foul).reports] == ["Rude."]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        pytest.param([], "", id="array"),
        pytest.param("x", "", id="string"),
        pytest.param(None, "", id="null"),
        pytest.param({"reason": "x"}, "/reason", id="unknown field"),
        pytest.param({"reporter": 7}, "/reporter", id="number"),
        pytest.param({"reporter": ""}, "/reporter", id="no reporter"),
        pytest.param({"reporter": "a\nb"}, "/reporter", id="line feed"),
        pytest.param({"reporter": "x" * 201}, "/reporter", id="long id"),
        pytest.param({"words": ""}, "/words", id="empty"),
        pytest.param({"words": "\u200b \n"}, "/words", id="blank"),
        pytest.param({"words": "x" * 2001}, "/words", id="long"),
        pytest.param({"words": ["x"]}, "/words", id="list"),
        pytest.param({"comment": FAIR}, "/comment", id="bare text"),
        pytest.param({"comment": {}}, "/comment/text", id="no text"),
        pytest.param({"comment": {"text": " "}}, "/comment/text", id="blank text"),
        pytest.param({"comment": {"text": "x" * 10_001}}, "/comment/text", id="book"),
        pytest.param(
            {"comment": {"text": "x", "id": "c-1"}}, "/comment/id", id="second id"
        ),
        pytest.param(
            {"comment": {"text": "x", "author": {}}}, "/comment/author/id", id="author"
        ),
    ],
)
def test_a_wrong_complaint_is_refused_by_the_name_of_the_field(
    client: FlaskClient, parts: Services, foul: str, body: object, pointer: str
) -> None:
    response = post(client, foul, "report", body)

    assert response.status_code == 422
    assert pointers(response) == [pointer]
    assert not case_of(parts, foul).reports


# Appeals


def test_an_appeal_waits_for_a_moderator(
    client: FlaskClient, parts: Services, foul: str
) -> None:
    response = post(client, foul, "appeal", {"words": "A \0 quotation.", "decision": 1})

    card = case_of(parts, foul).card
    assert response.json
    assert {**response.json, "created_at": ""} == {
        "id": foul,
        "number": 1,
        "created_at": "",
    }
    assert card.waiting is Waiting.APPEALED
    assert card.appeal
    assert card.appeal.words == "A \ufffd quotation."
    assert response.json["created_at"] == card.appeal.created_at.isoformat()


def test_an_appeal_by_the_api_is_seen_on_the_readers_page(
    app: Flask, client: FlaskClient, foul: str
) -> None:
    stored = client.get(f"/v1/comments/{foul}").json
    assert stored
    path = stored["appeal_url"].removeprefix("http://127.0.0.1:8000")

    post(client, foul, "appeal", {"words": "A quotation."})

    assert "A quotation." in app.test_client().get(path).get_data(as_text=True)


def test_one_appeals_once(client: FlaskClient, parts: Services, foul: str) -> None:
    post(client, foul, "appeal", {"words": "First."})

    response = post(client, foul, "appeal", {"words": "Second."})

    assert response.status_code == 409
    assert problem(response) == "not-possible"
    assert [appeal.words for appeal in case_of(parts, foul).appeals] == ["First."]


def test_what_was_accepted_cannot_be_appealed(client: FlaskClient, fair: str) -> None:
    response = post(client, fair, "appeal", {"words": "But why?"})

    assert (response.status_code, problem(response)) == (409, "not-possible")


def test_two_point_nought_is_two(client: FlaskClient, foul: str) -> None:
    response = post(client, foul, "appeal", {"words": "A quotation.", "decision": 1.0})

    assert response.json
    assert response.json["number"] == 1


def test_a_decision_that_was_never_made_cannot_be_appealed(
    client: FlaskClient, foul: str
) -> None:
    response = post(client, foul, "appeal", {"words": "But why?", "decision": 2})

    assert (response.status_code, problem(response)) == (409, "not-possible")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        pytest.param([], "", id="array"),
        pytest.param({}, "/words", id="no words"),
        pytest.param({"words": None}, "/words", id="null"),
        pytest.param({"words": ""}, "/words", id="empty"),
        pytest.param({"words": "\u3164\u200d"}, "/words", id="nothing to be seen"),
        pytest.param({"words": "x" * 2001}, "/words", id="long"),
        pytest.param({"words": {"x": 1}}, "/words", id="object"),
        pytest.param({"words": "x", "text": "y"}, "/text", id="unknown field"),
        pytest.param({"words": "x", "decision": "1"}, "/decision", id="string"),
        pytest.param({"words": "x", "decision": 0}, "/decision", id="zero"),
        pytest.param({"words": "x", "decision": 1.5}, "/decision", id="fraction"),
        pytest.param({"words": "x", "decision": True}, "/decision", id="true"),
        pytest.param({"words": "x", "decision": 2**63}, "/decision", id="huge"),
        pytest.param({"words": "x", "decision": 10**30}, "/decision", id="enormous"),
    ],
)
def test_a_wrong_appeal_is_refused_by_the_name_of_the_field(
    client: FlaskClient, parts: Services, foul: str, body: object, pointer: str
) -> None:
    response = post(client, foul, "appeal", body)

    assert response.status_code == 422
    assert pointers(response) == [pointer]
    assert not case_of(parts, foul).appeals


# The site's decisions


def test_a_decision_of_the_site_holds_at_once_and_is_a_persons(
    client: FlaskClient, parts: Services, foul: str
) -> None:
    body = {"decision": "accept", "note": "Satire.", "by": "Ann"}

    response = post(client, foul, "decision", body)

    decision = case_of(parts, foul).card.decision
    assert response.json == {
        "id": foul,
        "decision": "accept",
        "number": 2,
        "kind": "site",
    }
    assert (decision.kind, decision.decided_by, decision.note) == (
        Kind.SITE,
        "Ann",
        "Satire.",
    )


def test_a_rejection_by_the_site_is_told_by_its_rule(
    client: FlaskClient, fair: str
) -> None:
    post(client, fair, "decision", {"decision": "reject", "rule": "derogatory"})

    stored = client.get(f"/v1/comments/{fair}").json
    assert stored
    assert (stored["decision"], stored["decided_by"]) == ("reject", "site")
    assert "derogatory words" in stored["notice"]
    assert stored["appeal_url"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        pytest.param({}, "/decision", id="nothing"),
        pytest.param({"decision": "approve"}, "/decision", id="another word"),
        pytest.param({"decision": None}, "/decision", id="null"),
        pytest.param({"decision": True}, "/decision", id="true"),
        pytest.param({"decision": "reject", "rule": "rude"}, "/rule", id="no rule"),
        pytest.param({"decision": "reject", "rule": 1}, "/rule", id="number"),
        pytest.param({"decision": "accept", "rule": "obscene"}, "/rule", id="both"),
        pytest.param({"decision": "accept", "note": " "}, "/note", id="blank note"),
        pytest.param({"decision": "accept", "note": "x" * 2001}, "/note", id="long"),
        pytest.param({"decision": "accept", "by": ""}, "/by", id="nobody"),
        pytest.param({"decision": "accept", "by": "a\tb"}, "/by", id="tab"),
        pytest.param({"decision": "accept", "by": "x" * 65}, "/by", id="long name"),
        pytest.param({"decision": "accept", "by": "automatic"}, "/by", id="automatic"),
        pytest.param({"decision": "accept", "seen": 1}, "/seen", id="unknown field"),
    ],
)
def test_a_wrong_decision_is_refused_by_the_name_of_the_field(
    client: FlaskClient, parts: Services, foul: str, body: object, pointer: str
) -> None:
    response = post(client, foul, "decision", body)

    assert response.status_code == 422
    assert pointers(response) == [pointer]
    assert len(case_of(parts, foul).decisions) == 1


def test_readers_are_told_in_the_sites_own_words_whoever_decided(
    app: Flask, parts: Services, fresh_id: str
) -> None:
    own = {"en": {"personal": "No names here.", "obscene": "No such words here."}}
    sites = Sites(parts.store.database)
    site = sites.create(fresh_id, by="t", now=NOON)
    sites.change(site, notices=own, by="t", now=NOON)
    there = app.test_client()
    parts.accounts.create_key(fresh_id, key_hash(f"rf_{fresh_id}"), "t", NOON)
    there.environ_base["HTTP_AUTHORIZATION"] = f"Bearer rf_{fresh_id}"

    first = there.post("/v1/moderate", json={"id": "c-1", "text": FOUL}).json
    post(there, "c-1", "decision", {"decision": "reject", "rule": "personal"})

    stored = there.get("/v1/comments/c-1").json
    assert first
    assert first["notice"] == "No such words here."
    assert stored
    assert stored["notice"] == "No names here."


# Statements of reasons


def test_the_statement_tells_what_the_answer_did(
    client: FlaskClient, foul: str
) -> None:
    stored = client.get(f"/v1/comments/{foul}").json
    response = client.get(f"/v1/comments/{foul}/statement")

    assert stored
    assert response.json
    shown = STATEMENT.validate_json(response.data)
    assert shown["id"] == foul
    assert shown["facts"]["text"] == FOUL
    assert shown["facts"]["reasons"] == stored["reasons"]
    assert shown["ground"]["explanation"] == stored["notice"]
    assert shown["redress"]["appeal_url"] == stored["appeal_url"]
    assert shown["automated"] == {"detection": True, "decision": True}


def test_a_statement_after_a_complaint_says_so(client: FlaskClient, fair: str) -> None:
    post(client, fair, "report", {"comment": {"text": FAIR}, "reporter": "r-1"})
    post(client, fair, "decision", {"decision": "reject", "rule": "personal"})

    shown = client.get(f"/v1/comments/{fair}/statement").json

    assert shown
    assert shown["facts"]["occasion"] == "report"
    assert shown["restriction"] == "removed"
    assert shown["automated"] == {"detection": False, "decision": False}


def test_a_statement_counts_positions_as_asked(
    client: FlaskClient, fresh_id: str
) -> None:
    sent(client, fresh_id, "😀 fuck")

    shown = client.get(f"/v1/comments/{fresh_id}/statement?offsets=utf16").json

    assert shown
    assert shown["facts"]["reasons"][0]["spans"][0]["start"] == 3
    assert client.get(f"/v1/comments/{fresh_id}/statement?x=1").status_code == 422


def test_of_what_is_accepted_there_is_no_statement(
    client: FlaskClient, fair: str
) -> None:
    response = client.get(f"/v1/comments/{fair}/statement")

    assert (response.status_code, problem(response)) == (409, "not-possible")


# All of them

ACTS = {
    "report": {"words": "x"},
    "appeal": {"words": "x"},
    "decision": {"decision": "accept"},
}


@pytest.mark.parametrize("act", ACTS)
def test_a_comment_that_is_unknown_stays_so(
    client: FlaskClient, fresh_id: str, act: str
) -> None:
    response = post(client, fresh_id, act, ACTS[act])

    assert (response.status_code, problem(response)) == (404, "unknown-comment")
    assert client.get(f"/v1/comments/{fresh_id}").status_code == 404
    assert client.get(f"/v1/comments/{fresh_id}/statement").status_code == 404


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("comment_id", ["x" * 201, "a\tb", "\0"])
def test_what_can_be_no_id_is_unknown(
    client: FlaskClient, act: str, comment_id: str
) -> None:
    response = post(client, comment_id, act, ACTS[act])

    assert (response.status_code, problem(response)) == (404, "unknown-comment")


@pytest.mark.parametrize("act", ACTS)
def test_another_sites_comment_is_unknown(
    app: Flask, parts: Services, foul: str, act: str
) -> None:
    other = app.test_client()
    name, key = f"site-{foul}", f"rf_{foul}"
    Sites(parts.store.database).create(name, by="t", now=NOON)
    parts.accounts.create_key(name, key_hash(key), "t", NOON)
    other.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"

    response = post(other, foul, act, ACTS[act])

    assert (response.status_code, problem(response)) == (404, "unknown-comment")
    assert len(case_of(parts, foul).decisions) == 1


@pytest.mark.parametrize("act", ACTS)
def test_without_a_key_nothing_is_taken_down(app: Flask, foul: str, act: str) -> None:
    assert post(app.test_client(), foul, act, ACTS[act]).status_code == 401
    assert app.test_client().get(f"/v1/comments/{foul}/statement").status_code == 401


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    ("data", "media_type", "status"),
    [
        pytest.param(b"{", "application/json", 400, id="cut short"),
        pytest.param(b"", "application/json", 400, id="empty"),
        pytest.param(b'"\xff"', "application/json", 400, id="no UTF-8"),
        pytest.param(b'{"words": "\\ud800"}', "application/json", 400, id="surrogate"),
        pytest.param(b"[" * 10_000, "application/json", 400, id="deep"),
        pytest.param(b"words=x", "application/x-www-form-urlencoded", 415, id="form"),
        pytest.param(b" " * 70_000, "application/json", 413, id="large"),
    ],
)
def test_a_body_that_is_no_json_is_refused(
    client: FlaskClient, foul: str, act: str, data: bytes, media_type: str, status: int
) -> None:
    path = f"/v1/comments/{foul}/{act}"

    response = client.post(path, data=data, content_type=media_type)

    assert response.status_code == status
    assert problem(response)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_what_is_to_be_sent_cannot_be_asked_for(
    client: FlaskClient, foul: str, act: str, method: str
) -> None:
    response = client.open(f"/v1/comments/{foul}/{act}", method=method)

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"


@pytest.mark.parametrize("act", ACTS)
def test_an_id_may_hold_slashes_here_too(
    client: FlaskClient, fresh_id: str, act: str
) -> None:
    comment_id = sent(client, f"/{fresh_id}//statement/x/", FOUL)

    response = post(client, comment_id, act, ACTS[act])

    assert response.json
    assert response.json["id"] == comment_id
