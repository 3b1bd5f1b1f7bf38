"""What there is to read: one table of kinds, and what both commands find by it."""

import json
import os
import re
import time
import zipfile
from pathlib import Path

import pytest

from inkseq.drawings.reader import find, read_entries
from inkseq.drawings.sources import ENDINGS, KINDS, Task, find_tasks, kind_of, passed_over
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
        write(tmp_path / f"{number:02}{ending.upper()}", "START\n")  # of which a .txt is known
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
    ("member", "word", "split"),
    [
        ("../cat/1.svg", "cat", -1),
        ("../../1.svg", "a", -1),
        ("/1.svg", "a", -1),
        ("./cat/1.svg", "cat", -1),
        (".\\train\\cat\\1.svg", "cat", 0),
        ("..\\cat\\1.svg", "cat", -1),
    ],
)
def test_a_zip_may_name_its_files_oddly_for_nothing_is_unpacked(
    tmp_path: Path, member: str, word: str, split: int
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(member, "<svg/>")
        archive.writestr(".git\\hidden.svg", "<svg/>")
    [task] = both(tmp_path)
    assert (task.member, task.word, task.split) == (member, word, split)


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


def test_folders_that_link_to_each_other_are_visited_once(tmp_path: Path) -> None:
    """Nine of them have a million paths."""
    folders = [tmp_path / "raw" / f"f{number}" for number in range(9)]
    for folder in folders:
        write(folder / "1.svg")
    for folder in folders:
        for other in set(folders) - {folder}:
            (folder / other.name).symlink_to(other)
    start = time.perf_counter()
    tasks = find_tasks([str(tmp_path / "raw")])
    assert time.perf_counter() - start < 3
    assert len(tasks) == len(find(str(tmp_path / "raw"))) == 9


def test_a_folder_may_be_linked_into_another_split(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "all" / "cat" / "1.svg")
    (tmp_path / "raw" / "test").symlink_to(tmp_path / "raw" / "all")
    [task] = find_tasks([str(tmp_path / "raw")])
    assert (task.path, task.split) == (tmp_path / "raw" / "test" / "cat" / "1.svg", 2)


def test_a_link_to_nothing_says_so_when_it_is_read(tmp_path: Path) -> None:
    write(tmp_path / "1.svg")
    (tmp_path / "2.svg").symlink_to(tmp_path / "gone.svg")
    (tmp_path / "3").symlink_to(tmp_path / "gone")  # a folder, perhaps
    (tmp_path / "4.zip").symlink_to(tmp_path / "4.zip")
    assert [(task.path.name, bool(task.unreadable)) for task in both(tmp_path)] == [
        ("1.svg", False),
        ("2.svg", True),
        ("3", True),
        ("4.zip", True),
    ]
    assert [entry.error for entry in read_entries(find(str(tmp_path))[1], int)] == ["a link to what is not there"]


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    write(tmp_path / "1.ndjson")
    os.mkfifo(tmp_path / "2.ndjson")
    assert [task.path.name for task in both(tmp_path)] == ["1.ndjson"]


def test_what_is_ours_but_no_drawing_is_passed_over(tmp_path: Path) -> None:
    packed = json.dumps({"format": 1, "classes": [], "splits": {}})
    for name in ("meta.json", "rejected.ndjson"):
        write(tmp_path / "packed" / name, packed)
        write(tmp_path / "own" / name, "[[[1,2],[3,4]]]")
    for name in ("cat.ndjson.part.json", ".hidden.svg", ".folder/1.svg", "__MACOSX/1.svg"):
        write(tmp_path / name)
    write(tmp_path / "strange" / "meta.json", "not JSON")
    write(tmp_path / "stranger" / "meta.json", "[" * 100_000)
    found = [str(task.path.relative_to(tmp_path)) for task in both(tmp_path)]
    assert found == ["own/meta.json", "own/rejected.ndjson", "strange/meta.json", "stranger/meta.json"]


def test_what_is_of_no_kind_is_named(tmp_path: Path) -> None:
    for name in ("1.svg", "2.txt", "cat/3.bmp", "cat/no\nkind", "packed/points.npy", ".hidden"):
        write(tmp_path / name)
    write(tmp_path / "packed" / "meta.json", json.dumps({"format": 1, "classes": [], "splits": {}}))
    os.mkfifo(tmp_path / "pipe.svg")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.mkdir("dog")
        for name in ("dog/1.svg", "dog/4.txt", "name"):
            archive.writestr(name, "x")
    (tmp_path / "z.zip").write_bytes((tmp_path / "z.zip").read_bytes().replace(b"name", b"\0ame"))  # which is none
    others: list[str] = []
    assert len(find_tasks([str(tmp_path)], others=others)) == 2
    assert [name.removeprefix(f"{tmp_path}/") for name in others] == [
        "2.txt",
        "cat/3.bmp",
        "cat/no?kind",
        "pipe.svg",
        "z.zip",
        "z.zip/dog/4.txt",
    ]
    assert passed_over(others) == f"6 of other kinds passed over, such as {', '.join(others[:3])}"
    of_zip: list[str] = []
    find(str(tmp_path / "z.zip"), of_zip)
    assert passed_over(of_zip) == f"2 of other kinds passed over: {tmp_path}/z.zip, {tmp_path}/z.zip/dog/4.txt"


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


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.PNG", "image"),
        ("a.jpeg", "image"),
        ("a.tif", "image"),
        ("train-images-idx3-ubyte.gz", "images"),
        ("t10k-labels.idx1-ubyte", "labels"),
        ("k49-train-imgs.npz", "images"),
        ("k49-train-labels.npz", "labels"),
        ("sketchrnn_cat.npz", "npz"),
        ("images.npz", "npz"),
        ("png", ""),
        ("a.txt.gz", ""),
    ],
)
def test_names_tell_images(tmp_path: Path, name: str, kind: str) -> None:
    assert kind_of(name) == kind
    others: list[str] = []
    write(tmp_path / "1.svg")
    write(tmp_path / name)
    assert [task.path.name for task in find_tasks([str(tmp_path)]) if task.path.name != "1.svg"] == [name] * bool(kind)
    find(str(tmp_path), others)
    assert others == ([] if kind in ("npz", "image") else [str(tmp_path / name)])  # what nobody is asked to name


