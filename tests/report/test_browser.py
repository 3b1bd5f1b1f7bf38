"""The report in a real browser: nothing missing, nothing too wide, readable, and to be used without a mouse."""

import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from playwright.sync_api import Browser

from tests.browser import DESKTOP, PHONE, browser, needs_chromium, open_page, violations

pytestmark = [needs_chromium, pytest.mark.slow]
__all__ = ["browser"]


WIDER = """() => [...document.querySelectorAll("body *")].filter((one) => {
  const { right, width } = one.getBoundingClientRect();
  return width && right > innerWidth + 1 && !one.closest("nav ul, .scroll");
}).map((one) => one.outerHTML.slice(0, 100))"""
CUT = """() => [...document.querySelectorAll(".scroll")].filter((one) => one.scrollWidth > one.clientWidth)
  .map((one) => one.getAttribute("aria-label"))"""
BROKEN = """() => {
  const broken = [], range = document.createRange();
  const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) for (const { 0: word, index } of walk.currentNode.data.matchAll(/[^\\s-]+/g)) {
    range.setStart(walk.currentNode, index);
    range.setEnd(walk.currentNode, index + word.length);
    const lines = new Set([...range.getClientRects()].map(({ bottom }) => Math.round(bottom)));
    if (word.length <= 12 && lines.size > 1) broken.push(word);
  }
  return broken;
}"""

PLATES = """() => [...document.querySelectorAll(".chart, .ink, .map > svg")].filter((one) => one.checkVisibility())
  .map((one) => one.getBoundingClientRect()).filter(({ width }) => width)
  .map(({ left, top, right, bottom }) => [left, top, right, bottom].map(Math.round))"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE, (390, 844)], ids=["desktop", "phone", "larger"])
@pytest.mark.parametrize("which", ["page", "image_page"])
def test_fits_and_can_be_read(
    browser: Browser, which: str, size: tuple[int, int], scheme: str, request: pytest.FixtureRequest
) -> None:
    page: Path = request.getfixturevalue(which)
    opened, complaints = open_page(browser, page.as_uri(), size, scheme)
    assert opened.evaluate("document.documentElement.scrollWidth") == size[0]
    for wrong in (WIDER, CUT, BROKEN):
        assert opened.evaluate(wrong) == []
    if scheme == "dark":
        looks_YX = imread(io.BytesIO(opened.screenshot(full_page=True)))[..., :3].mean(axis=2)
        for left, top, right, bottom in opened.evaluate(PLATES):
            assert np.quantile(looks_YX[top:bottom, left:right], 0.3) < 0.3  # no white plate
    assert violations(opened) == {}
    assert complaints == []
    opened.close()


def test_tables_are_sorted_and_searched_by_keys(browser: Browser, page: Path) -> None:
    opened, complaints = open_page(browser, page.as_uri(), DESKTOP)
    table = opened.locator("#class-table")
    names = table.locator("tbody tr:visible th")
    before = names.all_inner_texts()
    head = table.get_by_role("button", name="class", exact=True)
    head.focus()
    opened.keyboard.press("Enter")
    assert names.all_inner_texts() == sorted(before, key=str.lower)
    opened.keyboard.press("Space")
    assert names.all_inner_texts() == sorted(before, key=str.lower, reverse=True)
    assert table.locator("th[aria-sort]").count() == 1

    opened.get_by_role("searchbox").focus()
    opened.keyboard.type("SCRIPT")
    assert names.all_inner_texts() == ['<script>alert("cat")</script>']
    assert opened.locator("#class-told").inner_text() == "1 of 3 classes"
    assert complaints == []
    opened.close()


def test_the_map_is_walked_by_keys_and_pointed_at(browser: Browser, page: Path) -> None:
    opened, complaints = open_page(browser, page.as_uri(), PHONE)
    opened.locator(".map > svg").focus()
    opened.keyboard.press("ArrowRight")
    first = opened.locator("#look-words").inner_text()
    opened.keyboard.press("ArrowRight")
    second = opened.locator("circle.on").get_attribute("cx")
    assert first
    assert opened.locator("circle.on").count() == 1
    opened.keyboard.press("ArrowLeft")
    assert float(opened.locator("circle.on").get_attribute("cx") or 0) < float(second or 0)
    point = opened.locator(".map circle").last
    point.scroll_into_view_if_needed()
    point.dispatch_event("pointerover", {"bubbles": True})
    drawing = opened.locator("#look use").get_attribute("href")
    assert drawing == f"#d{point.get_attribute('data-d')}"
    assert opened.locator(f"g{drawing} path").count() > 0
    assert complaints == []
    opened.close()


@pytest.mark.parametrize("which", ["page", "image_page"])
def test_every_picture_is_there(browser: Browser, which: str, request: pytest.FixtureRequest) -> None:
    page: Path = request.getfixturevalue(which)
    opened, complaints = open_page(browser, page.as_uri(), DESKTOP)
    missing = opened.evaluate(
        "[...document.querySelectorAll('use')].map(u => u.getAttribute('href'))"
        ".filter(h => h && !document.querySelector(h))"
    )
    assert missing == []
    opened.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    widths = opened.evaluate("[...document.images].map(image => image.naturalWidth)")
    assert 0 not in widths
    assert len(widths) >= 4
    assert complaints == []
    opened.close()


def test_links_to_sections_do_not_overlap(browser: Browser, page: Path) -> None:
    opened, _ = open_page(browser, page.as_uri(), PHONE)
    boxes = [link.bounding_box() for link in opened.locator("nav a").all()]
    for left, right in pairwise(boxes):
        assert left
        assert right
        assert left["x"] + left["width"] <= right["x"]
    opened.close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_matrix_is_read_out_by_keys_and_touch(browser: Browser, page: Path, size: tuple[int, int]) -> None:
    opened, complaints = open_page(browser, page.as_uri(), size)
    named, matrix, told = opened.locator(".chart.named"), opened.locator("#matrix"), opened.locator("#matrix-words")
    assert (named.is_visible(), matrix.is_visible()) == ((True, False) if size == DESKTOP else (False, True))
    if size == PHONE:
        matrix.focus()
        opened.keyboard.press("ArrowDown")
        names = opened.evaluate("names")
        assert told.inner_text().startswith(f"drawn {names[1]}, said {names[0]}: ")
        box = matrix.bounding_box()
        assert box
        matrix.click(position={"x": box["width"] - 3, "y": 3})
        assert told.inner_text().startswith(f"drawn {names[0]}, said {names[2]}: ")
    assert complaints == []
    opened.close()
