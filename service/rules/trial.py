"""What a new word or allowed phrase would be found in; stores nothing.

Of accepted comments few texts are kept; so words are tried on names as well.  What
other thresholds would do is `service.rules.preview`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from model.finding import Rule, Span
from model.lexicon.entries import Forms, Strength, View, shipped_allowed
from model.lexicon.matcher import Lexicon
from model.lexicon.names import known_names
from model.text import fold
from service.domain import Word
from service.store.past import Kept


@dataclass(frozen=True, slots=True)
class Hit:
    """A comment in which a word would be found, and where."""

    comment: Kept
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Hits:
    """Where a word would be found.

    In `hits` of so many `comments`, in `names`; and in the names of `spared`, if they
    were not on an allow list.
    """

    comments: int
    hits: tuple[Hit, ...]
    names: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()


def try_word(word: Word, allowed: Sequence[str], comments: Sequence[Kept]) -> Hits:
    """Look for a word, in whatever disguise, in past comments and in names.

    Args:
        word: the new word; an ignored one is looked for as if it were not.
        allowed: the site's allow list.
        comments: what it is to be tried on.
    """
    is_off = word.strength is Strength.IGNORE
    strength = Strength.FLAG if is_off else word.strength
    entry = replace(word, text=fold(word.text).text, strength=strength)
    spare = [p for p in shipped_allowed() if fold(p).text != entry.text]
    strict, lenient = Lexicon([entry], ()), Lexicon([entry], [*spare, *allowed])
    called = [name for name in known_names() if _spans(strict, name)]
    found = [name for name in called if _spans(lenient, name)]
    spared = [name for name in called if name not in found]
    return Hits(len(comments), _hits(lenient, comments), tuple(found), tuple(spared))


def try_phrase(phrase: str, comments: Sequence[Kept]) -> Hits:
    """Look for what is to be allowed in past comments; what is in disguise is not."""
    entry = Word(fold(phrase).text, Rule.OBSCENE, Strength.FLAG, Forms.WORD)
    lexicon = Lexicon([entry], ())
    return Hits(len(comments), _hits(lexicon, comments, {View.PLAIN}))


def _hits(
    lexicon: Lexicon, comments: Iterable[Kept], views: Collection[View] = tuple(View)
) -> tuple[Hit, ...]:
    found = ((comment, _spans(lexicon, comment.text, views)) for comment in comments)
    return tuple(Hit(comment, spans) for comment, spans in found if spans)


def _spans(
    lexicon: Lexicon, text: str, views: Collection[View] = tuple(View)
) -> tuple[Span, ...]:
    folded = fold(text)
    return tuple(
        folded.span(match.start, match.end)
        for match in lexicon.matches(folded)
        if match.view in views
    )
