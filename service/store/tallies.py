"""What the days of a site come to: counts that add up, and how they are stored.

Holds no rates: those are computed when they are shown, for they do not add up.  What
is counted is said here; `service.store.opinions` finds it in the log, and
`service.store.overview` reads and keeps it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from typing import NamedTuple, TypeVar

from model.drift import BINS, FATES
from model.finding import Rule
from service.compact import dumps
from service.domain import Outcome

T = TypeVar("T")

MOST_TERMS = 200
MOST_ARTICLES = 200
"""How many of a day are kept, the most frequent ones."""


class Proposal(StrEnum):
    """What an automatic verdict proposed.

    FLAG is doubt, whatever the site lets flagged comments have until a person decides.
    """

    ACCEPT = "accept"
    FLAG = "flag"
    REJECT = "reject"


class Opinion(NamedTuple):
    """What the model proposed, and what a person made of it.

    `rule` is the model's strongest reason's, `named` the one that the person rejected
    for.  A flag without a rule is no proposal: the model knew too little.
    """

    rule: Rule | None
    proposal: Proposal
    outcome: Outcome
    named: Rule | None


class Pair(NamedTuple):
    """What two people decided on the same comment, one after the other."""

    first: Outcome
    second: Outcome


class Samples(NamedTuple):
    """How many samples moderators have decided, and how many of these they rejected.

    `drawn` is how many came in the same time; of these, some may be decided later.
    """

    decided: int = 0
    rejected: int = 0
    drawn: int = 0


NO_SAMPLES = Samples()


class Spread(NamedTuple):
    """How the verdicts of one version of the model spread.

    `scores` are counts by `model.drift.bin_of`, `fates` in the order of
    `model.drift.FATES`; both of the same comments.
    """

    scores: tuple[int, ...]
    fates: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Heat:
    """How much trouble there was below one article."""

    title: str | None
    flagged: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What was decided on one site in a stretch of time.

    Of automatic verdicts, one for each revision of each comment:

    `accepted`, `flagged`, `rejected`: every verdict is counted in one of them; what was
        flagged is not counted as accepted or rejected, whatever it got meanwhile.
    `articles`: by the article's id, the flagged and the rejected among them.
    `spreads`: by the model's version.  Of a day with very many comments, some two
        thousand are in it.

    Of people's decisions, by moderators as well as by the site's own, but for those
    that were undone:

    `approvals`, `rejections`: all of them.
    `waits`: seconds from when the comment began to wait until it was decided,
        ascending.  Left out are decisions on what did not wait, on samples, for which
        nobody waits, and second opinions: what waits for one has a decision already.
    `opinions`: the first person's decision on each revision, against the verdict.  Of
        comments that were decided as one, one is counted.
    `pairs`: each second opinion, against the decision that it was asked about.
    `samples`: a moderator's decision on each revision that was found as a sample.  Left
        out are those that readers reported or the site's own system decided first: they
        are the worse ones.  Each counts, also of those that were decided as one: they
        stand for as many.

    `terms` are the words that the lexicon saw, folded, in what was rejected: by an
    automatic verdict, or by the first person who decided on what was accepted or
    flagged.  A word is counted once in each comment.  What was later approved stays
    counted, as the day was.
    """

    accepted: int = 0
    flagged: int = 0
    rejected: int = 0
    articles: Mapping[str, Heat] = field(default_factory=dict)
    approvals: int = 0
    rejections: int = 0
    waits: tuple[int, ...] = ()
    opinions: Mapping[Opinion, int] = field(default_factory=dict)
    pairs: Mapping[Pair, int] = field(default_factory=dict)
    terms: Mapping[str, int] = field(default_factory=dict)
    samples: Samples = NO_SAMPLES
    spreads: Mapping[str, Spread] = field(default_factory=dict)

    @property
    def volume(self) -> int:
        """How many automatic verdicts there were."""
        return self.accepted + self.flagged + self.rejected

    @property
    def by_people(self) -> int:
        """How many decisions people made."""
        return self.approvals + self.rejections


NOTHING = Tally()
NO_SPREAD = Spread((0,) * BINS, (0,) * len(FATES))


