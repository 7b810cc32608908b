"""What alerts and dashboard ask Prometheus for is what the running program shows: names, labels and the values of labels."""

import json
import re
import socket
import subprocess
import tempfile
import time

import program  # noqa: F401  puts tests/processes on the path
from client import Browser
from engine import examples
from places import ROOT
from program import Serving, run

# What Prometheus adds to every series of a target.
OF_THE_TARGET = {"namespace", "pod"}
# A scrape shows one class of status only after an answer of it; that the program has no others is said by its documentation.
SELECTOR = re.compile(r"\b(vestibule_[a-z_]+)(\{[^}]*\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')


def every_series_of_the_alerts_and_the_dashboard_is_scraped(chart):
    """From the running program, after everything that is counted has happened once. A histogram counts by its three names."""
    objects = chart.objects(examples()["monitoring"])
    rules = next(found for found in objects if found["kind"] == "PrometheusRule")["spec"]
    board = json.loads(next(found for found in objects if found["metadata"]["name"] == "vestibule-dashboard")["data"]["vestibule.json"])
    asked = {"alerts": list(asked_by_alerts(rules)), "dashboard": list(asked_by_dashboard(board))}
    with tempfile.TemporaryDirectory() as directory, Serving(chart, examples()["dev"], directory, **PROVOKED) as served:
        provoke(chart, served)
    series = list(scraped(served.body))
    with tempfile.TemporaryDirectory() as directory, Serving(chart, examples()["dev"], directory, **certificate(directory)) as served:
        assert served.get("/metrics", served.internal) == 200
    series += scraped(served.body)
    names = {name for name, _ in series}
    for where, questions in asked.items():
        assert len(questions) > 25, f"{where}: {len(questions)}"
        for expression, legend in questions:
            faults = list(unanswered(expression, legend, series))
            assert not faults, f"{where}: {expression}: {faults}"
    # Each of these must be found to be wrong.
    for expression in WRONG:
        assert list(unanswered(expression, "", series)), f"nobody noticed {expression}"
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) if re.search(r"_seconds_(bucket|sum|count)$", name) else name for name in names}
    documented = set(re.findall(r"(?m)^\| `(vestibule_[a-z_]+)", (ROOT / "docs/observability.md").read_text()))
    assert documented == shown, f"docs/observability.md: {documented ^ shown}"
    limits = {labels["limit"] for name, labels in series if name == "vestibule_limited_total"}
    assert limits >= {"pages", "password_accounts", "password_account_address"}, limits


WRONG = [
    'sum(rate(vestibule_requests_total[5m]))',
    'vestibule_http_request_duration_seconds_count{code="5xx"}',
    'vestibule_http_request_duration_seconds_count{status="500"}',
    'vestibule_database_pool_connections{state="used"}',
    'vestibule_signing_keys{state=~"current|previous"}',
    'vestibule_ready{pod=~"a", database="sqlite"}',
    'sum by (reason) (rate(vestibule_banned_total[5m]))',
]


def asked_by_alerts(rules):
    """Expressions, with the texts that may name labels of what they find."""
    for group in rules["groups"]:
        for rule in group["rules"]:
            yield rule["expr"], " ".join(rule["annotations"].values())


def asked_by_dashboard(board):
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"], target.get("legendFormat", "")
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["definition"], ""


def scraped(text):
    """Name and labels of each series."""
    for name, labels in re.findall(r"(?m)^(vestibule_[a-z_]+)(\{[^}\n]*\})? ", text):
        yield name, {label: value for label, _, value in MATCHER.findall(labels)}


