"""Perspective's published clients, unpatched, against the real server.

What the service answers to whoever asks is in tests/test_perspective.py.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError

import httpx
import perspective  # type: ignore[import-untyped]
import pytest
from googleapiclient import discovery  # type: ignore[import-untyped]
from googleapiclient.errors import HttpError  # type: ignore[import-untyped]
from PyPerspective import Perspective as pyperspective  # type: ignore[import-untyped]
from PyPerspective.errors import InvalidAuthKey  # type: ignore[import-untyped]

from tests.fixtures_clients import Scripts
from tests.fixtures_service import Server
from tests.fixtures_store import KEY
from tests.published import CORAL as CORAL_VERSION

FAIR = "The council should publish the report."
INSULT = "\U0001f600 A fair point. You are an idiot."
FOREIGN = "この記事はとても興味深いです。しかし結論には賛成できません。"
SIX = (
    "TOXICITY",
    "SEVERE_TOXICITY",
    "IDENTITY_ATTACK",
    "INSULT",
    "PROFANITY",
    "THREAT",
)
BODY = {"comment": {"text": INSULT}, "requestedAttributes": {name: {} for name in SIX}}
BAD_KEY = "API key not valid. Please pass a valid API key."

GOOGLE = pytest.mark.client("google-api-python-client", registry="PyPI")
PERSPECTIVE = pytest.mark.client("perspective", registry="PyPI")
PYPERSPECTIVE = pytest.mark.client("PyPerspective", registry="PyPI")
COMMON = pytest.mark.client("googleapis-common", registry="npm")
CORAL = pytest.mark.client("toxic comment filter", registry="calls")


Client = Any
"""One without types."""


def labelled(comment_id: str, value: float) -> dict[str, Any]:
    return {
        "comment": {"text": FAIR},
        "attributeScores": {"TOXICITY": {"summaryScore": {"value": value}}},
        "clientToken": f"comment:{comment_id}",
    }


def decision(server: Server, comment_id: str) -> str:
    headers = {"Authorization": f"Bearer {KEY}"}
    url = f"{server.url}/v1/comments/{comment_id}"
    return str(httpx.get(url, headers=headers).json()["decision"])


# google-api-python-client


def google_client(server: Server, key: str = KEY) -> Client:
    return discovery.build(
        "commentanalyzer",
        "v1alpha1",
        developerKey=key,
        discoveryServiceUrl=f"{server.url}/$discovery/rest?version=v1alpha1",
        static_discovery=False,
    )


@pytest.fixture
def google(public_server: Server) -> Iterator[Client]:
    """Google's own client, as Perspective's documentation shows it."""
    with google_client(public_server) as client:
        yield client


@GOOGLE
def test_googles_client_discovers_and_analyses(google: Client) -> None:
    body = BODY | {"spanAnnotations": True, "languages": ["en"], "clientToken": "t"}

    answer = google.comments().analyze(body=body).execute()

    assert set(answer["attributeScores"]) == set(SIX)
    insult = answer["attributeScores"]["INSULT"]
    assert insult["summaryScore"]["value"] > 0.8
    places = [(span["begin"], span["end"]) for span in insult["spanScores"]]
    assert places == [(0, 16), (17, 34)]
    assert answer["clientToken"] == "t"
    assert answer["languages"] == ["en"]


@GOOGLE
def test_googles_client_suggests_scores(
    google: Client, public_server: Server, fresh_id: str
) -> None:
    for value, expected in ((1, "reject"), (0, "accept")):
        suggested = google.comments().suggestscore(body=labelled(fresh_id, value))

        assert suggested.execute()["clientToken"] == f"comment:{fresh_id}"
        assert decision(public_server, fresh_id) == expected


@GOOGLE
@pytest.mark.parametrize(
    ("body", "message", "kind"),
    [
        pytest.param(
            {}, "Comment must be non-empty.", "COMMENT_EMPTY", id="empty comment"
        ),
        pytest.param(
            BODY | {"requestedAttributes": {"SPAM": {}}},
            "Unknown requested attribute: SPAM",
            "INVALID_REQUEST",
            id="unknown attribute",
        ),
        pytest.param(
            BODY | {"comment": {"text": FOREIGN}, "languages": ["fi"]},
            "Attribute TOXICITY does not support request languages: fi",
            "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
            id="language",
        ),
    ],
)
def test_googles_client_reads_the_details_of_errors(
    google: Client, body: dict[str, Any], message: str, kind: str
) -> None:
    with pytest.raises(HttpError) as caught:
        google.comments().analyze(body=body).execute()

    assert caught.value.status_code == 400
    assert caught.value.reason == message
    assert caught.value.error_details[0]["errorType"] == kind


@GOOGLE
def test_googles_client_knows_a_wrong_key(public_server: Server) -> None:
    with (
        google_client(public_server, "AIzaSyA") as client,
        pytest.raises(HttpError) as caught,
    ):
        client.comments().analyze(body=BODY).execute()

    assert caught.value.reason == BAD_KEY
    assert caught.value.error_details[0]["reason"] == "API_KEY_INVALID"


# perspective


def perspective_client(server: Server, key: str = KEY) -> Client:
    client = perspective.PerspectiveAPI(key)
    client.api_client.url = f"{server.url}/v1alpha1/{{endpoint}}"
    return client


@PERSPECTIVE
def test_perspective_scores(server: Server) -> None:
    client = perspective_client(server)

    found = client.score(INSULT, tests=list(SIX))
    spans = client.analyze_comment(INSULT, span_annotations=True, languages=["en"])

    assert set(found) == set(SIX)
    assert found["INSULT"] > 0.8
    assert len(spans["attributeScores"]["TOXICITY"]["spanScores"]) == 2


@PERSPECTIVE
def test_perspective_suggests_scores(server: Server, fresh_id: str) -> None:
    scores = {"INSULT": {"summaryScore": {"value": 0.9, "type": "PROBABILITY"}}}

    answer = perspective_client(server).suggest_score(
        FAIR, scores, languages=["en"], client_token=f"comment:{fresh_id}"
    )

    assert answer["clientToken"] == f"comment:{fresh_id}"
    assert decision(server, fresh_id) == "reject"


@PERSPECTIVE
def test_perspective_meets_errors_of_http(server: Server) -> None:
    with pytest.raises(HTTPError) as caught:
        perspective_client(server, key="wrong").score(FAIR)

    with caught.value as answer:
        assert answer.code == 400
        assert json.load(answer)["error"]["message"] == BAD_KEY


# PyPerspective


@pytest.fixture
def pointed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyPerspective's one setting, a variable of its module, leads here."""
    url = f"{server.url}/v1alpha1/comments:analyze"
    monkeypatch.setattr(pyperspective, "base_url", url)


