"""Pages of pictures: each channel in its colours, and every plane of it."""

import numpy as np
import torch

from inkseq.evaluate.pictures import GREEN, RED, page, pages, tint
from inkseq.families import PictureConfig
from inkseq.models.picture import CHANNELS, Picture
from tests.models.scribbles import pad, scribbles


def test_each_channel_has_a_page_with_every_drawing_on_it() -> None:
    picture, drawings = Picture(PictureConfig(size=32, channels=list(CHANNELS))), pad(scribbles([9, 1, 5]))
    drawn = dict(pages(picture, drawings, ["one", "two", "three"]))
    assert set(drawn) == set(CHANNELS)
    for figure in drawn.values():
        (axes,) = figure.axes
        assert [text.get_text() for text in axes.texts] == ["one", "two", "three"]
        assert len(axes.images) == 3


def test_ink_is_dark_signs_are_red_and_blue_colours_are_themselves() -> None:
    plane_BCYX = torch.zeros(1, 1, 4, 4)
    plane_BCYX[0, 0, 1, 2] = 1
    ink_YX = tint("ink", plane_BCYX)[0].mean(-1)
    assert ink_YX[1, 2] < 0.01
    assert ink_YX[0, 0] > 0.99

    signed_YX3 = tint("direction", torch.cat([plane_BCYX, -plane_BCYX], dim=1))[0]
    assert signed_YX3.shape == (4, 8, 3)
    assert signed_YX3[1, 2, 2] > 2 * signed_YX3[1, 2, 0], "above 0 is blue"
    assert signed_YX3[1, 4 + 2, 0] > 2 * signed_YX3[1, 4 + 2, 2], "below it red"

    ends_YX3 = tint("ends", torch.cat([plane_BCYX, plane_BCYX.mT], dim=1))[0]
    for (y, x), colour_3 in {(1, 2): GREEN, (2, 1): RED, (0, 0): np.ones(3)}.items():
        np.testing.assert_allclose(ends_YX3[y, x], colour_3, atol=1e-6)

    colour_YX3 = tint("stroke_colours", torch.cat([plane_BCYX, plane_BCYX / 2, 0 * plane_BCYX], dim=1))[0]
    np.testing.assert_allclose(colour_YX3[1, 2], [1, 0.5, 0])


def test_titles_have_their_colours_and_rows_room_for_them() -> None:
    rgb_BYX3 = np.zeros((7, 8, 8, 3))
    (axes,) = page("a page", rgb_BYX3, ["one\ntwo"] * 7, ["#ff0000"] * 7).axes
    assert {text.get_color() for text in axes.texts} == {"#ff0000"}
    assert len({text.get_position()[1] for text in axes.texts}) == 2
    single = page("a page", rgb_BYX3, ["one"] * 7).axes[0]
    assert axes.get_ylim()[0] > single.get_ylim()[0]
