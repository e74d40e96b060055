"""Traces for OpenTelemetry: where the time of a request, a transaction, a batch or a push goes, sent to whoever takes
OTLP over HTTP. Off unless the setting `otlp_url` is set; then nothing of the library is loaded.

A span says what kind of thing it was, how many and how long: never whose, where, or what was asked. So names and
attributes come from the code and from the declared routes only, no exception is recorded, and nothing is taken over
from who asks. Its own context crosses the stream in a header of the NATS message (`traceparent`), so that a batch
links to the requests that brought its units.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Final

import structlog

from app.kit.clock import system_clock

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
    from opentelemetry.trace import Link, Span

log = structlog.get_logger()

HEADER: Final = "traceparent"
SEND_S: Final = 5
STOP_S: Final = 3.0
"""How long a stop waits for what is left to be sent."""

Facts = Mapping[str, str | int | float]


class Request:
    """A request while it is answered."""

    def __init__(self, span: "Span") -> None:
        self._span = span

    def answered(self, method: str, route: str, status: int) -> None:
        """What it was, by its declared route, and what came of it."""
        self._span.update_name(f"{method} {route}".rstrip())
        self._span.set_attributes(
            {"http.request.method": method, "http.route": route, "http.response.status_code": status}
        )


class Traces:
    """The spans of one process, of which a `share` is sent to `url`."""

    def __init__(self, url: str, share: float, process: str) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # It would say the URL; we say it without.
        self._processor = BatchSpanProcessor(_saying(OTLPSpanExporter(endpoint=url, timeout=SEND_S)))
        provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(share)), resource=Resource({"service.name": f"mimamori {process}"}),
            shutdown_on_exit=False,
        )  # fmt: skip
        provider.add_span_processor(self._processor)
        self._tracer = provider.get_tracer("mimamori")
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def request(self) -> Iterator[Request]:
        """Around a request that is answered. It begins a trace of its own, whatever its sender says of one."""
        from opentelemetry.context import Context
        from opentelemetry.trace import SpanKind, use_span

        span = self._tracer.start_span("request", context=Context(), kind=SpanKind.SERVER)
        with use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            yield Request(span)

    def past(self, name: str, seconds: float, facts: Facts, parents: Iterable[str] = ()) -> None:
        """Something that took so long until now, and what led to it (`carried` of other processes)."""
        from opentelemetry.context import Context

        end_ns = int(system_clock().timestamp() * 1e9)
        span = self._tracer.start_span(
            name, context=Context(), links=self._links(parents), start_time=end_ns - int(seconds * 1e9)
        )
        span.set_attributes({f"mimamori.{key}": value for key, value in facts.items()})
        span.end(end_ns)

    def carried(self) -> dict[str, str]:
        """The header of a NATS message that says within which request it is published; none outside of one."""
        from opentelemetry.trace import get_current_span

        carrier: dict[str, str] = {}
        if get_current_span().get_span_context().trace_flags.sampled:
            self._propagator.inject(carrier)
        return carrier

    def close(self) -> None:
        """Sends what is left, as far as that goes quickly. It blocks."""
        ending = Thread(target=self._processor.shutdown, name="mimamori-traces", daemon=True)
        ending.start()
        ending.join(STOP_S)
        if ending.is_alive():
            log.warning("traces_not_sent", why="whoever takes them is too slow")

    def _links(self, parents: Iterable[str]) -> "Sequence[Link]":
        from opentelemetry.context import Context
        from opentelemetry.trace import Link, get_current_span

        contexts = (
            get_current_span(self._propagator.extract({HEADER: parent}, Context())).get_span_context()
            for parent in dict.fromkeys(parents)
        )
        return [Link(context) for context in contexts if context.is_valid]


def _saying(exporter: "SpanExporter") -> "SpanExporter":
    """An exporter that says in our log when it could not send."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Saying(SpanExporter):
        def export(self, spans: "Sequence[ReadableSpan]") -> "SpanExportResult":
            result = exporter.export(spans)
            if result is not SpanExportResult.SUCCESS:
                log.warning("traces_not_sent", spans=len(spans))
            return result

        def shutdown(self) -> None:
            exporter.shutdown()

    return Saying()
