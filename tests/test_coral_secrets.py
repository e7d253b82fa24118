"""The operator adds what Coral signs with, and nobody is ever shown it."""

from __future__ import annotations

import os
import pty
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from service.domain import Outcome
from service.errors import InvalidInput
from service.store import coral
from service.store.coral import CoralSecrets
from service.store.database import Database
from service.store.sites import Sites
from tests.fixtures_service import ROOT
from tests.fixtures_store import NOON
from tests.test_cli import Operator

ONE = "empsec_" + "1a" * 32
TWO = "whsec_" + "2b" * 32


@pytest.fixture
def operator(database_url: str) -> Iterator[Operator]:
    operator = Operator({"DATABASE_URL": database_url})
    yield operator
    operator.store.database.close()


@pytest.fixture
def secrets(database: Database) -> CoralSecrets:
    return CoralSecrets(database)


def piped(operator: Operator, line: str, stdin: str) -> Result:
    """Run a command with something on its standard input."""
    runner = operator.app.test_cli_runner()
    return runner.invoke(args=shlex.split(line), input=stdin)


def test_a_secret_is_read_from_a_pipe_and_not_repeated(operator: Operator) -> None:
    shown = piped(operator, "add-coral-secret default", f"{ONE}\n")

    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout == "Added secret 1 of default, for: moderation phase.\n"
    (kept,) = CoralSecrets(operator.store.database).all()
    assert (kept.secret, kept.site.name) == (ONE, "default")


def test_secrets_are_listed_without_being_shown(operator: Operator) -> None:
    Sites(operator.store.database).create("other", by="test", now=NOON)
    for site, secret in (("default", ONE), ("other", TWO)):
        piped(operator, f"add-coral-secret {site}", f"  {secret}  \r\nmore\n")

    everything = operator.types("coral-secrets").output
    of_one = operator.types("coral-secrets other").output

    first, second = everything.splitlines()
    assert first.startswith("1\tdefault\tmoderation phase\t20")
    assert second.startswith("2\tother\twebhooks\t20")
    assert of_one == f"{second}\n"
    assert "1a" not in everything
    assert "2b" not in everything


def test_a_secret_of_another_form_is_taken_with_a_question(operator: Operator) -> None:
    shown = piped(operator, "add-coral-secret default", "f" * 64)

    assert shown.exit_code == 0
    assert "unknown prefix" in shown.stdout
    assert "was it copied whole?" in shown.stderr


def test_a_secret_is_removed(operator: Operator) -> None:
    piped(operator, "add-coral-secret default", ONE)

    assert operator.types("remove-coral-secret 1").output == "Removed secret 1.\n"
    assert operator.types("coral-secrets").output == ""


@pytest.mark.parametrize(
    ("line", "stdin", "sentence"),
    [
        ("add-coral-secret nowhere", ONE, "There is no site named 'nowhere'."),
        ("add-coral-secret default", "", "A secret has 8 to 200 ASCII characters"),
        ("add-coral-secret default", "short", "A secret has 8 to 200 ASCII"),
        ("add-coral-secret default", "empsec_é" * 3, "A secret has 8 to 200 ASCII"),
        ("add-coral-secret default", "empsec_ 1234", "A secret has 8 to 200 ASCII"),
        ("add-coral-secret default", "e" * 201, "A secret has 8 to 200 ASCII"),
        ("remove-coral-secret 7", "", "There is no Coral secret 7."),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_status_1(
    operator: Operator, line: str, stdin: str, sentence: str
) -> None:
    shown = piped(operator, line, stdin)

    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr.startswith(f"Error: {sentence}")
    assert not stdin or stdin not in shown.output


def test_an_unknown_site_is_told_before_anything_is_listed(operator: Operator) -> None:
    assert operator.types("coral-secrets nowhere").stderr == (
        "Error: There is no site named 'nowhere'.\n"
    )


def test_what_is_typed_is_not_shown(tmp_path: Path) -> None:
    """At a real terminal."""
    command = [sys.executable, "-m", "flask", "--app", "service.cli"]
    env = {"PATH": os.environ["PATH"], "REFRAIN_DATA_DIR": str(tmp_path)}
    subprocess.run(
        [*command, "init"], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL
    )
    here, there = pty.openpty()
    with subprocess.Popen(
        [*command, "add-coral-secret", "default"],
        cwd=ROOT,
        env=env,
        stdin=there,
        stdout=there,
        stderr=there,
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(there), os.O_RDWR)),
    ):
        os.close(there)
        shown = b""
        while b"Secret:" not in shown:
            shown += os.read(here, 1000)
        os.write(here, f"{ONE}\n".encode())
        shown += rest(here)

    assert b"Added secret 1 of default" in shown
    assert ONE.encode() not in shown


def rest(terminal: int) -> bytes:
    """Whatever is still shown, until the program ends."""
    shown = b""
    try:
        while more := os.read(terminal, 1000):
            shown += more
    except OSError:  # How Linux tells that there is nobody at the other end.
        pass
    finally:
        os.close(terminal)
    return shown


# The store


def test_the_same_secret_is_not_added_twice(secrets: CoralSecrets) -> None:
    secrets.add("default", ONE, NOON)

    with pytest.raises(InvalidInput, match="This is secret 1 already") as caught:
        secrets.add("default", ONE, NOON)

    assert ONE not in str(caught.value)


def test_there_are_only_so_many(
    secrets: CoralSecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coral, "MOST", 2)
    secrets.add("default", ONE, NOON)
    second = secrets.add("default", TWO, NOON)

    with pytest.raises(InvalidInput, match="There are 2 secrets: remove one first"):
        secrets.add("default", "empsec_three", NOON)

    secrets.remove(second)
    secrets.add("default", "empsec_three", NOON)
    assert [one.secret for one in secrets.all()] == [ONE, "empsec_three"]


def test_a_secret_comes_with_the_policy_that_is_in_force(
    secrets: CoralSecrets, database: Database
) -> None:
    secrets.add("default", ONE, NOON)
    Sites(database).set_flagged("default", Outcome.REJECT, by="test", now=NOON)

    (found,) = secrets.all()

    assert found.site == Sites(database).find("default")
    assert found.site.flagged_until_decided is Outcome.REJECT
    assert found.created_at == NOON


def test_a_secret_is_not_in_a_representation(secrets: CoralSecrets) -> None:
    secrets.add("default", ONE, NOON)

    assert ONE not in repr(secrets.all())
