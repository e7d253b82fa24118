"""The operator's commands, run as `flask --app service.cli COMMAND`.

Each parses, calls one function and prints.  An error is one sentence on standard error,
with status 2 for a command that is misspelt and 1 for one that fails.

The whole service has them too, but the app made here has nothing else: it starts in a
third of the time, and a key can be revoked while the model is broken.
"""

from __future__ import annotations

import os

import click
from flask import Flask

from model.finding import Rule
from service import auth, first_start, sealing
from service.commands import (
    accounts,
    backup,
    coral,
    labels,
    learning,
    models,
    privacy,
    replay,
    rules,
    selftest,
    webhooks,
)
from service.commands.common import (
    PARTS,
    Parts,
    Threshold,
    database,
    day,
    now,
    parts,
    plainly,
    shown,
)
from service.domain import Outcome, Thresholds
from service.errors import ConfigurationError
from service.settings import load_settings
from service.store import migrate
from service.store.accounts import Accounts
from service.store.sites import Sites
from service.store.store import open_store

BY = "cli"
"""Who is named as the author of a policy that was changed here."""


def create_app() -> Flask:
    """Build an app of nothing but the commands, from the environment's settings."""
    try:
        settings = load_settings(os.environ)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error
    app = Flask("operator")
    app.extensions[PARTS] = Parts(settings, open_store(settings))
    register(app)
    return app


def register(app: Flask) -> None:
    """Add the commands to an app."""
    for command in COMMANDS:
        app.cli.add_command(command)


@click.command("init")
@plainly
def init() -> None:
    """Prepare the database; on the first start, make a site, a key and a moderator."""
    made = first_start.set_up(database(), now())
    if made is None:
        click.echo("The database is ready.")
    else:
        click.echo(first_start.welcome(made, parts().settings))


@click.command("migrate")
@click.option(
    "--wait",
    "patience_s",
    type=click.IntRange(min=0),
    default=migrate.PATIENCE_S,
    show_default=True,
    metavar="SECONDS",
    help="How long to try while others use PostgreSQL's tables.",
)
@plainly
def migrate_database(patience_s: int) -> None:
    """Bring the database's tables up to date, and change nothing else."""
    has_worked = migrate.migrate(
        database(),
        patience_s=patience_s,
        on_wait=lambda: click.echo(
            "The tables are in use by others; trying again until they are free.",
            err=True,
        ),
    )
    # What older releases decided, a few at a time: others go on meanwhile.
    sealing.seal_all(database())
    click.echo("The tables were updated." if has_worked else "The tables are current.")


@click.command("sites")
@plainly
def list_sites() -> None:
    """List the sites and their policies."""
    for site in Sites(database()).all():
        flagged = site.flagged_until_decided.value
        own = [
            f"{rule.value} {shown(limits.flag)} {shown(limits.reject)}"
            for rule, limits in site.thresholds.items()
        ]
        click.echo("\t".join([site.policy, f"flagged: {flagged}", *own]))


@click.command("create-site")
@click.argument("name")
@plainly
def create_site(name: str) -> None:
    """Create a site; it goes by the model's thresholds."""
    site = Sites(database()).create(name, by=BY, now=now())
    click.echo(f"Created {site.name}; give it a key with `create-key {site.name}`.")


@click.command("keys")
@plainly
def list_keys() -> None:
    """List the API keys: id, site, since when, until when, label."""
    for key in Accounts(database()).all_keys():
        until = f"revoked {day(key.revoked_at)}" if key.revoked_at else "open"
        columns = [str(key.id), key.site, day(key.created_at), until, key.label]
        click.echo("\t".join(columns))


@click.command("create-key")
@click.argument("site")
@click.option("--label", default="", help="What the key is for.")
@plainly
def create_key(site: str, label: str) -> None:
    """Create an API key for a site, and show it this once."""
    key = auth.new_key()
    Accounts(database()).create_key(site, auth.key_hash(key), label, now())
    click.echo(key)


@click.command("revoke-key")
@click.argument("key_id", metavar="ID", type=int)
@plainly
def revoke_key(key_id: int) -> None:
    """Close an API key for good.

    Workers that served it shortly before may do so for 5 more seconds.
    """
    Accounts(database()).revoke_key(key_id, now())
    click.echo(f"Revoked key {key_id}.")


@click.command("set-thresholds")
@click.argument("site")
@click.argument("rule", type=click.Choice([rule.value for rule in Rule]))
@click.argument("flag", type=Threshold())
@click.argument("reject", type=Threshold())
@plainly
def set_thresholds(
    site: str, rule: str, flag: float | None, reject: float | None
) -> None:
    """Set from which scores a rule flags and rejects on a site: 0 to 1, or `off`.

    Workers follow within 5 seconds.
    """
    try:
        limits = Thresholds(flag, reject)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error
    changed = Sites(database()).set_thresholds(
        site, Rule(rule), limits, by=BY, now=now()
    )
    click.echo(f"The policy is now {changed.policy}.")


@click.command("set-flagged")
@click.argument("site")
@click.argument("outcome", type=click.Choice([outcome.value for outcome in Outcome]))
@plainly
def set_flagged(site: str, outcome: str) -> None:
    """Choose what a flagged comment gets until a moderator decides.

    Workers follow within 5 seconds.
    """
    changed = Sites(database()).set_flagged(site, Outcome(outcome), by=BY, now=now())
    click.echo(f"The policy is now {changed.policy}.")


COMMANDS = (
    init,
    migrate_database,
    list_sites,
    create_site,
    list_keys,
    create_key,
    revoke_key,
    set_thresholds,
    set_flagged,
    *accounts.COMMANDS,
    *backup.COMMANDS,
    *webhooks.COMMANDS,
    *coral.COMMANDS,
    *rules.COMMANDS,
    *models.COMMANDS,
    *labels.COMMANDS,
    *learning.COMMANDS,
    *replay.COMMANDS,
    *selftest.COMMANDS,
    *privacy.COMMANDS,
)
