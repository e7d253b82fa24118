"""What every command needs: the parts it works on, and errors told as sentences."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import ParamSpec, cast

import click
from flask import current_app
from flask.cli import with_appcontext

from service.errors import InvalidInput, RefrainError
from service.settings import Settings
from service.store.database import Database
from service.store.store import Store

P = ParamSpec("P")

MOMENTS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")
"""How a time in UTC is typed."""

PARTS = "refrain"
"""Where in `extensions` the parts are: `service.services.NAME`."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What commands need; `service.services.Services` has it as well."""

    settings: Settings
    store: Store


class Threshold(click.ParamType[float | None]):
    """A score from 0 to 1, or `off`."""

    name = "score"

    def convert(
        self,
        value: str | float | None,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float | None:
        """Parse one; what it may be is `Thresholds`' to say."""
        try:
            return None if value in (None, "off") else float(value)
        except ValueError:
            self.fail(f"{value!r} is neither a number nor `off`.", param, ctx)


def plainly(function: Callable[P, None]) -> Callable[P, None]:
    """Run in the app's context, and turn its errors into a sentence and a status."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except InvalidInput as error:  # Fields are of no use to who types words.
            problems = " ".join(problem for _, problem in error.fields)
            raise click.ClickException(problems) from error
        except RefrainError as error:
            raise click.ClickException(str(error)) from error

    return with_appcontext(run)


def typed(asked_for: str) -> str:
    """A secret from the keyboard, which is not shown, or a line from a pipe.

    Never an argument, which every user of the machine can see.
    """
    if sys.stdin.isatty():
        line: str = click.prompt(asked_for, hide_input=True, err=True)
    else:
        line = sys.stdin.readline()
    return line.strip()


def parts() -> Parts:
    """The parts of the running app."""
    return cast(Parts, current_app.extensions[PARTS])


def database() -> Database:
    """The database of the running app."""
    return parts().store.database


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def day(moment: datetime) -> str:
    """A date for people."""
    return f"{moment:%Y-%m-%d}"


def shown(threshold: float | None) -> str:
    """A threshold as it is typed."""
    return "off" if threshold is None else f"{threshold:g}"
