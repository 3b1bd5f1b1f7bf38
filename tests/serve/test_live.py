"""A server on a real socket: clients that dawdle, that hang up, and its own end."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from inkseq.errors import UserError
from inkseq.inference.recogniser import Recogniser
from inkseq.serve.app import Server
from inkseq.serve.limits import ImpatientProtocol
from inkseq.serve.own import OwnDrawings
from inkseq.serve.server import listen
from tests.serve.conftest import listening_to

BODY = json.dumps({"strokes": [[[0, 90], [0, 40]]]}).encode()


def ask(port: int) -> int:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/predict", BODY, {"content-type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=20) as response:
        return int(response.status)


class Hasty(ImpatientProtocol):
    headers_within = 0.3


@pytest.fixture
def hasty(recogniser: Recogniser, tmp_path: Path) -> Iterator[tuple[str, int]]:
    """Where a server listens that waits for nobody."""
    server = Server(recogniser, OwnDrawings(tmp_path / "own.ndjson"), threshold=0.5, rate=10_000)
    server.body_within = 0.3
    with listening_to(server, Hasty) as place:
        yield place


def test_those_who_dawdle_are_left(hasty: tuple[str, int]) -> None:
    silent, half, bodyless = (socket.create_connection(hasty) for _ in range(3))
    half.sendall(b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    bodyless.sendall(
        b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
    )
    assert ask(hasty[1]) == 200
    for patient in (silent, half, bodyless):
        patient.settimeout(10)
    assert silent.recv(100) == b""
    assert half.recv(100) == b""
    assert bodyless.recv(100).startswith(b"HTTP/1.1 408 ")
    for patient in (silent, half, bodyless):
        patient.close()


def test_those_who_hang_up_do_no_harm(address: tuple[str, int]) -> None:
    head = f"Host: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
    whole = b"POST /predict HTTP/1.1\r\n" + head.encode() + BODY
    for cut in range(0, len(whole), 10):
        with socket.create_connection(address) as connection:
            connection.sendall(whole[:cut])
    assert ask(address[1]) == 200


@pytest.mark.slow
def test_sigterm_finishes_what_is_under_way(recogniser: Recogniser, tmp_path: Path) -> None:
    words = [f"run={recogniser.run.folder}", "port=0", f"own={tmp_path / 'own.ndjson'}"]
    server = subprocess.Popen(
        [sys.executable, "-m", "inkseq.serve", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert server.stdout
    said = server.stdout.readline()
    port = re.search(r"3 classes, at http://127.0.0.1:(\d+)$", said.strip())
    assert port, said
    with socket.create_connection(("127.0.0.1", int(port[1]))) as slow:
        head = f"Host: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
        slow.sendall(b"POST /predict HTTP/1.1\r\n" + head.encode() + BODY[:5])
        assert ask(int(port[1])) == 200  # by now the slow one's request has begun
        os.kill(server.pid, signal.SIGTERM)
        time.sleep(0.2)
        slow.sendall(BODY[5:])
        slow.settimeout(10)
        assert slow.recv(1000).startswith(b"HTTP/1.1 200 ")
    out, err = server.communicate(timeout=20)
    assert (out, err, server.returncode) == ("", "inkseq: stopped.\n", 130)


def test_an_address_in_use_is_a_line() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(UserError, match="Address already in use"):
        listen("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(UserError, match="cannot listen"):
        listen("no.such.host.invalid", 80)


def test_half_a_line_from_a_crash_takes_nothing_with_it(tmp_path: Path) -> None:
    own = OwnDrawings(tmp_path / "own.ndjson")
    first = own.add("owl", [[[0, 1], [0, 1]]])
    with own.path.open("ab") as file:
        file.write(b'{"word":"ow')
    second = own.add("owl", [[[0, 2], [0, 1]]])
    assert [row.key_id for row in own.rows()] == [first, second]
    assert own.remove(first)
    assert [row.key_id for row in own.rows()] == [second]
    assert b'{"word":"ow\n' in own.path.read_bytes()
