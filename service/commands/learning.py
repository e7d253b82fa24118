"""The operator's command by which the model learns from people, among `service.cli`'s.

What is imported inside takes more time to load than all other commands take.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.commands.common import database, now, parts, plainly
from service.commands.labels import agreeing, counted, since_option, site_option
from service.commands.models import FOLLOWS, base, candidates, explained, find
from service.errors import NotPossible

if TYPE_CHECKING:
    from model.artifact import Artifact
    from model.labels import Label
    from model.learn import Learnt
    from service.contradictions import Agreeing

BY = "learn"
"""Who is named in the log as having promoted a version here."""

LOCK = "learn.lock"
NICENESS = 10
"""How much this gives way to what answers readers."""


class BadLabels(click.ClickException):
    """Nothing can be learnt from what people decided."""

    exit_code = 2


@click.command("learn")
@click.option("--auto", is_flag=True, help="Promote what its gate has passed.")
@since_option
@site_option
@click.option(
    "--corpora",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Train anew from the corpora in this folder and the labels together.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@plainly
def learn(
    auto: bool,
    since: datetime | None,
    site: str | None,
    corpora: Path | None,
    seed: int,
) -> None:
    """Train a version from what people decided, and hold it against the active one.

    Status 0: its gate has passed it, or there is nothing new; 1: its gate has refused
    it, or the run has failed; 2: nothing can be learnt from these decisions.
    """
    found = agreeing(site, since)
    with _alone(parts().settings.data_dir), _private():
        current = artifact()
        learnt = _learnt(found, current, corpora, seed, auto=auto)
        if learnt is None:
            click.echo(
                f"Nothing new: {current.version} has learnt that, and is active."
            )
            return
        _protect(learnt.folder)
        _note(learnt, found.keys)
    for line in learnt.gate.said():
        click.echo(line)
    if learnt.report.exists():
        click.echo(f"Report: {learnt.report}")
    version = learnt.artifact.version
    if not learnt.gate.passed:
        raise click.ClickException(f"{version} is refused: it is not shown better.")
    if auto:
        _promote(learnt, current)
    else:
        click.echo(f"To let it answer: flask promote {version}")


COMMANDS = (learn,)


def artifact(version: str | None = None) -> Artifact:
    """A version of the model; None for the one that answers.

    Args:
        version: its name, or the path of its folder.

    Raises:
        ClickException: it cannot be served.
        NotPossible: there is none.
    """
    from model import artifact as artifacts
    from service.store.models import Models

    models = Models(database())
    with explained():
        what: str | Path = models.active() or base()
        if version is not None:
            is_folder = (Path(version) / "card.json").is_file()
            what = Path(version) if is_folder else find(version)
        if isinstance(what, Path):
            return artifacts.load(what)
        found = models.artifact(what)
    if found is None:
        raise NotPossible(f"The weights of {what} are not in the database.")
    return found


def _learnt(
    found: Agreeing,
    current: Artifact,
    corpora: Path | None,
    seed: int,
    *,
    auto: bool,
) -> Learnt | None:
    """Train and compare, at leisure; None if the active version has learnt all that.

    Only the version's folder is left of it.

    Raises:
        ClickException: there is too little to learn from, with status 2; or the version
            cannot be written.
        NotPossible: people have rolled back just what would come of it.
    """
    from model import artifact as artifacts
    from model.dataset import UnreadableData
    from model.labels import check_classes

    told = list(found)
    click.echo(counted(Counter(one.rejected for one in told), found.contradictions))
    try:
        check_classes(told)
        with explained():
            default = artifacts.load(base())
        if corpora is None:
            wanted = _wanted(default, told, seed)
            if _origin(current.card) == wanted:
                return None
            if auto:
                _check_not_undone(wanted)
        candidates().mkdir(mode=0o700, parents=True, exist_ok=True)
        return _trained(told, default, current, corpora, seed)
    except UnreadableData as error:
        raise BadLabels(f"Nothing can be learnt: {error}.") from error
    except OSError as error:
        said = f"The new version cannot be written: {error.strerror or error}."
        raise click.ClickException(said) from error


def _trained(
    told: Sequence[Label],
    default: Artifact,
    current: Artifact,
    corpora: Path | None,
    seed: int,
) -> Learnt:
    from tqdm import tqdm

    from model import learn as learning

    os.nice(NICENESS)
    with tqdm(unit="stage", disable=None, leave=False) as bar:

        def report(stage: str) -> None:
            bar.set_description(stage)
            bar.update()

        return learning.learn(
            told,
            base=default,
            current=current,
            out=candidates(),
            corpora=corpora,
            seed=seed,
            report=report,
        )


def _wanted(default: Artifact, told: Sequence[Label], seed: int) -> str:
    """The `_origin` of what would come of these labels."""
    from model.adapt import settings
    from model.holdout import hold_out
    from model.lessons import fingerprint_of

    return _origin(
        {
            "mode": "adapt",
            "parent": default.version,
            "data": default.card.get("data"),
            "labels": {"fingerprint": fingerprint_of(hold_out(told).train)},
            "settings": settings(seed),
        }
    )


def _origin(card: Mapping[str, Any]) -> str:
    """What a version was made of, and how: the same for equal ones of two days."""
    made = {name: card.get(name) for name in ("mode", "parent", "data", "settings")}
    made["labels"] = card.get("labels", {}).get("fingerprint")
    return json.dumps(made, sort_keys=True)


def _check_not_undone(wanted: str) -> None:
    """Raise NotPossible if people took that back: no clock may overrule them."""
    from service.store.models import Models

    for one in Models(database()).undone():
        if _origin(one.card) == wanted:
            raise NotPossible(
                f"{one.version} has learnt just that, and was rolled back. "
                f"To let it answer all the same: flask promote {one.version}"
            )


def _note(learnt: Learnt, keys: Sequence[int]) -> None:
    """Note which comments a version has learnt from, in case one is erased some day.

    One may have been erased while it was trained: then the report must not stay.
    """
    from service.erasure import Erasure
    from service.store.lessons import Lessons

    here = parts()
    Lessons(database()).note(learnt.artifact.version, keys)
    Erasure(here.store, here.settings.models_dir).catch_up()
    if learnt.artifact.version in Lessons(database()).erased():
        said = "A comment was erased meanwhile: run `flask learn` again."
        click.echo(said, err=True)


def _promote(learnt: Learnt, current: Artifact) -> None:
    """Let the new version answer.

    Raises:
        NotPossible: it was held against a version that is not active any more, or
            people have rolled back the same.
    """
    from service.store.models import Models

    version = learnt.artifact.version
    _check_not_undone(_origin(learnt.artifact.card))
    with explained():
        done = Models(database()).promote(
            learnt.folder, base=base(), by=BY, now=now(), expecting=current.version
        )
    if not done.is_new:
        click.echo(f"{version} is active already.")
        return
    click.echo(f"{version} is active now, and {done.replaces} is not. {FOLLOWS}")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other runs in this data folder from starting until this one ends.

    Raises:
        ClickException: one is under way, or the folder cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = os.open(folder / LOCK, os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError as error:
        said = f"{folder} cannot be written: {error.strerror}."
        raise click.ClickException(said) from error
    try:
        _lock(held)
        yield
    finally:
        os.close(held)


def _lock(file: int) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise click.ClickException("`flask learn` is running already.") from error


@contextmanager
def _private() -> Iterator[None]:
    """Have new files readable for their owner only: a report shows comments."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _protect(folder: Path) -> None:
    """The same for a version's folder, which others may read where it is made."""
    folder.chmod(0o700)
    for file in folder.iterdir():
        file.chmod(0o600)
