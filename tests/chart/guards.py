"""What does not fit is refused, with a message that says what to change; what does is not."""

import json
import re
import subprocess

from engine import Refused, examples, with_
from places import CHART

# Example, changes that make it wrong, and the message; then changes on top that make it right again.
GUARDS = [
    ("postgres", {"issuer": ""}, "issuer is required: the https URL under which browsers and applications reach the service, such as https://id.example.com", {"issuer": "https://id.example.com"}),
    ("postgres", {"issuer": "http://id.example.com"}, "issuer http://id.example.com must be https; plain http is only for devMode", {"issuer": "https://a.b"}),
    ("postgres", {"issuer": "https://id.example.com/auth"}, 'issuer "https://id.example.com/auth" is not a URL without user name, path, query and fragment: the well-known URLs and the cookies live at the root', {"issuer": "https://id.example.com/"}),
    ("postgres", {"issuer": "https://a@id.example.com"}, 'issuer "https://a@id.example.com" is not a URL without user name, path, query and fragment: the well-known URLs and the cookies live at the root', {"issuer": "https://id.example.com:8443"}),
    ("postgres", {"issuer": "id.example.com"}, 'issuer "id.example.com" is not a URL without user name, path, query and fragment: the well-known URLs and the cookies live at the root', {"issuer": "https://id.example.com"}),
    ("dev", {"issuer": "https://id.example.com"}, "devMode is for an issuer on loopback such as http://localhost:8080, not https://id.example.com", {"issuer": "http://127.0.0.1:8080"}),
    ("dev", {"issuer": "http://id.example.com"}, "devMode is for an issuer on loopback such as http://localhost:8080, not http://id.example.com", {"issuer": "http://localhost"}),
    ("dev", {"database": {"type": "postgres", "existingSecret": {"name": "db"}}}, "devMode keeps everything in the pod: set database.type sqlite", {"database": {"type": "sqlite", "existingSecret": {"name": ""}}}),
    ("dev", {"ingress": {"enabled": True}}, "devMode listens on the pod's loopback address: no ingress or httpRoute can reach it", {"ingress": {"enabled": False}}),
    ("dev", {"tls": {"existingSecret": "tls"}}, "tls.existingSecret: devMode has a plain http issuer", {"tls": {"existingSecret": ""}}),
    ("sqlite", {"replicaCount": 2}, "replicaCount: SQLite is for one replica; use database.type postgres for more", {"replicaCount": 1}),
    ("sqlite", {"autoscaling": {"enabled": True}}, "autoscaling.enabled: SQLite is for one replica; use database.type postgres to scale", {"autoscaling": {"enabled": False}}),
    ("sqlite", {"strategy": {"type": "RollingUpdate"}}, "strategy.type RollingUpdate: two pods would share the SQLite file; only Recreate will do", {"strategy": {"type": "Recreate"}}),
    ("sqlite", {"strategy": {"rollingUpdate": {"maxSurge": 1}}}, "strategy.type RollingUpdate: two pods would share the SQLite file; only Recreate will do", {"strategy": {"type": "Recreate", "rollingUpdate": None}}),
    ("sqlite", {"database": {"sqlite": {"persistence": {"enabled": False}}}}, "database.sqlite.persistence.enabled: without a volume everything is lost with the pod; that is only for devMode", {"database": {"sqlite": {"persistence": {"enabled": True}}}}),
    ("sqlite", {"migrations": {"mode": "job"}}, "migrations.mode job: the volume belongs to the one pod of SQLite, which migrates by itself; use startup", {"migrations": {"mode": "external"}}),
    ("sqlite", {"database": {"existingSecret": {"name": "db"}}}, "database.existingSecret.name: SQLite has no URL; set database.type postgres, or remove it", {"database": {"existingSecret": {"name": ""}}}),
    ("sqlite", {"keys": {"existingSecret": ""}}, "keys.existingSecret is required outside devMode: a Secret with an entry 001.kek of 64 hexadecimal digits (openssl rand -hex 32), kept apart from the database", {"keys": {"existingSecret": "kek"}}),
    ("postgres", {"keys": {"existingSecret": ""}}, "keys.existingSecret is required outside devMode: a Secret with an entry 001.kek of 64 hexadecimal digits (openssl rand -hex 32), kept apart from the database", {"keys": {"existingSecret": "kek"}}),
    ("postgres", {"database": {"existingSecret": {"name": ""}}}, "database.existingSecret.name is required with PostgreSQL: the Secret with the database's URL, such as CloudNativePG's <cluster>-app", {"database": {"existingSecret": {"name": "db"}}}),
    ("postgres", {"database": {"tls": {"ca": {"existingSecret": ""}}}}, "database.tls.mode verify-full needs database.tls.ca", {"database": {"tls": {"ca": {"existingConfigMap": "ca"}}}}),
    ("ingress", {"ingress": {"hosts": ["other.example.org"]}}, "ingress.hosts: other.example.org is not the issuer's host (login.example.org); tokens and cookies would not fit", {"ingress": {"hosts": ["LOGIN.example.org"]}}),
    ("httproute", {"httpRoute": {"hostnames": ["other.example.com"]}}, "httpRoute.hostnames: other.example.com is not the issuer's host (id.example.com); tokens and cookies would not fit", {"httpRoute": {"hostnames": ["id.example.com"]}}),
    ("httproute", {"httpRoute": {"parentRefs": []}}, "httpRoute.parentRefs is required: the gateways that shall route to the service", {"httpRoute": {"parentRefs": [{"name": "public"}]}}),
    ("httproute", {"ingress": {"enabled": True}}, "ingress.enabled and httpRoute.enabled: both would route id.example.com; choose one", {"httpRoute": {"enabled": False}}),
    ("postgres", {"resources": {"limits": {"memory": "160Mi"}}}, "resources.limits.memory 160Mi is too little: 128Mi and 2 hash threads of 19456 KiB need 166Mi", {"resources": {"limits": {"memory": "166Mi"}}}),
    ("postgres", {"hashing": {"threads": 32}}, "resources.limits.memory 384Mi is too little: 128Mi and 32 hash threads of 19456 KiB need 736Mi", {"resources": {"limits": {"memory": "1Gi"}}}),
    ("postgres", {"resources": {"limits": {"memory": "170000000"}}}, "resources.limits.memory 170000000 is too little: 128Mi and 2 hash threads of 19456 KiB need 166Mi", {"resources": {"limits": {"memory": "180M"}}}),
    ("postgres", {"hashing": {"threads": 64}}, "resources.limits.memory 384Mi is too little: 128Mi and 64 hash threads of 19456 KiB need 1344Mi", {"resources": {"limits": {"memory": None}}}),
    ("postgres", {"hashing": {"memoryKiB": 12288}}, "hashing: 12288 KiB with 2 iterations is weaker than OWASP's minimum, such as 19456 with 2", {"hashing": {"iterations": 3}}),
    ("postgres", {"hashing": {"iterations": 1}}, "hashing: 19456 KiB with 1 iterations is weaker than OWASP's minimum, such as 19456 with 2", {"hashing": {"memoryKiB": 47104}}),
    ("postgres", {"hashing": {"memoryKiB": 131072, "iterations": 16}, "resources": {"limits": {"memory": "1Gi"}}}, "hashing: 131072 KiB with 16 iterations takes longer than people wait; one times the other is at most 1048576", {"hashing": {"iterations": 8}}),
    ("postgres", {"terminationGracePeriodSeconds": 30}, "terminationGracePeriodSeconds 30 is too little: drain.delaySeconds, drain.timeoutSeconds and 5 to stop need 35", {"terminationGracePeriodSeconds": 35}),
    ("monitoring", {"metrics": {"podMonitor": {"enabled": True}}}, "metrics.serviceMonitor and metrics.podMonitor would both scrape every pod, and everything would count twice; choose one", {"metrics": {"serviceMonitor": {"enabled": False}}}),
    ("ingress", {"autoscaling": {"minReplicas": 20}}, "autoscaling.minReplicas is more than autoscaling.maxReplicas", {"autoscaling": {"maxReplicas": 20}}),
    ("postgres", {"mail": {"from": ""}}, "mail.from is required with mail.host: the sender, such as Example <no-reply@example.com>", {"mail": {"from": "a@example.com"}}),
    ("postgres", {"mail": {"host": ""}}, "mail.existingSecret.name: there is no mail.host to log in at", {"mail": {"host": "smtp"}}),
    ("postgres", {"extraEnv": [{"name": "VESTIBULE_DATABASE__URL", "value": "postgres://u:p@h/d"}]}, "extraEnv: VESTIBULE_DATABASE__URL is a secret and does not belong in values; take it from a Secret (valueFrom.secretKeyRef), or use database.existingSecret or mail.existingSecret", {"extraEnv": [{"name": "VESTIBULE_DATABASE__URL", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}]}),
    ("postgres", {"extraEnv": [{"name": "VESTIBULE_MAIL__SMTP_PASSWORD", "value": "hunter2"}]}, "extraEnv: VESTIBULE_MAIL__SMTP_PASSWORD is a secret and does not belong in values; take it from a Secret (valueFrom.secretKeyRef), or use database.existingSecret or mail.existingSecret", {"extraEnv": []}),
    ("postgres", {"declared": {"documents": {"a.toml": '[[users]]\nemail = "a@example.com"\npassword = "hunter2"\n'}}}, "declared.documents: a.toml has a secret in it; use clients[].secretRef, or set passwords with `vestibule user set-password`", {"declared": {"documents": {"a.toml": '[[users]]\nemail = "a@example.com"\n'}}}),
    ("postgres", {"declared": {"documents": {"b.toml": 'clients = [{client_id = "a", client_secret = "b"}]'}}}, "declared.documents: b.toml has a secret in it; use clients[].secretRef, or set passwords with `vestibule user set-password`", {"declared": {"documents": {"b.toml": 'clients = [{client_id = "a", client_secret_file = "/b"}]'}}}),
    ("postgres", {"extraEnv": [{"name": "OTEL_EXPORTER_OTLP_HEADERS", "value": "api-key=hunter2"}]}, "extraEnv: OTEL_EXPORTER_OTLP_HEADERS is a secret and does not belong in values; take it from a Secret (valueFrom.secretKeyRef), or use database.existingSecret or mail.existingSecret", {"extraEnv": [{"name": "OTEL_EXPORTER_OTLP_HEADERS", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}, {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://otel:4318"}]}),
    ("postgres", {"extraEnv": [{"name": "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "value": "a=b"}]}, "extraEnv: OTEL_EXPORTER_OTLP_TRACES_HEADERS is a secret and does not belong in values; take it from a Secret (valueFrom.secretKeyRef), or use database.existingSecret or mail.existingSecret", {"extraEnv": []}),
    ("postgres", {"extraEnv": [{"name": "PGPASSWORD", "value": "hunter2"}]}, "extraEnv: PGPASSWORD is a secret and does not belong in values; take it from a Secret (valueFrom.secretKeyRef), or use database.existingSecret or mail.existingSecret", {"extraEnv": [{"name": "PGSSLMODE", "value": "require"}]}),
    ("postgres", {"declared": {"documents": {"a.toml": '[[users]]\nemail = "a@example.com"\n"password" = "hunter2"\n'}}}, "declared.documents: a.toml has a secret in it; use clients[].secretRef, or set passwords with `vestibule user set-password`", {"declared": {"documents": {"a.toml": '[[users]]\nemail = "a@example.com"\nname = "The password"\n'}}}),
    ("postgres", {"declared": {"documents": {"a.toml": 'clients = [{client_id = "a", \'client_secret\' = "b"}]'}}}, "declared.documents: a.toml has a secret in it; use clients[].secretRef, or set passwords with `vestibule user set-password`", {"declared": {"documents": {"a.toml": '[[users]]\nemail = "a@example.com"\nname = "The password"\n'}}}),
    ("postgres", {"declared": {"documents": {"a.toml": '[[users]]\nemail = "a@example.com"\n"totp_secret"="b"\n'}}}, "declared.documents: a.toml has a secret in it; use clients[].secretRef, or set passwords with `vestibule user set-password`", {"declared": {"documents": {"a.toml": '[[users]]\nemail = "a@example.com"\nname = "The password"\n'}}}),
    ("postgres", {"declared": {"documents": {"a.toml": 'users = [{email = "a@example.com","password"="b"}]'}}}, "declared.documents: a.toml has a secret in it; use clients[].secretRef, or set passwords with `vestibule user set-password`", {"declared": {"documents": {"a.toml": '[[users]]\nemail = "a@example.com"\nname = "The password"\n'}}}),
    ("ingress", {"declared": {"documents": {"clients.toml": ""}}}, "declared.documents: clients.toml is the name of the document made from clients; choose another", {"declared": {"documents": None}}),
    ("ingress", {"declared": {"documents": {"scopes.toml": ""}}}, "declared.documents: scopes.toml is the name of the document made from scopes; choose another", {"declared": {"documents": None}}),
    ("ingress", {"clients": [{"client_id": "a"}]}, "clients: a needs secretRef with name and key of a Secret, or token_endpoint_auth_method none", {"clients": [{"client_id": "a", "token_endpoint_auth_method": "none"}]}),
    ("ingress", {"clients": [{"client_id": "a", "token_endpoint_auth_method": "none", "secretRef": {"name": "a", "key": "b"}}]}, "clients: a is public (token_endpoint_auth_method none) and has no secret; remove its secretRef", {"clients": [{"client_id": "a", "secretRef": {"name": "a", "key": "b"}}]}),
]

# What the schema alone refuses: example, changes, and the place it must name.
SCHEMA = [
    ({"isuer": "https://id.example.com"}, "isuer"),
    ({"issuer": 7}, "issuer"),
    ({"devMode": "yes"}, "devMode"),
    ({"database": {"type": "mysql"}}, "type"),
    ({"database": {"url": "postgres://u:p@h/d"}}, "url"),
    ({"database": {"existingSecret": {"name": "Not A Name"}}}, "name"),
    ({"database": {"tls": {"mode": "strict"}}}, "mode"),
    ({"database": {"sqlite": {"persistence": {"accessModes": ["Many"]}}}}, "accessModes"),
    ({"database": {"sqlite": {"persistence": {"size": "big"}}}}, "size"),
    ({"keys": {"kek": "00"}}, "kek"),
    ({"mail": {"password": "hunter2"}}, "password"),
    ({"mail": {"tls": "ssl"}}, "tls"),
    ({"mail": {"port": 70000}}, "port"),
    ({"proxy": {"trustedCidrs": ["ingress"]}}, "trustedCidrs"),
    ({"proxy": {"trustedCidrs": "10.0.0.0/8"}}, "trustedCidrs"),
    ({"hashing": {"memoryKiB": 1024}}, "memoryKiB"),
    ({"hashing": {"threads": 0}}, "threads"),
    ({"config": {"sesion": {"idle": "2h"}}}, "sesion"),
    ({"config": {"session": {"idel": "2h"}}}, "idel"),
    ({"config": {"session": {"idle": 7200}}}, "idle"),
    ({"config": {"session": {"idle": "2 hours"}}}, "idle"),
    ({"config": {"mfa": {"email_code": False}}}, "email_code"),
    ({"config": {"limits": {"sign_in": "many"}}}, "sign_in"),
    ({"config": {"database": {"url": "postgres://u:p@h/d"}}}, "url"),
    ({"config": {"mail": {"smtp_password": "hunter2"}}}, "smtp_password"),
    ({"config": {"server": {"public_url": "https://other.example"}}}, "public_url"),
    ({"clients": [{"client_id": "a", "client_secret": "hunter2"}]}, "client_secret"),
    ({"clients": [{"client_id": "a", "redirect_uri": "https://a.example"}]}, "redirect_uri"),
    ({"clients": [{"client_id": "a", "grant_types": ["implicit"]}]}, "grant_types"),
    ({"clients": [{"client_id": "a", "secretRef": {"name": "b"}}]}, "secretRef"),
    ({"clients": [{"client_name": "A"}]}, "client_id"),
    ({"scopes": [{"description": "see your role"}]}, "name"),
    ({"scopes": [{"name": "a b"}]}, "name"),
    ({"scopes": [{"name": "a", "claims": {"b": {"value": 1}}}]}, "claims"),
    ({"scopes": [{"name": "a", "in": ["cookie"]}]}, "in"),
    ({"scopes": [{"name": "a", "clams": {}}]}, "clams"),
    ({"declared": {"documents": {"a.yaml": ""}}}, "a.yaml"),
    ({"declared": {"secretOverlap": "tomorrow"}}, "secretOverlap"),
    ({"declared": {"removal": "prune"}}, "removal"),
    ({"declared": {"existingConfigMaps": "one"}}, "existingConfigMaps"),
    ({"config": {"declared": {"directory": "/elsewhere"}}}, "directory"),
    ({"replicaCount": "two"}, "replicaCount"),
    ({"image": {"digest": "sha256:abc"}}, "digest"),
    ({"image": {"pullPolicy": "Sometimes"}}, "pullPolicy"),
    ({"service": {"type": "ExternalName"}}, "type"),
    ({"ingress": {"hosts": [{"host": "id.example.com"}]}}, "hosts"),
    ({"podDisruptionBudget": {"maxUnavailable": "half"}}, "maxUnavailable"),
    ({"probes": {"liveness": {"httpGet": {"path": "/"}}}}, "httpGet"),
    ({"migrations": {"mode": "hook"}}, "mode"),
    ({"commonLabels": {"a": 1}}, "commonLabels"),
    ({"extraEnv": [{"value": "a"}]}, "extraEnv"),
]


def what_does_not_fit_is_refused_and_says_what_to_change(chart):
    for name, wrong, message, right in GUARDS:
        values = with_(examples()[name], wrong)
        refusal = chart.refusal(values)
        said = re.findall(r"(?m)^  - (.*)$", refusal)
        assert said == [message], f"{wrong}: expected “{message}”, got: {said or refusal[-600:]}"
        try:
            chart.text(with_(values, right))
        except Refused as refused:
            raise AssertionError(f"{right} is right, but: {str(refused)[-600:]}") from refused


def every_guard_has_a_test(chart):
    """What the templates can say against values is each said by one of the cases above."""
    told = {message for _, _, message, _ in GUARDS}
    texts = re.findall(r'append \$problems \(?(?:printf )?"((?:[^"\\]|\\.)*)"', (CHART / "templates/_validate.tpl").read_text())
    assert len(texts) > 30, len(texts)
    for text in texts:
        pattern = ".*".join(re.escape(part.replace('\\"', '"')) for part in re.split(r"%[sdq]", text))
        assert any(re.fullmatch(pattern, message) for message in told), f"no test has {text}"


def no_secret_of_the_service_can_be_written_into_its_environment(chart):
    """The guard knows every setting that is a secret."""
    reference = json.loads(subprocess.run([chart.binary, "config", "reference", "--json"], capture_output=True, text=True, check=True).stdout)
    secrets = [setting["variable"] for setting in reference if setting["secret"]]
    assert len(secrets) >= 2, secrets
    for variable in secrets:
        refusal = chart.refusal(with_(examples()["postgres"], {"extraEnv": [{"name": variable, "value": "hunter2"}]}))
        assert f"extraEnv: {variable} is a secret" in refusal, refusal


def everything_that_does_not_fit_is_said_at_once(chart):
    refusal = chart.refusal({"database": {"type": "sqlite"}, "replicaCount": 3, "terminationGracePeriodSeconds": 1})
    for expected in ("issuer is required", "replicaCount:", "keys.existingSecret", "terminationGracePeriodSeconds"):
        assert expected in refusal, refusal


def the_schema_refuses_what_is_unknown_or_of_another_kind(chart):
    for change, place in SCHEMA:
        values = with_(examples()["postgres"], change)
        try:
            chart.text(values)
        except Refused as refused:
            refusal = str(refused)
        else:
            raise AssertionError(f"{change} was not refused")
        assert "at '" in refusal and place in refusal, f"{change}: {refusal[-600:]}"


TESTS = [
    what_does_not_fit_is_refused_and_says_what_to_change,
    every_guard_has_a_test,
    no_secret_of_the_service_can_be_written_into_its_environment,
    everything_that_does_not_fit_is_said_at_once,
    the_schema_refuses_what_is_unknown_or_of_another_kind,
]
