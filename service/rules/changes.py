"""In words, what is different between two versions of a site's policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from model.lexicon.entries import Forms
from service.domain import Outcome, Thresholds, Word
from service.store.policies import Terms

UNTIL_DECIDED = {
    Outcome.ACCEPT: "published until a person decides",
    Outcome.REJECT: "held until a person decides",
}


def differences(old: Terms, new: Terms) -> list[str]:
    """Each difference as a short phrase; none for equal terms."""
    return [
        *_thresholds(old, new),
        *_flagged(old, new),
        *_words(old.words, new.words),
        *_allowed(old.allowed, new.allowed),
        *_notices(old.notices, new.notices),
    ]


def described(word: Word) -> str:
    """What a word stands for: `rejects, obscene, with its forms`."""
    forms = "with its forms" if word.forms is Forms.STEM else "as it stands"
    return f"{word.strength}, {word.rule}, {forms}"


def shown(threshold: float | None) -> str:
    """A threshold for people."""
    return "off" if threshold is None else f"{threshold:g}"


def _thresholds(old: Terms, new: Terms) -> Iterator[str]:
    for rule in dict.fromkeys([*old.thresholds, *new.thresholds]):
        was, is_ = old.thresholds.get(rule), new.thresholds.get(rule)
        if was != is_:
            yield f"{rule}: {_limits(is_)} (was {_limits(was)})"


def _limits(limits: Thresholds | None) -> str:
    if limits is None:
        return "as the model"
    return f"flag {shown(limits.flag)}, reject {shown(limits.reject)}"


def _flagged(old: Terms, new: Terms) -> Iterator[str]:
    if old.flagged_until_decided != new.flagged_until_decided:
        yield f"flagged comments are {UNTIL_DECIDED[new.flagged_until_decided]}"


def _words(old: Iterable[Word], new: Iterable[Word]) -> Iterator[str]:
    before, after = ({word.text: word for word in words} for words in (old, new))
    for text, word in after.items():
        if text not in before:
            yield f"added “{text}” ({described(word)})"
        elif word != before[text]:
            yield f"“{text}”: {described(word)} (was {described(before[text])})"
    for text in before:
        if text not in after:
            yield f"removed “{text}”"


def _allowed(old: Iterable[str], new: Iterable[str]) -> Iterator[str]:
    before, after = set(old), set(new)
    for phrase in sorted(after - before):
        yield f"allowed “{phrase}”"
    for phrase in sorted(before - after):
        yield f"no longer allowed “{phrase}”"


def _notices(
    old: Mapping[str, Mapping[str, str]], new: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    before, after = _by_place(old), _by_place(new)
    for place in dict.fromkeys([*before, *after]):
        if before.get(place) != after.get(place):
            how = "our wording" if place not in after else "a wording of its own"
            yield f"notice {place}: {how}"


def _by_place(notices: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {
        f"{language}/{clause}": text
        for language, texts in notices.items()
        for clause, text in texts.items()
    }
