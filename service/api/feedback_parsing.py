"""What sites send about a comment afterwards: from request bytes to values, once.

In the manner of `service.api.parsing`, whose words the errors have too.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from model.finding import Rule
from service.api.parsing import (
    NO_CONTROL,
    VISIBLE,
    Id,
    Strict,
    TextInput,
    comment_of,
    explained,
)
from service.domain import AUTOMATIC, Comment, Outcome
from service.errors import InvalidInput

MAX_WORDS = 2000
"""Longest appeal, complaint and note, in characters."""
MAX_NUMBER = 2**31 - 1

T = TypeVar("T", bound=Strict)


def whole(value: object) -> object:
    """JSON has one kind of number: to JSON Schema, too, 2.0 is the integer 2."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


Number = Annotated[int, Field(ge=1, le=MAX_NUMBER), BeforeValidator(whole)]
Words = Annotated[str, Field(min_length=1, max_length=MAX_WORDS, pattern=VISIBLE)]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=NO_CONTROL)]


class ReportInput(Strict):
    """A reader's complaint about a comment."""

    reporter: Annotated[
        Id | None,
        Field(
            description="The site's own id of who complains: of the same one, further "
            "complaints about the same text change nothing."
        ),
    ] = None
    words: Annotated[Words | None, Field(description="What the reader says.")] = None
    comment: Annotated[
        TextInput | None,
        Field(
            description="The comment, as for /v1/moderate but without its id. Needed "
            "where its text is not kept, as that of what was accepted is not, and "
            "where it was never sent."
        ),
    ] = None


class AppealInput(Strict):
    """A reader's objection to a rejection."""

    words: Annotated[Words, Field(description="What the reader says.")]
    decision: Annotated[
        Number | None,
        Field(
            description="Number of the decision that the reader objects to. If another "
            "one holds by now, that is answered with 409."
        ),
    ] = None


class DecisionInput(Strict):
    """A decision that was made in the site's own system."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"decision": {"const": "accept"}}},
            "then": {"properties": {"rule": {"type": "null"}}},
        }
    )

    decision: Outcome
    rule: Annotated[
        Rule | None, Field(description="The clause that was broken, for a rejection.")
    ] = None
    note: Annotated[Words | None, Field(description="For moderators only.")] = None
    by: Annotated[
        Name | None, Field(description="Who decided; `site` if left out.")
    ] = None


REPORT = TypeAdapter(ReportInput)
APPEAL = TypeAdapter(AppealInput)
DECISION = TypeAdapter(DecisionInput)


def parse_report(
    body: bytes, comment_id: str, *, max_text: int
) -> tuple[ReportInput, Comment | None]:
    """Read a complaint, and the comment that came with it.

    Args:
        body: at most as long as the caller has let pass.
        comment_id: which comment it is about.
        max_text: longest text of a comment, in characters.

    Raises:
        MalformedBody: it is no JSON in UTF-8.
        InvalidInput: a field is unknown, of the wrong type or out of range.
    """
    parsed = _parsed(REPORT, body)
    if parsed.comment is None:
        return parsed, None
    return parsed, comment_of(parsed.comment, comment_id, max_text, "/comment")


def parse_appeal(body: bytes) -> AppealInput:
    """Read an objection.

    Raises:
        MalformedBody: it is no JSON in UTF-8.
        InvalidInput: a field is missing, unknown, of the wrong type or out of range.
    """
    return _parsed(APPEAL, body)


def parse_decision(body: bytes) -> DecisionInput:
    """Read a site's decision.

    Raises:
        MalformedBody: it is no JSON in UTF-8.
        InvalidInput: a field is wrong, a rule is named for what is accepted, or it is
            pretended that nobody decided.
    """
    parsed = _parsed(DECISION, body)
    if parsed.by == AUTOMATIC:
        raise InvalidInput("/by", f"must not be {AUTOMATIC}: people's decisions only")
    if parsed.rule and parsed.decision is Outcome.ACCEPT:
        raise InvalidInput("/rule", "must be null for what is accepted")
    return parsed


def _parsed(adapter: TypeAdapter[T], body: bytes) -> T:
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        raise explained(error) from None
