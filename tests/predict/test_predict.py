"""The command: every record answered in its order, errors among them; what people, programs and Kaggle get."""

import csv
import json
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from inkseq.drawings import svg
from inkseq.drawings.canonical import canonical
from inkseq.drawings.entries import Entry
from inkseq.errors import UserError
from inkseq.inference.recogniser import Guess, Recogniser
from inkseq.predict import stream
from inkseq.predict.stream import Answer, Tally, answer_windows
from inkseq.predict.table import bar
from tests.faults.pipes import pipe
from tests.predict.conftest import Predict, entries_of
from tests.samples import line, random_lines

BAD = b'{"drawing":[],"key_id":"5","word":"cat"}\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Ten drawings and, third, one that is none."""
    texts = random_lines(10, words=["cat", "ladder"])
    path = tmp_path / "ten.ndjson"
    path.write_bytes(b"".join([*texts[:2], BAD, *texts[2:]]))
    return path


def test_records_keep_their_order_and_an_error_is_one_of_them(
    file: Path, name_them: Predict, recogniser: Recogniser
) -> None:
    code, out, err = name_them(file, top=2)
    records = [json.loads(text) for text in out.splitlines()]
    assert code == 1
    assert [record["source"] for record in records] == [f"{file}:{i}" for i in range(1, 12)]
    assert records[2] == {"source": f"{file}:3", "key_id": "5", "word": "cat", "error": "empty drawing"}
    for record, text in zip(records[:2] + records[3:], random_lines(10, words=["cat", "ladder"]), strict=True):
        given = json.loads(text)
        expected = recogniser.predict(given["drawing"], top=2)
        assert [record[name] for name in ("key_id", "word")] == [given[name] for name in ("key_id", "word")]
        assert record["answer"] == expected[0].word
        assert [word for word, _ in record["guesses"]] == [word for word, _ in expected]
        assert [p for _, p in record["guesses"]] == pytest.approx([p for _, p in expected], abs=1e-5)
    right = sum(record["word"] == record.get("answer") for record in records)
    said = f"10 drawings, {right} right at first guess ({right / 10:.1%}), 1 error ({file}:3: empty drawing)\n"
    assert err == said
    windows = list(answer_windows(iter(entries_of(file)), recogniser, 2, 0.0, Tally(), size=4))
    assert [len(window) for window in windows] == [4, 4, 3]
    for record, (entry, guesses, answer) in zip(records, chain.from_iterable(windows), strict=True):
        assert (record["source"], record.get("answer", "")) == (entry.source, answer)
        assert [word for word, _ in record.get("guesses", [])] == [word for word, _ in guesses]


def test_only_a_window_is_in_memory(recogniser: Recogniser) -> None:
    drawing = canonical([[[0, 9], [0, 9]]])
    taken = 0

    def endless() -> Iterator[Entry]:
        nonlocal taken
        while True:
            taken += 1
            yield Entry(str(taken), drawing)

    windows = answer_windows(endless(), recogniser, 1, 0.0, tally := Tally(), size=3)
    for number in range(1, 4):
        assert [answer.entry.source for answer in next(windows)] == [str(3 * number + i) for i in (-2, -1, 0)]
        assert taken == tally.entries == 3 * number


def test_below_the_threshold_nobody_is_sure(file: Path, name_them: Predict) -> None:
    chances = [json.loads(text).get("guesses", [["", 1]])[0][1] for text in name_them(file)[1].splitlines()]
    middle = sorted(chances)[5]
    _, out, err = name_them(file, threshold=middle + 1e-5)
    answers = [json.loads(text).get("answer") for text in out.splitlines()]
    assert [answer == "not sure" for answer in answers] == [chance <= middle for chance in chances]
    assert f", {sum(chance <= middle for chance in chances)} not sure, 1 error" in err


def test_csv_has_the_same_columns_for_everything(file: Path, name_them: Predict, tmp_path: Path) -> None:
    code, out, _ = name_them(file, "csv", top=4, out=str(tmp_path / "new" / "out.csv"))
    assert (code, out) == (1, "")
    rows = list(csv.DictReader((tmp_path / "new" / "out.csv").read_text().splitlines()))
    first = json.loads(name_them(file)[1].splitlines()[0])
    assert len(rows) == 11
    assert list(rows[0])[:7] == ["source", "key_id", "word", "answer", "error", "guess_1", "probability_1"]
    assert [rows[0]["guess_2"], float(rows[0]["probability_2"])] == first["guesses"][1]
    assert rows[0]["guess_4"] == ""  # there are three classes
    assert (rows[2]["key_id"], rows[2]["error"], rows[2]["guess_1"]) == ("5", "empty drawing", "")


