"""Weights from elsewhere: fetched as a run begins, from a server that answers as the hub does, and never after."""

import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub.constants
import pytest
import timm
import torch
from safetensors.torch import save
from torch import Tensor, nn

from inkseq.data.packed import open_strokes
from inkseq.errors import UserError
from inkseq.families import ImageConfig, PictureConfig
from inkseq.inference.runs import open_run
from inkseq.models import image
from inkseq.models.zoo import make_model
from inkseq.train.checks import check_training
from tests.train.tiny import run, tiny

FILE = "/timm/test_resnet.r160_in1k/resolve/main/model.safetensors"
NOBODY = 9  # a port that nobody listens on
MODEL = ImageConfig(
    backbone="test_resnet", pretrained=True, picture=PictureConfig(size=32, channels=["ink", "direction"])
)


class Hub(ThreadingHTTPServer):
    """Has one file, and remembers what it was asked for."""

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.content, self.asked = content, list[tuple[str, str]]()


class Answer(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self.server.asked.append((self.command, self.path))
        found = self.path == FILE
        self.send_response(200 if found else 404)
        if found:
            self.send_header("ETag", f'"{hashlib.sha256(self.server.content).hexdigest()}"')
            self.send_header("X-Repo-Commit", "0" * 40)
        else:
            self.send_header("X-Error-Code", "EntryNotFound")
        self.send_header("Content-Length", str(len(self.server.content) if found else 0))
        self.end_headers()

    def do_GET(self) -> None:
        self.do_HEAD()
        if self.path == FILE:
            self.wfile.write(self.server.content)

    def log_message(self, *_: object) -> None:
        pass


def ask(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has the weights; what HF_ENDPOINT says in a process of its own."""
    here = f"http://127.0.0.1:{port}"
    template = f"{here}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", here)
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture(scope="module")
def theirs() -> nn.Module:
    """What somebody trained on photographs."""
    torch.manual_seed(99)
    model: nn.Module = timm.create_model("test_resnet", pretrained=False)
    return model


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    return tmp_path / "cache"


@pytest.fixture
def hub(cache: Path, theirs: nn.Module, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Hub(save(theirs.state_dict())) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        ask(server.server_port, monkeypatch)
        yield server
        server.shutdown()
        thread.join()


def weights(model: nn.Module, name: str) -> Tensor:
    found: Tensor = model.state_dict()[name]
    return found


def test_a_run_begins_with_them_and_never_asks_again(
    doodles: Path,
    tmp_path: Path,
    hub: Hub,
    theirs: nn.Module,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = tiny(doodles, tmp_path, model=MODEL, duration="2 steps", evaluate="1 steps")
    slow = replace(config, optim=replace(config.optim, lr=1e-9))
    check_training(slow, open_strokes(doodles))
    assert not hub.asked
    run(slow)
    assert "starts from timm/test_resnet.r160_in1k\n" in capsys.readouterr().out
    assert ("GET", FILE) in hub.asked
    begun = open_run(tmp_path / "run").model
    ours, name = weights(begun, "body.layer1.0.conv1.weight"), "layer1.0.conv1.weight"
    torch.testing.assert_close(ours, weights(theirs, name), rtol=0, atol=1e-5)
    first = weights(theirs, "conv1.0.weight").sum(1)  # its three planes, shared out among ours, which are as many
    torch.testing.assert_close(weights(begun, "body.conv1.0.weight").sum(1), first, rtol=0, atol=1e-4)

    hub.asked.clear()
    run(replace(slow, duration="3 steps"))
    assert "goes on from step 2" in capsys.readouterr().out
    assert not hub.asked
    ask(NOBODY, monkeypatch)
    run(replace(slow, name="again"))  # from what was fetched before
    assert "starts from timm/test_resnet.r160_in1k\n" in capsys.readouterr().out


def test_where_there_is_no_network_it_says_so_at_once(
    doodles: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(NOBODY, monkeypatch)
    config = tiny(doodles, tmp_path, model=MODEL, duration="1 steps", evaluate="1 steps")
    started = time.monotonic()
    expected = (
        r"^model.pretrained=true: the weights of test_resnet cannot be had \(.*refused.*\); "
        r"model.pretrained=false trains from scratch$"
    )
    with pytest.raises(UserError, match=expected):
        run(config)
    assert time.monotonic() - started < 10
    assert run(replace(config, model=replace(MODEL, pretrained=False)))["steps"] == 1


def test_who_never_answers_is_not_waited_for_long(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ask(silent.getsockname()[1], monkeypatch)
        started = time.monotonic()
        with pytest.raises(UserError, match=r"cannot be had \(.*timed out.*\)"):
            make_model(MODEL, 4).begin()
        assert time.monotonic() - started < 5


def test_a_network_without_weights_and_one_that_they_do_not_fit(hub: Hub) -> None:
    with pytest.raises(UserError, match=r"the weights of test_vit4 cannot be had \(No pretrained weights exist"):
        make_model(replace(MODEL, backbone="test_vit4"), 4).begin()
    with pytest.raises(UserError, match=r"test_resnet cannot be had \(Error\(s\) in loading state_dict for ResNet"):
        make_model(replace(MODEL, options={"channels": (8, 8, 8, 8)}), 4).begin()


def test_other_models_have_nothing_to_fetch() -> None:
    assert make_model(replace(MODEL, pretrained=False), 4).begin() == ""
