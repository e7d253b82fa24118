"""The operator's commands for moderators' accounts, among those of `service.cli`."""

from __future__ import annotations

import click

from service import auth
from service.commands.common import database, day, now, plainly
from service.errors import InvalidInput
from service.store.accounts import Accounts, Moderator, Role
from service.store.sites import Sites


@click.command("moderators")
@plainly
def list_moderators() -> None:
    """List the accounts: name, role, site, since when, until when."""
    sites = {site.id: site.name for site in Sites(database()).all()}
    for who in Accounts(database()).all_moderators():
        place = "all sites" if who.site_id is None else sites[who.site_id]
        until = f"disabled {day(who.disabled_at)}" if who.disabled_at else "open"
        columns = [who.name, who.role.value, place, day(who.created_at), until]
        click.echo("\t".join(columns))


@click.command("create-moderator")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.MODERATOR.value,
    show_default=True,
)
@click.option("--site", help="The one site to moderate; without it, all of them.")
@plainly
def create_moderator(name: str, role: str, site: str | None) -> None:
    """Create a moderator's account, and show its password this once."""
    password = auth.new_password()
    account = Moderator(
        name,
        auth.hash_password(password),
        Role(role),
        now(),
        site_id=None if site is None else site_id(site),
    )
    Accounts(database()).create_moderator(account)
    click.echo(password)


@click.command("reset-password")
@click.argument("name")
@plainly
def reset_password(name: str) -> None:
    """Give an account a new password, show it this once, and end its sessions."""
    password = auth.new_password()
    Accounts(database()).set_password(name, auth.hash_password(password))
    click.echo(password)


@click.command("disable-moderator")
@click.argument("name")
@plainly
def disable_moderator(name: str) -> None:
    """Close an account and end its sessions; its decisions stay."""
    Accounts(database()).disable(name, now())
    click.echo(f"Disabled {name}.")


@click.command("enable-moderator")
@click.argument("name")
@plainly
def enable_moderator(name: str) -> None:
    """Let a closed account sign in again."""
    Accounts(database()).enable(name)
    click.echo(f"Enabled {name}.")


def site_id(name: str) -> int:
    """The id of the site of this name.

    Raises:
        InvalidInput: there is none.
    """
    for site in Sites(database()).all():
        if site.name == name:
            return site.id
    raise InvalidInput("", f"There is no site named {name!r}.")


COMMANDS = (
    list_moderators,
    create_moderator,
    reset_password,
    disable_moderator,
    enable_moderator,
)
