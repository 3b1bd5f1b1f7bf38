"""The same drawing is the same to the recogniser, however it comes."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inkseq.drawings.canonical import canonical
from inkseq.inference.recogniser import Recogniser
from tests.convert.test_convert import pack, sketchrnn_file
from tests.predict.conftest import Predict, entries_of
from tests.samples import line

RAW = [[[12.5, 80.0, 160.25, 300.0], [40.0, 10.5, 90.0, 95.0]], [[20.0, 20.0], [200.0, 10.0]], [[7.0], [9.0]]]
SMALL = [[[0, 255, 30], [0, 9, 200]], [[4, 80], [60, 70]]]  # canonical, as the bulk path takes it


def as_csv(strokes: object) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([["key_id", "countrycode", "drawing"], ["9", "US", json.dumps(strokes)]])
    return text.getvalue()


def pairs(stroke: list[list[float]], between: str) -> str:
    return between.join(f"{x} {y}" for x, y in zip(*stroke, strict=True))


def twice_if_alone(stroke: list[list[float]]) -> list[list[float]]:
    """A point, of which SVG would draw nothing."""
    return [column * 2 for column in stroke] if len(stroke[0]) == 1 else stroke


def as_polylines(strokes: list[list[list[float]]]) -> str:
    """In groups that turn, enlarge and move, and turn back."""
    lines = "".join(f'<polyline points="{pairs(twice_if_alone(stroke), " ")}" fill="none"/>' for stroke in strokes)
    turned = f'<g transform="rotate(90)"><g transform="rotate(-90)">{lines}</g></g>'
    return f'<svg viewBox="0 0 9 9"><g transform="translate(5,6) scale(4)">{turned}</g></svg>'


def as_path(strokes: list[list[list[float]]]) -> str:
    data = "".join(f"M{pairs(stroke, 'L')}{'h0' * (len(stroke[0]) == 1)}" for stroke in strokes)
    return f'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><path style="stroke:red" d="{data}"/></svg>'


def as_inkml(strokes: list[list[list[float]]]) -> str:
    traces = "".join(f"<trace>{pairs(stroke, ', ')}</trace>" for stroke in strokes)
    return f'<ink xmlns="http://www.w3.org/2003/InkML">{traces}</ink>'


FORMATS: dict[str, Callable[[list[list[list[float]]]], str]] = {
    "a.ndjson": lambda strokes: line(strokes=strokes).decode(),
    "no-word.ndjson": lambda strokes: json.dumps({"drawing": strokes, "something": "else"}),
    "times.ndjson": lambda strokes: json.dumps({"drawing": [[xs, ys, list(range(len(xs)))] for xs, ys in strokes]}),
    "a.json": lambda strokes: json.dumps(strokes),
    "pretty.json": lambda strokes: json.dumps({"drawing": strokes}, indent=2),
    "a.csv": as_csv,
    "polylines.svg": as_polylines,
    "path.svg": as_path,
    "a.inkml": as_inkml,
    "nothing-said": as_inkml,
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("strokes", [RAW, SMALL], ids=["raw", "canonical"])
def test_every_format_gives_the_same_drawing(
    name: str, strokes: list[list[list[float]]], tmp_path: Path, recogniser: Recogniser
) -> None:
    (tmp_path / name).write_text(FORMATS[name](strokes))
    [entry] = entries_of(tmp_path / name)
    assert entry.error == ""
    assert entry.drawing is not None
    if name in ("times.ndjson", "polylines.svg") and strokes is SMALL:  # no more canonical as it comes
        expected = canonical([[xs, ys, list(range(len(xs)))] for xs, ys in strokes])
    else:
        expected = canonical(strokes)
    np.testing.assert_array_equal(entry.drawing[0], expected[0])
    np.testing.assert_array_equal(entry.drawing[1], expected[1])
    np.testing.assert_array_equal(recogniser.probabilities([entry.drawing]), recogniser.probabilities([expected]))


@pytest.mark.parametrize("ending", ["", ".gz", ".zip"])
@pytest.mark.parametrize("name", ["a.ndjson", "a.json", "pretty.json", "a.csv", "polylines.svg", "path.svg", "a.inkml"])
@pytest.mark.parametrize("strokes", [RAW, SMALL], ids=["raw", "canonical"])
def test_what_is_learnt_is_what_is_named(
    name: str, ending: str, strokes: list[list[list[float]]], tmp_path: Path
) -> None:
    """Through `convert` as through `predict`."""
    text, path = FORMATS[name](strokes).encode(), tmp_path / f"{name}{ending}"
    path.write_bytes(gzip.compress(text) if ending == ".gz" else text)
    if ending == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, text)
    assert_same(path, tmp_path)


def test_a_sketchrnn_file_is_named_as_it_is_learnt(tmp_path: Path) -> None:
    rows = [(0, 0, 0), (255, 9, 0), (-225, 191, 1), (-26, -140, 0), (76, 10, 1)]
    path = sketchrnn_file(tmp_path / "sketchrnn_cat.full.npz", 2, train=[rows], test=[[], rows])
    first, none, last = entries_of(path)
    assert [entry.source for entry in (first, none, last)] == [f"{path}[{n}]" for n in (1, 2, 3)]
    assert [entry.word for entry in (first, none, last)] == ["cat", "", "cat"]
    assert (none.drawing, none.error) == (None, "empty drawing")
    for entry in (first, last):
        assert entry.drawing is not None
        np.testing.assert_array_equal(entry.drawing[0], canonical(SMALL)[0])
    assert_same(sketchrnn_file(tmp_path / "cat.npz", 2, train=[rows]), tmp_path)
    (tmp_path / "dog.npz").write_bytes(b"nonsense")
    [entry] = entries_of(tmp_path / "dog.npz")
    assert "damaged" in entry.error


def assert_same(path: Path, tmp_path: Path) -> None:
    """Whether both commands see the same one drawing in a file."""
    [entry] = entries_of(path)
    data, _ = pack(tmp_path, path)
    assert len(data) == 1
    assert entry.drawing is not None
    for packed, named in zip(data.drawing(0), entry.drawing, strict=True):
        np.testing.assert_array_equal(packed, named)


@pytest.mark.parametrize("name", FORMATS)
def test_standard_input_is_told_by_how_it_begins(
    name: str, stdin: Callable[[bytes], None], name_them: Predict, recogniser: Recogniser
) -> None:
    text = FORMATS[name](RAW).encode()
    for sent in (text, gzip.compress(text), b"\xef\xbb\xbf" + text):
        stdin(sent)
        code, out, err = name_them("-")
        answer = json.loads(out)
        assert (code, err) == (0, "1 drawing\n") or name == "a.ndjson"
        expected = recogniser.predict(RAW)
        assert [word for word, _ in answer["guesses"]] == [guess.word for guess in expected]
        assert [p for _, p in answer["guesses"]] == pytest.approx([guess.probability for guess in expected], abs=2e-6)


def test_a_folder_holds_files_zips_and_folders(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.svg").write_text(as_path(RAW))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(json.dumps(RAW).encode() + b"\n" + json.dumps(SMALL).encode()))
    (tmp_path / "notes.txt").write_text("no drawing")
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("in/test.csv", as_csv(RAW))
    sources = [entry.source.removeprefix(f"{tmp_path}/") for entry in entries_of(tmp_path)]
    assert sources == ["a.jsonl.gz:1", "a.jsonl.gz:2", "b/2.svg", "c.zip/in/test.csv:2"]
