"""Google's Perspective API: scores, spans, languages, and how it is discovered.

What published clients make of it is in tests/test_perspective_clients.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from model.classifier import Classifier
from model.finding import Attribute, Rule
from service.api.parsing import is_blank
from service.auth import key_hash
from service.compat.perspective.attributes import ATTRIBUTE_OF, LIKELY_TO_REJECT
from service.compat.perspective.discovery import document
from service.compat.perspective.reading import MAX_BYTES
from service.compat.perspective.reading import MOST as MOST_ATTRIBUTES
from service.compat.perspective.sentences import MOST, sentences
from service.domain import Thresholds
from service.services import Services
from service.store.sites import Sites
from tests.fixtures_perspective import (
    ANALYZE,
    DISCOVERY,
    ERROR,
    FAIR,
    FOREIGN,
    FOREIGN_FOUL,
    FOUL,
    INSULT,
    PHONE,
    SIX,
    Ask,
    Body,
    answered,
    error,
    is_stored,
    mended_text,
    request_for,
    scores,
)
from tests.fixtures_store import KEY, NOON

# Scores


def test_all_six_attributes_are_scored(ask: Ask) -> None:
    fair, foul = scores(ask, FAIR, *SIX), scores(ask, FOUL, *SIX)

    assert set(fair) == set(foul) == SIX
    assert max(fair.values()) < 0.2
    assert foul["PROFANITY"] > 0.9
    assert foul["TOXICITY"] > 0.9


def test_the_scores_are_those_of_the_api_of_our_own(
    ask: Ask, client: FlaskClient
) -> None:
    own = client.post("/v1/moderate", json={"text": FAIR}).get_json()

    assert scores(ask, FAIR, *SIX) == own["scores"]


@pytest.mark.parametrize("text", [FAIR, INSULT, FOUL, PHONE, FOREIGN_FOUL])
def test_what_means_the_same_scores_the_same(ask: Ask, text: str) -> None:
    found = scores(ask, text, *ATTRIBUTE_OF)

    assert set(found) == set(ATTRIBUTE_OF)
    for name, attribute in ATTRIBUTE_OF.items():
        assert found[name] == found[attribute]


def test_the_names_that_are_answered_are_these() -> None:
    twins = {f"{attribute}_EXPERIMENTAL" for attribute in SIX}

    assert set(ATTRIBUTE_OF) == SIX | twins | {"TOXICITY_FAST", "OBSCENE"}


def test_a_version_is_taken_and_given_back(ask: Ask) -> None:
    found = scores(ask, INSULT, "TOXICITY@6", "TOXICITY", "LIKELY_TO_REJECT@2")

    assert found["TOXICITY@6"] == found["TOXICITY"]
    assert "LIKELY_TO_REJECT@2" in found


def test_likely_to_reject_asks_for_the_sites_whole_rule(ask: Ask) -> None:
    phone = scores(ask, PHONE, *SIX, LIKELY_TO_REJECT)
    insult = scores(ask, INSULT, *SIX, LIKELY_TO_REJECT)

    assert phone[LIKELY_TO_REJECT] > max(phone[name] for name in SIX)
    assert insult[LIKELY_TO_REJECT] >= insult["INSULT"]


def test_a_word_breaks_the_rule_but_says_nothing_of_toxicity(
    ask: Ask, client: FlaskClient
) -> None:
    text = "Fuck, what a lovely evening that was with the choir in the old church."
    own = client.post("/v1/moderate", json={"text": text}).get_json()["scores"]

    found = scores(ask, text, "TOXICITY", "PROFANITY", LIKELY_TO_REJECT)

    assert found["PROFANITY"] == found[LIKELY_TO_REJECT] == 1.0 > own["PROFANITY"]
    assert found["TOXICITY"] == own["TOXICITY"]


def test_a_phone_number_makes_no_text_toxic(ask: Ask) -> None:
    assert scores(ask, PHONE, "TOXICITY")["TOXICITY"] < 0.5


def test_what_cannot_be_read_scores_a_half(ask: Ask) -> None:
    found = scores(ask, FOREIGN, *SIX, LIKELY_TO_REJECT)

    assert set(found.values()) == {0.5}


def test_a_word_counts_in_what_cannot_be_read_otherwise(ask: Ask) -> None:
    found = scores(ask, FOREIGN_FOUL, "PROFANITY", "THREAT", "TOXICITY")

    assert found == {"PROFANITY": 1.0, "THREAT": 0.5, "TOXICITY": 1.0}


def test_a_site_that_does_not_mind_a_word_has_its_say(
    parts: Services, ask: Ask, fresh_id: str
) -> None:
    key, sites = f"rf_{fresh_id}", Sites(parts.store.database)
    sites.create(fresh_id, by="t", now=NOON)
    sites.set_thresholds(
        fresh_id, Rule.OBSCENE, Thresholds(None, None), by="t", now=NOON
    )
    parts.accounts.create_key(fresh_id, key_hash(key), "t", NOON)

    here = scores(ask, FOUL, "PROFANITY", LIKELY_TO_REJECT)
    there = scores(ask, FOUL, "PROFANITY", LIKELY_TO_REJECT, key=key)

    assert set(here.values()) == {1.0}
    assert max(there.values()) < 1.0


# Thresholds


def test_below_its_threshold_an_attribute_is_left_out(ask: Ask) -> None:
    wanted = {
        "TOXICITY": {"scoreThreshold": 0.5, "scoreType": "PROBABILITY"},
        "THREAT": {"scoreThreshold": 0.99},
        "INSULT": {"scoreThreshold": 0},
    }

    response = ask(comment={"text": INSULT}, requestedAttributes=wanted)

    assert set(answered(response, INSULT)["attributeScores"]) == {"TOXICITY", "INSULT"}


def test_on_its_threshold_an_attribute_is_answered(ask: Ask) -> None:
    exact = scores(ask, INSULT, "THREAT")["THREAT"]
    wanted = {"THREAT": {"scoreThreshold": exact}}

    response = ask(comment={"text": INSULT}, requestedAttributes=wanted)

    assert "THREAT" in answered(response, INSULT)["attributeScores"]


def test_where_nothing_is_left_there_are_no_scores_at_all(ask: Ask) -> None:
    wanted = {"TOXICITY": {"scoreThreshold": 1.1}}

    response = ask(comment={"text": FOUL}, requestedAttributes=wanted)

    assert answered(response, FOUL) == {
        "languages": ["en"],
        "detectedLanguages": ["en"],
    }


# Spans


def test_without_sentences_the_one_span_is_the_whole_text(ask: Ask) -> None:
    text = f"\U0001f600 {INSULT} "

    found = answered(ask(**request_for(text)), text)["attributeScores"]["TOXICITY"]

    (span,) = found["spanScores"]
    assert (span["begin"], span["end"]) == (0, len(text) + 1)
    assert span["score"] == found["summaryScore"]


def test_each_sentence_has_its_score_and_place_in_utf16(ask: Ask) -> None:
    text = "\U0001f600 A fair point, Ann.  You idiot! \U0001f621\nWe meet on Monday."

    response = ask(**request_for(text, "INSULT", spanAnnotations=True))

    spans = answered(response, text)["attributeScores"]["INSULT"]["spanScores"]
    units = text.encode("utf-16-le")
    shown = [
        units[2 * span["begin"] : 2 * span["end"]].decode("utf-16-le") for span in spans
    ]
    assert shown == [
        "\U0001f600 A fair point, Ann.",
        "You idiot!",
        "\U0001f621",
        "We meet on Monday.",
    ]
    insult = [span["score"]["value"] for span in spans]
    assert max(insult) == insult[1]
    assert insult[3] < 0.3


def test_a_sentence_of_which_nothing_is_known_scores_as_the_whole(ask: Ask) -> None:
    text = f"{FAIR} {FAIR} {FAIR} {FAIR} Zxqvw qpfzx. {FAIR}"

    response = ask(**request_for(text, "INSULT", spanAnnotations=True))

    found = answered(response, text)["attributeScores"]["INSULT"]
    assert found["spanScores"][4]["score"] == found["summaryScore"]


@pytest.mark.parametrize(
    ("text", "parts_of_it"),
    [
        pytest.param("One. Two.", ["One.", "Two."], id="two"),
        pytest.param("  One  ", ["One"], id="one, with space around it"),
        pytest.param('"One!" (Two?) Three', ['"One!"', "(Two?)", "Three"], id="closed"),
        pytest.param("One\nTwo", ["One", "Two"], id="lines"),
        pytest.param("3.5 and 4.", ["3.5 and 4."], id="a point within"),
        pytest.param("Wait... what", ["Wait...", "what"], id="an ellipsis"),
        pytest.param(" \n ", [], id="blank"),
        pytest.param("", [], id="empty"),
        pytest.param(
            "One\u2029Two. Three", ["One\u2029Two.", "Three"], id="other space"
        ),
    ],
)
def test_sentences_are_found(text: str, parts_of_it: list[str]) -> None:
    assert [text[span.start : span.end] for span in sentences(text)] == parts_of_it


@given(
    st.text(
        alphabet=st.sampled_from("ab.!? \n\"')\u2026\U0001f600\u3000"), max_size=300
    )
)
@settings(max_examples=200, deadline=None)
def test_sentences_miss_nothing_that_can_be_seen(text: str) -> None:
    spans = sentences(text)

    kept = "".join(text[span.start : span.end] for span in spans)
    assert "".join(kept.split()) == "".join(text.split())
    assert all(text[span.start : span.end].strip() for span in spans)


@pytest.mark.parametrize("unit", ["a. ", "a\n", ". ", "! a ", "\n", "...... "])
def test_even_of_the_longest_text_there_are_few_sentences(unit: str) -> None:
    spans = sentences((unit * MAX_BYTES)[:MAX_BYTES])

    assert len(spans) <= MOST == 100
    assert bool(spans) == bool(unit.strip())


def test_what_each_word_adds_is_worked_out_for_no_sentence(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It is most of what judging a sentence costs, and not answered.
    monkeypatch.setattr(Classifier, "contributions", None)

    response = ask(**request_for(f"{FAIR} {INSULT}", "INSULT", spanAnnotations=True))

    found = answered(response, f"{FAIR} {INSULT}")
    assert found["detectedLanguages"] == ["en"]
    spans = found["attributeScores"]["INSULT"]["spanScores"]
    assert spans[1]["score"]["value"] > 0.8


def test_as_many_attributes_may_be_asked_for_as_anybody_has_use_for(ask: Ask) -> None:
    names = [f"TOXICITY@{version}" for version in range(MOST_ATTRIBUTES + 1)]

    found = answered(ask(**request_for(FAIR, *names[1:])), FAIR)
    refused = error(ask(**request_for(FAIR, *names)))

    assert set(found["attributeScores"]) == set(names[1:])
    assert refused["status"] == "INVALID_ARGUMENT"
    assert refused["details"] == [{"@type": ERROR, "errorType": "INVALID_REQUEST"}]
    assert str(MOST_ATTRIBUTES) in refused["message"]


# Any text at all


@pytest.fixture(scope="module")
def analyzed(app: Flask) -> Callable[[Body], TestResponse]:
    client = app.test_client()
    return lambda body: client.post(
        ANALYZE,
        query_string={"key": KEY},
        data=json.dumps(body),
        content_type="application/json",
    )


TEXTS = st.text(
    alphabet=st.characters(exclude_categories=())
    | st.sampled_from("fuck you .!?\n\U0001f600\ud83d\ude00")
)


@given(text=TEXTS, spans=st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_text_gets_a_valid_answer(
    analyzed: Callable[[Body], TestResponse], text: str, spans: bool
) -> None:
    response = analyzed(request_for(text, *SIX, spanAnnotations=spans))

    if is_blank(mended_text(text)):
        assert error(response)["details"][0]["errorType"] == "COMMENT_EMPTY"
    else:
        assert set(answered(response, text)["attributeScores"]) == SIX


HALVES = [chr(0xD83D), chr(0xDE00), chr(0xDE00) + chr(0xD83D)]


@pytest.mark.parametrize("half", HALVES, ids=["high", "low", "the wrong way round"])
def test_half_a_character_gets_no_text_past(ask: Ask, half: str) -> None:
    # JavaScript sends it; an error would make some clients publish the comment.
    text = f"{half} You fucking idiot. \U0001f600 {half}"

    response = ask(**request_for(text, spanAnnotations=True, clientToken="Größe"))

    found = answered(response, text)
    assert found["attributeScores"]["TOXICITY"]["summaryScore"]["value"] > 0.9
    assert found["clientToken"] == "Größe"


# Languages


@pytest.mark.parametrize(
    ("text", "languages", "detected"),
    [
        pytest.param(FAIR, ["en"], ["en"], id="English"),
        pytest.param(FAIR, ["fi"], ["en"], id="English, labelled wrongly"),
        pytest.param(FAIR, ["EN"], ["en"], id="in capitals, as old Coral does"),
        pytest.param(FOREIGN, ["en"], ["und"], id="Japanese labelled as English"),
        pytest.param(FOREIGN, ["ja"], ["und"], id="a language that Perspective knew"),
        pytest.param(FOREIGN, ["pt-BR"], ["und"], id="with a region"),
        pytest.param(FOREIGN, ["fi", "de"], ["und"], id="one of which it knew"),
        pytest.param(FOREIGN_FOUL, ["fi"], ["und"], id="a word that says enough"),
        pytest.param("Hm", ["xx"], ["en"], id="short"),
    ],
)
def test_the_text_is_believed_and_not_the_label(
    ask: Ask, text: str, languages: list[str], detected: list[str]
) -> None:
    found = answered(ask(**request_for(text, languages=languages)), text)

    assert found["languages"] == languages
    assert found["detectedLanguages"] == detected


@pytest.mark.parametrize(
    ("text", "detected"), [(FAIR, "en"), (FOREIGN, "und"), ("Hm", "en")]
)
@pytest.mark.parametrize("languages", [{}, {"languages": []}, {"languages": None}])
def test_without_a_label_the_detected_language_is_answered(
    ask: Ask, text: str, detected: str, languages: Body
) -> None:
    found = answered(ask(**request_for(text, **languages)), text)

    assert found["languages"] == found["detectedLanguages"] == [detected]


@pytest.mark.parametrize("store", [True, False])
def test_a_language_nobody_knew_is_refused_where_nothing_is_known_of_the_text(
    parts: Services, ask: Ask, fresh_id: str, store: bool
) -> None:
    body = request_for(
        FOREIGN,
        "INSULT",
        "TOXICITY",
        languages=["fi", "et"],
        doNotStore=not store,
        clientToken=f"comment:{fresh_id}",
    )

    found = error(ask(**body))

    assert found["message"] == (
        "Attribute INSULT does not support request languages: fi, et"
    )
    assert found["status"] == "INVALID_ARGUMENT"
    assert found["details"] == [
        {
            "@type": ERROR,
            "errorType": "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
            "languageNotSupportedByAttributeError": {
                "requestedLanguages": ["fi", "et"],
                "attribute": "INSULT",
            },
        }
    ]
    assert not is_stored(parts, fresh_id)


def test_a_client_may_have_what_is_not_supported_left_out(
    parts: Services, ask: Ask, fresh_id: str
) -> None:
    told = {"clientToken": f"comment:{fresh_id}", "doNotStore": False}
    drop = {"languages": ["fi"], "dropUnsupportedAttributes": True, **told}

    unknown = answered(ask(**request_for(FOREIGN, **drop)), FOREIGN)
    assert "attributeScores" not in unknown
    assert not is_stored(parts, fresh_id)

    known = answered(ask(**request_for(FAIR, **drop)), FAIR)
    assert "attributeScores" in known
    assert is_stored(parts, fresh_id)


# Discovery


@pytest.mark.parametrize("path", [DISCOVERY, "/%24discovery/rest"])
@pytest.mark.parametrize("query", ["version=v1alpha1", "version=v1alpha1&key=x", ""])
def test_what_there_is_can_be_discovered(
    anyone: FlaskClient, parts: Services, path: str, query: str
) -> None:
    response = anyone.get(path, query_string=query, headers={"Host": "evil.example"})

    assert response.status_code == 200
    assert response.mimetype == "application/json"
    assert response.get_json() == document(parts.settings.url)


def test_another_version_is_not_there(anyone: FlaskClient) -> None:
    error(anyone.get(DISCOVERY, query_string="version=v1"), 404)


def test_the_document_leads_to_our_own_paths(app: Flask) -> None:
    found = document("https://news.example.com/refrain")

    assert found["rootUrl"] == "https://news.example.com/refrain/"
    methods = found["resources"]["comments"]["methods"]
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    assert {f"/{method['path']}" for method in methods.values()} <= rules


def test_every_schema_that_is_named_is_there() -> None:
    found = document("http://x")
    named = set()

    def walk(value: object) -> None:
        if isinstance(value, dict):
            named.update([value["$ref"]] if "$ref" in value else [])
            for inner in value.values():
                walk(inner)
        if isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(found)
    assert named == set(found["schemas"])


def test_every_attribute_of_ours_is_one_of_perspectives() -> None:
    production = {
        "TOXICITY",
        "SEVERE_TOXICITY",
        "IDENTITY_ATTACK",
        "INSULT",
        "PROFANITY",
        "THREAT",
    }

    assert {str(attribute) for attribute in Attribute} == production
    assert {name for name, of in ATTRIBUTE_OF.items() if name == of} == production
