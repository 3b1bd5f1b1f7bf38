"""What a person types wrong, and the line they get for it."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from inkseq.cli import compose_config
from inkseq.config import (
    ConvertConfig,
    DownloadConfig,
    EvaluateConfig,
    InspectConfig,
    Simplify,
    SplitOrder,
    SplitUnit,
    TrainConfig,
)
from inkseq.errors import UserError
from inkseq.families import HybridConfig


def test_words_become_a_typed_config() -> None:
    config = compose_config(ConvertConfig, ["raw=a", "out=b", "split=tutorial", "split.val=5", "simplify=never"])
    assert config.raw == ["a"]
    assert config.split.unit is SplitUnit.count
    assert config.split.order is SplitOrder.file
    assert (config.split.train, config.split.val) == (10_000, 5)
    assert config.simplify is Simplify.never


@pytest.mark.parametrize("path", ["my data (1)/it's, a=b.ndjson", "C:\\ink", "a#b", "end\\", "it\\'s", "[d]/x", "${x}"])
def test_a_path_is_taken_as_it_is(path: str) -> None:
    config = compose_config(ConvertConfig, [f"raw={path}", f"out={path}"])
    assert config.raw == [path]
    assert config.out == path


def test_lists_need_no_brackets() -> None:
    assert compose_config(DownloadConfig, ["classes=cat"]).classes == ["cat"]
    assert compose_config(DownloadConfig, ["classes=cat,The Mona Lisa"]).classes == ["cat", "The Mona Lisa"]
    assert compose_config(ConvertConfig, ["raw=[a,b]", "out=c"]).raw == ["a", "b"]

    assert compose_config(ConvertConfig, ["raw=[a (1),b]", "out=c"]).raw == ["a (1)", "b"]
    words = ["classes=[日本語, $x^2$, a&b<c>, 'x, y', \"it's\"]", "raw='q'", "out=c"]
    config = compose_config(ConvertConfig, words)
    assert config.classes == ["日本語", "$x^2$", "a&b<c>", "x, y", "it's"]
    assert config.raw == ["q"]
    assert compose_config(DownloadConfig, ["classes=日本語,$x^2$"]).classes == ["日本語", "$x^2$"]
    model = compose_config(TrainConfig, ["data=a", "model=bilstm", "model.channels=[1,2,3]"]).model
    assert isinstance(model, HybridConfig)
    assert model.channels == [1, 2, 3]


def test_a_path_that_exists_is_never_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("[a,b]", "'q'"):
        (tmp_path / name).mkdir()
        assert compose_config(ConvertConfig, [f"raw={name}", f"out={name}"]).raw == [name]


def test_groups_are_taken_only_by_the_commands_that_choose_from_them() -> None:
    assert compose_config(InspectConfig, ["data=a", "split=train"]).split == "train"
    assert compose_config(InspectConfig, ["data=a", "split=train", "split=null"]).split is None
    assert compose_config(EvaluateConfig, ["run=a", "split=val"]).split == "val"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["raww=a"], "there is no setting 'raww'; did you mean 'raw'?"),
        (["split.trian=1"], "there is no setting 'split.trian'; did you mean 'split.train'?"),
        (["trian=1"], "there is no setting 'trian'; did you mean 'split.train'?"),
        (["zzz=1"], "there is no setting 'zzz'; --help lists what there is"),
        (["raw"], "'raw' is not key=value; say raw=..."),
        (["--raw", "a"], "'--raw' is not key=value; say raw=a"),
        (["out=b", "-raw=a"], "'-raw=a' is not key=value; say raw=a"),
        (["/"], "'/' is not key=value; say raw=/"),
        (["tutorial"], "'tutorial' is not key=value; say split=tutorial"),
        (["nowhere"], "'nowhere' is not key=value; see --help"),
        (["~seed"], "'~seed' is not key=value; see --help"),
        (["+wrokers=1"], "there is no setting '+wrokers'; did you mean 'workers'?"),
        (["hydra.run.dir=x"], "there is no setting 'hydra.run.dir'"),
        (["raw=", "out=b"], "raw= has no value"),
        (["raw=a"], "out= is needed; see --help"),
        (["raw=a", "out=b", "seed=x"], "seed: Value 'x' of type 'str' could not be converted to Integer"),
        (
            ["raw=a", "out=b", "simplify=maybe"],
            "simplify: Invalid value 'maybe', expected one of [auto, always, never]",
        ),
        (["raw=a", "out=b", "split=foo"], "split=foo: there are counts, fractions, sketchrnn, tutorial"),
        (["split=count"], "split=count: there are counts, fractions, sketchrnn, tutorial; did you mean 'counts'?"),
    ],
)
def test_mistakes_are_explained_in_a_line(words: list[str], expected: str) -> None:
    with pytest.raises(UserError) as caught:
        compose_config(ConvertConfig, words)
    assert str(caught.value).startswith(expected)
    assert "\n" not in str(caught.value)


def inkseq(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True, check=False)


def test_a_mistake_ends_a_command_with_one_line_and_code_1(tmp_path: Path) -> None:
    ended = inkseq("inkseq.convert", "raw=nothing", "out=packed", folder=tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "inkseq: nothing does not exist\n")


def test_help_names_every_setting(tmp_path: Path) -> None:
    ended = inkseq("inkseq.doodles", "--help", folder=tmp_path)
    assert ended.returncode == 0
    assert "per_class: int = 1000" in ended.stdout


def test_help_names_the_settings_within_settings(tmp_path: Path) -> None:
    assert "    split.train: float = 0.8\n" in inkseq("inkseq.convert", "--help", folder=tmp_path).stdout


def test_a_reader_that_has_enough_is_no_error(tmp_path: Path) -> None:
    piped = f"{sys.executable} -m inkseq.convert --help | true"
    ended = subprocess.run(["bash", "-c", piped], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.stderr == ""


@pytest.fixture
def make_data(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`make data`, with a python that only prints what it is given."""
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("""#!/bin/sh\nfor word in "$@"; do printf "<%s>" "$word"; done; echo\n""")
    python.chmod(0o755)
    shutil.copy(Path(__file__).parents[1] / "Makefile", tmp_path)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    (tmp_path / "venv" / "ready").write_text(f"{tmp_path}\n")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = ["make", "--silent", "VENV=venv", "data", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def test_make_data_without_raw_writes_doodles_and_nothing_else(
    make_data: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    assert "<raw=data/raw/doodles><out=data/packed/doodles><overwrite=true>" in make_data().stdout
    forgotten = make_data("OUT=data/packed/pendigits")
    assert forgotten.returncode != 0
    assert forgotten.stdout == ""
    assert "OUT=data/packed/pendigits is given, but not RAW=" in forgotten.stderr


@pytest.mark.parametrize(
    ("raw", "out"),
    [
        ("my raw", "my raw"),
        ("raw.ndjson", "raw"),
        ("raw.ndjson/", "raw"),
        ("my raw/../raw.ndjson", "raw"),
        ("my raw/..", "{folder}"),
        (".", "{folder}"),
        ("a.csv.gz", "a"),
    ],
)
def test_make_data_calls_the_dataset_after_its_source(
    make_data: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, raw: str, out: str
) -> None:
    (tmp_path / "my raw").mkdir()
    (tmp_path / "raw.ndjson").mkdir()
    (tmp_path / "a.csv.gz").touch()
    out = out.format(folder=tmp_path.name)
    assert make_data(f"RAW={raw}").stdout == f"<-m><inkseq.convert><raw={raw}><out=data/packed/{out}>\n"
    again = make_data(f"RAW={raw}", "OUT=x y", "overwrite=true").stdout
    assert again == f"<-m><inkseq.convert><raw={raw}><out=x y><overwrite=true>\n"


def test_make_data_cannot_call_a_dataset_after_several_sources(
    make_data: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    assert "need OUT=" in make_data("RAW=[a,b]").stdout
    assert make_data("RAW=[a,b]", "OUT=c").stdout == "<-m><inkseq.convert><raw=[a,b]><out=c>\n"


def test_no_doodles_are_refused(tmp_path: Path) -> None:
    ended = inkseq("inkseq.doodles", "out=raw", "per_class=0", folder=tmp_path)
    assert (ended.returncode, ended.stderr) == (1, "inkseq: per_class=0: at least 1 is needed\n")
