"""The folder a conversion makes: it appears whole or not at all, and is opened only if it is whole."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from inkseq.config import ConvertConfig
from inkseq.convert import pack_strokes
from inkseq.convert.__main__ import run
from inkseq.convert.conversion import WORKER_BYTES, convert
from inkseq.data.packed import open_strokes
from inkseq.drawings.sources import Task
from inkseq.errors import UserError
from inkseq.files import whole_folder
from tests.convert.test_convert import contents, pack, write
from tests.processes import Command, wait_for
from tests.samples import random_lines


def test_an_existing_folder_is_replaced_only_when_told(tmp_path: Path) -> None:
    raw = write(tmp_path / "a.ndjson", random_lines(30))
    pack(tmp_path, raw)
    with pytest.raises(UserError, match="overwrite=true"):
        pack(tmp_path, raw)
    data, _ = pack(tmp_path, raw, overwrite=True, classes=["cat"])
    assert data.classes == ["cat"]
    other = tmp_path / "precious"
    write(other / "thesis.txt", [b"x"])
    with pytest.raises(UserError, match="will not delete"):
        pack(tmp_path, raw, out="precious", overwrite=True)
    assert (other / "thesis.txt").exists()
    assert not list(tmp_path.glob(".*"))


def test_two_conversions_to_one_folder_do_not_disturb_each_other(tmp_path: Path) -> None:
    raw = write(tmp_path / "a.ndjson", random_lines(30))
    with whole_folder(tmp_path / "packed", "busy") as folder:
        with pytest.raises(UserError, match="another conversion is writing"):
            pack(tmp_path, raw)
        assert folder.is_dir()
    assert len(pack(tmp_path, raw)[0]) == 30


def test_killed_between_two_names_the_old_dataset_comes_back(tmp_path: Path) -> None:
    raw = write(tmp_path / "a.ndjson", random_lines(30))
    old, _ = pack(tmp_path, raw)
    before = contents(old)
    (tmp_path / ".packed.partial").mkdir()
    old.path.rename(tmp_path / ".packed.partial" / "old")
    with pytest.raises(UserError, match="no drawing is"):
        pack(tmp_path, raw, overwrite=True, min_points=1000)
    assert contents(open_strokes(old.path)) == before
    old.path.rename(tmp_path / "elsewhere")
    (tmp_path / ".packed.partial").mkdir()
    (tmp_path / "elsewhere").rename(tmp_path / ".packed.partial" / "old")
    with pytest.raises(UserError, match="overwrite=true"):
        pack(tmp_path, raw)
    assert contents(open_strokes(old.path)) == before


def test_a_dataset_that_cannot_be_replaced_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = write(tmp_path / "a.ndjson", random_lines(30))
    before = contents(pack(tmp_path, raw)[0])
    rename = Path.rename

    def fail(path: Path, target: Path) -> Path:
        if path.name == "new" and target == tmp_path / "packed":
            raise OSError(5, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="Input/output"):
        pack(tmp_path, raw, overwrite=True, seed=1)
    assert contents(open_strokes(tmp_path / "packed")) == before
    assert not list(tmp_path.glob(".*"))


def test_what_is_no_folder_is_refused_as_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = write(tmp_path / "a.ndjson", random_lines(3))
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    for out in (".", "..", "/", "../a.ndjson", "../link"):
        with pytest.raises(UserError, match=f"out={out} is no folder"):
            convert(ConvertConfig(raw=[str(raw)], out=out, overwrite=True))
    assert {path.name for path in tmp_path.iterdir()} == {"a.ndjson", "link", "empty"}


def test_a_system_with_few_open_files_gets_fewer_buckets(tmp_path: Path) -> None:
    code = f"""
