"""The operator's commands for webhooks, among those of `service.cli`."""

from __future__ import annotations

import signal
from base64 import b64encode
from datetime import UTC, datetime
from secrets import token_bytes

import click

from service.commands.common import MOMENTS, database, day, now, parts, plainly
from service.store.deliveries import Deliveries
from service.store.endpoints import Endpoints
from service.webhooks.network import check_url

SECRET_BYTES = 32


@click.command("endpoints")
@plainly
def list_endpoints() -> None:
    """List where decisions are sent: id, site, URL, since when, state, what is left."""
    for endpoint in Endpoints(database()).all():
        off = endpoint.disabled_at
        columns = [
            str(endpoint.id),
            endpoint.site,
            endpoint.url,
            day(endpoint.created_at),
            f"disabled {day(off)}" if off else "open",
            f"{endpoint.pending} pending",
            f"{endpoint.given_up} given up",
        ]
        click.echo("\t".join([*columns, *filter(None, [endpoint.error])]))


@click.command("add-endpoint")
@click.argument("site")
@click.argument("url")
@plainly
def add_endpoint(site: str, url: str) -> None:
    """Send a site's decisions to a URL from now on.

    Shows this once the secret by which the site knows that they come from here.
    """
    check_url(url, private=parts().settings.private_webhooks)
    secret = "whsec_" + b64encode(token_bytes(SECRET_BYTES)).decode()
    Endpoints(database()).add(site, url, secret, now())
    click.echo(secret)


@click.command("remove-endpoint")
@click.argument("endpoint_id", metavar="ID", type=int)
@plainly
def remove_endpoint(endpoint_id: int) -> None:
    """Send nothing to an endpoint any more, and forget what was."""
    Endpoints(database()).remove(endpoint_id)
    click.echo(f"Removed endpoint {endpoint_id}.")


@click.command("replay-webhooks")
@click.argument("site")
@click.option(
    "--since",
    type=click.DateTime(list(MOMENTS)),
    required=True,
    help="In UTC, such as 2026-11-23T18:00.",
)
@plainly
def replay_webhooks(site: str, since: datetime) -> None:
    """Send a site once more what was decided since a time, with the same ids."""
    start = since.replace(tzinfo=UTC)
    count = Deliveries(database()).replay(site, start, now())
    click.echo(f"{count} deliveries are due again.")


@click.command("deliver-webhooks")
@click.option("--once", is_flag=True, help="End when nothing more is due.")
@plainly
def deliver_webhooks(once: bool) -> None:
    """Send decisions to the sites' endpoints, until Ctrl-C or SIGTERM.

    Several may run at once, on several machines too.  Meanwhile the log is sealed.
    """
    # Here, for no other command needs them, and they take a fifth more time to start.
    from service.logs import make_log
    from service.sealing import Sealing, seal_all
    from service.webhooks.deliverer import Deliverer

    settings = parts().settings
    log = make_log(settings.log_level)
    deliverer = Deliverer(
        Deliveries(database()), log, private=settings.private_webhooks
    )
    if once:
        deliverer.run_once()
        seal_all(database())
        return
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda number, frame: deliverer.stop())
    sealing = Sealing(database(), log)
    sealing.start()
    log.info("delivering webhooks")
    deliverer.run()
    sealing.stop()
    if deliverer.under_way:
        log.warning("deliveries interrupted", count=deliverer.under_way)


COMMANDS = (
    list_endpoints,
    add_endpoint,
    remove_endpoint,
    replay_webhooks,
    deliver_webhooks,
)
