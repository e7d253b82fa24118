"""The lexicon: what it finds, what it leaves alone, and files it refuses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from better_profanity import Profanity
from hypothesis import given
from hypothesis import strategies as st

from model.finding import Rule
from model.lexicon import entries
from model.lexicon.matcher import (
    Entry,
    Forms,
    Lexicon,
    LexiconError,
    Strength,
    View,
    load_lexicon,
)
from model.text import fold


def entry(
    text: str, forms: Forms = Forms.WORD, strength: Strength = Strength.REJECT
) -> Entry:
    return Entry(text, Rule.OBSCENE, strength, forms)


LEXICON = Lexicon(
    [
        entry("fuck", Forms.INSIDE),
        entry("shit", Forms.STEM),
        entry("ass", Forms.STEM),
        entry("pussy", Forms.STEM),
        entry("penis"),
        entry("cum", Forms.STEM),
        entry("son of a bitch"),
        entry("you prick"),
        entry("prick", strength=Strength.FLAG),
        entry("what the f", strength=Strength.FLAG),
        entry("dick", strength=Strength.FLAG),
        entry("huge dick"),
        entry("नालायक हो"),
        entry("cock", strength=Strength.IGNORE),
        entry("хуй"),
    ],
    ["fuckersberg", "cum laude", "dick van dyke"],
)


def found(text: str, lexicon: Lexicon = LEXICON) -> list[str]:
    """What the reader wrote where something was found."""
    folded = fold(text)
    spans = [folded.span(match.start, match.end) for match in lexicon.matches(folded)]
    return [text[span.start : span.end] for span in spans]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("Oh shit.", ["shit"], id="a word"),
        pytest.param('He said "shit"!', ["shit"], id="in quotes"),
        pytest.param("**shit** _ass_", ["shit", "ass"], id="in Markdown"),
        pytest.param("shit's", ["shit"], id="possessive"),
        pytest.param(
            "Shitty shitting pussies", ["Shitty", "shitting", "pussies"], id="inflected"
        ),
        pytest.param("classic cockpit assess", [], id="within other words"),
        pytest.param("unfuckingbelievable", ["fuck"], id="inside, where entered so"),
        pytest.param("son-of-a-bitch", ["son-of-a-bitch"], id="a hyphenated phrase"),
        pytest.param("son of\na bitch", ["son of\na bitch"], id="over a line's end"),
        pytest.param(
            "She has a son. Of a bitch", [], id="a phrase ends at a full stop"
        ),
        pytest.param("Fuckersberg", [], id="an allowed word"),
        pytest.param("magna cum laude", [], id="an allowed phrase"),
        pytest.param("cum", ["cum"], id="only the phrase is allowed"),
        pytest.param("cock", [], id="ignored"),
        pytest.param("c0ck c.o.c.k coock", [], id="ignored in disguise"),
        pytest.param("you prick", ["you prick"], id="the longer of two"),
        pytest.param("what the fuck", ["fuck"], id="the stronger, not the longer"),
        pytest.param("a huge dick", ["huge dick"], id="a phrase of a weaker word"),
        pytest.param("huge Dick van Dyke fan", [], id="a phrase that ends in a name"),
        pytest.param("ты хуй", ["хуй"], id="another script"),
        pytest.param("तू नालायक हो", ["नालायक हो"], id="a phrase with vowel signs"),
        pytest.param("you хуй", ["хуй"], id="another script amid Latin"),
        pytest.param("é shit é", ["shit"], id="letters of other alphabets around"),
        pytest.param("éshité", [], id="letters of other alphabets are letters"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_finds_words_by_their_bounds(text: str, words: list[str]) -> None:
    assert found(text) == words


@pytest.mark.parametrize(
    ("text", "view"),
    [
        pytest.param("sh1t", View.LEET, id="digit"),
        pytest.param("a$$", View.LEET, id="symbols at the end"),
        pytest.param("you pr1ck", View.LEET, id="in a phrase"),
        pytest.param("shiiiit", View.REPEATED, id="stretched"),
        pytest.param("shitt", View.REPEATED, id="doubled"),
        pytest.param("s h i t", View.SPACED, id="spaced"),
        pytest.param("s. h. i. t.", View.SPACED, id="spaced, with full stops"),
        pytest.param("s.h.i.t", View.PUNCTUATED, id="full stops"),
        pytest.param("sh it", View.SPLIT, id="split"),
        pytest.param("sh*t", View.MASKED, id="masked"),
        pytest.param("f***", View.MASKED, id="masked but for its first letter"),
        pytest.param("pr@ck", View.MASKED, id="a letter of leet as a mask"),
        pytest.param("pssy", View.SHORTENED, id="without vowels"),
        pytest.param("tihs", View.REVERSED, id="reversed"),
        pytest.param("ʎssnd", View.UPSIDE_DOWN, id="upside down"),
        pytest.param("s . h . i . t", View.SPACED, id="spaced, with marks apart"),
        pytest.param("what the f_u_c_k", View.PUNCTUATED, id="within a weaker phrase"),
        pytest.param("you   prick", View.SPACED, id="a phrase with wide gaps"),
        pytest.param("sh💩t", View.MASKED, id="an emoji for a letter"),
        pytest.param("sh🔥it", View.PUNCTUATED, id="an emoji between letters"),
        pytest.param("youshit!", View.GLUED, id="glued to another word"),
        pytest.param("youprick", View.GLUED, id="a phrase in one word"),
        pytest.param("#MayorIsAShit", View.GLUED, id="in a hashtag"),
        pytest.param("#themayorisashit", View.GLUED, id="in a small hashtag"),
        pytest.param("you're a pssy", View.SHORTENED, id="without vowels, in a text"),
    ],
)
def test_says_which_view_uncovered_it(text: str, view: View) -> None:
    (match,) = LEXICON.matches(fold(text))

    assert match.view is view


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("5H17-204, SH17 TTY, 5H1T7", id="serial numbers"),
        pytest.param("#5417a5 7175 455e", id="hexadecimal"),
        pytest.param("CNT and PSSY are abbreviations", id="a few capitals"),
        pytest.param("The village Shitt in Orkney", id="a name"),
        pytest.param("youth thoushit", id="words glued to others than small ones"),
    ],
)
def test_what_only_looks_like_a_word_is_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("text", ["f\0\0\0", "s\0\0\0", "t\0at", "c\0nt", "G\0o\0d\0"])
def test_a_nul_hides_no_letter(shipped: Lexicon, text: str) -> None:
    assert not shipped.search(fold(text)).matches


def test_a_nul_does_not_hide_a_word(shipped: Lexicon) -> None:
    for text in ("f\0u\0c\0k\0", "b\0tch you bitch", "you f\0uck"):
        assert shipped.search(fold(text)).matches


def test_of_too_much_disguise_the_search_says_that_it_is_not_complete() -> None:
    few = " ".join(f"w{number}*x" for number in range(50))
    many = " ".join(f"w{number}*x" for number in range(2_000))

    assert LEXICON.search(fold(f"{few} sh1t")).is_complete
    assert not LEXICON.search(fold(f"{many} sh1t")).is_complete


def test_a_long_plain_text_is_searched_completely() -> None:
    words = " ".join(f"don't-{chr(97 + n % 26)}, (the) well-known" for n in range(300))

    search = LEXICON.search(fold(f"{words} 12,345 2024-05-06 15:30 sh1t"))

    assert search.is_complete
    assert [match.entry.text for match in search.matches] == ["shit"]


def test_the_later_of_two_entries_with_one_text_holds() -> None:
    lexicon = Lexicon([entry("shit"), entry("shit", strength=Strength.IGNORE)], [])

    assert found("shit sh1t s h i t", lexicon) == []


def test_an_ignored_word_is_no_inflection_of_another() -> None:
    spicy = entry("spicy", strength=Strength.IGNORE)

    assert found("spicy spics", Lexicon([entry("spic", Forms.STEM), spicy], [])) == [
        "spics"
    ]


@given(st.text(st.characters(), max_size=60))
def test_matches_are_in_order_apart_and_inside(text: str) -> None:
    folded = fold(text)

    end = 0
    for match in LEXICON.matches(folded):
        assert end <= match.start < match.end <= len(folded.text)
        end = match.end


@given(st.text("shitfuck .*-_1!$@\u200b\u0301уΗ", max_size=40))
def test_words_in_any_disguise_are_found_in_bounds(text: str) -> None:
    folded = fold(text)

    for match in LEXICON.matches(folded):
        assert match.end <= len(folded.text)


HOSTILE = [
    *(
        "f.",
        "*",
        "a ",
        "1",
        "u",
        "\u200b",
        "a\u200b",
        "\u0301",
        "a\u0301",
        "аa ",
        "сор ",
    ),
    *("fu ", "f*zk ", "f u ", "a1 ", "f!", "(a", "uu ", "🇫", "…", "½", "😀a", "ɐ "),
    *("f u c k ", "f.u.c.k ", "f🖕ck ", "#AbCd ", "youfuck ", "x1y* ", "kcuf "),
    *("@a", "f_", "f**", "aab ", "f u  ", "''a", "son of a ", "sh it ", "fuck"),
]


@pytest.mark.parametrize("pattern", HOSTILE, ids=ascii)
def test_no_text_takes_long(pattern: str) -> None:
    # None took 9 ms on a quiet machine; quadratic takes seconds.
    text = (pattern * 10_000)[:10_000]

    def seconds() -> float:
        # This thread's alone: others of the process have work of their own.
        began = time.thread_time()
        LEXICON.matches(fold(text))
        return time.thread_time() - began

    assert seconds() < 0.2 or seconds() < 0.2


@pytest.mark.parametrize("end", ["a", "A", "-a", "*", "!x"])
@pytest.mark.parametrize("letter", ["1", "A", "1-", "A1", "f", "1f", "A-", "#f"])
def test_no_long_chunk_takes_long(letter: str, end: str) -> None:
    text = (letter * 10_000)[:9_990] + end

    began = time.thread_time()
    LEXICON.matches(fold(text))

    assert time.thread_time() - began < 0.2


@pytest.fixture(scope="module")
def shipped() -> Lexicon:
    return load_lexicon()


def test_threads_share_a_lexicon(shipped: Lexicon) -> None:
    texts = [f"{number} sh1t f*ck b i t c h ʇᴉɥs 🅵🆄" for number in range(200)]
    alone = [shipped.matches(fold(text)) for text in texts]

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda text: shipped.matches(fold(text)), texts))

    assert together == alone


def test_better_profanity_still_has_the_words_we_tagged() -> None:
    assert len({str(word) for word in Profanity().CENSOR_WORDSET}) == 916


def test_a_site_adds_words_and_switches_words_off(shipped: Lexicon) -> None:
    words = [entry("frobnicate"), entry("bastard", strength=Strength.IGNORE)]

    lexicon = shipped.with_words(words, ["frobnicate gently"])

    assert found("a frobnicate bastard", lexicon) == ["frobnicate"]
    assert found("a frobnicate bastard", shipped) == ["bastard"]
    assert found("frobnicate gently", lexicon) == []


FILES = {
    "obscene.tsv": "shit\treject\tstem\n",
    "personal.tsv": "# none yet\n",
    "derogatory.tsv": "\n",
    "allow.txt": "scunthorpe\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of lexicon files that is read in place of the shipped one."""
    for name, text in FILES.items():
        Path(tmp_path, name).write_text(text, encoding="utf-8")
    tags = "".join(
        f"{word}\tobscene\tflag\n" for word in map(str, Profanity().CENSOR_WORDSET)
    )
    Path(tmp_path, "better_profanity.tsv").write_text(tags, encoding="utf-8")
    monkeypatch.setattr(entries, "DATA", tmp_path)
    load_lexicon.cache_clear()
    yield tmp_path
    load_lexicon.cache_clear()


