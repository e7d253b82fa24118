"""Reports of training: pages beside a version of the model that quote comments.

Which comments a page quotes is noted nowhere.  So erasing a comment removes the reports
of all versions that have learnt from it, and those of versions of which nobody noted
what they learnt from.  The versions themselves hold no texts, and stay.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from service.store.versions import card_in

REPORT = "report.html"
"""The page's name: `model.learn.REPORT`, which takes long to import."""

DRAFT_S = 86_400.0
"""After so many seconds nobody works on a draft any more."""


def reported(folder: Path) -> set[str]:
    """The versions whose reports are there; the folder need not exist."""
    return {page.parent.name for page in _pages(folder)}


def remove_reports(folder: Path, versions: Container[str]) -> None:
    """Remove the reports of some versions.

    Args:
        folder: in which versions are, each in a folder of its name; need not exist.
        versions: whose.

    Raises:
        OSError: one cannot be removed.
    """
    for page in _pages(folder):
        if page.parent.name in versions:
            _unlinked(page)


def remove_old(
    folder: Path, before: datetime, used: Container[str]
) -> tuple[int, list[str]]:
    """Remove reports that are older, and versions that nobody uses.

    Args:
        folder: in which versions are; need not exist.
        before: what was written before is old.
        used: versions that stay.

    Returns:
        How many reports were removed, and which versions.

    Raises:
        OSError: one cannot be removed.
    """
    reports = [page for page in _pages(folder) if _written(page) < before.timestamp()]
    old = [
        card.parent
        for card in folder.glob("[!.]*/card.json")
        if _written(card) < before.timestamp()
        and str(card_in(card.parent).get("version", card.parent.name)) not in used
    ]
    abandoned = [d for d in folder.glob(".*") if _written(d) < time.time() - DRAFT_S]
    count = sum(map(_unlinked, reports))
    _remove([*old, *abandoned])
    return count, [path.name for path in old]


def _pages(folder: Path) -> Iterator[Path]:
    """All reports, those in drafts too."""
    yield from sorted(folder.glob(f"*/{REPORT}"))


def _written(path: Path) -> float:
    return path.stat().st_mtime


def _unlinked(page: Path) -> bool:
    with suppress(FileNotFoundError):  # Another process may remove it, too.
        page.unlink()
        return True
    return False


def _remove(folders: Iterable[Path]) -> None:
    for folder in folders:
        with suppress(FileNotFoundError):
            shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
