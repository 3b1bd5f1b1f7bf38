"""The page in a real browser: drawn on with a pen, played through, taught, and looked at on a phone."""

import base64
import copy
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

import inkseq
from inkseq.data.packed import open_strokes
from inkseq.drawings.simplify import simplify
from inkseq.drawings.strokes import flatten, unflatten
from inkseq.inference.recogniser import Recogniser
from inkseq.serve.app import Server
from inkseq.serve.assets import PAGE
from inkseq.serve.own import OwnDrawings
from inkseq.serve.requests import MOST_BYTES
from tests.browser import DESKTOP, PHONE, browser, needs_chromium, open_page, violations
from tests.serve.conftest import listening_to

pytestmark = [needs_chromium, pytest.mark.slow]
__all__ = ["browser"]

Strokes = list[list[list[int]]]


@pytest.fixture(scope="session")
def drawings(packed: Path, recogniser: Recogniser) -> dict[str, Strokes]:
    """For each word a doodle that the recogniser knows best."""
    data = open_strokes(packed)
    best: dict[str, tuple[float, Strokes]] = {}
    for i in range(len(data)):
        strokes, word = unflatten(*data.drawing(i)), data.classes[data.labels[i]]
        chance = dict(recogniser.predict(strokes))[word]
        if chance > best.get(word, (0.0, []))[0]:
            best[word] = (chance, strokes)
    return {word: strokes for word, (_, strokes) in best.items()}


