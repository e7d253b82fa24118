"""What Coral tells an external moderation phase of a comment, read from JSON.

Little of it is of use here: no id, so nothing can be stored, and of the comment that is
answered only an id.  What is not known is passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from service.compat.coral.bodies import seen
from service.compat.mending import mended

STAFF = frozenset({"STAFF", "MODERATOR", "ADMIN"})
"""Roles whose comments Coral approves itself."""


MARKUP = 8
"""Characters of a body for one of a text: each may be escaped, as `&nbsp;`, and there
are marks besides."""


class TooLong(Exception):
    """The text is longer than any that is judged."""


class Unreadable(Exception):
    """The body is not what Coral sends; the message repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A comment: what readers see of it, unless its author is of the staff."""

    text: str
    is_staff: bool


class Message(BaseModel):
    """A part of a body."""

    model_config = ConfigDict(
        strict=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )


class CommentMessage(Message):
    """A comment; one that is a picture and nothing else has no text."""

    body: str | None


class AuthorMessage(Message):
    """Who wrote it."""

    role: str | None = None


class ModerationMessage(Message):
    """The body of a request for moderation."""

    comment: CommentMessage
    author: AuthorMessage | None = None


M = TypeVar("M", bound=Message)
MODERATION = TypeAdapter(ModerationMessage)


def parse_comment(body: bytes, max_text: int) -> Sent:
    """Read what is to be moderated.

    Args:
        body: of the request.
        max_text: longest text that is judged, in characters.

    Raises:
        Unreadable: it is no JSON, or holds no comment.
        TooLong: the comment is longer; looking at all of its marks would take long.
    """
    told = read(MODERATION, body)
    sent = told.comment.body or ""
    role = told.author.role if told.author else None
    if role in STAFF:
        return Sent("", is_staff=True)
    if len(sent) > MARKUP * max_text:
        raise TooLong
    text = seen(sent)
    if len(text) > max_text:
        raise TooLong
    return Sent(text, is_staff=False)


def read(adapter: TypeAdapter[M], body: bytes) -> M:
    """Read a body as a message.

    Raises:
        Unreadable: it is no JSON object, or a field is missing or of the wrong type.
    """
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        first, text = error, mended(body)
    if text is None:
        raise Unreadable(_named(first))
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        raise Unreadable(_named(error)) from None


def _named(error: ValidationError) -> str:
    """The kind of what is wrong and where: names of our own, none that was sent."""
    detail = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in detail["loc"])
    return f"{detail['type']} at {place}" if place else detail["type"]
