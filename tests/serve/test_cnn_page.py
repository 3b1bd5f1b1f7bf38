"""The page that computes its network itself: as PyTorch does, offline, and with something amiss."""

import copy
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page, expect

from inkseq.data.packed import open_strokes
from inkseq.drawings.canonical import canonical
from inkseq.drawings.padded import pad_together
from inkseq.inference.recogniser import Recogniser
from inkseq.serve.static import write_page
from tests.browser import DESKTOP, browser, needs_chromium, open_page
from tests.serve.test_page import Strokes, draw
from tests.serve.test_static_page import BEGIN, as_drawn, compare, listening_to_folder, put_up

pytestmark = [needs_chromium, pytest.mark.slow]
__all__ = ["browser"]

ODD: list[Strokes] = [
    [[[3, 3], [9, 9]]],
    [[[0, 255], [0, 0]], [[7], [255]]],
    [[[0], [0]]] * 12,
    [[list(range(256)), [0] * 256]],
]
LINE = [[[0, 100, 200], [0, 50, 9]]]
ASK = """async (drawings) => {
    const { answer } = await import('./engine.js');
    const said = await Promise.all(drawings.map(([points, pen]) => answer(points, pen)));
    return said.map(({ features, logits }) => [[...features], [...logits]]);
}"""


@pytest.fixture
def site(looker: Recogniser, tmp_path: Path) -> Path:
    write_page(str(looker.run.folder), tmp_path / "site", 0.5)
    return tmp_path / "site"


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    with listening_to_folder(site) as found:
        yield found


def test_features_and_logits_are_those_of_pytorch(
    browser: Browser, address: str, packed: Path, looker: Recogniser
) -> None:
    data = open_strokes(packed)
    asked = [*(data.drawing(i) for i in range(0, 150, 3)), *map(canonical, ODD)]
    page, complaints = open_page(browser, address, DESKTOP)
    found = page.evaluate(ASK, [[points.ravel().tolist(), pen.tolist()] for points, pen in asked])
    page.close()
    with torch.inference_mode():
        for drawing, (features, logits) in zip(asked, found, strict=True):
            expected_BC = looker.run.model.features(pad_together([drawing]))
            np.testing.assert_allclose(features, expected_BC[0], atol=1e-4)
            np.testing.assert_allclose(logits, looker.run.model.head(expected_BC)[0], atol=1e-4)
    assert complaints == []


def test_it_guesses_as_the_library_does(browser: Browser, address: str, packed: Path, looker: Recogniser) -> None:
    page, complaints = open_page(browser, address, DESKTOP)
    compare(page, [*as_drawn(packed), *ODD[:2]], looker)
    assert complaints == []
    page.close()


def test_what_is_taught_in_the_browser_it_knows_as_the_library_does(
    browser: Browser, address: str, packed: Path, looker: Recogniser
) -> None:
    """A word of its own, one it knows, the same drawing twice; spoilt lines in between; and forgotten again."""
    lessons, asked = list(zip(["owl", "owl", "cat", "owl"], as_drawn(packed), strict=False)), as_drawn(packed)[5:20]
    pupil = copy.copy(looker)
    page, complaints = open_page(browser, address, DESKTOP)
    for word, strokes in [*lessons, lessons[0]]:
        page.evaluate(f"async ([word, strokes]) => {BEGIN}.teach(word, strokes)", [word, strokes])
        pupil.teach(word, [strokes])
    page.evaluate("""localStorage.setItem('inkseq/own.ndjson', localStorage.getItem('inkseq/own.ndjson')
        + '\\n{"word": "owl", "drawing": [[["a"], [null]]]}\\n{"word": "owl", "drawing": 7}\\nnull')""")
    compare(page, asked, pupil)
    assert page.evaluate(
        f"async (s) => (await {BEGIN}.guess(s)).filter((one) => one.taught).map((one) => one.word)", asked[0]
    )
    other, more = open_page(browser, address, DESKTOP)  # a page of its own storage knows nothing of it
    compare(other, asked[:3], looker)
    for key in page.evaluate(f"async () => (await {BEGIN}.taught()).drawings.map((one) => one.key_id)"):
        page.evaluate(f"async (key) => {BEGIN}.forget(key)", key)
    compare(page, asked, looker)
    assert complaints == more == []
    page.close()
    other.close()


