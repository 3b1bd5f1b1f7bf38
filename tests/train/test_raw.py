"""`raw=`: training straight from drawings that nobody has packed, each content in a folder of its own."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from inkseq import load
from inkseq.cli import compose_config
from inkseq.config import SweepConfig, TrainConfig
from inkseq.data.packed import open_strokes
from inkseq.errors import UserError
from inkseq.serve.own import OwnDrawings
from inkseq.sweep.__main__ import run as search
from inkseq.train.__main__ import run as train
from inkseq.train.multirun import make_jobs
from inkseq.train.prepare import prepare
from tests.processes import Command
from tests.samples import line, random_lines

WORDS = ["arrow", "spiral"]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twenty drawings of each of two symbols, in an empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "own.ndjson"
    path.write_bytes(b"".join(random_lines(40, words=WORDS)))
    return path


def packed_from(path: Path) -> str:
    asked = TrainConfig(raw=[str(path)])
    config, data, _ = prepare(asked)
    assert config.raw == []  # what is recorded of the run is the dataset
    assert asked == TrainConfig(raw=[str(path)])  # and whoever asked has their words as they were
    return str(data.path)


def test_raw_drawings_are_packed_with_a_fifth_to_test_on(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = open_strokes(packed_from(own))
    assert data.path.parent == Path("data/packed")
    assert data.path.name.startswith("own-")
    assert data.classes == WORDS
    assert {name: len(data.split(name)) for name in ("train", "val", "test")} == {"train": 32, "val": 0, "test": 8}
    assert capsys.readouterr().out == (
        f"packed 40 drawings into {data.path} (classes: 2)\nbatch_size=32, since there are no more to learn from\n"
    )


def test_a_pipe_which_is_read_only_once_is_for_convert(own: Path) -> None:
    os.mkfifo("pipe")
    with pytest.raises(UserError, match=r"pipe: a pipe, which is read only once; `python -m inkseq.convert` takes it"):
        prepare(TrainConfig(raw=["pipe"]))


def test_several_files_are_called_after_their_folder(own: Path) -> None:
    other = own.with_name("other.ndjson")
    other.write_bytes(line("wave", key_id=7))
    _, data, _ = prepare(TrainConfig(raw=[str(own), str(other)]))
    assert data.path.name.startswith(f"{own.parent.name}-")
    assert data.classes == [*WORDS, "wave"]


def test_a_file_whose_name_is_in_no_alphabet_is_packed(own: Path) -> None:
    path = own.rename(own.with_name(os.fsdecode(b"o\xffwn.ndjson")))
    (own.parent / "raw").mkdir()
    (own.parent / "raw" / "gone.ndjson").symlink_to(own.parent / "gone")
    packed = packed_from(path)
    assert Path(packed).name.startswith("o-wn-")
    assert packed_from(path.rename(own.parent / "raw" / path.name).parent).startswith("data/packed/raw-")


def test_the_same_drawings_are_packed_once_and_others_elsewhere(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = packed_from(own)
    capsys.readouterr()
    assert packed_from(own) == first
    assert "packed" not in capsys.readouterr().out
    with own.open("ab") as file:
        file.write(line("arrow", key_id=7))
    more = packed_from(own)
    assert more != first
    assert len(open_strokes(more)) == 41


def test_a_folder_that_says_another_word_is_packed_anew(own: Path) -> None:
    for word in ("cat", "eel"):
        (own.parent / "raw" / word).mkdir(parents=True)
        (own.parent / "raw" / word / "1.svg").write_text('<svg><path d="M0 0L9 5"/></svg>')
    assert open_strokes(packed_from(own.parent / "raw")).classes == ["cat", "eel"]
    (own.parent / "raw" / "cat").rename(own.parent / "raw" / "dog")
    assert open_strokes(packed_from(own.parent / "raw")).classes == ["dog", "eel"]


def test_a_file_that_is_moved_into_a_split_is_packed_anew(own: Path) -> None:
    (own.parent / "all").mkdir()
    own.rename(own.parent / "all" / "own.ndjson")
    before = packed_from(own.parent / "all")
    (own.parent / "all" / "train").mkdir()
    (own.parent / "all" / "own.ndjson").rename(own.parent / "all" / "train" / "own.ndjson")
    after = packed_from(own.parent / "all")
    assert after != before
    assert len(open_strokes(after).split("train")) == 40


def test_two_at_once_pack_once(own: Path) -> None:
    words = ["experiment=own_symbols", f"raw={own}", "model=plain", "model.hidden=8", "duration=1 steps"]
    words += ["init_from=null", "device=cpu"]
    both = [Command(own.parent, "inkseq.train", *words, f"name={name}") for name in "ab"]
    said = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("packed 40 drawings" in one for one in said) == 1


def test_a_search_says_that_it_needs_val(own: Path) -> None:
    with pytest.raises(UserError, match="raw= makes no val split"):
        search(SweepConfig(preset="bilstm"), [f"raw={own}"])


def test_one_symbol_leaves_no_run_behind(own: Path) -> None:
    own.write_bytes(line("arrow", key_id=7) * 2)
    with pytest.raises(UserError, match="1 class;"):
        train(compose_config(TrainConfig, ["experiment=own_symbols", f"raw={own}"]), [])
    assert not Path("runs").exists()


def test_a_line_that_is_no_drawing_is_named_and_the_rest_trained_on(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with own.open("ab") as file:
        file.write(b'{"word": "arrow"\n')
    path = packed_from(own)
    assert len(open_strokes(path)) == 40
    assert f"1 of 41 lines rejected: {path}/rejected.ndjson says why" in capsys.readouterr().out
    assert json.loads((Path(path) / "rejected.ndjson").read_text())["line"] == 41


def test_data_or_raw_and_not_both(own: Path) -> None:
    with pytest.raises(UserError, match="data= is needed, a packed folder, or raw="):
        prepare(TrainConfig())
    with pytest.raises(UserError, match="leave out data=there"):
        prepare(TrainConfig(raw=[str(own)], data="there"))
    with pytest.raises(UserError, match="nowhere does not exist"):
        prepare(TrainConfig(raw=["nowhere"]))


def test_seeds_of_own_symbols_share_their_drawings(own: Path) -> None:
    jobs = make_jobs(["experiment=own_symbols", f"raw={own}", "name=own", "seed=0,1"])
    assert [str(job.folder) for job in jobs] == ["runs/own/seed=0", "runs/own/seed=1"]
    own.unlink()  # what is run later does not look at the file again
    for job in jobs:
        assert f"data={job.config.data}" in job.words
        assert not any(word.startswith("raw=") for word in job.words)
        assert len(open_strokes(job.config.data)) == 40


def test_what_is_taught_on_the_page_is_known_after_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    taught = OwnDrawings(tmp_path / "own.ndjson")
    rng = np.random.default_rng(0)
    shapes = {"down": np.array([[0, 0], [0, 300.5]]), "over": np.array([[0, 300.5], [0, 0]])}
    for _ in range(10):
        for word, stroke in shapes.items():
            taught.add(word, [(stroke + rng.normal(0, 9, (2, 2))).tolist()])
    words = ["experiment=own_symbols", f"raw={taught.path}", "model=plain", "model.channels=[8]", "model.kernels=[3]"]
    words += ["model.hidden=8", "model.layers=1", "optim.lr=0.02", "duration=30 steps", "device=cpu", "name=own"]
    words.append("init_from=null")
    train(compose_config(TrainConfig, words), words)
    recogniser = load("runs/own")
    assert recogniser.classes == ["down", "over"]
    for word, stroke in shapes.items():
        assert recogniser.predict([stroke.tolist()])[0].word == word
