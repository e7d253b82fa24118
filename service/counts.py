"""The folder in which the workers of one server count together, for `service.metrics`.

In memory where that is possible: prometheus-client writes these files by mmap, and on
a full disk the kernel answers that by SIGBUS.  It would end every worker, and every one
that takes its place, though all they want to do is to say that the disk is full.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

PREFIX = "refrain-metrics-"
MEMORY = Path("/dev/shm")  # noqa: S108 # nosec B108 - its folders are made by mkdtemp
YOUNG_S = 60.0
"""So long a folder is left alone that nobody holds: somebody may be about to."""


def make_folder() -> str:
    """Make a new folder; where TMPDIR is set, there."""
    in_memory = "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK)
    return tempfile.mkdtemp(prefix=PREFIX, dir=MEMORY if in_memory else None)


def hold(folder: Path) -> None:
    """Say that this process, and all that it forks, use a folder until they end."""
    # Stays open for good; what the process becomes by exec has to hold it anew.
    fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_SH)


def tidy(parent: Path) -> None:
    """Remove the folders of servers that were killed."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # Another user's, or another one removes it, too.
            if time.time() - folder.stat().st_mtime > YOUNG_S:
                _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a folder unless it is held."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(opened)
