"""From a password on standard input, the SCRAM-SHA-256 verifier that PostgreSQL stores, with a single iteration (RFC 5802, RFC 7677).

For throwaway databases only: the password is random, and gone with the database.
"""

import base64
import hashlib
import hmac
import os
import sys

ITERATIONS = 1


def verifier(password: bytes) -> str:
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password, salt, ITERATIONS)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    salt, stored_key, server_key = (base64.b64encode(part).decode() for part in (salt, stored_key, server_key))
    return f"SCRAM-SHA-256${ITERATIONS}:{salt}${stored_key}:{server_key}"


if __name__ == "__main__":
    print(verifier(sys.stdin.buffer.read()))
