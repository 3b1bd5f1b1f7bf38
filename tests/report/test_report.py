"""The report's numbers and words, and what it says where something is missing."""

import html
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from inkseq.config import EvaluateConfig, ReportConfig, TrainConfig
from inkseq.data.kinds import load_split
from inkseq.data.packed import open_strokes
from inkseq.errors import UserError
from inkseq.evaluate.__main__ import run as evaluate_command
from inkseq.evaluate.confusions import of_matrix
from inkseq.evaluate.scoring import evaluate
from inkseq.families import CnnConfig, PictureConfig
from inkseq.report.galleries import names_on_map
from inkseq.report.ink import centred, path
from inkseq.report.matrix import matrix
from inkseq.report.subject import study
from tests.report.conftest import WORDS, pack, report
from tests.train.tiny import run, tiny


def read(page: Path) -> str:
    """What a person reads."""
    text = re.sub(r"<(style|script|svg)\b.*?</\1>", " ", page.read_text("utf-8"), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_the_scores_are_those_of_evaluate(trained: TrainConfig, page: Path, tmp_path: Path) -> None:
    evaluate_command(EvaluateConfig(run=f"{trained.runs}/run", out=str(tmp_path / "scores.json")))
    subject = study(f"{trained.runs}/run", None, "test", None, "cpu")
    metrics = evaluate(subject.run, subject.data, "test", subject.drawings.device).compute()
    text = read(page)
    for name in ("top1", "top3", "balanced_accuracy", "ece"):
        assert f"{100 * metrics[name]:.1f} %" in text
    assert f"log-loss {metrics['loss']:.3f}" in text
    assert f"{metrics['count']} drawings of 3 classes" in text


def test_words_are_only_ever_text(page: Path) -> None:
    source = page.read_text("utf-8")
    assert "<script>alert" not in source
    assert html.escape(WORDS[1], quote=False)[:20] in source.replace("&#34;", '"')
    assert source.count("<script>") == 1
    assert "http" not in re.sub(r'http-equiv|xmlns="[^"]*"', "", source)


def test_ten_things_are_said(page: Path) -> None:
    findings = re.search(r'<ol class="findings">(.*?)</ol>', page.read_text("utf-8"), re.DOTALL)
    assert findings
    assert findings[1].count("<li>") == 10
    assert "nan" not in findings[1].lower()


def test_no_name_on_the_map_covers_another() -> None:
    rng = np.random.default_rng(0)
    label_N = np.repeat(np.arange(60, dtype=np.int16), np.arange(60, 0, -1))
    xy_N2 = rng.uniform(0, 100, (60, 2))[label_N].astype(np.float32)
    named = names_on_map([f"word {k}" for k in range(60)], xy_N2, label_N)
    assert named[0].name == "word 0"  # with most drawings
    assert 15 < len(named) < 60
    for i, a in enumerate(named):
        for b in named[:i]:
            assert abs(a.y - b.y) >= 3 or abs(a.x - b.x) > 12


def test_a_second_report_replaces_the_first_and_nothing_else(trained: TrainConfig, page: Path, tmp_path: Path) -> None:
    before = page.read_bytes()
    report(ReportConfig(run=f"{trained.runs}/run"))
    assert page.read_bytes() == before
    (tmp_path / "index.html").write_text("<h1>my own page</h1>")
    with pytest.raises(UserError, match="no report of inkseq"):
        report(ReportConfig(run=f"{trained.runs}/run", out=str(tmp_path)))
    assert (tmp_path / "index.html").read_text() == "<h1>my own page</h1>"
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is a file"):
        report(ReportConfig(run=f"{trained.runs}/run", out=str(tmp_path / "file")))


def test_classes_are_matched_by_name(trained: TrainConfig, tmp_path: Path) -> None:
    other = pack(tmp_path / "data", ["zebra", WORDS[1], "cat"], seed=1)
    report(ReportConfig(run=f"{trained.runs}/run", data=str(other), out=str(tmp_path / "report")))
    text = read(tmp_path / "report" / "index.html")
    subject = study(f"{trained.runs}/run", str(other), "test", None, "cpu")
    data = open_strokes(other)
    words = [data.classes[k] for k in data.labels[subject.facts.index_N]]
    assert words == [subject.classes[k] for k in subject.facts.label_N]
    assert "never taught, zebra." in text
    assert "does not have: aurora" in text
    assert "none in test" in text

    nothing = pack(tmp_path / "nothing", ["zebra", "yak"], seed=2)
    with pytest.raises(UserError, match="no class"):
        report(ReportConfig(run=f"{trained.runs}/run", data=str(nothing), out=str(tmp_path / "report")))


def test_a_class_without_a_test_drawing_is_named(trained: TrainConfig, tmp_path: Path) -> None:
    """Of three drawings a class, the last has none left for test."""
    few = pack(tmp_path / "data", WORDS, seed=3, count=13)
    data = open_strokes(few)
    there = {data.classes[k] for k in data.labels[list(data.split("test"))]}
    report(ReportConfig(run=f"{trained.runs}/run", data=str(few), out=str(tmp_path / "report")))
    text = read(tmp_path / "report" / "index.html")
    for word in set(WORDS) - there:
        assert f"is known of {word}" in text
    assert "nan" not in text.lower().split()


@pytest.mark.parametrize(
    ("change", "message"),
    [({"split": "nothing"}, "no split 'nothing'"), ({"run": "nowhere"}, "does not exist"), ({"data": "no"}, "no")],
)
def test_mistakes_are_a_line(trained: TrainConfig, tmp_path: Path, change: dict[str, str], message: str) -> None:
    config = ReportConfig(**({"run": f"{trained.runs}/run", "out": str(tmp_path / "report")} | change))
    with pytest.raises(UserError, match=message):
        report(config)
    assert not (tmp_path / "report").exists()


def test_a_run_without_a_checkpoint(trained: TrainConfig, tmp_path: Path) -> None:
    shutil.copytree(Path(trained.runs) / "run", tmp_path / "run", ignore=shutil.ignore_patterns("*.pt", "report"))
    with pytest.raises(UserError, match="does not exist"):
        report(ReportConfig(run=str(tmp_path / "run")))
    assert not (tmp_path / "run" / "report").exists()


def test_two_runs_side_by_side(trained: TrainConfig, tmp_path: Path) -> None:
    other = tiny(Path(trained.data), tmp_path, seed=1, duration="10 steps")
    run(other)
    out = tmp_path / "report"
    report(ReportConfig(run=f"{trained.runs}/run", against=f"{other.runs}/run", out=str(out)))
    text = read(out / "index.html")
    both = [study(f"{config.runs}/run", None, "test", None, "cpu") for config in (trained, other)]
    first, second = (subject.facts.right_N for subject in both)
    for name, which in (("both", first & second), ("neither", ~first & ~second)):
        assert f"{name} {which.sum()} {100 * which.mean():.1f} %" in text
    assert text.count("gets right and") == 2


def test_of_a_model_that_looks_it_shows_where(trained: TrainConfig, tmp_path: Path) -> None:
    model = CnnConfig(channels=[4, 6], picture=PictureConfig(size=32, channels=["ink", "order"]))
    other = tiny(Path(trained.data), tmp_path, model=model, duration="10 steps")
    run(other)
    report(ReportConfig(run=f"{other.runs}/run", out=str(tmp_path / "report")))
    source = (tmp_path / "report" / "index.html").read_text("utf-8")
    assert "looked (Grad-CAM)" in source
    assert "which points spoke for" in source
    explained = source.count("where it looked to say")
    assert explained == source.count('<image class="heat"') > 1


def test_a_matrix_of_many_classes_can_be_read_out() -> None:
    rng = np.random.default_rng(0)
    confusion_KK = np.diag(rng.integers(50, 99, 60)) + (rng.random((60, 60)) < 0.05)
    confusion_KK[7, 31] = 40
    found = matrix(of_matrix(confusion_KK.astype(np.int64)), [f"word {k}" for k in range(60)])
    row, column = found.names.index("word 7"), found.names.index("word 31")
    assert sorted(found.names) == sorted(f"word {k}" for k in range(60))
    assert dict(found.cells[row])[column] == round(1000 * 40 / confusion_KK[7].sum())
    assert abs(row - column) == 1
    assert found.named is None
    assert matrix(of_matrix(confusion_KK[:4, :4].astype(np.int64)), list("abcd")).named


def test_a_path_goes_through_the_points() -> None:
    stroke = np.array([[3, 4], [10, 2], [0, 255]])
    assert path(stroke) == "M3 4l7 -2 -10 253"
    assert path(stroke[:1]) == "M3 4l0 0"
    (points,) = centred((np.array([[0, 0], [255, 55]], np.uint8), np.array([0, 1], np.uint8)))
    assert points.tolist() == [[0, 100], [255, 155]]


def test_positions_lead_back_to_the_split(trained: TrainConfig) -> None:
    subject = study(f"{trained.runs}/run", None, "test", None, "cpu")
    drawings = load_split(subject.data, "test", subject.drawings.device)
    positions = np.array([3, 0])
    assert drawings.label_N[subject.in_split(positions)].tolist() == subject.facts.label_N[positions].tolist()
