"""The page without a server of ours, in a real browser: the recogniser in it answers as the library does."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import inkseq
from inkseq.config import Simplify
from inkseq.data.packed import open_strokes
from inkseq.drawings.ndjson import parse_line
from inkseq.drawings.simplify import simplify
from inkseq.drawings.strokes import flatten, unflatten
from inkseq.errors import UserError
from inkseq.inference.recogniser import Recogniser
from inkseq.serve.engine import engine
from inkseq.serve.network import is_computed
from inkseq.serve.static import write_page
from tests.browser import DESKTOP, browser, needs_chromium, open_page, violations
from tests.serve.test_page import Strokes, draw, drawings

pytestmark = [needs_chromium, pytest.mark.slow]
__all__ = ["browser", "drawings"]

BEGIN = "(await import('./brain.js'))"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def put_up(recogniser: Recogniser, folder: Path) -> Iterator[str]:
    """The address of its page, on a server that knows nothing of it."""
    if not is_computed(recogniser.run):
        need_engine()
    write_page(str(recogniser.run.folder), folder / "site", 0.5)
    with listening_to_folder(folder / "site") as address:
        yield address


def need_engine() -> None:
    try:
        engine()
    except UserError as error:
        if "sha512" in str(error):
            raise
        pytest.skip(f"onnxruntime-web is not here, nor to be had: {error}")


@contextmanager
def listening_to_folder(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def address(recogniser: Recogniser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with put_up(recogniser, tmp_path_factory.mktemp("static")) as found:
        yield found


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    opened, complaints = open_page(browser, address, DESKTOP)
    expect(opened.locator("#verdict")).to_have_text("Draw something.", timeout=60_000)
    yield opened
    assert complaints == []
    opened.close()


def as_drawn(packed: Path) -> list[Strokes]:
    """Doodles in other units, so that they have to be simplified."""
    data = open_strokes(packed)
    return [
        [(np.array(stroke) * 2.7 + 31.4).tolist() for stroke in unflatten(*data.drawing(i))] for i in range(0, 150, 3)
    ]


def test_it_guesses_as_the_library_does(page: Page, packed: Path, recogniser: Recogniser) -> None:
    compare(page, as_drawn(packed), recogniser)


def test_one_of_images_takes_drawings_and_says_so(
    browser: Browser, packed: Path, of_scans: Path, tmp_path: Path
) -> None:
    seeing = inkseq.load(of_scans)
    with put_up(seeing, tmp_path) as address:
        page, complaints = open_page(browser, address, DESKTOP)
        expect(page.locator("#learnt")).to_contain_text("A page without a server takes no image files.", timeout=60_000)
        expect(page.locator("#choose")).to_be_hidden()
        compare(page, as_drawn(packed)[::5], seeing)
        assert complaints == []
        page.close()


def compare(page: Page, asked: list[Strokes], recogniser: Recogniser) -> None:
    found: list[list[dict[str, Any]]] = page.evaluate(
        f"async (drawings) => {{ const {{ guess }} = {BEGIN}; return Promise.all(drawings.map(guess)); }}", asked
    )
    for strokes, guesses in zip(asked, found, strict=True):
        expected = recogniser.predict(strokes)
        assert [one["word"] for one in guesses] == [one.word for one in expected]
        assert [one["probability"] for one in guesses] == pytest.approx([one.probability for one in expected], abs=1e-4)


def test_a_stroke_is_worth_what_its_lack_costs(page: Page, packed: Path, recogniser: Recogniser) -> None:
    for strokes in as_drawn(packed)[::7]:
        told = page.evaluate(f"async (strokes) => {BEGIN}.explain(strokes, 'ladder')", strokes)
        canonical = unflatten(*simplify(*flatten(strokes)))
        assert told["strokes"] == canonical
        lacking = [[other for other in canonical if other is not stroke] for stroke in canonical]
        flat = [flatten(drawing) for drawing in (canonical, *lacking) if drawing]
        log_NK = np.log(recogniser.probabilities([(points.astype(np.uint8), pen) for points, pen in flat]))
        lead_N = [*(log_NK[:, 1] - log_NK.mean(axis=1)), 0.0]  # a lone stroke is held against nothing
        expected = [lead_N[0] - lead_N[n + 1] for n in range(len(canonical))]
        assert [credit[0] for credit in told["credit"]] == pytest.approx(expected, abs=1e-3)
        assert [len(set(credit)) for credit in told["credit"]] == [1] * len(canonical)


def test_a_drawing_is_named_while_it_is_drawn(page: Page, drawings: dict[str, Strokes]) -> None:
    for word, strokes in drawings.items():
        draw(page, strokes)
        expect(page.locator("#guesses li").first).to_contain_text(word)
        page.locator("#clear").click()
        expect(page.locator("#verdict")).to_have_text("Draw something.")


def test_the_game_ends_with_drawings_coloured_by_stroke(page: Page, drawings: dict[str, Strokes]) -> None:
    page.get_by_role("tab", name="Play").click()
    page.get_by_role("button", name="Start").click()
    while "I knew" not in page.locator("#score").inner_text():
        task = page.locator("#task").inner_text()
        if task.startswith("Draw "):
            draw(page, drawings[task.split(" ", 2)[2]])
        page.wait_for_timeout(50)
    expect(page.locator("#rounds path[stroke='rgb(176 48 28)']").first).to_be_attached()


def test_what_is_taught_stays_in_the_browser_and_can_be_taken_along(page: Page, tmp_path: Path) -> None:
    page.get_by_role("tab", name="Teach").click()
    expect(page.locator("#kept")).to_be_hidden()
    for n, word in enumerate(("<b>owl</b>", "__proto__")):
        page.get_by_role("combobox", name="Word").fill(word)
        draw(page, [[[0, 255], [0, 200]], [[20 * n, 9], [90, 30]]])
        page.get_by_role("button", name="Save this drawing").click()
        expect(page.locator("#taught li")).to_have_count(n + 1)
    assert violations(page) == {}
    page.reload()
    expect(page.locator("#verdict")).to_have_text("Draw something.")
    page.get_by_role("tab", name="Teach").click()
    expect(page.locator("#counts")).to_contain_text("<b>owl</b>: 1")
    with page.expect_download() as download:
        page.get_by_role("link", name="download own.ndjson").click()
    download.value.save_as(tmp_path / "own.ndjson")
    records = [parse_line(line, Simplify.auto) for line in (tmp_path / "own.ndjson").read_bytes().splitlines()]
    assert [record.word for record in records] == ["<b>owl</b>", "__proto__"]
    assert [int(record.pen.sum()) for record in records] == [2, 2]
    for n in (1, 0):
        page.locator("#taught .forget").first.click()
        expect(page.locator("#taught li")).to_have_count(n)
    expect(page.locator("#kept")).to_be_hidden()


def teach_an_owl(page: Page) -> None:
    page.get_by_role("tab", name="Teach").click()
    page.get_by_role("combobox", name="Word").fill("owl")
    draw(page, [[list(range(0, 255, 2)), list(range(0, 255, 2))]])
    expect(page.locator("#start")).to_be_enabled(timeout=60_000)
    page.get_by_role("button", name="Save this drawing").click()


def test_what_cannot_be_kept_or_loaded_is_said(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.route("**/recogniser.onnx", lambda route: route.fulfill(status=404))
    page.goto(address)
    expect(page.locator("#verdict")).to_contain_text("Nobody answers: ", timeout=60_000)
    page.close()
    page, _ = open_page(browser, address, DESKTOP)
    page.evaluate("localStorage.setItem('other', 'x'.repeat(5_242_000))")
    teach_an_owl(page)
    expect(page.locator("#lesson-told")).to_contain_text("Not saved: this browser keeps no more")
    page.close()


def test_a_damaged_line_in_the_browser_keeps_nothing_else_from_working(browser: Browser, address: str) -> None:
    page, complaints = open_page(browser, address, DESKTOP)
    page.evaluate("localStorage.setItem('inkseq/own.ndjson', '{\"word\": \"ow\\nnull')")
    teach_an_owl(page)
    expect(page.locator("#taught li")).to_have_count(1)
    page.locator("#taught .forget").click()
    expect(page.locator("#taught li")).to_have_count(0)
    assert page.evaluate("localStorage.getItem('inkseq/own.ndjson')") == '{"word": "ow\nnull'
    assert complaints == []
    page.close()
