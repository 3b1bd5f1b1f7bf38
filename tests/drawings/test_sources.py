"""What there is to read: one table of kinds, and what both commands find by it."""

import json
import re
import zipfile
from pathlib import Path

import pytest

from inkseq.drawings.reader import find
from inkseq.drawings.sources import ENDINGS, KINDS, Task, find_tasks
from inkseq.errors import UserError


def write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def both(source: Path) -> list[Task]:
    """What each command finds, which is the same."""
    tasks = find_tasks([str(source)])
    assert find(str(source)) == tasks
    return tasks


def test_every_kind_is_found_by_both_commands(tmp_path: Path) -> None:
    for number, ending in enumerate(KINDS):
        write(tmp_path / f"{number:02}{ending.upper()}")
    write(tmp_path / "thesis.txt")
    assert [task.kind for task in both(tmp_path)] == list(KINDS.values())
    assert {".ndjson", ".jsonl.gz", ".json", ".csv.gz", ".svg", ".inkml.gz", ".npz"} < KINDS.keys()
    assert ".npz.gz" not in KINDS


def test_a_zip_is_looked_into_by_both(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("b/1.svg", "a.csv.gz", ".hidden.svg", "notes.txt", "cat.ndjson.part.json"):
            archive.writestr(name, "x")
    assert [(task.member, task.kind) for task in both(tmp_path)] == [("a.csv.gz", "csv"), ("b/1.svg", "xml")]


@pytest.mark.parametrize(
    ("file", "source", "word", "split"),
    [
        ("raw/cat/1.svg", "raw", "cat", -1),
        ("raw/cat/1.svg", "raw/cat/1.svg", "cat", -1),
        ("raw/train/cat/1.svg", "raw", "cat", 0),
        ("raw/cat/Valid/1.json", "raw", "cat", 1),
        ("raw/cat/test/1.inkml.gz", "raw/cat/test", "cat", 2),
        ("raw/1.jsonl", "raw", "raw", -1),
        ("raw/cat/1.svg", "raw/cat/../../raw", "cat", -1),
        ("raw/cat/1.ndjson", "raw", "", -1),
        ("raw/cat/1.npz", "raw", "", -1),
    ],
)
def test_folders_say_word_and_split(tmp_path: Path, file: str, source: str, word: str, split: int) -> None:
    write(tmp_path / file)
    [task] = both(tmp_path / source)
    assert (task.word, task.split) == (word, split)


def test_the_folder_above_has_a_name_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "cat" / "1.svg")
    (tmp_path / "cat" / "train").mkdir()
    monkeypatch.chdir(tmp_path / "cat" / "train")
    assert [task.word for task in both(Path(".."))] == ["cat"]


def test_what_is_ours_but_no_drawing_is_passed_over(tmp_path: Path) -> None:
    packed = json.dumps({"format": 1, "classes": [], "splits": {}})
    for name in ("meta.json", "rejected.ndjson"):
        write(tmp_path / "packed" / name, packed)
        write(tmp_path / "own" / name, "[[[1,2],[3,4]]]")
    for name in ("cat.ndjson.part.json", ".hidden.svg", ".folder/1.svg", "__MACOSX/1.svg"):
        write(tmp_path / name)
    write(tmp_path / "strange" / "meta.json", "not JSON")
    found = [str(task.path.relative_to(tmp_path)) for task in both(tmp_path)]
    assert found == ["own/meta.json", "own/rejected.ndjson", "strange/meta.json"]


def test_both_say_what_they_look_for(tmp_path: Path) -> None:
    write(tmp_path / "thesis.txt")
    expected = re.escape(f"no {ENDINGS} file there")
    with pytest.raises(UserError, match=f"nothing to convert in .*{expected}"):
        find_tasks([str(tmp_path)])
    with pytest.raises(UserError, match=f"nothing to name in .*{expected}"):
        find(str(tmp_path))
    with pytest.raises(UserError, match="not one of"):
        find_tasks([str(tmp_path / "thesis.txt")])
    assert [task.kind for task in find(str(tmp_path / "thesis.txt"))] == [""]  # told by how it begins