def test_hundreds_of_taught_drawings_are_met_while_the_pen_is_followed_and_by_every_page(
    browser: Browser, address: str, packed: Path, looker: Recogniser
) -> None:
    """Of two pages one teaches, and both guess: at first what they know, and in the end all that was taught."""
    context = browser.new_context()
    page, other = context.new_page(), context.new_page()
    for one in (page, other):
        one.goto(address)
    drawn, pupil = as_drawn(packed)[:20], copy.copy(looker)
    page.evaluate(
        f"async (drawn) => {{ for (const [i, s] of drawn.entries()) await {BEGIN}.teach(`word ${{i}}`, s); }}", drawn
    )
    assert not other.evaluate(f"async (s) => (await {BEGIN}.guess(s)).filter((one) => one.taught)", drawn[0])
    for i, strokes in enumerate(drawn):
        pupil.teach(f"word {i}", [strokes])
    ends = f"async (s) => {{ while (!(await {BEGIN}.guess(s)).some((one) => one.taught)); }}"
    for one in (page, other):
        one.evaluate(ends, drawn[0])
        compare(one, drawn[:5], pupil)
    context.close()


def test_after_one_visit_it_is_drawn_on_offline(browser: Browser, looker: Recogniser, tmp_path: Path) -> None:
    with put_up(looker, tmp_path) as address:
        page = visit(browser, address)
    page.context.set_offline(True)
    for path in ("", "index.html?from=home"):
        page.goto(address + path)
        draw(page, LINE)
        expect(page.locator("#guesses li")).to_have_count(3)
    page.close()


def test_a_new_page_replaces_the_old_one_at_once(
    browser: Browser, site: Path, address: str, looker: Recogniser
) -> None:
    for file in site.iterdir():
        os.utime(file, (0, 0))  # http.server tells what is newer by the second
    page = visit(browser, address)
    write_page(str(looker.run.folder), site, 0.9)
    page.reload()
    assert page.evaluate(f"async () => (await {BEGIN}.about()).threshold") == 0.9
    page.wait_for_function("async (old) => !(await caches.keys()).includes(old)", arg=page.evaluate(KEPT))
    page.close()


KEPT = "caches.keys().then((names) => names[0])"


def visit(browser: Browser, address: str) -> Page:
    """Until the page is kept."""
    page = browser.new_page()
    page.goto(address)
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    return page


@pytest.mark.parametrize("amiss", ["short", "other", "gone"])
def test_weights_that_are_not_the_page_s_own_are_said(browser: Browser, site: Path, address: str, amiss: str) -> None:
    weights = site / "recogniser.bin"
    content = weights.read_bytes()
    weights.write_bytes({"short": content[:-1], "other": b"0" * 16 + content[16:], "gone": b""}[amiss])
    if amiss == "gone":
        weights.unlink()
    page = browser.new_page()
    page.goto(address)
    reason = "status 404" if amiss == "gone" else "is cut short, or of another page; reload"
    expect(page.locator("#verdict")).to_have_text(f"Nobody answers: recogniser.bin {reason}".replace("bin s", "bin: s"))
    page.close()


def test_it_guesses_where_nothing_may_be_kept(browser: Browser, address: str) -> None:
    context = browser.new_context()
    context.add_init_script("""
        const refuse = { get() { throw new DOMException("no", "SecurityError"); } };
        Object.defineProperty(window, "localStorage", refuse);
        Object.defineProperty(Navigator.prototype, "serviceWorker", refuse);
    """)
    page = context.new_page()
    page.goto(address)
    draw(page, LINE)
    expect(page.locator("#guesses li")).to_have_count(3)
    context.close()
