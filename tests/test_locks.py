"""What is installed is what was chosen: pinned, hashed, looked at by `make audit`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.audit import CLEAN, FOUND, UNREACHABLE, Audit, known, read, said, status_of
from tests.test_repository import pinned
from tests.test_repository import said as instruction

ROOT = Path(__file__).parent.parent
BENCH = "requirements-bench.txt"
LISTS = sorted({*ROOT.glob("requirements*.txt")} - {ROOT / BENCH})
HASH = r" \\\n    --hash=sha256:[0-9a-f]{64}"
HASHED = re.compile(rf"[\w.-]+==[\w.]+( ; [^\n]+?)?({HASH})+")
SUPPORTED = [
    {"sys_platform": platform, "python_version": version}
    | {"python_full_version": f"{version}.0"}
    for platform, version in product(("linux", "darwin"), ("3.11", "3.12", "3.14"))
]
"""Of the environments that the service runs in, those that a marker may tell apart."""

Pins = set[tuple[str, str]]


def pin(requirement: Requirement) -> tuple[str, str]:
    return canonicalize_name(requirement.name), str(requirement.specifier)


def locked(lock: Path) -> Pins:
    """Names and versions in a lock, but those that only other systems need."""
    lines = [line for line in lock.read_text().splitlines() if line[:1].isalnum()]
    requirements = [Requirement(line.removesuffix(" \\")) for line in lines]
    return {
        pin(requirement)
        for requirement in requirements
        if requirement.marker is None
        or any(map(requirement.marker.evaluate, SUPPORTED))
    }


@pytest.mark.parametrize("file", LISTS, ids=lambda file: file.name)
def test_a_lock_holds_what_its_list_says_and_nothing_else(file: Path) -> None:
    lock = file.with_suffix(".lock")
    assert lock.is_file(), "run `make lock`"

    assert locked(lock) == {pin(line) for line in pinned(file)}, "run `make lock`"


@pytest.mark.parametrize("file", LISTS, ids=lambda file: file.name)
def test_every_locked_package_has_hashes_and_no_index_is_named(file: Path) -> None:
    text = file.with_suffix(".lock").read_text()
    plain = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    bare = [
        it for it in re.split(r"\n(?! )", plain.strip()) if not HASHED.fullmatch(it)
    ]

    assert bare == []
    assert "://" not in text


def test_pip_takes_the_lock_as_it_is() -> None:
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-index"]

    done = subprocess.run(
        [*command, "--require-hashes", "-r", "requirements.lock"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "Would install" not in done.stdout


def test_nothing_is_installed_without_its_hash() -> None:
    installing = [line for line in instruction("RUN") if "pip install" in line]

    assert len(installing) == 1
    assert "--require-hashes --only-binary :all:" in installing[0]
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    for line in re.findall(r".*pip install.*", makefile):
        assert "--require-hashes" in line or BENCH in line


def test_the_image_names_the_version_that_it_holds() -> None:
    project = re.search(
        r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.M
    )
    labels = " ".join(instruction("LABEL"))

    assert project
    assert f'org.opencontainers.image.version="{project[1]}"' in labels
    for base in instruction("FROM"):
        assert f'base.name="docker.io/library/{base.split()[0]}"' in labels


FLAWED = {
    "name": "flask",
    "version": "0.1",
    "vulns": [{"id": "PYSEC-2018-66", "fix_versions": ["0.12.3"]}],
}
SOUND = {"name": "click", "version": "8.5.1", "vulns": []}
UNKNOWN = {"name": "h11", "skip_reason": "Dependency not found"}


@pytest.mark.parametrize(
    ("packages", "status"),
    [
        pytest.param([SOUND], CLEAN, id="nothing is known"),
        pytest.param([SOUND, FLAWED], FOUND, id="a vulnerability"),
        pytest.param([SOUND, UNKNOWN], FOUND, id="one is not checked"),
        pytest.param([FLAWED, UNKNOWN], FOUND, id="one is not checked, one is bad"),
        pytest.param([UNKNOWN], UNREACHABLE, id="none is checked"),
        pytest.param([], UNREACHABLE, id="none at all"),
    ],
)
def test_an_audit_passes_only_what_was_looked_at(
    packages: list[dict[str, object]], status: int
) -> None:
    assert read(json.dumps({"dependencies": packages})).status == status


@pytest.mark.parametrize(
    "report", ["", "{}", "[]", "Traceback (most recent call last)"]
)
def test_an_audit_that_broke_off_checked_nothing(report: str) -> None:
    audit = read(report)

    assert audit.status == UNREACHABLE
    assert "NOT CHECKED" in said("requirements.lock", audit)


def test_only_being_offline_can_be_forgiven() -> None:
    clean, offline = Audit(3, (), ()), Audit(0, ("h11",), ())
    found = Audit(3, (), tuple(known([FLAWED])))

    assert status_of([clean, offline], may_be_offline=False) == UNREACHABLE
    assert status_of([clean, offline], may_be_offline=True) == CLEAN
    assert status_of([offline, found], may_be_offline=True) == FOUND
    assert "flask 0.1: PYSEC-2018-66, repaired in 0.12.3" in said("a.lock", found)
