"""Coral's external moderation phase: what Coral would do with each comment."""

from __future__ import annotations

import hmac
import json
from typing import Any

from service.domain import Outcome
from service.selftest.calling import Answer, shown
from service.selftest.findings import Failed
from service.selftest.visit import FAIR, FOUL, Check, Seen, Visit, in_time

TITLE = "Coral's external moderation phase"
PATH = "/coral/moderate"
PATIENCE_S = 0.2
"""How long Coral waits, unless somebody changed it."""

PUBLISHES = "Coral publishes it"
REPORTS = "Coral publishes it, and it lands in the Reported queue"
HOLDS = "it lands in Coral's Pending queue"
REJECTS = "Coral rejects it"
STATUSES = {
    "NONE": PUBLISHES,
    "APPROVED": PUBLISHES,
    "PREMOD": HOLDS,
    "SYSTEM_WITHHELD": HOLDS,
    "REJECTED": REJECTS,
}
FLAGS = ("COMMENT_DETECTED_TOXIC", "COMMENT_DETECTED_SPAM")
CODES = (
    "OFFENSIVE",
    "ABUSIVE",
    "SPAM",
    "BANNED_WORD",
    "AD",
    "ILLEGAL_CONTENT",
    "HARASSMENT_BULLYING",
    "MISINFORMATION",
    "HATE_SPEECH",
    "IRRELEVANT_CONTENT",
    "OTHER",
)
EXPLANATIONS = ("legalGrounds", "detailedExplanation", "customReason")
REFUSED = (
    "The signature is refused: the secret is none of those that `add-coral-secret` was "
    "given, or a proxy changes the body or takes `X-Coral-Signature` away."
)
DISCARDED = "Coral would discard the answer and publish the comment"


def fair(visit: Visit) -> str:
    """Coral publishes the fair comment, if the site's policy does not mind it."""
    return judged(visit, FAIR)


def foul(visit: Visit) -> str:
    """Coral does with the foul one as the site's policy says."""
    return judged(visit, FOUL)


def unsigned(visit: Visit) -> str:
    """Nobody but Coral may ask."""
    visit.caller.post(PATH, body_of(FAIR)).expect(401)
    return "refused"


def time(visit: Visit) -> str:
    """Coral waits for the answer."""
    return in_time(lambda: ask(visit, FOUL), PATIENCE_S, "Coral would publish.")


CHECKS: tuple[tuple[str, Check], ...] = (
    ("fair comment", fair),
    ("foul comment", foul),
    ("unsigned", unsigned),
    ("time", time),
)


def judged(visit: Visit, text: str) -> str:
    """What Coral does with a text."""
    answer = ask(visit, text)
    if answer.status == 401:
        raise Failed(REFUSED)
    fate, said = understood(answer.expect(200, 204))
    wanted = _wanted(visit.verdicts[text])
    if fate != wanted:
        raise Failed(
            f"{fate[:1].upper()}{fate[1:]}, but by the verdict of the key's site "
            f"{wanted}: the secret is another site's, or there was no time to judge "
            "(REFRAIN_CORAL_BUDGET_MS)."
        )
    return f"{said}: {fate}"


def ask(visit: Visit, text: str) -> Answer:
    """Ask as Coral does, with its signature."""
    body = body_of(text)
    digest = hmac.digest((visit.secret or "").encode(), body, "sha256").hex()
    return visit.caller.post(PATH, body, {"X-Coral-Signature": f"sha256={digest}"})


def body_of(text: str) -> bytes:
    """What Coral sends of a new comment, laid out as by JSON.stringify(…, null, 2)."""
    sent = {
        "action": "NEW",
        "comment": {"body": text, "parentID": None},
        "author": {"id": "selftest", "role": "COMMENTER"},
        "story": {"id": "selftest", "url": "https://news.example.com/selftest"},
        "site": {"id": "selftest"},
        "tenantID": "selftest",
        "tenantDomain": "news.example.com",
    }
    return json.dumps(sent, indent=2, ensure_ascii=False).encode()


def understood(answer: Answer) -> tuple[str, str]:
    """What Coral makes of an answer, and what is told.

    Raises:
        Failed: a part of it is nothing that Coral's schema lets through.
    """
    if answer.status == 204:
        return PUBLISHES, "no objection"
    told = answer.read()
    if not _is_proper(told):
        raise Failed(f"{DISCARDED}: {shown(json.dumps(told))}")
    status = told.get("status", "NONE")
    fate = STATUSES[status]
    if fate == PUBLISHES and told.get("actions"):
        return REPORTS, "flagged"
    reason = told.get("moderationAction", {}).get("rejectionReason", {}).get("code")
    return fate, f"{status}, {reason}" if reason else status


def _wanted(seen: Seen) -> str:
    if seen.outcome is Outcome.ACCEPT:
        return REPORTS if seen.flagged else PUBLISHES
    return HOLDS if seen.flagged else REJECTS


def _is_proper(told: dict[str, Any]) -> bool:
    """Whether Coral's schema lets an answer through; null is nowhere allowed."""
    status, tags = told.get("status", "NONE"), told.get("tags", ["STAFF"])
    actions = told.get("actions", [])
    return (
        isinstance(status, str)
        and status in STATUSES
        and isinstance(actions, list)
        and all(_is_flag(action) for action in actions)
        and isinstance(tags, list)
        and len(tags) > 0
        and _is_moderation(told.get("moderationAction", {}))
    )


def _is_flag(action: object) -> bool:
    return (
        isinstance(action, dict)
        and action.get("actionType") == "FLAG"
        and action.get("reason") in FLAGS
    )


def _is_moderation(moderation: object) -> bool:
    if not isinstance(moderation, dict):
        return False
    reason = moderation.get("rejectionReason", {})
    return (
        isinstance(reason, dict)
        and reason.get("code", "OTHER") in CODES
        and all(isinstance(reason.get(name, "-"), str) for name in EXPLANATIONS)
        and all(reason.get(name, "-") for name in EXPLANATIONS)
    )
