"""values.schema.json, made from values.yaml, from what the service says about its settings, and from what neither can say."""

import re

from values import read

SPAN = r"^[0-9]+(ms|s|m|h|d)$"
NAME = r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$"
KEY = r"^[-._a-zA-Z0-9]{1,253}$"

# What the chart writes into the configuration itself; not to be set in `config`.
OWN = {
    "server": ["listen", "public_url", "trusted_proxies", "internal_listen", "tls_certificate", "tls_key", "drain_delay", "drain_timeout"],
    "database": ["url", "migrate_on_start"],
    "keys": ["directory"],
    "password": ["memory_kib", "iterations", "hash_threads"],
    "mail": ["transport", "directory", "from", "reply_to", "smtp_host", "smtp_port", "smtp_tls", "smtp_ca_file", "smtp_username", "smtp_password"],
    "outbound": ["extra_ca_file"],
    "declared": ["directory", "removal", "secret_overlap"],
}


def texts(*choices):
    return {"enum": list(choices)}


def number(least, most=None, empty=False):
    found = {"type": ["integer", "null"] if empty else "integer", "minimum": least}
    return found | ({} if most is None else {"maximum": most})


PORT = number(1, 65535, empty=True)
OBJECTS = {"type": "array", "items": {"type": "object"}}
STRINGS = {"type": "array", "items": {"type": "string", "minLength": 1}}
# Objects of Kubernetes: their own schema is the cluster's.
FREE = {"type": "object"}
STRING_MAP = {"type": "object", "additionalProperties": {"type": "string"}}
PROBE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        name: {"type": ["integer", "null"], "minimum": 0 if name == "initialDelaySeconds" else 1}
        for name in ["initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold", "successThreshold"]
    },
    "required": ["periodSeconds", "failureThreshold"],
}
PULL_SECRETS = {
    "type": "array",
    "items": {"type": "object", "additionalProperties": False, "properties": {"name": {"type": "string", "minLength": 1}}, "required": ["name"]},
}
SECRET_REF = {
    "description": "The Secret that holds the client's secret.",
    "type": "object",
    "additionalProperties": False,
    "properties": {"name": {"type": "string", "pattern": NAME, "minLength": 1}, "key": {"type": "string", "pattern": KEY}},
    "required": ["name", "key"],
}
URI = {"type": "string", "minLength": 1}
FLAG = {"type": "boolean"}
CLIENT = {
    "client_id": {"type": "string", "pattern": r"^[!#-\[\]-~]{1,255}$"},
    "client_name": {"type": "string"},
    "redirect_uris": {"type": "array", "items": URI},
    "post_logout_redirect_uris": {"type": "array", "items": URI},
    "grant_types": {"type": "array", "items": texts("authorization_code", "refresh_token", "client_credentials")},
    "response_types": {"type": "array", "items": texts("code")},
    "token_endpoint_auth_method": texts("client_secret_basic", "client_secret_post", "none"),
    "id_token_signed_response_alg": texts("RS256", "PS256", "ES256", "EdDSA"),
    "scope": {"type": "string"},
    "client_uri": URI,
    "logo_uri": URI,
    "policy_uri": URI,
    "tos_uri": URI,
    "backchannel_logout_uri": URI,
    "backchannel_logout_session_required": FLAG,
    "default_max_age": {"type": "integer", "minimum": 0},
    "contacts": STRINGS,
    "require_pkce": FLAG,
    "first_party": FLAG,
    "resource_server": FLAG,
    "id_token_scope_claims": FLAG,
    "enabled": FLAG,
    "secretRef": SECRET_REF,
}

# The service says what is wrong with a definition; here is what its members are.
SCOPE = {
    "name": {"type": "string", "pattern": r"^[!#-\[\]-~]{1,100}$"},
    "description": {"type": ["string", "object"], "additionalProperties": {"type": "string"}, "propertyNames": texts("en", "pt-BR", "es")},
    "claims": {
        "type": "object",
        "additionalProperties": {"type": ["string", "object"], "additionalProperties": False, "properties": {"constant": {}}, "required": ["constant"]},
    },
    "in": {"type": "array", "items": texts("id_token", "userinfo", "access_token")},
    "audience": URI,
    "enabled": FLAG,
}

