"""A trace collector: OTLP over HTTP, of which it understands as much protobuf as these tests need (opentelemetry-proto, trace/v1)."""

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KINDS = {1: "internal", 2: "server", 3: "client"}


@dataclass
class Span:
    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: str
    attributes: dict
    service: str


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at, value, shift = at + 1, value | (byte & 0x7F) << shift, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    """`(number, value)` of a message: numbers, or bytes."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        match tag & 7:
            case 0:
                value, at = varint(data, at)
            case 1:
                value, at = data[at : at + 8], at + 8
            case 2:
                length, at = varint(data, at)
                value, at = data[at : at + length], at + length
            case 5:
                value, at = data[at : at + 4], at + 4
            case other:
                raise ValueError(f"wire type {other}")
        yield tag >> 3, value


def each(data, number):
    return [value for found, value in fields(data) if found == number]


def attributes(pairs):
    """KeyValue: key = 1, value = 2 (AnyValue: string = 1, bool = 2, int = 3)."""
    read = {}
    for pair in pairs:
        kind, value = next(fields(each(pair, 2)[0]), (0, None))
        read[each(pair, 1)[0].decode()] = value.decode() if kind == 1 else value
    return read


def spans(body):
    """ExportTraceServiceRequest: resource_spans = 1 (resource = 1, scope_spans = 2 (spans = 2))."""
    for resource_spans in each(body, 1):
        service = attributes(each(each(resource_spans, 1)[0], 1)).get("service.name")
        for scope_spans in each(resource_spans, 2):
            for span in each(scope_spans, 2):
                one = dict(fields(span))
                kind = KINDS.get(one.get(6, 0), "?")
                parent = one.get(4, b"").hex()
                yield Span(one[1].hex(), one[2].hex(), parent, one[5].decode(), kind, attributes(each(span, 9)), service)


class Collector:
    """Takes spans; `hold`: takes connections, and never answers."""

    def __init__(self, hold=False):
        self.spans, self.requests, self.release = [], [], threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.requests.append((self.path, dict(self.headers)))
                if hold:
                    outer.release.wait(60)
                outer.spans.extend(spans(body))
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()

    def named(self, name):
        return [span for span in self.spans if span.name == name]
