"""From request bytes to domain values, once: what comes out is never re-checked.

Syntax errors are MalformedBody, everything else that is wrong InvalidInput with a JSON
Pointer to the field.  Where a name stands twice in an object the last one counts, as
in most JSON readers (RFC 8259, section 4, leaves it open).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from service.domain import Article, Author, Comment
from service.errors import DuplicateId, InvalidInput, MalformedBody

MAX_ID = 200
MAX_TITLE = 500
MAX_URL = 2000
MAX_BATCH = 500
OFFSETS = ("codepoints", "utf16")
"""How positions in a text may be counted; the first one is the default."""
MAX_NAMED = 20
"""So many wrong fields are named in one answer, and names cut to MAX_NAME."""
MAX_NAME = 100

# These mean the same in Rust, ECMAScript and Python, so that the OpenAPI document shows
# the very check that is made.
NO_CONTROL = r"^[^\x00-\x1f\x7f]+$"
# White space: the dialects do not agree whether \x85 and \ufeff are some.
WEB_ADDRESS = r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s\x00-\x1f\x7f-\xa0\ufeff]+$"
LANGUAGE = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}$"
TAGS = f"{chr(0xE0000)}-{chr(0xE01EF)}"
"""Tags and variation selectors; the dialects write them differently, so: literally."""
VISIBLE = (
    # White space and control characters ...
    r"[^\s\x00-\x1f\x7f-\xa0"
    # ... what directs, joins and parts, but is not seen itself ...
    r"\xad\u034f\u061c\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    # ... selectors and fillers.
    rf"\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0{TAGS}]"
)
EXPECTED = {
    NO_CONTROL: "must not contain control characters",
    WEB_ADDRESS: "must be an http or https URL without blanks",
    LANGUAGE: "must be a language tag such as en or en-GB",
    VISIBLE: "must not be blank",
}

Id = Annotated[str, Field(min_length=1, max_length=MAX_ID, pattern=NO_CONTROL)]
Title = Annotated[str, Field(min_length=1, max_length=MAX_TITLE, pattern=NO_CONTROL)]
Url = Annotated[str, Field(max_length=MAX_URL, pattern=WEB_ADDRESS)]


class Strict(BaseModel):
    """Takes no unknown field, converts no type, and repeats no input in its errors."""

    model_config = ConfigDict(
        strict=True, extra="forbid", hide_input_in_errors=True, frozen=True
    )


class AuthorInput(Strict):
    """Who wrote the comment, in the site's own terms."""

    id: Id
    name: Title | None = None


class ArticleInput(Strict):
    """What the comment stands under."""

    id: Id
    url: Url | None = None
    title: Title | None = None


class TextInput(Strict):
    """A text, and what is known of its place."""

    text: Annotated[
        str,
        Field(
            min_length=1,
            pattern=VISIBLE,
            description="The comment, plain text.  Any Unicode character is allowed, "
            "but something has to be visible.",
        ),
    ]
    author: AuthorInput | None = None
    article: ArticleInput | None = None
    parent_id: Annotated[
        Id | None, Field(description="Id of the comment that this one answers.")
    ] = None
    language: Annotated[
        Annotated[str, Field(pattern=LANGUAGE)] | None,
        Field(description="BCP 47 language tag of the text, where the site knows it."),
    ] = None


class CommentInput(TextInput):
    """One comment as sent by the site.

    Without `id` it is judged and nothing is stored; such a request may be repeated,
    but leaves no decision to look up.
    """

    id: Annotated[
        Id | None,
        Field(description="The site's own id of the comment, unique on the site."),
    ] = None


class BatchInput(Strict):
    """Several comments; each is checked by itself, as CommentInput."""

    comments: Annotated[list[Any], Field(min_length=1, max_length=MAX_BATCH)]


ONE = TypeAdapter(CommentInput)
MANY = TypeAdapter(BatchInput)
ID: TypeAdapter[str] = TypeAdapter(Id)
SEEN: TypeAdapter[str] = TypeAdapter(Annotated[str, Field(pattern=VISIBLE)])


def parse_comment(body: bytes, *, max_text: int) -> Comment:
    """Read one comment from JSON.

    Args:
        body: at most as long as the caller has let pass.
        max_text: longest text, in characters.

    Raises:
        MalformedBody: it is no JSON in UTF-8.
        InvalidInput: a field is missing, unknown, of the wrong type or out of range.
    """
    try:
        parsed = ONE.validate_json(body)
    except ValidationError as error:
        raise explained(error) from None
    return comment_of(parsed, parsed.id, max_text)


