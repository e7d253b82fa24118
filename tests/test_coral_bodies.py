"""A body is judged by what readers see of it, whether it is HTML or plain text."""

from __future__ import annotations

from html import escape
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.compat.coral.bodies import seen

LINK = (
    '<a href="https://a.example/x?a=1&amp;b=2" target="_blank" '
    'rel="noopener noreferrer ugc" class="coral-comment-content-link">'
    "https://a.example/x?a=1&amp;b=2</a>"
)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        pytest.param("Here’s a comment!", "Here’s a comment!", id="plain"),
        pytest.param("f<b>u</b>c<i>k</i>", "fuck", id="marks within a word"),
        pytest.param(
            "<div>one</div><div>two<br>three</div>",
            "one\n\ntwo\nthree",
            id="lines",
        ),
        pytest.param("<ul><li>one</li><li>two</li></ul>", "one\n\ntwo", id="a list"),
        pytest.param("<BLOCKQUOTE>a</BLOCKQUOTE>b", "a\nb", id="capitals"),
        pytest.param("a &lt;3 b &amp;amp; c&#39;s", "a <3 b &amp; c's", id="entities"),
        pytest.param("&lt;b&gt;bold&lt;/b&gt;", "<b>bold</b>", id="written marks"),
        pytest.param(
            '<span class="coral-rte-spoiler">secret</span>', "secret", id="a spoiler"
        ),
        pytest.param(LINK, "https://a.example/x?a=1&b=2", id="a link"),
        pytest.param(
            '<a href="https://a.example/">https://a.example</a>',
            "https://a.example",
            id="a link without its slash",
        ),
        pytest.param(
            '<a href="mailto:ann@a.example">ann@a.example</a>',
            "ann@a.example",
            id="a mail link",
        ),
        pytest.param(
            '<a href="https://idiot.example/">here</a>',
            "https://idiot.example/ here",
            id="a link that says something else",
        ),
        pytest.param("<you idiot>", "<you idiot>", id="no mark"),
        pytest.param("<b you idiot>", "<b you idiot>", id="no mark of Coral's"),
        pytest.param('<b title="idiot">', '<b title="idiot">', id="no such attribute"),
        pytest.param(
            '<span class="you idiot">a</span>', "you idiot a", id="a class of words"
        ),
        pytest.param("<script>idiot</script>", "<script>idiot</script>", id="script"),
        pytest.param("<!-- idiot -->", "<!-- idiot -->", id="a comment"),
        pytest.param("1 < 2 and 3 > 2", "1 < 2 and 3 > 2", id="less and more"),
        pytest.param("&#xD800; &#0;", "\ufffd \ufffd", id="no characters"),
        pytest.param("<div><br></div>", "", id="nothing"),
    ],
)
def test_what_is_seen_of_a_body(body: str, text: str) -> None:
    assert seen(body) == text


@given(text=st.text())
def test_text_that_was_escaped_is_seen_as_it_was_written(text: str) -> None:
    assert seen(f"<div>{escape(text)}</div>") == text.strip()


@given(words=st.lists(st.from_regex(r"[a-z]{1,9}", fullmatch=True), min_size=1))
def test_no_word_is_lost_whatever_stands_around_it(words: list[str]) -> None:
    body = "".join(f'<b class="{word}"><{word}><i {word}>' for word in words)

    assert all(seen(body).count(word) >= 2 for word in words)


@pytest.mark.parametrize(
    "part", ["<", "<b", "<b class=", '<b class="a"', '<a href="x">', "<b ", "&", "&#"]
)
def test_the_time_grows_no_faster_than_the_body(part: str) -> None:
    """A million characters; quadratic growth would take minutes."""
    body = part * (1_000_000 // len(part))
    began = perf_counter()

    seen(body)

    assert perf_counter() - began < 20
