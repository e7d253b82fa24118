"""The operator's command that exports labels, among those of `service.cli`.

What is imported inside takes more time to load than all other commands take.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from service.commands.common import MOMENTS, database, parts, plainly
from service.store.sites import Sites

if TYPE_CHECKING:
    from service.contradictions import Agreeing, Contradiction
    from service.store.labels import Labels

since_option = click.option(
    "--since",
    type=click.DateTime(list(MOMENTS)),
    help="Leave out what was decided before; in UTC, such as 2026-11-23.",
)
site_option = click.option("--site", metavar="NAME", help="Of one site; else of all.")


@click.command("export-labels")
@since_option
@site_option
@plainly
def export_labels(since: datetime | None, site: str | None) -> None:
    """Write people's decisions to standard output, one JSON object a line.

    Of comments whose texts are kept; what model.retrain reads.  Contradictions and
    counts go to standard error.
    """
    from model.labels import write_row
    from service.archive.streams import STANDARD, writing

    found = agreeing(site, since)
    counts: Counter[bool] = Counter()
    try:
        with writing(STANDARD) as stream:
            for label in found:
                stream.write(write_row(label).encode() + b"\n")
                counts[label.rejected] += 1
    except BrokenPipeError:
        raise  # Whoever reads has seen enough; click ends without a word.
    except OSError as error:
        said = f"The labels cannot be written: {error.strerror}."
        raise click.ClickException(said) from error
    for contradiction in found.contradictions:
        click.echo(_said(contradiction), err=True)
    click.echo(counted(counts, found.contradictions), err=True)


COMMANDS = (export_labels,)


def agreeing(site: str | None, since: datetime | None) -> Agreeing:
    """What people decided, to be read.

    Raises:
        InvalidInput: there is no such site.
    """
    from service.contradictions import Agreeing

    site_id = None if site is None else Sites(database()).find(site).id
    start = None if since is None else since.replace(tzinfo=UTC)
    source = labels()
    return Agreeing(
        lambda: source.of(site_id, start), lambda: source.of_like(site_id, start)
    )


def labels() -> Labels:
    """Where labels are read from."""
    from service.store.labels import Labels

    here = parts()
    share = here.settings.sample_share
    return Labels(database(), here.store.key_for, sample_share=share)


def counted(counts: Counter[bool], found: Iterable[Contradiction]) -> str:
    """How many labels there are, by whether they are rejections."""
    said = f"{counts.total()} labels: {counts[False]} accepted, {counts[True]} rejected"
    if left_out := sum(contradiction.left_out for contradiction in found):
        said += f"; {left_out} left out that contradict later ones"
    return f"{said}."


def _said(contradiction: Contradiction) -> str:
    """Which comment was decided how; ids are the site's, and may hold anything."""
    decided = [
        f"{json.dumps(id)} {'rejected' if rejected else 'accepted'}"
        for id, rejected in contradiction.decided
    ]
    listed = ", ".join(decided)
    return f"near-identical on {contradiction.site}: {listed}; the last one holds"