@pytest.mark.usefixtures("folder")
def test_our_own_entry_overrules_better_profanitys() -> None:
    (match,) = load_lexicon().matches(fold("shit"))

    assert match.entry == entry("shit", Forms.STEM)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("obscene.tsv", "shit reject stem\n", "obscene.tsv, line 1: needs 3 fields"),
        ("obscene.tsv", "# x\nshit\tkill\tstem\n", "line 2: 'kill' is none of reject"),
        ("personal.tsv", "a\tflag\tall\n", "line 1: 'all' is none of word, stem"),
        ("allow.txt", "a\nb\na\n", "allow.txt, line 3: 'a' is on line 1 already"),
        ("better_profanity.tsv", "", "no line for '.*' and 911 more"),
    ],
)
def test_a_wrong_file_is_named_with_line_and_problem(
    folder: Path, name: str, text: str, message: str
) -> None:
    Path(folder, name).write_text(text, encoding="utf-8")

    with pytest.raises(LexiconError, match=message):
        load_lexicon()


def test_a_tag_for_a_word_that_better_profanity_lacks_is_named(folder: Path) -> None:
    with Path(folder, "better_profanity.tsv").open("a", encoding="utf-8") as tags:
        tags.write("frobnicate\tobscene\treject\n")

    with pytest.raises(LexiconError, match=r"not among .* words: 'frobnicate'"):
        load_lexicon()


def test_a_missing_file_is_named(folder: Path) -> None:
    Path(folder, "personal.tsv").unlink()

    with pytest.raises(LexiconError, match=r"personal\.tsv: cannot be read"):
        load_lexicon()
