"""Google's Perspective API, v1alpha1, answered by this site's judge and words.

A client needs another address, and a key of the site.  `comments:analyze` scores a
comment, `comments:suggestscore` makes a label of what a person thinks of one, and the
discovery document lets Google's own clients find both.  Unlike at Google's, nothing of
a comment that is analysed is stored unless `doNotStore` is false.

Which attributes there are is in `attributes`.  Where the classifier abstains, nearly
always because a text is not English, every score is 0.5 unless a word speaks for
itself, and the language that is detected is `und`.  That is no error, whatever the
label says: some clients label all texts alike, and publish what is answered with one.
LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE is answered only where nothing is known of a text
and it is said to be in none of the languages that Perspective served either, whose
clients know that answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import WSGIEnvironment

from flask import Blueprint, Flask, Response, request
from pydantic_core import to_json
from werkzeug.exceptions import NotFound

from service.api.answers import utf16_places
from service.api.reading import read_body
from service.api.routes import FAILED, JSON, answer
from service.compat import failing
from service.compat.keys import site_of
from service.compat.perspective.attributes import Scores, is_known, scores_of
from service.compat.perspective.comments import NAME, comment_of
from service.compat.perspective.discovery import ANALYZE, SUGGEST, VERSION, document
from service.compat.perspective.reading import (
    Analysis,
    Told,
    parse_analysis,
    parse_suggestion,
)
from service.compat.perspective.refusing import (
    Refused,
    refuse,
    shape,
    unsupported_language,
)
from service.compat.perspective.sentences import sentences
from service.compat.taught import teach
from service.domain import Verdict
from service.errors import NotAuthenticated
from service.services import Services, services
from service.store.records import Site

DISCOVERY = "/$discovery/rest"
ENGLISH = "en"
UNDETERMINED = "und"
SERVED = frozenset(
    {"ar", "cs", "de", "en", "es", "fr", "hi", "id", "it", "ja", "ko", "nl", "pl"}
    | {"pt", "ru", "sv", "zh"}
)
"""Languages that Perspective had at its end (ISO 639-1)."""

bp = Blueprint(NAME, __name__)


def register(app: Flask) -> None:
    """Add these routes to an app."""
    app.register_blueprint(bp)


@bp.post(ANALYZE)
def analyze() -> Response:
    """Score a comment."""
    if FAILED in request.environ:
        raise request.environ[FAILED]
    return Response(analyzed(services(), request.environ), content_type=JSON)


@bp.post(SUGGEST)
def suggestscore() -> Response:
    """Take down what a person thinks of a comment."""
    parts = services()
    site = opened(parts, request.environ)
    said = parse_suggestion(_body(parts, request.environ))
    told = said.told
    comment = comment_of(parts.store, told)
    seen = teach(parts, site, comment, said.outcome, rule=said.rule, by=NAME)
    return answer(
        {
            "requestedLanguages": told.languages,
            "detectedLanguages": detected(seen),
            **_token(told),
        }
    )


@bp.get(DISCOVERY)
def discovery() -> Response:
    """Tell Google's clients what there is here."""
    if request.args.get("version", VERSION) != VERSION:
        raise NotFound
    return answer(document(services().settings.url))


def analyzed(parts: Services, environ: WSGIEnvironment) -> bytes:
    """The whole of `analyze` without Flask, for `service.api.express` too."""
    site = opened(parts, environ)
    analysis = parse_analysis(_body(parts, environ))
    told = analysis.told
    verdict = judged(parts, site, analysis)
    parts.metrics.verdict(verdict)
    scores = scores_of(verdict)
    supported = [] if is_unsupported(told, verdict) else analysis.wanted
    wanted = [
        one
        for one in supported
        if one.threshold is None or scores[one.known_as] >= one.threshold
    ]
    shown: dict[str, Any] = {}
    if wanted:
        places = _places(parts, site, analysis, scores)
        attributes = {
            key: _attribute(key, scores, places)
            for key in {one.known_as for one in wanted}
        }
        shown["attributeScores"] = {
            one.name: attributes[one.known_as] for one in wanted
        }
    found = detected(verdict)
    shown["languages"] = told.languages or found
    shown["detectedLanguages"] = found
    # Of so many numbers, `dumps` would make 21 µs, this makes 4.
    return to_json(shown | _token(told))


def opened(parts: Services, environ: WSGIEnvironment) -> Site:
    """The site whose key was sent: in the query, or in a header of Google's.

    Raises:
        NotAuthenticated: no key, or one that opens nothing.
        TooManyRequests: it has sent as many as it may.
    """
    key = dict(parse_qsl(environ.get("QUERY_STRING", ""))).get("key", "")
    site = site_of(parts, environ, key or environ.get("HTTP_X_GOOG_API_KEY", ""))
    if site is None:
        raise NotAuthenticated("The key opens no site.")
    return site


def judged(parts: Services, site: Site, analysis: Analysis) -> Verdict:
    """The verdict on a comment, which is stored only if the client allows that.

    Nor is one in a language of which nothing is known.

    Raises:
        Refused: it is in such a language, and that is to be an error.
    """
    told = analysis.told
    verdict = parts.moderation.glance(site, told.text)
    if is_unsupported(told, verdict):
        if not analysis.drops:
            raise unsupported_language(analysis.wanted[0].name, told.languages)
        return verdict
    if analysis.store:
        comment = comment_of(parts.store, told)
        return parts.moderation.moderate(site, comment).verdict
    return verdict


def is_unsupported(told: Told, verdict: Verdict) -> bool:
    """Whether nothing is known of a text, nor is it in a language Perspective had."""
    primary = map(_primary, told.languages)
    return bool(told.languages) and SERVED.isdisjoint(primary) and not is_known(verdict)


def detected(verdict: Verdict) -> list[str]:
    """The languages of a text: English, or nobody knows which."""
    return [UNDETERMINED if verdict.scores is None else ENGLISH]


bp.register_error_handler(Refused, refuse)
failing.register(bp, shape, f"/{VERSION}", "/$discovery")

Place = tuple[int, int, Scores]
"""Where a part of a text begins and ends, in UTF-16 code units, and its scores."""


def _body(parts: Services, environ: WSGIEnvironment) -> bytes:
    """The body; a context may be far longer than a comment."""
    return read_body(environ, parts.settings.max_batch_body, None)


def _places(
    parts: Services, site: Site, analysis: Analysis, scores: Scores
) -> Sequence[Place]:
    """The parts that are scored: each sentence if that is wanted, else the whole.

    A sentence of which too little is known by itself scores as the whole does.
    """
    text = analysis.told.text
    place = utf16_places(text)
    spans = sentences(text) if analysis.spans else []
    if len(spans) < 2:
        return [(0, place(len(text)), scores)]
    places: list[Place] = []
    for span in spans:
        verdict = parts.moderation.glance(site, text[span.start : span.end])
        own = scores_of(verdict) if is_known(verdict) else scores
        places.append((place(span.start), place(span.end), own))
    return places


def _attribute(key: str, scores: Scores, places: Sequence[Place]) -> dict[str, Any]:
    return {
        "spanScores": [
            {"begin": begin, "end": end, "score": _score(own[key])}
            for begin, end, own in places
        ],
        "summaryScore": _score(scores[key]),
    }


def _score(value: float) -> dict[str, Any]:
    return {"value": value, "type": "PROBABILITY"}


def _primary(language: str) -> str:
    return language.partition("-")[0].lower()


def _token(told: Told) -> dict[str, str]:
    return {} if told.token is None else {"clientToken": told.token}
