"""Follower: serves whichever version the log of promotions says, in each process.

A daemon thread looks every two seconds.  What is new is loaded beside what serves, and
takes its place in one step.  What cannot be loaded is refused, and said: the version
that serves goes on.  A process that has just begun serves then what a rollback would
lead to, as its elder siblings most likely do; failing that, the base.  One that begins
while the database is away has no verdict recorded until it knows the log.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from logging import DEBUG, ERROR, INFO

from structlog.typing import FilteringBoundLogger

from model.artifact import Artifact, BrokenArtifact
from model.judge import Judge
from service.errors import RefrainError, StoreUnavailable
from service.judging.bench import Bench
from service.judging.shadow import Shadow
from service.logs import outline
from service.memory import give_back
from service.metrics import Metrics
from service.moderation import Moderation
from service.store.models import Models, State
from service.store.shadows import Shadows

LOOK_S = 2.0
"""How often to look."""

FIRST_S = 0.2
"""How often to look until the database has answered once."""

RETRY_S = 60.0
"""How long after a version was refused to try it again."""

END_S = 3.0
"""How long the end waits for a look that is under way."""


class Follower:
    """Sets the bench and the shadow of one process's moderation.

    `problem` says what is wrong with the version that should serve, None if nothing is.
    """

    def __init__(
        self,
        moderation: Moderation,
        models: Models,
        shadows: Shadows,
        *,
        base: Callable[[], Artifact],
        make_judge: Callable[[Artifact], Judge],
        metrics: Metrics,
        log: FilteringBoundLogger,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wire the parts; nothing is looked at yet.

        Args:
            moderation: that serves the base.
            models: where the log is.
            shadows: where a shadow's figures go.
            base: loads the version that serves where none is promoted.
            make_judge: of a version.
            metrics: told which version serves, and of failures.
            log: likewise.
            clock: seconds from some point on.
        """
        self.problem: str | None = None
        self._moderation = moderation
        self._models = models
        self._shadows = shadows
        self._base = base
        self._make_judge = make_judge
        self._metrics = metrics
        self._log = log
        self._clock = clock
        self._knows = False
        self._looked_at = clock()
        self._promotion: int | None = None
        self._shadowing: int | None = None
        self._refused: dict[str, tuple[int | None, float]] = {}
        self._has_switched = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Serve what the log says; raises nothing.

        Only one thread may look at a time: after `start`, its own.
        """
        try:
            if self._has_switched:  # By now nobody uses what served before.
                self._has_switched = False
                give_back()
            state = self._models.state()
            self._follow_promotion(state)
            self._let_record()
            self._follow_shadow(state)
        except StoreUnavailable as error:
            self._say(DEBUG, "no look at the models", reason=str(error))
        except Exception as error:  # The thread has to go on looking.
            self._let_record()
            self._metrics.error("model_errors")
            self._say(ERROR, "following the models failed", **outline(error))
        finally:
            self._looked_at = self._clock()

    @property
    def age_s(self) -> float:
        """How many seconds ago the last look ended; 0 where nobody is to look yet."""
        return 0.0 if self._thread is None else self._clock() - self._looked_at

    @property
    def is_alive(self) -> bool:
        """Whether somebody looks: the thread, unless it was not started yet."""
        return self._thread is None or self._thread.is_alive()

    def start(self) -> None:
        """Look again and again, in a thread of its own.

        Until a look has succeeded, moderation refuses what it would have to record.
        """
        self._moderation.may_record = self._knows
        if self._moderation.shadow is not None:
            self._moderation.shadow.start()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the threads."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(END_S)
        self._end_shadow()

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_S if self._knows else FIRST_S):
            self.look()

    def _let_record(self) -> None:
        """What serves is right now, or the best there is."""
        self._knows = self._moderation.may_record = True

    def _follow_promotion(self, state: State) -> None:
        if state.promotion == self._promotion:
            return
        if self._is_refused("active", state.promotion):
            return
        is_first = self._promotion is None
        try:
            self._serve(state.active)
        except StoreUnavailable:
            raise
        except Exception as error:
            self._refuse("active", state.promotion, state.active, error)
            self.problem = f"{state.active or 'The base'} cannot be served."
            if is_first:
                self._fall_back(state)
            return
        self._promotion, self.problem = state.promotion, None

    def _fall_back(self, state: State) -> None:
        """Serve what a rollback would lead to."""
        if state.before is None or self._is_refused("before", state.promotion):
            return
        try:
            self._serve(state.before)
        except StoreUnavailable:
            raise
        except Exception as error:
            self._refuse("before", state.promotion, state.before, error)

    def _serve(self, version: str | None) -> None:
        present = self._moderation.bench
        if version == present.version:
            return
        bench = present.with_model(self._make_judge(self._load(version)))
        if bench.version == present.version:  # The base, by its name.
            return
        self._moderation.bench = bench
        self._has_switched = True
        self._metrics.model(bench.version)
        before = present.version
        self._say(INFO, "model switched", model=bench.version, before=before)

    def _load(self, version: str | None) -> Artifact:
        if version is None:
            return self._base()
        artifact = self._models.artifact(version)
        if artifact is None:
            raise BrokenArtifact(f"the weights of {version} are not in the database")
        return artifact

    def _follow_shadow(self, state: State) -> None:
        if state.shadowing == self._shadowing:
            return
        if self._is_refused("shadow", state.shadowing):
            return
        self._end_shadow()
        if state.shadow is not None and state.shadowing is not None:
            try:
                self._begin_shadow(state.shadow, state.shadowing)
            except StoreUnavailable:
                raise
            except Exception as error:
                self._refuse("shadow", state.shadowing, state.shadow, error)
                return
        self._shadowing = state.shadowing

    def _begin_shadow(self, version: str, key: int) -> None:
        bench = Bench(self._make_judge(self._load(version)))
        shadow = Shadow(
            bench,
            key,
            self._shadows,
            count=self._metrics.shadow,
            on_failure=self._on_shadow_failure,
        )
        if self._thread is not None:
            shadow.start()
        self._moderation.shadow = shadow
        self._say(INFO, "shadow begun", model=version)

    def _end_shadow(self) -> None:
        shadow, self._moderation.shadow = self._moderation.shadow, None
        if shadow is not None:
            shadow.stop()
            self._has_switched = True
            self._say(INFO, "shadow ended", model=shadow.bench.version)

    def _on_shadow_failure(self, error: Exception) -> None:
        self._metrics.error("model_errors")
        self._say(ERROR, "shadow failed", **outline(error))

    def _is_refused(self, what: str, key: int | None) -> bool:
        refused, until = self._refused.get(what, (None, 0.0))
        return refused == key and self._clock() < until

    def _refuse(
        self, what: str, key: int | None, version: str | None, error: Exception
    ) -> None:
        """Say that a version cannot be used, and let it be for some time."""
        self._refused[what] = key, self._clock() + RETRY_S
        self._metrics.error("model_errors")
        is_deliberate = isinstance(error, BrokenArtifact | RefrainError)
        why = {"reason": str(error)} if is_deliberate else outline(error)
        serving = self._moderation.model_version
        named = {"model": version or "base", "serving": serving}
        self._say(ERROR, "model refused", **named, **why)

    def _say(self, level: int, event: str, **values: object) -> None:
        """Log.  What the log meets itself, a full disk say, must not end the thread."""
        with suppress(OSError, ValueError):
            self._log.log(level, event, **values)
