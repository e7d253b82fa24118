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


def main() -> int:
    """Run; the exit status is schemathesis's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        prepare(f"sqlite:///{Path(folder, 'refrain.db')}")
        with serving(Path(folder)) as server:
            return run(server.url, args.examples, args.seed)


def run(url: str, examples: int, seed: int) -> int:
    """Have a server checked against the document that it serves."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", "--checks", "all"]
    command += ["--max-examples", str(examples), "--seed", str(seed)]
    command += ["--header", f"Authorization: Bearer {KEY}", f"{url}/openapi.json"]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