def test_a_submission_has_three_words_for_every_drawing(
    name_them: Predict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_folder: str
) -> None:
    strokes = json.dumps([[[0, 255], [0, 9]]])
    path = tmp_path / "test_simplified.csv"
    path.write_text(f'key_id,countrycode,drawing\n9000003627287624,DE,"{strokes}"\n7,US,"[]"\n')
    monkeypatch.setattr(Recogniser, "guesses", with_spaces(Recogniser.guesses))
    code, out, err = name_them(path, "kaggle", top=1)
    header, first, second = out.splitlines()
    assert header == "key_id,word"
    assert first.startswith("9000003627287624,")
    assert sorted(first.partition(",")[2].split(" ")) == ["the_cat", "the_ladder", "the_star"]
    assert second == "7,cat ladder star"
    assert (code, err) == (1, f"1 drawing, 1 error ({path}:3: empty drawing)\n")


def with_spaces(guesses: Callable[..., list[list[Guess]]]) -> Callable[..., list[list[Guess]]]:
    """Guesses as if all classes were of two words."""

    def renamed(*args: object) -> list[list[Guess]]:
        return [[guess._replace(word=f"the {guess.word}") for guess in some] for some in guesses(*args)]

    return renamed


def test_what_has_no_key_cannot_be_submitted(name_them: Predict, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[[[0, 9], [0, 9]]]")
    with pytest.raises(UserError, match=r"format=kaggle: .*a\.json:1 has no key_id"):
        name_them(tmp_path / "a.json", "kaggle", out=str(tmp_path / "out.csv"))
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_one_drawing_is_shown_with_all_its_guesses(name_them: Predict, tmp_path: Path, recogniser: Recogniser) -> None:
    path = tmp_path / "a.json"
    path.write_text("[[[0, 90], [0, 9]]]")
    code, out, err = name_them(path, "table")
    first, *rows = out.splitlines()
    expected = recogniser.predict([[[0, 90], [0, 9]]])
    assert (code, err, first) == (0, "", f"{path}:1")
    assert [row.split()[0] for row in rows] == [guess.word for guess in expected]
    assert [row.split()[-1] for row in rows] == [f"{guess.probability:.1%}" for guess in expected]
    assert [row.count("█") for row in rows] == [int(60 * guess.probability + 1 / 16) for guess in expected]
    assert name_them(path, "table", threshold=1)[1].startswith(f"{path}:1: not sure\n")


def test_many_are_a_table(file: Path, name_them: Predict, recogniser: Recogniser) -> None:
    code, out, err = name_them(file.parent, "table")
    header, _, *rows, last = out.splitlines()
    assert (code, err) == (1, "")
    assert header.split() == ["drawing", "guess", "how", "sure", "given", "or", "else"]
    assert rows[2] == "ten.ndjson:3   error: empty drawing"
    for row, entry in zip(rows, entries_of(file), strict=True):
        if entry.drawing is not None:
            [[(word, chance), *_]] = recogniser.guesses(recogniser.probabilities([entry.drawing]), 5)
            assert row.split()[:2] == [entry.source.rpartition("/")[2], word]
            assert f"{chance:.0%}" in row
            assert (" right" in row) == (word == entry.word)
            assert (f" not {entry.word}" in row) == (word != entry.word)
    assert last.startswith("10 drawings, ")


@pytest.mark.parametrize(("chance", "expected"), [(0, ""), (1, "████"), (0.5, "██"), (0.28, "█▏"), (0.03, "▏")])
def test_bars(chance: float, expected: str) -> None:
    assert bar(chance, 4) == expected


def test_a_file_is_replaced_only_when_told_and_where_answers_went_is_said(file: Path, name_them: Predict) -> None:
    out = file.parent / "out.csv"
    out.write_text("mine")
    with pytest.raises(UserError, match=r"out\.csv exists; overwrite=true replaces it"):
        name_them(file, format="kaggle", out=str(out))
    assert out.read_text() == "mine"
    _, _, said = name_them(file, format="kaggle", out=str(out), overwrite=True)
    assert said.endswith(f"; written to {out}\n")
    assert out.read_text().startswith("key_id,word\n")


def test_nothing_is_left_of_an_output_that_was_interrupted(
    file: Path, name_them: Predict, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> list[Answer]:
        raise KeyboardInterrupt

    monkeypatch.setattr(stream, "_answer", stop)
    out = file.parent / "out.jsonl"
    out.write_text("from before")
    with pytest.raises(KeyboardInterrupt):
        name_them(file, out=str(out), overwrite=True)
    assert out.read_text() == "from before"
    assert sorted(path.name for path in file.parent.iterdir()) == ["out.jsonl", "ten.ndjson"]


@pytest.mark.parametrize(
    ("make", "settings", "expected"),
    [
        (lambda p: p / "nothing", {}, "nothing does not exist"),
        (lambda p: p, {}, "nothing to name"),
        (lambda p: p, {"top": 0}, "top=0: at least 1"),
        (lambda p: p, {"threshold": 1.5}, "threshold=1.5: a probability"),
        (lambda p: p, {"run": "nowhere"}, "nothing to name"),
    ],
)
def test_mistakes_are_said_in_a_line(
    make: Callable[[Path], Path], settings: dict[str, object], expected: str, tmp_path: Path, name_them: Predict
) -> None:
    with pytest.raises(UserError, match=expected):
        name_them(make(tmp_path), **settings)


@pytest.mark.parametrize("out", [".", "/dev/null"])
def test_only_a_file_is_written_over(out: str, file: Path, name_them: Predict) -> None:
    with pytest.raises(UserError, match="is no file"):
        name_them(file, out=out)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", "empty"),
        (
            b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
            "neither JSON, a CSV with a column called drawing, SVG, InkML nor Omniglot's strokes",
        ),
        (b"key_id,word\n1,cat\n", "neither JSON"),
        (b"<html></html>", "XML, but neither SVG nor InkML"),
        (b"\x1f\x8bnot gzip", "the file is damaged from here on"),
    ],
)
def test_a_file_that_is_nothing_is_an_error(text: bytes, expected: str, name_them: Predict, tmp_path: Path) -> None:
    (tmp_path / "something").write_bytes(text)
    code, out, _ = name_them(tmp_path / "something")
    assert code == 1
    assert json.loads(out)["error"].startswith(expected)


