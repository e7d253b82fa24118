"""Judging in process: one clean comment against two peers, and hostile texts.

Ours is the whole way from text to verdict: fold, lexicon, contact, classifier, policy.
Leaves out: HTTP and the store.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from statistics import median

from benchmarks.figures import Figure
from benchmarks.texts import CLEAN, HOSTILE_LENGTH, hostile_texts, unseen_texts
from model.judge import load_judge
from service.policy import make_policy

ROUNDS = 7
PEER_SECONDS = 0.3
"""Time given to either side in a round; both take turns, so both meet the same load."""

BETTER_PROFANITY = 150.0
ALT_PROFANITY_CHECK = 10.0
CLEAN_MS = 0.15
HOSTILE_MS = 25.0

Judging = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Medians over rounds: seconds a call of ours and of the peer, and their ratio."""

    ours: float
    peer: float
    ratio: float


def measure() -> Iterator[Figure]:
    """Measure everything here, one figure after the other."""
    ours = _ours()
    yield _against("better-profanity", _better_profanity(), ours, BETTER_PROFANITY)
    yield _against("alt-profanity-check", _alt_check(), ours, ALT_PROFANITY_CHECK)
    yield _clean(ours)
    yield _unseen(ours)
    yield _hostile(ours)


def compare(ours: Callable[[], object], peer: Callable[[], object]) -> Comparison:
    """Time two calls in turns."""
    rounds = [
        (seconds_a_call(ours, PEER_SECONDS), seconds_a_call(peer, PEER_SECONDS))
        for _ in range(ROUNDS)
    ]
    return Comparison(
        ours=median(mine for mine, _ in rounds),
        peer=median(theirs for _, theirs in rounds),
        ratio=median(theirs / mine for mine, theirs in rounds),
    )


def seconds_a_call(call: Callable[[], object], budget: float) -> float:
    """Call until the budget of seconds is spent; the mean time of a call."""
    calls, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < budget:
        call()
        calls += 1
    return spent / calls


def _ours() -> Judging:
    judge = load_judge()
    policy = make_policy("benchmark", judge.card)

    def decide(text: str) -> object:
        return policy.verdict(judge.judge(text), model=judge.model_version)

    return decide


def _better_profanity() -> Judging:
    from better_profanity import profanity

    profanity.load_censor_words()
    return profanity.contains_profanity  # type: ignore[no-any-return]


def _alt_check() -> Judging:
    # By name: type checking does without what only the benchmarks install.
    predict_prob = import_module("profanity_check").predict_prob
    return lambda text: predict_prob([text])


def _against(name: str, peer: Judging, ours: Judging, required: float) -> Figure:
    found = compare(lambda: ours(CLEAN), lambda: peer(CLEAN))
    return Figure(
        f"clean comment of {len(CLEAN)} characters, against {name}",
        _milliseconds(found.ours),
        _milliseconds(found.peer),
        f"{found.ratio:.0f} x faster",
        f">= {required:.0f} x",
        found.ratio >= required,
    )


def _clean(ours: Judging) -> Figure:
    seconds = median(
        seconds_a_call(lambda: ours(CLEAN), PEER_SECONDS) for _ in range(ROUNDS)
    )
    return _absolute("the same, by itself", seconds, CLEAN_MS)


def _unseen(ours: Judging) -> Figure:
    """Other words in every text, so that nothing remembered of a word helps."""
    times = [_once(ours, text) for text in unseen_texts(600)]
    return _absolute("the same length, words not met before", median(times), None)


def _hostile(ours: Judging) -> Figure:
    worst = {
        name: median(_once(ours, text) for _ in range(5))
        for name, text in hostile_texts().items()
    }
    name = max(worst, key=lambda key: worst[key])
    return _absolute(
        f"{HOSTILE_LENGTH} hostile characters, worst of {len(worst)} ({name})",
        worst[name],
        HOSTILE_MS,
    )


def _once(ours: Judging, text: str) -> float:
    start = time.perf_counter()
    ours(text)
    return time.perf_counter() - start


def _absolute(name: str, seconds: float, limit_ms: float | None) -> Figure:
    required = "" if limit_ms is None else f"<= {limit_ms:g} ms"
    met = limit_ms is None or seconds * 1000 <= limit_ms
    return Figure(name, _milliseconds(seconds), "", "", required, met)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.3f} ms"
