"""Statements of reasons, machine-readable, as the EU Digital Services Act asks.

Source:
    Regulation (EU) 2022/2065, Article 17, paragraph 3: what a statement has to hold.

Says nothing of courts and out-of-court bodies, which are the site's to name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal

from service.api.answers import reasons_answer
from service.api.feedback_shapes import (
    FactsAnswer,
    GroundAnswer,
    RedressAnswer,
    StatementAnswer,
)
from service.domain import Decision, Kind, Outcome
from service.errors import NotPossible
from service.notices import SPOKEN, language_of, notice_for
from service.reader.grounds import (
    is_automatic,
    is_held,
    is_one_act,
    relied_on,
    rules_of,
    standing,
)
from service.reader.links import VALID
from service.store.cases import Case


def statement(
    case: Case,
    *,
    first_reports: Mapping[int, datetime],
    appeal_url: str | None,
    now: datetime,
    utf16: bool = False,
) -> StatementAnswer:
    """State the reasons of the rejection that stands.

    Args:
        case: the comment.
        first_reports: when each of its revisions was first reported, if it was.
        appeal_url: of the decision that holds.
        now: the time, by which the link may be over.
        utf16: count positions as JavaScript does.

    Raises:
        NotPossible: the comment is accepted.
    """
    log = case.decisions
    if log[-1].verdict.outcome is not Outcome.REJECT:
        raise NotPossible("The comment is accepted; nothing is to be stated.")
    at = standing(log)
    decision = log[at]
    language: Any = language_of(case.card.language)
    return {
        "id": case.card.id,
        "revision": decision.revision,
        "number": at + 1,
        "decision": Outcome.REJECT,
        "restriction": _restriction(log[:at], decision),
        "territorial_scope": "everywhere",
        "duration": "until_decided_again",
        "language": language,
        "ground": _ground(decision, language),
        "facts": _facts(case, decision, first_reports, utf16),
        "automated": {
            "detection": bool(case.card.automatic.verdict.reasons),
            "decision": is_automatic(decision),
        },
        "redress": _redress(log[-1], appeal_url, now),
        "received_at": case.card.received_at.isoformat(),
        "decided_at": decision.decided_at.isoformat(),
    }


def _restriction(
    earlier: Sequence[Decision], decision: Decision
) -> Literal["held", "not_published", "removed"]:
    if is_held(decision):
        return "held"
    was_published = any(
        before.revision == decision.revision
        and before.verdict.outcome is Outcome.ACCEPT
        # The site was not told of what was undone, nor of an opinion that never held.
        and after.kind is not Kind.UNDO
        and not is_one_act(before, after)
        for before, after in pairwise((*earlier, decision))
    )
    return "removed" if was_published else "not_published"


def _ground(decision: Decision, language: str) -> GroundAnswer:
    rules = rules_of(decision)
    return {
        "type": "contractual",
        "sentence": SPOKEN[language].sentence,
        "clauses": list(rules),
        "explanation": decision.verdict.notice or notice_for(rules, language),
    }


def _facts(
    case: Case, decision: Decision, first_reports: Mapping[int, datetime], utf16: bool
) -> FactsAnswer:
    text = case.texts.get(decision.revision)
    reported_at = first_reports.get(decision.revision, decision.decided_at)
    was_reported = not is_automatic(decision) and reported_at < decision.decided_at
    return {
        "text": text,
        "reasons": reasons_answer(relied_on(decision), text, utf16=utf16),
        "occasion": "report" if was_reported else "own_initiative",
    }


def _redress(holds: Decision, appeal_url: str | None, now: datetime) -> RedressAnswer:
    until = holds.decided_at + VALID
    return {
        "appeal_url": appeal_url if now < until else None,
        "appeal_until": until.isoformat(),
    }
