"""Which device `auto` is, and what is said of one that is not there."""

import os

import pytest
import torch

from inkseq.config import Precision
from inkseq.devices import choose_device, choose_precision
from inkseq.errors import UserError


@pytest.mark.parametrize(
    ("cuda", "mps", "chosen"),
    [(True, True, "cuda:1"), (True, False, "cuda:1"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_is_a_gpu_where_there_is_one(cuda: bool, mps: bool, chosen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert str(choose_device("auto")) == chosen


def test_apples_gpu_computes_in_float32_and_leaves_what_it_cannot_to_the_cpu() -> None:
    assert choose_precision(Precision.auto, torch.device("mps"))[0] is torch.float32
    assert os.environ["PYTORCH_ENABLE_MPS_FALLBACK"] == "1"


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="there is Apple's GPU here")
def test_a_device_that_is_not_there_is_one_line() -> None:
    with pytest.raises(UserError, match=r"^device=mps: this machine has none; device=cpu works everywhere$"):
        choose_device("mps")
    with pytest.raises(UserError, match=r"^device=tpu9: say cpu, cuda, cuda:N or mps$"):
        choose_device("tpu9")
