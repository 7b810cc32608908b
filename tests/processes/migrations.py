"""A migration whose process is killed between two statements: the next run finishes, and the schema is that of a run that nothing disturbed.

Each statement that fails in its turn, on both databases: `src/store/migrate_ladder_tests.rs`.
"""

import os
import random
import socket
import sqlite3
import struct
import subprocess
import threading
import time
from urllib.parse import urlsplit

from client import DECLARED
from service import Home, binary, check, command, until
from starts import sql

LONG = os.environ.get("VESTIBULE_TEST_LONG") == "1"
# Of all places between two statements.
PLACES = 2
SSL_REQUEST, GSS_REQUEST = 80877103, 80877104

SCHEMA = """
SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns WHERE table_schema = current_schema()
UNION ALL SELECT conrelid::regclass::text, pg_get_constraintdef(oid), '', '', '' FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
UNION ALL SELECT tablename, indexdef, '', '', '' FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1, 2
"""


class Wire:
    """Between a program and PostgreSQL. `before`: called with the number of each statement before it is passed on; when that says no, nothing more is."""

    def __init__(self, url, before):
        self.to, self.before, self.statements, self.lock = urlsplit(url), before, 0, threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        login, _, _ = self.to.netloc.rpartition("@")
        self.url = self.to._replace(netloc=f"{login}@127.0.0.1:{self.listener.getsockname()[1]}").geturl()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                program, _ = self.listener.accept()
            except OSError:
                return
            database = socket.create_connection((self.to.hostname, self.to.port))
            for pump, ends in [(self._there, (program, database)), (self._back, (database, program))]:
                threading.Thread(target=self._carry, args=[pump, *ends], daemon=True).start()

    @staticmethod
    def _carry(pump, source, sink):
        try:
            pump(source, sink)
        except (OSError, struct.error):
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @staticmethod
    def _back(source, sink):
        while data := source.recv(65536):
            sink.sendall(data)

    def _there(self, source, sink):
        """Message by message (PostgreSQL, "Message Formats"): those before the session begins have no kind."""
        stream, begun = source.makefile("rb"), False
        while True:
            kind = stream.read(1) if begun else b""
            head = stream.read(4)
            body = stream.read(struct.unpack("!I", head)[0] - 4)
            begun = begun or struct.unpack("!I", body[:4])[0] not in (SSL_REQUEST, GSS_REQUEST)
            # A simple query, or the execution of a prepared one.
            if kind in (b"Q", b"E") and not self._counts():
                return
            sink.sendall(kind + head + body)

    def _counts(self):
        with self.lock:
            self.statements += 1
            return self.before(self.statements)


def migrate(home, before=lambda number, child: True):
    """`migrate up` with every statement in view. Its exit code, and how many there were."""
    started = threading.Event()
    child = None

    def seen(number):
        started.wait(30)
        return before(number, child)

    with Wire(home.database, seen) as wire:
        environment = home.environment(home.port, VESTIBULE_DATABASE__URL=wire.url)
        child = subprocess.Popen([binary(), "migrate", "up"], env=environment, cwd=home.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        started.set()
        child.communicate(timeout=120)
        return child.returncode, wire.statements


def kills_before(last):
    def before(number, child):
        if number == last:
            child.kill()
        return number < last

    return before


def killed_before_any_statement_a_migration_on_postgresql_is_finished_by_the_next(databases):
    with Home(databases.new()) as home:
        code, statements = migrate(home)
        check(code == 0 and statements > 100, "an undisturbed migration:", code, statements)
        whole = sql(home.database, SCHEMA)
    numbers = range(1, statements + 1) if LONG else random.sample(range(1, statements + 1), PLACES)
    for number in numbers:
        with Home(databases.new()) as home:
            code, _ = migrate(home, kills_before(number))
            check(code == -9, "killed before statement", number, "it ended with", code)
            command(home, "migrate", "up")
            check(sql(home.database, SCHEMA) == whole, "the schema after it was killed before statement", number, "of", statements)


def schema_of(file):
    with sqlite3.connect(file) as database:
        return sorted(database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL"))


def killed_at_any_moment_a_migration_on_sqlite_is_finished_by_the_next(_databases):
    """One transaction for all of it: what is on disk is that of before, or the whole."""
    with Home() as home:
        file = home.path / "vestibule.db"
        began = time.monotonic()
        command(home, "migrate", "up")
        whole, took = schema_of(file), time.monotonic() - began
    for number in range(20 if LONG else 3):
        with Home() as home:
            file = home.path / "vestibule.db"
            child = subprocess.Popen([binary(), "migrate", "up"], env=home.environment(home.port), cwd=home.path, stdout=subprocess.DEVNULL)
            began = time.monotonic()
            until("the moment has come", lambda: time.monotonic() - began >= took * random.random())
            child.kill()
            child.wait(30)
            if file.exists():
                check(schema_of(file) in ([], whole), "half a schema")
            command(home, "migrate", "up")
            check(schema_of(file) == whole, "the schema after it was migrated again, round", number)
            home.apply(DECLARED)


TESTS = [
    killed_before_any_statement_a_migration_on_postgresql_is_finished_by_the_next,
    killed_at_any_moment_a_migration_on_sqlite_is_finished_by_the_next,
]
