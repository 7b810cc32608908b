"""A mail server on loopback (aiosmtpd) that keeps what it takes, and refuses what it is told to refuse."""

import asyncio
import email
import email.policy
import logging
import ssl
import threading
import warnings

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from service import free_port

USER, PASSWORD = "vestibule", "a-password-of-these-tests-and-of-nothing-else"

# What clients do wrong is what these tests are about.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)
warnings.filterwarnings("ignore", module="aiosmtpd")


class Received:
    """A message with the envelope it came in."""

    def __init__(self, session, envelope):
        self.sender, self.recipients = envelope.mail_from, envelope.rcpt_tos
        self.encrypted, self.user = session.ssl is not None, session.auth_data
        self.bytes = envelope.original_content
        self.message = email.message_from_bytes(self.bytes, policy=email.policy.default)


class Server:
    """`starttls`, `tls` or `none`; with a password unless `open`."""

    def __init__(self, certificates=None, mode="starttls", port=None, utf8=True):
        self.port = port or free_port()
        self.received, self.commands = [], []
        # Messages that were read and never answered.
        self.unanswered = []
        # Answers to RCPT and to the message; None: 250. `hold`: the message is read, and never answered.
        self.rcpt = self.data = None
        # Nobody may log in.
        self.locked = False
        self.hold = threading.Event()
        self.held = threading.Event()
        context = None
        if mode != "none":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates[1], certificates[2])
        options = {"starttls": {"tls_context": context, "require_starttls": True}, "tls": {"ssl_context": context}, "none": {}}[mode]
        if mode != "none":
            options |= {"auth_required": True, "authenticator": self.authenticate, "auth_require_tls": mode == "starttls"}
        self._controller = Controller(self, "127.0.0.1", self.port, enable_SMTPUTF8=utf8, ready_timeout=30, **options)

    def __enter__(self):
        self._controller.start()
        return self

    def __exit__(self, *_):
        self._controller.stop(no_assert=True)

    def authenticate(self, server, session, envelope, mechanism, data):
        right = not self.locked and isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=right, auth_data=USER)

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.commands.append(f"RCPT {address}")
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.hold.is_set():
            self.unanswered.append(Received(session, envelope))
            self.held.set()
            await asyncio.sleep(600)
        if self.data:
            return self.data
        self.received.append(Received(session, envelope))
        return f"250 OK: taken as {len(self.received)}"
