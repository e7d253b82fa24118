"""The table of published clients says what the tests ran, and in which versions."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.fixtures_clients import Scripts
from tests.fixtures_service import ROOT
from tests.published import (
    BLOCK,
    CALLS,
    CLIENTS,
    LOCK,
    NPM,
    PINS,
    PYPI,
    Client,
    Works,
    renewed,
    table,
)

README = (ROOT / "README.md").read_text()
RUN = [client for client in CLIENTS if isinstance(client, Client)]
LISTING = """
import json

import pytest


class Listing:
    def pytest_collection_finish(self, session):
        # Here, for pytest has to see it first.
        from tests.fixtures_published import clients_of

        found = [(c.shown, item.nodeid) for item in session.items
                 for c in clients_of(item)]
        print("LISTED", json.dumps(dict(found)))


pytest.main(["--collect-only", "-qqs", "-m", "client", *FILES], plugins=[Listing()])
"""


@cache
def marked() -> dict[str, str]:
    """A test of each client that a mark names; those that are deselected are none."""
    files = [
        str(file)
        for file in sorted((ROOT / "tests").glob("test_*.py"))
        if "mark.client(" in file.read_text() and file != Path(__file__)
    ]
    code = f"FILES = {files!r}\n{LISTING}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    (listed,) = re.findall(r"^LISTED (.*)$", done.stdout, re.MULTILINE)
    return dict(json.loads(listed))


def test_the_readme_shows_the_table() -> None:
    assert BLOCK.search(README), "the marks of the table are gone"
    assert renewed(README) == README, "run `make readme`"


@pytest.mark.parametrize("client", RUN, ids=lambda client: client.shown)
def test_what_is_said_to_work_is_run_by_a_test(client: Client) -> None:
    assert client.works is not Works.CANNOT
    assert client.shown in marked()


def test_every_mark_is_of_a_client_in_the_table() -> None:
    assert set(marked()) == {client.shown for client in RUN}


def test_every_client_that_is_installed_is_in_the_table() -> None:
    block = PINS.read_text().partition("# Published clients")[2].partition("\n\n")[0]
    of_pypi = set(re.findall(r"^([\w.-]+)==", block, re.MULTILINE))
    root = json.loads(LOCK.read_text())["packages"][""]
    of_npm = set(root["dependencies"]) - {"joi"}  # Coral's judge of answers, no client.

    assert of_pypi == {client.name for client in RUN if client.registry == PYPI}
    assert of_npm == {client.name for client in RUN if client.registry == NPM}


@pytest.mark.parametrize(
    "client",
    [client for client in RUN if client.registry == PYPI],
    ids=lambda client: client.name,
)
def test_the_version_in_the_table_is_the_one_that_runs(client: Client) -> None:
    assert version(client.name) == client.version
    assert client.version in table()


def test_so_it_is_of_those_from_npm(npm: Scripts) -> None:
    for client in RUN:
        if client.registry == NPM:
            manifest = npm.folder / "node_modules" / client.name / "package.json"
            assert json.loads(manifest.read_text())["version"] == client.version


def test_corals_calls_name_the_version_in_the_table() -> None:
    text = (ROOT / "tests" / "test_perspective_clients.py").read_text()

    assert "from tests.published import CORAL as CORAL_VERSION" in text
    assert "User-Agent: Coral Perspective/%s" in text
    assert any(client.registry == CALLS for client in RUN)


def test_the_pages_of_the_protocols_exist() -> None:
    links = re.findall(r"\]\((docs/\w+\.md)\)", table())

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name
)
def test_what_a_page_points_to_exists(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text())

    for link in links:
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def anchors(page: Path) -> set[str]:
    """What can be linked to on a page, as GitHub names it."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads}


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        pytest.param("openai.OpenAI(api_key='k').close()", "1 passed", id="runs it"),
        pytest.param("pass", "1 failed", id="does not"),
        pytest.param("import openai", "1 failed", id="only imports it"),
    ],
)
def test_a_test_with_a_clients_mark_has_to_run_it(
    tmp_path: Path, body: str, outcome: str
) -> None:
    file = tmp_path / "test_marked.py"
    file.write_text(
        "import openai, pytest\n\n"
        '@pytest.mark.client("openai", registry="PyPI")\n'
        f"def test_it() -> None:\n    {body}\n"
    )
    options = ["-q", "-p", "tests.fixtures_published", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml")]

    done = subprocess.run(
        [*command, *options, str(file)], cwd=ROOT, capture_output=True, text=True
    )

    assert outcome in done.stdout, done.stdout + done.stderr
    assert ("did not run: `openai`" in done.stdout) == ("failed" in outcome)
