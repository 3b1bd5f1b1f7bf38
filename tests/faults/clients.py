"""Clients that no server wishes for: many, slow, and without end; and one that asks among them."""

import http.client
import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

Address = tuple[str, int]
Kind = Literal["silent", "headers", "second", "body", "after 408", "unread"]

HOST = "Host: 127.0.0.1\r\n"
BODY = json.dumps({"strokes": [[[0, 90], [0, 40]]]}).encode()
POST = f"POST /predict HTTP/1.1\r\n{HOST}Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
BEGINNINGS: dict[Kind, bytes] = {
    "silent": b"",
    "headers": f"POST /predict HTTP/1.1\r\n{HOST}X: ".encode(),
    "second": f"GET /healthz HTTP/1.1\r\n{HOST}\r\nGET /healthz HTTP/1.1\r\n{HOST}X: ".encode(),  # of a kept connection
    "body": (POST % 10_000).encode() + b"{",
    "after 408": (POST % 10_000).encode(),
    "unread": f"GET /healthz HTTP/1.1\r\n{HOST}Content-Length: 10000\r\n\r\n".encode(),  # that nobody asks for
}
DRIPS: set[Kind] = {"headers", "second", "after 408"}  # a byte now and then; of the others nothing comes any more


@contextmanager
def slow_connections(
    address: Address, count: int, kind: Kind, every: float = 0.5, again: bool = True
) -> Iterator[list[socket.socket]]:
    """So many connections, each of which begins a request and does not end it. Who is hung up on comes `again`."""
    connections = [begin(address, kind) for _ in range(count)]
    end = threading.Event()

    def drip() -> None:
        while not end.wait(every):
            for i, connection in enumerate(connections):
                if connection.fileno() < 0:
                    continue
                try:
                    if kind in DRIPS:
                        connection.send(b"x")
                    if connection.recv(1 << 16) == b"":
                        raise ConnectionError
                except BlockingIOError:
                    pass
                except OSError:
                    connection.close()
                    if again:
                        with suppress(OSError):  # the server may have ended
                            connections[i] = begin(address, kind)

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield connections
    finally:
        end.set()
        thread.join()
        for connection in connections:
            connection.close()


def begin(address: Address, kind: Kind) -> socket.socket:
    connection = socket.create_connection(address)
    connection.sendall(BEGINNINGS[kind])
    connection.setblocking(False)
    return connection


def ask_all(address: Address, seconds: float, new: float = 0.5) -> list[tuple[float, int]]:
    """One request after the other, for so long: how long each took and its status, 0 where nothing came.

    That share of them comes over a new connection.
    """
    answers, rng = [], random.Random(0)
    end = time.monotonic() + seconds
    connection = http.client.HTTPConnection(*address, timeout=20)
    while (begun := time.monotonic()) < end:
        if rng.random() < new:
            connection.close()
        try:
            connection.request("POST", "/predict", BODY, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            status = response.status
        except (OSError, http.client.HTTPException):
            connection.close()
            status = 0
        answers.append((time.monotonic() - begun, status))
    connection.close()
    return answers
