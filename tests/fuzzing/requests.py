"""Requests made up to break what parses them, for every route that takes a body."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tests.fixtures_store import KEY
from tests.fuzzing.texts import make_text

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class Sent(NamedTuple):
    """A request as it is sent."""

    path: str
    query: str
    body: bytes
    media_type: str


def bodies(random: Random) -> Mapping[str, Any]:
    """A proper body for each route, with a text made up."""
    text = make_text(random)
    entry = {"text": text}
    score = {"summaryScore": {"value": random.random()}}
    akismet = {"api_key": KEY, "comment_content": text, "comment_author": text[:20]}
    return {
        "/v1/moderate": {**entry, "language": "en", "author": {"id": "a"}},
        "/v1/moderate/batch": {"comments": [entry, {**entry, "id": "b"}]},
        "/v1/comments/fuzzed/report": {"words": text, "comment": entry},
        "/v1/comments/fuzzed/appeal": {"words": text, "decision": 1},
        "/v1/comments/fuzzed/decision": {"decision": "reject", "note": text},
        "/v1/moderations": {"input": [text, text[:9]], "model": "x"},
        "/v1alpha1/comments:analyze": {
            "comment": entry,
            "requestedAttributes": {"TOXICITY": {}},
            "spanAnnotations": True,
        },
        "/v1alpha1/comments:suggestscore": {
            "comment": entry,
            "attributeScores": {"TOXICITY": score},
        },
        "/1.1/comment-check": akismet,
        "/1.1/submit-spam": akismet,
        "/1.2/key-sites": {"api_key": KEY, "month": text[:7], "format": text[:3]},
    }


VALUES: Sequence[Any] = (
    *(None, True, -1, 0.5, 1e308, 2**63, 10**300, "", " ", "\0", "a" * 10_001, [], {}),
    *([None], {"": None}, [[[[[]]]]], {"text": {"text": "a"}}, "\ud800", [1] * 600),
)


def make_request(random: Random) -> Sent:
    """One request: proper, with a value replaced, or with its bytes disturbed."""
    path, value = random.choice(list(bodies(random).items()))
    way = random.randrange(3)
    if way == 1:
        value = _replaced(random, value)
    media_type = media_type_of(path)
    if media_type == FORM:
        fields = value if isinstance(value, dict) else {"value": value}
        body = urlencode(fields, errors="surrogatepass").encode()
    else:
        body = json.dumps(value).encode()
    if way == 2:
        body = _disturbed(random, body)
    return Sent(path, query_of(path), body, media_type)


def query_of(path: str) -> str:
    """The query with which a route is told the key, where it is told so."""
    return urlencode({"key": KEY}) if path.startswith("/v1alpha1") else ""


def media_type_of(path: str) -> str:
    """What a route takes: Akismet's take forms, all others JSON."""
    return FORM if path.startswith("/1.") else JSON


def _replaced(random: Random, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same value with another somewhere in it."""
    if isinstance(value, dict) and value and random.randrange(4):
        name = random.choice(list(value))
        return {**value, name: _replaced(random, value[name])}
    if isinstance(value, list) and value and random.randrange(4):
        return [_replaced(random, value[0]), *value[1:]]
    return random.choice(VALUES)


def _disturbed(random: Random, body: bytes) -> bytes:
    """The same bytes, some lost, doubled or changed."""
    data = bytearray(body)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(data) + 1)
        end = min(len(data), at + random.randint(1, 8))
        match random.randrange(4):
            case 0:
                del data[at:end]
            case 1:
                data[at:at] = data[at:end] * random.randint(1, 50)
            case 2:
                data[at:end] = random.randbytes(end - at)
            case _:
                data[at:at] = random.choice((b"[", b"{", b'"', b"\\u", b",", b"%"))
    return bytes(data)
