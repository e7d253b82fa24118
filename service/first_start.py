"""The first start: create the database, the first site, its key and its moderator."""

from __future__ import annotations

import json
import secrets
import shlex
from dataclasses import dataclass, field
from datetime import datetime

from service.auth import hash_password, key_hash, new_key, new_password
from service.settings import Settings
from service.store.accounts import Accounts, Moderator, Role
from service.store.database import Database
from service.store.migrate import migrate

SITE = "default"
MODERATOR = "moderator"
EXAMPLE = {"id": "c-1", "text": "What the fuck is wrong with this world."}


@dataclass(frozen=True, slots=True)
class FirstSecrets:
    """What the first start shows once and stores only as hashes."""

    key: str = field(repr=False)
    password: str = field(repr=False)


def set_up(database: Database, now: datetime) -> FirstSecrets | None:
    """Bring the database up to date and make the first start if it had none.

    Returns:
        The new secrets; None where there was a first start before, also by another
        process a moment ago.

    Raises:
        StoreUnavailable: the database cannot be created, changed or understood.
    """
    migrate(database)
    accounts = Accounts(database)
    if accounts.is_installed():
        return None
    made = FirstSecrets(new_key(), new_password())
    # An editor: somebody has to be able to change the rules and make more accounts.
    editor = Moderator(MODERATOR, hash_password(made.password), Role.EDITOR, now)
    is_first = accounts.install(
        secrets.token_bytes(32), SITE, key_hash(made.key), editor
    )
    return made if is_first else None


def welcome(made: FirstSecrets, settings: Settings) -> str:
    """What the operator has to note down, and a request to try."""
    return f"""\
Refrain is set up.  These secrets are shown this once; note them down.

  Site       {SITE}
  API key    {made.key}
  Moderator  {MODERATOR}
  Password   {made.password}
  Desk       {_local(settings)}/desk

Try it, once the service runs:

{curl(made.key, settings)}
"""


def curl(key: str, settings: Settings) -> str:
    """A shell command that has one comment moderated by the service as configured."""
    words = [
        "curl",
        "-s",
        f"{_local(settings)}/v1/moderate",
        "-H",
        f"Authorization: Bearer {key}",
        "-H",
        "Content-Type: application/json",
        "-d",
        json.dumps(EXAMPLE),
    ]
    return shlex.join(words)


def _local(settings: Settings) -> str:
    return f"http://{_host(settings.bind)}:{settings.port}"


def _host(bind: str) -> str:
    """Where to reach what listens on `bind` from the same machine."""
    # Compared, not listened on.
    if bind in {"0.0.0.0", "::", "[::]"}:  # noqa: S104 # nosec B104
        return "127.0.0.1"
    return f"[{bind}]" if ":" in bind and not bind.startswith("[") else bind
