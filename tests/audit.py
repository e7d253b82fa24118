"""Ask whether anything that is required has a known vulnerability, and say the truth.

Run by `make audit`, with pip-audit beside it.  pip-audit ends with 0 as well where its
source of knowledge knows nothing at all: behind a mirror, say.  Here that is no pass.
Exit status: 0 nothing is known against any package, 1 something is or some packages
were not checked, 3 nothing could be checked (0 with --may-be-offline).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PATIENCE_S = 15
CLEAN, FOUND, UNREACHABLE = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Audit:
    """What came out for one lock: packages checked, not checked, and what is known."""

    checked: int
    unchecked: tuple[str, ...]
    known: tuple[str, ...]

    @property
    def status(self) -> int:
        """The exit status that this deserves."""
        if self.known:
            return FOUND
        if not self.checked:
            return UNREACHABLE
        return FOUND if self.unchecked else CLEAN


def read(report: str) -> Audit:
    """Read pip-audit's report in JSON; what is none says that nothing was checked."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Audit(0, (), ())
    checked = [package for package in packages if "vulns" in package]
    unchecked = [package["name"] for package in packages if "vulns" not in package]
    return Audit(len(checked), tuple(unchecked), tuple(known(checked)))


def known(packages: Sequence[dict[str, Any]]) -> Iterator[str]:
    """One line for each vulnerability."""
    for package in packages:
        for found in package["vulns"]:
            fixed = ", ".join(found.get("fix_versions", ())) or "no version yet"
            what = f"{package['name']} {package['version']}: {found['id']}"
            yield f"{what}, repaired in {fixed}"


def ask(lock: Path) -> Audit:
    """Have pip-audit look at every package of a lock."""
    command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip"]
    options = ["--format", "json", "--progress-spinner", "off"]
    waits = ["--timeout", str(PATIENCE_S)]
    done = subprocess.run(
        [*command, *options, *waits, "--requirement", str(lock)],
        capture_output=True,
        text=True,
        check=False,
    )
    return read(done.stdout)


def said(name: str, audit: Audit) -> str:
    """The outcome in words."""
    if audit.status == UNREACHABLE:
        return f"{name}: NOT CHECKED, the list of vulnerabilities is not reachable."
    lines = [f"{name}: {audit.checked} packages checked, {len(audit.known)} findings."]
    lines += audit.known
    if audit.unchecked:
        lines.append(f"Not checked: {', '.join(audit.unchecked)}.")
    return "\n".join(lines)


def status_of(audits: Sequence[Audit], *, may_be_offline: bool) -> int:
    """The exit status of all together; a finding weighs more than not knowing."""
    statuses = {audit.status for audit in audits}
    if FOUND in statuses:
        return FOUND
    if UNREACHABLE in statuses and not may_be_offline:
        return UNREACHABLE
    return CLEAN


def main() -> int:
    """Look at every lock."""
    parser = argparse.ArgumentParser(description="Look for known vulnerabilities.")
    parser.add_argument("--may-be-offline", action="store_true")
    options = parser.parse_args()
    audits = []
    for lock in sorted(ROOT.glob("requirements*.lock")):
        audits.append(ask(lock))
        print(said(lock.name, audits[-1]), flush=True)
        if audits[-1].status == UNREACHABLE:
            break  # The others would be no other.
    return status_of(audits, may_be_offline=options.may_be_offline)


if __name__ == "__main__":
    sys.exit(main())
