"""A site's own words: what may be one, what is found, and what the classifier reads."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.finding import DOUBTFUL, Finding, Rule, Source, Span
from model.judge import Judge, load_judge
from model.lexicon import names
from model.lexicon.entries import DATA, Forms, Strength
from model.text import fold
from service.domain import Outcome, Thresholds, Word
from service.errors import InvalidInput
from service.notices import NOTICES
from service.policy import make_policy
from service.rules.judges import MOST_SITES, Judges
from service.rules.own import (
    MAX_NOTICE,
    MAX_WORDS,
    make_note,
    make_notices,
    make_phrase,
    make_word,
    with_phrase,
    with_word,
)
from service.store.records import Site

JUDGE = load_judge()
POLICY = make_policy("news@1", JUDGE.card)


def word(
    text: str,
    strength: Strength = Strength.REJECT,
    forms: Forms = Forms.STEM,
    rule: Rule = Rule.OBSCENE,
) -> Word:
    return make_word(text, rule, strength, forms)


def judge(*words: Word, allowed: Sequence[str] = ()) -> Judge:
    return JUDGE.with_words(words, allowed)


def lexicon(text: str, by: Judge) -> list[Finding]:
    return [f for f in by.judge(text).findings if f.source is Source.LEXICON]


# What may be a word


@pytest.mark.parametrize(
    ("given", "spelt"),
    [
        pytest.param("Frobnicate", "Frobnicate", id="a word, spelt as given"),
        pytest.param("  sold   his soul \n", "sold his soul", id="blanks"),
        pytest.param("“frob”", "frob", id="quotation marks around"),
        pytest.param("'frob'", "frob", id="apostrophes around"),
        pytest.param("fro\u200bb", "frob", id="an invisible character"),
        pytest.param("തെണ്ടി", "തെണ്ടി", id="Malayalam"),
        pytest.param("x" * 64, "x" * 64, id="of 64 characters"),
    ],
)
def test_a_word_is_kept_as_it_is_spelt(given: str, spelt: str) -> None:
    assert word(given).text == spelt


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "Write a word", id="empty"),
        pytest.param(" \t", "Write a word", id="blank"),
        pytest.param("...", "Write a word", id="only joints"),
        pytest.param("!!!", "no letter or digit", id="only marks"),
        pytest.param("🖕", "no letter or digit", id="an emoji"),
        pytest.param("x" * 65, "64 characters", id="too long"),
        pytest.param("a\x07b", r"control character in it \(U\+0007\)", id="control"),
        pytest.param("two\nlines", r"U\+000A", id="two lines"),
        pytest.param("\ud800", r"U\+D800", id="half a pair"),
        pytest.param("f.*k", r"What has \* in it.*no pattern", id="star"),
        pytest.param("^fool$", r"What has \^ \$ in it", id="anchors"),
        pytest.param("(fool|clown)", r"What has \( \| \) in it", id="alternatives"),
        pytest.param(r"\bfool\b", r"What has \\ in it", id="escapes"),
        pytest.param("[aeiou]", r"What has \[ \] in it", id="a class"),
        pytest.param("fool+", r"What has \+ in it", id="a repetition"),
    ],
)
def test_what_could_never_be_found_is_refused(text: str, problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem):
        word(text)


def test_a_full_stop_is_a_full_stop() -> None:
    own = judge(word("fr.b", forms=Forms.WORD))

    assert lexicon("a fr.b", own)
    assert not lexicon("a frob", own)


def test_every_field_that_is_wrong_is_named() -> None:
    with pytest.raises(InvalidInput) as caught:
        make_word("", "rude", "ban", "inside")

    assert [pointer for pointer, _ in caught.value.fields] == [
        "/text",
        "/rule",
        "/strength",
        "/forms",
    ]


@given(st.text(max_size=70))
def test_any_text_is_a_word_or_refused(text: str) -> None:
    try:
        made = word(text)
    except InvalidInput:
        return

    assert make_word(made.text, made.rule, made.strength, made.forms) == made


def test_a_word_that_is_given_again_is_changed() -> None:
    words = with_word([], [], word("Frob"))

    words = with_word(words, [], word("fröb", Strength.FLAG))

    assert [(one.text, one.strength) for one in words] == [("fröb", Strength.FLAG)]


def test_nothing_is_both_a_word_and_allowed() -> None:
    with pytest.raises(InvalidInput, match="“frob” is on the allow list"):
        with_word([], ["Frob"], word("frob"))
    with pytest.raises(InvalidInput, match="“Frob” is among the words"):
        with_phrase([], [word("frob")], make_phrase("Frob"))


def test_there_is_an_end_to_words() -> None:
    many = [word(f"frob {number}") for number in range(MAX_WORDS)]

    with pytest.raises(InvalidInput, match="may have 2,000 words"):
        with_word(many, [], word("one more"))
    with pytest.raises(InvalidInput, match="may have 2,000 lines"):
        with_phrase([one.text for one in many], [], "one more")


def test_a_note_is_one_line() -> None:
    assert make_note("  too\nmany  ") == "too many"
    assert make_note(" ") is None
    with pytest.raises(InvalidInput, match="200 characters"):
        make_note("x" * 201)


def test_a_notice_that_is_blank_or_ours_is_not_the_sites_own() -> None:
    ours = NOTICES["en"]["obscene"]

    notices = make_notices(
        {
            ("en", "obscene"): f" {ours} ",
            ("hi", "held"): "",
            ("ml", "held"): "ക്ഷമ\r\nവേണം ",
        }
    )

    assert notices == {"ml": {"held": "ക്ഷമ\nവേണം"}}


def test_every_notice_that_is_wrong_is_named() -> None:
    with pytest.raises(InvalidInput) as caught:
        make_notices(
            {
                ("en", "obscene"): "x" * (MAX_NOTICE + 1),
                ("fr", "obscene"): "Non.",
                ("hi", "rude"): "x",
                ("ml", "held"): "a\x00b",
            }
        )

    assert [pointer for pointer, _ in caught.value.fields] == [
        "/en/obscene",
        "/fr/obscene",
        "/hi/rude",
        "/ml/held",
    ]


# What is found


@pytest.mark.parametrize(
    "text",
    [
        "frobnicator",
        "Frobnicators!",
        "fr0bnicator",
        "f.r.o.b.n.i.c.a.t.o.r",
        "frobnic*tor",
    ],
)
def test_a_word_is_found_in_disguise_as_the_shipped_ones_are(text: str) -> None:
    (found,) = lexicon(f"You {text}", judge(word("Frobnicator")))

    assert found.rule is Rule.OBSCENE
    assert not lexicon(f"You {text}", JUDGE)


def test_a_word_is_inflected_only_if_it_is_to_be() -> None:
    own = judge(word("frob"), word("grob", forms=Forms.WORD))

    assert lexicon("frobbing frobs", own)
    assert not lexicon("grobbing grobs", own)


def test_a_word_is_found_where_the_reader_wrote_it() -> None:
    (found,) = lexicon("😀 Er ist ein FRÖB", judge(word("frob")))

    assert found.spans == (Span(13, 17),)


def test_other_sites_do_not_have_the_word() -> None:
    judge(word("frobnicator"))

    assert JUDGE.judge("frobnicator") == load_judge().judge("frobnicator")


def test_a_shipped_word_that_is_ignored_counts_for_nothing() -> None:
    text = "What the fuck is wrong with this world."
    own = judge(word("fuck", Strength.IGNORE))

    verdict = POLICY.verdict(own.judge(text), model="m")

    assert POLICY.verdict(JUDGE.judge(text), model="m").outcome is Outcome.REJECT
    assert (verdict.outcome, verdict.flagged) == (Outcome.ACCEPT, False)


def test_what_is_allowed_counts_for_nothing() -> None:
    text = "The clown minister read the bill."

    scores = judge(allowed=["Clown Minister"]).judge(text).scores

    assert scores == JUDGE.judge("The                read the bill.").scores
    assert scores != JUDGE.judge(text).scores


def test_a_site_may_forbid_what_the_shipped_list_allows() -> None:
    assert not lexicon("I live in Scunthorpe", JUDGE)
    assert lexicon("I live in Scunthorpe", judge(word("scunthorpe")))


def test_a_name_on_the_shipped_allow_list_is_spared() -> None:
    own = judge(word("dick"))

    assert not lexicon("Dick Cheney read Moby Dick", own)
    assert lexicon("a dick move", own)


def test_a_word_to_be_flagged_is_flagged_and_does_not_reject() -> None:
    own = judge(word("frobnicator", Strength.FLAG))

    verdict = POLICY.verdict(own.judge("He is a frobnicator."), model="m")

    (reason,) = verdict.reasons
    assert (verdict.outcome, verdict.flagged) == (Outcome.ACCEPT, True)
    assert (reason.source, reason.detail) == (Source.LEXICON, DOUBTFUL)
    assert reason.message == "Possibly an obscene word."


def test_a_shipped_word_to_be_flagged_no_longer_rejects() -> None:
    own = judge(word("fuck", Strength.FLAG))

    verdict = POLICY.verdict(own.judge("What the fuck is wrong here."), model="m")

    assert (verdict.outcome, verdict.flagged) == (Outcome.ACCEPT, True)


def test_where_a_rule_flags_nothing_its_words_flag_nothing() -> None:
    own = judge(word("frobnicator", Strength.FLAG))
    off = make_policy("news@2", JUDGE.card, {Rule.OBSCENE: Thresholds(None, 0.9)})

    verdict = off.verdict(own.judge("A frobnicator."), model="m")

    assert (verdict.outcome, verdict.flagged) == (Outcome.ACCEPT, False)


def test_the_classifier_does_not_read_the_sites_own_words() -> None:
    own = judge(word("clown", Strength.FLAG, rule=Rule.PERSONAL))

    seen = own.judge("The minister is a cl0wn, I said.")

    assert seen.scores == JUDGE.judge("The minister is a      , I said.").scores


def test_a_shipped_phrase_stays_where_one_of_its_words_is_ignored() -> None:
    own = judge(word("idiot", Strength.IGNORE, rule=Rule.PERSONAL))

    assert lexicon("You are an idiot.", own)


def test_the_other_words_of_a_text_are_shown_where_they_stand() -> None:
    text = "That numpty of a minister is a pathetic liar, a numpty!"
    own = judge(word("numpty", Strength.FLAG, rule=Rule.PERSONAL))

    found = [f for f in own.judge(text).findings if f.source is Source.CLASSIFIER]

    written = [text[span.start : span.end] for f in found for span in f.spans]
    assert any("pathetic" in passage for passage in written)
    assert not any("numpty" in passage for passage in written)


OWN = judge(
    word("idiot", Strength.FLAG),
    word("fuck", Strength.IGNORE),
    word("sold his soul", Strength.REJECT),
    allowed=["you are", "shit happens"],
)


PIECES = """
    you are an idiot f u c k sh1t shit happens he sold his soul id!ot 😀 . , !
