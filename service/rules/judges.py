"""The judge of each site: the one that all share, or one with the site's own words.

Compiling a site's words takes 0.1 s and 10 MB, and twice as much for as many as a site
may have: so it is done once for a version of its policy.
"""

from __future__ import annotations

import threading

from model.judge import Judge
from service.store.records import Site

MOST_SITES = 32
"""Sites with words of their own whose judges a process keeps."""

VERSIONS = 2
"""Of a site: for some seconds after a change one key may still open the old policy."""


class Judges:
    """Judges by site.  Safe for threads."""

    def __init__(self, shared: Judge) -> None:
        self._shared = shared
        self._compiling = threading.Lock()
        # Tuples are replaced, never changed: they are read without the lock.
        self._of_site: dict[int, tuple[tuple[Site, Judge], ...]] = {}

    def with_model(self, shared: Judge) -> Judges:
        """The judges for another version of the model, which shares the words here."""
        judges = Judges(shared)
        with self._compiling:
            judges._of_site = {
                id: tuple((site, judge.with_model(shared)) for site, judge in known)
                for id, known in self._of_site.items()
            }
        return judges

    def of(self, site: Site) -> Judge:
        """The site's judge.

        The first to ask after words have changed waits until they are compiled, and so
        does who asks for the same site meanwhile; others only share the processor.
        """
        if not site.words and not site.allowed:
            return self._shared
        return self._known(site) or self._compiled(site)

    def _known(self, site: Site) -> Judge | None:
        for known, judge in self._of_site.get(site.id, ()):
            if known.policy_version == site.policy_version:
                return judge
        return None

    def _compiled(self, site: Site) -> Judge:
        # One at a time: two at once would only take turns, and hold more memory.
        with self._compiling:
            if judge := self._known(site):
                return judge
            known = self._of_site.get(site.id, ())
            judge = self._same(site, known)
            if judge is None:
                judge = self._shared.with_words(site.words, site.allowed)
            if not known and len(self._of_site) >= MOST_SITES:
                del self._of_site[next(iter(self._of_site))]
            self._of_site[site.id] = ((site, judge), *known)[:VERSIONS]
            return judge

    def _same(self, site: Site, known: tuple[tuple[Site, Judge], ...]) -> Judge | None:
        """The judge of a version with the same words, if only other terms changed."""
        for other, judge in known:
            if (other.words, other.allowed) == (site.words, site.allowed):
                return judge
        return None