@pytest.fixture(params=[(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
def page(
    browser: Browser, address: tuple[str, int], request: pytest.FixtureRequest
) -> Iterator[tuple[Page, list[str], int]]:
    size, scheme = request.param
    opened, complaints = open_page(browser, f"http://127.0.0.1:{address[1]}/", size, scheme)
    expect(opened.locator("#known")).not_to_be_empty()
    yield opened, complaints, size[0]
    assert complaints == []
    opened.close()


def draw(page: Page, strokes: Strokes) -> None:
    """With the pointer, point by point, on the middle of the paper."""
    page.locator("#pad").scroll_into_view_if_needed()
    box = page.locator("#pad").bounding_box()
    assert box
    scale, left, top = box["width"] * 0.8 / 255, box["x"] + box["width"] * 0.1, box["y"] + box["height"] * 0.1
    for xs, ys in strokes:
        places = [(left + scale * x, top + scale * y) for x, y in zip(xs, ys, strict=True)]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()


def draw_until_known(page: Page, strokes: Strokes) -> None:
    for stroke in strokes:  # what is drawn after that might fall into the next round
        if page.locator("#task").inner_text().startswith("Draw"):
            draw(page, [stroke])


def test_a_drawing_is_named_while_it_is_drawn(page: tuple[Page, list[str], int], drawings: dict[str, Strokes]) -> None:
    opened, _, width = page
    for word, strokes in drawings.items():
        draw(opened, strokes)
        expect(opened.locator("#guesses li").first).to_contain_text(word)
        opened.locator("#clear").click()
        expect(opened.locator("#verdict")).to_have_text("Draw something.")
    draw(opened, drawings["star"])
    draw(opened, [[[0, 255], [0, 255]]])
    expect(opened.locator("#guesses li")).to_have_count(3)
    opened.keyboard.press("Control+z")
    expect(opened.locator("#guesses li").first).to_contain_text("star")
    assert opened.evaluate("document.documentElement.scrollWidth") == width
    assert violations(opened) == {}


def test_the_game_is_played_through(page: tuple[Page, list[str], int], drawings: dict[str, Strokes]) -> None:
    opened, _, width = page
    opened.get_by_role("tab", name="Play").click()
    opened.get_by_role("button", name="Start").click()
    for n in range(3):
        expect(opened.locator("#score")).to_have_text(f"Word {n + 1} of 3")
        word = opened.locator("#task").inner_text().split(" ", 2)[2]
        if n == 1:
            opened.get_by_role("button", name="Next word").click()
        else:
            draw_until_known(opened, drawings[word])
    expect(opened.locator("#score")).to_contain_text("I knew 2 of 3")
    expect(opened.locator("#rounds li")).to_have_count(3, timeout=30_000)  # each is explained
    expect(opened.locator("#rounds .good")).to_have_count(2)
    again = opened.locator("#rounds button").first
    before = sheet(opened)
    again.click()
    expect(opened.locator("#legend")).to_be_visible()
    wait_for_sheet(opened, "!==", before)
    assert opened.evaluate("document.documentElement.scrollWidth") == width
    assert violations(opened) == {}


def test_own_symbols_are_taught_and_forgotten(page: tuple[Page, list[str], int], tmp_path: Path) -> None:
    opened, _, width = page
    opened.get_by_role("tab", name="Draw").focus()
    opened.keyboard.press("ArrowLeft")
    opened.get_by_role("button", name="Save this drawing").click()  # without a word the browser itself objects
    opened.get_by_role("combobox", name="Word").fill("<script>alert(1)</script>")
    opened.get_by_role("button", name="Save this drawing").click()
    expect(opened.locator("#lesson-told")).to_have_text("Draw it first.")
    for n in range(2):
        draw(opened, [[[0, 255], [0, 200]], [[20 * n, 9], [90, 30]]])
        opened.get_by_role("button", name="Save this drawing").click()
        expect(opened.locator("#taught li")).to_have_count(n + 1)
    rows = [json.loads(line) for line in (tmp_path / "own.ndjson").read_text().splitlines()]
    assert [row["word"] for row in rows] == ["<script>alert(1)</script>"] * 2
    assert [len(stroke) for row in rows for stroke in row["drawing"]] == [3] * 4
    assert violations(opened) == {}
    opened.locator("#taught .forget").first.click()
    expect(opened.locator("#taught li")).to_have_count(1)
    left = [json.loads(line)["key_id"] for line in (tmp_path / "own.ndjson").read_text().splitlines()]
    assert left == [rows[0]["key_id"]]  # the newest is shown first
    assert opened.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("way", ["chosen", "dropped", "pasted"])
def test_an_image_is_named_and_shown(
    browser: Browser, of_scans: Path, tmp_path: Path, way: Literal["chosen", "dropped", "pasted"]
) -> None:
    images = np.load(of_scans.parent / "scans" / "images.npy")
    Image.fromarray(255 - images[2]).resize((96, 96)).save(tmp_path / "down.png")
    with listening_to(Server(inkseq.load(of_scans), OwnDrawings(tmp_path / "own.ndjson"), 0.0, 10_000)) as address:
        opened, complaints = open_page(browser, f"http://127.0.0.1:{address[1]}/", PHONE)
        expect(opened.locator("#learnt")).to_contain_text("It learnt from images of 32 × 32 pixels")
        empty = sheet(opened)
        give(opened, tmp_path / "down.png", "image/png", way)
        expect(opened.locator("#guesses li").first).to_contain_text("down")
        assert sheet(opened) != empty
        assert violations(opened) == {}
        assert opened.evaluate("document.documentElement.scrollWidth") == PHONE[0]
        draw(opened, [[[0, 255], [0, 10]]])  # on a new sheet
        expect(opened.locator("#guesses li").first).to_contain_text("across")
        give(opened, tmp_path / "down.png", "image/png", way)
        expect(opened.locator("#guesses li").first).to_contain_text("down")
        opened.locator("#clear").click()
        expect(opened.locator("#verdict")).to_have_text("Draw something.")
        assert sheet(opened) == empty
        assert complaints == []
        opened.close()


def test_what_the_server_would_not_take_the_page_makes_smaller_or_says(
    browser: Browser, of_scans: Path, tmp_path: Path
) -> None:
    noise = np.random.default_rng(0).integers(200, 256, (1500, 1500)).astype(np.uint8)
    noise[600:700, 200:1300] = 20  # a bar across
    Image.fromarray(noise).save(tmp_path / "large.png")
    Image.fromarray(noise).save(tmp_path / "small.webp", quality=5)
    Image.fromarray(noise[::9, ::9]).save(tmp_path / "scan.tiff")
    (tmp_path / "none.png").write_bytes(b"nothing")
    assert (tmp_path / "large.png").stat().st_size > MOST_BYTES
    with listening_to(Server(inkseq.load(of_scans), OwnDrawings(tmp_path / "own.ndjson"), 0.0, 10_000)) as address:
        opened, complaints = open_page(browser, f"http://127.0.0.1:{address[1]}/", DESKTOP)
        for name, kind in (("large.png", "image/png"), ("small.webp", "image/webp"), ("scan.tiff", "image/tiff")):
            give(opened, tmp_path / name, kind, "dropped")
            expect(opened.locator("#guesses li").first).to_contain_text("across")
            opened.locator("#clear").click()
            expect(opened.locator("#guesses li")).to_have_count(0)
        assert complaints == []
        give(opened, tmp_path / "none.png", "image/png", "dropped")
        expect(opened.locator("#verdict")).to_have_text("Cannot ask: no PNG, JPEG or TIFF image")
        expect(opened.locator("#guesses li")).to_have_count(0)
        opened.get_by_role("tab", name="Teach").click()
        empty = sheet(opened)
        give(opened, tmp_path / "large.png", "image/png", "dropped")
        opened.wait_for_timeout(200)
        assert sheet(opened) == empty
        opened.close()


def give(page: Page, file: Path, kind: str, way: Literal["chosen", "dropped", "pasted"]) -> None:
    if way == "chosen":
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Choose an image").click()
        chooser.value.set_files(file)
        return
    event, data, name = {
        "dropped": ("DragEvent", "dataTransfer", "drop"),
        "pasted": ("ClipboardEvent", "clipboardData", "paste"),
    }[way]
    page.evaluate(
        """([bytes, file, type, event, data, name]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0))], file, { type }));
            document.body.dispatchEvent(new window[event](name, { [data]: transfer, bubbles: true, cancelable: true }));
        }""",
        [base64.b64encode(file.read_bytes()).decode(), file.name, kind, event, data, name],
    )


def sheet(page: Page) -> str:
    """What the paper shows."""
    shown: str = page.locator("#pad").evaluate("pad => pad.toDataURL()")
    return shown


def wait_for_sheet(page: Page, how: Literal["===", "!=="], sheet: str) -> None:
    """Until the paper shows that, or something else."""
    page.wait_for_function(f"sheet => document.getElementById('pad').toDataURL() {how} sheet", arg=sheet)


def called(words: list[str], recogniser: Recogniser) -> Recogniser:
    """The same, whose words are others."""
    other = copy.copy(recogniser)
    other.run = other.trained = dataclasses.replace(recogniser.run, classes=words)
    return other


def test_a_sign_of_another_script_has_its_code_point_beside_it(
    browser: Browser, recogniser: Recogniser, tmp_path: Path
) -> None:
    odd = called(["お", "きゃ", "пила"], recogniser)
    with listening_to(Server(odd, OwnDrawings(tmp_path / "own.ndjson"), 0.0, 10_000)) as address:
        opened, _ = open_page(browser, f"http://127.0.0.1:{address[1]}/", DESKTOP)
        known = "お U+304A, きゃ U+304D U+3083, пила"
        expect(opened.locator("#known")).to_have_text(known, use_inner_text=False)
        draw(opened, [[[0, 255], [0, 200]]])
        expect(opened.locator("#guesses li")).to_have_count(3)
        shown = opened.locator("#guesses li span:first-of-type").all_text_contents()
        assert sorted(shown) == sorted(known.split(", "))
        opened.get_by_role("tab", name="Play").click()
        opened.get_by_role("button", name="Start").click()
        assert opened.locator("#task").inner_text().removeprefix("Draw ") in odd.classes
        opened.close()


def test_any_word_is_shown_as_it_is(browser: Browser, recogniser: Recogniser, tmp_path: Path) -> None:
    words = ["</script><img src=x onerror=alert(1)>", "l" * 10_000, "'\"\u2028&amp;"]
    odd = called(words, recogniser)
    with listening_to(Server(odd, OwnDrawings(tmp_path / "own.ndjson"), 0.0, 10_000)) as address:
        opened, complaints = open_page(browser, f"http://127.0.0.1:{address[1]}/", PHONE)
        expect(opened.locator("#known")).not_to_be_empty()
        assert opened.locator("#known").evaluate("one => one.textContent") == ", ".join(words)
        draw(opened, [[[0, 255], [0, 200]]])
        expect(opened.locator("#guesses li")).to_have_count(3)
        shown = opened.locator("#guesses li span:first-of-type").evaluate_all("all => all.map(one => one.textContent)")
        assert sorted(shown) == sorted(words)
        opened.get_by_role("tab", name="Play").click()
        opened.get_by_role("button", name="Start").click()
        for number in (1, 2, 3):
            expect(opened.locator("#score")).to_have_text(f"Word {number} of 3")
            opened.get_by_role("button", name="Next word").click()
            assert opened.evaluate("document.documentElement.scrollWidth") == PHONE[0]
        expect(opened.locator("#rounds li")).to_have_count(3, timeout=30_000)  # each is explained
        assert opened.evaluate("document.documentElement.scrollWidth") == PHONE[0]
        assert complaints == []
        opened.close()


def test_the_page_simplifies_as_python_does(browser: Browser) -> None:
    """Number for number: a page without a server must see what the recogniser was trained on."""
    rng = np.random.default_rng(0)
    drawings = [
        [
            rng.normal(0, 300, (2, rng.integers(1, 40))).cumsum(axis=1).round(1).tolist()
            for _ in range(rng.integers(1, 5))
        ]
        for _ in range(150)
    ]
    drawings += [[[[3.0], [7.0]]], [[[0, 5, 0], [0, 0, 0]]], [[[1, 1, 1], [2, 2, 2]]]]
    source = PAGE["canonical.js"][0].decode().replace("export function", "function")
    page = browser.new_page()
    found = page.evaluate(f"(drawings) => {{ {source}; return drawings.map(canonical); }}", drawings)
    page.close()
    for drawing, one in zip(drawings, found, strict=True):
        points, pen = simplify(*flatten(drawing))
        assert one["points"] == points.ravel().tolist()
        assert one["pen"] == pen.tolist()
