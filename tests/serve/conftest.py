"""A small recogniser of doodles, served."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from starlette.testclient import TestClient

from inkseq.families import CnnConfig, PictureConfig
from inkseq.inference.recogniser import Recogniser
from inkseq.models.picture import CHANNELS
from inkseq.serve.app import Server, make_app
from inkseq.serve.limits import ImpatientProtocol
from inkseq.serve.own import OwnDrawings
from inkseq.serve.server import listen
from tests.train.tiny import run, tiny


@pytest.fixture(scope="session")
def recogniser(packed: Path, tmp_path_factory: pytest.TempPathFactory) -> Recogniser:
    config = tiny(packed, tmp_path_factory.mktemp("served"), duration="60 steps")
    run(config)
    return Recogniser(f"{config.runs}/run")


@pytest.fixture(scope="session")
def looker(packed: Path, tmp_path_factory: pytest.TempPathFactory) -> Recogniser:
    """One that sees the drawings as pictures, in all channels."""
    model = CnnConfig(channels=[6, 8], picture=PictureConfig(size=32, channels=list(CHANNELS)))
    config = tiny(packed, tmp_path_factory.mktemp("looking"), model=model, duration="10 steps")
    run(config)
    return Recogniser(f"{config.runs}/run")


@dataclass
class Served:
    """A server and a client that need no network."""

    server: Server
    client: TestClient


@pytest.fixture
def served(recogniser: Recogniser, tmp_path: Path) -> Iterator[Served]:
    server = Server(recogniser, OwnDrawings(tmp_path / "own" / "own.ndjson"), threshold=0.5, rate=10_000)
    with TestClient(make_app(server, ["testserver"])) as client:
        yield Served(server, client)


@pytest.fixture
def address(recogniser: Recogniser, tmp_path: Path) -> Iterator[tuple[str, int]]:
    """Where a server listens."""
    with listening_to(Server(recogniser, OwnDrawings(tmp_path / "own.ndjson"), 0.5, 10_000)) as place:
        yield place


@contextmanager
def listening_to(server: Server, http: type[ImpatientProtocol] = ImpatientProtocol) -> Iterator[tuple[str, int]]:
    """The place on this machine where it answers, from a thread of its own."""
    listening = listen("127.0.0.1", 0)
    config = uvicorn.Config(make_app(server, ["127.0.0.1"]), http=http, ws="none", log_level="error")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, args=([listening],))
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield listening.getsockname()
    running.should_exit = True
    thread.join()
    listening.close()
