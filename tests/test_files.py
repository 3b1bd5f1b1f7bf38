"""Files and folders: whole or not at all, whatever comes between. Locks: held by one, and let go of by the dead."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from inkseq.errors import UserError
from inkseq.files import locked, whole_file, whole_folder, write_whole

IMPORTS = "import os, signal, sys, time; from pathlib import Path; from inkseq.files import *"


def start(folder: Path, code: str) -> subprocess.Popen[str]:
    """Python in a folder, in a process of its own; returns when that has printed a line, or has ended."""
    words = [sys.executable, "-c", f"{IMPORTS}\n{code}"]
    process = subprocess.Popen(words, cwd=folder, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def end(process: subprocess.Popen[str]) -> int:
    process.communicate()
    return process.returncode


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def fill_the_disk(path: Path) -> None:
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, old[1]))  # as if the disk were full then
    try:
        path.write_bytes(b"x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


def test_a_file_is_there_at_the_end_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "a.b.json"
    with whole_file(path) as partial:
        partial.write_text("new")
        assert partial.parent == tmp_path
        assert partial.suffix == ".json"
        assert not path.exists()
    assert names(tmp_path) == {"a.b.json"}
    write_whole(path, "ü\n")
    assert path.read_bytes() == "ü\n".encode()
    write_whole(path, memoryview(b"bytes"))
    assert path.read_bytes() == b"bytes"


def test_what_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_whole(path, "good")
    with pytest.raises(TypeError), whole_file(path) as partial, partial.open("w") as file:
        file.writelines(["half", None])  # type: ignore[list-item]
    with pytest.raises(FileNotFoundError) as nothing, whole_file(path):
        (tmp_path / "other").read_bytes()
    assert nothing.value.filename == str(tmp_path / "other")
    assert path.read_text() == "good"
    assert names(tmp_path) == {"a"}


def test_a_full_disk_is_said_of_the_file_itself(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_whole(path, "good")
    with pytest.raises(OSError, match="File too large") as full, whole_file(path) as partial:
        fill_the_disk(partial)
    assert full.value.filename == str(path)
    with pytest.raises(FileNotFoundError) as nowhere:
        write_whole(tmp_path / "none" / "a", "x")
    assert nowhere.value.filename == str(tmp_path / "none" / "a")
    assert path.read_text() == "good"
    assert names(tmp_path) == {"a"}


def test_it_is_on_disk_before_it_gets_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    write_whole(path, "old")
    synced: list[tuple[str, int]] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append((path.read_text(), os.fstat(file).st_size)))
    write_whole(path, "newer")
    assert synced == [("old", len("newer"))]


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(UserError, match="is no file"):
            write_whole(path, "x")
    assert (tmp_path / "pipe").is_fifo()
    assert names(tmp_path) == {"pipe"}


def test_killed_amid_a_file_the_old_one_stays(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", "good")
    killed = start(
        tmp_path,
        "with whole_file(Path('a.txt')) as partial:\n"
        "    partial.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)",
    )
    assert end(killed) == -9
    assert names(tmp_path) == {"a.txt", ".a.partial.txt"}
    assert (tmp_path / "a.txt").read_text() == "good"
    write_whole(tmp_path / "a.txt", "next")
    assert names(tmp_path) == {"a.txt"}
    assert (tmp_path / "a.txt").read_text() == "next"


def test_a_folder_is_there_at_the_end_and_not_before(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "site"
    for word in ("first", "second"):
        with whole_folder(out, "busy") as new:
            (new / word).touch()
            (new.parent / "on the way").mkdir()
            assert not (out / word).exists()
        assert names(out) == {word}
        assert names(out.parent) == {"site"}


def test_what_fails_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    out = tmp_path / "site"
    with whole_folder(out, "busy") as new:
        (new / "good").touch()
    with pytest.raises(OSError, match="File too large") as full, whole_folder(out, "busy") as new:
        fill_the_disk(new / "half")
    assert full.value.filename == str(out)
    assert names(out) == {"good"}
    assert names(tmp_path) == {"site"}


WRITER = """
with whole_folder(Path("site"), "busy") as new:
    (new / "half").touch(); print("writing", flush=True); time.sleep(60)
"""


def test_a_second_writer_is_told_and_a_killed_one_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "site"
    writer = start(tmp_path, WRITER)
    with pytest.raises(UserError, match="site is being written"), whole_folder(out, "site is being written"):
        pytest.fail("two writers")
    assert (tmp_path / ".site.partial" / "new" / "half").exists()
    writer.kill()
    assert end(writer) == -9
    assert names(tmp_path) == {".site.partial"}
    with whole_folder(out, "busy") as new:
        assert names(new) == set()
        (new / "whole").touch()
    assert names(out) == {"whole"}
    assert names(tmp_path) == {"site"}


def test_killed_between_two_names_the_old_folder_comes_back(tmp_path: Path) -> None:
    out = tmp_path / "site"
    out.mkdir()
    (out / "good").touch()
    killed = start(
        tmp_path,
        "rename = Path.rename\n"
        "Path.rename = lambda path, to: rename(path, to) if path.name != 'new' else os.kill(os.getpid(), 9)\n"
        "with whole_folder(Path('site'), 'busy') as new: pass",
    )
    assert end(killed) == -9
    assert names(tmp_path) == {".site.partial"}
    with pytest.raises(FileExistsError), whole_folder(out, "busy"):
        out.mkdir()  # it is there again before anything is done
    assert names(out) == {"good"}
    assert names(tmp_path) == {"site"}


def test_a_lock_is_held_by_one_and_a_killed_process_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "lock"
    holder = start(path.parent.parent, "with locked(Path('deep/lock')): print('held', flush=True); time.sleep(60)")
    with pytest.raises(UserError, match="somebody has it"), locked(path, "somebody has it"):
        pytest.fail("two holders")
    holder.kill()
    assert end(holder) == -9
    for busy in (None, "somebody has it"):
        with locked(path, busy):
            pass


def test_those_who_wait_all_get_their_turn(tmp_path: Path) -> None:
    count = tmp_path / "count"
    count.write_text("0")
    code = (
        "for _ in range(100):\n"
        "    with locked(Path('lock')): Path('count').write_text(str(int(Path('count').read_text()) + 1))"
    )
    words = [sys.executable, "-c", f"{IMPORTS}\n{code}"]
    processes = [subprocess.Popen(words, cwd=tmp_path) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert json.loads(count.read_text()) == 200


def test_a_forked_child_keeps_no_lock(tmp_path: Path) -> None:
    """What its parent lets go of is free, though the child lives."""
    parent = start(
        tmp_path,
        "with locked(Path('lock')):\n"
        "    if not (child := os.fork()): time.sleep(60); os._exit(0)\n"
        "print('free', flush=True); sys.stdin.read(); os.kill(child, signal.SIGKILL)",
    )
    with locked(tmp_path / "lock", "the child has it"):
        pass
    assert end(parent) == 0
