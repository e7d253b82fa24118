"""Readers are told in their own language what was broken, and never which words."""

from __future__ import annotations

import re
import unicodedata
from itertools import permutations
from string import Formatter
from typing import get_type_hints

import pytest

from model.finding import Attribute, Finding, Rule, Source, Span
from model.judge import Judgement
from service.domain import Outcome
from service.notices import (
    HELD,
    LANGUAGES,
    NOTICES,
    SPOKEN,
    Clause,
    clause_of,
    held_notice,
    language_of,
    notice_for,
)
from service.policy import make_policy
from service.reader.wording import PAGES, PageWords
from service.wording import SITE_RULE
from tests.fixtures_store import NOON

SCRIPTS = {"en": "LATIN", "hi": "DEVANAGARI", "ml": "MALAYALAM"}
FOREIGN = {"UTC"}
"""Latin letters that stand in every language."""
OWN = {"hi": {"obscene": "अशोभनीय शब्द यहाँ नहीं छपते।"}, "en": {"held": "Wait."}}


def scripts(text: str) -> set[str]:
    """The scripts that the letters of a text belong to."""
    text = re.sub(r"\{\w*\}", "", text)
    letters = [character for character in text if character.isalpha()]
    return {unicodedata.name(character).split()[0] for character in letters}


def phrases(language: str) -> list[str]:
    """Everything that is said in a language."""
    spoken, page = SPOKEN[language], PAGES[language]
    names = [name for name in get_type_hints(PageWords) if name != "months"]
    return [
        *NOTICES[language].values(),
        *spoken.clauses.values(),
        *(spoken.sentence, spoken.other, spoken.held),
        *(getattr(page, name) for name in names),
        *page.months,
    ]


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("en", "en"),
        ("hi", "hi"),
        ("hi-IN", "hi"),
        ("HI-in", "hi"),
        ("hi-Deva-IN", "hi"),
        ("ml-IN", "ml"),
        ("en-GB", "en"),
        (None, "en"),
        ("", "en"),
        ("de", "en"),
        ("hil", "en"),
        ("mlt", "en"),
        ("x-hi", "en"),
    ],
)
def test_the_language_is_that_of_the_comment_and_english_otherwise(
    tag: str | None, language: str
) -> None:
    assert language_of(tag) == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_all_notices_and_all_of_the_page(language: str) -> None:
    assert set(NOTICES[language]) == {*Clause, HELD}
    assert {*Rule} <= set(NOTICES[language])
    assert set(PAGES) == set(LANGUAGES)
    assert all(phrase.strip() == phrase != "" for phrase in phrases(language))
    assert len(set(PAGES[language].months)) == 12


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_is_written_in_its_own_script(language: str) -> None:
    for phrase in phrases(language):
        bare = phrase
        for word in FOREIGN:
            bare = bare.replace(word, "")
        assert scripts(bare) <= {SCRIPTS[language]}, phrase
        assert unicodedata.is_normalized("NFC", phrase), phrase
        assert not re.search(r"[\u200b-\u200f\u202a-\u202e]|\s\s|\s[,.।]", phrase)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_names_are_filled_in_in_every_language(language: str) -> None:
    for name in get_type_hints(PageWords):
        if name != "months":
            ours, english = getattr(PAGES[language], name), getattr(PAGES["en"], name)
            assert fields(ours) == fields(english), name


