"""Drawings as pictures: what is drawn of them in which planes, for models that look and do not read.

A channel is one or more planes, numbers from 0 to 1 (direction and time from -1 to 1) where there is ink and 0 where
there is none; only what says where a drawing comes from lies elsewhere too.
"""

from collections.abc import Callable
from difflib import get_close_matches
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from inkseq.drawings.padded import COUNTRIES, Strokes, begins, is_real
from inkseq.drawings.pixels import Images, Input, of_strokes, resize
from inkseq.drawings.raster import Lines, keep, paint, share_out, trace
from inkseq.errors import UserError
from inkseq.families import PictureConfig
from inkseq.models.binarise import BINARISE

SIZES = 32, 256
UNKNOWN = 0.2  # share of drawings, in training, whose country is kept from the network
STROKES = 10  # that have a shade or a colour of their own
CORNER = 10  # bits of a country's code
# Ten colours as far apart as may be on black, red, green and blue.
COLOURS = [
    (1.0, 1.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.3, 1.0), (1.0, 1.0, 0.0),
    (1.0, 0.0, 1.0), (0.0, 1.0, 1.0), (1.0, 0.5, 0.0), (0.5, 0.0, 1.0), (0.5, 0.7, 0.4),
]  # fmt: skip


class Traced(NamedTuple):
    """Drawings, their lines in pixels, and the colours that strokes may have."""

    drawings: Strokes
    lines: Lines
    colour_S3: Tensor

    @property
    def stroke_BT(self) -> Tensor:
        """The number of each point's stroke."""
        return pad(self.drawings.pen_BT[:, :-1], (1, 0)).cumsum(1)


def order(traced: Traced) -> Tensor:
    """How early the stroke came: all for the first, 13 of 255 less for each after it, down to the eleventh."""
    return 1 - (13 / 255) * traced.stroke_BT.clamp(max=STROKES)[:, :, None]


def time(traced: Traced) -> Tensor:
    """When along the drawing's ink the line came, without steps: from 1 at its beginning to -1 at its end."""
    way_BT2 = traced.lines.to_BT2 - traced.lines.from_BT2
    ink_BT = way_BT2.norm(dim=-1).cumsum(1)
    share_BT1: Tensor = ink_BT[:, :, None] / ink_BT[:, -1:, None].clamp(min=1)
    return 1 - 2 * share_BT1


def direction(traced: Traced) -> Tensor:
    """The line's direction, the same both ways: cosine and sine of twice its angle; nothing for a dot."""
    way_BT2 = traced.lines.to_BT2 - traced.lines.from_BT2
    x_BT, y_BT = (way_BT2 / way_BT2.norm(dim=-1, keepdim=True).clamp(min=1e-3)).unbind(-1)
    return torch.stack([x_BT.square() - y_BT.square(), 2 * x_BT * y_BT], dim=-1)


def stroke_colours(traced: Traced) -> Tensor:
    """Each stroke in one of ten colours, by turns."""
    return traced.colour_S3[traced.stroke_BT % len(COLOURS)]


Value = Callable[[Traced], Tensor]  # value_BTA of each line
VALUES: dict[str, tuple[Value, int]] = {  # and how many planes that makes
    "order": (order, 1),
    "time": (time, 1),
    "direction": (direction, 2),
    "stroke_colours": (stroke_colours, 3),
}
OF_INK = {"ink": 1, "ends": 2} | {name: planes for name, (_, planes) in VALUES.items()}
OF_COUNTRY = {"country": 1, "country_code": 1}
CHANNELS = OF_INK | OF_COUNTRY  # name -> planes


