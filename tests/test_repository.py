"""The repository keeps its promises: documented, pinned, small, fit for a container."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from service.api.operations import operations
from service.app import EXAMPLE
from service.settings import SETTINGS, Setting, load_settings
from tests.renew_readme import given, renewed, shown

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
REQUIREMENTS = sorted(ROOT.glob("requirements*.txt"))
LARGEST = 12 * 10**6  # bytes of one file

Instruction = tuple[str, str]


def pinned(file: Path) -> Iterator[Requirement]:
    """The requirements of a file and of those it includes."""
    for line in file.read_text().splitlines():
        if line.startswith("-r "):
            yield from pinned(ROOT / line.removeprefix("-r "))
        elif line and not line.startswith("#"):
            yield Requirement(line)


def names(file: Path) -> set[str]:
    return {canonicalize_name(requirement.name) for requirement in pinned(file)}


def tracked() -> list[Path]:
    """Every file that belongs to the repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = (ROOT / name for name in done.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def instructions() -> list[Instruction]:
    """The Dockerfile's instructions and what they say, continuation lines joined."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    split = (line.strip().partition(" ") for line in lines if line.strip())
    return [(word, rest.strip()) for word, _, rest in split]


def said(word: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == word]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_the_readme_documents_every_setting_as_it_is(setting: Setting) -> None:
    default = f"`{setting.default}`" if setting.default else ""
    row = f"| `{setting.name}` | {setting.kind} | {default} | {setting.meaning} |"

    assert row in README.splitlines()


def test_the_readme_documents_no_setting_that_is_gone() -> None:
    named = set(re.findall(r"\bREFRAIN_[A-Z_]+\b", README))

    assert named <= {setting.name for setting in SETTINGS}


@pytest.mark.parametrize(
    "route",
    [f"{row.method.upper()} {row.path}" for row in operations(load_settings({}))],
)
def test_the_readme_documents_every_route(route: str) -> None:
    assert f"| `{route}` |" in README


def test_the_readme_names_only_commands_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))

    assert set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.M)) <= targets
    assert {"run", "test", "lint", "format", "bench", "help"} <= targets


def test_the_readme_shows_the_answer_that_is_given() -> None:
    answer = given()

    assert EXAMPLE in README
    assert shown(README) == answer, "run `make readme`"
    assert renewed(README, answer) == README


def test_every_file_the_readme_points_to_exists() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)

    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_changelog_speaks_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


def test_no_file_is_too_large_for_the_repository() -> None:
    large = [path for path in tracked() if path.stat().st_size > LARGEST]

    assert large == []


def test_no_pickle_database_or_corpus_is_kept() -> None:
    forbidden = {".pkl", ".pickle", ".joblib", ".db", ".sqlite", ".gz", ".parquet"}

    assert [path for path in tracked() if path.suffix in forbidden] == []


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda file: file.name)
def test_requirements_are_exact_and_say_nothing_of_an_index(file: Path) -> None:
    options = [line for line in file.read_text().splitlines() if line.startswith("-")]
    loose = [
        str(requirement)
        for requirement in pinned(file)
        if not re.fullmatch(r"==[\w.]+", str(requirement.specifier))
    ]

    assert loose == []
    assert all(option.startswith("-r requirements") for option in options)
    assert "://" not in file.read_text()


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-otel.txt", "requirements-dev.txt"]
)
def test_what_a_requirement_requires_is_pinned_too(name: str) -> None:
    listed = names(ROOT / name)
    missing = {
        f"{requirement.name} needs {needed.name}"
        for requirement in pinned(ROOT / name)
        if requirement.marker is None or requirement.marker.evaluate()
        for needed in map(Requirement, requires(requirement.name) or ())
        if any(
            needed.marker is None or needed.marker.evaluate({"extra": extra})
            for extra in {"", *requirement.extras}
        )
        and canonicalize_name(needed.name) not in listed
    }

    assert missing == set()


def imported(folder: str) -> set[str]:
    """Top-level names that a folder's modules import."""
    found: set[str] = set()
    for file in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize(
    ("folders", "files"),
    [
        pytest.param(
            ["model", "service"],
            ["requirements-archive.txt", "requirements-otel.txt"],
            id="the service",
        ),
        pytest.param(["tests", "benchmarks"], ["requirements-dev.txt"], id="its tests"),
    ],
)
def test_whatever_is_imported_is_among_the_requirements(
    folders: list[str], files: list[str]
) -> None:
    foreign = {name for folder in folders for name in imported(folder)}
    foreign -= sys.stdlib_module_names | {"model", "service", "tests", "benchmarks"}
    foreign -= {"atheris"}  # Of `make fuzz`, which says so where there is none.
    listed = {name for file in files for name in names(ROOT / file)}
    providers = packages_distributions()

    missing = {
        name
        for name in foreign
        if not {canonicalize_name(p) for p in providers.get(name, ())} & listed
    }

    assert missing == set()


def test_serving_imports_nothing_that_only_retraining_needs() -> None:
    code = (
        "import sys, service.app; service.app.create_app(); "
        "print({'sklearn', 'scipy', 'joblib'} & {*sys.modules})"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "set()"


def test_the_image_is_built_in_stages_from_pinned_bases() -> None:
    bases = [base.split()[0] for base in said("FROM")]

    assert len(bases) == 2
    assert all(re.fullmatch(r"python:3\.\d+-slim-\w+", base) for base in bases)


def test_the_container_runs_as_an_ordinary_user() -> None:
    last = max(i for i, (word, _) in enumerate(instructions()) if word == "FROM")
    users = [rest for word, rest in instructions()[last:] if word == "USER"]

    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1])


