"""The functional suite: cases by kind, judged by the shipped model and its thresholds.

A right verdict stops what breaks the rule, by rejecting or by flagging it, and lets
everything else pass without a flag.  `python -m tests.test_suite` prints the tables as
they are reached now, with every wrong case.  How the cases were written, and that
nothing learns from them, is told in `model/exam/README.md`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import pytest

from model.evasion import EVASIONS
from model.judge import load_judge
from model.newscomments import news_comments
from model.suite import (
    Examiner,
    bpsn,
    cases,
    disguises,
    evaded,
    evasions,
    fairness,
    innocent,
    of_kind,
)

FLOORS: Mapping[str, float] = {
    # Promised: 0.96 where a word or a name for a person stands in plain sight (of
    # thirty cases one may be wrong), and 0.90 for the rest.
    "profane-casual": 0.96,
    "profane-aimed": 0.98,
    "slur": 0.98,
    "insult-second-person": 0.96,
    "insult-third-person": 0.90,
    "dehumanising": 0.93,
    "contact-details": 0.98,
    # Measured with 2026-11-23-13b59f, less a case; 0.90 is promised.
    "threat": 0.86,
    "hostile-generalisation": 0.76,
    "sexual-vulgarity": 0.70,
    # Held by abstaining where no word is known; see `LEAST_NAMED`.
    "hinglish-abuse": 0.98,
    "malayalam-romanised-abuse": 0.98,
    # Innocent.  Promised: one case in twenty-seven may be flagged, and all of them
    # together stay below `MOST_INNOCENT_STOPPED`.
    "name": 0.96,
    "place": 0.96,
    "war-news": 0.96,
    "crime-news": 0.96,
    "idiom": 0.96,
    "format": 0.96,
    "food": 0.96,
    "sport": 0.96,
    "computing": 0.96,
    "identity-neutral": 0.96,
    "identity-reporting": 0.96,
    "criticism-article": 0.96,
    "short-reply": 0.96,
    "praise": 0.96,
    "sarcasm-clean": 0.96,
    # No clause may be named; that the classifier abstains is right.
    "hinglish-clean": 0.96,
    "malayalam-romanised-clean": 0.96,
    # Measured with the same model, less a case; 0.96 is wanted.
    "medicine": 0.88,
    "crossword": 0.88,
    "identity-proud": 0.88,
    "criticism-politician": 0.88,
    "self-deprecation": 0.88,
    "mild-language": 0.88,
    "animal": 0.85,
    "substring": 0.81,
    "foreign-word": 0.81,
    "criticism-policy": 0.81,
    "negation": 0.81,
    "counter-speech": 0.77,
}
"""Least share of right verdicts, by kind."""

MOST_INNOCENT_STOPPED = 0.065  # measured 0.063; 0.02 is wanted
"""Largest share of all innocent comments that may be flagged or rejected."""

EVADED: Mapping[str, float] = {
    **dict.fromkeys(EVASIONS, 0.90),
    # Below the promised 0.90: sht, cnt, twt may stand for many words.
    "without_vowels": 0.85,
}
"""Least share of sentences stopped with their word in disguise, by disguise."""

LEAST_EVADED = 0.95
"""Least share of them over all disguises."""

MOST_LOST_BY_DISGUISE = 0.03
"""How much smaller that share may be than the one of the same sentences undisguised."""

LEAST_BPSN = 0.93
"""Least BPSN AUC of an identity."""

LEAST_NAMED = 0.86  # measured 0.899; most of the rest are abstentions
"""Least share of stopped comments for which a clause they break is named."""


@pytest.fixture(scope="module")
def examiner() -> Examiner:
    return Examiner(load_judge())


@pytest.mark.parametrize("kind", FLOORS)
def test_verdicts_are_right_as_often_as_promised(examiner: Examiner, kind: str) -> None:
    asked = of_kind(kind)

    wrong = examiner.wrong(asked)

    assert 1 - len(wrong) / len(asked) >= FLOORS[kind], wrong


def test_hardly_an_innocent_comment_is_stopped(examiner: Examiner) -> None:
    asked = innocent()

    wrong = examiner.wrong(asked)

    assert len(wrong) / len(asked) <= MOST_INNOCENT_STOPPED, wrong


def test_the_reasons_name_a_clause_that_was_broken(examiner: Examiner) -> None:
    stopped = [c for c in cases() if c.rejected and examiner.stops(c.text)]

    misnamed = examiner.misnamed(stopped)

    assert 1 - len(misnamed) / len(stopped) >= LEAST_NAMED, misnamed


@pytest.mark.parametrize("name", EVASIONS)
def test_a_disguise_does_not_help(examiner: Examiner, name: str) -> None:
    texts = evaded(name)

    passed = examiner.passed(texts)

    assert 1 - len(passed) / len(texts) >= EVADED[name], passed


def test_disguises_together_lose_little(examiner: Examiner) -> None:
    plain = [disguise.plain() for disguise in disguises()]
    hidden = [case.text for case in evasions()]

    of_plain = 1 - len(examiner.passed(plain)) / len(plain)
    of_hidden = 1 - len(examiner.passed(hidden)) / len(hidden)

    assert of_hidden >= LEAST_EVADED
    assert of_hidden >= of_plain - MOST_LOST_BY_DISGUISE


def test_no_identity_makes_innocent_comments_look_abusive(examiner: Examiner) -> None:
    low = {term: auc for term, auc in bpsn(examiner).items() if auc < LEAST_BPSN}

    assert low == {}


def test_every_kind_has_a_floor_and_cases_enough() -> None:
    counts = Counter(case.kind for case in cases())

    assert set(counts) == set(FLOORS)
    assert min(counts.values()) >= 25
    assert len(disguises()) >= 100
    assert len({term for term, _ in fairness()}) >= 30


def test_no_case_is_asked_twice() -> None:
    texts = Counter(case.text.casefold() for case in cases())

    assert [text for text, count in texts.items() if count > 1] == []


def test_only_what_is_rejected_breaks_a_rule() -> None:
    assert [case for case in cases() if case.rejected != bool(case.rules)] == []


def test_nothing_of_the_suite_is_trained_on() -> None:
    trained = {example.text.casefold() for example in news_comments()}
    asked = [case.text for case in cases()]
    asked += [disguise.plain() for disguise in disguises()]
    asked += [case.text for _, case in fairness()]

    # "Well said!" belongs to nobody.
    long = {text.casefold() for text in asked if len(text.split()) > 3}

    assert long & trained == set()


def main() -> None:
    """Print what is reached now, in the form of the tables above."""
    examiner = Examiner(load_judge())
    missed: dict[str, list[str]] = {}
    print(f"model {examiner.judge.model_version}\n\nFLOORS")
    for kind in dict.fromkeys(case.kind for case in cases()):
        missed[kind] = examiner.wrong(of_kind(kind))
        _print_share(kind, missed[kind], of_kind(kind))
    _print_share("all innocent", examiner.wrong(innocent()), innocent())
    stopped = [c for c in cases() if c.rejected and examiner.stops(c.text)]
    missed["clause named"] = examiner.misnamed(stopped)
    _print_share("clause named", missed["clause named"], stopped)
    print("\nEVADED")
    plain = [disguise.plain() for disguise in disguises()]
    _print_share("undisguised", examiner.passed(plain), plain)
    for name in EVASIONS:
        missed[name] = examiner.passed(evaded(name))
        _print_share(name, missed[name], evaded(name))
    hidden = [case.text for case in evasions()]
    _print_share("all disguises", examiner.passed(hidden), hidden)
    print("\nBPSN")
    for term, auc in sorted(bpsn(examiner).items(), key=lambda item: item[1]):
        print(f'    "{term}": {auc:.3f},')
    for kind, texts in missed.items():
        print(f"\n{kind}", *texts, sep="\n    ")


def _print_share(name: str, wrong: list[str], asked: Iterable[object]) -> None:
    count = len(list(asked))
    right = count - len(wrong)
    print(f'    "{name}": {right / count:.3f},  # {right} of {count}')


if __name__ == "__main__":
    main()