class Picture(nn.Module):
    """Drawings -> picture_BCYX, C being `planes`: those of ink in the order asked for, then those of the country."""

    colours: Tensor

    def __init__(self, config: PictureConfig) -> None:
        super().__init__()
        check(config)
        self.size, self.line, self.margin = config.size, config.line, config.margin
        self.binarise = BINARISE[config.binarise]
        self.of_ink = [name for name in config.channels if name in OF_INK]
        self.of_country = [name for name in config.channels if name in OF_COUNTRY]
        self.planes = sum(CHANNELS[name] for name in config.channels)
        # On the device from the start, since a captured step can fetch nothing.
        self.register_buffer("colours", torch.tensor(COLOURS), persistent=False)
        if "country" in self.of_country:
            self.country = nn.Embedding(COUNTRIES, 1)

    def forward(self, drawings: Input) -> Tensor:
        return self.complete(self.ink(drawings), drawings)

    @torch.no_grad()
    def ink(self, drawings: Input) -> Tensor:
        """The planes that are drawn; an image is ink already."""
        if isinstance(drawings, Images):
            return self.binarise(resize(drawings.ink_BYX, self.size))[:, None]
        lines = trace(drawings, self.size, self.margin)
        traced = Traced(drawings, lines, self.colours)
        names = [name for name in self.of_ink if name in VALUES]
        values = [VALUES[name][0](traced) for name in names]
        drawn_BCYX = self._paint(lines, torch.cat([lines.to_BT2[:, :, :0], *values], dim=-1))
        parts = torch.split(drawn_BCYX, [1, *(VALUES[name][1] for name in names)], dim=1)
        planes = dict(zip(["ink", *names], parts, strict=True))
        planes["ink"] = self.binarise(planes["ink"][:, 0])[:, None]  # as scans are
        if "ends" in self.of_ink:
            planes["ends"] = self._ends(drawings, lines)
        return torch.cat([planes[name] for name in self.of_ink], dim=1)

    def complete(self, ink_BCYX: Tensor, drawings: Input) -> Tensor:
        """With the planes that are the same all over, or the same for all drawings of a country."""
        if not self.of_country:
            return ink_BCYX
        country_B, planes = of_strokes(drawings).country_B, [ink_BCYX]
        if self.training:  # modality dropout: whoever asks later may not know the country
            country_B = country_B * (torch.rand(country_B.shape, device=country_B.device) >= UNKNOWN)
        for name in self.of_country:
            if name == "country":
                planes.append(self.country(country_B)[:, :, None, None].expand(-1, -1, self.size, self.size))
            else:
                planes.append(self._in_corner(country_B))
        return torch.cat(planes, dim=1)

    def channels(self, picture_BCYX: Tensor) -> dict[str, Tensor]:
        """The planes of each channel."""
        names = [*self.of_ink, *self.of_country]
        return dict(zip(names, torch.split(picture_BCYX, [CHANNELS[name] for name in names], dim=1), strict=True))

    def share_out(self, of_pixel_BYX: Tensor, drawings: Strokes) -> Tensor:
        """share_BT: what each pixel is worth, divided among the points whose lines are on it."""
        return share_out(of_pixel_BYX, trace(drawings, self.size, self.margin), self.line)

    def _paint(self, lines: Lines, value_BTA: Tensor) -> Tensor:
        return paint(lines, value_BTA, self.line, self.size)

    def _ends(self, drawings: Strokes, lines: Lines) -> Tensor:
        """Where strokes begin, and where they end."""
        dots, no_value = Lines(lines.to_BT2, lines.to_BT2), lines.to_BT2[:, :, :0]
        where = begins(drawings.pen_BT) & is_real(drawings), drawings.pen_BT
        return torch.cat([self._paint(keep(dots, kept_BT), no_value) for kept_BT in where], dim=1)

    def _in_corner(self, country_B: Tensor) -> Tensor:
        """The country's number in the lower right corner, two rows of squares, a bit each."""
        side = max(self.size // 32, 1)
        bit_Q = 2 ** torch.arange(CORNER, device=country_B.device)
        bit_BYX = (country_B[:, None] & bit_Q).bool().float().view(-1, 2, CORNER // 2)
        squares_BYX = bit_BYX.repeat_interleave(side, 1).repeat_interleave(side, 2)
        left, above = self.size - squares_BYX.shape[2], self.size - squares_BYX.shape[1]
        return pad(squares_BYX, (left, 0, above, 0))[:, None]


def check(config: PictureConfig) -> None:
    """Refuse what no picture can be."""
    low, high = SIZES
    if not low <= config.size <= high:
        raise UserError(f"model.picture.size={config.size}: expected {low} to {high} pixels a side")
    if not 1 <= config.line <= config.size / 8:
        raise UserError(
            f"model.picture.line={config.line}: expected 1 to {config.size / 8:g} pixels, an eighth of the picture"
        )
    if not 0 <= config.margin <= config.size / 4:
        raise UserError(
            f"model.picture.margin={config.margin}: expected 0 to {config.size / 4:g} pixels, a quarter of the picture"
        )
    for name in config.channels:
        if name not in CHANNELS:
            near = get_close_matches(name, CHANNELS, n=2, cutoff=0.5)
            meant = f"did you mean {' or '.join(near)}? " if near else ""
            raise UserError(f"model.picture.channels={name}: {meant}There are {', '.join(CHANNELS)}")
    if not set(config.channels) & set(OF_INK) or len(set(config.channels)) < len(config.channels):
        raise UserError(
            f"model.picture.channels={','.join(config.channels)}: expected one or more of ink, none of them twice"
        )


def pixel_to_place(pixel: float, size: int, margin: float) -> float:
    """Where a pixel lies, 0 being the drawing's middle and 1 its larger side."""
    return (pixel - (size - 1) / 2) / (size - 1 - 2 * margin)
