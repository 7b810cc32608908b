"""A throwaway certificate authority and one certificate for localhost."""

import subprocess

from service import check


def openssl(directory, *arguments):
    done = subprocess.run(["openssl", *arguments], cwd=directory, capture_output=True, text=True, timeout=60)
    check(done.returncode == 0, "openssl", *arguments, done.stderr)


def make(directory):
    """Makes `ca.pem`, `localhost.pem` (with its chain) and `localhost.key` in `directory`."""
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"]
    openssl(directory, "req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Vestibule test CA",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl(directory, "req", *curve, "-keyout", "localhost.key", "-out", "localhost.csr", "-subj", "/CN=localhost")
    (directory / "localhost.ext").write_text(
        "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n"
    )
    openssl(directory, "x509", "-req", "-in", "localhost.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "localhost.ext", "-out", "localhost.crt")
    (directory / "localhost.pem").write_text((directory / "localhost.crt").read_text() + (directory / "ca.pem").read_text())
    return directory / "ca.pem", directory / "localhost.pem", directory / "localhost.key"
