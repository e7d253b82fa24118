"""Whatever a reader writes is shown as written, harmless, its faults marked."""

from __future__ import annotations

import re
import time
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from model.finding import Attribute, Rule, Source, Span
from service.desk.marking import (
    LONG,
    TALL,
    Mark,
    mark_up,
    marks_of,
    plain,
    quotes,
    shorten,
    unseen,
    visible,
)
from service.domain import Reason

INSULT = Reason(
    Rule.PERSONAL,
    Attribute.INSULT,
    Source.LEXICON,
    1.0,
    0.9,
    (Span(8, 13), Span(0, 3), Span(8, 13)),
    "An insult.",
)


class Reading(HTMLParser):
    """What an HTML page says, and which rule each of its characters breaks."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""
        self.rules: list[str] = []
        self.feed(str(html))
        self.close()

    def handle_starttag(
        self, tag: str, attributes: list[tuple[str, str | None]]
    ) -> None:
        self.tags.append(tag if tag != "mark" else f"mark {attributes[0][1]}")

    def handle_endtag(self, tag: str) -> None:
        assert self.tags.pop().split()[0] == tag

    def handle_data(self, data: str) -> None:
        if "i" in self.tags:
            return
        self.text += data
        rule = next((tag[5:] for tag in self.tags if tag.startswith("mark")), "")
        self.rules += [rule] * len(data)


def test_places_are_marked_where_the_reader_wrote_them() -> None:
    assert mark_up("You fool.", [Mark(4, 8, "personal")]) == Markup(
        'You <mark class="personal">fool</mark>.'
    )


def test_html_in_a_comment_is_text() -> None:
    shown = mark_up("<script>alert(1)</script> & 'so'", [Mark(0, 8, "obscene")])

    assert "<script" not in shown
    assert Reading(shown).text == "<script>alert(1)</script> & 'so'"


def test_where_two_rules_are_broken_both_are_named() -> None:
    shown = Reading(mark_up("abcdef", [Mark(0, 4, "personal"), Mark(2, 6, "obscene")]))

    assert shown.text == "abcdef"
    both = "obscene personal"
    assert shown.rules == ["personal"] * 2 + [both] * 2 + ["obscene"] * 2


def test_a_place_that_is_named_twice_is_marked_once() -> None:
    marks = [Mark(0, 2, "obscene"), Mark(0, 2, "obscene"), Mark(1, 2, "obscene")]

    assert Reading(mark_up("abc", marks)).rules == ["obscene", "obscene", ""]


@pytest.mark.parametrize(("start", "end"), [(2, 2), (3, 1), (-1, 2), (2, 9), (7, 9)])
def test_a_place_outside_of_the_text_is_left_out(start: int, end: int) -> None:
    assert mark_up("abcd", [Mark(start, end, "obscene")]) == Markup("abcd")


def test_line_breaks_are_kept() -> None:
    assert mark_up("one\ntwo\r\n\nthree") == Markup("one\ntwo\r\n\nthree")


@pytest.mark.parametrize(
    ("character", "code"),
    [
        pytest.param("\0", "U+0000", id="NUL"),
        pytest.param("\x0b", "U+000B", id="vertical tab"),
        pytest.param("\x1b", "U+001B", id="escape"),
        pytest.param("\x85", "U+0085", id="next line"),
        pytest.param("\u00ad", "U+00AD", id="soft hyphen"),
        pytest.param("\u034f", "U+034F", id="grapheme joiner"),
        pytest.param("\u200b", "U+200B", id="zero width space"),
        pytest.param("\u200d", "U+200D", id="joiner between Latin letters"),
        pytest.param("\u200f", "U+200F", id="right-to-left mark"),
        pytest.param("\u2028", "U+2028", id="line separator"),
        pytest.param("\u202e", "U+202E", id="right-to-left override"),
        pytest.param("\u2066", "U+2066", id="isolate"),
        pytest.param("\u2800", "U+2800", id="blank Braille"),
        pytest.param("\u3164", "U+3164", id="Hangul filler"),
        pytest.param("\ud800", "U+D800", id="half of a pair"),
        pytest.param("\ufe0f", "U+FE0F", id="selector after a letter"),
        pytest.param("\ufeff", "U+FEFF", id="byte order mark"),
        pytest.param("\uffff", "U+FFFF", id="no character"),
        pytest.param("\U000e0041", "U+E0041", id="tag"),
    ],
)
def test_what_cannot_be_seen_is_shown_by_its_number(character: str, code: str) -> None:
    assert mark_up(f"a{character}b") == f"a<i>{code}</i>b"
    assert plain(f"a{character}b") == "ab"
    assert unseen(f"a{character}b{character}")[0].times == 2


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("അവന്\u200d പറഞ്ഞു", id="Malayalam chillu"),
        pytest.param("क्\u200dष और क्\u200cष", id="Hindi conjuncts"),
        pytest.param("می\u200cخواهم", id="Persian"),
        pytest.param("👨\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3 👍🏽", id="pictures"),
        pytest.param("🏳\ufe0f\u200d🌈", id="a flag of two"),
        pytest.param(
            "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
            id="Scotland",
        ),
        pytest.param("tab\there", id="tab"),
    ],
)
def test_joiners_that_a_script_needs_are_left_alone(text: str) -> None:
    assert mark_up(text) == text
    assert unseen(text) == ()


def test_many_unseen_characters_in_a_row_are_one_symbol() -> None:
    assert mark_up("a" + "\u200b" * 4000 + "b") == Markup("a<i>U+200B \u00d7 4000</i>b")
    assert mark_up("\u200b\u200c\u200d\u2060\u2060") == Markup(
        "<i>U+200B U+200C U+200D +2</i>"
    )


def test_a_mark_covers_unseen_characters_too() -> None:
    shown = mark_up("fu\u200bck", [Mark(0, 5, "obscene")])

    assert re.sub("</?mark[^>]*>", "", shown) == "fu<i>U+200B</i>ck"
    assert Reading(shown).rules == ["obscene"] * 4


def test_unseen_characters_are_listed_with_their_names() -> None:
    found = unseen("\u200b\u202e\u200b\x07")

    assert [(one.code, one.name, one.times) for one in found] == [
        ("U+200B", "zero width space", 2),
        ("U+202E", "right-to-left override", 1),
        ("U+0007", "control character", 1),
    ]


@given(
    st.text(max_size=60),
    st.lists(
        st.tuples(st.integers(-2, 62), st.integers(-2, 62), st.sampled_from(list(Rule)))
    ),
)
def test_any_text_with_any_marks_is_shown_whole(
    text: str, places: list[tuple[int, int, Rule]]
) -> None:
    marks = [Mark(start, end, rule) for start, end, rule in places]

    shown = Reading(mark_up(text, marks))

    seen = re.sub(r"<i>.*?</i>", "", str(mark_up(text)))
    assert shown.text == unescape(seen)
    assert len(shown.text) + sum(one.times for one in unseen(text)) == len(text)
    assert shown.tags == []
    mark_up(text, marks).encode()


def test_a_short_text_is_not_shortened() -> None:
    assert shorten("word " * (LONG // 5)) is None
    assert shorten("\n" * (TALL - 1)) is None


def test_of_a_long_text_the_beginning_and_the_marked_places_are_shown() -> None:
    text = "word " * 1000 + "you fool " + "word " * 1000

    shown = shorten(text, [Mark(5004, 5008, "personal")])

    assert shown is not None
    assert shown.startswith("word word")
    assert '<mark class="personal">fool</mark>' in shown
    assert len(shown) < 1500
    gaps = [int(gap.replace(",", "")) for gap in re.findall(r"([\d,]+) char", shown)]
    kept = len(Reading(re.sub("<b.*?</b>", "", shown)).text)
    assert sum(gaps) + kept == len(text)


def test_a_long_text_full_of_marks_is_shortened_all_the_same() -> None:
    text = "fool " * 2000

    shown = shorten(text, [Mark(at, at + 4, "personal") for at in range(0, 10_000, 5)])

    assert shown is not None
    assert len(Reading(shown).text) < 2000


def test_a_tall_text_is_shortened() -> None:
    shown = shorten("no\n" * 500)

    assert shown is not None
    assert shown.count("\n") < TALL


def test_a_text_made_to_be_slow_is_not() -> None:
    text = "a\u200b" * 5000
    marks = [Mark(at, at + 1, "obscene") for at in range(10_000)]

    start = time.thread_time()
    mark_up(text, marks)
    shorten(text, marks)

    assert time.thread_time() - start < 0.5


def test_a_name_is_one_line_and_cut() -> None:
    assert visible("  Ann\n<b>\u202e ") == Markup("Ann &lt;b&gt;<i>U+202E</i>")
    assert visible("abcdef", 4) == Markup("abc…")
    assert plain("a\n b\u202ec" + "d" * 100, 6) == "a bcd…"


def test_what_was_seen_is_quoted_once_and_in_order() -> None:
    assert quotes("You are idiots.", INSULT) == [Markup("idiot"), Markup("You")]


def test_marks_bear_the_names_of_their_rules() -> None:
    unclear = Reason(None, None, Source.CLASSIFIER, 1.0, 0.0, (Span(0, 1),), "?")

    assert [mark.name for mark in marks_of([INSULT, unclear])] == [
        "personal",
        "personal",
        "personal",
        "unknown",
    ]
