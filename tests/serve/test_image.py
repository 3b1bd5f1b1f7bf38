"""A recogniser of images, served: files are named as the library names them, whatever else they are is said."""

import struct
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

import inkseq
from inkseq.serve.app import Server, make_app
from inkseq.serve.own import OwnDrawings
from inkseq.serve.requests import MOST_BYTES
from tests.serve.conftest import Served

PNG = {"content-type": "image/png"}
BAR = [[[0, 200], [0, 3]]]


@pytest.fixture
def seeing(of_scans: Path, tmp_path: Path) -> Iterator[Served]:
    server = Server(inkseq.load(of_scans), OwnDrawings(tmp_path / "own.ndjson"), threshold=0.5, rate=10_000)
    with TestClient(make_app(server, ["testserver"])) as client:
        yield Served(server, client)


@pytest.fixture
def files(of_scans: Path) -> list[bytes]:
    """PNGs, dark on light."""
    return [saved(Image.fromarray(255 - image)) for image in np.load(of_scans.parent / "scans" / "images.npy")[:12]]


def saved(image: Image.Image, form: str = "PNG") -> bytes:
    file = BytesIO()
    image.save(file, form)
    return file.getvalue()


def test_guesses_are_those_of_the_library(seeing: Served, files: list[bytes]) -> None:
    for file in files:
        said = seeing.client.post("/predict", content=file, headers=PNG).json()
        expected = seeing.server.recogniser.predict(file)
        assert [one["word"] for one in said["guesses"]] == [one.word for one in expected]
        chances = [one["probability"] for one in said["guesses"]]
        assert chances == pytest.approx([one.probability for one in expected], abs=1e-5)
        assert said["sure"] == (expected[0].probability >= 0.5)
    jpeg = saved(Image.open(BytesIO(files[0])), "JPEG")
    assert seeing.client.post("/predict", content=jpeg, headers={"content-type": "image/jpeg; q=1"}).status_code == 200


def test_images_and_drawings_are_answered_together_each_their_own(seeing: Served, files: list[bytes]) -> None:
    def ask(i: int) -> str:
        given = {"json": {"strokes": BAR}} if i % 2 else {"content": files[i % 12], "headers": PNG}
        word: str = seeing.client.post("/predict", **given).json()["guesses"][0]["word"]
        return word

    with ThreadPoolExecutor(12) as pool:
        words = list(pool.map(ask, range(48)))
    recogniser = seeing.server.recogniser
    assert words == [recogniser.predict(BAR if i % 2 else files[i % 12])[0].word for i in range(48)]
    assert max(seeing.server.batcher.answered_together) > 1


def bomb() -> bytes:
    """The head of a PNG of 100,000 pixels a side."""
    head = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + b"\0\0\0\0IDAT"


@pytest.mark.parametrize(
    ("body", "kind", "status", "error"),
    [
        (b"", "image/png", 422, "empty"),
        (b"<svg/>", "image/svg+xml", 422, "no PNG, JPEG or TIFF image"),
        (bomb(), "image/png", 422, "more than 33,554,432 pixels"),
        (bytes(MOST_BYTES + 1), "image/png", 413, f"more than {MOST_BYTES:,} bytes"),
        (b"\x89PNG", "application/octet-stream", 415, "the content type has to be application/json"),
    ],
)
def test_what_is_no_image_is_refused_in_a_line(seeing: Served, body: bytes, kind: str, status: int, error: str) -> None:
    response = seeing.client.post("/predict", content=body, headers={"content-type": kind})
    assert (response.status_code, response.json()) == (status, {"error": error})
    assert seeing.client.post("/predict", json={"strokes": BAR}).status_code == 200


def test_one_of_strokes_takes_none(served: Served, files: list[bytes]) -> None:
    response = served.client.post("/predict", content=files[0], headers=PNG)
    assert (response.status_code, response.json()["error"]) == (415, "the content type has to be application/json")
    assert served.client.get("/classes").json()["image_size"] is None


def test_what_it_is_drawn_it_explains_stroke_by_stroke(seeing: Served) -> None:
    told = seeing.client.post("/explain", json={"strokes": BAR, "word": "across"}).json()
    assert np.abs(np.concatenate(told["credit"])).max() > 0
    assert seeing.client.get("/classes").json()["image_size"] == 32


def test_where_too_many_wait_for_their_image_to_be_read_drawings_are_still_named(
    seeing: Served, files: list[bytes]
) -> None:
    seeing.server.reader.most = 0
    response = seeing.client.post("/predict", content=files[0], headers=PNG)
    assert (response.status_code, response.json()["error"]) == (503, "too many are waiting; try again")
    assert seeing.client.post("/predict", json={"strokes": BAR}).status_code == 200
