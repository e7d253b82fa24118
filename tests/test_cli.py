"""The operator's commands do one thing each, and say in a sentence what went wrong."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import update

from model.finding import Rule
from service import auth, cli
from service.commands import common as command
from service.domain import Outcome, Thresholds
from service.first_start import EXAMPLE, curl
from service.settings import load_settings
from service.store.accounts import Accounts, Role
from service.store.migrate import VERSION
from service.store.sites import Sites
from service.store.store import open_store
from tests.fixtures_store import KEY

ROOT = Path(__file__).parent.parent
NO_NAME = "A name must have 1 to 64 printable characters, and no slash."


class Operator:
    """Somebody at a shell, in front of one database."""

    def __init__(self, env: dict[str, str]) -> None:
        self.app = Flask("operator")
        self.settings = load_settings(env)
        self.store = open_store(self.settings)
        self.app.extensions[command.PARTS] = command.Parts(self.settings, self.store)
        cli.register(self.app)

    def types(self, line: str) -> Result:
        """Run a command; what it printed and its status."""
        return self.app.test_cli_runner().invoke(args=shlex.split(line))


@pytest.fixture
def operator(database_url: str) -> Iterator[Operator]:
    """One whose database had its first start."""
    operator = Operator({"DATABASE_URL": database_url})
    yield operator
    operator.store.database.close()


@pytest.fixture
def newcomer(empty_url: str) -> Iterator[Operator]:
    """One whose database was never used."""
    operator = Operator({"DATABASE_URL": empty_url, "PORT": "8123"})
    yield operator
    operator.store.database.close()


def test_the_first_start_shows_secrets_that_work(newcomer: Operator) -> None:
    shown = newcomer.types("init")

    assert shown.exit_code == 0
    key, password = re.findall(r"(?:API key|Password) +(\S+)", shown.stdout)
    bearer = auth.bearer_hash(f"Bearer {key}")
    assert auth.authenticate(newcomer.store, bearer).name == "default"
    accounts = Accounts(newcomer.store.database)
    moderator = auth.check_password(accounts, "moderator", password)
    assert moderator is not None
    assert moderator.role is Role.EDITOR


def test_the_first_start_shows_a_request_that_can_be_pasted(newcomer: Operator) -> None:
    shown = newcomer.types("init").stdout

    (line,) = re.findall("^curl .*$", shown, flags=re.MULTILINE)
    words = shlex.split(line)
    assert words[2] == "http://127.0.0.1:8123/v1/moderate"
    assert words[4].startswith("Authorization: Bearer rf_")
    assert json.loads(words[-1]) == EXAMPLE


def test_the_second_start_shows_no_secrets_and_makes_none(newcomer: Operator) -> None:
    newcomer.types("init")

    shown = newcomer.types("init")

    assert (shown.exit_code, shown.output) == (0, "The database is ready.\n")
    assert len(Accounts(newcomer.store.database).all_keys()) == 1


def flask(line: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "service.cli", *shlex.split(line)],
        cwd=ROOT,
        env=os.environ | env,
        capture_output=True,
        text=True,
    )


def test_the_command_line_starts_without_a_model(empty_url: str) -> None:
    env = {"DATABASE_URL": empty_url, "REFRAIN_ARTIFACT": "/nowhere"}

    first, second = flask("init", env), flask("init", env)

    assert (first.returncode, first.stderr) == (0, "")
    assert "API key" in first.stdout
    assert (second.stdout, second.stderr) == ("The database is ready.\n", "")


def test_a_second_start_loads_neither_migrations_nor_a_model(
    database_url: str,
) -> None:
    code = (
        "import sys; from service.cli import create_app;"
        "create_app().test_cli_runner().invoke(args=['init'], catch_exceptions=False);"
        "print({'alembic', 'numpy', 'model.judge'} & set(sys.modules))"
    )

    shown = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database_url},
        capture_output=True,
        text=True,
    )

    assert (shown.stdout, shown.stderr) == ("set()\n", "")


def test_a_senseless_setting_is_one_sentence() -> None:
    shown = flask("init", {"PORT": "http"})

    assert shown.returncode == 1
    assert shown.stderr == "Error: PORT must be a whole number from 0 to 65535.\n"


def test_the_whole_service_has_the_commands_too() -> None:
    # Not imported by `service.cli`, for it brings the model with it.
    from service.services import NAME, Services

    assert command.PARTS == NAME
    assert {f.name for f in fields(command.Parts)} <= {f.name for f in fields(Services)}


@pytest.mark.parametrize(
    ("bind", "host"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104 - nothing listens here
        ("::", "127.0.0.1"),
        ("::1", "[::1]"),
        ("news.example", "news.example"),
    ],
)
def test_the_request_goes_where_the_service_listens(bind: str, host: str) -> None:
    settings = load_settings({"BIND": bind, "PORT": "80"})

    assert f" http://{host}:80/v1/moderate " in curl(KEY, settings).replace("'", "")


def test_migrating_makes_tables_but_no_accounts(newcomer: Operator) -> None:
    first, second = newcomer.types("migrate"), newcomer.types("migrate")

    assert first.output == "The tables were updated.\n"
    assert second.output == "The tables are current.\n"
    assert not Accounts(newcomer.store.database).is_installed()


def test_a_new_key_opens_its_site_until_it_is_revoked(operator: Operator) -> None:
    operator.types("create-site sports")
    key = operator.types("create-key sports --label 'comment box'").output.strip()

    bearer = auth.bearer_hash(f"Bearer {key}")
    assert auth.authenticate(operator.store, bearer).name == "sports"
    assert operator.types("revoke-key 2").output == "Revoked key 2.\n"
    listed = operator.types("keys").output.splitlines()
    assert re.fullmatch(r"1\tdefault\t2026-03-01\topen\tinit", listed[0])
    assert re.fullmatch(r"2\tsports\t[\d-]+\trevoked [\d-]+\tcomment box", listed[1])
    assert key not in "".join(listed)


def test_a_new_moderator_signs_in_with_the_shown_password(operator: Operator) -> None:
    password = operator.types("create-moderator ann --role editor").output.strip()

    accounts = Accounts(operator.store.database)
    ann = auth.check_password(accounts, "ann", password)
    assert ann is not None
    assert ann.role is Role.EDITOR


def test_a_moderator_is_no_editor_unless_said_so(operator: Operator) -> None:
    operator.types("create-moderator bob")

    bob = Accounts(operator.store.database).moderator("bob")
    assert bob is not None
    assert bob.role is Role.MODERATOR


def test_thresholds_are_set_as_a_new_version(operator: Operator) -> None:
    shown = operator.types("set-thresholds default obscene 0 off")

    assert shown.output == "The policy is now default@2.\n"
    (site,) = Sites(operator.store.database).all()
    assert site.thresholds == {Rule.OBSCENE: Thresholds(0.0, None)}


def test_what_a_flagged_comment_gets_is_set_as_a_new_version(
    operator: Operator,
) -> None:
    shown = operator.types("set-flagged default reject")

    assert shown.output == "The policy is now default@2.\n"
    (site,) = Sites(operator.store.database).all()
    assert site.flagged_until_decided is Outcome.REJECT


def test_sites_are_listed_with_their_policies(operator: Operator) -> None:
    operator.types("create-site sports")
    operator.types("set-thresholds sports personal 0.5 0.75")

    listed = operator.types("sites").output.splitlines()

    assert listed == [
        "default@1\tflagged: accept",
        "sports@2\tflagged: accept\tpersonal 0.5 0.75",
    ]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("create-site default", "There is a site named 'default' already."),
        ("create-site ''", NO_NAME),
        ("create-site sport/cricket", NO_NAME),
        ("create-site ..", NO_NAME),
        ("create-key nowhere", "There is no site named 'nowhere'."),
        ("revoke-key 7", "There is no key 7 to revoke."),
        ("create-moderator editor", "There is a moderator named 'editor' already."),
        ("set-thresholds nowhere obscene 0 1", "There is no site named 'nowhere'."),
        ("set-flagged nowhere accept", "There is no site named 'nowhere'."),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_status_1(
    operator: Operator, line: str, sentence: str
) -> None:
    shown = operator.types(line)

    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr == f"Error: {sentence}\n"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("set-thresholds default obscene 0.9 0.4", "flag=0.9 must not exceed reject="),
        ("set-thresholds default obscene 0.4 1.5", "reject=1.5 is outside [0, 1]"),
        ("set-thresholds default obscene 0.4 nan", "reject=nan is outside [0, 1]"),
        ("set-thresholds default obscene much 1", "'much' is neither a number nor"),
        ("set-thresholds default rude 0 1", "'rude' is not one of 'derogatory'"),
        ("set-flagged default maybe", "'maybe' is not one of 'accept', 'reject'"),
        ("create-moderator ann --role owner", "'owner' is not one of 'moderator'"),
        ("revoke-key first", "'first' is not a valid integer"),
        ("create-key", "Missing argument 'SITE'"),
    ],
)
def test_a_misspelt_command_is_explained_with_status_2(
    operator: Operator, line: str, sentence: str
) -> None:
    shown = operator.types(line)

    assert (shown.exit_code, shown.stdout) == (2, "")
    assert sentence in shown.stderr
    assert [site.policy for site in Sites(operator.store.database).all()] == [
        "default@1"
    ]


@pytest.mark.parametrize("line", ["sites", "keys", "create-site x", "create-key x"])
def test_before_the_first_start_every_command_says_what_to_run(
    newcomer: Operator, line: str
) -> None:
    shown = newcomer.types(line)

    assert shown.exit_code == 1
    assert shown.stderr.endswith("run `flask init`.\n")
    assert shown.stderr.count("\n") == 1


@pytest.mark.parametrize("line", ["init", "migrate"])
def test_a_newer_database_is_left_to_newer_code(operator: Operator, line: str) -> None:
    with operator.store.database.writing() as connection:
        connection.execute(update(VERSION).values(version_num="9999"))

    shown = operator.types(line)

    assert shown.exit_code == 1
    assert "belongs to a newer version of Refrain" in shown.stderr
    assert shown.stderr.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    operator = Operator({"REFRAIN_DATA_DIR": str(tmp_path / "file" / "var")})

    shown = operator.types("init")

    assert shown.exit_code == 1
    assert shown.stderr == (
        f"Error: The database {tmp_path}/file/var/refrain.db cannot be created: "
        "Not a directory.\n"
    )


def test_a_server_that_does_not_answer_is_one_sentence() -> None:
    operator = Operator({"DATABASE_URL": "postgresql://ann:secret@127.0.0.1:1/db"})

    shown = operator.types("init")

    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr == (
        "Error: The database server does not answer or refuses the connection.\n"
    )