def unanswered(expression, legend, series):
    """What of a question no series answers."""
    labels = set()
    for name, matchers in SELECTOR.findall(expression):
        wanted = [found for found in MATCHER.findall(matchers) if found[0] not in OF_THE_TARGET]
        of_name = [found for other, found in series if other == name]
        if not of_name:
            yield f"there is no {name}"
        for label, kind, value in wanted:
            if not any(label in found for found in of_name):
                yield f"{name} has no label {label}"
            elif kind in ("=", "=~"):
                # Each of the alternatives, unless one is a pattern of its own.
                for choice in value.split("|") if kind == "=~" else [value]:
                    pattern = choice if kind == "=~" else re.escape(choice)
                    if not any(re.fullmatch(pattern, found.get(label, "")) for found in of_name) and not promised(name, label, choice):
                        yield f"{name} has no series with {label}={choice!r}"
        labels |= {label for found in of_name for label in found}
    grouped = {label.strip() for names in re.findall(r"\b(?:by|on|without)\s*\(([^)]*)\)", expression) for label in names.split(",")}
    named = set(re.findall(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}", legend))
    for label in (grouped | named) - labels - OF_THE_TARGET - {"le"}:
        yield f"nothing here has the label {label}"


def promised(name, label, value):
    """What does not happen in a test happens in life, under the name that the documentation has."""
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    row = re.search(rf"(?m)^\| `{base}(?:\{{[^`]*)?` .*$", (ROOT / "docs/observability.md").read_text())
    limits = set(re.findall(r"`(\w+)`", (ROOT / "docs/limits.md").read_text()))
    return (row and f"`{value}`" in row[0]) or (label == "limit" and value in limits)


def certificate(directory):
    """The settings of a service that serves TLS itself."""
    key, chain = f"{directory}/key.pem", f"{directory}/chain.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key,
         "-out", chain], check=True, capture_output=True, timeout=60)
    return {"VESTIBULE_SERVER__TLS_KEY": key, "VESTIBULE_SERVER__TLS_CERTIFICATE": chain, "VESTIBULE_SERVER__PUBLIC_URL": "https://localhost"}


PROVOKED = {
    "VESTIBULE_PASSWORD__MEMORY_KIB": "64",
    "VESTIBULE_PASSWORD__ITERATIONS": "1",
    "VESTIBULE_LIMITS__PAGES": "30/1m",
    "VESTIBULE_LIMITS__PASSWORD_PER_ACCOUNT_AND_ADDRESS": "1/10m",
    "VESTIBULE_LIMITS__ACCOUNTS_PER_ADDRESS": "2/10m",
    "VESTIBULE_SERVER__MAX_CONNECTIONS_PER_ADDRESS": "4",
    # A collector that is not there: spans are dropped, and requests are answered all the same.
    "VESTIBULE_TELEMETRY__TRACES_ENDPOINT": "http://127.0.0.1:1",
}


def provoke(chart, served):
    """Everything that is counted happens once; then `served.body` is a scrape."""
    browser = Browser()
    for name in ("alice", "alice", "bob", "carol", "dan"):
        page = browser.open(f"http://localhost:{served.port}/login")
        browser.sign_in(page, email=f"{name}@example.com", password="not the password")
    browser.close()
    statuses = [served.get("/login") for _ in range(40)]
    assert 429 in statuses, statuses
    code, _, err = run(chart, ["limits", "ban", "127.0.0.0/8", "--for", "1h", "--reason", "test"], served.environment)
    assert code == 0, err
    deadline = time.monotonic() + 60
    while served.get("/login") != 403:
        assert time.monotonic() < deadline, "the ban does not hold"
        time.sleep(0.2)
    held = [socket.create_connection(("127.0.0.1", served.port), timeout=5) for _ in range(12)]
    # A refused connection, and the first look at what is declared, which comes some time after the start.
    awaited = ("vestibule_connections_refused_total ", "vestibule_declared_objects{")
    while served.get("/metrics", served.internal) and not all(name in served.body for name in awaited):
        assert time.monotonic() < deadline, served.body
        time.sleep(0.1)
    for connection in held:
        connection.close()


TESTS = [every_series_of_the_alerts_and_the_dashboard_is_scraped]