def parse_batch(
    body: bytes, *, max_text: int, max_comments: int
) -> list[Comment | InvalidInput]:
    """Read several comments from JSON; one that is wrong stands as its error.

    Raises:
        MalformedBody: it is no JSON in UTF-8.
        InvalidInput: it is no object with 1 to `max_comments` comments.
    """
    try:
        batch = MANY.validate_json(body)
    except ValidationError as error:
        raise explained(error) from None
    if len(batch.comments) > max_comments:
        raise InvalidInput("/comments", f"must have at most {max_comments} comments")
    first: dict[str, int] = {}
    return [
        _element(value, index, first, max_text)
        for index, value in enumerate(batch.comments)
    ]


def is_id(value: str) -> bool:
    """Whether a comment can have this id; none is ever stored under another."""
    return not _complaint(ID, value)


def is_blank(text: str) -> bool:
    """Whether nothing of a text can be seen; CommentInput refuses such a `text`."""
    return _complaint(SEEN, text) == "string_pattern_mismatch"


def comment_of(
    parsed: TextInput, comment_id: str | None, max_text: int, place: str = ""
) -> Comment:
    """The comment that was read at a place in the body.

    Raises:
        InvalidInput: its text is too long.
    """
    if len(parsed.text) > max_text:
        raise InvalidInput(
            f"{place}/text", f"must have at most {max_text:,} characters"
        )
    author, article = parsed.author, parsed.article
    return Comment(
        text=parsed.text,
        id=comment_id,
        author=Author(author.id, author.name) if author else None,
        article=Article(article.id, article.url, article.title) if article else None,
        parent_id=parsed.parent_id,
        language=parsed.language,
    )


def explained(error: ValidationError, place: str = "") -> InvalidInput:
    """Turn pydantic's findings into one error of ours, which repeats no input."""
    details = error.errors(include_url=False, include_input=False)
    if details[0]["type"] == "json_invalid":
        return MalformedBody(f"The body is no valid JSON: {_syntax(details[0])}.")
    first, *more = (
        (place + _pointer(detail["loc"]), _problem(detail))
        for detail in details[:MAX_NAMED]
    )
    return InvalidInput(*first, *more)


def _complaint(adapter: TypeAdapter[str], value: str) -> str:
    """The first thing that is wrong with a value, in pydantic's word; else empty."""
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        return error.errors(include_url=False, include_input=False)[0]["type"]
    return ""


def _element(
    value: object, index: int, first: dict[str, int], max_text: int
) -> Comment | InvalidInput:
    place = f"/comments/{index}"
    try:
        parsed = ONE.validate_python(value)
        comment = comment_of(parsed, parsed.id, max_text, place)
    except ValidationError as error:
        return explained(error, place)
    except InvalidInput as error:
        return error
    if comment.id is None:
        return comment
    earlier = first.setdefault(comment.id, index)
    if earlier == index:
        return comment
    return DuplicateId(f"{place}/id", f"is also the id of /comments/{earlier}")


def _syntax(detail: ErrorDetails) -> str:
    return str(detail.get("ctx", {}).get("error", "syntax error"))


def _pointer(location: Sequence[int | str]) -> str:
    return "".join(
        "/" + str(part)[:MAX_NAME].replace("~", "~0").replace("/", "~1")
        for part in location
    )


def _problem(detail: ErrorDetails) -> str:
    """Say what a field must be, in the words of JSON rather than Python's."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return "is required"
        case "extra_forbidden":
            return "is not a known field"
        case "string_type":
            return "must be a string"
        case "string_too_short":
            return "must not be empty"
        case "string_too_long":
            return f"must have at most {context['max_length']:,} characters"
        case "string_pattern_mismatch":
            return EXPECTED[context["pattern"]]
        case "model_type" | "model_attributes_type":
            return "must be an object"
        case "list_type":
            return "must be an array"
        case "enum":
            return f"must be {context['expected']}"
        case "int_type" | "int_parsing_size":
            return "must be a whole number"
        case "greater_than_equal":
            return f"must be at least {context['ge']}"
        case "less_than_equal":
            return f"must be at most {context['le']:,}"
        case "too_short" | "too_long":
            return f"must have 1 to {MAX_BATCH} elements"
    return detail["msg"]