""".split()  # noqa: SIM905  pieces read better in a row


@given(st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join))
def test_any_text_has_findings_within_itself(text: str) -> None:
    judgement = OWN.judge(text, floor=0.0)

    for finding in judgement.findings:
        for span in finding.spans:
            assert 0 <= span.start < span.end <= len(text)
        assert all(a.end <= b.start for a, b in pairwise(finding.spans))


@pytest.mark.parametrize("pattern", ["a ", "fuck a ", "an idiot ", "fuck "])
def test_no_text_takes_long_with_words_of_a_sites_own(pattern: str) -> None:
    own = judge(word("idiot", Strength.FLAG), allowed=["a", "fuck a"])
    text = (pattern * 10_000)[:10_000]

    # The quickest of several: on a busy machine one of them took five times as long.
    took = []
    for _ in range(3):
        began = time.thread_time()
        own.judge(text)
        took.append(time.thread_time() - began)

    assert min(took) < 0.5


# One judge for each site


def site(version: int, *words: Word, id: int = 1) -> Site:
    return Site(id, "news", version, {}, Outcome.ACCEPT, words)


def test_a_site_without_words_has_the_shared_judge() -> None:
    assert Judges(JUDGE).of(site(1)) is JUDGE


def test_words_are_compiled_once_for_a_version() -> None:
    judges = Judges(JUDGE)
    frob = site(2, word("frob"))

    first = judges.of(frob)

    assert judges.of(replace(frob)) is first
    assert judges.of(site(3, word("frob"))) is first, "only other terms have changed"
    assert judges.of(site(4, word("grob"))) is not first


def test_a_version_that_was_replaced_still_serves_who_has_read_it() -> None:
    judges = Judges(JUDGE)
    old, new = site(2, word("frob")), site(3, word("grob"))
    served = judges.of(old), judges.of(new)

    assert (judges.of(old), judges.of(new)) == served


def test_many_at_once_wait_for_one_compilation() -> None:
    judges, start = Judges(JUDGE), threading.Barrier(4)

    def ask(_: int) -> Judge:
        start.wait()
        return judges.of(site(2, word("frob")))

    with ThreadPoolExecutor(4) as threads:
        served = set(threads.map(ask, range(4)))

    assert len(served) == 1


def test_no_more_judges_are_kept_than_are_wanted() -> None:
    class Shared(Judge):
        """Compiles nothing: only which judges are kept matters here."""

        def __init__(self) -> None:
            pass

        def with_words(self, words: object, allowed: object) -> Judge:
            return Shared()

    judges = Judges(Shared())
    first = judges.of(site(2, word("frob"), id=0))
    for number in range(1, MOST_SITES + 1):
        judges.of(site(2, word("frob"), id=number))

    assert judges.of(site(2, word("frob"), id=0)) is not first


# The names on which words are tried


def test_the_list_of_names_is_in_order_and_without_repetition() -> None:
    lines = Path(DATA, names.FILE).read_text(encoding="utf-8").splitlines()
    sections: list[list[str]] = []
    for line in lines:
        if line.startswith("#") or not line:
            sections.append([])
        else:
            sections[-1].append(line)

    for section in sections:
        assert section == sorted(section, key=str.casefold)
    every = [fold(line).text for section in sections for line in section]
    assert len(every) == len(set(every))


def test_what_the_shipped_list_allows_is_among_the_names() -> None:
    known = {fold(name).text for name in names.known_names()}

    assert {"scunthorpe", "dick cheney", "moby dick"} <= known
