"""Lists of comments, read page by page, for tests of the desk."""

from __future__ import annotations

from collections.abc import Callable

from service.store.cases import Card, Filters, Order, Page
from tests.reviewing import World


def page_of(
    world: World,
    filters: Filters = Filters(),  # noqa: B008 - frozen
    order: Order = Order.OLDEST,
    *,
    by: str = "anna",
    after: str | None = None,
    limit: int = 25,
) -> Page:
    """A page of the queue, as one of them sees it."""
    return world.desk.queue(
        world.site.id,
        filters,
        order,
        by=by,
        now=world.clock(),
        after=after,
        limit=limit,
    )


def ids_of(page: Page) -> list[str]:
    """Which comments it shows, from above."""
    return [card.id for card in page.cards]


def walk(read: Callable[[str | None], Page]) -> list[Card]:
    """All cards of a list, page by page."""
    page = read(None)
    cards = list(page.cards)
    while page.after:
        page = read(page.after)
        cards += page.cards
    return cards
