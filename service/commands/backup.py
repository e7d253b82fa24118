"""Commands for backups of an SQLite file."""

from __future__ import annotations

from pathlib import Path

import click

from service.commands.common import database, now, plainly
from service.store import backup


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@plainly
def back_up(file: Path) -> None:
    """Write a backup of the SQLite file into a new FILE; the service may run.

    It holds keys and comments: keep it where nobody else reads it.
    """
    backup.back_up(database(), file)
    click.echo(f"Wrote {file}, {file.stat().st_size} bytes.")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@plainly
def restore(file: Path) -> None:
    """Put a backup in the SQLite file's place; the service has to be ended first.

    The present file is kept under another name.  Afterwards run `migrate`.
    """
    kept = backup.restore(database(), file, now())
    if kept is not None:
        click.echo(f"What was there is now {kept}.")
    click.echo(f"Restored {file}; run `flask migrate` before the service.")


COMMANDS = (back_up, restore)
