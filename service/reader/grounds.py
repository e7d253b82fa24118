"""Which decision really stands, and what it rests on.

For readers, who are owed the reasons of the decision itself and not of whatever has
been noted in the log since.  Reads nothing and words nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from model.finding import Rule
from service.domain import Decision, Kind, Outcome, Reason
from service.notices import BY_NAME, Clause, clause_of
from service.wording import is_doubt


def standing(decisions: Sequence[Decision]) -> int:
    """The index of the decision that stands at the end of a log.

    An escalation and a second opinion leave what stood, also one that differs: it is
    left to an editor.  An undoing puts back what stood before what it undoes.

    Args:
        decisions: the first ones of a comment's log, oldest first; at least one.
    """
    kept = _not_undone(decisions)
    while len(kept) > 1:
        left = _left_by(decisions[kept[-2]], decisions[kept[-1]])
        if not left:
            break
        del kept[-left:]
    return kept[-1]


def is_one_act(before: Decision, decision: Decision) -> bool:
    """Whether an escalation was entered with the differing second opinion before it.

    That opinion never held.
    """
    return (
        before.kind is Kind.SECOND
        and decision.kind is Kind.ESCALATION
        and before.decided_by == decision.decided_by
        and before.decided_at == decision.decided_at
    )


def _not_undone(decisions: Sequence[Decision]) -> list[int]:
    """The indexes of what was neither undone nor is an undoing."""
    kept: list[int] = []
    for index, decision in enumerate(decisions):
        if decision.kind is not Kind.UNDO:
            kept.append(index)
            continue
        last = kept.pop()
        if kept and is_one_act(decisions[kept[-1]], decisions[last]):
            kept.pop()
    return kept


def _left_by(before: Decision, decision: Decision) -> int:
    """How many of the last two leave what stood before them."""
    if is_one_act(before, decision):
        return 2
    is_same = before.verdict.outcome is decision.verdict.outcome
    return int(is_same and decision.kind in (Kind.ESCALATION, Kind.SECOND))


def is_held(decision: Decision) -> bool:
    """Whether it only keeps the comment back until a person has read it."""
    verdict = decision.verdict
    return verdict.flagged and verdict.outcome is Outcome.REJECT


def is_automatic(decision: Decision) -> bool:
    """Whether no person made it."""
    return decision.kind is Kind.AUTOMATIC


def relied_on(decision: Decision) -> tuple[Reason, ...]:
    """The reasons that a rejection rests on, strongest first.

    Of an automatic one those that rejected, not those that would only have flagged; of
    a person's, what the judge had seen of the rule that the person named.
    """
    reasons = decision.verdict.reasons
    if decision.rule is not None:
        return tuple(reason for reason in reasons if reason.rule is decision.rule)
    sure = tuple(reason for reason in reasons if not is_doubt(reason.message))
    return sure or reasons


def rules_of(decision: Decision) -> tuple[Rule, ...]:
    """The rules that a rejection names, each once, strongest first."""
    if decision.rule is not None:
        return (decision.rule,)
    named = dict.fromkeys(reason.rule for reason in relied_on(decision))
    return tuple(rule for rule in named if rule)


def clauses_of(decision: Decision) -> tuple[Clause, ...]:
    """What of the rules a rejection names, each once, strongest first."""
    reasons = relied_on(decision)
    named = dict.fromkeys(clause_of(reason.rule, reason.source) for reason in reasons)
    found = tuple(clause for clause in named if clause)
    return found or tuple(BY_NAME[rule] for rule in rules_of(decision))
