"""OpenAI's moderations: its own client is served, and every answer has its shape."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from openai import (
    AsyncOpenAI,
    AuthenticationError,
    BadRequestError,
    OpenAI,
)
from openai.types import ModerationCreateResponse
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from model.finding import Attribute, Rule
from service.app import create_app
from service.auth import key_hash
from service.compat.openai import CATEGORIES, COVERED, NOT_COVERED
from service.domain import Thresholds
from service.services import NAME, Services
from service.settings import Settings
from service.store.schema import comments
from service.store.sites import Sites
from tests.fixtures_clients import OTHER_METHODS, verdicts
from tests.fixtures_service import Server, with_key
from tests.fixtures_store import KEY, NOON, take_away

PATH = "/v1/moderations"
FAIR = "The council should publish the report."
INSULT = "You are an idiot. Did you even read the article?"
THREAT = "I will find you and kill you."
SLUR = "Nobody wants you faggots here."
FOUL = "What the fuck is wrong with this world."
PHONE = "Call me at +1 202 555 0143."
FOREIGN = "この記事はとても興味深いです。しかし結論には賛成できません。"

OPENAIS = {
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
}
OURS = {"profanity", "contact-details", "unknown"}

PUBLISHED = pytest.mark.client("openai", registry="PyPI")


@pytest.fixture
def openai(server: Server) -> Iterator[OpenAI]:
    """OpenAI's own client, unpatched."""
    with OpenAI(base_url=f"{server.url}/v1", api_key=KEY, max_retries=0) as client:
        yield client


def checked(response: TestResponse, results: int) -> list[dict[str, Any]]:
    """The results of an answer, after checking all that holds for every one."""
    assert response.status_code == 200, response.get_data(as_text=True)
    answer = json.loads(response.data)
    assert set(answer) == {"id", "model", "results"}
    assert answer["id"].startswith("modr-")
    assert answer["model"]
    assert len(answer["results"]) == results
    for result in answer["results"]:
        met, scores, inputs = (
            result[name]
            for name in (
                "categories",
                "category_scores",
                "category_applied_input_types",
            )
        )
        assert set(met) == set(scores) == set(inputs) == OPENAIS | OURS
        assert all(value in (True, False) for value in met.values())
        assert all(0.0 <= score <= 1.0 for score in scores.values())
        assert result["flagged"] is any(met.values())
        for name in NOT_COVERED:
            assert (met[name], scores[name], inputs[name]) == (False, 0.0, [])
        for name in set(CATEGORIES) - set(NOT_COVERED):
            assert inputs[name] == ["text"]
    found: list[dict[str, Any]] = answer["results"]
    return found


def judged(client: FlaskClient, text: str) -> dict[str, Any]:
    return checked(client.post(PATH, json={"input": text}), 1)[0]


def met(result: dict[str, Any]) -> set[str]:
    return {name for name, is_met in result["categories"].items() if is_met}


