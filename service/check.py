"""Whether the service would start: `python -m service.check`, silent if so.

Builds all that a worker builds, in a process of its own, and serves nothing.  What is
wrong is said in one sentence on standard error, with status 1.  The database is left
out: workers that do not reach it start all the same.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from service.errors import RefrainError


def main(arguments: Sequence[str] = ()) -> int:
    """Build the app; answers the exit status."""
    parser = argparse.ArgumentParser("python -m service.check", description=__doc__)
    parser.parse_args(arguments)
    try:
        from service.app import create_app

        create_app()
    except RefrainError as error:
        print(error, file=sys.stderr)
        return 1
    except Exception as error:  # New code may fail in any way.
        print(f"The service does not start: {error!r}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
