"""PyPI Authlib as its users have it: an application made with its Flask integration, which checks the ID token by the JWKS. Run by run.py."""

import json
import os
import secrets
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from flask import Flask, jsonify, redirect, session, url_for
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "processes"))

from client import Browser  # noqa: E402
from service import check  # noqa: E402

GIVEN = json.loads(os.environ["RELYING_PARTY"])
ORIGIN = "https://python.example"


class Signed(PrivateKeyJWT):
    """As docs/integrate/python.md has it."""

    def sign(self, auth, token_endpoint):
        self.claims = {"aud": GIVEN["issuer"], "exp": int(time.time()) + 60}
        return super().sign(auth, token_endpoint)


def application(client_id, key=None):
    with_key = {"token_endpoint_auth_method": "private_key_jwt"} if key else {}
    app = Flask(__name__)
    app.secret_key = secrets.token_bytes(32)
    # Authlib keeps the pending request in the session, which must not hold tokens: a cookie is too small.
    app.kept = {}
    vestibule = OAuth(app).register(
        "vestibule",
        client_id=client_id,
        client_secret=key or GIVEN["secret"],
        server_metadata_url=f"{GIVEN['issuer']}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256", **with_key},
        client_auth_methods=[Signed(alg="ES256", headers={"kid": "1"})] if key else None,
    )

    @app.get("/login")
    def login():
        return vestibule.authorize_redirect(url_for("callback", _external=True))

    @app.get("/callback")
    def callback():
        app.kept["token"] = token = vestibule.authorize_access_token()
        session["sub"] = token["userinfo"]["sub"]
        return redirect("/me")

    @app.get("/me")
    def me():
        return jsonify(vestibule.userinfo(token=app.kept["token"]))

    return app, vestibule


class Visit:
    """One person's browser between the application and Vestibule."""

    def __init__(self, app):
        self.application = app.test_client()
        self.browser = Browser(ssl.create_default_context(cafile=GIVEN["ca"]))

    def sign_in(self):
        sent = self.application.get("/login", base_url=ORIGIN)
        check(sent.status_code == 302, "the application did not redirect:", sent.status_code)
        answer = self.browser.open(sent.location, stop=self.back)
        if not self.back(answer.url):
            answer = self.browser.sign_in(answer, stop=self.back)
        check(self.back(answer.url), "did not come back:", answer.url, answer)
        return answer.url

    @staticmethod
    def back(url):
        return url.startswith(ORIGIN)


def signs_in_verifies_and_refreshes(client_id, key=None):
    app, vestibule = application(client_id, key)
    visit = Visit(app)
    done = visit.application.get(visit.sign_in(), base_url=ORIGIN)
    check(done.status_code == 302, "the callback failed:", done.status_code, done.text)
    me = visit.application.get("/me", base_url=ORIGIN).json
    check((me["email"], me["email_verified"], me["name"]) == (GIVEN["email"], True, "Alice"), "userinfo:", me)

    token = app.kept["token"]
    check(token["userinfo"]["sub"] == me["sub"] and token["userinfo"]["at_hash"], "ID token:", token["userinfo"])
    with app.test_request_context():
        nonce = token["userinfo"]["nonce"]
        vestibule.parse_id_token(token, nonce=nonce)
        refused("another nonce", lambda: vestibule.parse_id_token(token, nonce="another"))
        refused("another access token", lambda: vestibule.parse_id_token({**token, "access_token": "another"}, nonce=nonce))
        header, claims, signature = token["id_token"].split(".")
        forged = f"{header}.{claims}.{signature[:-6]}AAAAAA"
        refused("a broken signature", lambda: vestibule.parse_id_token({**token, "id_token": forged}, nonce=nonce))

        metadata = vestibule.load_server_metadata()
        with vestibule._get_oauth_client(**metadata) as oauth:
            renewed = oauth.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
        check(renewed["refresh_token"] != token["refresh_token"], "the refresh token was not rotated")
        check(vestibule.userinfo(token=renewed)["sub"] == me["sub"], "userinfo after the refresh")


def refused(what, call):
    try:
        call()
    except (JoseError, OAuthError, ValueError):
        return
    raise AssertionError(f"the library accepted {what}")


def a_code_is_not_accepted_twice():
    app, _ = application("python-rs256")
    visit = Visit(app)
    url = visit.sign_in()
    with visit.application.session_transaction(base_url=ORIGIN) as pending:
        kept = dict(pending)
    check(visit.application.get(url, base_url=ORIGIN).status_code == 302, "the callback failed")
    with visit.application.session_transaction(base_url=ORIGIN) as pending:
        pending.update(kept)
    try:
        app.testing = True
        visit.application.get(url, base_url=ORIGIN)
    except OAuthError as error:
        check(error.error == "invalid_grant", "a replayed code:", error)
        return
    raise AssertionError("a replayed code was accepted")


def signs_in_with_a_key():
    key = ECKey.generate_key("P-256")
    document = json.dumps({"keys": [{**key.as_dict(private=False), "kid": "1"}]}).encode()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", urlsplit(GIVEN["keys"]).port), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            signs_in_verifies_and_refreshes("python-key", key)
        finally:
            server.shutdown()


for alg in ("rs256", "es256"):
    signs_in_verifies_and_refreshes(f"python-{alg}")
signs_in_with_a_key()
a_code_is_not_accepted_twice()
print("          Authlib: RS256, ES256, nonce, at_hash, userinfo, refresh, replay, private_key_jwt")
