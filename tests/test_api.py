"""The JSON API's contract, field for field."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service import errors
from service.api.problems import KINDS
from service.domain import Outcome
from service.services import NAME, Services
from service.settings import Settings
from service.store.sites import Sites
from tests.fixtures_store import NOON

Json = dict[str, Any]

FOUL = "What the fuck is wrong with this world."
FAIR = "The council should publish the report."
ANSWER = [
    "id",
    "decision",
    "flagged",
    "decided_by",
    "reasons",
    "scores",
    "notice",
    "model",
    "policy",
    "appeal_url",
]
REASON = ["rule", "attribute", "source", "score", "threshold", "spans", "message"]
ATTRIBUTES = [
    "TOXICITY",
    "SEVERE_TOXICITY",
    "IDENTITY_ATTACK",
    "INSULT",
    "PROFANITY",
    "THREAT",
]


def moderate(client: FlaskClient, query: str = "", /, **comment: object) -> Json:
    response = client.post(f"/v1/moderate{query}", json=comment)
    assert response.status_code == 200, response.json
    assert response.json
    answer: Json = response.json
    return answer


def test_the_answer_has_the_documented_fields_and_no_others(
    client: FlaskClient, fresh_id: str
) -> None:
    answer = moderate(client, id=fresh_id, text=FOUL)

    assert list(answer) == ANSWER
    assert list(answer["reasons"][0]) == REASON
    assert sorted(answer["scores"]) == sorted(ATTRIBUTES)
    assert answer["id"] == fresh_id
    assert answer["decision"] == "reject"
    assert answer["flagged"] is False
    assert answer["decided_by"] == "automatic"
    assert answer["policy"] == "default@1"
    assert answer["notice"].startswith("Your comment was not published: it contains")


def test_a_reason_names_the_clause_and_the_words(client: FlaskClient) -> None:
    first = moderate(client, text=FOUL)["reasons"][0]

    assert (first["rule"], first["attribute"]) == ("obscene", "PROFANITY")
    assert (first["source"], first["score"]) == ("lexicon", 1.0)
    assert first["spans"] == [{"start": 9, "end": 13, "text": "fuck"}]
    assert first["message"] == "An obscene word."
    assert 0 < first["threshold"] <= 1


def test_an_accepted_comment_gets_neither_reasons_nor_a_notice(
    client: FlaskClient,
) -> None:
    answer = moderate(client, text=FAIR)

    assert (answer["decision"], answer["reasons"]) == ("accept", [])
    assert answer["notice"] is None


def test_scores_have_four_decimals_at_most(client: FlaskClient) -> None:
    answer = moderate(client, text=FOUL)

    figures = [
        *answer["scores"].values(),
        *(reason["score"] for reason in answer["reasons"]),
        *(reason["threshold"] for reason in answer["reasons"]),
    ]
    assert all(figure == round(figure, 4) for figure in figures)


def test_every_other_field_may_be_left_out_null_or_given(
    client: FlaskClient, fresh_id: str
) -> None:
    whole = {
        "author": {"id": "a-1", "name": "Ann"},
        "article": {"id": "7", "url": "https://news.example/7?x=1", "title": "Tram"},
        "parent_id": "c-0",
        "language": "en-GB",
    }

    moderate(client, text=FAIR, id=None, author=None, article=None, language=None)
    moderate(client, text=FAIR, id=fresh_id, **whole)

    stored = client.get(f"/v1/comments/{fresh_id}").json
    assert stored
    assert {name: stored[name] for name in whole} == whole


def test_without_an_id_a_comment_is_judged_and_not_stored(
    client: FlaskClient,
) -> None:
    assert moderate(client, text=FOUL)["id"] is None


# Idempotency


def test_the_same_id_and_text_get_the_same_decision_and_one_entry(
    client: FlaskClient, fresh_id: str
) -> None:
    first = moderate(client, id=fresh_id, text=FOUL)
    again = moderate(client, id=fresh_id, text=FOUL)

    assert again == first
    assert len(history(client, fresh_id)) == 1


def test_another_text_under_the_same_id_is_a_new_revision(
    client: FlaskClient, fresh_id: str
) -> None:
    moderate(client, id=fresh_id, text=FOUL)
    changed = moderate(client, id=fresh_id, text=FAIR)

    entries = history(client, fresh_id)
    assert changed["decision"] == "accept"
    assert [(e["revision"], e["decision"]) for e in entries] == [
        (1, "reject"),
        (2, "accept"),
    ]


def test_a_retry_after_an_edit_answers_about_the_edit(
    client: FlaskClient, fresh_id: str
) -> None:
    moderate(client, id=fresh_id, text=FOUL)
    moderate(client, id=fresh_id, text=FAIR)
    moderate(client, id=fresh_id, text=FAIR)

    assert len(history(client, fresh_id)) == 2


def history(client: FlaskClient, comment_id: str) -> list[Any]:
    response = client.get(f"/v1/comments/{quote(comment_id, safe='')}")
    assert response.status_code == 200
    assert response.json
    entries: list[Any] = response.json["history"]
    return entries


# Positions

CASES = [
    pytest.param("😀 fuck", 2, 6, 3, 7, id="behind an emoji"),
    pytest.param("👩‍👩‍👧‍👦 fuck", 8, 12, 12, 16, id="behind a family"),
    pytest.param("𝔞𝔟 e\u0301 fuck", 6, 10, 8, 12, id="behind letters and marks"),
    pytest.param("fuck 😀", 0, 4, 0, 4, id="before an emoji"),
    pytest.param("Ärger: fuck", 7, 11, 7, 11, id="behind an umlaut"),
]


@pytest.mark.parametrize(("text", "start", "end", "start16", "end16"), CASES)
def test_spans_point_into_the_text_as_sent(
    client: FlaskClient, text: str, start: int, end: int, start16: int, end16: int
) -> None:
    plain = moderate(client, text=text)["reasons"][0]["spans"]
    utf16 = moderate(client, "?offsets=utf16", text=text)["reasons"][0]["spans"]

    assert plain == [{"start": start, "end": end, "text": "fuck"}]
    assert utf16 == [{"start": start16, "end": end16, "text": "fuck"}]
    units = text.encode("utf-16-le")[2 * start16 : 2 * end16]
    assert units.decode("utf-16-le") == "fuck"


def test_codepoints_may_be_asked_for_by_name(client: FlaskClient) -> None:
    named = moderate(client, "?offsets=codepoints", text="😀 fuck")

    assert named["reasons"][0]["spans"][0]["start"] == 2


# Batches


def batch(client: FlaskClient, *comments: object) -> list[Any]:
    response = client.post("/v1/moderate/batch", json={"comments": comments})
    assert response.status_code == 200, response.json
    assert response.json
    results: list[Any] = response.json["results"]
    return results


def test_a_batch_is_answered_in_order(client: FlaskClient) -> None:
    ids = [uuid4().hex for _ in range(6)]
    texts = [FAIR, FOUL, FAIR, FOUL, FOUL, FAIR]

    results = batch(
        client, *({"id": i, "text": t} for i, t in zip(ids, texts, strict=True))
    )

    assert [result["id"] for result in results] == ids
    assert [result["decision"] == "reject" for result in results] == [
        text == FOUL for text in texts
    ]


def test_what_is_wrong_with_one_comment_stands_in_its_place(
    client: FlaskClient, fresh_id: str
) -> None:
    results = batch(
        client,
        {"id": fresh_id, "text": FOUL},
        {"text": ""},
        17,
        {"text": FAIR, "author": {"name": "no id"}},
        {"text": "x" * 10_001},
        {"text": FAIR},
    )

    assert [result.get("status") for result in results] == [
        None,
        422,
        422,
        422,
        422,
        None,
    ]
    assert [result["errors"][0]["pointer"] for result in results[1:5]] == [
        "/comments/1/text",
        "/comments/2",
        "/comments/3/author/id",
        "/comments/4/text",
    ]
    assert len(history(client, fresh_id)) == 1


def test_an_id_that_stands_twice_in_a_batch_is_refused_where_it_comes_again(
    client: FlaskClient, fresh_id: str
) -> None:
    first, second = batch(
        client, {"id": fresh_id, "text": FOUL}, {"id": fresh_id, "text": FAIR}
    )

    assert first["decision"] == "reject"
    assert second["type"] == "/docs#duplicate-id"
    assert second["errors"] == [
        {"pointer": "/comments/1/id", "detail": "is also the id of /comments/0"}
    ]
    assert len(history(client, fresh_id)) == 1


def test_a_batch_may_hold_five_hundred_comments_and_no_more(
    client: FlaskClient,
) -> None:
    full = [{"text": FAIR}] * 500

    assert len(batch(client, *full)) == 500
    response = client.post(
        "/v1/moderate/batch", json={"comments": [*full, {"text": FAIR}]}
    )
    assert response.status_code == 422
    assert response.json
    assert response.json["errors"][0]["pointer"] == "/comments"


def test_a_batch_mixes_stored_and_unstored_comments(
    client: FlaskClient, fresh_id: str
) -> None:
    results = batch(
        client, {"text": FOUL}, {"id": fresh_id, "text": FAIR}, {"text": FAIR}
    )

    assert [result["id"] for result in results] == [None, fresh_id, None]
    assert [result["decision"] for result in results] == ["reject", "accept", "accept"]


def test_a_batch_counts_positions_as_asked(client: FlaskClient) -> None:
    response = client.post(
        "/v1/moderate/batch?offsets=utf16", json={"comments": [{"text": "😀 fuck"}]}
    )

    assert response.json
    assert response.json["results"][0]["reasons"][0]["spans"][0]["start"] == 3


# Looking up

STRANGE_IDS = ["a/b", "/a", "a//b", "a/", "ü ☃", "50%", "a?b#c", "..", "a+b", " ", "😀"]


@pytest.mark.parametrize("comment_id", STRANGE_IDS)
def test_any_id_can_be_looked_up_percent_encoded(
    client: FlaskClient, comment_id: str
) -> None:
    moderate(client, id=comment_id, text=FAIR)

    response = client.get(f"/v1/comments/{quote(comment_id, safe='')}")

    assert response.status_code == 200
    assert response.json
    assert response.json["id"] == comment_id


def test_a_comment_is_told_with_its_decision_and_history(
    client: FlaskClient, fresh_id: str
) -> None:
    answer = moderate(client, id=fresh_id, text=FOUL)

    stored = client.get(f"/v1/comments/{fresh_id}").json

    assert stored
    assert {name: stored[name] for name in answer} == answer
    assert stored["text"] == FOUL
    assert stored["revision"] == 1
    assert stored["history"][0]["reasons"] == answer["reasons"]
    assert stored["history"][0]["decided_at"].endswith("+00:00")


def test_the_text_of_what_was_accepted_is_not_kept(
    client: FlaskClient, fresh_id: str
) -> None:
    moderate(client, id=fresh_id, text=FAIR)

    stored = client.get(f"/v1/comments/{fresh_id}").json

    assert stored
    assert stored["text"] is None


def test_nul_in_a_kept_text_leaves_every_span_in_place(
    client: FlaskClient, fresh_id: str
) -> None:
    answer = moderate(client, id=fresh_id, text="\0\0 fuck")

    stored = client.get(f"/v1/comments/{fresh_id}").json

    assert stored
    assert answer["reasons"][0]["spans"] == [{"start": 3, "end": 7, "text": "fuck"}]
    assert stored["reasons"][0]["spans"] == answer["reasons"][0]["spans"]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("never-sent", id="unknown"),
        pytest.param("a%00b", id="NUL"),
        pytest.param("%0A", id="line feed"),
        pytest.param("x" * 201, id="too long"),
        pytest.param("%ff%fe", id="no UTF-8"),
        pytest.param("'%20OR%201=1--", id="SQL"),
    ],
)
def test_what_cannot_be_found_is_404(client: FlaskClient, path: str) -> None:
    response = client.get(f"/v1/comments/{path}")

    assert response.status_code == 404
    assert response.mimetype == "application/problem+json"


# Keys and sites


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("Bearer", id="no key"),
        pytest.param("Bearer rf_" + "x" * 43, id="unknown key"),
        pytest.param("Bearer " + "x" * 8000, id="long"),
        pytest.param("Bearer \xff\xfe", id="no ASCII"),
        pytest.param("Basic cmY6cmY=", id="another scheme"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/moderate"),
        ("POST", "/v1/moderate/batch"),
        ("GET", "/v1/comments/c-1"),
        ("GET", "/v1/policy"),
        ("GET", "/v1/model"),
    ],
)
def test_without_a_valid_key_nothing_is_told(
    app: Flask, method: str, path: str, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}

    response = app.test_client().open(path, method=method, headers=headers)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.json
    assert response.json["type"] == "/docs#not-authenticated"


def test_a_site_may_hold_what_is_flagged(settings: Settings) -> None:
    from service.app import create_app
    from tests.fixtures_service import with_key

    app = create_app(settings)
    store = app.extensions[NAME].store
    Sites(store.database).set_flagged("default", Outcome.REJECT, by="t", now=NOON)

    answer = moderate(with_key(app), id="c-1", text="無知の知。何も知らない。")

    store.database.close()
    assert (answer["decision"], answer["flagged"]) == ("reject", True)
    assert answer["policy"] == "default@2"
    assert answer["notice"] == "Your comment will appear once a moderator has read it."


def test_a_text_in_an_unknown_script_is_flagged_and_has_no_scores(
    client: FlaskClient,
) -> None:
    answer = moderate(client, text="無知の知。何も知らない。")

    assert (answer["decision"], answer["flagged"]) == ("accept", True)
    assert answer["scores"] is None
    assert answer["reasons"][-1]["rule"] is None


# Policy, model, health


def test_the_policy_is_told_rule_by_rule(client: FlaskClient) -> None:
    policy = client.get("/v1/policy").json

    assert policy
    assert policy["policy"] == "default@1"
    assert policy["sentence"].startswith("Kindly refrain from using derogatory")
    assert sorted(policy["rules"]) == ["derogatory", "obscene", "personal"]
    assert policy["flagged_until_decided"] == "accept"


def test_the_models_card_is_told_without_paths(client: FlaskClient, app: Flask) -> None:
    parts: Services = app.extensions[NAME]

    model = client.get("/v1/model").json

    assert model
    assert model["model"] == parts.moderation.model_version
    assert set(model["card"]["thresholds"]) == {"derogatory", "obscene", "personal"}
    assert "/work" not in str(model)
    assert "/home" not in str(model)


def test_health_needs_no_key(app: Flask) -> None:
    client = app.test_client()

    assert client.get("/healthz").json == {"status": "ok"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json
    assert (ready.json["status"], ready.json["store"]) == ("ready", "ok")


def test_every_error_a_request_can_meet_has_a_status() -> None:
    def tree(error: type[errors.RefrainError]) -> set[type[errors.RefrainError]]:
        return {error}.union(*map(tree, error.__subclasses__()))

    deliberate = tree(errors.RefrainError) - {
        errors.RefrainError,
        errors.ConfigurationError,
    }

    assert set(KINDS) == deliberate


def test_every_answer_forbids_sniffing_framing_and_caching(
    client: FlaskClient,
) -> None:
    for path in ("/v1/policy", "/healthz", "/nowhere"):
        headers = client.get(path).headers

        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
