"""What a person types wrong, and the line they get for it."""

import subprocess
import sys
from pathlib import Path

import pytest

from inkseq.cli import compose_config
from inkseq.config import ConvertConfig, DownloadConfig, Simplify, SplitOrder, SplitUnit
from inkseq.errors import UserError


def test_words_become_a_typed_config() -> None:
    config = compose_config(ConvertConfig, ["raw=a", "out=b", "split=tutorial", "split.val=5", "simplify=never"])
    assert config.raw == ["a"]
    assert config.split.unit is SplitUnit.count
    assert config.split.order is SplitOrder.file
    assert (config.split.train, config.split.val) == (10_000, 5)
    assert config.simplify is Simplify.never


@pytest.mark.parametrize("path", ["my data (1)/it's, a=b.ndjson", "C:\\ink", "a#b", "end\\", "it\\'s"])
def test_a_path_is_taken_as_it_is(path: str) -> None:
    config = compose_config(ConvertConfig, [f"raw={path}", f"out={path}"])
    assert config.raw == [path]
    assert config.out == path


def test_lists_need_no_brackets() -> None:
    assert compose_config(DownloadConfig, ["classes=cat"]).classes == ["cat"]
    assert compose_config(DownloadConfig, ["classes=cat,The Mona Lisa"]).classes == ["cat", "The Mona Lisa"]
    assert compose_config(ConvertConfig, ["raw=[a,b]", "out=c"]).raw == ["a", "b"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["raww=a"], "there is no setting 'raww'; did you mean 'raw'?"),
        (["split.trian=1"], "there is no setting 'split.trian'; did you mean 'split.train'?"),
        (["zzz=1"], "there is no setting 'zzz'; known keys: classes, "),
        (["raw"], "'raw' is not key=value"),
        (["raw=a"], "out= is needed; see --help"),
        (["raw=a", "out=b", "seed=x"], "seed: Value 'x' of type 'str' could not be converted to Integer"),
        (
            ["raw=a", "out=b", "simplify=maybe"],
            "simplify: Invalid value 'maybe', expected one of [auto, always, never]",
        ),
        (["raw=a", "out=b", "split=foo"], "split=foo: there are counts, fractions, sketchrnn, tutorial"),
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