def test_a_text_is_one_of_omniglots_where_it_begins_so(tmp_path: Path) -> None:
    text = "START\n1,-2,0\n9,-9,5\nBREAK\n"
    write(tmp_path / "Greek" / "character01" / "0394_01.txt", text)
    write(tmp_path / "Greek" / "notes.txt", "STARTING")
    with zipfile.ZipFile(tmp_path / "strokes.zip", "w") as archive:
        archive.writestr("strokes/Latin/character26/0708_19.txt", text)
        archive.writestr("strokes/notes.txt", "nothing")
    tasks = both(tmp_path)
    assert [(task.kind, task.word) for task in tasks] == [("txt", "Greek character01"), ("txt", "Latin character26")]
    for task in tasks:
        [entry] = read_entries(task, int)
        assert entry.drawing is not None
        assert entry.drawing[0].tolist() == [[0, 0], [255, 223]]


def test_a_path_within_the_source_says_who_drew_it(tmp_path: Path) -> None:
    write(tmp_path / "w7" / "raw" / "cat" / "x_12.svg")
    write(tmp_path / "w7" / "raw" / "cat" / "x.svg")
    with zipfile.ZipFile(tmp_path / "w7" / "raw" / "w8.zip", "w") as archive:
        archive.writestr("w9/1.svg", "<svg/>")

    def found(pattern: str) -> list[str]:
        return [task.writer for task in find_tasks([str(tmp_path / "w7" / "raw")], writer=re.compile(pattern))]

    assert found(r"_(\d+)\.svg$") == ["", "12", ""]
    assert found(r"(w\d)") == ["", "", "w9"]
    assert found("(x)?") == ["", "", ""]
