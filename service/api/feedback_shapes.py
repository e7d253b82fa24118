"""The shapes of answers about reports, appeals, sites' decisions and statements.

In the OpenAPI document beside those of `service.api.shapes`.  Builds none of them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict  # pydantic asks for it below Python 3.12

from model.finding import Rule
from service.api.shapes import ReasonAnswer
from service.domain import Kind, Outcome

Number = Annotated[
    int, Field(ge=1, description="Of the decision: 1, 2, 3 … for each comment.")
]
DateTime = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class ReportedAnswer(TypedDict):
    """A complaint that was taken down."""

    id: str
    decision: Annotated[Outcome, Field(description="What holds until a person reads.")]


class AppealedAnswer(TypedDict):
    """An appeal that was taken down, and waits for a moderator."""

    id: str
    number: Annotated[int, Field(ge=1, description="Of the decision appealed.")]
    created_at: DateTime


class DecidedAnswer(TypedDict):
    """A decision of the site's own that was entered in the log, and holds now."""

    id: str
    decision: Outcome
    number: Number
    kind: Literal[Kind.SITE]


class ErasedAnswer(TypedDict):
    """What was erased; all noughts where it was erased before."""

    comments: Annotated[int, Field(ge=0)]
    texts: Annotated[
        int, Field(ge=0, description="That were kept, one for each revision.")
    ]
    reports: Annotated[
        int,
        Field(
            ge=0,
            description="Complaints about the comments; of an author, also those that "
            "they made.",
        ),
    ]
    appeals: Annotated[int, Field(ge=0)]
    models: Annotated[
        list[str],
        Field(
            description="Versions of the model that have learnt from it. The next one "
            "that is trained does not."
        ),
    ]


class GroundAnswer(TypedDict):
    """What a restriction rests on (Article 17(3), points (d) and (e))."""

    type: Annotated[
        Literal["contractual"], Field(description="The site's rule, and not a law.")
    ]
    sentence: Annotated[str, Field(description="That rule.")]
    clauses: Annotated[
        list[Rule],
        Field(
            description="What of it was broken, strongest first.  Empty where a person "
            "has yet to read the comment, or no clause was named."
        ),
    ]
    explanation: Annotated[
        str, Field(description="Why, in the words that the reader is told.")
    ]


class FactsAnswer(TypedDict):
    """Facts and circumstances relied on (Article 17(3), point (b))."""

    text: Annotated[
        str | None, Field(description="The comment; null where it was not kept.")
    ]
    reasons: Annotated[
        list[ReasonAnswer],
        Field(description="What was seen in it, with the words, strongest first."),
    ]
    occasion: Annotated[
        Literal["own_initiative", "report"],
        Field(description="Whether somebody had complained of the comment before."),
    ]


class AutomatedAnswer(TypedDict):
    """Use of automated means (Article 17(3), point (c))."""

    detection: Annotated[bool, Field(description="Whether the judge pointed it out.")]
    decision: Annotated[bool, Field(description="Whether no person decided.")]


class RedressAnswer(TypedDict):
    """How the reader can object (Article 17(3), point (f))."""

    appeal_url: Annotated[
        str | None, Field(description="For the reader; null once it is over.")
    ]
    appeal_until: DateTime


class StatementAnswer(TypedDict):
    """Statement of reasons after Article 17 of Regulation (EU) 2022/2065."""

    id: str
    revision: Annotated[int, Field(ge=1, description="Which text it is about.")]
    number: Number
    decision: Literal[Outcome.REJECT]
    restriction: Annotated[
        Literal["held", "not_published", "removed"],
        Field(
            description="`held` until a person has read it; `removed` where this text "
            "had been published."
        ),
    ]
    territorial_scope: Literal["everywhere"]
    duration: Annotated[
        Literal["until_decided_again"],
        Field(description="Without end, unless a person decides otherwise."),
    ]
    language: Annotated[
        Literal["en", "hi", "ml"],
        Field(description="Of `sentence` and `explanation`."),
    ]
    ground: GroundAnswer
    facts: FactsAnswer
    automated: AutomatedAnswer
    redress: RedressAnswer
    received_at: DateTime
    decided_at: DateTime
