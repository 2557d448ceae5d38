"""Real servers on this machine that messages are sent to: one for webhooks, one for mail."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from threading import Event, Thread
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Hook:
    """A webhook's server. `status` is its answer; it answers nothing at all until `answers` is set."""

    port: int
    status: int = 200
    received: list[tuple[str, Any]] = field(default_factory=list)
    """Path and JSON of each request."""
    answers: Event = field(default_factory=Event)

    def url(self, more: str = "") -> str:
        return f"json://127.0.0.1:{self.port}/hook{more}"


@contextmanager
def hook() -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            own.received.append((self.path, json.loads(content)))
            own.answers.wait(20)
            self.send_response(own.status)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    own = Hook(server.server_address[1])
    own.answers.set()
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield own
    finally:
        own.answers.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Mailbox:
    port: int
    received: list[EmailMessage] = field(default_factory=list)

    def url(self, to: str = "growth@example.com") -> str:
        return f"mailto://127.0.0.1:{self.port}?from=robot@example.com&to={to}"


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    class Handler:
        async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802  as aiosmtpd calls it
            content = envelope.original_content or b""
            own.received.append(message_from_bytes(content, policy=policy.default))
            return "250 OK"

    controller = Controller(Handler(), hostname="127.0.0.1", port=_free_port())
    controller.start()
    own = Mailbox(controller.port)
    try:
        yield own
    finally:
        controller.stop()


def _free_port() -> int:
    with socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def unused_url() -> str:
    """A webhook nobody listens at."""
    return f"json://127.0.0.1:{_free_port()}/hook"
