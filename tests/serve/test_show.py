"""The page as a thing to show: a word to draw, keys, a game's picture; small, large, dark, heard, and with a pen."""

import io
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Request, expect

from inkseq.inference.recogniser import Recogniser
from inkseq.serve.app import Server
from inkseq.serve.own import OwnDrawings
from tests.browser import DESKTOP, browser, needs_chromium, open_page, violations
from tests.serve.conftest import listening_to
from tests.serve.test_page import Strokes, draw, draw_until_known, drawings, sheet, wait_for_sheet

pytestmark = [needs_chromium, pytest.mark.slow]
__all__ = ["browser", "drawings"]

SIDE, GAP, HEAD, WIDTH = 340, 36, 230, 1164  # of a game's picture


@pytest.fixture(scope="module")
def address(recogniser: Recogniser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    own = OwnDrawings(tmp_path_factory.mktemp("shown") / "own.ndjson")
    with listening_to(Server(recogniser, own, 0.5, 10_000)) as place:
        yield f"http://127.0.0.1:{place[1]}/"


@pytest.fixture(scope="module")
def opened(browser: Browser, address: str) -> Iterator[tuple[Page, list[str]]]:
    page, complaints = open_page(browser, address, DESKTOP)
    yield page, complaints
    page.close()


@pytest.fixture
def page(opened: tuple[Page, list[str]]) -> Iterator[Page]:
    """The one page of these tests, at its beginning."""
    page, complaints = opened
    page.get_by_role("tab", name="Draw").click()
    expect(page.locator("#verdict")).to_have_text("Draw something.")
    yield page
    assert complaints == []


def asked_for(page: Page) -> str:
    return page.locator("#task").inner_text().split(" ", 2)[2]


def show(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})


def test_it_opens_with_a_word_and_says_when_that_is_drawn(page: Page, drawings: dict[str, Strokes]) -> None:
    seen = set()
    for _ in drawings:
        draw(page, drawings[asked_for(page)])
        expect(page.locator("#ask")).to_have_class("done")
        seen.add(asked_for(page))
        page.get_by_role("button", name="Next word").click()
        expect(page.locator("#ask")).not_to_have_class("done")
    assert seen == set(drawings)  # each once before any comes again
    other = next(word for word in drawings if word != asked_for(page))
    draw(page, drawings[other])
    expect(page.locator("#verdict")).to_have_text(f"I know: it’s a {other}!")
    expect(page.locator("#ask")).not_to_have_class("done")


def test_what_mattered_is_drawn_again_until_the_pen_is_used(page: Page, drawings: dict[str, Strokes]) -> None:
    page.emulate_media(reduced_motion="reduce")
    expect(page.locator("#why")).to_be_disabled()
    draw(page, drawings["star"])
    expect(page.locator("#guesses li").first).to_contain_text("star")
    drawn = sheet(page)
    page.get_by_role("button", name="Why?").click()
    expect(page.locator("#legend")).to_be_visible()
    wait_for_sheet(page, "!==", drawn)
    whole = sheet(page)
    page.wait_for_timeout(100)
    assert sheet(page) == whole  # nothing moves for those who want that
    draw(page, [[[0, 9], [0, 9]]])
    expect(page.locator("#legend")).to_be_hidden()
    page.keyboard.press("Control+z")
    wait_for_sheet(page, "===", drawn)
    page.emulate_media(reduced_motion="no-preference")
    page.get_by_role("button", name="Why?").click()
    expect(page.locator("#legend")).to_be_visible()
    wait_for_sheet(page, "===", whole)


def test_a_game_leaves_a_picture_of_what_was_drawn(page: Page, drawings: dict[str, Strokes], tmp_path: Path) -> None:
    page.get_by_role("tab", name="Play").click()
    page.locator("#start").click()
    for n in range(3):
        expect(page.locator("#score")).to_have_text(f"Word {n + 1} of 3")
        if n == 1:
            page.get_by_role("button", name="Next word").click()
        else:
            draw_until_known(page, drawings[asked_for(page)])
    expect(page.locator("#score")).to_contain_text("I knew 2 of 3, after ")
    hung = sheet(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as a picture").click()
    download.value.save_as(tmp_path / "inkseq.png")
    shown_YX = np.asarray(Image.open(tmp_path / "inkseq.png").convert("L"))
    assert shown_YX.shape[1] == WIDTH
    inner = [shown_YX[HEAD + 9 : HEAD + SIDE - 9, left + 9 : left + SIDE - 9] for left in range(GAP, WIDTH, SIDE + GAP)]
    assert [bool(cell.min() < 128) for cell in inner] == [True, False, True]
    assert (inner[1] == 255).all()
    page.locator("#rounds button").first.click()
    expect(page.locator("#legend")).to_be_visible()
    wait_for_sheet(page, "!==", hung)
    assert violations(page) == {}


def test_everything_can_be_done_with_keys(page: Page) -> None:
    page.get_by_role("tab", name="Draw").focus()
    for name in ("next", "pad"):
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_id(name)
    before = sheet(page)
    page.keyboard.press("ArrowUp")  # the pen is seen before it draws
    wait_for_sheet(page, "!==", before)
    expect(page.locator("#guesses li")).to_have_count(0)
    page.keyboard.press("Space")
    for way in ("Right", "Down", "Left", "Up"):
        for _ in range(9):
            page.keyboard.press(f"Arrow{way}")
    page.keyboard.press("Space")
    expect(page.locator("#guesses li")).to_have_count(3)
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.locator("#guesses li")).to_have_count(0)
    page.get_by_role("tab", name="Draw").focus()
    page.keyboard.press("ArrowRight")
    page.locator("#start").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#pad")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    for n in range(3):
        expect(page.locator("#score")).to_have_text(f"Word {n + 1} of 3")
        page.keyboard.press("Enter")
    expect(page.locator("#score")).to_have_text("I knew 0 of 3.")
    expect(page.get_by_role("button", name="Once more")).to_be_focused()


