"""What programs hand over: an image in any of the forms that people have them in, or strokes, is the same to a run."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import inkseq
from inkseq.data.packed import PackedImages, open_packed
from inkseq.drawings.canonical import canonical
from inkseq.drawings.padded import pad_together
from inkseq.drawings.pixels import stack
from inkseq.families import CnnConfig, PictureConfig
from inkseq.inference.ask import answer
from inkseq.inference.recogniser import Recogniser
from inkseq.models.pictured import Pictured
from tests.scans import CLASSES
from tests.train.tiny import run, tiny

BAR = [[[20, 235], [20, 22]]]  # across


@pytest.fixture(scope="module")
def recogniser(of_scans: Path) -> Recogniser:
    return inkseq.load(of_scans)


@pytest.fixture(scope="module")
def images(recogniser: Recogniser) -> PackedImages:
    data = open_packed(recogniser.run.config.data)
    assert isinstance(data, PackedImages)
    return data


def test_images_are_named_as_in_training(recogniser: Recogniser, images: PackedImages) -> None:
    test = images.images[-24:]
    probability_NK = recogniser.probabilities(list(test))
    expected_NK = answer(recogniser.run.model, stack(list(test))).softmax(1)
    np.testing.assert_allclose(probability_NK, expected_NK, atol=1e-6)
    assert (probability_NK.argmax(1) == images.labels[-24:]).mean() > 0.8


def test_strokes_and_images_together_keep_their_order(recogniser: Recogniser, images: PackedImages) -> None:
    paper = [255 - image for image in images.images[:70]]
    mixed: list[Any] = [one for image in paper for one in (image, BAR)]
    answers = recogniser.predict_many(mixed)
    assert {guesses[0].word for guesses in answers[1::2]} == {CLASSES[0]}  # drawn as pictures like those it has seen
    assert [guesses[0].word for guesses in answers[::2]] == [recogniser.predict(image)[0].word for image in paper]


WAYS: dict[str, Callable[[Path], Any]] = {
    "a path": lambda file: file,
    "its name": str,
    "bytes": Path.read_bytes,
    "Pillow's": Image.open,
    "Pillow's, in four colours": lambda file: Image.open(file).convert("CMYK"),
    "grey": lambda file: np.asarray(Image.open(file)),
    "to one": lambda file: np.asarray(Image.open(file)) / 255,
    "light on dark": lambda file: 255 - np.asarray(Image.open(file)),
    "to 65,535": lambda file: np.asarray(Image.open(file)).astype(np.uint16) * 257,
    "colours": lambda file: np.asarray(Image.open(file).convert("RGB")),
    "a tensor": lambda file: torch.from_numpy(np.asarray(Image.open(file))[None] / 255),
}


@pytest.mark.parametrize("way", WAYS)
def test_an_image_is_the_same_however_it_is_had(
    way: str, recogniser: Recogniser, images: PackedImages, tmp_path: Path
) -> None:
    Image.fromarray(255 - images.images[5]).save(tmp_path / "one.png")
    expected = recogniser.guesses(recogniser.probabilities([images.images[5]]), 2)[0]
    found = recogniser.predict(WAYS[way](tmp_path / "one.png"), top=2)
    assert [guess.word for guess in found] == [guess.word for guess in expected]
    assert [guess.probability for guess in found] == pytest.approx([guess.probability for guess in expected], abs=0.01)


def test_a_photograph_on_its_side_is_turned_and_left_as_it_was(recogniser: Recogniser, images: PackedImages) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned right by a quarter
    file = BytesIO()
    Image.fromarray(255 - images.images[0]).rotate(90).save(file, "PNG", exif=turned)
    picture = Image.open(file)
    expected = recogniser.guesses(recogniser.probabilities([images.images[0]]), 3)[0]
    assert recogniser.predict(picture, top=3) == expected == recogniser.predict(file.getvalue(), top=3)
    assert picture.getexif()[0x0112] == 6


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (b"no image", "this is no image: no PNG, JPEG or TIFF image"),
        (np.zeros((0, 9)), r"an array of shape \(0, 9\)"),
        (np.zeros((9, 9, 7)), r"an array of shape \(9, 9, 7\)"),
        (np.full((9, 9), np.nan), "its numbers go from nan to nan"),
        (np.full((9, 9), -1), "its numbers go from -1 to -1"),
        (np.full((9, 9), 1e9), "its numbers go from 1000000000.0 to"),
        ([[0, 1], [1, 0]], "this is no drawing"),
    ],
)
def test_what_is_no_image_says_why(recogniser: Recogniser, given: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        recogniser.predict(given)


def test_who_has_learnt_strokes_takes_images_if_it_sees_ink_alone(packed: Path, tmp_path: Path) -> None:
    """Then an image of what it draws is as good as the strokes."""
    for channels, side in ((["ink"], 32), (["ink", "ends"], None)):
        model = CnnConfig(channels=[6, 8], picture=PictureConfig(size=32, channels=channels))
        run(tiny(packed, tmp_path / str(side), model=model, duration="4 steps", evaluate="4 steps"))
        recogniser = inkseq.load(tmp_path / str(side) / "run")
        assert recogniser.run.side == side
        if side:
            assert isinstance(recogniser.run.model, Pictured)
            ink_YX = recogniser.run.model.picture.ink(pad_together([canonical(BAR)]))[0, 0].numpy()
            drawn, seen = recogniser.predict(BAR), recogniser.predict(1 - ink_YX)
            assert dict(seen) == pytest.approx(dict(drawn), abs=0.01)
    with pytest.raises(ValueError, match="needs strokes, and an image has none"):
        recogniser.predict(np.zeros((32, 32)))
    with pytest.raises(ValueError, match="needs strokes"):
        recogniser.predict("one.png")
