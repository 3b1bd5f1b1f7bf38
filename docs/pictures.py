"""docs/page.png and docs/live.png: `python -m docs.pictures http://127.0.0.1:8000` draws on that page by mouse."""

import io
import sys
from itertools import pairwise
from math import cos, hypot, radians, sin
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import CHROMIUM

DOCS = Path(__file__).parent
Line = list[tuple[float, float]]  # 0..1, of the paper


def arc(x: float, y: float, across: float, down: float, begin: int, end: int) -> Line:
    """Part of an ellipse, between angles, by an unsteady hand."""
    turns = [radians(begin + (end - begin) * i / 36) for i in range(37)]
    return [(x + across * cos(t) + 0.004 * sin(3 * t), y + down * sin(t) + 0.004 * cos(2 * t)) for t in turns]


def line(*corners: tuple[float, float]) -> Line:
    """From corner to corner."""
    points = [corners[0]]
    for (x, y), (u, v) in pairwise(corners):
        steps = max(2, round(hypot(u - x, v - y) * 25))
        points += [(x + (u - x) * i / steps, y + (v - y) * i / steps) for i in range(1, steps + 1)]
    return points


CAT = [
    arc(0.5, 0.56, 0.30, 0.28, -60, -425),
    line((0.27, 0.40), (0.25, 0.13), (0.42, 0.29)),
    line((0.58, 0.285), (0.74, 0.12), (0.74, 0.39)),
    arc(0.39, 0.50, 0.032, 0.045, 0, 370),
    arc(0.61, 0.50, 0.032, 0.045, 0, 370),
    line((0.47, 0.61), (0.53, 0.61), (0.50, 0.65), (0.47, 0.61)),
    arc(0.45, 0.655, 0.05, 0.06, 10, 150),
    arc(0.55, 0.655, 0.05, 0.06, 30, 170),
    *(line((0.5 + 0.2 * s, 0.60 + d), (0.5 + 0.42 * s, 0.54 + 3 * d)) for s in (-1, 1) for d in (0, 0.04)),
]
BICYCLE = [
    arc(0.24, 0.59, 0.17, 0.17, -80, 285),
    arc(0.76, 0.59, 0.17, 0.17, -80, 285),
    line((0.24, 0.59), (0.40, 0.35), (0.66, 0.35), (0.48, 0.59), (0.24, 0.59)),
    line((0.48, 0.59), (0.37, 0.29)),
    line((0.31, 0.29), (0.44, 0.28)),
    line((0.76, 0.59), (0.63, 0.23)),
    line((0.63, 0.23), (0.72, 0.21), (0.76, 0.26)),
]


def draw(page: Page, strokes: list[Line]) -> None:
    box = page.locator("#pad").bounding_box()
    assert box
    for stroke in strokes:
        places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()
    page.wait_for_timeout(1500)


def opened(browser: Browser, address: str, width: int, height: int, scheme: str, word: str) -> Page:
    """The page, asking for that word."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(address)
    page.locator("#next").wait_for()
    page.evaluate("asked => { while (task.textContent !== asked) next.click(); }", f"Draw a {word}")
    return page


def shot(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def beside(pictures: list[Image.Image], gap: int, ground: str) -> Image.Image:
    whole = Image.new("RGB", (sum(one.width + gap for one in pictures) - gap, pictures[0].height), ground)
    left = 0
    for one in pictures:
        whole.paste(one, (left, 0))
        left += one.width + gap
    return whole.quantize(160, dither=Image.Dither.NONE)


def main(address: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        desk = opened(browser, address, 1000, 660, "light", "cat")
        draw(desk, CAT)
        phone = opened(browser, address, 330, 660, "dark", "bicycle")
        draw(phone, BICYCLE)
        phone.locator("#why").click()
        phone.wait_for_timeout(3000)
        beside([shot(desk), shot(phone)], 16, "white").save(DOCS / "page.png", optimize=True)
        growing, moments = opened(browser, address, 330, 700, "light", "bicycle"), []
        for strokes in ([BICYCLE[0][:20]], [BICYCLE[0]], BICYCLE[:2], BICYCLE):
            growing.locator("#clear").click()
            draw(growing, strokes)
            moments.append(shot(growing).crop((0, 58, 330, 640)))
        beside(moments, 12, "#f6f7f9").save(DOCS / "live.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