def fields(pattern: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(pattern) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notice_quotes_the_rule_and_names_each_clause_once(language: str) -> None:
    spoken = SPOKEN[language]
    for clauses in permutations(Clause, 3):
        notice = notice_for([*clauses, clauses[0]], language)

        said = notice.replace(spoken.sentence, "", 1)
        assert spoken.sentence not in said
        assert all(said.count(spoken.clauses[clause]) == 1 for clause in clauses)
        assert "{" not in notice


def test_english_names_several_clauses_as_one_writes_them() -> None:
    notice = notice_for([Clause.OBSCENE, Clause.CONTACT, Clause.PERSONAL])

    assert notice == (
        "Your comment was not published: it contains obscene words, private contact "
        f"details and a personal attack. The rule of this site: “{SITE_RULE}” "
        "You may change the comment and send it again."
    )


def test_hindi_and_malayalam_join_clauses_in_their_own_way() -> None:
    both = [Clause.OBSCENE, Clause.PERSONAL]

    assert "इसमें अश्लील शब्द और व्यक्तिगत आक्षेप हैं।" in notice_for(both, "hi")
    assert "അശ്ലീല വാക്കുകൾ, വ്യക്തിപരമായ ആക്രമണം എന്നിവ ഉണ്ട്." in notice_for(both, "ml")


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_clause_the_notice_still_says_why(language: str) -> None:
    assert SPOKEN[language].other in notice_for([], language)
    assert notice_for([None], language) == notice_for([], language)


def test_a_rule_may_stand_for_its_clause() -> None:
    assert notice_for([Rule.OBSCENE]) == NOTICES["en"]["obscene"]


def test_a_telephone_number_is_not_called_an_attack() -> None:
    assert clause_of(Rule.PERSONAL, Source.CONTACT) is Clause.CONTACT
    assert clause_of(Rule.PERSONAL, Source.CLASSIFIER) is Clause.PERSONAL
    assert clause_of(Rule.PERSONAL) is Clause.PERSONAL
    assert clause_of(None, Source.CLASSIFIER) is None


# A site's own wording


def test_a_sites_wording_stands_in_place_of_ours() -> None:
    assert notice_for([Rule.OBSCENE], "hi-IN", OWN) == OWN["hi"]["obscene"]
    assert held_notice("en", OWN) == "Wait."


def test_where_a_site_has_no_wording_ours_stands() -> None:
    assert notice_for([Rule.OBSCENE], "ml", OWN) == NOTICES["ml"]["obscene"]
    assert notice_for([Rule.PERSONAL], "hi", OWN) == NOTICES["hi"]["personal"]
    assert held_notice("hi", OWN) == NOTICES["hi"][HELD]


def test_of_several_clauses_the_sites_come_first_and_ours_follow() -> None:
    notice = notice_for([Rule.PERSONAL, Rule.OBSCENE], "hi", OWN)

    assert notice == f"{OWN['hi']['obscene']} {NOTICES['hi']['personal']}"


def test_a_wording_for_attacks_is_not_used_for_telephone_numbers() -> None:
    own = {"en": {"personal": "Do not insult people."}}

    assert notice_for([Clause.CONTACT], "en", own) == NOTICES["en"]["contact"]


# In a verdict

POLICY = make_policy(
    "news@1", {"thresholds": {rule: {"flag": 0.4, "reject": 0.9} for rule in Rule}}
)


def seen(score: float) -> Judgement:
    spans = (Span(0, 4),)
    finding = Finding(Rule.OBSCENE, Attribute.PROFANITY, Source.LEXICON, score, spans)
    return Judgement((finding,), None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_automatic_rejection_is_told_in_the_comments_language(
    language: str,
) -> None:
    verdict = POLICY.verdict(seen(1.0), model="m", language=f"{language}-IN")

    assert verdict.notice == NOTICES[language]["obscene"]


def test_an_automatic_rejection_is_told_in_the_sites_words() -> None:
    verdict = POLICY.verdict(seen(1.0), model="m", language="hi", notices=OWN)

    assert verdict.notice == OWN["hi"]["obscene"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_held_is_told_in_the_comments_language(language: str) -> None:
    policy = make_policy(
        "news@2",
        {"thresholds": {"obscene": {"flag": 0.4, "reject": 0.9}}},
        flagged_until_decided=Outcome.REJECT,
    )

    verdict = policy.verdict(seen(0.5), model="m", language=language)

    assert verdict.notice == NOTICES[language][HELD]


# The page


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "1 March 2026, 12:00 UTC"),
        ("hi", "1 मार्च 2026, 12:00 UTC"),
        ("ml", "2026 മാർച്ച് 1, 12:00 UTC"),
    ],
)
def test_dates_are_written_as_the_language_does(language: str, written: str) -> None:
    assert PAGES[language].moment(NOON) == written
