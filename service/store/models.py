"""Which version of the model answers: a log in the database, for all replicas.

What it says last holds.  Changes take turns, each is one transaction, and a version is
checked before it is stored and before it may answer.  Following the log is
`service.judging.follower`.

Weights are kept of the versions promoted last, of those that as many rollbacks lead to,
and of the last shadow; of others only the card.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from model.artifact import Artifact, BrokenArtifact
from service.errors import ConfigurationError, NotPossible
from service.store.database import Database
from service.store.schema import promotions, shadows
from service.store.shadows import Shadowing, change_shadow, restart_shadow
from service.store.versions import (
    Stored,
    Version,
    check_gate,
    check_usable,
    forget_all_but,
    in_database,
    in_folder,
    keep,
    stored,
)

KEPT = 5
"""How many versions can be promoted again, and how many promotions be undone."""

TURN = 0x6D_6F_64_65_6C_73  # "models": who holds this lock may change the log.


@dataclass(frozen=True, slots=True)
class Promotion:
    """An entry of the log: from then on `version` answers, and `replaces` does not.

    None stands for the base, whichever that is; as `replaces`, in a rollback or where
    the base could not be read.  `undoes` is the key of the entry that a rollback
    undoes.  `is_new` is false where nothing was to be done.
    """

    key: int
    version: str | None
    replaces: str | None
    undoes: int | None
    promoted_at: datetime
    promoted_by: str
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class State:
    """What the logs say just now.

    `promotion` and `shadowing` are the keys of the entries that hold, None if there is
    none.  `active` is None for the base, `shadow` if there is none, and `before` is
    where a rollback would lead.
    """

    promotion: int | None
    active: str | None
    before: str | None
    shadowing: int | None
    shadow: str | None


class Models:
    """The versions and the log.

    Every method raises StoreUnavailable as those of `service.store.store.Store` do, and
    then nothing is changed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def versions(self) -> list[Stored]:
        """Every version that was ever stored, newest first."""
        with self._database.reading() as connection:
            return stored(connection)

    def artifact(self, version: str) -> Artifact | None:
        """A version as it is served; None if it or its weights are not stored.

        Raises:
            BrokenArtifact: it is damaged, or not for this code.
            ConfigurationError: its thresholds are senseless.
        """
        try:
            return self._version(version).artifact
        except NotPossible:
            return None

    def active(self) -> str | None:
        """The version that answers; None for the base."""
        return self.state().active

    def state(self) -> State:
        """What the logs say just now."""
        with self._database.reading() as connection:
            return _state(connection)

    def promotions(self, limit: int = 20) -> list[Promotion]:
        """The last entries of the log, newest first."""
        with self._database.reading() as connection:
            return [_promotion(row) for row in connection.execute(LOG.limit(limit))]

    def undone(self) -> list[Stored]:
        """The versions that were rolled back, and not promoted again since."""
        with self._database.reading() as connection:
            names = set(connection.scalars(UNDONE))
            return [one for one in stored(connection) if one.version in names]

    def store(self, folder: Path, *, by: str, now: datetime) -> Stored:
        """Store a version without letting it answer.

        Raises:
            BrokenArtifact: it cannot be served.
            ConfigurationError: its thresholds cannot be.
            NotPossible: another version of that name is stored.
        """
        version = in_folder(folder)
        check_usable(version)
        with self._changing() as connection:
            keep(connection, version, by=by, now=now)
            return stored(connection, version.name)[0]

    def promote(
        self,
        what: Path | str,
        *,
        base: Path | None,
        by: str,
        now: datetime,
        anyway: bool = False,
        expecting: str | None = None,
    ) -> Promotion:
        """Let a version answer from now on.

        Promoting the base lets whatever is the base answer, later ones too.  A base
        that is replaced is stored, so that a rollback finds it when another one ships;
        one that cannot be read keeps no other version from answering.

        Args:
            what: a version's folder, or the name of one that is stored.
            base: folder of the version that answers where none is promoted.
            by: who says so.
            now: the time.
            anyway: even if no gate has passed it.
            expecting: only if the version of this name answers until then; if None,
                whichever does.

        Returns:
            The entry that says so; not a new one, if it answers already.

        Raises:
            BrokenArtifact: it cannot be served.
            ConfigurationError: its thresholds cannot be.
            NotPossible: no gate has passed it; or it is not stored, or another version
                of that name is; or another one answers than was expected.
        """
        version, default = self._version(what), _if_sound(base)
        check_usable(version)
        is_base = default is not None and version.is_same(default)
        with self._changing() as connection:
            active = _state(connection).active
            if active == (None if is_base else version.name):
                return _unchanged(connection, by, now)
            answers = active or (default.name if default else None)
            _check_expected(expecting, answers, version.name)
            if not (is_base or anyway):
                check_gate(version.artifact.card)
            if active is None and default is not None:
                keep(connection, default, by=by, now=now)
            keep(connection, version, by=by, now=now)
            entry = {
                "version": None if is_base else version.name,
                "replaces": answers,
                "promoted_at": now,
                "promoted_by": by,
            }
            return _enter(connection, entry, answering=version.name)

    def rollback(
        self, *, by: str, now: datetime, base: Path | None = None
    ) -> Promotion:
        """Undo the last promotion that holds; once more, and the one before it.

        Args:
            by: who says so.
            now: the time.
            base: folder of the base: where this leads back to it, later ones may
                answer too.  If None or unreadable, just the version that answered
                before.

        Raises:
            BrokenArtifact: what it leads to cannot be served any more.
            ConfigurationError: its thresholds cannot be.
            NotPossible: there is nothing to go back to, or its weights are gone.
        """
        default = _if_sound(base)
        with self._changing() as connection:
            last = connection.execute(STANDING.limit(1)).one_or_none()
            if last is None:
                raise NotPossible("There is no promotion to roll back.")
            is_base = default is not None and _is_replaced(connection, default, last)
            if not is_base:
                _check_stored(connection, last)
            entry = {
                "version": None if is_base else last.replaces,
                "replaces": last.version,
                "undoes": last.key,
                "promoted_at": now,
                "promoted_by": by,
            }
            answering = default.name if default and is_base else last.replaces
            return _enter(connection, entry, answering=answering)

    def shadow(
        self, what: Path | str | None, *, base: Path, by: str, now: datetime
    ) -> Shadowing:
        """Have a version judge beside the one that answers, or none.

        Args:
            what: a version's folder, the name of one that is stored, or None.
            base: folder of the version that answers where none is promoted.
            by: who says so.
            now: the time.

        Raises:
            BrokenArtifact: it cannot be served.
            ConfigurationError: its thresholds cannot be.
            NotPossible: it answers already; or it is not stored, or another version of
                that name is.
        """
        version = None if what is None else self._version(what)
        if version is not None:
            check_usable(version)
        with self._changing() as connection:
            if version is None:
                return change_shadow(connection, None, by=by, now=now)
            active = _state(connection).active or in_folder(base).name
            if version.name == active:
                raise NotPossible(f"{version.name} is the version that answers.")
            keep(connection, version, by=by, now=now)
            shadowing = change_shadow(connection, version.name, by=by, now=now)
            _forget(connection)
            return shadowing

    def _version(self, what: Path | str) -> Version:
        if isinstance(what, Path):
            return in_folder(what)
        with self._database.reading() as connection:
            return in_database(connection, what)

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """A transaction in which nobody else changes the logs."""
        with self._database.writing() as connection:
            if not self._database.is_sqlite:  # There it is the only writer anyway.
                connection.execute(select(func.pg_advisory_xact_lock(TURN)))
            yield connection


