"""Folding: what text is read as, and the way back to what the reader wrote."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.finding import Span
from model.text import fold

ANY_TEXT = st.text(st.characters(), max_size=80)
"""Lone surrogates, unassigned characters and all."""


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        pytest.param("Plain ASCII stays", "plain ascii stays", id="lower-case only"),
        pytest.param("“quoted” — it’s", '"quoted" - it\'s', id="typographer's marks"),
        pytest.param("wait…", "wait...", id="ellipsis"),
        pytest.param("a\u00a0b\u2003c", "a b c", id="wide and unbreakable blanks"),
        pytest.param("ｆｕｌｌ", "full", id="full-width"),
        pytest.param("𝓯𝓪𝓷𝓬𝔂 𝔣𝔬𝔫𝔱", "fancy font", id="mathematical letters"),
        pytest.param("ⓡⓘⓝⓖ ⒫⒜⒭ 🅱🅾🆇", "ring par box", id="enclosed letters"),
        pytest.param("ѕᴍᴀʟʟ ᴄᴀᴘꜱ", "small caps", id="small capitals"),
        pytest.param("ﬁne ﬂow", "fine flow", id="ligatures"),
        pytest.param("Škoda, Łódź, Øre", "skoda, lodz, ore", id="accents and strokes"),
        pytest.param("e\u0301a\u0308", "ea", id="combining marks"),
        pytest.param("in\u200bvi\u00adsi\u2060ble\ufe0f", "invisible", id="no width"),
        pytest.param("\U000e0061tag", "tag", id="tag characters"),
        pytest.param("١٢٣ ➂", "123 3", id="digits of other scripts"),
        pytest.param("ſtraße", "strasse", id="old and German s"),
        pytest.param("चूतिया", "चूतिया", id="vowel signs are letters"),
    ],
)
def test_folds(written: str, folded: str) -> None:
    assert fold(written).text == folded


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        pytest.param("раураl", "paypal", id="Cyrillic in a Latin word"),
        pytest.param("ρаypal", "paypal", id="three scripts in a word"),
        pytest.param("send раура now", "send paypa now", id="Latin on both sides"),
        pytest.param("pay ѕор", "pay sop", id="Latin on the only side"),
        pytest.param("hօոeу", "honey", id="Armenian"),
        pytest.param("hᎬy", "hey", id="Cherokee"),
        pytest.param("HΗey", "hhey", id="a capital looks like another letter"),
        pytest.param("это сор, а не нос", "это сор, а не нос", id="a Russian comment"),
        pytest.param("нос", "нос", id="a lone Russian word"),
        pytest.param("He said: это сор", "he said: это сор", id="Russian in English"),
        pytest.param("το νησι και ο", "το νησι και ο", id="a Greek comment"),
        pytest.param("几千人", "几千人", id="a Chinese comment"),
    ],
)
def test_other_scripts_are_latin_only_where_latin_is_meant(
    written: str, folded: str
) -> None:
    assert fold(written).text == folded


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        pytest.param("🇭🇪🇱🇵", "help", id="four in a row spell"),
        pytest.param("🇭 🇪 🇱 🇵", "h e l p", id="single ones spell"),
        pytest.param("🇭\u200b🇪\u200b🇱\u200b🇵", "help", id="kept apart invisibly"),
        pytest.param("🇮🇳 v 🇬🇧", "🇮🇳 v 🇬🇧", id="a pair is a flag"),
    ],
)
def test_regional_indicators_spell_unless_they_make_a_flag(
    written: str, folded: str
) -> None:
    assert fold(written).text == folded


@pytest.mark.parametrize(
    ("written", "word", "shown"),
    [
        pytest.param("😀 ＷＯＲＤ 😀", "word", "ＷＯＲＤ", id="behind an emoji"),
        pytest.param("a\u200b w\u200bord b", "word", "w\u200bord", id="zero width"),
        pytest.param(
            "é wo\u0301r\u0308d\u0323 é", "word", "wo\u0301r\u0308d\u0323", id="marks"
        ),
        pytest.param("the ﬁsh.", "fis", "ﬁs", id="a ligature"),
        pytest.param("the ﬁsh.", "is", "ﬁs", id="half a ligature is shown whole"),
        pytest.param("word\u200b, so", "word", "word", id="not what follows"),
        pytest.param("plain word", "word", "word", id="ASCII"),
    ],
)
def test_a_span_shows_what_the_reader_wrote(
    written: str, word: str, shown: str
) -> None:
    folded = fold(written)
    start = folded.text.index(word)

    span = folded.span(start, start + len(word))

    assert written[span.start : span.end] == shown


def test_a_heap_of_marks_belongs_to_its_letter() -> None:
    written = "x" + "\u0301" * 10_000 + "y"

    folded = fold(written)

    assert folded.text == "xy"
    assert folded.span(0, 1) == Span(0, 10_001)


def test_offsets_are_left_out_where_nothing_moves() -> None:
    assert fold("it’s “fine”").offsets is None


@given(ANY_TEXT)
def test_every_folded_character_comes_from_one_of_the_original(text: str) -> None:
    folded = fold(text)
    offsets = range(len(text)) if folded.offsets is None else folded.offsets

    assert len(offsets) == len(folded.text)
    assert all(before <= after for before, after in pairwise(offsets))
    assert all(0 <= offset < len(text) for offset in offsets)


@given(ANY_TEXT, st.data())
def test_every_span_lies_in_the_original(text: str, data: st.DataObject) -> None:
    folded = fold(text)
    start = data.draw(st.integers(0, len(folded.text)))
    end = data.draw(st.integers(start, len(folded.text)))

    span = folded.span(start, end)

    assert 0 <= span.start <= span.end <= len(text)
    assert (span.start == span.end) == (start == end)


@given(st.text(st.characters(codec="ascii")))
def test_folded_ascii_folds_to_itself(text: str) -> None:
    once = fold(text).text

    assert fold(once).text == once == text.lower()
