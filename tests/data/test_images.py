"""Datasets of images: opened, gathered, and learnt from as those of strokes are."""

from pathlib import Path

import numpy as np
import pytest
import torch

from inkseq.cli import compose_config
from inkseq.config import AugmentConfig, TrainConfig
from inkseq.data.batches import Batches
from inkseq.data.kinds import load_split, pick
from inkseq.data.packed import PackedImages, open_packed, open_strokes
from inkseq.devices import ALONE
from inkseq.drawings.pixels import Images
from inkseq.errors import UserError
from inkseq.inference.runs import open_run
from inkseq.train.loop import train
from inkseq.train.prepare import prepare
from tests.scans import pack_scans

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pack_scans(tmp_path_factory.mktemp("scans") / "scans", {"train": 96, "val": 24, "test": 24})


def test_what_needs_strokes_says_so(packed: Path) -> None:
    assert isinstance(open_packed(packed), PackedImages)
    with pytest.raises(UserError, match="holds images; strokes are needed"):
        open_strokes(packed)


@pytest.mark.parametrize("share", [0.5, 0.0], ids=["in memory", "memory-mapped"])
def test_a_batch_has_the_ink_and_the_words_of_its_images(packed: Path, share: float) -> None:
    data = open_packed(packed)
    assert isinstance(data, PackedImages)
    drawings = load_split(data, "val", CPU, share)
    assert ("memory-mapped" in drawings.where) == (share == 0)
    images, label_B, index_B = drawings.gather(np.array([3, 0, 3]), 1)
    assert isinstance(images, Images)
    assert index_B.tolist() == [99, 96, 99]
    assert label_B.tolist() == data.labels[[99, 96, 99]].tolist()
    np.testing.assert_array_equal((images.ink_BYX * 255).numpy(), data.images[[99, 96, 99]])
    assert torch.equal(pick(data, np.array([99, 96, 99]))[0], images.ink_BYX)


def test_an_epoch_has_each_image_once(packed: Path) -> None:
    batches = Batches(load_split(open_packed(packed), "train", CPU), 20, seed=0)
    seen = [
        i for step in range(batches.steps_per_epoch) for batch, _ in batches.step(step) for i in batch.index_B.tolist()
    ]
    assert sorted(seen) == list(range(96))


def test_a_batch_of_images_is_augmented_by_its_step_alone(packed: Path) -> None:
    drawings = load_split(open_packed(packed), "train", CPU)
    plain, augmented, again = (
        [batch.drawings[0] for step in (3, 1) for batch, _ in Batches(drawings, 20, seed=0, augment=how).step(step)]
        for how in (None, AugmentConfig(shift=0.1, bleed=0.5), AugmentConfig(shift=0.1, bleed=0.5))
    )
    assert all(map(torch.equal, augmented, again))
    assert not any(map(torch.equal, augmented, plain))


def config_of(packed: Path, folder: Path, *words: str) -> TrainConfig:
    return compose_config(TrainConfig, [f"data={packed}", f"runs={folder}", "name=of-images", *words])


def test_a_model_of_strokes_is_refused_before_a_run_is_made(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="model=bilstm reads strokes"):
        prepare(config_of(packed, tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_picture_model_learns_images(packed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "evaluate=50%",
        "model=cnn",
        "model.picture.size=32",
        "model.channels=16,32",
        "batch_size=32",
        "duration=150 steps",
    ]
    prepared = prepare(config_of(packed, tmp_path, *words))
    assert "images have ink alone" in capsys.readouterr().out
    train(prepared, ALONE, words)
    run = open_run(tmp_path / "of-images")
    assert run.image_size == 32
    images, label_B, _ = load_split(open_packed(packed), "test", CPU).gather(np.arange(24), 1)
    assert (run.model(images).argmax(1) == label_B).float().mean() > 0.8
