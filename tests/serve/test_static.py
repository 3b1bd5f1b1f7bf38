"""The page as a folder: whole or not at all, and never in place of anything else."""

import errno
import json
import shlex
import sys
from pathlib import Path

import pytest

import inkseq.serve
from inkseq.config import ExportConfig, ServeConfig
from inkseq.errors import UserError
from inkseq.export.card import Measured
from inkseq.export.check import Agreement
from inkseq.inference.recogniser import Recogniser
from inkseq.serve import static
from inkseq.serve.__main__ import run
from inkseq.serve.assets import PAGE
from inkseq.serve.engine import FILES, LICENCES


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine and a model of a byte each."""

    def export(config: ExportConfig, from_points: bool) -> Measured:
        assert from_points
        Path(config.out).write_bytes(b"m")
        Path(config.out).with_suffix(".md").write_bytes(b"c")
        return Measured("none", Agreement(1, 0.0, 1, 0, 0, 0), 1, "nothing", [], 1)

    monkeypatch.setattr(static, "engine", lambda: dict.fromkeys((*FILES, *LICENCES), b"e"))
    monkeypatch.setattr(static, "export", export)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_holds_all_that_the_page_needs(
    recogniser: Recogniser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run(ServeConfig(run=str(recogniser.run.folder), static="new/my page", threshold=0.7))
    site = tmp_path / "new" / "my page"
    named = {"brain.js": "static-brain.js", "engine.js": "onnx.js"}
    others = set(PAGE) - {*named, *named.values(), "cnn.js", "raster.js", "worker.js", "index.html"}
    of_recogniser = {"recogniser." + kind for kind in ("onnx", "md", "json")}
    assert names(site) == {*others, *named, *FILES, *LICENCES, *of_recogniser, "worker.js", "index.html"}
    for name, file in named.items() | {(name, name) for name in others}:
        assert (site / name).read_bytes() == PAGE[file][0]
    assert b"script-src 'self' 'wasm-unsafe-eval';" in (site / "index.html").read_bytes()
    about = json.loads((site / "recogniser.json").read_text())
    assert about == {"classes": recogniser.classes, "threshold": 0.7, "run": "run"} | {
        "image_size": None,
        "command": about["command"],
        "prototypes": about["prototypes"],
        "scores": None,
    }
    assert shlex.split(about["command"])[3:] == [
        "experiment=own_symbols",
        "raw=own.ndjson",
        f"init_from={recogniser.run.folder}",
    ]
    assert "python -m http.server --bind 127.0.0.1 --directory 'new/my page'" in capsys.readouterr().out
    assert names(tmp_path / "new") == {"my page"}


def test_a_cnn_comes_without_an_engine(looker: Recogniser, tmp_path: Path) -> None:
    said = static.write_page(str(looker.run.folder), tmp_path / "site", 0.5)
    assert said.startswith("The page computes the network itself, with the run's own weights. They have 0.0")
    there = contents(tmp_path / "site")
    assert not there.keys() & {*FILES, *LICENCES, "recogniser.onnx"}
    assert there["engine.js"] == PAGE["cnn.js"][0]
    assert there["index.html"] == PAGE["index.html"][0]
    assert len(there["recogniser.bin"]) == json.loads(there["recogniser.json"])["network"]["file"]["size"]
    assert "draws its own pictures of them" in there["recogniser.md"].decode()


def test_the_service_worker_knows_each_file_by_its_content(looker: Recogniser, tmp_path: Path) -> None:
    folder, site = str(looker.run.folder), tmp_path / "site"
    static.write_page(folder, site, 0.5)
    before = contents(site)
    line = before["worker.js"].decode().splitlines()[0]
    files = json.loads(line[line.index("{") :].removesuffix(";"))
    assert files.keys() == before.keys() - {"worker.js", "recogniser.md"} | {"./"}
    assert files["./"] == files["index.html"]
    static.write_page(folder, site, 0.5)
    assert contents(site) == before
    static.write_page(folder, site, 0.9)
    assert contents(site)["worker.js"] != before["worker.js"]


def test_a_page_of_ours_is_replaced_and_nothing_else_is(recogniser: Recogniser, tmp_path: Path) -> None:
    site, folder = tmp_path / "site", str(recogniser.run.folder)
    site.mkdir()
    static.write_page(folder, site, 0.5)
    static.write_page(folder, site, 0.9)
    assert json.loads((site / "recogniser.json").read_text())["threshold"] == 0.9
    (site / "CNAME").write_text("mine")
    before = contents(site)
    with pytest.raises(UserError, match="site holds CNAME, which is not of a page of inkseq; choose another static="):
        static.write_page(folder, site, 0.5)
    assert contents(site) == before
    assert names(tmp_path) == {"site"}


def test_a_stop_between_the_two_renames_gives_the_page_back(
    recogniser: Recogniser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, folder = tmp_path / "site", str(recogniser.run.folder)
    static.write_page(folder, site, 0.5)
    before = contents(site)
    rename = Path.rename

    def stop(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stop)
    with pytest.raises(KeyboardInterrupt):
        static.write_page(folder, site, 0.9)
    assert contents(site) == before
    assert names(tmp_path) == {"site"}


def test_the_folder_one_is_in_is_not_replaced(
    recogniser: Recogniser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="while you are in it"):
        run(ServeConfig(run=str(recogniser.run.folder), static="."))


def test_what_fails_leaves_all_as_it_was(
    recogniser: Recogniser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, folder = tmp_path / "site", str(recogniser.run.folder)
    static.write_page(folder, site, 0.5)
    before = contents(site)

    def full() -> dict[str, bytes]:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(static, "engine", full)
    for out in (site, tmp_path / "other"):
        with pytest.raises(OSError, match="No space left") as error:
            static.write_page(folder, out, 0.9)
        assert error.value.filename == str(out)
    assert contents(site) == before
    assert names(tmp_path) == {"site"}


def test_mistakes_are_said_before_anything_is_written(recogniser: Recogniser, tmp_path: Path) -> None:
    folder = str(recogniser.run.folder)
    (tmp_path / "file").touch()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "index.html").touch()
    for out, reason in (
        (tmp_path / "file", "file is a file; static= names a folder"),
        (tmp_path / "mine", "mine is not empty, and is not a page of inkseq"),
        (Path("/"), "^/ holds "),
    ):
        with pytest.raises(UserError, match=reason):
            static.write_page(folder, out, 0.5)
    with pytest.raises(UserError, match="does not exist"):
        static.write_page(str(tmp_path / "none"), tmp_path / "out", 0.5)
    with pytest.raises(UserError, match="threshold=2"):
        run(ServeConfig(run=folder, static=str(tmp_path / "out"), threshold=2))
    assert names(tmp_path) == {"file", "mine"}


def test_what_is_not_installed_is_named(
    recogniser: Recogniser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("static", "engine"):
        monkeypatch.delattr(inkseq.serve, name)
        monkeypatch.delitem(sys.modules, f"inkseq.serve.{name}")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UserError, match=r"onnxruntime .*inkseq\[export\]"):
        run(ServeConfig(run=str(recogniser.run.folder), static=str(tmp_path / "out")))