def test_a_file_name_cannot_speak_to_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m.jsonl"
    path.write_bytes(line())
    assert entries_of(path)[0].source.endswith("a?[31m.jsonl:1")


def test_a_fault_of_a_reader_costs_its_document_alone(
    name_them: Predict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = svg.strokes

    def faulty(root: Element) -> list[list[list[float]]]:
        return read(root) if root.get("width") else [[[1 / 0]]]

    monkeypatch.setattr(svg, "strokes", faulty)
    for name, width in (("a", "9"), ("b", ""), ("c", "9")):
        (tmp_path / f"{name}.svg").write_text(f'<svg width="{width}"><path d="M0 0L1 1"/></svg>')
    code, out, err = name_them(tmp_path)
    first, second, third = map(json.loads, out.splitlines())
    assert (code, "guesses" in first, "guesses" in third) == (1, True, True)
    assert second == {"source": f"{tmp_path}/b.svg", "error": "cannot be read (ZeroDivisionError)"}
    assert err.startswith("inkseq: a drawing could not be read: test_predict.py:")
    assert "raised ZeroDivisionError('division by zero')\n" in err


def test_a_pipe_is_answered(name_them: Predict, tmp_path: Path) -> None:
    code, out, _ = name_them(pipe(tmp_path / "63", b"".join(random_lines(3))))
    assert (code, len(out.splitlines())) == (0, 3)


def test_what_is_of_no_kind_is_said_on_the_side(tmp_path: Path, name_them: Predict) -> None:
    (tmp_path / "a.ndjson").write_bytes(b"".join(random_lines(3)))
    (tmp_path / "notes.txt").write_text("no drawing")
    code, _, err = name_them(tmp_path)
    assert (code, err.splitlines()[0]) == (0, f"inkseq: 1 of other kinds passed over: {tmp_path}/notes.txt")
