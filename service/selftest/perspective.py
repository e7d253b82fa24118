"""Perspective's API: what Coral's toxic comment filter and Google's clients would see.

`comments:suggestscore` stores what it is told, so it is only asked whether it is there.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlsplit

from model.finding import Attribute
from service.compat.perspective.discovery import ANALYZE, SUGGEST, VERSION
from service.selftest.calling import Answer, Caller, shown
from service.selftest.findings import Failed
from service.selftest.visit import FAIR, FOUL, WRONG_KEY, Check, Visit, in_time
from service.webhooks.posting import NotSent

TITLE = "Perspective, for Coral's toxic comment filter and Google's clients"
DISCOVERY = f"/$discovery/rest?version={VERSION}"
TOXICITY = Attribute.TOXICITY.value
THRESHOLD = 0.80
"""Coral's, unless somebody changed it; it holds what scores more."""
PATIENCE_S = 0.8
"""How long Coral waits."""


def fair(visit: Visit) -> str:
    """Coral publishes the fair comment."""
    score = toxicity(visit, FAIR)
    if score > THRESHOLD:
        raise Failed(f"{_said(score)}, so that Coral would hold it.")
    return f"{_said(score)}: Coral publishes it"


def foul(visit: Visit) -> str:
    """Coral holds the foul one."""
    score = toxicity(visit, FOUL)
    if score <= THRESHOLD:
        raise Failed(f"{_said(score)}, so that Coral would publish it.")
    return f"{_said(score)}: after a warning, it lands in Coral's Pending queue"


def attributes(visit: Visit) -> str:
    """All six attributes are scored, sentence by sentence."""
    names = [attribute.value for attribute in Attribute]
    body = {
        "comment": {"text": f"{FAIR} {FOUL}"},
        "requestedAttributes": {name: {} for name in names},
        "spanAnnotations": True,
        "doNotStore": True,
    }
    scores = _scores(_post(visit, ANALYZE, body))
    missing = [name for name in names if name not in scores]
    if missing:
        raise Failed(f"Not scored: {', '.join(missing)}.")
    _summary(scores, names[0])
    return f"{len(names)} attributes are scored, sentence by sentence"


def decisions(visit: Visit) -> str:
    """What Coral's moderators decide can be told."""
    answer = _post(visit, SUGGEST, {"comment": {"text": FAIR}, "attributeScores": {}})
    _refused(answer, "Missing attribute_scores")
    return "what moderators decide can be told (nothing was)"


def discovery(visit: Visit) -> str:
    """The discovery document leads Google's clients back to the service."""
    found = visit.caller.get(DISCOVERY).expect(200).read().get("rootUrl")
    root = found.rstrip("/") if isinstance(found, str) else ""
    if root != visit.caller.url and not _answers(visit.caller.at(root)):
        raise Failed(
            f"Google's clients are led to {shown(root)}, where nothing answers from "
            f"here: set REFRAIN_PUBLIC_URL to the service's own address."
        )
    return f"Google's clients are led to {shown(root)}"


def errors(visit: Visit) -> str:
    """An error arrives as Perspective has it, whatever stands between."""
    body = {"comment": {"text": ""}, "requestedAttributes": {TOXICITY: {}}}
    _refused(_post(visit, ANALYZE, body), "Comment must be non-empty.")
    return "told in Google's shape and Perspective's words"


def wrong_key(visit: Visit) -> str:
    """Not everybody may ask."""
    answer = analyze(visit, FAIR, WRONG_KEY)
    _refused(answer, "API key not valid. Please pass a valid API key.")
    return "refused"


def time(visit: Visit) -> str:
    """Coral waits for the answer."""
    return in_time(
        lambda: analyze(visit, FOUL, visit.key), PATIENCE_S, "Coral would publish."
    )


CHECKS: tuple[tuple[str, Check], ...] = (
    ("fair comment", fair),
    ("foul comment", foul),
    ("attributes", attributes),
    ("decisions", decisions),
    ("discovery", discovery),
    ("errors", errors),
    ("wrong key", wrong_key),
    ("time", time),
)


def toxicity(visit: Visit, text: str) -> float:
    """The score that Coral reads."""
    return _summary(_scores(analyze(visit, text, visit.key)), TOXICITY)


def analyze(visit: Visit, text: str, key: str) -> Answer:
    """Ask as Coral does."""
    body = {
        "comment": {"text": text},
        "doNotStore": True,
        "requestedAttributes": {TOXICITY: {}},
        "languages": ["en"],
    }
    return _post(visit, ANALYZE, body, key)


def _post(
    visit: Visit, path: str, body: dict[str, Any], key: str | None = None
) -> Answer:
    query = quote(key or visit.key, safe="")
    return visit.caller.post(f"{path}?key={query}", json.dumps(body).encode())


def _scores(answer: Answer) -> dict[str, Any]:
    scores = answer.expect(200).read().get("attributeScores")
    if not isinstance(scores, dict):
        raise Failed("What is answered has no scores.")
    return scores


def _summary(scores: dict[str, Any], name: str) -> float:
    try:
        value = float(scores[name]["summaryScore"]["value"])
    except (KeyError, TypeError, ValueError) as error:
        raise Failed(f"What is answered has no score for {name}.") from error
    if not 0.0 <= value <= 1.0:
        raise Failed(f"The score for {name} is no probability.")
    return value


def _refused(answer: Answer, message: str) -> None:
    """Check that an error is Perspective's.  Raises Failed where it is not."""
    error = answer.expect(400).read().get("error")
    if not isinstance(error, dict) or error.get("message") != message:
        raise Failed(f"Expected the error “{message}”, not “{answer.complaint}”")


def _answers(caller: Caller) -> bool:
    """Whether the service can be discovered at another address, too."""
    if urlsplit(caller.url).scheme not in ("http", "https"):
        return False
    try:
        return "rootUrl" in caller.get(DISCOVERY).expect(200).read()
    except (Failed, NotSent):
        return False


def _said(score: float) -> str:
    side = "above" if score > THRESHOLD else "not above"
    shares = f"{TOXICITY} {score:.1%}, {side} Coral's usual {THRESHOLD:.0%}"
    return shares.replace("%", " %")
