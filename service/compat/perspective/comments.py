"""What is known of a comment that Perspective's clients send, besides its text.

Coral tells of it in JSON, as the text of a context's entry.  All of it is somebody
else's word: what cannot be used is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pydantic_core import from_json

from service.api.parsing import is_id
from service.compat.perspective.reading import Told
from service.compat.taught import article_at, made_id
from service.domain import Article, Comment
from service.store.store import Store

NAME = "perspective"
"""What ids of comments begin with that have none, and who has told of a decision."""
ID = "Coral_comment_id"
PARENT = "reply_to_id_Coral_comment_id"
# No secret: a token that begins so ends in the id.
TOKEN = "comment:"  # noqa: S105 # nosec B105
PERMALINK = "commentID="
"""What Coral adds to an article's address for one of its comments."""


def comment_of(store: Store, told: Told) -> Comment:
    """A comment as it is stored: the same one, if the same was told before.

    Its id is Coral's, which is told in the context or after TOKEN; else it is made of
    token and text, for a client may send the same token with all that it sends.
    """
    known = _of_coral(told.entries)
    token = told.token or ""
    ids = (known.get(ID), token.removeprefix(TOKEN) if TOKEN in token[:8] else None)
    parent = known.get(PARENT)
    return Comment(
        told.text,
        next(filter(_is_id, ids), None) or made_id(store, NAME, token, told.text),
        article=_article(known.get("url")),
        parent_id=parent if _is_id(parent) else None,
    )


def _of_coral(entries: Sequence[str]) -> Mapping[str, Any]:
    for entry in entries:
        try:
            known = from_json(entry)
        except ValueError:
            continue
        if isinstance(known, dict) and ID in known:
            return known
    return {}


def _is_id(value: object) -> bool:
    return isinstance(value, str) and is_id(value)


def _article(url: object) -> Article | None:
    """The article, by its address without what leads to the comment."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    query = (part for part in parts.query.split("&") if not part.startswith(PERMALINK))
    return article_at(urlunsplit(parts._replace(query="&".join(query))))
