"""What the service counts, for Prometheus; right under several workers.

With PROMETHEUS_MULTIPROC_DIR set, as `service.gunicorn_conf` does, every worker counts
in files of its own there and each of them can answer for all.  Labels are bounded: no
path, id, key or text is one.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from service.domain import Verdict, Waiting
from service.errors import Fault
from service.store.outbox import Backlog
from service.store.waiting import Waits
from service.watch import MissRate, Watched, miss_rate

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
"""Upper ends of the histogram's buckets, in seconds."""


GAUGES: Mapping[str, tuple[str, Sequence[str]]] = {
    "webhooks": (
        "Deliveries of webhooks that are pending, or were given up.",
        ["state"],
    ),
    "webhooks_oldest_seconds": (
        "How long ago the oldest decision was made of which an endpoint has still to "
        "hear; 0 if there is none.",
        (),
    ),
    "samples_decided": ("Samples that moderators decided in 28 days.", ()),
    "miss_rate": (
        "Share of accepted comments that break the rule, by these samples, and the "
        "ends of its 95 % interval.",
        ["bound"],
    ),
    "drift": (
        "How far this week's comments lie from what the model was measured on; after "
        "learning from decisions, from those of the four weeks before: a population "
        "stability index, large from 0.25 on.",
        ["of"],
    ),
    "queue": (
        "Comments that wait for a moderator, by why they do.",
        ["waiting"],
    ),
    "queue_oldest_seconds": (
        "How long the oldest of those has waited; 0 if there is none.",
        ["waiting"],
    ),
    "disk_free_bytes": (
        "Free space on the disk of the SQLite file, or of REFRAIN_DATA_DIR.",
        (),
    ),
}
"""What is looked up where it is asked for: the process that answers knows it best."""
LOAD: Mapping[str, str] = {
    "in_flight": "Requests that threads are busy with, once a second.",
    "backlog": "Connections that wait for a thread, once a second.",
    "connections": "Open connections.",
    "threads": "Threads that serve requests.",
}
"""What each worker tells of itself, to be added up."""
UNKNOWN = MissRate(math.nan, math.nan, math.nan)


