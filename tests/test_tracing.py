"""Traces by OpenTelemetry: only where wanted, whole, and without what was written."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from flask import Flask
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from service.app import create_app
from service.errors import ConfigurationError
from service.services import NAME
from service.settings import Settings
from tests.collector import Collector, collecting
from tests.fixtures_service import (
    ROOT,
    Server,
    serving,
    with_key,
    with_more,
)
from tests.fixtures_store import KEY, take_away

PARENT = "b7ad6b7169203331"
FOUL = {"id": "an-id-of-theirs", "text": "What the fuck is wrong with this world."}
SOON_MS = "50"
"""How long the SDK gathers spans before it sends them."""
END_S = 10.0


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def traced(
    tmp_path_factory: pytest.TempPathFactory,
    prepared_sqlite: Path,
    collector: Collector,
) -> Iterator[Server]:
    """A server that sends its traces to the collector."""
    folder = tmp_path_factory.mktemp("traced")
    shutil.copy(prepared_sqlite, folder / "refrain.db")
    with serving(
        folder,
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_BSP_SCHEDULE_DELAY=SOON_MS,
    ) as server:
        yield server


def ask(server: Server, trace_id: str, flags: str = "01") -> httpx.Response:
    """Have a comment judged as part of a trace."""
    headers = {
        "Authorization": f"Bearer {KEY}",
        "traceparent": f"00-{trace_id}-{PARENT}-{flags}",
    }
    return httpx.post(f"{server.url}/v1/moderate", json=FOUL, headers=headers)


def said(span: Span) -> dict[str, str | int]:
    """A span's attributes."""
    return {
        one.key: one.value.string_value or one.value.int_value
        for one in span.attributes
    }


def test_a_request_is_part_of_its_callers_trace(
    traced: Server, collector: Collector
) -> None:
    trace_id = "1" * 32

    answer = ask(traced, trace_id)

    spans = collector.wait_for("POST /v1/moderate", trace_id)
    judge, store, request = sorted(spans, key=lambda span: span.end_time_unix_nano)
    assert [judge.name, store.name] == ["judge", "store"]
    assert request.kind == Span.SPAN_KIND_SERVER
    assert request.parent_span_id.hex() == PARENT
    assert request.span_id.hex() == answer.headers["X-Request-Id"]
    assert {judge.parent_span_id, store.parent_span_id} == {request.span_id}
    assert judge.end_time_unix_nano <= store.start_time_unix_nano
    assert request.start_time_unix_nano <= judge.start_time_unix_nano
    assert (collector.paths, collector.services) == ({"/v1/traces"}, {"refrain"})


def test_a_span_says_method_route_and_status_and_no_more(
    traced: Server, collector: Collector
) -> None:
    trace_id = "2" * 32

    ask(traced, trace_id)

    spans = {one.name: one for one in collector.wait_for("POST /v1/moderate", trace_id)}
    assert said(spans["POST /v1/moderate"]) == {
        "http.request.method": "POST",
        "http.route": "/v1/moderate",
        "http.response.status_code": 200,
    }
    assert said(spans["judge"]) == said(spans["store"]) == {}
    for secret in ("fuck", "an-id-of-theirs", KEY):
        assert secret.encode() not in collector.raw


def test_what_its_caller_does_not_record_is_not_recorded(
    traced: Server, collector: Collector
) -> None:
    ask(traced, "3" * 32, flags="00")
    ask(traced, "4" * 32)

    collector.wait_for("POST /v1/moderate", "4" * 32)
    assert not [one for one in collector.spans if one.trace_id.hex() == "3" * 32]


def test_a_request_without_a_trace_begins_one_and_probes_do_not(
    traced: Server, collector: Collector
) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/v1/model"):
        answer = httpx.get(f"{traced.url}{path}")

    collector.wait_for("GET /v1/model")
    (span,) = [one for one in collector.spans if one.name == "GET /v1/model"]
    assert span.parent_span_id == b""
    assert span.span_id.hex() == answer.headers["X-Request-Id"]
    # The log names the same trace: without a key, the request was refused.
    (line,) = [one for one in traced.log.splitlines() if span.span_id.hex() in one]
    assert span.trace_id.hex() in line
    routes = {said(one).get("http.route") for one in collector.spans}
    assert not routes & {"/healthz", "/readyz", "/metrics"}


@pytest.fixture
def own(settings: Settings, collector: Collector) -> Iterator[Flask]:
    """An app of the test's own that sends its traces to the collector."""
    app = create_app(wanted(settings, collector.url))
    yield app
    app.extensions[NAME].tracing.stop()
    app.extensions[NAME].store.database.close()


def wanted(settings: Settings, url: str) -> Settings:
    return with_more(settings, OTEL_EXPORTER_OTLP_ENDPOINT=url)


def test_of_a_fault_a_trace_tells_only_that_it_was_one(
    own: Flask, settings: Settings, collector: Collector
) -> None:
    take_away(settings.database_url)
    trace_id = uuid4().hex
    headers = {"traceparent": f"00-{trace_id}-{PARENT}-01"}

    answer = with_key(own).post("/v1/moderate", json=FOUL, headers=headers)
    own.extensions[NAME].tracing.stop()

    assert answer.status_code == 503
    spans = collector.wait_for("POST /v1/moderate", trace_id)
    (request,) = [one for one in spans if one.name.startswith("POST")]
    assert request.status.code == Status.STATUS_CODE_ERROR
    assert request.status.message == ""
    assert said(request)["error.type"] == "503"
    assert not [event for span in spans for event in span.events]


def test_a_collector_that_hangs_delays_neither_an_answer_nor_the_end(
    tmp_path: Path, prepared_sqlite: Path
) -> None:
    shutil.copy(prepared_sqlite, tmp_path / "refrain.db")
    with collecting() as collector:
        collector.hangs.set()
        with serving(
            tmp_path,
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            OTEL_BSP_SCHEDULE_DELAY=SOON_MS,
        ) as server:
            answers = [ask(server, "6" * 32) for _ in range(20)]
            start = time.monotonic()
            server.process.terminate()
            server.process.wait(timeout=60)

    assert [answer.status_code for answer in answers] == [200] * 20
    assert time.monotonic() - start < END_S


def run(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_collector_nothing_of_opentelemetry_is_loaded(tmp_path: Path) -> None:
    code = """
import sys
from service.app import create_app
create_app()
print([name for name in sys.modules if name.startswith("opentelemetry")])
"""
    assert run(code, REFRAIN_DATA_DIR=str(tmp_path)).stdout == "[]\n"


def test_where_its_packages_are_missing_the_start_says_what_to_do(
    tmp_path: Path,
) -> None:
    code = """
import sys
sys.modules["opentelemetry.sdk"] = None  # As if it were not installed.
from service import check
sys.exit(check.main())
"""
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}

    done = run(code, REFRAIN_DATA_DIR=str(tmp_path), **env)

    assert done.returncode == 1
    assert "pip install -r requirements-otel.txt" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_variable_that_opentelemetry_refuses_stops_the_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "-5")

    with pytest.raises(ConfigurationError, match="schedule_delay_millis"):
        create_app(wanted(settings, "http://127.0.0.1:4318"))
