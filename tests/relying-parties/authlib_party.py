"""PyPI Authlib as its users have it: an application made with its Flask integration, which checks the ID token by the JWKS. Run by run.py."""

import json
import os
import secrets
import ssl
import sys
from pathlib import Path

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, jsonify, redirect, session, url_for
from joserfc.errors import JoseError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "processes"))

from client import Browser  # noqa: E402
from service import check  # noqa: E402

GIVEN = json.loads(os.environ["RELYING_PARTY"])
ORIGIN = "https://python.example"


def application(client_id):
    app = Flask(__name__)
    app.secret_key = secrets.token_bytes(32)
    # Authlib keeps the pending request in the session, which must not hold tokens: a cookie is too small.
    app.kept = {}
    vestibule = OAuth(app).register(
        "vestibule",
        client_id=client_id,
        client_secret=GIVEN["secret"],
        server_metadata_url=f"{GIVEN['issuer']}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256"},
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


def signs_in_verifies_and_refreshes(client_id):
    app, vestibule = application(client_id)
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


for alg in ("rs256", "es256"):
    signs_in_verifies_and_refreshes(f"python-{alg}")
a_code_is_not_accepted_twice()
print("          Authlib: RS256, ES256, nonce, at_hash, userinfo, refresh, replay")