def error(response: TestResponse, status: int) -> dict[str, Any]:
    """The error, after checking all that holds for every one."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/json"
    document = json.loads(response.data)
    assert set(document) == {"error"}
    assert set(document["error"]) == {"message", "type", "param", "code"}
    assert document["error"]["message"]
    assert "Traceback" not in response.get_data(as_text=True)
    found: dict[str, Any] = document["error"]
    return found


# The published client


@PUBLISHED
def test_the_client_reads_what_it_expects(openai: OpenAI) -> None:
    answer = openai.moderations.create(input=INSULT)

    assert isinstance(answer, ModerationCreateResponse)
    (result,) = answer.results
    assert result.flagged is True
    assert result.categories.harassment is True
    assert result.category_scores.harassment > 0.8
    assert result.category_applied_input_types.harassment == ["text"]
    assert result.categories.hate is False


@PUBLISHED
def test_the_client_is_told_what_is_not_covered(openai: OpenAI) -> None:
    (result,) = openai.moderations.create(input="I want to hurt myself.").results

    assert result.categories.self_harm is False
    assert result.category_scores.self_harm == 0.0
    assert result.category_applied_input_types.self_harm == []
    assert result.category_applied_input_types.sexual_minors == []


@PUBLISHED
def test_the_client_keeps_the_categories_of_our_own(openai: OpenAI) -> None:
    (result,) = openai.moderations.create(input=FOUL).results

    assert result.categories.model_extra is not None
    assert result.categories.model_extra["profanity"] is True


@PUBLISHED
def test_the_client_gets_a_result_for_each_text_in_order(openai: OpenAI) -> None:
    answer = openai.moderations.create(
        model="omni-moderation-latest", input=[FAIR, FOUL, FAIR]
    )

    assert [result.flagged for result in answer.results] == [False, True, False]


@PUBLISHED
def test_the_client_gets_one_result_for_a_text_in_parts(openai: OpenAI) -> None:
    parts: Any = [{"type": "text", "text": text} for text in (FAIR, FOUL)]

    answer = openai.moderations.create(input=parts)

    assert [result.flagged for result in answer.results] == [True]


@PUBLISHED
def test_the_client_that_does_not_wait_is_served_too(server: Server) -> None:
    async def ask() -> ModerationCreateResponse:
        async with AsyncOpenAI(base_url=f"{server.url}/v1", api_key=KEY) as client:
            return await client.moderations.create(input=THREAT)

    (result,) = asyncio.run(ask()).results
    assert result.categories.harassment_threatening is True
    assert result.categories.violence is True


@PUBLISHED
def test_the_client_needs_no_change_but_of_its_environment(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    with OpenAI() as client:
        (result,) = client.moderations.create(input=FOUL).results

    assert result.flagged is True


@PUBLISHED
def test_the_client_knows_a_wrong_key(server: Server) -> None:
    with (
        OpenAI(base_url=f"{server.url}/v1", api_key="sk-no", max_retries=0) as client,
        pytest.raises(AuthenticationError) as caught,
    ):
        client.moderations.create(input=FAIR)

    assert caught.value.code == "invalid_api_key"
    assert "sk-no" not in str(caught.value)


@PUBLISHED
def test_the_client_learns_that_images_are_not_judged(openai: OpenAI) -> None:
    image: Any = {"type": "image_url", "image_url": {"url": "https://example.com/a"}}

    with pytest.raises(BadRequestError, match="Images are not judged") as caught:
        openai.moderations.create(input=[{"type": "text", "text": FAIR}, image])

    assert caught.value.param == "input[1].type"
    assert caught.value.code == "invalid_value"


@PUBLISHED
def test_the_client_learns_what_is_wrong(openai: OpenAI) -> None:
    with pytest.raises(BadRequestError) as caught:
        openai.moderations.create(input="x" * 10_001)

    assert caught.value.code == "string_above_max_length"
    assert caught.value.type == "invalid_request_error"


# What is answered


def test_every_category_of_openai_is_either_covered_or_not() -> None:
    assert set(CATEGORIES) == OPENAIS | OURS
    assert not set(COVERED) & set(NOT_COVERED)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(FAIR, set(), id="fair"),
        pytest.param(INSULT, {"harassment"}, id="insult"),
        pytest.param(FOUL, {"profanity"}, id="obscene"),
        pytest.param(PHONE, {"contact-details"}, id="phone number"),
        pytest.param(FOREIGN, {"unknown"}, id="another language"),
        pytest.param(
            THREAT, {"harassment", "harassment/threatening", "violence"}, id="threat"
        ),
    ],
)
def test_a_text_is_in_the_categories_that_the_policy_minds(
    client: FlaskClient, text: str, expected: set[str]
) -> None:
    assert met(judged(client, text)) == expected


def test_an_attack_on_people_for_what_they_are_is_hate(client: FlaskClient) -> None:
    assert "hate" in met(judged(client, SLUR))


def test_hateful_threats_are_at_most_as_probable_as_hate_and_as_threats(
    client: FlaskClient,
) -> None:
    for text in (FAIR, SLUR, THREAT, f"{SLUR} {THREAT}"):
        scores = judged(client, text)["category_scores"]

        both = scores["hate"], scores["harassment/threatening"]
        assert scores["hate/threatening"] == min(both)


def test_where_nothing_is_known_the_scores_say_neither_yes_nor_no(
    client: FlaskClient,
) -> None:
    scores = judged(client, FOREIGN)["category_scores"]

    assert {scores[name] for name in COVERED} == {0.5}
    assert judged(client, f"{FOREIGN} fuck")["category_scores"]["profanity"] == 1.0


def test_scores_are_those_of_our_own_answer(client: FlaskClient) -> None:
    own = client.post("/v1/moderate", json={"text": INSULT}).json

    scores = judged(client, INSULT)["category_scores"]

    assert own
    assert scores["harassment/threatening"] == own["scores"][Attribute.THREAT]
    assert scores["harassment"] >= own["scores"][Attribute.INSULT]


def test_what_counts_is_the_policy_of_the_keys_site(
    app: Flask, fresh_id: str, client: FlaskClient
) -> None:
    parts: Services = app.extensions[NAME]
    sites = Sites(parts.store.database)
    sites.create(fresh_id, by="t", now=NOON)
    sites.set_thresholds(
        fresh_id, Rule.OBSCENE, Thresholds(None, None), by="t", now=NOON
    )
    parts.accounts.create_key(fresh_id, key_hash(f"rf_{fresh_id}"), "t", NOON)
    there = app.test_client()
    there.environ_base["HTTP_AUTHORIZATION"] = f"Bearer rf_{fresh_id}"

    assert met(judged(client, FOUL)) == {"profanity"}
    assert met(judged(there, FOUL)) == set()


def test_nothing_is_stored(app: Flask, client: FlaskClient) -> None:
    def stored() -> int:
        with app.extensions[NAME].store.database.reading() as connection:
            return int(connection.scalar(select(func.count()).select_from(comments)))

    before = stored()

    client.post(PATH, json={"input": [FAIR, FOUL, FOREIGN]})

    assert stored() == before


def test_verdicts_are_counted(app: Flask, client: FlaskClient) -> None:
    before = verdicts(app)

    client.post(PATH, json={"input": [FAIR, FOUL, FOUL]})

    assert verdicts(app) - before == Counter(accept=1, reject=2)


ANY = st.characters(exclude_categories=())
"""Halves of surrogate pairs, too."""


@settings(max_examples=150, deadline=None)
@given(st.text(ANY, min_size=1, max_size=300))
def test_any_text_gets_a_valid_answer(app: Flask, text: str) -> None:
    judged(with_key(app), text)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(ANY, min_size=1, max_size=80), min_size=1, max_size=20))
def test_any_texts_get_an_answer_each(app: Flask, texts: list[str]) -> None:
    response = with_key(app).post(PATH, json={"input": texts})

    checked(response, len(texts))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(ANY, max_size=80), min_size=1, max_size=20).filter(any))
def test_any_parts_get_one_answer(app: Flask, texts: list[str]) -> None:
    parts = [{"type": "text", "text": text} for text in texts]

    response = with_key(app).post(PATH, json={"input": parts})

    checked(response, 1)


# Bad input.  Types and codes of errors are as far as they are publicly known.

WRONG: list[Any] = [
    pytest.param([], None, "invalid_type", id="an array"),
    pytest.param(None, None, "invalid_type", id="null"),
    pytest.param("text", None, "invalid_type", id="a string"),
    pytest.param({}, "input", "missing_required_parameter", id="nothing"),
    pytest.param({"input": None}, "input", "invalid_type", id="null input"),
    pytest.param({"input": 7}, "input", "invalid_type", id="a number"),
    pytest.param({"input": 0.5}, "input", "invalid_type", id="a fraction"),
    pytest.param({"input": True}, "input", "invalid_type", id="a boolean"),
    pytest.param({"input": {"text": "a"}}, "input", "invalid_type", id="an object"),
    pytest.param({"input": ""}, "input", "string_below_min_length", id="empty"),
    pytest.param(
        {"input": "x" * 10_001}, "input", "string_above_max_length", id="too long"
    ),
    pytest.param({"input": []}, "input", "array_below_min_length", id="empty array"),
    pytest.param(
        {"input": ["a"] * 501}, "input", "array_above_max_length", id="too many"
    ),
    pytest.param(
        {"input": ["a", ""]}, "input[1]", "string_below_min_length", id="one empty"
    ),
    pytest.param({"input": ["a", None]}, "input[1]", "invalid_type", id="one null"),
    pytest.param({"input": [7]}, "input[0]", "invalid_type", id="tokens"),
    pytest.param({"input": [["a"]]}, "input[0]", "invalid_type", id="nested"),
    pytest.param({"input": ["a", {}]}, "input[1]", "invalid_type", id="mixed"),
    pytest.param(
        {"input": [{"type": "text", "text": "a"}, "b"]},
        "input[1]",
        "invalid_type",
        id="mixed the other way",
    ),
    pytest.param(
        {"input": [{}]}, "input[0].type", "missing_required_parameter", id="no type"
    ),
    pytest.param(
        {"input": [{"type": "text"}]},
        "input[0].text",
        "missing_required_parameter",
        id="no text",
    ),
    pytest.param(
        {"input": [{"type": "text", "text": 7}]},
        "input[0].text",
        "invalid_type",
        id="a number as text",
    ),
    pytest.param(
        {"input": [{"type": "text", "text": ""}]},
        "input",
        "string_below_min_length",
        id="an empty part",
    ),
    pytest.param(
        {"input": [{"type": "text", "text": "x" * 6_000}] * 2},
        "input",
        "string_above_max_length",
        id="too long together",
    ),
    pytest.param(
        {"input": [{"type": "image_url", "image_url": {"url": "data:,"}}]},
        "input[0].type",
        "invalid_value",
        id="an image",
    ),
    pytest.param(
        {"input": [{"type": 7}]},
        "input[0].type",
        "invalid_value",
        id="a number as type",
    ),
    pytest.param(
        {"input": "a", "model": 7}, "model", "invalid_type", id="a wrong model"
    ),
]


@pytest.mark.parametrize(("body", "param", "code"), WRONG)
def test_what_is_wrong_is_named(
    client: FlaskClient, body: object, param: str | None, code: str
) -> None:
    sent = json.dumps(body)

    response = client.post(PATH, data=sent, content_type="application/json")

    found = error(response, 400)
    assert (found["type"], found["param"]) == ("invalid_request_error", param)
    assert found["code"] == code


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b'{"input": "a"', id="cut short"),
        pytest.param(b'{"input": "\xff"}', id="invalid UTF-8"),
        pytest.param(b'{"input": NaN}', id="not a number"),
        pytest.param(b"[" * 60_000, id="deeply nested"),
        pytest.param(b'{"input": "a"} {}', id="two values"),
    ],
)
def test_what_is_no_json_is_400(client: FlaskClient, body: bytes) -> None:
    response = client.post(PATH, data=body, content_type="application/json")

    assert "JSON" in error(response, 400)["message"]


@pytest.mark.parametrize("half", ["\\ud83d", "\\ude00", "\\ude00\\ud83d"])
def test_half_a_character_gets_no_text_past(client: FlaskClient, half: str) -> None:
    # JavaScript sends it; an error would make some clients publish the text.
    body = f'{{"input": "{half} {INSULT} \\ud83d\\ude00"}}'

    response = client.post(PATH, data=body, content_type="application/json")

    assert met(checked(response, 1)[0]) == {"harassment"}


def test_what_clients_send_besides_is_passed_over(client: FlaskClient) -> None:
    body = {"input": FAIR, "model": "text-moderation-stable", "user": "u", "x": [1]}

    checked(client.post(f"{PATH}?api-version=2", json=body), 1)


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param(None, id="none"),
        pytest.param("Bearer", id="no key"),
        pytest.param(f"Basic {KEY}", id="another scheme"),
        pytest.param("Bearer sk-proj-1", id="a key of OpenAI's"),
    ],
)
def test_without_a_valid_key_nothing_is_read(
    app: Flask, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    response = app.test_client().post(PATH, data=b"{", headers=headers)

    found = error(response, 401)
    assert found["code"] == "invalid_api_key"
    assert found["param"] is None
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_body_that_is_no_json_by_its_header_is_refused(client: FlaskClient) -> None:
    error(client.post(PATH, data="a=b"), 415)


def test_a_body_that_is_too_large_is_refused(client: FlaskClient) -> None:
    response = client.post(PATH, json={"input": ["x" * 9_000] * 500})

    assert "bytes" in error(response, 413)["message"]


@pytest.mark.parametrize("method", OTHER_METHODS)
def test_another_method_is_refused(client: FlaskClient, method: str) -> None:
    response = client.open(PATH, method=method)

    assert error(response, 405)["code"] == "method_not_supported"
    assert response.headers["Allow"] == "POST"


@pytest.mark.parametrize("path", [f"{PATH}/modr-1", f"{PATH}/", "/v1//moderations"])
@pytest.mark.parametrize("method", ["post", "trace"])
def test_there_is_nothing_below_the_path(
    client: FlaskClient, path: str, method: str
) -> None:
    assert error(client.open(path, method=method), 404)["code"] == "unknown_url"


def test_what_only_begins_alike_is_not_openais(client: FlaskClient) -> None:
    answer = client.post("/v1/moderations-of-mine")

    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_without_a_database_a_client_is_told_to_come_again(
    settings: Settings,
) -> None:
    take_away(settings.database_url)
    client = with_key(create_app(settings))

    response = client.post(PATH, json={"input": FAIR})

    assert error(response, 503)["type"] == "server_error"
    assert int(response.headers["Retry-After"]) > 0


def test_a_fault_of_ours_tells_nothing(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(settings)
    parts: Any = app.extensions[NAME]
    app.extensions[NAME] = replace(parts, moderation=None)

    response = with_key(app).post(PATH, json={"input": "secret words"})

    parts.store.database.close()
    found = error(response, 500)
    assert found["type"] == "server_error"
    assert "moderation" not in found["message"]
    assert "secret" not in capsys.readouterr().err
