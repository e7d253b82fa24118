"""The operator's commands for the words and the versions of a site's policy."""

from __future__ import annotations

import shlex

import pytest
from click.testing import Result
from flask import Flask

from model.finding import Rule
from model.lexicon.entries import Forms, Strength
from service import cli
from service.commands import common as command
from service.domain import Word
from service.settings import load_settings
from service.store.records import Site
from service.store.sites import Sites
from service.store.store import Store


class Operator:
    """Somebody at a shell, in front of one database."""

    def __init__(self, database_url: str, store: Store) -> None:
        self.app = Flask("operator")
        settings = load_settings({"DATABASE_URL": database_url})
        self.app.extensions[command.PARTS] = command.Parts(settings, store)
        cli.register(self.app)
        self._sites = Sites(store.database)

    def types(self, line: str, answer: str = "") -> Result:
        """Run a command, and answer what it asks."""
        runner = self.app.test_cli_runner()
        return runner.invoke(args=shlex.split(line), input=answer)

    def site(self) -> Site:
        """The site as it is now."""
        return self._sites.find("default")


@pytest.fixture
def operator(database_url: str, store: Store) -> Operator:
    """One whose database had its first start."""
    return Operator(database_url, store)


def test_a_word_is_added_as_a_new_version(operator: Operator) -> None:
    shown = operator.types(
        "add-word default 'Frob nicator' obscene reject --forms word --note why"
    )

    assert shown.exit_code == 0
    assert shown.output.splitlines() == [
        "“Frob nicator” (reject, obscene, as it stands) is found in 0 of the last 0 "
        "accepted comments whose texts are kept (most accepted ones are not).",
        "The policy is now default@2. Workers follow within 5 seconds.",
    ]
    assert operator.site().words == (
        Word("Frob nicator", Rule.OBSCENE, Strength.REJECT, Forms.WORD),
    )


def test_a_word_that_stands_in_names_is_added_only_if_it_is_meant(
    operator: Operator,
) -> None:
    asked = operator.types("add-word default dick obscene reject", "n\n")
    assert asked.exit_code == 1
    assert "Names it would be found in: Dick Schaap, Fort Dick" in asked.output
    assert "Names that an allow list keeps from it: Andy Dick" in asked.output
    assert operator.site().words == ()

    meant = operator.types("add-word default dick obscene reject --yes")
    assert meant.exit_code == 0
    assert [word.text for word in operator.site().words] == ["dick"]


def test_words_are_listed_and_removed(operator: Operator) -> None:
    operator.types("add-word default frob personal flag")
    operator.types("allow-word default 'Pig War'")
    listed = operator.types("words default").output.splitlines()

    operator.types("remove-word default FROB")
    operator.types("remove-word default 'pig war'")

    assert listed == ["frob\tpersonal\tflag\tstem", "Pig War\tallowed"]
    assert operator.types("words default").output == ""
    assert operator.site().policy_version == 5


def test_versions_are_listed_with_what_they_changed(operator: Operator) -> None:
    operator.types("add-word default frob personal flag --note 'the debate'")
    operator.types("restore-policy default 1")

    lines = operator.types("policy-versions default").output.splitlines()
    last = operator.types("policy-versions default --limit 1").output.splitlines()

    assert [line.split("\t")[0] for line in lines] == [
        "default@3",
        "",
        "default@2",
        "",
        "default@1",
    ]
    assert lines[0].split("\t")[2:] == ["cli", "Back to version 1."]
    assert lines[1] == "\tremoved “frob”"
    assert lines[2].split("\t")[2:] == ["cli", "the debate"]
    assert lines[3] == "\tadded “frob” (flag, personal, with its forms)"
    assert last == lines[:2]


@pytest.mark.parametrize(
    ("line", "status", "sentence"),
    [
        ("words nowhere", 1, "There is no site named 'nowhere'."),
        ("add-word nowhere x obscene flag", 1, "There is no site named 'nowhere'."),
        ("add-word default f.*k obscene flag", 1, "Error: What has * in it"),
        ("add-word default x rude flag", 2, "'rude' is not one of"),
        ("add-word default x obscene ban", 2, "'ban' is not one of"),
        ("allow-word default '!!!'", 1, "no letter or digit"),
        ("remove-word default x", 1, "default has no word or allowed phrase 'x'."),
        ("restore-policy default 7", 1, "default has had no version 7."),
        ("restore-policy default 0", 2, "0 is not in the range"),
    ],
)
def test_a_wrong_command_says_why_and_changes_nothing(
    operator: Operator, line: str, status: int, sentence: str
) -> None:
    shown = operator.types(line)

    assert shown.exit_code == status
    assert sentence in shown.output
    assert operator.site().policy_version == 1
