"""A real browser for the tests, where there is one."""

import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed here (apt install chromium)")

DESKTOP, PHONE = (1280, 900), (360, 740)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def open_page(browser: Browser, address: str, size: tuple[int, int], scheme: str = "light") -> tuple[Page, list[str]]:
    """The page, and a list that grows with everything the browser complains of, and what it fetches elsewhere."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)  # type: ignore[arg-type]
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))
    page.on("request", lambda request: None if ours(request.url, address) else complaints.append(request.url[:80]))
    page.goto(address)
    return page, complaints


def ours(url: str, address: str) -> bool:
    """Whether something is in the page itself or comes from the server it came from."""
    return url.startswith("data:") or url == address or (address.startswith("http") and url.startswith(address))


def violations(page: Page) -> dict[str, list[str]]:
    """What axe-core has against a page: contrast, names, roles, order ..."""
    found = Axe().run(page).response["violations"]
    return {one["id"]: [node["html"][:200] for node in one["nodes"][:3]] for one in found}
