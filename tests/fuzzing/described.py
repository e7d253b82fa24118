"""Let schemathesis make up requests from the service's own description, at length.

python -m tests.fuzzing.described --examples 1000 --seed 1

Every check that it has, on a real server of its own.  A short run with a fixed seed is
in `tests.test_openapi`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fixtures_service import serving
from tests.fixtures_store import KEY, prepare

CONFIG = Path(__file__).with_name("schemathesis.toml")
"""Which check is left out where, and why."""


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
    """What checks a server against the document that it serves, with every check."""
    return [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)),
        *("run", "--checks", "all"),
        *("--max-examples", str(examples), "--seed", str(seed)),
        *("--header", f"Authorization: Bearer {KEY}", f"{url}/openapi.json"),
    ]


if __name__ == "__main__":
    sys.exit(main())
