"""OpenAI's moderations: what their clients would see."""

from __future__ import annotations

import json
from typing import Any

from service.compat.openai import CATEGORIES, PATH
from service.selftest.calling import Answer, shown
from service.selftest.findings import Failed
from service.selftest.visit import FAIR, FOUL, WRONG_KEY, Check, Visit

TITLE = "OpenAI's moderations"


def fair(visit: Visit) -> str:
    """The fair comment is not flagged, if the site's policy does not mind it."""
    return judged(visit, FAIR)


def foul(visit: Visit) -> str:
    """The foul one is, if the site's policy minds it."""
    return judged(visit, FOUL)


def wrong_key(visit: Visit) -> str:
    """Not everybody may ask."""
    error = ask(visit, FAIR, WRONG_KEY).expect(401).read().get("error")
    if not isinstance(error, dict) or error.get("code") != "invalid_api_key":
        raise Failed("A wrong key is not refused in OpenAI's shape.")
    return "refused"


CHECKS: tuple[tuple[str, Check], ...] = (
    ("fair comment", fair),
    ("foul comment", foul),
    ("wrong key", wrong_key),
)


def judged(visit: Visit, text: str) -> str:
    """What the client is told of a text."""
    result = _result(ask(visit, text, visit.key).expect(200).read())
    met = [name for name, is_met in result["categories"].items() if is_met is True]
    said = f"flagged: {shown(', '.join(met))}" if result["flagged"] else "not flagged"
    if result["flagged"] is visit.verdicts[text].is_clear:
        raise Failed(f"{said.capitalize()}, which is not what the site's policy says.")
    return said


def ask(visit: Visit, text: str, key: str) -> Answer:
    """Ask as OpenAI's clients do."""
    headers = {"Authorization": f"Bearer {key}"}
    return visit.caller.post(PATH, json.dumps({"input": text}).encode(), headers)


def _result(answer: dict[str, Any]) -> dict[str, Any]:
    try:
        (result,) = answer["results"]
        is_whole = isinstance(result["flagged"], bool) and all(
            set(result[map_]) >= set(CATEGORIES)
            for map_ in (
                "categories",
                "category_scores",
                "category_applied_input_types",
            )
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Failed("What is answered is no result of OpenAI's.") from error
    if not is_whole:
        raise Failed("What is answered lacks some of OpenAI's categories.")
    return dict(result)
