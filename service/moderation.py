"""The use cases: moderate a comment or many, look one up, say the policy in force.

Knows no HTTP and no SQL.  Judging and deciding is `service.judging.bench`, keeping
`service.store.store`; here they are put in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from service.alike import alike
from service.domain import AUTOMATIC, Comment, Decision, Outcome, Verdict
from service.errors import StoreUnavailable, UnknownComment
from service.judging.bench import Bench
from service.judging.shadow import Shadow
from service.policy import Policy
from service.store.records import CommentRecord, Recorded, Site, Submission
from service.store.store import Store
from service.telemetry.current import stage


class Moderation:
    """Moderates for every site, with one bench and one store.  Safe for threads.

    `bench` and `shadow` may be set at any time, by `service.judging.follower`: what is
    under way goes on with those it has begun with.  So may `may_record`, which is False
    while nobody knows yet which version should judge.
    """

    def __init__(
        self,
        bench: Bench,
        store: Store,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_failure: Callable[[Exception], None] = lambda error: None,
        is_sample: Callable[[int, str, bytes], bool] = lambda site, id, text: False,
    ) -> None:
        """Wire the parts.

        Args:
            bench: of the version that answers.
            store: one per process.
            clock: the time now, with its time zone.
            on_failure: told of every text the judge breaks on; must not raise.
            is_sample: of `Sampling.chooses`.
        """
        self.bench = bench
        self.shadow: Shadow | None = None
        self.may_record = True
        self._store = store
        self._clock = clock
        self._on_failure = on_failure
        self._is_sample = is_sample

    @property
    def model_version(self) -> str:
        """The version of the model that judges."""
        return self.bench.version

    @property
    def card(self) -> Mapping[str, Any]:
        """The card of the model that judges."""
        return self.bench.card

    def policy(self, site: Site) -> Policy:
        """The policy in force on a site: the model's thresholds and the site's own."""
        return self.bench.policy(site)

    def moderate(self, site: Site, comment: Comment) -> Decision:
        """Judge one comment; with an id, the decision is committed before returning.

        The same id and text again get the decision that holds, whoever made it.

        Raises:
            StoreUnavailable: nothing was stored, and there is no decision.
        """
        bench = self._bench_for([comment])
        with stage("judge"):
            verdict = bench.verdict(site, comment, self._on_failure)
        if comment.id is None:
            return self._unrecorded(verdict)
        sent = self._submission(site, comment, verdict)
        with stage("store"):
            recorded = self._store.record(
                site.id,
                comment,
                sent.text_hash,
                verdict,
                self._clock(),
                alike=sent.alike,
            )
        self._show(bench, site, comment, verdict, recorded)
        return recorded.decision

    def moderate_many(self, site: Site, comments: Sequence[Comment]) -> list[Decision]:
        """Judge comments in order; those with an id are stored in one transaction.

        Args:
            site: on behalf of which site.
            comments: no two with the same id.

        Raises:
            StoreUnavailable: nothing was stored, and there are no decisions.
        """
        bench = self._bench_for(comments)
        with stage("judge"):
            verdicts = [bench.verdict(site, one, self._on_failure) for one in comments]
        submissions = [
            self._submission(site, comment, verdict)
            for comment, verdict in zip(comments, verdicts, strict=True)
            if comment.id is not None
        ]
        all_recorded = self._record_many(site, submissions)
        for sent, entered in zip(submissions, all_recorded, strict=True):
            self._show(bench, site, sent.comment, sent.verdict, entered)
        recorded = iter(all_recorded)
        return [
            self._unrecorded(verdict) if comment.id is None else next(recorded).decision
            for comment, verdict in zip(comments, verdicts, strict=True)
        ]

    def glance(self, site: Site, text: str) -> Verdict:
        """The verdict on a text of which nothing is stored, or on a part of one.

        Cheaper than `moderate`: it does not say which words the classifier goes by.
        """
        comment = Comment(text)
        return self.bench.verdict(site, comment, self._on_failure, with_places=False)

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

    def _bench_for(self, comments: Sequence[Comment]) -> Bench:
        """The bench that judges; it is the right one, if taken after the flag."""
        if not self.may_record and any(one.id is not None for one in comments):
            raise StoreUnavailable("which model judges is not known yet")
        return self.bench

    def _show(
        self,
        bench: Bench,
        site: Site,
        comment: Comment,
        verdict: Verdict,
        recorded: Recorded,
    ) -> None:
        """Let the shadow have a comment, unless it came before and was decided then."""
        shadow = self.shadow
        if shadow is not None and recorded.decision.verdict is verdict:
            shadow.offer(bench, site, comment, recorded.decision)

    def _submission(self, site: Site, comment: Comment, verdict: Verdict) -> Submission:
        """Make ready to be stored; only what a person may have to read is kept."""
        text_hash = self._store.text_hash(comment.text)
        is_clean = verdict.outcome is Outcome.ACCEPT and not verdict.flagged
        is_kept = not is_clean or self._is_sample(site.id, str(comment.id), text_hash)
        kept = alike(comment.text) if is_kept else None
        return Submission(comment, text_hash, verdict, kept)

    def _unrecorded(self, verdict: Verdict) -> Decision:
        return Decision(verdict, AUTOMATIC, self._clock(), revision=0)

    def _record_many(
        self, site: Site, submissions: Sequence[Submission]
    ) -> list[Recorded]:
        if not submissions:
            return []
        with stage("store"):
            return self._store.record_many(site.id, submissions, self._clock())
