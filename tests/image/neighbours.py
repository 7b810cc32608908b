"""Who the program calls in these tests: a name server, and a mail server and a web server with TLS, on loopback."""

import contextlib
import socket
import ssl
import struct
import subprocess
import threading


class NameServer:
    """Answers every question about one name with 127.0.0.1, and every other with: there is no such name."""

    def __init__(self, name):
        self.name, self.asked = name, set()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # Resolvers ask on port 53 alone; an address of loopback that nobody else has.
        self.address = "127.53.53.53"
        self.socket.bind((self.address, 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                question, peer = self.socket.recvfrom(512)
            except OSError:
                return
            self.socket.sendto(self.answer(question), peer)

    def answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1 : at + 1 + question[at]].decode())
            at += 1 + question[at]
        (kind,) = struct.unpack("!H", question[at + 1 : at + 3])
        name = ".".join(labels)
        self.asked.add(name)
        known, address = name == self.name, name == self.name and kind == 1
        header = question[:2] + struct.pack("!HHHHH", 0x8580 if known else 0x8583, 1, int(address), 0, 0)
        record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton("127.0.0.1")
        return header + question[12 : at + 5] + (record if address else b"")

    def close(self):
        self.socket.close()


class TlsServer:
    """TLS from the first byte, with a certificate of an authority of its own."""

    def __init__(self, name, port, directory):
        self.ca = directory / f"{name}-ca.pem"
        certificate = directory / f"{name}.pem"
        key = issued(directory, name, self.ca, certificate)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.socket = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                plain, _ = self.socket.accept()
            except OSError:
                return
            # Who does not believe the certificate goes away in the middle.
            with contextlib.suppress(OSError), self.context.wrap_socket(plain, server_side=True) as connection:
                self.talk(connection.makefile("rwb"))

    def close(self):
        self.socket.close()


class WebServer(TlsServer):
    """HTTP that answers every question with one text."""

    def talk(self, lines):
        for line in iter(lines.readline, b"\r\n"):
            if not line:
                return
        lines.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello")
        lines.flush()


class MailServer(TlsServer):
    """SMTP; keeps what it gets."""

    def __init__(self, name, port, directory):
        self.received = []
        super().__init__(name, port, directory)

    def talk(self, lines):
        def say(text):
            lines.write(text.encode() + b"\r\n")
            lines.flush()

        say("220 here")
        for line in lines:
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"DATA":
                say("354 go on")
                self.received.append(b"".join(iter(lines.readline, b".\r\n")))
            elif verb == b"QUIT":
                return say("221 bye")
            say("250 ok")


def issued(directory, name, ca, certificate):
    """An authority and, of it, a certificate for the name. The certificate's key."""
    keys = {"ca": directory / f"{name}-ca-key.pem", "leaf": directory / f"{name}-key.pem"}
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    leaf = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-addext", "basicConstraints=critical,CA:FALSE"]
    for command in (
        [*new, "-subj", "/CN=Test authority", "-keyout", str(keys["ca"]), "-out", str(ca)],
        [*new, *leaf, "-CA", str(ca), "-CAkey", str(keys["ca"]), "-keyout", str(keys["leaf"]), "-out", str(certificate)],
    ):
        subprocess.run(command, check=True, capture_output=True)
    return keys["leaf"]
