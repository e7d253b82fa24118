"""The shapes of all answers, which the OpenAPI document shows.  Builds none of them.

Problems have theirs in `service.api.problems`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # pydantic asks for it below Python 3.12

from model.finding import Attribute, Rule, Source
from service.api.problems import CheckAnswer, Problem
from service.domain import Kind, Outcome

Unit = Annotated[float, Field(ge=0.0, le=1.0)]


class SpanAnswer(TypedDict):
    """A part of the text as sent."""

    start: Annotated[int, Field(ge=0, description="First position of the part.")]
    end: Annotated[int, Field(ge=0, description="First position after the part.")]
    text: Annotated[
        str | None,
        Field(description="The part itself; null where the text was not kept."),
    ]


class ReasonAnswer(TypedDict):
    """Why the decision is no plain accept: a finding that met a threshold."""

    rule: Annotated[
        Rule | None,
        Field(
            description="The clause that was broken.  Null where no clause can be "
            "named: the judge knows too little of the text and a person has to read it."
        ),
    ]
    attribute: Annotated[
        Attribute | None,
        Field(description="Null for contact details and where `rule` is null."),
    ]
    source: Source
    score: Unit
    threshold: Annotated[Unit, Field(description="The highest one that was met.")]
    spans: list[SpanAnswer]
    message: str


class Scores(TypedDict):
    """Probabilities of the attributes, in the names of Google's Perspective API."""

    TOXICITY: Unit
    SEVERE_TOXICITY: Unit
    IDENTITY_ATTACK: Unit
    INSULT: Unit
    PROFANITY: Unit
    THREAT: Unit


class VerdictAnswer(TypedDict):
    """What was decided, and why."""

    decision: Outcome
    flagged: Annotated[
        bool, Field(description="Whether a person is asked to look at it.")
    ]
    decided_by: Annotated[
        str, Field(description="`automatic`, or the name of who decided.")
    ]
    reasons: Annotated[list[ReasonAnswer], Field(description="Strongest first.")]
    scores: Annotated[
        Scores | None,
        Field(
            description="The classifier's probabilities; null where it abstained "
            "because it knows too little of the text."
        ),
    ]
    notice: Annotated[
        str | None,
        Field(description="For the reader; null for what is published."),
    ]
    model: Annotated[str, Field(description="Version of the model that judged.")]
    policy: Annotated[str, Field(description="Policy in force, as `site@version`.")]


class DecisionAnswer(VerdictAnswer):
    """The decision about one comment."""

    id: Annotated[
        str | None,
        Field(
            description="As sent; null if none was sent: then nothing was stored "
            "and the decision cannot be looked up."
        ),
    ]
    appeal_url: Annotated[
        str | None,
        Field(
            description="For the reader, valid for 30 days: a page that shows why, "
            "and takes an appeal. Null for what is published or was not stored."
        ),
    ]


class HistoryEntry(VerdictAnswer):
    """One decision in the log."""

    number: Annotated[int, Field(ge=1, description="1, 2, 3 … for each comment.")]
    revision: Annotated[int, Field(ge=1, description="Which text it is about.")]
    kind: Annotated[Kind, Field(description="How it was made.")]
    rule: Annotated[
        Rule | None, Field(description="The clause that a person named for rejecting.")
    ]
    decided_at: Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class EventData(TypedDict):
    """A decision, without the text it is about."""

    id: Annotated[str, Field(description="The site's own id of the comment.")]
    revision: Annotated[int, Field(ge=1, description="Which text it is about.")]
    number: Annotated[
        int,
        Field(
            ge=1,
            description="1, 2, 3 … for each comment: of two decisions the one with "
            "the higher number holds, whichever is heard of first.",
        ),
    ]
    decision: Outcome
    kind: Annotated[Kind, Field(description="How it was made.")]
    decided_by: str
    decided_at: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    rule: Annotated[
        Rule | None, Field(description="The clause that a person named for rejecting.")
    ]
    notice: Annotated[
        str | None,
        Field(description="For the reader; null for what is published."),
    ]


class EventAnswer(TypedDict):
    """Something that a site is told: the body of a webhook."""

    type: Annotated[
        str,
        Field(
            description="`comment.accepted`, `comment.rejected` or `appeal.answered`."
        ),
    ]
    timestamp: Annotated[
        str,
        Field(
            description="When it happened.", json_schema_extra={"format": "date-time"}
        ),
    ]
    data: EventData


class ListedEvent(EventAnswer):
    """The same, with the id that a webhook bears in its header."""

    id: Annotated[str, Field(description="`webhook-id` of the webhook about it.")]


class EventsAnswer(TypedDict):
    """What came after a cursor."""

    events: Annotated[list[ListedEvent], Field(description="Oldest first.")]
    after: Annotated[
        str,
        Field(
            description="The cursor to send next time; it never passes over anything."
        ),
    ]


class BatchAnswer(TypedDict):
    """One element for every comment sent, in the same order."""

    results: Annotated[
        list[DecisionAnswer | Problem],
        Field(
            description="A decision, or the problem for which that comment was not "
            "judged; a problem has `type` and `status`, a decision has `decision`."
        ),
    ]


class AuthorAnswer(TypedDict):
    """Who wrote the comment, in the site's own terms."""

    id: str
    name: str | None


class ArticleAnswer(TypedDict):
    """What the comment stands under."""

    id: str
    url: str | None
    title: str | None


class CommentAnswer(DecisionAnswer):
    """A stored comment: the decision that holds, and how it came about."""

    text: Annotated[
        str | None,
        Field(
            description="Kept only for what was rejected, flagged or reported.  NUL is "
            "stored as U+FFFD."
        ),
    ]
    revision: Annotated[int, Field(ge=1, description="Number of the present text.")]
    author: AuthorAnswer | None
    article: ArticleAnswer | None
    parent_id: str | None
    language: str | None
    received_at: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    history: Annotated[
        list[HistoryEntry], Field(description="Every decision, oldest first.")
    ]


class ThresholdsAnswer(TypedDict):
    """From which score a rule flags and rejects, ends included; null is never."""

    flag: Unit | None
    reject: Unit | None


class PolicyAnswer(TypedDict):
    """What turns scores into decisions on this site."""

    policy: Annotated[str, Field(description="Policy in force, as `site@version`.")]
    sentence: Annotated[str, Field(description="The rule readers are asked to keep.")]
    rules: dict[Rule, ThresholdsAnswer]
    abstain: Annotated[
        Unit,
        Field(
            description="From which share of unknown words a comment is flagged when "
            "the classifier abstains."
        ),
    ]
    flagged_until_decided: Annotated[
        Outcome,
        Field(description="What a flagged comment gets until a person decides."),
    ]


class ModelAnswer(TypedDict):
    """The model that judges."""

    model: Annotated[str, Field(description="Its version.")]
    card: Annotated[
        dict[str, Any],
        Field(description="How it was trained, on what, and how well it does."),
    ]


class AliveAnswer(TypedDict):
    """The process runs."""

    status: Literal["ok"]


class ReadyAnswer(TypedDict):
    """Everything a verdict needs is there."""

    status: Literal["ready"]
    store: Literal["ok"]
    model: Annotated[str, Field(description="Version of the model that judges.")]
    problem: NotRequired[
        Annotated[
            str,
            Field(description="Which version should judge, and cannot be served."),
        ]
    ]
    checks: list[CheckAnswer]
