"""Requests as bytes: our own, and those of each service that Refrain stands in for."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from urllib.parse import urlencode
from uuid import uuid4

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
SIX = (
    "TOXICITY",
    "SEVERE_TOXICITY",
    "IDENTITY_ATTACK",
    "INSULT",
    "PROFANITY",
    "THREAT",
)


def own(text: str, key: str, comment_id: str | None = None) -> bytes:
    """`POST /v1/moderate`; with an id, the decision is stored."""
    comment = {} if comment_id is None else {"id": comment_id}
    body = json.dumps({"text": text} | comment).encode()
    return posted("/v1/moderate", body, Authorization=f"Bearer {key}")


def batch(text: str, key: str, count: int) -> bytes:
    """`POST /v1/moderate/batch`: so many comments, not stored."""
    body = json.dumps({"comments": [{"text": text}] * count}).encode()
    return posted("/v1/moderate/batch", body, Authorization=f"Bearer {key}")


def stored(text: str, key: str) -> bytes:
    """`POST /v1/moderate` of a comment that never came before."""
    return own(text, key, uuid4().hex)


def analyze(text: str, key: str) -> bytes:
    """Perspective's `comments:analyze`, not stored, for all six attributes."""
    wanted: dict[str, object] = {name: {} for name in SIX}
    asked = {"comment": {"text": text}, "requestedAttributes": wanted}
    body = json.dumps(asked | {"languages": ["en"], "doNotStore": True}).encode()
    return posted(f"/v1alpha1/comments:analyze?key={key}", body)


def coral(text: str, secret: str) -> bytes:
    """Coral's external moderation phase, for a new comment, signed."""
    sent = {
        "action": "NEW",
        "comment": {"body": f"<div>{text}</div>", "parentID": None},
        "author": {"id": "f0a2", "role": "COMMENTER"},
        "story": {"id": "81c7", "url": "https://news.example.com/bridge"},
        "site": {"id": "30de"},
        "tenantID": "6b11",
        "tenantDomain": "news.example.com",
    }
    body = json.dumps(sent, indent=2, ensure_ascii=False).encode()
    digest = hmac.digest(secret.encode(), body, "sha256").hex()
    return posted("/coral/moderate", body, **{"X-Coral-Signature": f"sha256={digest}"})


def openai(text: str, key: str) -> bytes:
    """OpenAI's moderations, of one text."""
    body = json.dumps({"input": text}).encode()
    return posted("/v1/moderations", body, Authorization=f"Bearer {key}")


def akismet(text: str, key: str) -> bytes:
    """Akismet's `comment-check`."""
    sent = {
        "api_key": key,
        "blog": "https://news.example.com",
        "user_ip": "192.0.2.1",
        "user_agent": "Mozilla/5.0",
        "permalink": "https://news.example.com/bridge",
        "comment_type": "comment",
        "comment_author": "Ann",
        "comment_content": text,
    }
    return posted("/1.1/comment-check", urlencode(sent).encode(), FORM)


PROTOCOLS: Mapping[str, Callable[[str, str], bytes]] = {
    "/v1/moderate, stored,": stored,
    "comments:analyze": analyze,
    "coral": coral,
    "openai": openai,
    "akismet": akismet,
}
"""By name; each takes a text and what opens a site: a key, or Coral's secret."""


def posted(path: str, body: bytes, kind: str = JSON, **headers: str) -> bytes:
    """A POST."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