class Metrics:
    """The counters of one process.  Safe for threads."""

    def __init__(self, *, model_version: str) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "refrain_requests",
            "Requests answered.",
            ["route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "refrain_request_seconds",
            "Time from a request's arrival in the application to its answer.",
            ["route"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._verdicts = Counter(
            "refrain_verdicts",
            "Decisions answered; abstained: the classifier knew too little.",
            ["outcome", "flagged", "abstained"],
            registry=self._registry,
        )
        self._reasons = Counter(
            "refrain_reasons",
            "Reasons given in decisions; rule none: no clause could be named.",
            ["outcome", "rule", "source"],
            registry=self._registry,
        )
        self._errors = {
            what: Counter(f"refrain_{what}", help, registry=self._registry)
            for what, help in (
                ("store_errors", "Requests refused because the database failed."),
                ("judge_errors", "Texts flagged because the judge broke on them."),
                ("internal_errors", "Requests answered with status 500."),
                ("model_errors", "Times a version of the model could not be used."),
                ("watch_errors", "Times samples and drift could not be looked at."),
                ("log_errors", "Lines of the log that could not be written."),
                ("limit_errors", "Times rate limits could not be counted."),
                ("shed", "Requests refused for want of room, or of a thread in time."),
            )
        }
        self._database_errors = Counter(
            "refrain_database_errors",
            "Faults of the database, whoever met them.",
            ["fault"],
            registry=self._registry,
        )
        self._check_failures = Counter(
            "refrain_check_failures",
            "Checks of /readyz that failed.",
            ["check"],
            registry=self._registry,
        )
        self._model_info = Gauge(
            "refrain_model_info",
            "1 for the version of the model that judges.",
            ["version"],
            multiprocess_mode="livemax",
            registry=self._registry,
        )
        self._model_version = model_version
        self.model(model_version)
        self._shadow = Counter(
            "refrain_shadow",
            "Comments shown to the shadow: how its fates differ, or why there is none.",
            ["result"],
            registry=self._registry,
        )
        self._coral_unjudged = Counter(
            "refrain_coral_unjudged",
            "Comments from Coral held for people because they were not judged.",
            ["why"],
            registry=self._registry,
        )
        self._coral_events = Counter(
            "refrain_coral_events",
            "Webhooks from Coral; status: what it says of the comment.",
            ["type", "status"],
            registry=self._registry,
        )
        self._gauges = {
            what: Gauge(
                f"refrain_{what}",
                help,
                labels,
                multiprocess_mode="livemostrecent",
                registry=self._registry,
            )
            for what, (help, labels) in GAUGES.items()
        }
        self._load = {
            what: Gauge(
                f"refrain_{what}",
                help,
                multiprocess_mode="livesum",
                registry=self._registry,
            )
            for what, help in LOAD.items()
        }
        self._follower_age = Gauge(
            "refrain_follower_age_seconds",
            "Since a worker last looked which version of the model should serve.",
            multiprocess_mode="livemax",
            registry=self._registry,
        )
        # labels() takes a lock and builds tuples at every call: 1.5 us, this 0.1 us.
        self._request_children: dict[tuple[str, int], Counter] = {}
        self._seconds_children: dict[str, Histogram] = {}
        self._verdict_children: dict[tuple[str, bool, bool], Counter] = {}

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count an answered request; `route` is the rule, not the path."""
        counter = self._request_children.get((route, status))
        if counter is None:
            counter = self._requests.labels(route, status)
            self._request_children[route, status] = counter
        histogram = self._seconds_children.get(route)
        if histogram is None:
            histogram = self._seconds_children[route] = self._seconds.labels(route)
        counter.inc()
        histogram.observe(seconds)

    def verdict(self, verdict: Verdict) -> None:
        """Count a decision that is answered, and its reasons."""
        key = verdict.outcome.value, verdict.flagged, verdict.scores is None
        counter = self._verdict_children.get(key)
        if counter is None:
            outcome, *flags = key
            labels = (str(flag).lower() for flag in flags)
            counter = self._verdicts.labels(outcome, *labels)
            self._verdict_children[key] = counter
        counter.inc()
        for reason in verdict.reasons:
            rule = reason.rule or "none"
            self._reasons.labels(verdict.outcome, rule, reason.source).inc()

    def error(self, what: str) -> None:
        """Count a fault: one that is named in `__init__`, as `model_errors`."""
        self._errors[what].inc()

    def database_error(self, fault: Fault) -> None:
        """Count a fault of the database itself."""
        self._database_errors.labels(fault.value).inc()

    def check_failed(self, name: str) -> None:
        """Count a check of `service.readiness` that failed."""
        self._check_failures.labels(name).inc()

    def load(
        self, *, in_flight: int, backlog: int, connections: int, threads: int
    ) -> None:
        """Note how busy this process is."""
        self._load["in_flight"].set(in_flight)
        self._load["backlog"].set(backlog)
        self._load["connections"].set(connections)
        self._load["threads"].set(threads)

    def follower_age(self, seconds: float) -> None:
        """Note how long ago this process looked which model should serve."""
        self._follower_age.set(seconds)

    def queues(self, queues: Mapping[Waiting, Waits]) -> None:
        """Note what waits for moderators."""
        for waiting, waits in queues.items():
            self._gauges["queue"].labels(waiting.value).set(waits.count)
            oldest = self._gauges["queue_oldest_seconds"].labels(waiting.value)
            oldest.set(waits.oldest_s)

    def disk_free(self, count: int) -> None:
        """Note how many bytes are left on the disk."""
        self._gauges["disk_free_bytes"].set(count)

    def model(self, version: str) -> None:
        """Note which version of the model judges in this process from now on."""
        # No label can be taken back where several processes count.
        self._model_info.labels(self._model_version).set(0)
        self._model_info.labels(version).set(1)
        self._model_version = version

    def shadow(self, result: str) -> None:
        """Count a comment: `same`, `stricter`, `milder`, `skipped` or `failed`."""
        self._shadow.labels(result).inc()

    def coral_unjudged(self, why: str) -> None:
        """Count a comment of Coral's: a word of `service.compat.coral.phase.WHY`."""
        self._coral_unjudged.labels(why).inc()

    def coral_event(self, kind: str, status: str) -> None:
        """Count a webhook of Coral's; both are words of `service.compat.coral.events`.

        Args:
            kind: of the event.
            status: of the comment, if it tells one.
        """
        self._coral_events.labels(kind, status).inc()

    def webhooks(self, backlog: Backlog, oldest_s: float) -> None:
        """Note how much webhooks have still to tell, and for how long already."""
        self._gauges["webhooks_oldest_seconds"].set(oldest_s)
        self._gauges["webhooks"].labels("pending").set(backlog.pending)
        self._gauges["webhooks"].labels("given_up").set(backlog.given_up)

    def watched(self, watched: Watched) -> None:
        """Note what was seen on all sites; what cannot be said is NaN."""
        self._gauges["samples_decided"].set(watched.samples.decided)
        rate, drift = miss_rate(watched.samples) or UNKNOWN, watched.drift
        bounds = {"estimate": rate.estimate, "low": rate.low, "high": rate.high}
        for bound, share in bounds.items():
            self._gauges["miss_rate"].labels(bound).set(share)
        for of, index in (("scores", drift.scores), ("fates", drift.fates)):
            self._gauges["drift"].labels(of).set(math.nan if index is None else index)

    def exposition(self) -> bytes:
        """All counts in Prometheus' text format; those of every worker, if several."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
