"""The report in a real browser: nothing missing, nothing too wide, readable, and to be used without a mouse."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed here (apt install chromium)")

DESKTOP, PHONE = (1280, 900), (360, 740)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def open_page(browser: Browser, path: Path, size: tuple[int, int], scheme: str = "light") -> tuple[Page, list[str]]:
    """The page, and a list that grows with everything the browser complains of or fetches."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)  # type: ignore[arg-type]
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))
    page.on("request", lambda request: complaints.append(request.url[:80]) if request.url[:5] != "data:" else None)
    page.goto(path.resolve().as_uri())
    assert complaints == [path.resolve().as_uri()]
    complaints.clear()
    return page, complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_fits_and_can_be_read(browser: Browser, page: Path, size: tuple[int, int], scheme: str) -> None:
    opened, complaints = open_page(browser, page, size, scheme)
    assert opened.evaluate("document.documentElement.scrollWidth") == size[0]
    violations = Axe().run(opened).response["violations"]
    assert {one["id"]: [node["html"][:200] for node in one["nodes"][:3]] for one in violations} == {}
    assert complaints == []
    opened.close()


def test_tables_are_sorted_and_searched_by_keys(browser: Browser, page: Path) -> None:
    opened, complaints = open_page(browser, page, DESKTOP)
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
    opened, complaints = open_page(browser, page, PHONE)
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


def test_every_picture_is_there(browser: Browser, page: Path) -> None:
    opened, complaints = open_page(browser, page, DESKTOP)
    missing = opened.evaluate(
        "[...document.querySelectorAll('use')].map(u => u.getAttribute('href'))"
        ".filter(h => h && !document.querySelector(h))"
    )
    assert missing == []
    opened.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    widths = opened.evaluate("[...document.images].map(image => image.naturalWidth)")
    assert widths
    assert min(widths) > 100
    assert complaints == []
    opened.close()
