"""The operator's command that tries a running service as its clients would."""

from __future__ import annotations

import os
import sys

import click

from service.commands.common import typed
from service.errors import InvalidInput

KEY = "SELFTEST_KEY"
# The name of a variable, no secret.
SECRET = "SELFTEST_CORAL_SECRET"  # noqa: S105 # nosec B105
TIMEOUT_S = 10.0
UNSENDABLE = "The {} must be printable ASCII without blanks."
ENDS = ("/v1alpha1", "/v1", "/coral/moderate")
"""What clients are given besides the address of the service."""


class NotTried(click.ClickException):
    """Nothing could be tried."""

    exit_code = 2


@click.command("selftest")
@click.argument("url")
@click.option("--coral", is_flag=True, help="Ask for Coral's secret as well.")
def selftest(url: str, coral: bool) -> None:
    """Try a running service at URL as the clients of every protocol would.

    Sends a fair comment and a foul one, and says what a newsroom would see.  Nothing is
    stored.  Asks for the API key, and with --coral for the secret of Coral's external
    moderation phase, unless SELFTEST_KEY and SELFTEST_CORAL_SECRET hold them; where
    there is no terminal, they are lines of standard input.

    Exit status: 0 all passed, 1 something failed, 2 nothing could be tried.
    """
    # Here, for no other command needs them.
    import httpcore

    from service.selftest.calling import Caller
    from service.selftest.findings import Failed, has_failed, page
    from service.selftest.running import run
    from service.selftest.visit import FAIR, FOUL, Visit
    from service.webhooks.network import check_url
    from service.webhooks.posting import NotSent

    base = url.rstrip("/")
    try:
        check_url(base, private=True)
    except InvalidInput as error:
        raise NotTried(" ".join(problem for _, problem in error.fields)) from error
    if "?" in base or base.endswith(ENDS):
        raise NotTried("The URL must be the service's own, as https://host or so.")
    key = _secret(KEY, "API key")
    wants_coral = coral or SECRET in os.environ
    secret = _secret(SECRET, "Secret of Coral's phase") if wants_coral else None
    caller = Caller(base, httpcore.default_ssl_context(), TIMEOUT_S)
    try:
        sections = run(Visit(caller, key, secret))
    except Failed as error:
        raise NotTried(str(error)) from error
    except NotSent as error:
        raise NotTried(f"{error} Does the service run, and at {base}?") from error
    for line in page(sections):
        click.echo(line)
    click.echo(f"Nothing was stored.  Sent were “{FAIR}” and “{FOUL}”")
    sys.exit(1 if has_failed(sections) else 0)


def _secret(name: str, asked_for: str) -> str:
    """A secret from the environment, or from whoever types the command.

    Raises:
        NotTried: there is none, or it cannot stand in a header.
    """
    given = os.environ.get(name) or typed(asked_for)
    if not given or not given.isascii() or not given.isprintable() or " " in given:
        raise NotTried(UNSENDABLE.format(asked_for))
    return given


COMMANDS = (selftest,)
