"""Labels: what people decided on comments whose texts are kept, read by query.

Automatic decisions are none, and neither is what was undone, or what two people differ
on while no editor has decided.  Comments that were decided as one are one label.
Writes nothing; what labels teach is `model.adapt`'s to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, groupby
from typing import Any, TypeVar

from sqlalchemy import Row, Select

from model.labels import Label
from service.alike import alike as alike_of
from service.domain import Outcome, Waiting
from service.store.database import Database
from service.store.entries import entry_of
from service.store.labelling import (
    EDITED,
    KEPT,
    LIKE,
    LIKE_OTHERS,
    LOG,
    MADE,
    decided_since,
    of_site,
)
from service.store.opaque import Opaque
from service.store.opinions import Ruling, rulings

T = TypeVar("T")

AT_ONCE = 1_000
"""Comments that are read at once."""

MOST_WEIGHT = 10.0
"""A sample stands for more accepted comments than that; but it is one person's word."""

PURPOSE = "labels"
"""What the key is for that hides who wrote a comment, and below which article."""

UNASKED = "unasked"
KIND_OF: Mapping[Waiting | None, str] = {
    Waiting.ESCALATED: "escalated",
    Waiting.APPEALED: "appealed",
    Waiting.REPORTED: "reported",
    Waiting.FLAGGED: "flagged",
    Waiting.SAMPLE: "sample",
}
"""`model.labels.KINDS` of what can be found waiting that nobody has decided on."""

LATEST = 2**62
"""Above every key."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A label, and of its comment the key, when it was decided, and what it is like.

    Comments with the same `alike` are near-identical and of one site.
    """

    label: Label
    key: int
    at: datetime
    alike: tuple[int, bytes]


class Labels:
    """People's decisions as labels.

    Every method raises StoreUnavailable as those of `service.store.store.Store` do.
    """

    def __init__(
        self,
        database: Database,
        key_for: Callable[[str], bytes],
        *,
        sample_share: float,
    ) -> None:
        """Wire the parts.

        Args:
            database: to read from.
            key_for: of `Store.key_for`.
            sample_share: of the accepted comments that people are shown, in [0, 1].
        """
        self._database = database
        self._opaque = Opaque(key_for, PURPOSE)
        self._sample_weight = sample_weight(sample_share)

    def of(
        self, site_id: int | None = None, since: datetime | None = None
    ) -> Iterator[Decided]:
        """What people decided, in the order of the comments' keys.

        Args:
            site_id: of one site; None for all.
            since: what was decided before is left out, going by the last decision.
        """
        # All keys at once, not page by page: to find those that people decided on,
        # PostgreSQL looks at the whole log, and would do so for every page.
        keys = self._keys(of_site(decided_since(since), site_id), {})
        for batch in _batches(keys):
            yield from self._read(batch, since)

    def of_like(
        self, site_id: int | None = None, since: datetime | None = None
    ) -> Iterator[Decided]:
        """Those of `of` whose comments are near-identical to others, and maybe more.

        Most comments are like no other, and of them nothing is read.
        """
        edited = self._edited(site_id)
        keys = {*edited, *self._keys(of_site(LIKE_OTHERS, site_id), {})}
        for some in _batches(sorted(set(chain.from_iterable(edited.values())))):
            keys.update(self._keys(of_site(LIKE, site_id), {"alikes": some}))
        for batch in _batches(sorted(keys)):
            yield from self._read(batch, since)

    def last(self, site_id: int | None, limit: int) -> list[Decided]:
        """The labels of what people decided last, the newest first.

        Args:
            site_id: of one site; None for all.
            limit: how many at most.
        """
        made, before = of_site(MADE, site_id), LATEST
        seen: set[int] = set()
        found: list[Decided] = []
        while len(found) < limit:
            with self._database.reading() as connection:
                values = {"before": before, "limit": AT_ONCE}
                rows = connection.execute(made, values).all()
            if not rows:
                break
            new = {row.comment_key for row in rows} - seen
            found += self._read(sorted(new))
            seen |= new
            before = rows[-1].key
        found.sort(key=lambda decided: (decided.at, decided.key), reverse=True)
        return found[:limit]

    def _keys(self, wanted: Select[Any], values: Mapping[str, Any]) -> list[int]:
        with self._database.reading() as connection:
            return list(connection.scalars(wanted, values))

    def _edited(self, site_id: int | None) -> dict[int, set[bytes]]:
        """What comments that were changed once decided were like before, by key."""
        found: dict[int, set[bytes]] = defaultdict(set)
        with self._database.reading() as connection:
            for row in connection.execute(of_site(EDITED, site_id)):
                found[row.comment_key].add(alike_of(row.text))
        return found

    def _read(
        self, keys: Sequence[int], since: datetime | None = None
    ) -> Iterator[Decided]:
        """The labels of comments, given and returned in the order of their keys."""
        with self._database.reading() as connection:
            kept = connection.execute(KEPT, {"keys": keys}).all()
            log = connection.execute(LOG, {"keys": keys}).all()
        said = {
            key: rulings([entry_of(row) for row in group])
            for key, group in groupby(log, lambda row: int(row.comment_key))
        }
        for row in kept:
            ruling = said[row.key].get(row.revision)
            if ruling and _is_label(ruling, since):
                yield self._decided(row, ruling)

    def _decided(self, row: Row[*tuple[Any, ...]], ruling: Ruling) -> Decided:
        entry = ruling.entry
        rejected = entry.outcome is Outcome.REJECT
        label = Label(
            text=row.text,
            rejected=rejected,
            rule=(entry.rule or ruling.verdict.rule) if rejected else None,
            kind=KIND_OF.get(ruling.came_by, UNASKED),
            weight=self._weight(ruling.came_by),
            model=ruling.verdict.model,
            id=row.id,
            site=row.name,
            author=self._hidden("author", row.site_id, row.author_id),
            article=self._hidden("article", row.site_id, row.article_id),
            decided_at=entry.at.isoformat(),
        )
        is_present = row.revision == row.present and row.alike is not None
        alike = row.alike if is_present else alike_of(row.text)
        return Decided(label, row.key, entry.at, (row.site_id, alike))

    def _weight(self, came_by: Waiting | None) -> float:
        return self._sample_weight if came_by is Waiting.SAMPLE else 1.0

    def _hidden(self, what: str, site_id: int, id: str | None) -> str | None:
        """What tells that two comments share one, and not which one it is."""
        return None if id is None else self._opaque.of(what, site_id, id).hex()


def sample_weight(share: float) -> float:
    """How much a sample counts where such a share of what is accepted is sampled."""
    return min(1 / share, MOST_WEIGHT) if share else MOST_WEIGHT


def _is_label(ruling: Ruling, since: datetime | None) -> bool:
    is_late = since is None or ruling.entry.at >= since
    return is_late and ruling.is_settled and not ruling.entry.is_copy


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[i : i + AT_ONCE] for i in range(0, len(items), AT_ONCE))
