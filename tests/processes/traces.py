"""Traces and ids of requests: a real collector, one that never answers, and none at all."""

import json
import time
import urllib.error
import urllib.request

from client import Browser
from otlp import Collector
from outbox import SETTINGS, Receiver, log_out, notified
from service import EMAIL, PASSWORD, Home, check, free_port, until

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
REQUEST_ID = "proxy-0123456789abcdef"
PEOPLE = f'[[users]]\nemail = "{EMAIL}"\npassword = "{PASSWORD}"\nname = "Alice"\nemail_verified = true\n'
BELIEVED = {"VESTIBULE_SERVER__TRUSTED_PROXIES": "127.0.0.0/8", "VESTIBULE_LOG__FORMAT": "json", "VESTIBULE_LOG__FILTER": "info"}


def ask(home, path, **headers):
    """The answer's status and headers."""
    request = urllib.request.Request(f"http://127.0.0.1:{home.port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.headers


def traced(collector, **more):
    return Home(settings={**BELIEVED, "VESTIBULE_TELEMETRY__TRACES_ENDPOINT": collector.url, **more})


def a_request_is_a_span_of_the_trace_it_came_with(_):
    with Collector() as collector, traced(collector, OTEL_EXPORTER_OTLP_HEADERS="x-key=canary-of-the-collector") as home:
        home.apply(PEOPLE)
        served = home.start()
        status, headers = ask(home, "/login?login_hint=alice@example.com", traceparent=TRACEPARENT, **{"x-request-id": REQUEST_ID})
        check(status == 200 and headers["x-request-id"] == REQUEST_ID, status, headers)
        ask(home, "/nowhere/alice@example.com?secret=1")
        browser = Browser()
        browser.sign_in(browser.open(f"{home.issuer}/login"), email=EMAIL, password=PASSWORD)
        browser.close()
        # What is left is sent when the service stops.
        check(served.terminate() == 0, "it ended with an error", served.output())
        [asked] = [span for span in collector.named("GET /login") if span.trace_id == TRACE]
        check(asked.parent_id == PARENT and asked.kind == "server" and asked.service == "vestibule", asked)
        wanted = {"http.request.method": "GET", "http.route": "/login", "http.response.status_code": 200, "request_id": REQUEST_ID}
        check(wanted.items() <= asked.attributes.items(), asked)
        [posted] = collector.named("POST /login")
        children = {span.name for span in collector.spans if span.parent_id == posted.span_id}
        check({"password verify", "database write"} <= children, "the sign-in has", children, {span.name for span in collector.spans})
        check(posted.trace_id != TRACE and not posted.parent_id, "a request without a parent begins a trace", posted)
        check(collector.named("GET"), "a request without a route is named by its method")
        told = repr(collector.spans)
        for word in ("alice", "secret", "nowhere", PASSWORD, "127.0.0.1"):
            check(word not in told, word, "is in a span", told)
        path, sent = collector.requests[0]
        check(path == "/v1/traces" and sent.get("x-key") == "canary-of-the-collector", path, sent)
        the_log_has_the_ids(served)


def the_log_has_the_ids(served):
    lines = [json.loads(line) for line in served.log.read_text().splitlines() if line.startswith("{")]
    mine = [line for line in lines if line.get("request_id") == REQUEST_ID]
    check(mine and all(line.get("trace_id") == TRACE for line in mine), "lines of the request", mine)
    [access] = [line for line in mine if line["target"] == "access"]
    check(access["route"] == "/login" and access["status"] == 200 and access["method"] == "GET" and "duration_ms" in access, access)
    audit = [line for line in lines if line["target"] == "audit" and line["event"] == "sign_in.succeeded"]
    posts = {line["request_id"] for line in lines if line["target"] == "access" and line["route"] == "/login" and line["method"] == "POST"}
    check(audit and audit[0]["request_id"] in posts and "trace_id" in audit[0], "the audit's line has the id of its request", audit, posts)
    whole = "\n".join(json.dumps(line) for line in lines)
    for word in (EMAIL, "login_hint", PASSWORD, "canary-of-the-collector"):
        check(word not in whole, word, "is in the log")


def a_call_to_an_application_continues_the_trace(_):
    port = free_port()
    with Collector() as collector, Receiver(port) as receiver, traced(collector, **SETTINGS) as home:
        served = home.start()
        browser, _ = notified(home, port)
        log_out(home, browser)
        until("the notice arrives", lambda: receiver.tokens)
        served.terminate()
        [call] = [span for span in collector.spans if span.kind == "client" and span.attributes.get("server.address") == "localhost"]
        check(receiver.headers[0]["traceparent"] == f"00-{call.trace_id}-{call.span_id}-01", receiver.headers, call)
        check(call.attributes["http.response.status_code"] == 200 and "/logout" not in repr(call), call)


def strangers_choose_neither_ids_nor_traces(_):
    with Collector() as collector, traced(collector, VESTIBULE_SERVER__TRUSTED_PROXIES="10.9.9.9") as home:
        served = home.start()
        _, headers = ask(home, "/login", traceparent=TRACEPARENT, **{"x-request-id": REQUEST_ID})
        check(headers["x-request-id"] != REQUEST_ID, "a stranger chose the id")
        served.terminate()
        check(collector.named("GET /login"), "the request was traced")
        check(TRACE not in {span.trace_id for span in collector.spans}, "a stranger chose the trace")


def a_collector_that_never_answers_delays_nobody(_):
    with Collector(hold=True) as collector, traced(collector, OTEL_BSP_SCHEDULE_DELAY="20", OTEL_BSP_MAX_QUEUE_SIZE="64", OTEL_BSP_MAX_EXPORT_BATCH_SIZE="8") as home:
        served = home.start()
        until("the collector is asked", lambda: ask(home, "/login") and collector.requests)
        slowest = 0.0
        for _ in range(300):
            began = time.monotonic()
            check(ask(home, "/login")[0] == 200, "not answered")
            slowest = max(slowest, time.monotonic() - began)
        check(slowest < 5, "a request took", slowest)
        began = time.monotonic()
        check(served.terminate() == 0, "it ended with an error")
        check(time.monotonic() - began < 20, "it did not stop")


def a_collector_that_is_not_there_is_told_of_once(_):
    settings = {**BELIEVED, "VESTIBULE_TELEMETRY__TRACES_ENDPOINT": "http://127.0.0.1:1", "OTEL_BSP_SCHEDULE_DELAY": "20"}
    with Home(settings=settings) as home:
        served = home.start()
        until("it is told of", lambda: ask(home, "/login")[0] == 200 and "does not take spans" in served.output())
        for _ in range(20):
            ask(home, "/login")
            time.sleep(0.02)
        check(served.log.read_text().count("does not take spans") == 1, "told of more than once")
        check(served.terminate() == 0, "it ended with an error")


TESTS = [
    a_request_is_a_span_of_the_trace_it_came_with,
    a_call_to_an_application_continues_the_trace,
    strangers_choose_neither_ids_nor_traces,
    a_collector_that_never_answers_delays_nobody,
    a_collector_that_is_not_there_is_told_of_once,
]
