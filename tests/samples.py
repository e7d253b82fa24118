"""Verdicts and comments to store."""

from __future__ import annotations

from model.finding import Attribute, Rule, Source, Span
from service.domain import Article, Author, Comment, Outcome, Reason, Verdict

SCORES = {attribute: 0.1 + 0.2 for attribute in Attribute}

ACCEPTED = Verdict(
    Outcome.ACCEPT, False, (), SCORES, None, "2026-11-24-3f9a1c", "default@1"
)
REJECTED = Verdict(
    Outcome.REJECT,
    False,
    (
        Reason(
            Rule.OBSCENE,
            Attribute.PROFANITY,
            Source.LEXICON,
            1.0,
            0.9,
            (Span(9, 13), Span(20, 24)),
            "An obscene word.",
        ),
        Reason(Rule.PERSONAL, None, Source.CONTACT, 0.6, 0.5, (), "A number: “☎”."),
    ),
    SCORES,
    "Your comment was not published.",
    "2026-11-24-3f9a1c",
    "default@1",
)
ABSTAINED = Verdict(
    Outcome.ACCEPT,
    True,
    (Reason(None, None, Source.CLASSIFIER, 1.0, 0.0, (), "In no known language."),),
    None,
    None,
    "2026-11-24-3f9a1c",
    "default@1",
)


def comment(id: str | None, text: str = "A fair point.") -> Comment:
    """A comment with everything a site may say of it."""
    return Comment(
        text,
        id,
        Author("u-1", "Ánn 🙂"),
        Article("a-1", "https://example.org/a", "On rivers"),
        "c-0",
        "en",
    )