# By path, where the default does not say it all.
SPECIAL = {
    "issuer": {"type": "string"},
    "database.type": texts("postgres", "sqlite"),
    "database.tls.mode": texts("", "disable", "prefer", "require", "verify-ca", "verify-full"),
    "database.sqlite.persistence.size": {"type": "string", "pattern": r"^[0-9.]+(Ki|Mi|Gi|Ti|k|M|G|T)?$"},
    "database.sqlite.persistence.accessModes": {
        "type": "array",
        "items": texts("ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"),
        "minItems": 1,
    },
    "mail.port": PORT,
    "mail.tls": texts("starttls", "tls", "none"),
    "proxy.trustedCidrs": {"type": "array", "items": {"type": "string", "pattern": "^[0-9a-fA-F.:]+(/[0-9]{1,3})?$"}},
    "hashing.memoryKiB": number(7168, 262144),
    "hashing.iterations": number(1, 32),
    "hashing.threads": number(1, 256),
    "clients": {
        "type": "array",
        "items": {"type": "object", "additionalProperties": False, "properties": CLIENT, "required": ["client_id"]},
    },
    "scopes": {
        "type": "array",
        "items": {"type": "object", "additionalProperties": False, "properties": SCOPE, "required": ["name"]},
    },
    "declared.documents": {
        "type": "object",
        "propertyNames": {"pattern": r"^[-._a-zA-Z0-9]+\.toml$"},
        "additionalProperties": {"type": "string"},
    },
    "declared.secretOverlap": {"type": "string", "pattern": SPAN},
    "declared.existingConfigMaps": STRINGS,
    "declared.removal": texts("orphan", "disable", "delete"),
    "replicaCount": number(0, empty=True),
    "image.repository": {"type": "string", "minLength": 1, "pattern": r"^[a-z0-9][-a-z0-9._/:]*$"},
    "image.tag": {"type": "string", "pattern": r"^([a-zA-Z0-9_][-.a-zA-Z0-9_]{0,127})?$"},
    "image.digest": {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"},
    "image.pullPolicy": texts("Always", "IfNotPresent", "Never"),
    "image.pullSecrets": PULL_SECRETS,
    "image.executable": {"type": "string", "pattern": "^/"},
    "global.imagePullSecrets": PULL_SECRETS,
    "minReadySeconds": number(0),
    "revisionHistoryLimit": number(0),
    "drain.delaySeconds": number(0),
    "drain.timeoutSeconds": number(1),
    "terminationGracePeriodSeconds": number(1),
    "probes.startup": PROBE,
    "probes.readiness": PROBE,
    "probes.liveness": PROBE,
    "autoscaling.minReplicas": number(1),
    "autoscaling.maxReplicas": number(1),
    "autoscaling.targetCPUUtilizationPercentage": number(1, empty=True),
    "autoscaling.targetMemoryUtilizationPercentage": number(1, empty=True),
    "podDisruptionBudget.maxUnavailable": {"type": ["integer", "string"], "minimum": 0, "pattern": "^[0-9]{1,3}%$"},
    "podDisruptionBudget.unhealthyPodEvictionPolicy": texts("AlwaysAllow", "IfHealthyBudget"),
    "dnsPolicy": texts("", "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    "service.type": texts("ClusterIP", "NodePort", "LoadBalancer"),
    "service.port": PORT,
    "service.nodePort": PORT,
    "service.internalPort": number(1, 65535),
    "metrics.serviceMonitor.interval": {"type": "string", "pattern": "^([0-9]+(ms|s|m|h))?$"},
    "metrics.serviceMonitor.scrapeTimeout": {"type": "string", "pattern": "^([0-9]+(ms|s|m|h))?$"},
    "metrics.podMonitor.interval": {"type": "string", "pattern": "^([0-9]+(ms|s|m|h))?$"},
    "metrics.podMonitor.scrapeTimeout": {"type": "string", "pattern": "^([0-9]+(ms|s|m|h))?$"},
    "service.ipFamilyPolicy": texts("", "SingleStack", "PreferDualStack", "RequireDualStack"),
    "service.ipFamilies": {"type": "array", "items": texts("IPv4", "IPv6")},
    "service.listenAddress": texts("0.0.0.0", "::"),
    "service.externalTrafficPolicy": texts("", "Cluster", "Local"),
    "service.loadBalancerSourceRanges": STRINGS,
    "ingress.hosts": STRINGS,
    "httpRoute.hostnames": STRINGS,
    "migrations.mode": texts("startup", "job", "external"),
    "jobs.backoffLimit": number(0),
    "jobs.activeDeadlineSeconds": number(60),
    "jobs.ttlSecondsAfterFinished": number(0, empty=True),
    "extraEnv": {"type": "array", "items": {"type": "object", "required": ["name"]}},
    "extraObjects": {"type": "array", "items": {"type": ["object", "string"]}},
}


def schema(settings):
    """The whole schema. `settings`: what `vestibule config reference --json` prints."""
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Values of the Vestibule chart",
    }
    return head | of(read(), settings)


def of(value, settings):
    if value.children:
        found = {
            "type": "object",
            # A parent chart's `global` has more.
            "additionalProperties": value.path == ("global",),
            "properties": {child.path[-1]: of(child, settings) for child in value.children},
        }
        return found
    if value.name == "config":
        found = config(settings)
    elif value.name in SPECIAL:
        found = SPECIAL[value.name]
    else:
        found = guessed(value)
    return {"description": value.comment} | found


def guessed(value):
    """The type of the default. Names of objects are names everywhere."""
    default, last = value.default, value.path[-1]
    if isinstance(default, bool):
        return {"type": "boolean"}
    if isinstance(default, str):
        if last in ("existingSecret", "existingConfigMap", "name", "tlsSecretName", "existingClaim"):
            return {"type": "string", "pattern": NAME}
        if last in ("key", "usernameKey", "passwordKey"):
            return {"type": "string", "pattern": KEY}
        return {"type": "string"}
    if isinstance(default, list):
        return OBJECTS
    if isinstance(default, dict):
        return STRING_MAP if re.search(r"([aA]nnotations|[lL]abels|nodeSelector)$", last) else FREE
    raise SystemExit(f"schema.py does not know what {value.name} is: add it to SPECIAL")


def config(settings):
    """Every setting of the service but those that the chart writes, and secrets."""
    sections = {}
    for setting in settings:
        section, key = setting["name"].split(".")
        if key in OWN.get(section, []):
            continue
        if setting["secret"]:
            raise SystemExit(f"{setting['name']} is a secret: the chart has to take it from a Secret (schema.py, OWN)")
        described = {"description": setting["documentation"]} | form(setting["form"])
        sections.setdefault(section, {})[key] = described
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            section: {"type": ["object", "null"], "additionalProperties": False, "properties": keys} for section, keys in sections.items()
        },
    }


def form(words):
    """What `vestibule config reference` calls a form, as a schema."""
    if words == "true or false":
        return {"type": ["boolean", "null"]}
    if words == "whole number":
        return {"type": ["integer", "null"], "minimum": 0}
    if words == "length of time":
        return {"type": ["string", "null"], "pattern": SPAN}
    if words == "quota":
        return {"type": ["string", "null"], "pattern": "^[0-9]+/" + SPAN[1:]}
    if words == "list of address ranges":
        return {"type": ["array", "null"], "items": {"type": "string"}}
    if words in ("text", "path", "URL", "address and port"):
        return {"type": ["string", "null"]}
    choices = re.split(r", | or ", words)
    if len(choices) > 1 and all(re.fullmatch(r"[a-z-]+", choice) for choice in choices):
        return {"enum": [*choices, None]}
    raise SystemExit(f"schema.py does not know the form {words!r} of a setting")
