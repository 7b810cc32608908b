"""A browser that keeps cookies and fills in forms, and a client application, over plain sockets of the standard library."""

import base64
import hashlib
import html.parser
import http.client
import json
import secrets
import threading
from urllib.parse import parse_qsl, quote_plus, urlencode, urljoin, urlsplit

from service import EMAIL, PASSWORD, SECRET, check

CALLBACK = "http://localhost:9/callback"

DECLARED = f"""
[[clients]]
client_id = "app"
client_secret = "{SECRET}"
client_name = "App"
first_party = true
redirect_uris = ["{CALLBACK}"]
grant_types = ["authorization_code", "refresh_token", "client_credentials"]

[[users]]
email = "{EMAIL}"
email_verified = true
password = "{PASSWORD}"
name = "Alice"
"""


class Answer:
    def __init__(self, url, status, headers, body):
        self.url, self.status, self.headers, self.body = url, status, headers, body

    def text(self):
        return self.body.decode(errors="replace")

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return {}

    def __repr__(self):
        return f"{self.status} {self.text()[:300]!r}"


class Http:
    """One kept connection per thread to one server. Errors of the wire are the caller's, as OSError or HTTPException."""

    def __init__(self, port, context=None, timeout=90):
        self.port, self.context, self.timeout = port, context, timeout
        self._local = threading.local()

    def request(self, method, path, body=None, headers=None):
        connection = getattr(self._local, "connection", None)
        if connection is None:
            kind = http.client.HTTPConnection if self.context is None else http.client.HTTPSConnection
            more = {} if self.context is None else {"context": self.context}
            connection = self._local.connection = kind("localhost", self.port, timeout=self.timeout, **more)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(path, answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def close(self):
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def get(self, path, **headers):
        return self.request("GET", path, None, headers)

    def post(self, path, form, headers=None):
        return self.request("POST", path, urlencode(form), {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})})


class Form(html.parser.HTMLParser):
    """The first form of a page, or the first that goes to `action`, with its fields' values."""

    def __init__(self, text, action=None):
        super().__init__()
        self.action, self.fields, self._wanted, self._inside = None, {}, action, False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form" and self.action is None and self._wanted in (None, attributes.get("action")):
            self.action, self._inside = attributes.get("action") or "", True
        elif self._inside and tag == "input" and attributes.get("name"):
            self.fields[attributes["name"]] = attributes.get("value") or ""

    def handle_endtag(self, tag):
        if tag == "form":
            self._inside = False


class Browser:
    """Keeps one cookie jar per host and port, follows redirects as long as `stop` does not. `via`: the port of the replica that a load balancer
    leads this browser to, whatever the URL says."""

    def __init__(self, context=None, via=None):
        self.context, self.via = context, via
        self.cookies = {}
        self._servers = {}

    def request(self, method, url, form=None):
        parts = urlsplit(url)
        check(parts.hostname == "localhost", "this browser goes to localhost only:", url)
        port = parts.port
        server = self._servers.get(port)
        if server is None:
            server = self._servers[port] = Http(self.via or port, self.context if parts.scheme == "https" else None)
        jar = self.cookies.setdefault(port, {})
        headers = {"Accept": "text/html", "Host": parts.netloc}
        if jar:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        body = None
        if form is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"{parts.scheme}://{parts.netloc}"}
            body = urlencode(form)
        answer = server.request(method, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
        answer.url = url
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = line.partition("=")
            value, _, attributes = rest.partition(";")
            if value == "" or "max-age=0" in attributes.lower() or "01 jan 1970" in attributes.lower():
                jar.pop(name.strip(), None)
            else:
                jar[name.strip()] = value
        return answer

    def close(self):
        """Forgets the connections, for example to a server that has gone."""
        for server in self._servers.values():
            server.close()

    def open(self, url, form=None, stop=lambda url: False):
        """Follows redirects to a page, or to the first URL that `stop` accepts: then the answer is that redirect, with `url` its target."""
        method = "GET" if form is None else "POST"
        for _ in range(12):
            answer = self.request(method, url, form)
            if answer.status not in (301, 302, 303, 307):
                return answer
            url, method, form = urljoin(url, answer.headers["Location"]), "GET", None
            if stop(url):
                answer.url = url
                return answer
        raise AssertionError(f"too many redirects, the last to {url}")

    def submit(self, page, stop=lambda url: False, to=None, **fields):
        """The page's first form, or the first that goes `to` a path."""
        form = Form(page.text(), to)
        check(form.action is not None, "no form", to or "", "on", page.url, page)
        return self.open(urljoin(page.url, form.action), {**form.fields, **fields}, stop)

    def sign_in(self, page, stop=lambda url: False, email=EMAIL, password=PASSWORD):
        check("current-password" in page.text(), "not the sign-in page:", page.url, page)
        return self.submit(page, stop, email=email, password=password)


def is_callback(url):
    return url.startswith(CALLBACK)


class Application:
    """A confidential client with PKCE. `http` is the server its token requests go to."""

    def __init__(self, issuer, http, client_id="app", secret=SECRET):
        self.issuer, self.http = issuer, http
        basic = base64.b64encode(f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()).decode()
        self.client_id, self.authorization = client_id, {"Authorization": f"Basic {basic}"}

    def at(self, http):
        """The same application, asking another replica."""
        other = Application.__new__(Application)
        other.__dict__.update(self.__dict__, http=http)
        return other

    def code(self, browser, scope="openid email", **more):
        """Sends the browser through the authorization endpoint, signing in if asked; (code, verifier)."""
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(12)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": CALLBACK, "scope": scope, "state": state,
            "code_challenge": challenge, "code_challenge_method": "S256", **more,
        }
        answer = browser.open(f"{self.issuer}/authorize?{urlencode(query)}", stop=is_callback)
        if not is_callback(answer.url):
            answer = browser.sign_in(answer, stop=is_callback)
        check(is_callback(answer.url), "did not come back to the application:", answer.url, answer)
        parameters = dict(parse_qsl(urlsplit(answer.url).query))
        check(parameters.get("state") == state and parameters.get("iss") == self.issuer, "wrong state or iss:", parameters)
        check("code" in parameters, "no code:", parameters)
        return parameters["code"], verifier

    def token(self, **form):
        return self.http.post("/token", form, self.authorization)

    def redeem(self, code, verifier):
        return self.token(grant_type="authorization_code", code=code, code_verifier=verifier, redirect_uri=CALLBACK)

    def refresh(self, refresh_token):
        return self.token(grant_type="refresh_token", refresh_token=refresh_token)

    def active(self, token):
        answer = self.http.post("/introspect", {"token": token}, self.authorization)
        check(answer.status == 200, "introspection:", answer)
        return answer.json()["active"]


def together(calls):
    """Runs all calls at once, each on its own thread, started by one barrier; their results in order."""
    barrier = threading.Barrier(len(calls))
    results = [None] * len(calls)

    def run(at, call):
        barrier.wait()
        try:
            results[at] = call()
        except Exception as error:  # handed to the test, which knows what it means
            results[at] = error

    threads = [threading.Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def error_of(answer):
    return answer.json().get("error") if isinstance(answer, Answer) else repr(answer)
