"""SVG against formulas: curves, arcs, shapes, transforms; what is drawn and what is not; what must do nothing."""

import math
import re
import time
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
import pytest
from numpy.typing import NDArray

from inkseq.drawings import svg
from inkseq.drawings.canonical import Rejected
from inkseq.drawings.entries import Entry, drawing_entry
from inkseq.drawings.svg_path import subpaths
from inkseq.drawings.xml import parse_xml
from tests.predict.conftest import entries_of


def strokes(inside: str, attributes: str = "") -> list[list[list[float]]]:
    return svg.strokes(parse_xml(f"<svg {attributes}>{inside}</svg>".encode()))


def points(data: str) -> NDArray[np.complex128]:
    """Those of a path that puts the pen down once."""
    [line] = subpaths(data)
    return line


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("M1 2L3 4", [1 + 2j, 3 + 4j]),
        ("m1,2,3,4", [1 + 2j, 4 + 6j]),
        ("M1 2 3 4", [1 + 2j, 3 + 4j]),
        ("M1 2H5V6h-1v-1", [1 + 2j, 5 + 2j, 5 + 6j, 4 + 6j, 4 + 5j]),
        ("M.5.5-1-1e1", [0.5 + 0.5j, -1 - 10j]),
        ("  M 0 0 l 1e0 +2 ", [0, 1 + 2j]),
        ("M1 1h2v2z", [1 + 1j, 3 + 1j, 3 + 3j, 1 + 1j]),
    ],
)
def test_lines(data: str, expected: list[complex]) -> None:
    assert points(data).tolist() == expected


def test_the_pen_is_up_between_subpaths() -> None:
    found = [line.tolist() for line in subpaths("M0 0L1 1M5 5m1 1l1 0zL9 9")]
    assert found == [[0, 1 + 1j], [6 + 6j, 7 + 6j, 6 + 6j], [6 + 6j, 9 + 9j]]


def bernstein(controls: list[complex]) -> NDArray[np.complex128]:
    t, n = np.linspace(0, 1, 33), len(controls) - 1
    return sum(np.asarray(math.comb(n, i) * (1 - t) ** (n - i) * t**i * p) for i, p in enumerate(controls))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("data", "curves"),
    [
        ("M0 0C1 5 6 5 7 1", [[0, 1 + 5j, 6 + 5j, 7 + 1j]]),
        ("M1 1c1 5 6 5 7 1", [[1 + 1j, 2 + 6j, 7 + 6j, 8 + 2j]]),
        ("M0 0Q4 9 8 0", [[0, 4 + 9j, 8]]),
        ("M0 0Q4 9 8 0T16 0", [[0, 4 + 9j, 8], [8, 12 - 9j, 16]]),
        ("M0 0q4 9 8 0t8 0 8 0", [[0, 4 + 9j, 8], [8, 12 - 9j, 16], [16, 20 + 9j, 24]]),
        ("M0 0C1 5 6 5 7 1S9 9 10 0", [[0, 1 + 5j, 6 + 5j, 7 + 1j], [7 + 1j, 8 - 3j, 9 + 9j, 10]]),
        ("M0 0L7 1S9 9 10 0", [[0, 7 + 1j], [7 + 1j, 7 + 1j, 9 + 9j, 10]]),
        ("M0 0Q4 9 8 0S9 9 10 0", [[0, 4 + 9j, 8], [8, 8, 9 + 9j, 10]]),  # a smooth cubic after another kind
    ],
)
def test_curves_are_bernsteins(data: str, curves: list[list[complex]]) -> None:
    parts = [bernstein(controls)[1:] if len(controls) > 2 else controls[1:] for controls in curves]
    np.testing.assert_allclose(points(data), np.concatenate([[curves[0][0]], *parts]), atol=1e-12)


@pytest.mark.parametrize(
    ("flags", "centre", "through"),
    [
        ("0 1", 0, 7.07 + 7.07j),
        ("0 0", 10 + 10j, 2.93 + 2.93j),
        ("1 1", 10 + 10j, 17.07 + 17.07j),
        ("1 0", 0, -7.07 - 7.07j),
    ],
)
def test_arcs_of_a_circle(flags: str, centre: complex, through: complex) -> None:
    arc = points(f"M10 0A10 10 0 {flags} 0 10")
    np.testing.assert_allclose(abs(arc - centre), 10)
    assert abs(arc - through).min() < 0.5
    assert abs(np.diff(arc)).max() < 2 * abs(np.diff(arc)).min()
    assert (arc[0], arc[-1]) == (10, 10j)
    np.testing.assert_array_equal(points(f"M10 0a10 10 0 {flags.replace(' ', '')}-10 10"), arc)


