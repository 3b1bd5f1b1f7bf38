"""A run goes on with the drawings it has learnt from, not with others that lie where they lay."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inkseq.config import ConvertConfig, SweepConfig
from inkseq.convert.conversion import convert
from inkseq.devices import ALONE
from inkseq.errors import UserError
from inkseq.inference import checkpoint
from inkseq.sweep.__main__ import run as search
from inkseq.train.loop import train
from inkseq.train.prepare import prepare
from tests.samples import packed_doodles
from tests.train.tiny import CLASSES, run, tiny


def test_other_drawings_are_not_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither those of another conversion with the same counts, nor files that somebody changed."""
    data = packed_doodles(tmp_path, 40, CLASSES)
    config = tiny(data, tmp_path)
    longer = replace(config, duration="30 steps")
    run(config)
    [raw] = [path for path in (tmp_path / "raw").iterdir() if path.stem == "cat"]
    raw.write_text(re.sub(r'("drawing":\[\[\[)(\d+)', lambda m: f"{m[1]}{int(m[2]) ^ 1}", raw.read_text(), count=1))
    convert(ConvertConfig(raw=[str(tmp_path / "raw")], out=str(data), overwrite=True, workers=1))
    with pytest.raises(UserError, match=r"was trained otherwise: the data's content\.points was \w{16}, is \w{16}\."):
        run(longer)
    path = tmp_path / "run" / "checkpoints" / "last.pt"
    state = checkpoint.load(path)
    del state["data"]["content"]  # as of a run from before there were digests
    checkpoint.save(path, state)
    assert run(longer)["steps"] == 30
    labels = np.load(data / "labels.npy", mmap_mode="r+")
    labels[:2] = labels[1::-1] if labels[0] != labels[1] else 1 - labels[0].clip(0, 1)
    for fresh_or_not in (replace(config, duration="40 steps"), replace(config, name="fresh")):
        with pytest.raises(UserError, match=r"packed: labels\.npy changed since convert wrote it"):
            run(fresh_or_not)
    prepared = prepare(replace(config, name="trial"))  # of a search, which has looked once for all of them
    assert train(prepared, ALONE, [], pictures=False, checked=True)["steps"] == 20
    monkeypatch.setenv("LOCAL_RANK", "1")  # of a machine whose first rank looks
    run(replace(config, name="other rank"))
    with pytest.raises(UserError, match=r"packed: labels\.npy changed since convert wrote it"):
        search(SweepConfig(preset="test", runs=str(tmp_path)), [f"data={data}", "batch_size=32"])
