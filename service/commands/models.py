"""The operator's commands for versions of the model, among those of `service.cli`.

What is imported inside them takes more time to load than all other commands take.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.commands.common import database, now, parts, plainly
from service.errors import NotPossible

if TYPE_CHECKING:
    from service.store.models import Models
    from service.store.shadows import Noticed, Shadowing, Tally

BY = "cli"
"""Who is named in the log as having promoted a version here."""

OFF = "off"
LOOKED = 1_000
"""Entries of the log that are looked through for when a version was promoted."""

FOLLOWS = "Running workers follow within 5 seconds."


@click.command("models")
@plainly
def list_models() -> None:
    """List versions of the model: name, what it is, its gate, since when, by whom.

    And of how many comments that it has learnt from nothing is left.
    """
    for columns in _listed():
        click.echo("\t".join(columns).rstrip())


@click.command("promote")
@click.argument("version")
@click.option("--anyway", is_flag=True, help="Even if its gate has not passed it.")
@plainly
def promote(version: str, anyway: bool) -> None:
    """Let a version of the model answer, on all replicas.

    It is one that is stored, or a folder in `models` below REFRAIN_DATA_DIR.
    """
    from service.store.versions import compared_with

    what = find(version)
    with explained():
        done = _models().promote(what, base=_base(), by=BY, now=now(), anyway=anyway)
    if not done.is_new:
        click.echo(f"{version} is active already.")
        return
    replaced = done.replaces or _base_name()
    click.echo(f"{version} is active now, and {replaced} is not. {FOLLOWS}")
    against = compared_with(_card(what))
    if against not in (None, replaced):
        said = f"Mind that its gate compared it with {against}, not {replaced}."
        click.echo(said, err=True)


@click.command("rollback")
@plainly
def rollback() -> None:
    """Undo the last promotion; again, and the one before it is undone, too."""
    with explained():
        done = _models().rollback(by=BY, now=now(), base=_base())
    ended = done.replaces or _base_name()
    back = done.version or _base_name()
    click.echo(f"{back} is active again, and {ended} is not. {FOLLOWS}")


@click.command("shadow")
@click.argument("version", metavar=f"VERSION|{OFF}")
@plainly
def shadow(version: str) -> None:
    """Have a version judge beside the active one, never answering; or end that.

    `flask differences` shows what it would have decided otherwise.
    """
    what = None if version == OFF else find(version)
    with explained():
        _models().shadow(what, base=base(), by=BY, now=now())
    if what is None:
        click.echo("Nothing is the shadow any more.")
    else:
        click.echo(f"{version} is the shadow now, and never answers. {FOLLOWS}")


@click.command("differences")
@click.option(
    "--last", type=click.IntRange(0), default=20, show_default=True, help="How many."
)
@click.option("--text", is_flag=True, help="With the comments' texts that are kept.")
@plainly
def list_differences(last: int, text: bool) -> None:
    """Count and list what the shadow would have decided otherwise, newest first.

    Site, comment, what it got and would have got, and for which rule.
    """
    from service.store.shadows import Shadows

    shadows = Shadows(database())
    shadowing = shadows.latest()
    if shadowing is None:
        click.echo("No version was ever the shadow.")
        return
    click.echo(_summary(shadowing, shadows.tally(shadowing)))
    for noticed in shadows.last(shadowing.key, last):
        click.echo(_line(noticed, text))


COMMANDS = (list_models, promote, rollback, shadow, list_differences)


def candidates() -> Path:
    """The folder in which candidates are."""
    return parts().settings.models_dir


def base() -> Path:
    """The folder of the version that answers where none is promoted.

    Raises:
        ClickException: none ships.
    """
    from model.artifact import shipped

    with explained():
        return parts().settings.artifact or shipped()


def _base() -> Path | None:
    """The same; None if none ships, which must not keep stored versions away."""
    from model.artifact import BrokenArtifact, shipped

    try:
        return parts().settings.artifact or shipped()
    except BrokenArtifact:
        return None


def _base_name() -> str:
    folder = _base()
    return _name(folder) if folder else "the base"


def find(version: str) -> Path | str:
    """A candidate's folder, the base's, or else the name of a version that is stored.

    Raises:
        NotPossible: there is none of this name.
    """
    from service.store.versions import card_in

    for folder in (*_folders(), *filter(None, [_base()])):
        if card_in(folder).get("version") == version:
            return folder
    if any(stored.version == version for stored in _models().versions()):
        return version
    raise NotPossible(
        f"There is no version {version}: neither in the database nor in {candidates()}."
        " See `flask models`."
    )


def _models() -> Models:
    from service.store.models import Models

    return Models(database())


def _folders() -> list[Path]:
    # Not what begins with a dot: a run that was killed may have left its draft.
    return sorted(card.parent for card in candidates().glob("[!.]*/card.json"))


@contextmanager
def explained() -> Iterator[None]:
    """Turn what is wrong with a version into a sentence and a status."""
    from model.artifact import BrokenArtifact

    try:
        yield
    except BrokenArtifact as error:
        raise click.ClickException(f"The model cannot be served: {error}.") from error


def _name(folder: Path) -> str:
    """The version in a folder, by its card; else by the folder's name."""
    from service.store.versions import card_in

    return str(card_in(folder).get("version", folder.name))


