"""What is drawn in which planes, each against the same said plainly; and what can be no picture."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from inkseq.drawings.canonical import canonical
from inkseq.drawings.padded import COUNTRIES, Strokes, number_countries, pad_together
from inkseq.drawings.raster import cover, trace
from inkseq.drawings.strokes import Flat
from inkseq.errors import UserError
from inkseq.families import PictureConfig
from inkseq.models.picture import CHANNELS, COLOURS, UNKNOWN, Picture, pixel_to_place
from tests.samples import random_strokes

ALL = PictureConfig(size=32, channels=list(CHANNELS))
Values = list[tuple[float, ...]]


def drawings() -> list[Flat]:
    """Random ones; one of more strokes than have a shade or a colour of their own; a dot; a point."""
    rng = np.random.default_rng(0)
    many = rng.integers(0, 256, (36, 2)).astype(np.uint8), np.tile(np.array([0, 0, 1], np.uint8), 12)
    dot = np.array([[7, 9], [7, 9]], np.uint8), np.array([0, 1], np.uint8)
    return [many, dot, (dot[0][:1], dot[1][1:]), *(canonical(random_strokes(rng)) for _ in range(3))]


def picture(strokes: Strokes, *channels: str, **others: Any) -> Tensor:
    found_BCYX: Tensor = Picture(replace(ALL, channels=list(channels), **others)).eval()(strokes)
    return found_BCYX


def stroke_numbers(pen: list[int]) -> list[int]:
    return [sum(pen[:point]) for point in range(len(pen))]


def order(points: list[tuple[float, float]], pen: list[int]) -> Values:
    """As the articles have it, of 255."""
    return [((255 - 13 * min(stroke, 10)) / 255,) for stroke in stroke_numbers(pen)]


def time(points: list[tuple[float, float]], pen: list[int]) -> Values:
    way = [0.0]
    for point in range(1, len(points)):
        way.append(way[-1] + (0 if pen[point - 1] else math.dist(points[point - 1], points[point])))
    return [(1 - 2 * one / max(way[-1], 1),) for one in way]


def direction(points: list[tuple[float, float]], pen: list[int]) -> Values:
    found: Values = [(0.0, 0.0)]
    for point in range(1, len(points)):
        (x, y), (to_x, to_y) = points[point - 1], points[point]
        angle = 2 * math.atan2(to_y - y, to_x - x)
        is_dot = pen[point - 1] or (x, y) == (to_x, to_y)
        found.append((0.0, 0.0) if is_dot else (math.cos(angle), math.sin(angle)))
    return found


def stroke_colours(points: list[tuple[float, float]], pen: list[int]) -> Values:
    return [COLOURS[stroke % 10] for stroke in stroke_numbers(pen)]


@pytest.mark.parametrize("plain", [order, time, direction, stroke_colours])
def test_a_value_is_each_lines_own_where_its_ink_lies(plain: Callable[..., Values]) -> None:
    strokes = pad_together(drawings())
    found_BCYX = picture(strokes, "ink", plain.__name__)
    for found_CYX, (points, pen) in zip(found_BCYX, drawings(), strict=True):
        lines = trace(pad_together([(points, pen)]), 32, 2)
        cover_TYX = cover(lines, 2, 32)[0, : len(points)]
        place = [(float(x), float(y)) for x, y in lines.to_BT2[0, : len(points)]]
        value_TA = torch.tensor(plain(place, pen.tolist()))
        ink_YX = cover_TYX.amax(0)
        mean_AYX = torch.einsum("tyx,ta->ayx", cover_TYX, value_TA) / cover_TYX.sum(0).clamp(min=1e-9)
        torch.testing.assert_close(found_CYX, torch.cat([ink_YX[None], ink_YX * mean_AYX]), rtol=0, atol=1e-4)


def test_ends_are_dots_where_strokes_begin_and_where_they_end() -> None:
    found_BCYX = picture(pad_together(drawings()), "ends")
    for found_CYX, (points, pen) in zip(found_BCYX, drawings(), strict=True):
        place_T2 = trace(pad_together([(points, pen)]), 32, 2).to_BT2[0, : len(points)].numpy()
        last = np.flatnonzero(pen).tolist()
        for found_YX, at in zip(found_CYX, ([0, *(one + 1 for one in last[:-1])], last), strict=True):
            y_YX, x_YX = np.mgrid[:32, :32]
            away_NYX = np.stack([np.hypot(x_YX - x, y_YX - y) for x, y in place_T2[at]])
            torch.testing.assert_close(
                found_YX, torch.from_numpy((1.5 - away_NYX).clip(0, 1).max(0)).float(), rtol=0, atol=1e-4
            )


def test_a_country_has_a_number_of_its_own_everywhere_and_the_unknown_share_one() -> None:
    codes = np.array([b"US", b"DE", b"US", b"", b"u?", b"ZZ"])
    strokes = pad_together(drawings())._replace(country_B=torch.from_numpy(number_countries(codes)).long())
    torch.manual_seed(0)
    model = Picture(replace(ALL, channels=["country", "ink"])).eval()
    ink_BYX, country_BYX = model(strokes).unbind(1)
    torch.testing.assert_close(ink_BYX, picture(strokes, "ink")[:, 0])
    expected_B = model.country.weight[strokes.country_B, 0]
    torch.testing.assert_close(country_BYX, expected_B[:, None, None].expand(-1, 32, 32))
    assert strokes.country_B.tolist() == [539, 83, 539, 0, 0, 676]
    assert len(set(expected_B.tolist())) == 4
    country_BYX.sum().backward()
    assert model.country.weight.grad is not None
    assert model.country.weight.grad.count_nonzero() == 4


@pytest.mark.parametrize("size", [32, 65, 128])
def test_a_countrys_code_is_in_the_corner(size: int) -> None:
    numbers = [0, 1, 341, 26 * 26 - 1, COUNTRIES - 1, 512]
    strokes = pad_together(drawings())._replace(country_B=torch.tensor(numbers))
    for number, code_YX in zip(numbers, picture(strokes, "ink", "country_code", size=size)[:, 1], strict=True):
        side = size // 32
        squares_YX = code_YX[-2 * side :, -5 * side :]
        bits = squares_YX[::side, ::side].flatten().tolist()
        assert sum(int(bit) << place for place, bit in enumerate(bits)) == number
        assert code_YX.sum() == squares_YX.sum() == side * side * sum(bits)


def test_in_training_some_drawings_are_of_no_known_country() -> None:
    torch.manual_seed(0)
    model = Picture(replace(ALL, channels=["ink", "country_code"]))
    strokes = pad_together(drawings()[1:2] * 1000)._replace(country_B=torch.full((1000,), 5))
    known_B = model(strokes)[:, 1].flatten(1).any(1)
    assert 1 - float(known_B.float().mean()) == pytest.approx(UNKNOWN, abs=0.04)


def test_planes_come_as_asked_for_those_of_the_country_last() -> None:
    strokes = pad_together(drawings())._replace(country_B=torch.arange(6))
    model = Picture(replace(ALL, channels=["country_code", "direction", "ink", "country", "ends"])).eval()
    assert model.planes == 7
    direction, ink, ends, code, _ = model(strokes).split([2, 1, 2, 1, 1], dim=1)
    torch.testing.assert_close(ink, picture(strokes, "ink"))
    for name, found_BCYX in (("direction", direction), ("ends", ends), ("country_code", code)):
        torch.testing.assert_close(found_BCYX, picture(strokes, "ink", name)[:, 1:])
        assert found_BCYX.any()
    torch.testing.assert_close(model(strokes), model.complete(model.ink(strokes), strokes))


def test_all_channels_of_dots_and_of_ten_thousand_points_are_numbers() -> None:
    points = np.random.default_rng(0).integers(0, 256, (10_000, 2)).astype(np.uint8)
    pen = (np.arange(1, 10_001) % 10 == 0).astype(np.uint8)
    strokes = pad_together([(points, pen), *drawings()[1:3]])
    assert Picture(ALL)(strokes).isfinite().all()
    names = ["ink", "order", "time", "direction", "ends", "stroke_colours"]
    found_BCYX = picture(strokes, *names)
    assert found_BCYX.abs().max() < 1 + 1e-5
    ink_BYX, order_BYX, time_BYX, *direction_and_more = found_BCYX.unbind(1)
    assert ink_BYX[0].mean() > 0.8  # the margin is none of it
    for dot in (1, 2):
        assert ink_BYX[dot, 15:17, 15:17].min() > 0.7
        torch.testing.assert_close(order_BYX[dot], ink_BYX[dot])
        torch.testing.assert_close(time_BYX[dot], ink_BYX[dot])
        assert not torch.stack(direction_and_more[:2])[:, dot].any()


def test_a_pixel_has_a_place_in_the_drawing() -> None:
    assert pixel_to_place(2, 64, 2) == -0.5
    assert pixel_to_place(61, 64, 2) == 0.5
    assert pixel_to_place(31.5, 64, 0) == 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"size": 31}, r"model.picture.size=31: expected 32 to 256 pixels a side"),
        ({"size": 257}, r"model.picture.size=257: expected 32 to 256"),
        ({"line": 0.9}, r"model.picture.line=0.9: expected 1 to 4 pixels, an eighth of the picture"),
        ({"line": 4.1}, r"model.picture.line=4.1: expected 1 to 4"),
        ({"line": math.nan}, r"model.picture.line=nan: expected 1 to 4"),
        ({"margin": -1.0}, r"model.picture.margin=-1.0: expected 0 to 8 pixels, a quarter of the picture"),
        ({"margin": 8.5}, r"model.picture.margin=8.5: expected 0 to 8"),
        ({"channels": ["inc"]}, r"model.picture.channels=inc: did you mean ink\? There are ink, "),
        ({"channels": ["ink", "contry"]}, r"channels=contry: did you mean country or country_code\? There are"),
        ({"channels": ["ink", "mood"]}, r"channels=mood: There are ends, |channels=mood: There are ink, "),
        ({"channels": ["ink", "order", "ink"]}, r"channels=ink,order,ink: expected one or more of ink, none of th"),
        ({"channels": ["country"]}, r"channels=country: expected one or more of ink"),
        ({"channels": []}, r"model.picture.channels=: expected one or more of ink"),
    ],
    ids=str,
)
def test_what_can_be_no_picture_is_named(settings: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Picture(replace(ALL, **settings))  # type: ignore[arg-type]


def test_the_largest_and_the_smallest_are_drawn() -> None:
    strokes = pad_together(drawings())
    for size, line, margin in ((32, 4.0, 8.0), (256, 1.0, 0.0)):
        ink_BCYX = picture(strokes, "ink", size=size, line=line, margin=margin)
        assert ink_BCYX.shape == (6, 1, size, size)
        reach = line / 2 + 0.5
        inked = ink_BCYX[0, 0].nonzero()
        assert inked.min() >= math.floor(margin - reach)
        assert inked.max() <= size - 1 - math.floor(margin - reach)
