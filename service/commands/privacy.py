"""The operator's commands for people's data and for the log, among `service.cli`'s.

What is imported inside takes more time to load than all other commands take.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING

import click

from service.commands.common import database, now, parts, plainly
from service.store.seals import Head, Seals
from service.store.sites import Sites

if TYPE_CHECKING:
    from service.erasure import Erasure
    from service.store.erasing import Erased
    from service.store.retention import Purged, Retention, Sort

BY = "operator"
"""Who is said to have erased what is erased here."""

HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})", re.ASCII)

site_option = click.option("--site", metavar="NAME", required=True, help="On which.")


class Noted(click.ParamType[Head]):
    """An entry of the chain as `verify-log` has printed it."""

    name = "number:hash"

    def convert(
        self,
        value: str | Head,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Head:
        """Parse one."""
        if isinstance(value, Head):
            return value
        found = HEAD.fullmatch(value.strip().lower())
        if found is None:
            self.fail(f"{value!r} is no entry such as 4711:3f9a….", param, ctx)
        return Head(int(found[1]), found[2])


@click.command("erase")
@site_option
@click.option("--comment", metavar="ID", help="This comment.")
@click.option("--author", metavar="ID", help="All that this author wrote.")
@plainly
def erase(site: str, comment: str | None, author: str | None) -> None:
    """Erase a comment, or all that an author wrote; it cannot be undone.

    Nothing is left but that it was decided; see docs/privacy.md.
    """
    if (comment is None) == (author is None):
        raise click.UsageError("Name either a comment or an author.")
    site_id = Sites(database()).find(site).id
    if comment is not None:
        erased = _erasure().comment(site_id, comment, by=BY)
    else:
        erased = _erasure().author(site_id, str(author), by=BY)
    for line in _said(erased):
        click.echo(line)


@click.command("export-person")
@site_option
@click.option("--author", metavar="ID", required=True, help="Whose data.")
@plainly
def export_person(site: str, author: str) -> None:
    """Write all that is stored of an author to standard output, as JSON.

    What others said of their comments is in it, but not who said it.
    """
    from service.store.person import People

    people = People(database())
    site_id = Sites(database()).find(site).id
    written = list(people.comments(site_id, author))
    complaints = people.complaints(site_id, author)
    if not written and not complaints:
        raise click.ClickException("Nothing is stored of an author of this id.")
    data = {
        "site": site,
        "author": author,
        "exported_at": now().isoformat(),
        "comments": written,
        "complaints": complaints,
    }
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


@click.command("purge")
@click.option("--compact", is_flag=True, help="Rewrite the files, too; writers wait.")
@plainly
def purge(compact: bool) -> None:
    """Take what was kept long enough, by the settings REFRAIN_KEEP_…; for cron.

    In small transactions: the service goes on meanwhile.
    """
    from service.store.retention import Retention

    here, moment = parts(), now()
    retention = Retention(database(), here.store.key_for, _days())
    purged = retention.purge(moment)
    reports, versions = _purge_learning(retention, moment)
    for line in _listed(purged, reports, versions):
        click.echo(line)
    _clear(compact=compact)


@click.command("verify-log")
@click.option(
    "--known",
    type=Noted(),
    multiple=True,
    help="An entry that was printed before and kept elsewhere; may be repeated.",
)
@click.option("--head", is_flag=True, help="Print nothing but the last entry.")
@plainly
def verify_log(known: tuple[Head, ...], head: bool) -> None:
    """Prove the hash chain over all decisions; status 1 where it is broken.

    Keep the last entry elsewhere: who may write in the database can make the whole
    chain anew, but not with that hash.
    """
    from service.sealing import seal_all

    seal_all(database())
    proof = Seals(database()).prove(known)
    if proof.fault:
        raise click.ClickException(proof.fault)
    if head:
        click.echo(str(proof.head))
        return
    more = f"; {proof.unsealed} are too new" if proof.unsealed else ""
    click.echo(f"{proof.head.number} entries are as they were sealed{more}.")
    click.echo(f"The last one: {proof.head}")


COMMANDS = (erase, export_person, purge, verify_log)


def _erasure() -> Erasure:
    from service.erasure import Erasure

    here = parts()
    return Erasure(here.store, here.settings.models_dir)


def _days() -> dict[Sort, int]:
    """How long each sort is kept."""
    from service.store.retention import Sort

    settings = parts().settings
    return {sort: getattr(settings, f"keep_{sort.value}") for sort in Sort}


def _purge_learning(retention: Retention, moment: datetime) -> tuple[int, int]:
    """Take old reports and candidates; says how many of each."""
    from service.reports import remove_old
    from service.store.lessons import Lessons
    from service.store.models import Models
    from service.store.retention import Sort

    end = retention.end(Sort.LEARNING, moment)
    if end is None:
        return 0, 0
    used = {stored.version for stored in Models(database()).versions()}
    lessons = Lessons(database())
    try:
        reports, gone = remove_old(parts().settings.models_dir, end, used)
    except OSError as error:
        said = f"Old reports cannot be removed: {error.strerror}."
        raise click.ClickException(said) from error
    for version in gone:
        lessons.forget(version)
    return reports, len(gone)


def _clear(*, compact: bool) -> None:
    """Take traces from the database's files, and reports of what was erased."""
    from service.sealing import clear_traces
    from service.store import files

    if compact or files.is_small(database()):
        files.compact(database())
    else:
        files.vacuum(database())
    _erasure().catch_up()
    clear_traces(database())
    files.empty_log(database())


def _said(erased: Erased) -> list[str]:
    lines = [
        f"Erased: {erased.comments} comments, {erased.texts} texts, "
        f"{erased.reports} reports, {erased.appeals} appeals."
    ]
    if erased.versions:
        names = ", ".join(sorted(erased.versions))
        lines.append(f"Learnt from by {names}; the next version does not.")
    return lines


def _listed(purged: Purged, reports: int, versions: int) -> list[str]:
    """What was taken, a line for each sort."""
    from service.store.retention import Sort

    texts = (Sort.REJECTED, Sort.SAMPLES, Sort.LABELS)
    counts = {f"texts of {sort}": purged.texts.get(sort, 0) for sort in texts}
    counts |= {
        "comments": purged.comments,
        "events": purged.events,
        "differences": purged.differences,
        "reports of training": reports,
        "candidates": versions,
    }
    return [f"{name}\t{count}" for name, count in counts.items()]
