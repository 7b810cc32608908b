"""Verifies tokens as applications do: with a key set that it keeps. RS256 and ES256 from the standard library alone."""

import base64
import hashlib
import json
import re
import threading
import time

from service import check

# NIST P-256 (FIPS 186-4 §D.1.2.3).
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
# The ASN.1 of SHA-256 in a signature of PKCS #1 (RFC 8017 §9.2).
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(text):
    return int.from_bytes(decoded(text), "big")


def rs256(key, message, signature):
    modulus = number(key["n"])
    length = (modulus.bit_length() + 7) // 8
    shown = pow(int.from_bytes(signature, "big"), number(key["e"]), modulus).to_bytes(length, "big")
    info = SHA256_INFO + hashlib.sha256(message).digest()
    return len(signature) == length and shown == b"\0\1" + b"\xff" * (length - len(info) - 3) + b"\0" + info


def plus(a, b):
    """Of two points of the curve; None is the one at infinity."""
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def es256(key, message, signature):
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if len(signature) != 64 or not (0 < r < N and 0 < s < N):
        return False
    point = number(key["x"]), number(key["y"])
    inverse = pow(s, -1, N)
    u, v = int.from_bytes(hashlib.sha256(message).digest(), "big") * inverse % N, r * inverse % N
    both, found = plus(G, point), None
    for bit in range(255, -1, -1):
        found = plus(found, found)
        add = [None, G, point, both][(u >> bit & 1) + 2 * (v >> bit & 1)]
        found = plus(found, add)
    return found is not None and found[0] % N == r


ALGORITHMS = {"RS256": rs256, "ES256": es256}


class RelyingParty:
    """Keeps the key set. With a `cooldown` for as long as it can: an unknown key makes it ask again, at most once in so many seconds, as libraries
    do. Without one for the set's `max-age`, and asks for nothing before that."""

    def __init__(self, issuer, fetch, cooldown=None):
        self.issuer, self.fetch, self.cooldown = issuer, fetch, cooldown
        self.keys, self.asked, self.max_age, self.times = {}, None, 0, 0
        self._lock = threading.Lock()

    def _ask(self):
        answer = self.fetch()
        check(answer.status == 200, "the key set:", answer)
        self.keys = {key["kid"]: key for key in answer.json()["keys"]}
        self.max_age = int(re.search(r"max-age=(\d+)", answer.headers["Cache-Control"]).group(1))
        self.asked = time.monotonic()
        self.times += 1

    def key(self, kid):
        with self._lock:
            stale = self.asked is None or (self.age() > self.max_age if self.cooldown is None else kid not in self.keys and self.age() > self.cooldown)
            if stale:
                self._ask()
            return self.keys.get(kid)

    def age(self):
        return time.monotonic() - self.asked

    def verify(self, token, audience):
        """The claims. `Failed` when nobody can vouch for the token."""
        head, body, signature = token.split(".")
        header, claims = json.loads(decoded(head)), json.loads(decoded(body))
        key = self.key(header["kid"])
        check(key, "unverifiable: no key", header["kid"], "in the key set of", f"{self.age():.1f} s ago:", *self.keys)
        check(key["alg"] == header["alg"], "unverifiable: the key is for", key["alg"], header)
        check(ALGORITHMS[header["alg"]](key, f"{head}.{body}".encode(), decoded(signature)), "unverifiable: the signature is wrong", header)
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        check(claims["iss"] == self.issuer and audience in audiences and claims["exp"] > time.time() - 60, "unverifiable:", claims)
        return claims