def total(tallies: Iterable[Tally]) -> Tally:
    """Add days up."""
    days = list(tallies)
    return Tally(
        accepted=sum(day.accepted for day in days),
        flagged=sum(day.flagged for day in days),
        rejected=sum(day.rejected for day in days),
        articles=_added(day.articles for day in days),
        approvals=sum(day.approvals for day in days),
        rejections=sum(day.rejections for day in days),
        waits=tuple(sorted(chain.from_iterable(day.waits for day in days))),
        opinions=_counted(day.opinions for day in days),
        pairs=_counted(day.pairs for day in days),
        terms=_counted(day.terms for day in days),
        samples=all_samples(day.samples for day in days),
        spreads=_spread(day.spreads for day in days),
    )


def all_samples(samples: Iterable[Samples]) -> Samples:
    """Add samples up."""
    decided, rejected, drawn = _sums([NO_SAMPLES, *samples])
    return Samples(decided, rejected, drawn)


def all_spreads(spreads: Iterable[Spread]) -> Spread:
    """Add spreads up; of none, all counts are zero."""
    found = [NO_SPREAD, *spreads]
    scores, fates = zip(*found, strict=True)
    return Spread(_sums(scores), _sums(fates))


def hottest(articles: Mapping[str, Heat], most: int) -> dict[str, Heat]:
    """The articles with the most flagged and rejected comments, those first."""

    def heat(item: tuple[str, Heat]) -> tuple[int, int, str]:
        return -item[1].flagged - item[1].rejected, -item[1].rejected, item[0]

    return dict(sorted(articles.items(), key=heat)[:most])


def commonest(terms: Mapping[str, int], most: int) -> dict[str, int]:
    """The most frequent words, those first; equally frequent ones by the alphabet."""
    ordered = sorted(terms.items(), key=lambda item: (-item[1], item[0]))
    return dict(ordered[:most])


def tally_json(tally: Tally) -> str:
    """Write a day for the column of `tallies`."""
    articles = hottest(tally.articles, MOST_ARTICLES).items()
    return dumps(
        {
            "verdicts": [tally.accepted, tally.flagged, tally.rejected],
            "articles": [[id, a.title, a.flagged, a.rejected] for id, a in articles],
            "people": [tally.approvals, tally.rejections],
            "waits": tally.waits,
            "opinions": [[*opinion, n] for opinion, n in tally.opinions.items()],
            "pairs": [[*pair, n] for pair, n in tally.pairs.items()],
            "terms": commonest(tally.terms, MOST_TERMS),
            "samples": tally.samples,
            "spreads": tally.spreads,
        }
    )


def tally_of(text: str) -> Tally:
    """Read a day that `tally_json` wrote; but for rare terms and articles, equal.

    One that was kept before samples and spreads were counted has none.
    """
    item = json.loads(text)
    accepted, flagged, rejected = item["verdicts"]
    approvals, rejections = item["people"]
    return Tally(
        accepted=accepted,
        flagged=flagged,
        rejected=rejected,
        articles={id: Heat(*heat) for id, *heat in item["articles"]},
        approvals=approvals,
        rejections=rejections,
        waits=tuple(item["waits"]),
        opinions={
            Opinion(_rule(rule), Proposal(proposal), Outcome(outcome), _rule(named)): n
            for rule, proposal, outcome, named, n in item["opinions"]
        },
        pairs={Pair(Outcome(a), Outcome(b)): n for a, b, n in item["pairs"]},
        terms=item["terms"],
        samples=Samples(*item.get("samples", ())),
        spreads={
            model: Spread(tuple(scores), tuple(fates))
            for model, (scores, fates) in item.get("spreads", {}).items()
        },
    )


def _rule(name: str | None) -> Rule | None:
    return None if name is None else Rule(name)


def _counted(counts: Iterable[Mapping[T, int]]) -> dict[T, int]:
    added: Counter[T] = Counter()
    for count in counts:
        added.update(count)
    return dict(added)


def _spread(days: Iterable[Mapping[str, Spread]]) -> dict[str, Spread]:
    by_model: dict[str, list[Spread]] = {}
    for day in days:
        for model, spread in day.items():
            by_model.setdefault(model, []).append(spread)
    return {model: all_spreads(spreads) for model, spreads in by_model.items()}


def _sums(counts: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*counts, strict=True)))


def _added(days: Iterable[Mapping[str, Heat]]) -> dict[str, Heat]:
    """Add up articles; of the titles, the last one holds."""
    added: dict[str, Heat] = {}
    for day in days:
        for id, heat in day.items():
            before = added.get(id, Heat(None, 0, 0))
            added[id] = Heat(
                heat.title or before.title,
                before.flagged + heat.flagged,
                before.rejected + heat.rejected,
            )
    return added