@pytest.mark.parametrize("size", [(360, 640), (740, 360), (1080, 1920), (3840, 2160)])
def test_it_fits_any_screen_light_and_dark(page: Page, drawings: dict[str, Strokes], size: tuple[int, int]) -> None:
    show(page, size)
    draw(page, drawings["ladder"])
    expect(page.locator("#guesses li")).to_have_count(3)
    for tab in ("Draw", "Play", "Teach"):
        page.get_by_role("tab", name=tab).click()
        assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    paper = page.locator("#pad").bounding_box()
    assert paper
    assert paper["width"] > 0.35 * min(size)
    page.emulate_media(color_scheme="dark")
    assert violations(page) == {}
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 28)"
    page.emulate_media(color_scheme="light")
    show(page, DESKTOP)


def test_a_pen_pressed_harder_draws_thicker_and_is_asked_about_the_same(page: Page) -> None:
    pen = page.context.new_cdp_session(page)
    thickness, asked = [], []
    for force in (0.1, 0.9):
        with page.expect_request(asks_of_a_line) as request:
            for kind, x in (("mousePressed", 300), ("mouseMoved", 400), ("mouseReleased", 400)):
                event = {"type": kind, "x": x, "y": 400, "button": "left", "buttons": 1, "clickCount": 1}
                pen.send("Input.dispatchMouseEvent", event | {"pointerType": "pen", "force": force})
        asked.append([column[:2] for column in asked_about(request.value)])
        expect(page.locator("#guesses li")).to_have_count(3)
        shown_YXC = np.asarray(Image.open(io.BytesIO(page.locator("#pad").screenshot())).convert("L"))
        thickness.append(int((shown_YXC < 128).sum()))
        page.get_by_role("button", name="Clear").click()
        expect(page.locator("#guesses li")).to_have_count(0)
    assert asked[0] == asked[1]
    assert thickness[1] > 2 * thickness[0]


def asks_of_a_line(request: Request) -> bool:
    return request.url.endswith("/predict") and len(asked_about(request)[0][0]) > 1


def asked_about(request: Request) -> Strokes:
    strokes: Strokes = json.loads(request.post_data or "")["strokes"]
    return strokes


def test_one_who_hears_the_page_hears_what_it_settles_on(page: Page, drawings: dict[str, Strokes]) -> None:
    assert page.locator("#verdict").get_attribute("aria-live") is None
    page.evaluate(
        """() => {
            window.heard = [];
            const said = document.getElementById("said");
            new MutationObserver(() => heard.push(said.textContent)).observe(said, { childList: true });
        }"""
    )
    draw(page, drawings["cat"])
    expect(page.locator("#said")).to_have_text("I know: it’s a cat!")
    page.wait_for_timeout(1200)
    heard = page.evaluate("heard")
    assert heard[-1] == "I know: it’s a cat!"
    assert all(one != other for one, other in pairwise(heard))
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#said")).to_have_text("Draw something.")


def test_two_pages_at_once_have_a_drawing_each(
    browser: Browser, address: str, page: Page, drawings: dict[str, Strokes]
) -> None:
    other, complaints = open_page(browser, address, DESKTOP)
    for strokes in zip(*(drawings[word] for word in ("cat", "star")), strict=False):
        for one, stroke in zip((page, other), strokes, strict=True):
            draw(one, [stroke])
    for one, word in ((page, "cat"), (other, "star")):
        one.keyboard.press("Escape")
        draw(one, drawings[word])
        expect(one.locator("#guesses li").first).to_contain_text(word)
    assert complaints == []
    other.close()
