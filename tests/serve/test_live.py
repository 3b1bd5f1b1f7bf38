"""A server on a real socket: clients that dawdle, that hang up, and its own end."""

import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from inkseq.errors import UserError
from inkseq.inference.recogniser import Recogniser
from inkseq.serve import limits
from inkseq.serve.app import Server
from inkseq.serve.limits import ImpatientProtocol
from inkseq.serve.own import OwnDrawings
from inkseq.serve.server import listen
from tests.faults.clients import BEGINNINGS, Kind, ask_all, slow_connections
from tests.serve.conftest import listening_to

BODY = json.dumps({"strokes": [[[0, 90], [0, 40]]]}).encode()


def ask(port: int) -> int:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/predict", BODY, {"content-type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=20) as response:
        return int(response.status)


class Hasty(ImpatientProtocol):
    headers_within, all_within = 0.3, 1.0


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


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_nobody_keeps_a_connection_by_what_does_not_end(hasty: tuple[str, int], kind: Kind) -> None:
    with slow_connections(hasty, 4, kind, every=0.1, again=False):
        assert ask(hasty[1]) == 200
        wait_for_no_one()


def test_nobody_keeps_a_connection_by_not_reading(hasty: tuple[str, int]) -> None:
    with socket.create_connection(hasty) as deaf:
        deaf.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                deaf.send(b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 100)
        wait_for_no_one()


@pytest.mark.slow
def test_a_crowd_of_one_address_has_to_be_quick(address: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_OF_ADDRESS", 8)
    with slow_connections(address, 8, "silent", again=False) as few:
        time.sleep(2)
        assert ImpatientProtocol.crowd["127.0.0.1"] == len(few)
        with slow_connections(address, 30, "body", again=False):
            assert {status for _, status in ask_all(address, 2)} == {200}
            assert ImpatientProtocol.crowd["127.0.0.1"] <= 9
    wait_for_no_one()


def wait_for_no_one() -> None:
    """Until the server has hung up on everybody."""
    end = time.monotonic() + 10
    while ImpatientProtocol.crowd:
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.slow
def test_two_thousand_slow_connections_keep_nobody_from_an_answer(recogniser: Recogniser, tmp_path: Path) -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most[1] < 5_000:
        pytest.skip("this system has no so many files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (5_000, most[1]))
    words = [f"run={recogniser.run.folder}", "port=0", f"own={tmp_path / 'own.ndjson'}", "rate=1e6"]
    command = [sys.executable, "-m", "inkseq.serve", *words]
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
            assert server.stdout
            address = "127.0.0.1", int(server.stdout.readline().strip().rpartition(":")[2])
            with slow_connections(address, 1_000, "headers"), slow_connections(address, 1_000, "body"):
                answers = ask_all(address, 4)
            server.terminate()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, most)
    assert {status for _, status in answers} == {200}
    assert np.percentile([seconds for seconds, _ in answers], 99) < 1  # 0.04 where it was written


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