def _card(what: Path | str) -> Mapping[str, Any]:
    """The card of what `find` has found."""
    from service.store.versions import card_in

    if isinstance(what, Path):
        return card_in(what)
    return next(one.card for one in _models().versions() if one.version == what)


def _listed() -> Iterator[list[str]]:
    """The columns of every version, the newest name first."""
    from service.store.lessons import Lessons
    from service.store.shadows import Shadows
    from service.store.versions import card_in

    models, default = _models(), _name(base())
    erased = Lessons(database()).erased()
    cards = {_name(folder): card_in(folder) for folder in (base(), *_folders())}
    kept = {one.version: one for one in models.versions()}
    log = {one.version or default: one for one in reversed(models.promotions(LOOKED))}
    active = models.active() or default
    shadowing = Shadows(database()).present()
    beside = shadowing.version if shadowing else None
    for name in sorted({*cards, *kept}, reverse=True):
        roles = {
            "active": name == active,
            "shadow": name == beside,
            "base": name == default,
            "candidate": name in cards and name not in log and name != default,
            "card only": name not in cards and not kept[name].has_weights,
        }
        about = ""
        if name == beside and shadowing:
            about = f"since {_moment(shadowing.begun_at)} by {shadowing.begun_by}"
        elif name in log:
            how = "since" if name == active else "promoted"
            about = f"{how} {_moment(log[name].promoted_at)} by {log[name].promoted_by}"
        card = cards[name] if name in cards else kept[name].card
        is_a = ", ".join(role for role, holds in roles.items() if holds) or "stored"
        gate = "-" if name == default else _gate(card)
        count = erased.get(name)
        lost = f"has learnt from {count} erased since" if count else ""
        yield [name, is_a, gate, about, lost]


def _gate(card: Mapping[str, Any]) -> str:
    from service.store.versions import compared_with, has_passed

    if not card:
        return "unreadable"
    if compared_with(card) is None:
        return "no gate"
    return "gate passed" if has_passed(card) else "gate refused"


def _summary(shadowing: Shadowing, tally: Tally) -> str:
    until = f" until {_moment(shadowing.ended_at)}" if shadowing.ended_at else ""
    return (
        f"{shadowing.version}, the shadow since {_moment(shadowing.begun_at)}{until}: "
        f"{shadowing.judged} comments judged, {tally.stricter} stricter, "
        f"{tally.milder} milder, {tally.same} the same; {tally.skipped} skipped."
    )


def _line(noticed: Noticed, with_text: bool) -> str:
    found = noticed.difference
    columns = [
        noticed.site,
        _printable(found.comment_id),
        f"{found.was} → {found.would}",
        f"{found.was_rule or '-'} → {found.would_rule or '-'}",
    ]
    if with_text:
        columns.append("-" if noticed.text is None else _printable(noticed.text))
    return "\t".join(columns)


def _printable(text: str) -> str:
    """One line without anything that a terminal obeys."""
    return "".join(one if one.isprintable() else " " for one in text)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
