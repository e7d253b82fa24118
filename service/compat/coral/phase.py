"""A verdict as Coral's external moderation phase understands it.

    accepted                       nothing: Coral goes on with its own rules
    flagged, published meanwhile   a flag: Coral publishes and lists it as reported
    flagged, held meanwhile        SYSTEM_WITHHELD and a flag: Coral's pending queue
    rejected                       REJECTED, with the reason its author is told

Coral throws the whole answer away, and publishes, where a key is null, an empty text,
or a word that it does not know: so what there is nothing to say of is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from model.finding import Rule, Source
from service.domain import Outcome, Reason, Verdict
from service.wording import is_doubt

Answer = Mapping[str, Any]

FLAG: Answer = {"actionType": "FLAG", "reason": "COMMENT_DETECTED_TOXIC"}
FLAGGED: Answer = {"actions": [FLAG]}
HELD: Answer = {"status": "SYSTEM_WITHHELD", "actions": [FLAG]}
REJECTED = "REJECTED"
CODES: Mapping[Rule, str] = {
    Rule.DEROGATORY: "HATE_SPEECH",
    # Not HARASSMENT_BULLYING, which is what somebody does again and again.
    Rule.PERSONAL: "ABUSIVE",
    Rule.OBSCENE: "OFFENSIVE",
}
"""Coral's reasons for rejecting, which are also those of its notices under the DSA."""
OTHER = "OTHER"
CONTACT = "Private contact details"
"""Coral's list has nothing for them."""
AUTOMATICALLY = "This was decided automatically."
"""What the author of a comment has to be told (Regulation (EU) 2022/2065, art. 17)."""

WHY = ("late", "busy", "limit", "long", "large", "unreadable", "database", "fault")
"""Why a comment was not judged: the budget was over, too much under way, or the rate
limit reached; its text or its request is too long, or cannot be read; no secret could
be looked up; or a bug."""


def answer_of(verdict: Verdict) -> Answer | None:
    """What Coral is answered; None for nothing at all."""
    if not verdict.reasons:
        return None
    if verdict.flagged:
        is_held = verdict.outcome is Outcome.REJECT
        return HELD if is_held else FLAGGED
    why = _why(verdict.reasons)
    return {
        "status": REJECTED,
        "moderationAction": {"status": REJECTED, "rejectionReason": why},
    }


def _why(reasons: Sequence[Reason]) -> Answer:
    """The code of the strongest reason, and in words all that are reason to reject."""
    said = dict.fromkeys(
        reason.message for reason in reasons if not is_doubt(reason.message)
    )
    words = " ".join([*said, AUTOMATICALLY])
    return {**_code(reasons[0]), "detailedExplanation": words}


def _code(reason: Reason) -> Answer:
    if reason.source is Source.CONTACT:
        return {"code": OTHER, "customReason": CONTACT}
    return {"code": CODES[reason.rule]} if reason.rule else {"code": OTHER}
