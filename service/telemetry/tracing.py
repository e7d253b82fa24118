"""Spans for OpenTelemetry: of a request, and of judging and storing in it.

Only where OTEL_EXPORTER_OTLP_ENDPOINT is set, and with the packages of
`requirements-otel.txt`, which nothing else imports.  Spans hold times, the method, the
route and the status: no text, id of a comment, key, path or query.

Whether a request is recorded is its caller's to say by `traceparent`, or as
OTEL_TRACES_SAMPLER has it.  Spans are sent by a thread of the SDK's; where they cannot
be sent, or come faster than they can, they are dropped, and no request waits for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from service.errors import ConfigurationError
from service.settings import Settings
from service.telemetry.traceparent import SAMPLED, Traceparent

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

SERVICE = "refrain"
UNNAMED = "unknown_service"
"""What the SDK calls what nobody has named."""
PATH = "/v1/traces"
END_S = 2.0
"""How long the end of a process waits for spans to be sent."""
FAULT = 500
"""From which status on an answer is this service's fault."""


class TracedRequest:
    """A request that is recorded: its span, and what begins those of its stages."""

    def __init__(self, tracer: Tracer, span: Span) -> None:
        from opentelemetry.trace import format_span_id, format_trace_id

        context = span.get_span_context()
        self.span_id = format_span_id(context.span_id)
        self.trace_id = format_trace_id(context.trace_id)
        self._tracer = tracer
        self._span = span

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Record something the request goes through."""
        return self._stage(name)

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        from opentelemetry.trace import set_span_in_context

        span = self._tracer.start_span(name, set_span_in_context(self._span))
        try:
            yield
        except BaseException as error:
            _fail(span, type(error).__name__)
            raise
        finally:
            span.end()

    def end(self, method: str, route: str, status: int) -> None:
        """Record the answer."""
        self._span.update_name(f"{method} {route}")
        self._span.set_attribute("http.request.method", method)
        self._span.set_attribute("http.route", route)
        self._span.set_attribute("http.response.status_code", status)
        if status >= FAULT:
            _fail(self._span, str(status))
        self._span.end()


class Tracing:
    """Begins spans and sends them, in a process that must not fork any more."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer(SERVICE)

    def begin(self, parent: Traceparent | None) -> TracedRequest | None:
        """Begin the span of a request; None if it is not to be recorded."""
        from opentelemetry.trace import SpanKind

        context = _context(parent)
        span = self._tracer.start_span("request", context, kind=SpanKind.SERVER)
        return TracedRequest(self._tracer, span) if span.is_recording() else None

    def stop(self) -> None:
        """Send what is left, as far as that is soon done."""
        # The SDK would wait thirty seconds for a receiver that does not answer.
        last = threading.Thread(target=self._provider.shutdown, daemon=True)
        last.start()
        last.join(END_S)


def make_tracing(settings: Settings) -> Tracing | None:
    """What sends spans to where the settings say; None if they name no receiver.

    Names, samplers, headers and the rest are the SDK's own variables, all of them.

    Raises:
        ConfigurationError: its packages are not installed, or refuse a variable.
    """
    if not settings.otlp_endpoint:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ConfigurationError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed; "
            "run `pip install -r requirements-otel.txt` (for the image: build it with "
            "`--build-arg EXTRAS=otel`), or unset it."
        ) from error
    try:
        resource = Resource.create()
        if str(resource.attributes["service.name"]).startswith(UNNAMED):
            resource = resource.merge(Resource({"service.name": SERVICE}))
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=settings.otlp_endpoint + PATH)
        provider.add_span_processor(BatchSpanProcessor(exporter))
    except ValueError as error:
        raise ConfigurationError(
            f"OpenTelemetry refuses one of its variables: {error}"
        ) from error
    return Tracing(provider)


def _context(parent: Traceparent | None) -> Context:
    """What a span begins in: nothing, or the caller's span."""
    from opentelemetry.context import Context
    from opentelemetry.trace import (
        NonRecordingSpan,
        SpanContext,
        TraceFlags,
        set_span_in_context,
    )

    if parent is None:
        return Context()
    flags = TraceFlags(SAMPLED if parent.is_sampled else TraceFlags.DEFAULT)
    caller = SpanContext(
        int(parent.trace_id, 16), int(parent.parent_id, 16), True, flags
    )
    return set_span_in_context(NonRecordingSpan(caller), Context())


def _fail(span: Span, kind: str) -> None:
    """Mark a span; of an error only its type, for its message may repeat a text."""
    from opentelemetry.trace import Status, StatusCode

    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR))
