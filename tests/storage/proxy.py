"""A TCP proxy between a client and a server of HTTP: hands everything on, but for the faults it is told to make."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Fault = Callable[["Proxy", "Request"], None]


@dataclass(frozen=True)
class Request:
    """One request whose head has been read. `body`: the part of it that came with the head."""

    client: socket.socket
    head: bytes
    body: bytes

    @property
    def method(self) -> str:
        return self.head.split(b" ", 1)[0].decode()

    @property
    def path(self) -> str:
        return self.head.split(b" ", 2)[1].decode()

    @property
    def length(self) -> int:
        lines = self.head.lower().split(b"\r\n")
        return next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)

    def rest(self, wanted: int) -> bytes:
        """The body, up to so many bytes."""
        body = self.body
        while len(body) < wanted and (more := self.client.recv(1 << 16)):
            body += more
        return body[:wanted]


@dataclass
class Proxy:
    """`faults`: each is made once, in their order, for a request of its method. `seen`: what was asked for."""

    target: int
    faults: list[tuple[str, Fault]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock, self.closed = threading.Lock(), threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def will(self, method: str, *faults: Fault) -> None:
        self.faults += [(method, fault) for fault in faults]

    def _accept(self) -> None:
        while not self.closed.is_set():
            with suppress(OSError):
                client, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            read = b""
            while b"\r\n\r\n" not in read:
                if not (more := client.recv(1 << 16)):
                    return
                read += more
            head, _, body = read.partition(b"\r\n\r\n")
            request = Request(client, head, body)
            self._fault(request)(self, request)

    def _fault(self, request: Request) -> Fault:
        with self.lock:
            self.seen.append(f"{request.method} {request.path}")
            for number, (method, fault) in enumerate(self.faults):
                if method == request.method:
                    del self.faults[number]
                    return fault
        return hand_on

    def answer(self, request: Request) -> bytes:
        """What the server says to the whole request."""
        with socket.create_connection(("127.0.0.1", self.target)) as server:
            # One request for each connection, so that the end of an answer is the end of what comes.
            server.sendall(request.head + b"\r\nConnection: close\r\n\r\n" + request.rest(request.length))
            parts = []
            while more := server.recv(1 << 16):
                parts.append(more)
            return b"".join(parts)

    def close(self) -> None:
        self.closed.set()
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def hand_on(proxy: Proxy, request: Request) -> None:
    request.client.sendall(proxy.answer(request))


def cut_answer(proxy: Proxy, request: Request) -> None:
    """The connection breaks in the middle of what is read."""
    answer = proxy.answer(request)
    request.client.sendall(answer[: len(answer) // 2])
    _reset(request.client)


def cut_request(proxy: Proxy, request: Request) -> None:
    """The connection breaks in the middle of what is written."""
    request.rest(request.length // 2)
    _reset(request.client)


def lose_answer(proxy: Proxy, request: Request) -> None:
    """The server does what it is asked for; nobody learns of it."""
    proxy.answer(request)
    _reset(request.client)


def stall(proxy: Proxy, request: Request) -> None:
    proxy.closed.wait(120)


def refuse(proxy: Proxy, request: Request) -> None:
    request.rest(request.length)
    said = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"
    request.client.sendall(
        b"HTTP/1.1 503 Slow Down\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said)
    )


def _reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@contextmanager
def between(target: int) -> Iterator[Proxy]:
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
