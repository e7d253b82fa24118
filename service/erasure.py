"""Erasing as a use case: from the database, its files, and reports of training.

Knows no HTTP and no SQL.  What is left of a comment, `service.store.erasing` says.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from service.errors import StoreUnavailable, UnknownAuthor, UnknownComment
from service.reports import remove_reports, reported
from service.store import erasing, files
from service.store.erasing import Erased, Erasing
from service.store.lessons import Lessons
from service.store.store import Store


class Erasure:
    """Erases for every site.  Safe for threads.

    Every method raises StoreUnavailable if the database cannot be written; what was
    erased until then stays so, and the same again erases the rest.
    """

    def __init__(
        self,
        store: Store,
        models_dir: Path,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Wire the parts.

        Args:
            store: to erase from.
            models_dir: of `Settings`, where reports of training are.
            clock: the time now, with its time zone.
        """
        self._database = store.database
        self._erasing = Erasing(store.database, store.key_for)
        self._lessons = Lessons(store.database)
        self._folder = models_dir
        self._clock = clock

    def comment(self, site_id: int, comment_id: str, *, by: str) -> Erased:
        """Erase a comment of a site; once more, and nothing is left to erase.

        Raises:
            UnknownComment: the site never sent it.
        """
        now = self._clock()
        erased = self._erasing.comment(site_id, comment_id, by=by, now=now)
        if erased is None:
            raise UnknownComment("This site has no comment of this id.")
        return self._cleared(erased)

    def author(self, site_id: int, author_id: str, *, by: str) -> Erased:
        """Erase all that an author wrote on a site, and what they complained of there.

        Raises:
            UnknownAuthor: the site never named them.
        """
        now = self._clock()
        erased = self._erasing.author(site_id, author_id, by=by, now=now)
        if erased is None:
            raise UnknownAuthor("This site has named no author of this id.")
        return self._cleared(erased)

    def _cleared(self, erased: Erased) -> Erased:
        """Take what is left outside of the tables; `service.sealing` tries again."""
        count = erasing.uncleared(self._database)
        if count and files.clear(self._database, erased.words):
            erasing.cleared(self._database, count)
        self._remove_reports(also_unknown=True)
        return erased

    def catch_up(self) -> None:
        """Remove reports that quote what was erased from another machine.

        Those stay of which nobody noted what they have learnt from.
        """
        self._remove_reports(also_unknown=False)

    def _remove_reports(self, *, also_unknown: bool) -> None:
        there = reported(self._folder)
        if not there:
            return
        doomed = set(self._lessons.erased(there))
        if also_unknown:
            doomed |= there - self._lessons.known()
        try:
            remove_reports(self._folder, doomed)
        except OSError as error:
            said = f"A report of training cannot be removed: {error.strerror}."
            raise StoreUnavailable(said) from error
