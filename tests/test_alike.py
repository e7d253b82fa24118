"""Near-identical texts are alike, and others are not."""

from __future__ import annotations

import pytest

from service.alike import alike


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Buy watches now", "BUY WATCHES NOW", id="case"),
        pytest.param("Buy watches now", "now buy watches", id="order"),
        pytest.param("Buy watches now", "Buy, watches: now!!! 🙂", id="marks"),
        pytest.param("Call 5550100", "Call 5550199", id="numbers"),
        pytest.param("Buy buy buy watches", "Buy watches", id="repetition"),
        pytest.param("Buy wаtches", "Buy watches", id="a letter from another script"),
        pytest.param("Buy wat\u200bches", "Buy watches", id="an invisible mark"),
        pytest.param("എന്ത് വിഡ്ഢി", "വിഡ്ഢി, എന്ത്!", id="Malayalam"),
        pytest.param("Buy watches 🙂\ufe0f", "Buy watches", id="an emoji's variant"),
        pytest.param("!!! ???", "!!! ???", id="no words, equal"),
        pytest.param("", "", id="nothing at all"),
    ],
)
def test_texts_of_the_same_words_are_alike(one: str, other: str) -> None:
    assert alike(one) == alike(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Buy watches now", "Buy watches", id="a word less"),
        pytest.param("You are a fool", "You are no fool", id="another word"),
        pytest.param("abc def", "abcdef", id="words joined"),
        pytest.param("!!!", "???", id="no words, not equal"),
        pytest.param("!!!", "", id="marks, and nothing"),
        pytest.param("മാണി", "മിണി", id="another vowel in Malayalam"),
        pytest.param("कि", "की", id="another vowel in Hindi"),
    ],
)
def test_texts_of_other_words_are_not_alike(one: str, other: str) -> None:
    assert alike(one) != alike(other)


def test_what_is_stored_of_it_has_sixteen_bytes() -> None:
    assert len(alike("word " * 2_000)) == 16