def test_arcs_turned_stretched_too_small_and_flat() -> None:
    turned = points("M0 0A20 10 30 0 1 15 9") * np.exp(-1j * math.radians(30))
    x, y = turned.real, turned.imag / 10 * 20
    circle = np.linalg.lstsq(np.stack([x, y, np.ones(len(x))], 1), x**2 + y**2, rcond=None)
    assert circle[1] < 1e-12  # all on one circle, once the ellipse is made one
    half = points("M0 0A1 1 0 0 1 10 0")
    np.testing.assert_allclose(abs(half - 5), 5)
    assert half[16] == pytest.approx(5 - 5j)
    assert points("M0 0A0 5 0 0 1 10 0").tolist() == [0, 10]


def test_shapes_are_the_paths_they_stand_for() -> None:
    [[xs, ys]] = strokes('<circle cx="5" cy="6" r="3"/>')
    np.testing.assert_allclose(np.hypot(np.array(xs) - 5, np.array(ys) - 6), 3)
    [[xs, ys]] = strokes('<ellipse cx="5px" cy="6" rx="3" ry="1"/>')
    np.testing.assert_allclose(np.hypot((np.array(xs) - 5) / 3, np.array(ys) - 6), 1)
    assert strokes('<rect x="1" y="2" width="3" height="4"/>') == [[[1, 4, 4, 1, 1], [2, 2, 6, 6, 2]]]
    assert strokes('<line x1="1" y2="1in"/>') == [[[1, 0], [0, 96]]]
    assert strokes('<polygon points="1,2 3,4 5,0"/>') == [[[1, 3, 5, 1], [2, 4, 0, 2]]]
    [[xs, ys]] = strokes('<rect width="10" height="8" rx="2"/>')
    assert (min(xs), max(xs), min(ys), max(ys)) == (0, 10, 0, 8)
    assert min(np.hypot(xs, ys)) == pytest.approx((math.sqrt(2) - 1) * 2)


@pytest.mark.parametrize(
    ("transform", "expected"),
    [
        ("translate(5)", (6, 2)),
        ("translate(5 6)scale(2,3)", (7, 12)),
        ("scale(2)", (2, 4)),
        ("rotate(90)", (-2, 1)),
        ("rotate(90, 1, 0)", (-1, 0)),
        ("skewX(45)", (3, 2)),
        ("skewY(45)", (1, 3)),
        ("matrix(1 2 3 4 5 6)", (12, 16)),
    ],
)
def test_transforms(transform: str, expected: tuple[float, float]) -> None:
    [[xs, ys]] = strokes(f'<path transform="{transform}" d="M0 0L1 2"/>')
    assert (xs[1], ys[1]) == pytest.approx(expected)
    [[xs, ys]] = strokes(f'<g transform="translate(3)"><g style="transform:{transform}"><path d="M0 0L1 2"/></g></g>')
    assert (xs[1], ys[1]) == pytest.approx((expected[0] + 3, expected[1]))


LINE = '<path id="it" d="M0 0L1 1"/>'


@pytest.mark.parametrize(
    ("inside", "count"),
    [
        (LINE, 1),
        (f"<defs>{LINE}</defs>", 0),
        (f'<defs>{LINE}</defs><use href="#it"/><use xlink:href="#it" x="3"/>', 2),
        (f'<symbol id="s">{LINE}{LINE}</symbol><use href="#s"/>', 2),
        ('<use href="#nowhere"/><use href="file:///etc/passwd"/><image href="/etc/passwd"/>', 0),
        (f'<g display="none">{LINE}</g><g style="fill:none; display: none">{LINE}</g>{LINE}', 1),
        (f'<g visibility="hidden">{LINE}</g><clipPath>{LINE}</clipPath><text>cat</text>{LINE}', 1),
        (f'<rect width="100%" height="100%" fill="white"/>{LINE}', 1),
        (f'<rect x="-1" y="-1" width="9" height="9" fill="white"/>{LINE}', 1),
        (f'<rect x="-1" y="-1" width="9" height="9" stroke="red"/>{LINE}', 2),
        (f'<g stroke="red"><rect x="-1" y="-1" width="9" height="9"/></g>{LINE}', 2),
        (f'<rect width="0.5" height="9"/>{LINE}', 2),
        ('<rect width="9" height="9"/>', 1),
        ('<path d=""/><path/><polyline/><path d="M1 1"/>', 0),
        ('<path inkscape:original-d="M0 0L1 1" d="M0 0L1 1M3 3L4 4"/>', 2),
    ],
)
def test_what_is_drawn(inside: str, count: int) -> None:
    assert len(strokes(inside)) == count


def test_a_document_type_without_entities_is_harmless() -> None:
    head = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    assert parse_xml(f"{head}<svg:svg><svg:path d='M0 0'/></svg:svg>".encode())[0].tag == "path"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("A1e-310 1e-310 0 0 1 7 9", [0, 7 + 9j]),
        ("A1e-310 1 0 0 1 7 9", [0, 7 + 9j]),
        ("A1e9 1e9 0 1 1 1e-300 0", [0, 1e-300]),
        ("A5 5 0 0 1 0 0", [0, 0]),
    ],
)
def test_an_arc_of_hardly_any_radius_or_length_is_a_line(data: str, expected: list[complex]) -> None:
    assert points(f"M0 0{data}").tolist() == expected


