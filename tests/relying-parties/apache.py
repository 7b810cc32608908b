"""Debian's Apache with mod_auth_openidc: a protected application behind it, logout from both sides. Called by run.py."""

import http.server
import os
import subprocess
import threading
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from client import Browser
from service import EMAIL, SECRET, Failed, check, free_port, until

MODULES = Path("/usr/lib/apache2/modules")
# Some are compiled in on some distributions: those have no file.
NEEDED = "mpm_event authz_core authz_user authn_core unixd socache_shmcb headers proxy proxy_http ssl auth_openidc".split()

CONFIGURATION = """
ServerRoot "{path}"
ServerName localhost
PidFile "{path}/pid"
ErrorLog "{path}/error.log"
LogLevel warn
DefaultRuntimeDir "{path}"
Mutex default:{path}
{user}
{modules}
StartServers 1
Listen 127.0.0.1:{port} https

SSLEngine on
SSLCertificateFile "{certificate}"
SSLCertificateKeyFile "{key}"

OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID            apache
OIDCClientSecret        {secret}
OIDCRedirectURI         https://localhost:{port}/oidc/callback
OIDCCryptoPassphrase    a-long-random-text-of-this-test
OIDCPKCEMethod          S256
OIDCScope               "openid profile email"
OIDCCABundlePath        "{ca}"

<Location />
  AuthType openid-connect
  Require valid-user
</Location>
<Location /public>
  AuthType None
  Require all granted
</Location>

ProxyPass        /oidc !
ProxyPass        / http://127.0.0.1:{application}/
"""


class Application(http.server.BaseHTTPRequestHandler):
    """What stands behind the gate: says which headers it was given."""

    def do_GET(self):
        body = "\n".join(f"{name}: {value}" for name, value in self.headers.items()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Apache:
    def __init__(self, hall):
        self.hall = hall
        self.path = hall.path / "apache"
        self.path.mkdir()
        self.origin = hall.apache
        self.application = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Application)
        threading.Thread(target=self.application.serve_forever, daemon=True).start()
        modules = [(name, MODULES / f"mod_{name}.so") for name in NEEDED]
        check((MODULES / "mod_auth_openidc.so").exists(), "mod_auth_openidc is not installed (apt-get install libapache2-mod-auth-openidc)")
        configuration = CONFIGURATION.format(
            path=self.path, port=hall.apache_port, certificate=hall.certificate, key=hall.key, issuer=hall.issuer, secret=SECRET, ca=hall.ca,
            application=self.application.server_address[1],
            user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
            modules="\n".join(f'LoadModule {name}_module "{file}"' for name, file in modules if file.exists()),
        )
        (self.path / "httpd.conf").write_text(configuration)
        self.child = subprocess.Popen(
            ["/usr/sbin/apache2", "-f", str(self.path / "httpd.conf"), "-DFOREGROUND"],
            stdin=subprocess.DEVNULL, stdout=(self.path / "out.log").open("wb"), stderr=subprocess.STDOUT,
        )

    def __enter__(self):
        until("Apache answers", self.answers)
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.terminate()
            self.child.wait(30)
        self.application.shutdown()

    def answers(self):
        check(self.child.poll() is None, "Apache ended:", self.log())
        try:
            return self.browser().request("GET", f"{self.origin}/public/").status == 200
        except OSError:
            return False

    def log(self):
        return "\n".join(file.read_text(errors="replace")[-4000:] for file in sorted(self.path.glob("*.log")))

    def browser(self):
        return Browser(self.hall.tls())


def party(hall):
    with Apache(hall) as apache:
        try:
            browser = apache.browser()
            first = signs_in_and_passes_claims(apache, browser)
            logs_out_from_the_application(apache, browser)
            again = signs_in_and_passes_claims(apache, browser)
            check(first["OIDC_CLAIM_sub"] == again["OIDC_CLAIM_sub"], "another sub:", first, again)
            check(first["OIDC_CLAIM_sid"] != again["OIDC_CLAIM_sid"], "the same sid in another session")
            is_logged_out_by_the_back_channel(apache, browser)
        except Failed as failed:
            raise Failed(f"{failed}\n{apache.log()}") from None
        print("          mod_auth_openidc: PKCE, claims, logout from the application, logout by the back channel")


def signs_in_and_passes_claims(apache, browser):
    sent = browser.request("GET", f"{apache.origin}/reports")
    check(sent.status == 302, "the gate is open:", sent)
    asked = parse_qs(urlsplit(sent.headers["Location"]).query)
    check(asked.get("code_challenge_method") == ["S256"] and asked.get("nonce"), "no PKCE or nonce:", asked)
    page = browser.open(sent.headers["Location"])
    passed = browser.sign_in(page)
    check(passed.status == 200 and passed.url == f"{apache.origin}/reports", "did not get in:", passed.url, passed)
    claims = dict(line.split(": ", 1) for line in passed.text().splitlines() if line.startswith("OIDC_"))
    check(claims.get("OIDC_CLAIM_email") == EMAIL and claims.get("OIDC_CLAIM_name") == "Alice", "claims:", passed.text())
    check(claims.get("OIDC_CLAIM_iss") == apache.hall.issuer, "iss:", claims)
    return claims


def lets_in(apache, browser):
    return browser.request("GET", f"{apache.origin}/reports").status == 200


def logs_out_from_the_application(apache, browser):
    goodbye = f"{apache.origin}/public/goodbye"
    left = browser.open(f"{apache.origin}/oidc/callback?logout={quote(goodbye, safe='')}")
    check(left.status == 200 and left.url.startswith(goodbye), "did not come back from the logout:", left.url, left)
    check(not lets_in(apache, browser), "still let in after the logout")
    page = browser.open(f"{apache.origin}/reports")
    check("current-password" in page.text(), "Vestibule's session outlived the logout:", page.url)


def is_logged_out_by_the_back_channel(apache, browser):
    check(lets_in(apache, browser), "not let in")
    account = browser.open(f"{apache.hall.issuer}/account")
    check(account.status == 200 and "/account/logout" in account.text(), "not the account page:", account)
    done = browser.submit(account)
    check(done.status == 200, "logging out at the account page:", done.url, done)
    until("Apache's session is gone", lambda: not lets_in(apache, browser))
