"""The command, the library, the server and the exported file name the same drawings alike."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from starlette.testclient import TestClient

import inkseq
from inkseq.config import AnswerFormat, PredictConfig
from inkseq.drawings.canonical import canonical
from inkseq.drawings.strokes import Drawing
from inkseq.inference.recogniser import Recogniser
from inkseq.predict.__main__ import run as predict
from inkseq.serve.app import Server, make_app
from inkseq.serve.own import OwnDrawings
from tests.export.conftest import Exported
from tests.samples import SHARED, needs_shared, random_strokes

pytestmark = pytest.mark.slow  # PyTorch needs ten seconds to export

TOLERANCE, AS_LIKELY = 1e-4, 2e-6  # of a probability; answers in JSON are rounded to 1e-6

Answers = list[list[tuple[str, float]]]  # of each drawing every word, the likeliest first


def by_library(run: Path, drawings: list[Drawing]) -> Answers:
    recogniser = inkseq.load(run)
    return [[(g.word, g.probability) for g in recogniser.predict(d, len(recogniser.classes))] for d in drawings]


def by_command(run: Path, drawings: list[Drawing], scratch: Path) -> Answers:
    source, out = scratch / "drawings.jsonl", scratch / "answers.jsonl"
    source.write_text("".join(json.dumps(drawing) + "\n" for drawing in drawings))
    config = PredictConfig(
        run=str(run), input=str(source), out=str(out), format=AnswerFormat.jsonl, top=1000, device="cpu"
    )
    assert predict(config) == 0
    return [[(word, chance) for word, chance in json.loads(line)["guesses"]] for line in out.read_text().splitlines()]


def by_server(run: Path, drawings: list[Drawing], scratch: Path) -> Answers:
    server = Server(Recogniser(run), OwnDrawings(scratch / "own.ndjson"), threshold=0.5, rate=1e9)
    with TestClient(make_app(server, ["testserver"])) as client:
        asked = [client.post("/predict", json={"strokes": drawing, "top": 1000}).json() for drawing in drawings]
    return [[(guess["word"], guess["probability"]) for guess in answer["guesses"]] for answer in asked]


def by_file(file: Path, drawings: list[Drawing]) -> Answers:
    """As somebody reads it who has no more than the file."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    words = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
    answers = []
    for points, pen in map(canonical, drawings):
        inputs = {
            "points": points[None].astype(np.float32),
            "pen": pen[None].astype(np.float32),
            "length": np.array([len(points)], np.int64),
        }
        chances = session.run(["probability"], inputs)[0][0].tolist()
        answers.append(sorted(zip(words, chances, strict=True), key=lambda guess: -guess[1]))
    return answers


def largest_difference(found: Answers, expected: Answers) -> float:
    """Of a probability; the words must be the same in the same order, but for those that are as likely."""
    differences = []
    for guesses, others in zip(found, expected, strict=True):
        chances = dict(others)
        assert len(guesses) == len(others)
        in_order = [chances[word] for word, _ in guesses]
        assert all(one >= next_one - AS_LIKELY for one, next_one in pairwise(in_order))
        differences += [abs(chance - chances[word]) for word, chance in guesses]
    return max(differences)


def hold_together(run: Path, file: Path, drawings: list[Drawing], scratch: Path) -> dict[str, float]:
    """How far each way is from the library at most."""
    expected = by_library(run, drawings)
    ways = {
        "command": by_command(run, drawings, scratch),
        "server": by_server(run, drawings, scratch),
        "file": by_file(file, drawings),
    }
    return {way: largest_difference(found, expected) for way, found in ways.items()}


def forty() -> list[Drawing]:
    """Dots, lines, a long one, many short ones, canonical drawings, and raw ones in any units."""
    rng = np.random.default_rng(0)
    turn = np.linspace(0, 40, 3000)
    some: list[Drawing] = [
        [[[0], [0]]],
        [[[812.5], [-3.25]]],
        [[[0, 1000], [0, 1]]],
        [[(turn * np.cos(turn)).tolist(), (turn * np.sin(turn)).tolist()]],
        [rng.normal(0, 300, (2, 4)).tolist() for _ in range(150)],
    ]
    some += [random_strokes(rng) for _ in range(15)]
    some += [(rng.normal(size=(1 + i % 6, 2, 40)).cumsum(axis=2) * 7.3 - 500).tolist() for i in range(20)]
    return some


def test_all_ways_agree(exported: Exported, tmp_path: Path) -> None:
    differences = hold_together(exported.folder, exported.file, forty(), tmp_path)
    assert max(differences.values()) < TOLERANCE


def test_other_words_are_noticed() -> None:
    expected = [[("cat", 0.6), ("star", 0.4)]]
    assert largest_difference([[("cat", 0.7), ("star", 0.3)]], expected) == pytest.approx(0.1)
    with pytest.raises(AssertionError):
        largest_difference([[("star", 0.6), ("cat", 0.4)]], expected)


@needs_shared
def test_all_ways_agree_on_a_thousand_real_drawings(exported: Exported, tmp_path: Path) -> None:
    files = sorted((SHARED / "quickdraw16" / "train").glob("*.ndjson"))
    lines = [line for file in files for line in file.read_text().splitlines()[:63]]
    drawings = [json.loads(line)["drawing"] for line in lines]
    assert len(drawings) >= 1000
    assert max(hold_together(exported.folder, exported.file, drawings, tmp_path).values()) < TOLERANCE
