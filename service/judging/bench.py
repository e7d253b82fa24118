"""Bench: a judge with all that depends on its model: sites' judges and policies.

A request takes one bench and keeps it, so that a verdict's scores, thresholds and model
are of one version, whatever becomes active meanwhile.  Stores nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from model.finding import Finding, Source
from model.judge import Judge, Judgement
from service.domain import Comment, Verdict
from service.policy import Policy, make_policy
from service.rules.judges import Judges
from service.store.records import Site

FAILED = Judgement((Finding(None, None, Source.CLASSIFIER, 1.0, (), "failed"),), None)
"""What a text gets that the judge breaks on: a person has to read it."""

DEFAULT = "model"
"""The name of the policy that is the model's own thresholds."""


class Bench:
    """One version of the model, as all sites use it.  Safe for threads.

    `shared` judges without any site's words, and `defaults` are the thresholds of the
    version's card.
    """

    def __init__(self, judge: Judge, judges: Judges | None = None) -> None:
        """Wire the parts.

        Args:
            judge: of the version.
            judges: those of sites with words of their own; if None, none is compiled.

        Raises:
            ConfigurationError: the card's thresholds are senseless.
        """
        self.shared = judge
        self._judges = judges or Judges(judge)
        self.defaults = make_policy(DEFAULT, judge.card)
        self._policies: dict[tuple[int, int], Policy] = {}

    @property
    def version(self) -> str:
        """The version of the model."""
        return self.shared.model_version

    @property
    def card(self) -> Mapping[str, Any]:
        """The card of the model."""
        return self.shared.card

    def with_model(self, judge: Judge) -> Bench:
        """A bench for another version; sites' words need not be compiled again.

        Raises:
            ConfigurationError: the card's thresholds are senseless.
        """
        return Bench(judge, self._judges.with_model(judge))

    def policy(self, site: Site) -> Policy:
        """The policy in force on a site: the model's thresholds and the site's own."""
        key = site.id, site.policy_version
        policy = self._policies.get(key)
        if policy is None:
            policy = make_policy(
                site.policy,
                self.card,
                site.thresholds,
                site.flagged_until_decided,
            )
            # Versions are never changed, so there is nothing to invalidate.
            self._policies[key] = policy
        return policy

    def judge(self, site: Site) -> Judge:
        """The judge of a site: with its own words, if it has some."""
        return self._judges.of(site)

    def verdict(
        self,
        site: Site,
        comment: Comment,
        on_failure: Callable[[Exception], None],
        *,
        with_places: bool = True,
    ) -> Verdict:
        """Judge and decide.

        Args:
            site: on behalf of which site.
            comment: to be judged.
            on_failure: told if the judge breaks on it; must not raise.
            with_places: of `Judge.judge`.
        """
        policy = self.policy(site)
        try:
            judgement = self.judge(site).judge(
                comment.text, floor=policy.floor, with_places=with_places
            )
        except Exception as error:  # A bug in the judge must not publish a comment.
            on_failure(error)
            judgement = FAILED
        return policy.verdict(
            judgement,
            model=self.version,
            language=comment.language,
            notices=site.notices,
        )
