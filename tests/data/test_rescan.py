"""Each augmentation of images against what pencil and paper say; and what a GPU asks of all of them together."""

import math

import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from inkseq.cli import compose_config
from inkseq.config import AugmentConfig, TrainConfig
from inkseq.data.rescan import FAINT, SMALL, augment_images
from inkseq.drawings.pixels import Images

SIZE = 64
OF_STROKES = {"jitter": 0.1, "swap": 1.0, "reverse": 1.0, "prefix": 1.0, "drop_points": 0.5, "stroke_turn": 9.0}
EVERYTHING = AugmentConfig(
    rotate=5, shear=0.1, stretch=0.1, mirror=0.1, warp=0.1, shift=0.1, thickness=0.3, bleed=0.5, erase=0.5
)
HOW = ["rotate", "shear", "stretch", "mirror", "warp", "shift", "thickness", "bleed", "erase"]


def changed(ink_BYX: Tensor, seed: int = 0, **how: float) -> Tensor:
    return augment_images(Images(ink_BYX), AugmentConfig(**how), torch.Generator().manual_seed(seed)).ink_BYX


def bars(count: int, high: int = 8, wide: int = 40) -> Tensor:
    """Of one bar each, in the middle."""
    ink_BYX, middle = torch.zeros(count, SIZE, SIZE), SIZE // 2
    ink_BYX[:, middle - high // 2 : middle + high // 2, middle - wide // 2 : middle + wide // 2] = 1
    return ink_BYX


def moments(ink_BYX: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Where the ink lies, in sides; and its spread: one variance of x, y and both."""
    place_S = (torch.arange(SIZE) + 0.5) / SIZE
    share_BYX = ink_BYX / ink_BYX.sum((1, 2), keepdim=True)
    x_B, y_B = (share_BYX.sum(1) * place_S).sum(1), (share_BYX.sum(2) * place_S).sum(1)
    from_x_BX, from_y_BY = place_S - x_B[:, None], place_S - y_B[:, None]
    xx_B, yy_B = (share_BYX.sum(1) * from_x_BX**2).sum(1), (share_BYX.sum(2) * from_y_BY**2).sum(1)
    xy_B = (share_BYX * from_y_BY[:, :, None] * from_x_BX[:, None]).sum((1, 2))
    return torch.stack([x_B, y_B]), torch.stack([xx_B, yy_B]), xy_B


def test_nothing_asked_for_is_nothing_done() -> None:
    ink_BYX = torch.rand(4, SIZE, SIZE)
    assert torch.equal(changed(ink_BYX), ink_BYX)
    assert torch.equal(changed(ink_BYX, 0, **OF_STROKES), ink_BYX)


@pytest.mark.parametrize("how", HOW)
def test_lots_are_the_generators_alone(how: str) -> None:
    ink_BYX = torch.rand(16, SIZE, SIZE)
    torch.manual_seed(1)
    first_BYX = changed(ink_BYX, 0, **{how: 0.5})
    torch.manual_seed(2)
    assert torch.equal(changed(ink_BYX, 0, **{how: 0.5}), first_BYX)
    assert not torch.equal(changed(ink_BYX, 1, **{how: 0.5}), first_BYX)
    assert first_BYX.shape == ink_BYX.shape
    assert first_BYX.dtype is torch.float32
    assert 0 <= first_BYX.min() <= first_BYX.max() <= 1


def test_shift_is_measured_in_sides() -> None:
    place_2B, _, _ = moments(changed(bars(2048, wide=8), shift=0.05))
    assert place_2B.std(1).tolist() == pytest.approx([0.05, 0.05], rel=0.05)
    assert abs(float(torch.corrcoef(place_2B)[0, 1])) < 0.1


def test_rotate_turns_by_degrees() -> None:
    _, (xx_B, yy_B), xy_B = moments(changed(bars(1024), rotate=10))
    angle_B = torch.atan2(2 * xy_B, xx_B - yy_B) / 2
    assert float(angle_B.std()) == pytest.approx(math.radians(10), rel=0.06)


def test_shear_moves_x_in_proportion_to_y() -> None:
    _, (_, yy_B), xy_B = moments(changed(bars(1024, high=30, wide=8), shear=0.1))
    assert float((xy_B / yy_B).std()) == pytest.approx(0.1, rel=0.06)


def test_stretch_changes_the_aspect() -> None:
    _, (xx_B, yy_B), _ = moments(changed(bars(1024, high=24, wide=24), stretch=0.2))
    assert float(((xx_B / yy_B).log() / 2).std()) == pytest.approx(0.2, rel=0.06)


def test_mirror_swaps_left_and_right_of_its_share() -> None:
    ink_BYX = torch.rand(1, SIZE, SIZE).expand(2048, -1, -1)
    after_BYX = changed(ink_BYX, mirror=0.25)
    turned_B = (after_BYX - ink_BYX.flip(2)).abs().amax((1, 2)) < 1e-4
    assert float(turned_B.float().mean()) == pytest.approx(0.25, abs=0.03)
    torch.testing.assert_close(after_BYX[~turned_B], ink_BYX[~turned_B], rtol=0, atol=1e-4)


def test_warp_moves_by_its_spread_and_not_all_alike() -> None:
    dots_BYX = torch.zeros(2048, SIZE, SIZE)
    dots_BYX[:, 12:16, 30:34] = 1  # above
    dots_BYX[:, 48:52, 30:34] = 1  # below
    after_BYX = changed(dots_BYX, warp=0.03)
    above_BYX, below_BYX = after_BYX.clone(), after_BYX.clone()
    above_BYX[:, SIZE // 2 :], below_BYX[:, : SIZE // 2] = 0, 0
    (above_2B, *_), (below_2B, *_) = moments(above_BYX), moments(below_BYX)
    assert float(above_2B.std(1).mean()) == pytest.approx(0.03, rel=0.1)
    assert abs(float(torch.corrcoef(torch.stack([above_2B[0], below_2B[0]]))[0, 1])) < 0.3


def test_thickness_is_in_pixels_and_one_at_most() -> None:
    before_BYX = bars(512)
    high_B = changed(before_BYX, thickness=0.2)[:, :, SIZE // 2].sum(1)  # a bar of 8 pixels
    assert float(high_B.std()) == pytest.approx(2 * 0.2, rel=0.1)  # it grows on both sides
    most_BYX = changed(before_BYX, thickness=1e6)
    assert {round(float(high)) for high in most_BYX[:, :, SIZE // 2].sum(1)} == {6, 10}


def test_the_image_before_shows_through_mirrored_and_faint() -> None:
    ink_BYX = torch.zeros(64, SIZE, SIZE)
    ink_BYX[0::2, 5, 5], ink_BYX[1::2, 9, 9] = 1, 1
    after_BYX = changed(ink_BYX, bleed=1)
    torch.testing.assert_close(after_BYX[0::2, 5, 5], torch.ones(32))
    back_B = after_BYX[0::2, 9, SIZE - 1 - 9]
    assert 0 < back_B.min() < back_B.max() <= FAINT
    assert int((after_BYX > 0).sum()) == 2 * 64
    some_BYX = changed(bars(2048, wide=8).roll(9, 2), bleed=0.25)
    assert float((some_BYX.sum((1, 2)) > 64.01).float().mean()) == pytest.approx(0.25, abs=0.03)


def test_a_rectangle_is_wiped_of_its_share() -> None:
    wiped_BYX = changed(torch.ones(2048, SIZE, SIZE), erase=0.5) == 0
    assert float(wiped_BYX.any(2).any(1).float().mean()) == pytest.approx(0.5, abs=0.04)
    wide_B, high_B = wiped_BYX.any(1).sum(1), wiped_BYX.any(2).sum(1)
    assert torch.equal(wiped_BYX.sum((1, 2)), wide_B * high_B)
    assert SMALL * SIZE - 2 <= max(int(wide_B.max()), int(high_B.max())) <= SMALL * SIZE + 1
    assert wiped_BYX.any(0).all(), "anywhere"


def test_a_captured_step_can_do_all_of_it() -> None:
    with FakeTensorMode():  # where a value is read, or a shape depends on one, this raises
        after = augment_images(Images(torch.zeros(5, SIZE, SIZE)), EVERYTHING, torch.Generator())
        assert after.ink_BYX.shape == (5, SIZE, SIZE)


def test_the_preset_is_for_images() -> None:
    augment = compose_config(TrainConfig, ["data=x", "augment=scans"]).augment
    ink_BYX = bars(8)
    after = augment_images(Images(ink_BYX), augment, torch.Generator())
    assert not torch.equal(after.ink_BYX, ink_BYX)
    assert not augment.swap
