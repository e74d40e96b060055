"""A collector of traces on loopback: OTLP over HTTP, as any back end takes it."""

import gzip
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """It keeps every body that it is sent."""

    def __init__(self) -> None:
        self.bodies: list[ExportTraceServiceRequest] = []

        class Door(BaseHTTPRequestHandler):
            def do_POST(door) -> None:  # noqa: N805
                body = door.rfile.read(int(door.headers["Content-Length"]))
                body = gzip.decompress(body) if door.headers.get("Content-Encoding") == "gzip" else body
                self.bodies.append(ExportTraceServiceRequest.FromString(body))
                door.send_response(200)
                door.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/traces"
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def spans(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each span with the name of its process, in words."""
        for body in self.bodies:
            for of_process in MessageToDict(body)["resourceSpans"]:
                (process,) = [one["value"]["stringValue"] for one in of_process["resource"]["attributes"]]
                for scope in of_process["scopeSpans"]:
                    for span in scope["spans"]:
                        yield process, span


def facts(span: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a span."""
    return {one["key"]: next(iter(one["value"].values())) for one in span.get("attributes", ())}