def test_an_arc_far_from_the_origin_is_as_round() -> None:
    far = points("M1e9 1e9a1e-9 1e-9 0 0 1 1.2e-7 0")
    assert np.isfinite(far).all()
    assert abs(far - far[0]).max() < 1e-6


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        ('<path d="M0 0L1"/>', "a path whose L has 1 numbers"),
        ('<path d="L1 1"/>', "a path that does not begin with M"),
        ('<path d="M0 0L1 x"/>', "something that is no number among numbers"),
        ('<path d="5M0 0"/>', "path data that begins with no command"),
        ('<path d="M0 0A1 2 3"/>', "a path whose arc is not of seven numbers"),
        ('<path d="M0 0L1e10 5"/>', "coordinate too large"),
        ('<path d="M0 0Lnan 5"/>', "something that is no number"),
        ('<line x2="50%"/>', "a line whose x2 is no length"),
        ('<path transform="rotate(1 2)" d="M0 0L1 1"/>', "a transform rotate of 2 numbers"),
        ('<g transform="scale(1e9)">' * 40 + LINE + "</g>" * 40, "coordinate is not finite"),
        ("<text>cat</text>", "empty drawing"),
        (f'<g id="a"><use href="#a"/>{LINE}</g>', "more than 10,000 elements"),
        (
            "".join(f'<g id="{i}"><use href="#{i + 1}"/><use href="#{i + 1}"/></g>' for i in range(50)),
            "more than 10,000 elements",
        ),
        ('<path d="M0 0' + "h1" * 60_000 + '"/>', "a path of more than 50,000 pieces"),
        ('<path d="M0 0' + "z" * 20_000 + '"/>', "a path of more than 50,000 pieces, or 10,000 strokes"),
        ('<path d="M0 0' + "z" * 9_000 + '"/>' + '<path d="M0 0zz"/>' * 900, "more than 10,000 elements, 10,000 str"),
        ('<path d="M0 0A' + "1" * 200_000 + '"/>', "a path whose arc is not of seven numbers"),
        (f'<rect width="{"1" * 200_000}x"/>', "a rect whose width is no length"),
        ('<g id="a"><use href="#a"/>' + "<g/>" * 9_000 + "</g>", "more than 10,000 elements"),
        (f'<path id="a" d="M0 0{"M1 1" * 9_000}"/>' + '<use href="#a"/>' * 4_900, "empty drawing"),
        (f'<g id="a" style="{"a:b;" * 50_000}"/>' + '<use href="#a"/>' * 4_900, "empty drawing"),
        ("<g>" * 1000 + "</g>" * 1000, "more than 100,000 elements, or more than 200 within each other"),
        ('<path transform="' + "translate(" * 50_000 + '" d=""/>', "empty drawing"),
        ('<path d="M0 0L' + "-" * 100_000 + '"/>', "something that is no number"),
        ("<path>", "malformed XML"),
    ],
)
def test_what_cannot_be_read_is_said_and_soon(inside: str, reason: str) -> None:
    start = time.process_time()
    assert entry(f"<svg>{inside}</svg>").error.startswith(reason)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "encoding", ["Shift_JIS", "euc_jp", "utf-7", "nonsense", "rot13", "idna", "utf-16", "undefined"]
)
def test_an_encoding_that_cannot_be_read_is_said(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text(f'<?xml version="1.0" encoding="{encoding}"?><svg>{LINE}</svg>')
    (tmp_path / "b.svg").write_text(f"<svg>{LINE}</svg>")
    bad, good = entries_of(tmp_path)
    assert re.match("XML in an encoding that cannot be read here; saved as UTF-8 it can|malformed XML", bad.error)
    assert good.drawing is not None


def entry(text: str) -> Entry:
    try:
        return drawing_entry("x", svg.strokes(parse_xml(text.encode())))
    except Rejected as reason:
        return Entry("x", None, str(reason))


@pytest.mark.parametrize("value", ['"' + "ha" * 9 + '"', 'SYSTEM "file:///etc/passwd"'])
def test_entities_do_nothing(value: str) -> None:
    text = f"<!DOCTYPE svg [<!ENTITY a {value}>]><svg><title>&a;</title>{LINE}</svg>"
    assert entry(text).error == "the document declares entities, which may expand to anything"


def test_a_large_flat_document_is_refused() -> None:
    with pytest.raises(Rejected, match="more than 100,000 elements"):
        parse_xml(b"<svg>" + b"<g/>" * 100_001 + b"</svg>")
    assert isinstance(parse_xml(b"<svg>" + b"<g/>" * 1000 + b"</svg>"), Element)
