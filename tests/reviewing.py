"""Comments that wait for people, moderators, and a clock, for tests of the desk."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from model.finding import Attribute, Rule, Source, Span
from service.alike import alike
from service.domain import Author, Comment, Kind, Outcome, Reason, Verdict
from service.review import Decided, Review
from service.store.accounts import Accounts, Moderator, Role
from service.store.cases import Card, Case, Filters, Order
from service.store.database import Database
from service.store.desk import Desk
from service.store.records import Site
from service.store.reviews import Reviews
from service.store.schema import events
from service.store.sites import Sites
from service.store.store import Store
from tests.fixtures_store import NOON
from tests.samples import ACCEPTED, comment

MODERATORS = ("anna", "bela")
LETTERS = str.maketrans("0123456789", "abcdefghij")
ACCEPT, REJECT = Outcome.ACCEPT, Outcome.REJECT


def reason(rule: Rule, score: float = 0.5) -> Reason:
    """Why a comment is flagged."""
    return Reason(
        rule,
        Attribute.INSULT,
        Source.CLASSIFIER,
        score,
        0.4,
        (Span(2, 6),),
        "Possibly an insult.",
    )


FLAGGED = replace(ACCEPTED, flagged=True, reasons=(reason(Rule.PERSONAL),))
HELD = replace(FLAGGED, outcome=Outcome.REJECT, notice="A moderator reads it first.")


def said_by(id: str) -> str:
    """The text of a comment: its id in letters, for numbers make no difference."""
    return f"You fool, {id.translate(LETTERS)}."


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class World:
    """A site with an editor and two moderators, and all that they work with."""

    database: Database
    store: Store
    site: Site
    clock: Clock
    review: Review

    @property
    def desk(self) -> Desk:
        """What they read."""
        return self.review.desk

    def with_share(self, second_share: float) -> Review:
        """The same, with another share of second opinions."""
        return make_review(self.store, self.clock, second_share)

    def send(
        self,
        id: str,
        verdict: Verdict = FLAGGED,
        text: str | None = None,
        *,
        is_sample: bool = False,
        **changes: object,
    ) -> Comment:
        """Have a comment moderated; by default no two are alike, and none is drawn."""
        text = said_by(id) if text is None else text
        sent = replace(comment(id, text), **{"parent_id": None, **changes})  # type: ignore[arg-type]
        is_kept = verdict.flagged or verdict.outcome is Outcome.REJECT
        self.store.record(
            self.site.id,
            sent,
            self.store.text_hash(text),
            verdict,
            self.clock(),
            alike=alike(text) if is_kept or is_sample else None,
        )
        return sent

    def told(self) -> list[tuple[str, int, float]]:
        """What the site is told: the event, of which decision, and when from now on."""
        with self.database.reading() as connection:
            rows = connection.execute(select(events).order_by(events.c.key)).all()
        return [
            (row.type, row.decision, (row.due_at - self.clock()).total_seconds())
            for row in rows
        ]


def make_world(store: Store) -> World:
    """Make accounts and build the parts on a prepared database."""
    accounts = Accounts(store.database)
    for name in MODERATORS:
        accounts.create_moderator(Moderator(name, "-", Role.MODERATOR, NOON))
    clock = Clock()
    (site,) = Sites(store.database).all()
    return World(store.database, store, site, clock, make_review(store, clock, 0.0))


def make_review(store: Store, clock: Clock, second_share: float) -> Review:
    """Build what people do about comments."""
    return Review(
        Desk(store.database),
        Reviews(store.database),
        second_share=second_share,
        text_hash=store.text_hash,
        clock=clock,
    )


def author(id: str) -> Author:
    """Somebody who writes comments."""
    return Author(id, id.title())


def approve(world: World, id: str, seen: int = 1, by: str = "anna") -> Decided:
    return world.review.decide(
        world.site,
        id,
        ACCEPT,
        rule=None,
        note=None,
        seen=seen,
        by=by,
        role=Role.MODERATOR,
    )


def reject(
    world: World,
    id: str,
    seen: int = 1,
    by: str = "anna",
    *,
    review: Review | None = None,
    role: Role = Role.MODERATOR,
    alike: bool = False,
    note: str | None = None,
) -> Decided:
    return (review or world.review).decide(
        world.site,
        id,
        REJECT,
        rule=Rule.PERSONAL,
        note=note,
        seen=seen,
        by=by,
        role=role,
        alike=alike,
    )


def case_of(world: World, id: str, by: str = "editor") -> Case:
    case = world.desk.case(world.site.id, id, by=by, now=world.clock())
    assert case is not None
    return case


def card_of(world: World, id: str) -> Card:
    return case_of(world, id).card


def queue(world: World, by: str = "editor") -> list[str]:
    page = world.desk.queue(
        world.site.id, Filters(), Order.OLDEST, by=by, now=world.clock()
    )
    return [card.id for card in page.cards]


def log(world: World, id: str) -> list[tuple[Kind, Outcome, str]]:
    return [
        (d.kind, d.verdict.outcome, d.decided_by) for d in case_of(world, id).decisions
    ]


@pytest.fixture
def world(store: Store) -> World:
    """Site `default` with the editor `editor` and the moderators `anna` and `bela`."""
    return make_world(store)