def _state(connection: Connection) -> State:
    row = connection.execute(STATE).one()
    return State(row.promotion, row.active, row.before, row.shadowing, row.shadow)


def _if_sound(base: Path | None) -> Version | None:
    """The base; None if it cannot be served, which must not keep others from it."""
    try:
        return None if base is None else in_folder(base)
    except (BrokenArtifact, ConfigurationError):
        return None


def _check_expected(expecting: str | None, answers: str | None, name: str) -> None:
    """Raise NotPossible if another version answers than a new one was held against."""
    if expecting not in (None, answers):
        raise NotPossible(
            f"{answers or 'Another version'} is active by now, and not {expecting}. "
            f"{name} was held against that one: run `flask learn` again."
        )


def _check_stored(connection: Connection, last: Row[Any]) -> None:
    """Raise unless what a promotion replaced can be served from the database."""
    if last.replaces is None:
        raise NotPossible("The base answered before that, and it cannot be read.")
    in_database(connection, last.replaces)


def _is_replaced(connection: Connection, default: Version, last: Row[Any]) -> bool:
    """Whether the base is what a promotion replaced, stored with its weights or not."""
    if last.replaces is None:
        return True
    (replaced,) = stored(connection, last.replaces)
    checksum = default.artifact.card["sha256"]
    return (default.name, checksum) == (replaced.version, replaced.card.get("sha256"))


