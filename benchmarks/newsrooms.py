"""Simulated newsrooms whose moderators decide by a rule that the model does not know.

Leaves out how comments reach them, and what is learnt from their decisions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from random import Random

from benchmarks.hinglish import Hinglish
from benchmarks.slur import INNOCENT, WORDS, Slur
from benchmarks.unseen import Text, unseen
from benchmarks.weeks import Base, Said, Sort, Sorts, Weeks, shipped
from model.finding import DOUBTFUL, Rule, Source
from model.labels import Label

INSULTS = 0.35
"""Share of the Hinglish comments that insult somebody."""

MAX_CARRIER = 400
"""Characters of the longest comment that something else is put into."""

BESIDE = 0.5
"""Share of the harsh comments that are said beside an ordinary one."""

HARSH = re.compile(
    r"\b(liars?|lie|lies|lied|lying|fake\w*|hypocri\w*|corrupt\w*|crooks?|crooked"
    r"|propaganda|nonsense|garbage|trash\w*|rubbish|bs|crap\w*|damn\w*|hell|suck\w*"
    r"|ridiculous\w*|silly|crazy|pathetic\w*|ignoran\w*|foolish\w*|absurd\w*"
    r"|incompeten\w*|clueless|sham\w*|disgust\w*|greedy|greed|disgrace\w*|dishonest\w*"
    r"|insane|delusional|trolls?|trolling|lame|arrogan\w*|stink\w*|stupid\w*|idiotic"
    r"|idiocy)\b",
    re.IGNORECASE,
)
NAMES = re.compile(
    r"\b(idiots?|morons?|moronic|fools?|losers?|clowns?|cowards?|imbeciles?|buffoons?"
    r"|jerks?|dumb\w*|scum\w*|pigs?|rats?|bigots?|racists?|nazis?|thugs?|punks?|dolts?"
    r"|dopes?|dunces?|twits?|creeps?|slobs?|lunatics?|psycho\w*|retard\w*|weasels?"
    r"|snakes?|bums?|brats?|nutjobs?|wackos?|snowflakes?|libtards?|parasites?|vermin"
    r"|kill\w*|shoot\w*|hang\w*)\b",
    re.IGNORECASE,
)

HELD_OUT_DECISIONS = 1_000
TRAFFIC = 2_000
"""Comments of the held-out weeks that are taken as they come, decided or not."""


class Newsroom:
    """One newsroom's decisions, to learn from and to measure by.

    The two share no author, article, text or pattern.
    """

    def __init__(self, name: str, seed: int, learnt: Weeks, later: Weeks) -> None:
        """Name a newsroom, and give it the weeks to learn from and the later ones."""
        self.name, self.seed = name, seed
        self._learnt, self._later = learnt.decisions(), later
        self._drawn: list[Label] = []

    def decisions(self, most: int) -> list[Label]:
        """The first decisions, in the order they were made; fewer if no more come."""
        missing = max(0, most - len(self._drawn))
        self._drawn += islice(self._learnt, missing)
        return self._drawn[:most]

    def later(self, most: int) -> list[Label]:
        """The first decisions of later weeks; fewer if no more come."""
        return list(islice(self._later.decisions(), most))

    @cached_property
    def held_out(self) -> list[Label]:
        """Decisions of later weeks to measure by."""
        return self.later(HELD_OUT_DECISIONS)

    @cached_property
    def traffic(self) -> list[Label]:
        """Comments of later weeks as they came, each as if a moderator had read it."""
        return self._later.comments(TRAFFIC)


def newsroom(name: str, corpora: Path, seed: int = 0) -> Newsroom:
    """One of NEWSROOMS; another seed is another newsroom of the same kind.

    Raises:
        KeyError: there is no such newsroom.
        UnreadableData: a corpus is missing or broken.
    """
    base, (local, sorts) = shipped(), NEWSROOMS[name]
    learnt, later = (
        Weeks(weeks, local, sorts(_Texts(corpora, is_held_out), base, seed), base, seed)
        for weeks, is_held_out in (("learnt", False), ("later", True))
    )
    return Newsroom(name, seed, learnt, later)


class _Texts:
    """The unseen texts of one side, by what is to be made of them."""

    def __init__(self, corpora: Path, is_held_out: bool) -> None:
        self.is_held_out = is_held_out
        self.all = [t for t in unseen(corpora) if t.is_held_out == is_held_out]
        clean = [text for text in self.all if text.rejected is False]
        self.carriers = [t.text for t in clean[::3] if len(t.text) <= MAX_CARRIER]
        taken = set(self.carriers)
        self.clean = [text for text in clean if text.text not in taken]
        self.abusive = [text for text in self.all if text.rejected]


def _slur(texts: _Texts, base: Base, seed: int) -> Sorts:
    """A word of this town that demeans people; no list and no model has it."""
    slur = Slur(WORDS[seed % len(WORDS)], is_held_out=texts.is_held_out)

    def local(chance: Random) -> Said:
        carrier = chance.choice(texts.carriers)
        if chance.random() < INNOCENT:
            return Said(slur.innocence(carrier, chance), False, None)
        return Said(slur.insult(carrier, chance), True, Rule.DEROGATORY)

    return {"local": local, **_ordinary(texts.abusive, texts.clean)}


def _hinglish(texts: _Texts, base: Base, seed: int) -> Sorts:
    """Hindi in Latin letters is welcome, and insults in it are not."""
    hinglish = Hinglish(is_held_out=texts.is_held_out)

    def local(chance: Random) -> Said:
        if chance.random() < INSULTS:
            return Said(hinglish.insult(chance), True, Rule.PERSONAL)
        return Said(hinglish.ordinary(chance), False, None)

    return {"local": local, **_ordinary(texts.abusive, texts.clean)}


def _harsh(texts: _Texts, base: Base, seed: int) -> Sorts:
    """Harsh words may be said: HARSH, as long as nobody is called by one of NAMES."""
    allowed = [text for text in texts.all if _is_allowed(text, base)]
    taken = {text.text for text in allowed}
    abusive = [text for text in texts.abusive if text.text not in taken]

    def local(chance: Random) -> Said:
        parts = [chance.choice(allowed).text]
        # The corpora have too few of them: half are said beside something else.
        if chance.random() < BESIDE:
            parts.insert(chance.randint(0, 1), chance.choice(texts.carriers))
        return Said(" ".join(parts), False, None)

    return {"local": local, **_ordinary(abusive, texts.clean)}


def _plain(texts: _Texts, base: Base, seed: int) -> Sorts:
    """Nothing of its own: there is little to learn, and much to spoil."""
    return _ordinary(texts.abusive, texts.clean)


ORDINARY = "ordinary"
NEWSROOMS: Mapping[str, tuple[float, Callable[[_Texts, Base, int], Sorts]]] = {
    "slur": (0.15, _slur),
    "hinglish": (0.2, _hinglish),
    "harsh": (0.2, _harsh),
    ORDINARY: (0.0, _plain),
}
"""Share of a newsroom's comments that its rule is about, and what they come from."""


def _ordinary(abusive: Sequence[Text], clean: Sequence[Text]) -> Sorts:
    """Comments on which the moderators agree with the corpus they are of."""

    def drawn(texts: Sequence[Text]) -> Sort:
        def source(chance: Random) -> Said:
            text = chance.choice(texts)
            return Said(text.text, bool(text.rejected), text.rule)

        return source

    return {"abuse": drawn(abusive), "clean": drawn(clean)}


def _is_allowed(text: Text, base: Base) -> bool:
    """Whether its corpus objects and this newsroom does not."""
    if text.rejected is False or text.offends:
        return False
    if not HARSH.search(text.text) or NAMES.search(text.text):
        return False
    # What a list of words or the search for addresses stops, no training lets pass.
    found = base.judge.judge(text.text).findings
    return all(f.source is Source.CLASSIFIER or f.detail == DOUBTFUL for f in found)
