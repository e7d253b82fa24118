"""The comments of some weeks, and which of them reach the moderators.

The shipped model judges each as it comes; what it flags waits, what it rejects may be
appealed, what it accepts may be reported or sampled, as in the service.  Leaves out
where the comments come from, and what is learnt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from itertools import accumulate, count, islice
from random import Random

from model.dataset import skeleton
from model.finding import Rule
from model.judge import Judge, load_judge
from model.labels import Label
from model.verdicts import Fate, fates

ABUSE = 0.08
"""Share of the other comments that are abusive by anybody's rule."""

REPORTED, REPORTED_WRONGLY = 0.4, 0.003
"""Share of the accepted comments that readers report: of those that break the rule, and
of those that do not."""

APPEALED, APPEALED_WRONGLY = 0.3, 0.05
"""Share of the rejected comments whose authors appeal: of those that break no rule, and
of those that do."""

SAMPLED = 0.01
"""Share of the accepted comments that moderators are shown by chance."""

SAMPLE_WEIGHT = 10.0
"""What a sample counts, as in the service's export."""

BY_ABUSERS = 0.8
"""Share of what breaks the rule that comes from ABUSERS; the rest is anybody's."""

READERS, ABUSERS = 4_000, 400
ARTICLES_A_DAY, COMMENTS_A_DAY = 30, 2_000

PATIENCE, LEAST_NEW = 20_000, 0.005
"""Decisions end where, after so many comments, a smaller share than that is new."""

START = datetime(2026, 3, 1, tzinfo=UTC)

REMEMBERED = 100_000
"""Texts of which is remembered what became of them."""


@dataclass(frozen=True, slots=True)
class Said:
    """A comment before anybody wrote it, and what this newsroom holds of it."""

    text: str
    rejected: bool
    rule: Rule | None


Sort = Callable[[Random], Said]
"""Gives one comment of a sort after the other."""

Sorts = Mapping[str, Sort]
"""By their names: `local`, what the newsroom's rule is about; `abuse` and `clean`."""


class Weeks:
    """A newsroom's comments in some weeks, by a source of each sort."""

    def __init__(
        self, name: str, local: float, sorts: Sorts, base: Base, seed: int
    ) -> None:
        """Wire the parts.

        Args:
            name: of these weeks; part of what authors and articles are called.
            local: share of the comments that are of that sort.
            sorts: `local`, `abuse` and `clean` comments.
            base: judges a comment when it comes.
            seed: of all chance.
        """
        self._name, self._local, self._sorts = name, local, sorts
        self._base, self._seed = base, seed

    def comments(self, most: int) -> list[Label]:
        """Comments as they come, each as if a moderator had read it."""
        return list(islice(self._come(self._chance("comments")), most))

    def decisions(self) -> Iterator[Label]:
        """Those that reach the moderators.

        A text is decided once; they end where hardly any new one comes.
        """
        chance = self._chance("decisions")
        decided: set[str] = set()
        for number, label in enumerate(self._come(chance)):
            kind = _reaches(label.rejected, self._base.fate(label.text), chance)
            key = skeleton(label.text)
            if kind and key not in decided:
                decided.add(key)
                weight = SAMPLE_WEIGHT if kind == "sample" else 1.0
                yield replace(label, kind=kind, weight=weight)
            if number > PATIENCE + len(decided) / LEAST_NEW:
                return

    def _chance(self, purpose: str) -> Random:
        return Random(f"{self._name}/{purpose}/{self._seed}")  # noqa: S311 - no secret

    def _come(self, chance: Random) -> Iterator[Label]:
        for number in count(1):
            sort = "abuse" if chance.random() < ABUSE else "clean"
            if chance.random() < self._local:
                sort = "local"
            said = self._sorts[sort](chance)
            yield self._written(said, number, f"{sort}-{number}", chance)

    def _written(self, said: Said, number: int, id: str, chance: Random) -> Label:
        day = number // COMMENTS_A_DAY
        article = _heavy_tailed(ARTICLES_A_DAY, chance)
        moment = START + timedelta(days=number / COMMENTS_A_DAY)
        return Label(
            said.text,
            said.rejected,
            said.rule,
            model=self._base.version,
            id=f"{self._name}-{id}",
            site="newsroom",
            author=f"{self._name}-{_author(said.rejected, chance)}",
            article=f"{self._name}-{day}-{article}",
            decided_at=moment.isoformat(),
        )


class Base:
    """The shipped model, which remembers what became of a text."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.version = judge.model_version
        self.fate = lru_cache(REMEMBERED)(self._fate)

    def _fate(self, text: str) -> Fate:
        return fates(self.judge, [text])[0]


@cache
def shipped() -> Base:
    """The model that ships, loaded once in a process."""
    return Base(load_judge())


def _author(rejected: bool, chance: Random) -> str:
    if rejected and chance.random() < BY_ABUSERS:
        return f"abuser-{_heavy_tailed(ABUSERS, chance)}"
    return f"reader-{_heavy_tailed(READERS, chance)}"


def _reaches(rejected: bool, fate: Fate, chance: Random) -> str:
    """How a comment reaches the moderators; empty: it does not."""
    share = chance.random()
    if fate is Fate.FLAG:
        return "flagged"
    if fate is Fate.REJECT:
        asked = APPEALED_WRONGLY if rejected else APPEALED
        return "appealed" if share < asked else ""
    if share < SAMPLED:
        return "sample"
    told = REPORTED if rejected else REPORTED_WRONGLY
    return "reported" if share < SAMPLED + told else ""


@cache
def _weights(many: int) -> list[float]:
    return list(accumulate(1 / (rank + 5) for rank in range(many)))


def _heavy_tailed(many: int, chance: Random) -> int:
    """A number below `many`; few come often, and most seldom."""
    return chance.choices(range(many), cum_weights=_weights(many))[0]
