"""Whatever is run by hand says how, and what is wrong with how it was called."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from flask import Flask

from model import evaluate, fetch, retrain
from service import cli
from tests.fixtures_service import ROOT

GUARD = 'if __name__ == "__main__":'
SCRIPTS = sorted(
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__")
    for top in ("model", "service")
    for file in (ROOT / top).rglob("*.py")
    if GUARD in file.read_text("utf-8")
)
COMMANDS = [command.name for command in cli.COMMANDS]
NOWHERE = "/proc/nowhere"
"""A folder that nobody can make."""


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", script, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "REFRAIN_DATA_DIR": NOWHERE},
        capture_output=True,
        text=True,
        check=False,
    )


def test_all_scripts_are_found() -> None:
    assert {"model.retrain", "service.archive", "service.run"} <= {*SCRIPTS}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_says_how_it_is_run(script: str) -> None:
    done = run(script, "--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: python -m {script} [-h]")


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_refuses_an_argument_that_it_does_not_know(script: str) -> None:
    done = run(script, "--nonsense")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith(f"python -m {script}: error: ")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_how_it_is_run_and_what_is_wrong_with_how_it_was(
    command: str,
) -> None:
    app = Flask("operator")
    cli.register(app)
    runner = app.test_cli_runner()

    helped = runner.invoke(args=[command, "--help"])
    assert helped.exit_code == 0
    assert helped.output.startswith("Usage: ")
    for arguments in (["--nonsense"], ["x"] * 5):
        refused = runner.invoke(args=[command, *arguments])
        assert refused.exit_code == click.UsageError.exit_code == 2
        assert refused.output.splitlines()[-1].startswith("Error: ")


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """A file that would be learnt from, or evaluated on."""
    file = tmp_path / "labels.jsonl"
    file.write_text('{"schema": 1, "text": "A fair point.", "rejected": false}\n')
    return file


def test_a_report_that_cannot_be_written_is_a_sentence_before_anything_is_measured(
    labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate.main([str(labels), "--out", NOWHERE]) == 2

    said = capsys.readouterr()
    assert said.err.startswith("evaluate: the report cannot be written: ")
    assert said.out == ""


def test_corpora_that_cannot_be_written_are_not_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        fetch.main(["--out", NOWHERE])

    assert ended.value.code == 2
    assert f"error: {NOWHERE} cannot be written: " in capsys.readouterr().err


def test_a_seed_is_no_number_below_zero(
    labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        retrain.main([str(labels), "--seed", "-1"])

    assert ended.value.code == 2
    assert "--seed: -1 is no whole number from 0 on" in capsys.readouterr().err
