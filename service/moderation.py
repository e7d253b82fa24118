"""The use cases: moderate a comment or many, look one up, say the policy in force.

Knows no HTTP and no SQL.  Judging is `model.judge`, deciding `service.policy`, keeping
`service.store.store`; here they are put in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from model.finding import Finding, Source
from model.judge import Judge, Judgement
from service.alike import alike
from service.domain import AUTOMATIC, Comment, Decision, Outcome, Verdict
from service.errors import UnknownComment
from service.policy import Policy, make_policy
from service.rules.judges import Judges
from service.store.records import CommentRecord, Recorded, Site, Submission
from service.store.store import Store

FAILED = Judgement((Finding(None, None, Source.CLASSIFIER, 1.0, (), "failed"),), None)
"""What a text gets that the judge breaks on: a person has to read it."""


class Moderation:
    """Moderates for every site, with one judge and one store.  Safe for threads."""

    def __init__(
        self,
        judge: Judge,
        store: Store,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_failure: Callable[[Exception], None] = lambda error: None,
    ) -> None:
        """Wire the parts.

        Args:
            judge: one per process; a site's own words are added to it.
            store: one per process.
            clock: the time now, with its time zone.
            on_failure: told of every text the judge breaks on; must not raise.
        """
        self._judge = judge
        self._judges = Judges(judge)
        self._store = store
        self._clock = clock
        self._on_failure = on_failure
        self._policies: dict[tuple[int, int], Policy] = {}

    @property
    def model_version(self) -> str:
        """The version of the model that judges."""
        return self._judge.model_version

    def policy(self, site: Site) -> Policy:
        """The policy in force on a site: the model's thresholds and the site's own."""
        key = site.id, site.policy_version
        policy = self._policies.get(key)
        if policy is None:
            policy = make_policy(
                site.policy,
                self._judge.card,
                site.thresholds,
                site.flagged_until_decided,
            )
            # Versions are never changed, so there is nothing to invalidate.
            self._policies[key] = policy
        return policy

    def moderate(self, site: Site, comment: Comment) -> Decision:
        """Judge one comment; with an id, the decision is committed before returning.

        The same id and text again get the decision that holds, whoever made it.

        Raises:
            StoreUnavailable: nothing was stored, and there is no decision.
        """
        verdict = self._verdict(site, comment)
        if comment.id is None:
            return self._unrecorded(verdict)
        recorded = self._store.record(
            site.id,
            comment,
            self._store.text_hash(comment.text),
            verdict,
            self._clock(),
            alike=_alike(comment.text, verdict),
        )
        return recorded.decision

    def moderate_many(self, site: Site, comments: Sequence[Comment]) -> list[Decision]:
        """Judge comments in order; those with an id are stored in one transaction.

        Args:
            site: on behalf of which site.
            comments: no two with the same id.

        Raises:
            StoreUnavailable: nothing was stored, and there are no decisions.
        """
        verdicts = [self._verdict(site, comment) for comment in comments]
        submissions = [
            Submission(
                comment,
                self._store.text_hash(comment.text),
                verdict,
                _alike(comment.text, verdict),
            )
            for comment, verdict in zip(comments, verdicts, strict=True)
            if comment.id is not None
        ]
        recorded = iter(self._record_many(site, submissions))
        return [
            self._unrecorded(verdict) if comment.id is None else next(recorded).decision
            for comment, verdict in zip(comments, verdicts, strict=True)
        ]

    def find(self, site: Site, comment_id: str) -> CommentRecord:
        """Everything that is stored of one of the site's comments.

        Raises:
            UnknownComment: the site sent no comment of this id.
            StoreUnavailable: the database cannot be read.
        """
        record = self._store.history(site.id, comment_id)
        if record is None:
            raise UnknownComment("This site has no comment of this id.")
        return record

    def _verdict(self, site: Site, comment: Comment) -> Verdict:
        policy = self.policy(site)
        try:
            judge = self._judges.of(site)
            judgement = judge.judge(comment.text, floor=policy.floor)
        except Exception as error:  # A bug in the judge must not publish a comment.
            self._on_failure(error)
            judgement = FAILED
        return policy.verdict(
            judgement,
            model=self._judge.model_version,
            language=comment.language,
            notices=site.notices,
        )

    def _unrecorded(self, verdict: Verdict) -> Decision:
        return Decision(verdict, AUTOMATIC, self._clock(), revision=0)

    def _record_many(
        self, site: Site, submissions: Sequence[Submission]
    ) -> list[Recorded]:
        if not submissions:
            return []
        return self._store.record_many(site.id, submissions, self._clock())


def _alike(text: str, verdict: Verdict) -> bytes | None:
    """What keeps a text; only what a person may have to read is kept."""
    if verdict.flagged or verdict.outcome is Outcome.REJECT:
        return alike(text)
    return None
