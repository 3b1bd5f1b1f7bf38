"""Black and white against what loops over pixels find, and as an exported graph has to compute it."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.export import Dim, export

from inkseq.drawings.pixels import Images
from inkseq.families import Binarise, PictureConfig
from inkseq.models.binarise import BINARISE, MORE, adaptive, fixed, otsu
from inkseq.models.picture import Picture
from tests.models.scribbles import pad, scribbles

SIZE = 32


def grey(count: int = 40) -> torch.Tensor:
    """Paper and ink of many kinds, in whole levels of 255; a blank sheet and a black one."""
    rng = np.random.default_rng(0)
    ink = rng.normal(rng.uniform(0, 90, (count, 1, 1)), rng.uniform(0, 30, (count, 1, 1)), (count, SIZE, SIZE))
    inked = rng.random((count, SIZE, SIZE)) < rng.uniform(0.05, 0.6, (count, 1, 1))
    ink += rng.uniform(0, 160, (count, 1, 1)) * inked
    ink[0], ink[1] = 0, 255
    return torch.from_numpy(ink.clip(0, 255).round()).float() / 255


def levels(x: torch.Tensor) -> set[float]:
    return set(x.flatten().tolist())


def otsu_by_hand(level_YX: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Every threshold tried, by the variance between what lies above it and below."""
    best, found = -1.0, 0
    for threshold in range(256):
        above, below = level_YX[level_YX > threshold], level_YX[level_YX <= threshold]
        if len(above) and len(below):
            between = len(above) * len(below) * (above.mean() - below.mean()) ** 2
            if between > best * (1 + 1e-12):
                best, found = between, threshold
    ink: NDArray[np.bool_] = level_YX > found
    return ink


def test_otsu_divides_as_every_threshold_tried_does() -> None:
    ink_BYX = grey()
    level_BYX = (ink_BYX * 255).round().long().numpy()
    expected = np.stack([otsu_by_hand(level_YX) for level_YX in level_BYX])
    np.testing.assert_array_equal(otsu(ink_BYX).numpy(), expected)


def test_adaptive_asks_for_more_ink_than_there_is_around() -> None:
    ink_BYX, reach = grey(4), SIZE // 4
    for ink_YX, found_YX in zip(ink_BYX.double().numpy(), adaptive(ink_BYX).numpy(), strict=True):
        for y, x in np.random.default_rng(0).integers(0, SIZE, (50, 2)):
            around = ink_YX[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1].mean()
            assert found_YX[y, x] == (ink_YX[y, x] > around + MORE)


def test_fixed_divides_in_the_middle() -> None:
    assert fixed(torch.tensor([[[0.0, 0.5], [0.51, 1.0]]])).tolist() == [[[0, 0], [1, 1]]]


@pytest.mark.parametrize("how", Binarise)
def test_each_image_is_divided_by_itself_in_an_exported_graph_too(how: Binarise) -> None:
    class Divide(torch.nn.Module):
        def forward(self, ink_BYX: torch.Tensor) -> torch.Tensor:
            return BINARISE[how](ink_BYX)

    ink_BYX = grey()
    graph = export(Divide(), (ink_BYX[:3],), dynamic_shapes=({0: Dim("B")},)).module()
    alone_BYX = torch.cat([BINARISE[how](one[None]) for one in ink_BYX])
    assert torch.equal(graph(ink_BYX), alone_BYX)
    if how is Binarise.none:
        assert torch.equal(alone_BYX, ink_BYX)
    else:
        assert levels(alone_BYX) == {0, 1}
        assert not alone_BYX[0].any(), "a blank sheet has no ink"


def test_images_and_drawings_come_out_in_black_and_white() -> None:
    picture = Picture(PictureConfig(size=48, channels=["direction", "ink"], binarise=Binarise.otsu))
    plain = Picture(PictureConfig(size=48, channels=["direction", "ink"]))
    drawings = pad(scribbles([9, 4]))
    drawn_BCYX, grey_BCYX = picture(drawings), plain(drawings)
    assert levels(drawn_BCYX[:, 2]) == {0, 1}
    assert len(levels(grey_BCYX[:, 2])) > 2
    assert torch.equal(drawn_BCYX[:, :2], grey_BCYX[:, :2]), "what is no ink is left alone"
    assert picture(Images(grey(3))).shape == (3, 1, 48, 48)
    assert levels(picture(Images(grey(3)))) == {0, 1}