ON_SQLITE_ALONE = {
    "coral_deadline",
    "crowding",
    "faults_server",
    "hostile_clients",
    "leaks",
    "learn_command",
    "learning",
    "metrics",
    "model_commands",
    "overload",
    "proxy",
    "request_ids",
    "run",
    "sampling",
    "selftest",
    "server_life",
    "shadow",
    "slow_clients",
    "switching_workers",
    "tracing",
    "trial",
}
"""Files of tests with services of their own on a copied file: of sockets, processes and
models.  What services answer is tried on both databases elsewhere."""


def test_a_new_service_in_tests_runs_on_both_databases() -> None:
    copying = re.compile(r"\b((prepared|coral)_sqlite|prepared_folder): Path")
    found = {
        file.stem.removeprefix("test_")
        for file in (ROOT / "tests").glob("test_*.py")
        if copying.search(file.read_text())
    }

    assert found == ON_SQLITE_ALONE


def test_the_container_tells_whether_it_is_healthy() -> None:
    check = said("HEALTHCHECK")[0]
    program, flag, code = json.loads(check[check.index("[") :])

    assert (program, flag) == ("python", "-c")
    assert "/healthz" in code
    ast.parse(code)


def test_the_container_stops_when_it_is_told_to() -> None:
    # The exec form, and `exec` in the shell: else the service never sees SIGTERM.
    command = json.loads(said("CMD")[-1])

    assert command[:2] == ["sh", "-c"]
    assert "&& exec python -m service.run" in command[2]


def test_the_image_holds_the_service_and_nothing_else() -> None:
    sources = {
        word
        for rest in said("COPY")
        for word in rest.split()[:-1]
        if not word.startswith("--")
    }
    ignored = (ROOT / ".dockerignore").read_text().splitlines()

    locks = {"requirements.lock", "requirements-otel.lock"}
    assert sources == locks | {"model", "service", "/opt/venv", "/app"}
    assert "*" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == locks | {
        "model",
        "service",
    }


def test_what_the_container_keeps_is_in_one_volume() -> None:
    assert said("VOLUME") == ["/data"]
    assert any("REFRAIN_DATA_DIR=/data" in variables for variables in said("ENV"))
