"""A load balancer in front of replicas, with the manners of an ingress controller.

Round robin over the replicas whose `/health/ready` says 200, asked several times a second. Connections to replicas are kept. A connection that is
refused is tried at the next replica, whatever the method: nothing was sent. When one breaks after that, GET and HEAD are tried again and anything
else is 502: it may have happened (nginx: `proxy_next_upstream error` without `non_idempotent`).
"""

import http.client
import http.server
import itertools
import select
import socket
import threading
import time
from collections import Counter

POLL_EVERY = 0.2
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade"}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class Proxy:
    """`counts`: requests answered by port, and how many were `retried`, `broken` (502), and for `nobody` (503)."""

    def __init__(self, port):
        self.counts = Counter()
        self._ready, self._turn, self._lock = [], itertools.count(), threading.Lock()
        # Kept connections that nobody uses at the moment, by port.
        self._idle = {}
        self._ports, self._stop = [], threading.Event()
        self._server = Server(("127.0.0.1", port), self._handler())

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=[0.1], daemon=True).start()
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()

    def lead_to(self, ports):
        self._ports = list(ports)

    def ready(self):
        return list(self._ready)

    def _watch(self):
        while not self._stop.wait(POLL_EVERY):
            self._ready = [port for port in self._ports if self._is_ready(port)]

    @staticmethod
    def _is_ready(port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health/ready", headers={"Host": "localhost"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _count(self, what):
        with self._lock:
            self.counts[what] += 1

    def _connection(self, port):
        """A kept connection that the replica has not closed, or a new one; OSError when there is nobody."""
        with self._lock:
            idle = self._idle.setdefault(port, [])
            while idle:
                connection = idle.pop()
                if connection.sock and not select.select([connection.sock], [], [], 0)[0]:
                    return connection
                connection.close()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def forward(self, method, path, headers, body):
        """(status, headers, body)."""
        for attempt in range(4):
            ready = self._ready
            if not ready:
                break
            port = ready[next(self._turn) % len(ready)]
            try:
                connection = self._connection(port)
            except OSError:
                self._count("retried")
                self._ready = [other for other in self._ready if other != port]
                continue
            try:
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                if method in ("GET", "HEAD") and attempt < 3:
                    self._count("retried")
                    continue
                self._count("broken")
                return 502, [], b""
            self._count(port)
            if answer.will_close:
                connection.close()
            else:
                with self._lock:
                    self._idle[port].append(connection)
            return answer.status, answer.getheaders(), content
        self._count("nobody")
        time.sleep(0.05)
        return 503, [], b""

    def _handler(proxy):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
                headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
                status, headers, content = proxy.forward(self.command, self.path, headers, body)
                self.send_response_only(status)
                for name, value in headers:
                    if name.lower() not in HOP_BY_HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_POST = do_HEAD = answer

            def log_message(self, *_):
                pass

        return Handler