def _enter(
    connection: Connection, entry: dict[str, Any], *, answering: str
) -> Promotion:
    """Append to the log, and do what follows from another version's answering."""
    added = insert(promotions).values(entry).returning(promotions)
    promotion = _promotion(connection.execute(added).one())
    restart_shadow(
        connection, answering, by=promotion.promoted_by, now=promotion.promoted_at
    )
    _forget(connection)
    return promotion


def _forget(connection: Connection) -> None:
    """Drop the weights that nobody will ask for."""
    kept = [_state(connection).active, connection.scalar(LAST_SHADOW)]
    kept += [*connection.scalars(LATELY), *connection.scalars(BEFORE)]
    forget_all_but(connection, {name for name in kept if name is not None})


def _unchanged(connection: Connection, by: str, now: datetime) -> Promotion:
    """The entry that holds; one made up for a base that was never replaced."""
    row = connection.execute(LOG.limit(1)).one_or_none()
    if row is None:
        return Promotion(0, None, None, None, now, by, is_new=False)
    return _promotion(row, is_new=False)


def _promotion(row: Row[Any], *, is_new: bool = True) -> Promotion:
    return Promotion(
        row.key,
        row.version,
        row.replaces,
        row.undoes,
        row.promoted_at,
        row.promoted_by,
        is_new,
    )


_UNDOING = promotions.alias("undoing")
LOG = select(promotions).order_by(promotions.c.key.desc())
STANDING = LOG.where(
    promotions.c.undoes.is_(None),
    ~select(_UNDOING.c.key).where(_UNDOING.c.undoes == promotions.c.key).exists(),
)
"""The promotions that no rollback has undone."""
_PROMOTED_LAST = (
    select(func.max(promotions.c.key))
    .where(promotions.c.undoes.is_(None), promotions.c.version.is_not(None))
    .group_by(promotions.c.version)
    .correlate(None)
)
UNDONE = select(promotions.c.version).where(
    promotions.c.key.in_(_PROMOTED_LAST),
    select(_UNDOING.c.key).where(_UNDOING.c.undoes == promotions.c.key).exists(),
)
"""The versions whose last promotion a rollback has undone."""
BEFORE = STANDING.with_only_columns(promotions.c.replaces).limit(KEPT)
"""Where rollbacks lead to, the next one first."""
LATELY = (
    select(promotions.c.version)
    .where(promotions.c.version.is_not(None))
    .group_by(promotions.c.version)
    .order_by(func.max(promotions.c.key).desc())
    .limit(KEPT)
)
_LAST = LOG.limit(1)
_SHADOW = select(shadows).order_by(shadows.c.key.desc()).limit(1)
LAST_SHADOW = _SHADOW.with_only_columns(shadows.c.version).where(
    shadows.c.version.is_not(None)
)
STATE = select(
    _LAST.with_only_columns(promotions.c.key).scalar_subquery().label("promotion"),
    _LAST.with_only_columns(promotions.c.version).scalar_subquery().label("active"),
    BEFORE.limit(1).scalar_subquery().label("before"),
    _SHADOW.with_only_columns(shadows.c.key).scalar_subquery().label("shadowing"),
    _SHADOW.with_only_columns(shadows.c.version).scalar_subquery().label("shadow"),
)
"""In one statement, so that all of it is of one moment."""
