"""The discovery document, from which Google's clients make their methods.

Only what this service does is in it, in Google's names (Google API Discovery Service,
"Discovery document", version v1).
"""

from __future__ import annotations

from typing import Any

VERSION = "v1alpha1"
ANALYZE = f"/{VERSION}/comments:analyze"
SUGGEST = f"/{VERSION}/comments:suggestscore"

Kind = dict[str, Any]

TEXT: Kind = {"type": "string"}
YES_OR_NO: Kind = {"type": "boolean"}
NUMBER: Kind = {"type": "number", "format": "float"}
PLACE: Kind = {"type": "integer", "format": "int32"}


def _of(schema: str) -> Kind:
    return {"$ref": schema}


def _many(kind: Kind) -> Kind:
    return {"type": "array", "items": kind}


def _by_name(schema: str) -> Kind:
    return {"type": "object", "additionalProperties": _of(schema)}


SCHEMAS: dict[str, dict[str, Kind]] = {
    "TextEntry": {"text": TEXT, "type": TEXT},
    "ArticleAndParentComment": {
        "article": _of("TextEntry"),
        "parentComment": _of("TextEntry"),
    },
    "Context": {
        "entries": _many(_of("TextEntry")),
        "articleAndParentComment": _of("ArticleAndParentComment"),
    },
    "AttributeParameters": {"scoreType": TEXT, "scoreThreshold": NUMBER},
    "Score": {"value": NUMBER, "type": TEXT},
    "SpanScore": {"begin": PLACE, "end": PLACE, "score": _of("Score")},
    "AttributeScores": {
        "summaryScore": _of("Score"),
        "spanScores": _many(_of("SpanScore")),
    },
    "AnalyzeCommentRequest": {
        "comment": _of("TextEntry"),
        "context": _of("Context"),
        "requestedAttributes": _by_name("AttributeParameters"),
        "languages": _many(TEXT),
        "doNotStore": YES_OR_NO,
        "clientToken": TEXT,
        "sessionId": TEXT,
        "communityId": TEXT,
        "spanAnnotations": YES_OR_NO,
        "dropUnsupportedAttributes": YES_OR_NO,
    },
    "AnalyzeCommentResponse": {
        "attributeScores": _by_name("AttributeScores"),
        "languages": _many(TEXT),
        "detectedLanguages": _many(TEXT),
        "clientToken": TEXT,
    },
    "SuggestCommentScoreRequest": {
        "comment": _of("TextEntry"),
        "context": _of("Context"),
        "attributeScores": _by_name("AttributeScores"),
        "languages": _many(TEXT),
        "communityId": TEXT,
        "clientToken": TEXT,
        "sessionId": TEXT,
    },
    "SuggestCommentScoreResponse": {
        "clientToken": TEXT,
        "requestedLanguages": _many(TEXT),
        "detectedLanguages": _many(TEXT),
    },
}
"""The properties of every message."""

METHODS = {
    "analyze": (ANALYZE, "AnalyzeComment"),
    "suggestscore": (SUGGEST, "SuggestCommentScore"),
}
"""A method's path, and what its messages' names begin with."""

PARAMETERS: dict[str, Kind] = {
    name: TEXT | {"location": "query"}
    for name in ("key", "alt", "fields", "prettyPrint", "quotaUser", "$.xgafv")
}
"""What Google's clients may add to the query; only the key means anything here."""


def document(url: str) -> dict[str, Any]:
    """The document of a service that is reached at an address.

    Args:
        url: without a last slash; a path is kept.
    """
    methods = {name: _method(name, *of) for name, of in METHODS.items()}
    return {
        "kind": "discovery#restDescription",
        "discoveryVersion": "v1",
        "id": f"commentanalyzer:{VERSION}",
        "name": "commentanalyzer",
        "version": VERSION,
        "title": "Perspective Comment Analyzer API, as answered by Refrain",
        "protocol": "rest",
        "rootUrl": f"{url}/",
        "servicePath": "",
        "baseUrl": f"{url}/",
        "parameters": PARAMETERS,
        "schemas": {
            name: {"id": name, "type": "object", "properties": properties}
            for name, properties in SCHEMAS.items()
        },
        "resources": {"comments": {"methods": methods}},
    }


def _method(name: str, path: str, messages: str) -> dict[str, Any]:
    path = path.removeprefix("/")
    return {
        "id": f"commentanalyzer.comments.{name}",
        "path": path,
        "flatPath": path,
        "httpMethod": "POST",
        "parameters": {},
        "parameterOrder": [],
        "request": _of(f"{messages}Request"),
        "response": _of(f"{messages}Response"),
    }
