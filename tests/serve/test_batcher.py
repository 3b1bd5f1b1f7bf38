"""When the recogniser fails, or does not come back: who is told what, and that it ends with nobody else."""

import gc
import logging
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from inkseq.drawings.strokes import Flat
from inkseq.inference.recogniser import Recogniser
from tests.faults.clients import BODY, POST
from tests.serve.conftest import Served

GUILTY = [[[0, 100], [0, 50]]]
INNOCENT = [[[0, 200, 200, 0], [0, 0, 150, 90]]]


@pytest.fixture
def hold(recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The recogniser names nothing until this is set."""
    let_go, right = threading.Event(), recogniser.probabilities

    def wait(drawings: Sequence[Flat]) -> NDArray[np.float32]:
        let_go.wait(20)
        return right(drawings)

    monkeypatch.setattr(recogniser, "probabilities", wait)
    yield let_go
    let_go.set()


def memory() -> int:
    """What this process takes, in MiB."""
    gc.collect()
    return int(re.findall(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[0]) >> 10


def test_an_exception_costs_its_own_drawing_an_answer_and_no_other(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    right = served.server.recogniser.probabilities

    def fail(drawings: Sequence[Flat]) -> NDArray[np.float32]:
        if any(len(points) == 2 for points, _ in drawings):
            raise MemoryError("none left")
        return right(drawings)

    monkeypatch.setattr(served.server.recogniser, "probabilities", fail)

    def ask(number: int) -> tuple[int, str]:
        response = served.client.post("/predict", json={"strokes": INNOCENT if number % 2 else GUILTY})
        return response.status_code, response.json().get("error", "")

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(60)))
        before = memory()
        answers += list(pool.map(ask, range(140)))
    assert memory() - before < 30
    assert answers[1::2] == [(200, "")] * 100
    assert answers[::2] == [(500, "this drawing could not be named; the server's log says why")] * 100
    assert served.client.get("/healthz").json() == {"status": "ok"}
    logged = [one for one in caplog.records if one.name == "inkseq.serve.batcher"]
    assert len(logged) >= 100
    assert all(one.levelno == logging.ERROR and one.exc_info and one.exc_info[0] is MemoryError for one in logged)


def test_a_recogniser_that_does_not_come_back_is_told_by_its_health(served: Served, hold: threading.Event) -> None:
    served.server.batcher.stuck_after = 0.1
    served.server.answer_within = 0.3
    response = served.client.post("/predict", json={"strokes": INNOCENT})
    assert response.status_code == 503
    assert response.json() == {"error": "there was no answer within 0.3 seconds; try again"}
    assert response.headers["retry-after"] == "1"
    for path, ask in (("/healthz", served.client.get), ("/predict", predict(served))):
        response = ask(path)
        assert response.status_code == 503
        assert "busy with one batch for" in response.json()["error"]
    hold.set()
    wait_until(lambda: served.client.get("/healthz").status_code == 200)
    assert predict(served)("/predict").status_code == 200


def test_a_worker_that_has_ended_is_told_by_its_health(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(served.server.recogniser, "probabilities", lambda drawings: np.ones((0, 3), np.float32))
    served.server.answer_within = 0.3
    assert predict(served)("/predict").status_code == 503  # a row is lacking, which is our own mistake
    assert served.client.get("/healthz").status_code == 503
    assert "has stopped" in predict(served)("/predict").json()["error"]
    assert [one.message for one in caplog.records if one.exc_info] == ["the recogniser has stopped"]


def predict(served: Served) -> Callable[[str], Any]:
    return lambda path: served.client.post(path, json={"strokes": INNOCENT})


def wait_until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


HANGING = """
import sys, time
from inkseq.evaluate import explanation
from inkseq.inference.recogniser import Recogniser
from inkseq.serve import app
right = Recogniser.probabilities
def hang(self, drawings, doing=""):
    if any(len(points) == 2 for points, _ in drawings):
        time.sleep(60)
    return right(self, drawings)
Recogniser.probabilities = hang
app.tell_points = lambda *_: time.sleep(60)
from inkseq.serve.__main__ import main, run, ServeConfig
main(run, ServeConfig)
"""


@pytest.mark.slow
def test_what_hangs_does_not_keep_the_server_from_its_end(recogniser: Recogniser, tmp_path: Path) -> None:
    words = [f"run={recogniser.run.folder}", "port=0", f"own={tmp_path / 'own.ndjson'}"]
    pipe = subprocess.PIPE
    server = subprocess.Popen([sys.executable, "-c", HANGING, *words], stdout=pipe, stderr=pipe, text=True)
    assert server.stdout
    port = int(server.stdout.readline().strip().rpartition(":")[2])
    waiting = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
    why = BODY.replace(b"{", f'{{"word":"{recogniser.classes[0]}",'.encode(), 1)
    for connection, path, body in zip(waiting, (b"predict", b"explain", b"predict"), (BODY, why, BODY), strict=True):
        connection.sendall((POST % len(body)).encode().replace(b"predict", path) + body)
    time.sleep(0.5)
    server.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    _, said = server.communicate(timeout=20)
    assert time.monotonic() - begun < 5
    assert server.returncode == 130
    assert said.endswith("inkseq: stopped. What took too long was not finished.\n")
    assert "Traceback" not in said
    for connection in waiting:
        answer = connection.recv(2000)
        connection.close()
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert answer.endswith(b'{"error":"the server is stopping"}')