@PYPERSPECTIVE
@pytest.mark.usefixtures("pointed")
def test_pyperspective_scores() -> None:
    # It tries the key with an empty body first.
    comment = pyperspective.Perspective(KEY).get_score(INSULT, tests=list(SIX))

    assert comment["insult"].score > 0.8
    assert comment["insult"].score_type == "PROBABILITY"
    assert (comment["insult"][0].start, comment["insult"][0].end) == (0, 34)
    assert comment.requests_langs == comment.detected_langs == ["en"]


@PYPERSPECTIVE
@pytest.mark.usefixtures("pointed")
def test_pyperspective_knows_a_wrong_key() -> None:
    with pytest.raises(InvalidAuthKey):
        pyperspective.Perspective("AIzaSyA")


@PYPERSPECTIVE
@pytest.mark.usefixtures("pointed")
def test_pyperspective_trips_over_every_other_error() -> None:
    # Its own exception takes no `raw_data`; Google's errors did the same to it.
    client = pyperspective.Perspective(KEY)

    with pytest.raises(TypeError, match="no keyword arguments"):
        client.get_score(FAIR, tests="FLIRTATION")


# googleapis-common


def common(npm: Scripts, server: Server, method: str, **job: object) -> dict[str, Any]:
    sent = {"key": KEY, "url": server.url, "method": method} | job
    return npm.run("googleapis_common.mjs", **sent)


@COMMON
def test_googleapis_discovers_and_analyses(npm: Scripts, public_server: Server) -> None:
    outcome = common(npm, public_server, "analyze", body=BODY)

    assert outcome["status"] == 200
    scores = outcome["answer"]["attributeScores"]
    assert set(scores) == set(SIX)
    assert scores["INSULT"]["summaryScore"]["value"] > 0.8


@COMMON
def test_googleapis_suggests_scores(
    npm: Scripts, public_server: Server, fresh_id: str
) -> None:
    outcome = common(npm, public_server, "suggestscore", body=labelled(fresh_id, 1))

    assert outcome["answer"]["clientToken"] == f"comment:{fresh_id}"
    assert decision(public_server, fresh_id) == "reject"