import resource
from inkseq.config import ConvertConfig
from inkseq.convert.__main__ import run
from inkseq.convert import conversion
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
del conversion.os.sched_getaffinity
conversion.convert(ConvertConfig(raw=["{tmp_path / "a.ndjson"}"], out="{tmp_path / "packed"}"), per_bucket=100)
"""
    write(tmp_path / "a.ndjson", random_lines(300))
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert len(open_strokes(tmp_path / "packed")) == 300


def command(tmp_path: Path, *words: str, before: str = "exec") -> subprocess.Popen[str]:
    """`python -m inkseq.convert raw=a.ndjson out=packed ...` in `tmp_path`."""
    python = f"{before} {sys.executable} -m inkseq.convert raw=a.ndjson out=packed {' '.join(words)}"
    return subprocess.Popen(
        ["bash", "-c", python], cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_the_command_says_what_it_did_and_fails_where_too_much_is_wrong(tmp_path: Path) -> None:
    write(tmp_path / "a.ndjson", [*random_lines(97), b"{}\n", b"\n", b"x\n"])
    out, err = command(tmp_path).communicate()
    assert "100 lines read = 97 kept + 0 left out + 3 rejected" in out
    assert "names file, line and reason of each, such as\n  a.ndjson:98: no word\n  a.ndjson:99: empty line\n" in out
    assert "more than max_rejected=0.01" in err
    process = command(tmp_path, "overwrite=true", "max_rejected=0.05")
    assert process.communicate()[1] == ""
    assert process.returncode == 0
    assert len(open_strokes(tmp_path / "packed")) == 97


def test_a_terminal_without_our_letters_shows_others(tmp_path: Path) -> None:
    write(tmp_path / "a.ndjson", random_lines(30, words=["cat", "日本語"]))
    process = command(tmp_path, before="LC_ALL=C PYTHONIOENCODING=ascii exec")
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert "\n???      15" in out


def write_enough_for_two_workers(folder: Path) -> None:
    lines = random_lines(300)
    for first in (1, 150):
        many = [t.replace(b'"key_id":"1', b'"key_id":"%d' % n) for n in range(first, first + 150) for t in lines]
        size = write(folder / f"{first}.ndjson", many).stat().st_size
        assert size > WORKER_BYTES / 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("blow", "workers"),
    [(signal.SIGKILL, 1), (signal.SIGKILL, 2), (signal.SIGINT, 2), (signal.SIGTERM, 1), (signal.SIGTERM, 2)],
)
def test_stopped_anywhere_no_half_dataset_is_left_and_a_rerun_succeeds(
    tmp_path: Path, blow: signal.Signals, workers: int
) -> None:
    """Two blows: as soon as the folder to work in is there, and as soon as the packed arrays are."""
    write_enough_for_two_workers(tmp_path / "a.ndjson")  # a folder, in spite of its name
    partial = tmp_path / ".packed.partial"
    for moment in (partial / "new", partial / "new" / "labels.npy"):
        process = Command(tmp_path, "inkseq.convert", "raw=a.ndjson", "out=packed", f"workers={workers}")
        wait_for(moment, process)
        process.send_signal(blow)
        _, err = process.communicate()
        assert process.returncode == {signal.SIGKILL: -9}.get(blow, 130)
        assert not (tmp_path / "packed").exists()
        if blow != signal.SIGKILL:
            assert "inkseq: stopped" in err
            assert "Traceback" not in err
            assert not partial.exists()
    process = Command(tmp_path, "inkseq.convert", "raw=a.ndjson", "out=packed", f"workers={workers}")
    _, err = process.communicate()
    assert process.returncode == 0, err
    assert not partial.exists()
    assert open_strokes(tmp_path / "packed").meta["read"] == 300 * 300


def fail_or_dawdle(number: int, task: Task, config: ConvertConfig, folder: Path, *_: object) -> None:
    if number == 0:
        raise OSError(28, "No space left on device")
    time.sleep(0.5)
    (folder / "late").mkdir(parents=True)


def test_workers_are_gone_before_their_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "raw" / "a.ndjson", random_lines(3))
    write(tmp_path / "raw" / "b.ndjson", random_lines(3))
    monkeypatch.setattr(pack_strokes, "_read_one", fail_or_dawdle)
    with pytest.raises(OSError, match="No space left"):
        pack(tmp_path, tmp_path / "raw", workers=2, per_worker=1)
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(("workers", "limit"), [(1, 64), (2, 64), (1, 3000), (2, 3000)])
def test_a_full_disk_is_said_in_a_line(tmp_path: Path, workers: int, limit: int) -> None:
    write_enough_for_two_workers(tmp_path / "a.ndjson")
    process = command(tmp_path, f"workers={workers}", before=f"ulimit -f {limit}; exec")  # no file above so many KiB
    _, err = process.communicate()
    assert process.returncode == 1
    assert err == "inkseq: packed: File too large\n"
    assert err.startswith("inkseq: ")
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["a.ndjson"]


def test_the_command_names_what_it_passes_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "raw" / "a.ndjson", random_lines(30))
    write(tmp_path / "raw" / "notes.txt", [b"no drawing"])
    config = ConvertConfig(raw=[str(tmp_path / "raw")], out=str(tmp_path / "packed"), workers=1)
    assert run(config) == 0
    said = capsys.readouterr().out
    assert "30 lines read = 30 kept + 0 left out + 0 rejected" in said
    assert f"\n1 of other kinds passed over: {tmp_path}/raw/notes.txt\n" in said
