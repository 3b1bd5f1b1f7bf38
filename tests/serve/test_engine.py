"""What runs recognisers in browsers: from a registry on this machine, by its hash, once."""

import base64
import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from inkseq.errors import UserError
from inkseq.serve import engine
from inkseq.serve.engine import FILES, LICENCES

PATH = "/npm/onnxruntime-web/-/onnxruntime-web-1.30.0.tgz"


@dataclass
class Registry:
    """What the next answers are, which paths were asked for, and the folder where the package is kept."""

    kept: Path
    body: bytes
    status: int = 200
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    body = package({f"package/dist/{file}": file.encode() for file in (*FILES.values(), "other.js")})
    answers = Registry(tmp_path / "cache" / "inkseq", body)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answers.asked.append(self.path)
            self.send_response(answers.status)
            self.send_header("content-length", str(len(answers.body)))
            self.end_headers()
            self.wfile.write(answers.body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{server.server_port}/npm/")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.setattr(engine, "SHA512", base64.b64encode(hashlib.sha512(body).digest()).decode())
        yield answers
        server.shutdown()
        thread.join()


def package(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for path, content in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def test_it_is_fetched_once_and_then_kept(registry: Registry) -> None:
    files = engine.engine()
    assert files.keys() == {*FILES, *LICENCES}
    assert all(files[name] == file.encode() for name, file in FILES.items())
    assert b"MIT License" in files["onnxruntime-license.txt"]
    registry.status = 500
    assert engine.engine() == files
    assert registry.asked == [PATH]


def test_what_was_damaged_is_fetched_again(registry: Registry) -> None:
    files = engine.engine()
    (kept,) = registry.kept.iterdir()
    kept.write_bytes(kept.read_bytes()[:-1])
    assert engine.engine() == files
    assert registry.asked == [PATH, PATH]


def test_other_bytes_are_refused_and_not_kept(registry: Registry) -> None:
    registry.body = package({"package/dist/other.js": b"alert(1)"})
    with pytest.raises(UserError, match=r"onnxruntime-web-1.30.0.tgz is not what was expected: its sha512 is"):
        engine.engine()
    assert list(registry.kept.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "reason"), [(404, "answers 404 Not Found; or put it there"), (503, "answers 503 .*; try again, or put")]
)
def test_refusals_of_the_registry_are_said(registry: Registry, status: int, reason: str) -> None:
    registry.status = status
    with pytest.raises(UserError, match=reason) as error:
        engine.engine()
    assert f"npm pack onnxruntime-web@1.30.0 --pack-destination {registry.kept}" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://127.0.0.1:1", "cannot reach 127.0.0.1:1: Connection refused; try again"),
        ("file:///etc", "npm_config_registry=file:///etc: only http:// and https://"),
    ],
)
def test_without_a_registry_it_says_what_to_do(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, address: str, reason: str
) -> None:
    monkeypatch.setenv("npm_config_registry", address)
    with pytest.raises(UserError, match=reason):
        engine.engine()


def test_a_disk_that_takes_nothing_is_named(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(UserError, match=rf"cannot write {tmp_path}/file.*: Not a directory"):
        engine.engine()


def test_where_the_registry_is_npm_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        monkeypatch.delenv(name, raising=False)
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\n[ \"$*\" = 'config get registry' ] && echo http://mirror/npm/\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engine.url("x.tgz") == "http://mirror/npm/onnxruntime-web/-/x.tgz"
    npm.unlink()
    with pytest.raises(UserError, match="npm is not here to say where that is; say npm_config_registry=ADDRESS, or"):
        engine.url("x.tgz")