@COMMON
def test_googleapis_reads_errors(npm: Scripts, public_server: Server) -> None:
    empty = common(npm, public_server, "analyze", body={})["error"]
    stranger = common(npm, public_server, "analyze", body=BODY, key="no")["error"]

    assert (empty["status"], stranger["status"]) == (400, 400)
    assert empty["message"] == "Comment must be non-empty."
    assert empty["details"][0]["errorType"] == "COMMENT_EMPTY"
    assert stranger["message"] == BAD_KEY


# Coral

# As Coral's HTTP client, node-fetch, orders its headers.
REQUEST = """POST /v1alpha1/%s?key=%s HTTP/1.1\r
Content-Type: application/json\r
User-Agent: Coral Perspective/%s\r
Accept: */*\r
Content-Length: %d\r
Accept-Encoding: gzip,deflate\r
Connection: close\r
Host: 127.0.0.1\r
\r
"""
# As `JSON.stringify(data)` writes it.
ANALYZE = (
    '{"comment":{"text":"%s"},"doNotStore":true,'
    '"requestedAttributes":{"%s":{}},"languages":["en"]}'
)
SUGGEST = (
    '{"comment":{"text":"%s"},"context":{"entries":[{"text":"{\\"url\\":'
    '\\"https://news.example.com/rivers?commentID=%s\\",\\"reply_to_id_Coral_comment_id'
    '\\":null,\\"Coral_comment_id\\":\\"%s\\"}"}]},"attributeScores":{"TOXICITY":'
    '{"summaryScore":{"value":%d}}},"languages":["en"],'
    '"communityId":"Coral:https://coral.example.com","clientToken":"comment:%s"}'
)
MOST_S = 0.8
MOST_BYTES = 2 * 1024 * 1024
"""How long Coral waits, and how much it reads."""


def coral(server: Server, operation: str, body: str) -> dict[str, Any]:
    """Send Coral's bytes, with `SERVER/v1alpha1` as its custom endpoint.

    What comes back has to be there in time, no redirect, and no more than Coral reads.
    """
    sent = body.encode()
    head = REQUEST % (operation, KEY, CORAL_VERSION, len(sent))
    with socket.create_connection(server.address, timeout=MOST_S) as connection:
        connection.sendall(head.encode() + sent)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, said = received.decode().partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert "\r\ncontent-encoding:" not in head.lower()
    assert len(received) < MOST_BYTES
    answer: dict[str, Any] = json.loads(said)
    return answer


@CORAL
@pytest.mark.parametrize(
    "model", [*SIX, *(f"{name}_EXPERIMENTAL" for name in SIX), "LIKELY_TO_REJECT"]
)
def test_coral_reads_the_one_score_it_asks_for(server: Server, model: str) -> None:
    answer = coral(server, "comments:analyze", ANALYZE % (INSULT, model))

    value = answer["attributeScores"][model]["summaryScore"]["value"]
    assert isinstance(value, float)


@CORAL
@pytest.mark.parametrize("status", [0, 1])
def test_coral_finds_its_token_in_the_answer(
    server: Server, fresh_id: str, status: int
) -> None:
    body = SUGGEST % (FAIR, fresh_id, fresh_id, status, fresh_id)

    answer = coral(server, "comments:suggestscore", body)

    assert answer["clientToken"] == f"comment:{fresh_id}"
    assert decision(server, fresh_id) == ("reject" if status else "accept")


# The key


def test_no_log_holds_the_key_that_is_in_every_address(
    public_server: Server, fresh_id: str
) -> None:
    url = f"{public_server.url}/v1alpha1/comments"
    for path, body in (
        (":analyze", json.dumps(BODY)),
        (":analyze", "{"),
        (":suggestscore", json.dumps(labelled(fresh_id, 1))),
        (":suggestscore", "{}"),
        (":nothing", "{}"),
    ):
        httpx.post(f"{url}{path}?key={KEY}", content=body)
    # Typed in a path by mistake, which gunicorn's own DEBUG would repeat.
    httpx.get(f"{public_server.url}/v1/comments/{KEY}")

    log = public_server.log
    assert '"route": "/v1alpha1/comments:analyze"' in log
    assert KEY not in log
    assert "key=" not in log
