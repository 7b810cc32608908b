"""The server over TLS with every party's registration, for the parties to meet."""

import os
import ssl
import tempfile
from pathlib import Path

import certificates
from service import EMAIL, PASSWORD, SECRET, Home, free_port

CALLBACK = "https://node.example/callback"
GOODBYE = "https://node.example/goodbye"
PYTHON_CALLBACK = "https://python.example/callback"


def registration(client_id, callback, **members):
    lines = [f'[[clients]]\nclient_id = "{client_id}"\nclient_name = "{client_id}"']
    members = {"redirect_uris": [callback], "grant_types": ["authorization_code", "refresh_token"], "first_party": True, **members}
    if members.get("token_endpoint_auth_method") not in ("none", "private_key_jwt"):
        members["client_secret"] = SECRET
    for name, value in members.items():
        lines.append(f"{name} = {str(value).lower() if isinstance(value, bool) else repr(value)}")
    return "\n".join(lines) + "\n"


def declared(apache, keys):
    clients = [registration(f"python-{alg.lower()}", PYTHON_CALLBACK, id_token_signed_response_alg=alg) for alg in ("RS256", "ES256")]
    for alg in ("RS256", "ES256", "PS256", "EdDSA"):
        clients.append(
            registration(f"node-{alg.lower()}", CALLBACK, id_token_signed_response_alg=alg, post_logout_redirect_uris=[GOODBYE])
        )
    clients += [
        registration("node-post", CALLBACK, token_endpoint_auth_method="client_secret_post"),
        registration("node-public", CALLBACK, token_endpoint_auth_method="none"),
        registration("python-key", PYTHON_CALLBACK, token_endpoint_auth_method="private_key_jwt", jwks_uri=keys),
        registration("node-key", CALLBACK, token_endpoint_auth_method="private_key_jwt", jwks_uri=keys),
        registration("node-third-party", CALLBACK, first_party=False),
        registration("node-service", CALLBACK, grant_types=["client_credentials"], redirect_uris=[]),
        registration(
            "node-device",
            CALLBACK,
            grant_types=["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
            redirect_uris=[],
            token_endpoint_auth_method="none",
        ),
        registration(
            "apache",
            f"{apache}/oidc/callback",
            post_logout_redirect_uris=[f"{apache}/public/goodbye"],
            backchannel_logout_uri=f"{apache}/oidc/callback?logout=backchannel",
            backchannel_logout_session_required=True,
        ),
    ]
    person = f'[[users]]\nemail = "{EMAIL}"\nemail_verified = true\npassword = "{PASSWORD}"\nname = "Alice"\n'
    return "\n".join([*clients, person])


class Hall:
    """The running service, its certificate authority, and what a party has to know."""

    def __init__(self, database=None):
        self._directory = tempfile.TemporaryDirectory(prefix="vestibule-parties-")
        self.path = Path(self._directory.name)
        # A web server gives up its privileges and still has to read this.
        os.chmod(self.path, 0o755)
        self.ca, self.certificate, self.key = certificates.make(self.path)
        self.apache_port = free_port()
        self.apache = f"https://localhost:{self.apache_port}"
        # Where a party publishes its public keys.
        self.keys = f"http://127.0.0.1:{free_port()}/jwks"
        settings = {
            "VESTIBULE_LOG__FILTER": "warn",
            "VESTIBULE_SERVER__TLS_CERTIFICATE": str(self.certificate),
            "VESTIBULE_SERVER__TLS_KEY": str(self.key),
            "VESTIBULE_OUTBOUND__EXTRA_CA_FILE": str(self.ca),
            "VESTIBULE_OUTBOUND__ALLOWED_NETWORKS": "127.0.0.0/8,::1/128",
        }
        self.home = Home(database, settings, scheme="https")
        self.issuer = self.home.issuer

    def __enter__(self):
        self.home.apply(declared(self.apache, self.keys))
        self.process = self.home.start()
        return self

    def __exit__(self, *_):
        self.home.__exit__()
        self._directory.cleanup()

    def tls(self):
        return ssl.create_default_context(cafile=str(self.ca))

    def facts(self):
        return {
            "issuer": self.issuer, "email": EMAIL, "password": PASSWORD, "secret": SECRET, "ca": str(self.ca),
            "callback": CALLBACK, "goodbye": GOODBYE, "keys": self.keys,
        }
