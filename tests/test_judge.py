"""The judge turns a text into findings, whatever the text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.finding import DOUBTFUL, Attribute, Finding, Rule, Source, Span
from model.judge import MAX_UNKNOWN, Judge, load_judge

JUDGE: Judge = load_judge()


def findings(text: str, source: Source) -> list[Finding]:
    return [f for f in JUDGE.judge(text).findings if f.source is source]


def test_an_obscene_word_is_found_where_the_reader_wrote_it() -> None:
    (found,) = findings("What the fuck is wrong with this world.", Source.LEXICON)

    assert found.rule is Rule.OBSCENE
    assert found.attribute is Attribute.PROFANITY
    assert found.score == 1.0
    assert found.spans == (Span(9, 13),)


def test_spans_point_behind_emoji_and_into_disguises() -> None:
    (found,) = findings("😀👍🏽 oh ｆսｃｋ!", Source.LEXICON)

    assert found.spans == (Span(7, 11),)


def test_the_classifier_says_which_words_made_it_think_so() -> None:
    text = "The author of this piece is a pathetic little clown."
    found = {f.attribute: f for f in findings(text, Source.CLASSIFIER)}
    insult = found[Attribute.INSULT]

    assert insult.rule is Rule.PERSONAL
    assert any("clown" in text[span.start : span.end] for span in insult.spans)


def test_below_the_floor_the_classifiers_view_is_no_finding() -> None:
    text = "The author of this piece is a pathetic little clown."

    judgement = JUDGE.judge(text, floor=1.0)

    assert not [f for f in judgement.findings if f.source is Source.CLASSIFIER]
    assert judgement.scores is not None


@pytest.mark.parametrize(
    "text", ["You fucking idiot. Call +1 202 555 0143.", "これは", "A fair point."]
)
def test_without_places_all_but_the_classifiers_are_the_same(text: str) -> None:
    full, cheap = JUDGE.judge(text), JUDGE.judge(text, with_places=False)

    assert cheap.scores == full.scores
    assert cheap.findings == tuple(
        replace(f, spans=()) if f.source is Source.CLASSIFIER else f
        for f in full.findings
    )


def test_a_phone_number_is_a_personal_finding() -> None:
    text = "Call him on +91 98470 12345 after midnight"
    (found,) = findings(text, Source.CONTACT)

    assert (found.rule, found.attribute, found.detail) == (Rule.PERSONAL, None, "phone")
    assert [text[s.start : s.end] for s in found.spans] == ["+91 98470 12345"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("ഇത് വളരെ നല്ല ലേഖനമാണ്", id="Malayalam"),
        pytest.param("यह लेख बहुत अच्छा है", id="Hindi"),
        pytest.param("Это очень хорошая статья", id="Russian"),
        pytest.param("Cet article est tres bien, merci pour les details", id="French"),
        pytest.param("@#$%&* §§", id="only symbols"),
    ],
)
def test_it_abstains_on_what_it_knows_nothing_of(text: str) -> None:
    judgement = JUDGE.judge(text)

    (found,) = judgement.findings
    assert judgement.scores is None
    assert (found.rule, found.attribute, found.detail) == (None, None, "unknown")
    assert found.score > MAX_UNKNOWN


def test_a_doubtful_word_counts_as_far_as_its_text_is_toxic() -> None:
    def doubt(text: str) -> float:
        (found,) = findings(text, Source.LEXICON)
        assert (found.rule, found.detail) == (Rule.OBSCENE, DOUBTFUL)
        return found.score

    aimed, reported = "You are a dildo", "Customs opened a crate of dildos on Monday"
    assert doubt(aimed) > 2 * doubt(reported)


def test_doubtful_insults_are_left_to_the_classifier() -> None:
    assert findings("What a fool I was to sell the house.", Source.LEXICON) == []


def test_foreign_names_do_not_make_a_text_foreign() -> None:
    text = "Chuck Findley and Liliane Vaquero met Evelyne Hamon, Olivier Foy, Vannam."

    assert JUDGE.judge(text).scores is not None


def test_capitals_everywhere_do_not_make_a_foreign_text_known() -> None:
    text = "Vous Devriez Tous Retourner Chez Vous Maintenant"

    assert JUDGE.judge(text).scores is None


def test_in_a_foreign_text_the_lexicon_still_speaks() -> None:
    rules = {f.rule for f in JUDGE.judge("यह fuck बहुत अच्छा है").findings}

    assert rules == {Rule.OBSCENE, None}


@given(st.text(max_size=300))
def test_any_text_has_findings_within_itself(text: str) -> None:
    judgement = JUDGE.judge(text, floor=0.0)

    for finding in judgement.findings:
        assert 0.0 <= finding.score <= 1.0
        for span in finding.spans:
            assert 0 <= span.start < span.end <= len(text)
    assert judgement.scores is None or set(judgement.scores) == set(Attribute)


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800", "a\u0301" * 5_000])
def test_odd_texts_are_judged_like_any_other(text: str) -> None:
    JUDGE.judge(text)


def test_judging_is_a_function_of_the_text() -> None:
    text = "You are an idiot. Did you even read the article?"

    assert JUDGE.judge(text) == JUDGE.judge(text)


def test_noise_of_thousands_of_words_is_left_to_people() -> None:
    judgement = JUDGE.judge("a@" * 5_000)

    assert judgement.scores is None
    assert [finding.detail for finding in judgement.findings] == ["unknown"]
