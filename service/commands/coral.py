"""The operator's commands for Coral's secrets, among those of `service.cli`."""

from __future__ import annotations

import click

from service.commands.common import database, day, now, plainly, typed
from service.store.coral import CoralSecrets
from service.store.sites import Sites

KINDS = {"empsec_": "moderation phase", "whsec_": "webhooks"}
"""What a secret is for, by the prefix that Coral gives it."""
OTHER = "unknown prefix"


@click.command("coral-secrets")
@click.argument("site", required=False)
@plainly
def list_secrets(site: str | None) -> None:
    """List the secrets that Coral signs with: id, site, what for, since when."""
    if site is not None:
        Sites(database()).find(site)
    for secret in CoralSecrets(database()).all():
        if site in (None, secret.site.name):
            columns = [secret.site.name, kind(secret.secret), day(secret.created_at)]
            click.echo("\t".join([str(secret.id), *columns]))


@click.command("add-coral-secret")
@click.argument("site")
@plainly
def add_secret(site: str) -> None:
    """Let a site's Coral sign with a secret, which is typed or comes as one line.

    Never as an argument, which every user of the machine can see.  Workers follow
    within 5 seconds.
    """
    Sites(database()).find(site)  # Before anything is typed.
    secret = typed("Secret")
    number = CoralSecrets(database()).add(site, secret, now())
    click.echo(f"Added secret {number} of {site}, for: {kind(secret)}.")
    if kind(secret) == OTHER:
        click.echo(
            "Coral's begin with empsec_ or whsec_: was it copied whole?", err=True
        )


@click.command("remove-coral-secret")
@click.argument("secret_id", metavar="ID", type=int)
@plainly
def remove_secret(secret_id: int) -> None:
    """Take nothing for signed any more that is signed with a secret.

    Workers follow within 5 seconds.
    """
    CoralSecrets(database()).remove(secret_id)
    click.echo(f"Removed secret {secret_id}.")


def kind(secret: str) -> str:
    """What a secret is for, as far as its prefix tells."""
    found = (what for prefix, what in KINDS.items() if secret.startswith(prefix))
    return next(found, OTHER)


COMMANDS = (list_secrets, add_secret, remove_secret)
