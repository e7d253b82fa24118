"""File systems of a test's own, where a system lets its user mount: mostly root.

Elsewhere such tests are skipped, and say why; where REQUIRE_NAMESPACES is set, as in
`.ci/run` on machines that are able to, they fail.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

import pytest

ALONE = ("unshare", "--mount", "--propagation", "private")
TRIAL = ("mount", "-t", "tmpfs", "tmpfs", "/mnt")


def why_not(alone: Sequence[str]) -> str:
    """Why this machine allows no file system of one's own; empty if it does."""
    command = [*alone, *TRIAL]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return done.stderr.strip() or f"status {done.returncode}" if done.returncode else ""


def need_mounts(alone: Sequence[str] = ALONE) -> None:
    """Skip or fail the test where nothing can be mounted in such a namespace."""
    if reason := why_not(alone):
        said = f"Needs a system that lets its user mount (mostly root): {reason}"
        if os.environ.get("REQUIRE_NAMESPACES"):
            pytest.fail(said, pytrace=False)
        pytest.skip(said)
