"""The service's own API: what its site makes of the two comments."""

from __future__ import annotations

import json
from typing import Any

from service.api.routes import MODERATE
from service.domain import Outcome
from service.selftest import perspective
from service.selftest.calling import Answer, shown
from service.selftest.findings import Failed
from service.selftest.visit import FAIR, FOUL, WRONG_KEY, Check, Seen, Visit

TITLE = "Refrain's own API"
STRIPPED = (
    "The key is right, for it opens the site by the query of Perspective's address; "
    "but the header `Authorization` does not arrive: a proxy takes it away."
)
UNKNOWN = "The key opens no site there."
LENIENT = "The site's thresholds and words let it pass: `sites` and `words` list them."
STRICT = "The site's thresholds or words stop it: `sites` and `words` list them."


def fair(visit: Visit) -> str:
    """The fair comment is published."""
    seen = judged(visit, FAIR)
    if not seen.is_clear:
        raise Failed(f"{_said(seen)}. {STRICT}")
    return f"{_said(seen)}: it is published"


def foul(visit: Visit) -> str:
    """The foul one is not, or people look at it."""
    seen = judged(visit, FOUL)
    if seen.is_clear:
        raise Failed(f"{_said(seen)}. {LENIENT}")
    if seen.outcome is Outcome.ACCEPT:
        return f"{_said(seen)}: it is published, and people look at it"
    fate = "it waits for people" if seen.flagged else "it is not published"
    return f"{_said(seen)}: {fate}"


def wrong_key(visit: Visit) -> str:
    """Not everybody may ask."""
    ask(visit, FAIR, WRONG_KEY).expect(401)
    return "refused"


CHECKS: tuple[tuple[str, Check], ...] = (
    ("fair comment", fair),
    ("foul comment", foul),
    ("wrong key", wrong_key),
)


def reach(visit: Visit) -> None:
    """Check that the service answers, and that the key opens a site.

    Whether by one way of sending it or by another: that tells a wrong key from one that
    gets lost.

    Raises:
        Failed: it opens none, so that nothing can be tried.
        NotSent: there is no answer.
    """
    if ask(visit, FAIR, visit.key).status != 401:
        return
    if perspective.analyze(visit, FAIR, visit.key).status != 200:
        raise Failed(UNKNOWN)


def judged(visit: Visit, text: str) -> Seen:
    """What the site makes of a text; the other protocols have to agree."""
    answer = ask(visit, text, visit.key)
    if answer.status == 401:
        raise Failed(STRIPPED)
    seen = _parsed(answer.expect(200).read())
    visit.verdicts[text] = seen
    return seen


def ask(visit: Visit, text: str, key: str) -> Answer:
    """Have a text judged; without an id, nothing is stored of it."""
    headers = {"Authorization": f"Bearer {key}"}
    return visit.caller.post(MODERATE, json.dumps({"text": text}).encode(), headers)


def _parsed(answer: dict[str, Any]) -> Seen:
    try:
        rules = dict.fromkeys(reason["rule"] for reason in answer["reasons"])
        named = tuple(str(rule) for rule in rules if rule is not None)
        return Seen(Outcome(answer["decision"]), answer["flagged"] is True, named)
    except (KeyError, TypeError, ValueError) as error:
        raise Failed("What is answered is no verdict of Refrain's.") from error


def _said(seen: Seen) -> str:
    said = f"{seen.outcome}ed"
    if seen.flagged:
        said = f"flagged, {said} until people decide"
    rules = f" ({shown(', '.join(seen.rules))})" if seen.rules else ""
    return said + rules
