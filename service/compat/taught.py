"""What people decided, as other services' clients tell it: it becomes a label.

Where a client says so, and in which words, is known to its protocol's module.
"""

from __future__ import annotations

import re

from model.finding import Rule
from service.api.parsing import MAX_ID, WEB_ADDRESS
from service.compact import dumps
from service.domain import Article, Comment, Outcome, Verdict
from service.services import Services
from service.store.records import Site
from service.store.store import Store

DIGITS = 16
"""Of an id, hexadecimal: 64 bits, so that no two comments of a site share one."""


def made_id(store: Store, protocol: str, *sent: str) -> str:
    """The id of a comment that comes without one: the same for the same that was sent.

    Nobody can tell from it what was sent, for it is hashed with a secret.
    """
    digest = store.text_hash(dumps(sent)).hex()
    return f"{protocol}-{digest[:DIGITS]}"


def article_at(url: str) -> Article | None:
    """What a comment stands under, by its address; None where that will not do."""
    is_page = len(url) <= MAX_ID and re.fullmatch(WEB_ADDRESS, url)
    return Article(url, url) if is_page else None


def teach(
    parts: Services,
    site: Site,
    comment: Comment,
    outcome: Outcome,
    *,
    rule: Rule | None,
    by: str,
) -> Verdict:
    """Enter what a person decided on a comment, which may not have been sent before.

    It is judged and stored like any other, so that the label can be compared with the
    verdict, and its text is kept, also if it is accepted: without it there is nothing
    to learn.  The same again changes nothing.

    Args:
        parts: of the app.
        site: on whose behalf.
        comment: with an id.
        outcome: what the person decided.
        rule: that the comment broke, where the client names one.
        by: who told it.

    Returns:
        What held until then, with the scores of the judge.

    Raises:
        ValueError: the comment has no id.
        StoreUnavailable: nothing was stored, or only the automatic verdict; the same
            again does the rest.
    """
    if comment.id is None:
        raise ValueError("a label needs a comment with an id")
    before = parts.moderation.moderate(site, comment)
    parts.review.decide_by_site(
        site, comment.id, outcome, rule=rule, note=None, by=by, comment=comment
    )
    return before.verdict
