"""Let schemathesis make up requests from the service's own description, at length.

python -m tests.fuzzing.described --examples 1000 --seed 1

Every check that it has, but one that errs, on a real server of its own.  A short run
with a fixed seed is in `tests.test_openapi`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fixtures_service import serving
from tests.fixtures_store import KEY, prepare

ERRS = "use_after_free"
"""A check that errs: an erased comment that its site sends again is there again, and
the check, which knows no creation by a POST to another path, holds that it never went.
That it does go is what `tests.test_privacy` promises."""


def main() -> int:
    """Run; the exit status is schemathesis's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        prepare(f"sqlite:///{Path(folder, 'refrain.db')}")
        with serving(Path(folder)) as server:
            wanted = command(server.url, args.examples, args.seed)
            return subprocess.run(wanted, check=False).returncode


def command(url: str, examples: int, seed: int) -> list[str]:
    """What checks a server, by all other checks, against the document it serves."""
    return [
        *(sys.executable, "-m", "schemathesis.cli", "run"),
        *("--checks", "all", "--exclude-checks", ERRS),
        *("--max-examples", str(examples), "--seed", str(seed)),
        *("--header", f"Authorization: Bearer {KEY}", f"{url}/openapi.json"),
    ]


if __name__ == "__main__":
    sys.exit(main())
