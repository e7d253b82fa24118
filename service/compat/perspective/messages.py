"""The messages that Perspective's clients send, and how they are read from JSON.

As Google's services read it: names as in `requestedAttributes` or as in
`requested_attributes`, and null for nothing.  What is not known is passed over.  Half
of a surrogate pair, which JavaScript lets through, is replaced: a client that publishes
whatever is answered with an error must not be made to by a single character.

Only types are checked here; what the fields say is `reading`'s.
"""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from service.compat.mending import mended
from service.compat.perspective.refusing import malformed


class Message(BaseModel):
    """A part of a body."""

    model_config = ConfigDict(
        strict=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=True,
    )


class TextEntry(Message):
    """A text, and of which type it is."""

    text: str | None = None
    type: str | None = None


class Nearby(Message):
    """What a comment stands under."""

    article: TextEntry | None = None
    parent_comment: TextEntry | None = None


class Context(Message):
    """What surrounds a comment, in one of two ways."""

    entries: list[TextEntry] | None = None
    article_and_parent_comment: Nearby | None = None


class Parameters(Message):
    """How an attribute is wanted."""

    score_type: str | None = None
    score_threshold: float | None = None


class Score(Message):
    """A score; one without a value is 0, as such messages leave it out."""

    value: float | None = None
    type: str | None = None


class SpanScore(Message):
    """A score of a part of the text; which part is of no use here."""

    score: Score | None = None


class AttributeScores(Message):
    """What a client thinks that an attribute should score."""

    summary_score: Score | None = None
    span_scores: list[SpanScore] | None = None


class Request(Message):
    """What both methods take."""

    comment: TextEntry | None = None
    context: Context | None = None
    languages: list[str] | None = None
    client_token: str | None = None


class AnalyzeRequest(Request):
    """The body of `comments:analyze`; `sessionId` and `communityId` tell nothing."""

    requested_attributes: dict[str, Parameters | None] | None = None
    do_not_store: bool | None = None
    span_annotations: bool | None = None
    drop_unsupported_attributes: bool | None = None


class SuggestRequest(Request):
    """The body of `comments:suggestscore`."""

    attribute_scores: dict[str, AttributeScores | None] | None = None


R = TypeVar("R", bound=Request)
ANALYZE = TypeAdapter(AnalyzeRequest)
SUGGEST = TypeAdapter(SuggestRequest)


def read(adapter: TypeAdapter[R], body: bytes) -> R:
    """Read a body as a message; an empty one is a message without fields.

    Raises:
        Refused: it is no JSON object, or a field is of the wrong type.
    """
    try:
        return adapter.validate_json(body or b"{}")
    except ValidationError as error:
        text = mended(body)
        if text is None:
            raise malformed(error) from None
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        raise malformed(error) from None
