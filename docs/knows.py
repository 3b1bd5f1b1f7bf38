"""docs/knows.md and its pictures, from a report of what comes with inkseq: `python -m docs.knows REPORT/index.html`."""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser import CHROMIUM

DOCS = Path(__file__).parent
WIDTH = 900
PAGE = """# What the recogniser in the box knows

It guesses one of 345 words ([each with its score](../inkseq/pretrained/quickdraw345/README.md)). Here it names {asked}
drawings that neither it nor its teacher learnt from, a tenth of what there was of each word.

{findings}

{groups}

## What it takes for what

![Twelve pairs of words that it confuses most, with drawings](knows-pairs.png)

## The surest mistakes

![Drawings that it named wrongly and was sure of](knows-mistakes.png)

## How early it knows

![Six drawings as they grow, and what it says of each; how many are right over how much is drawn](knows-early.png)

## The whole report

    make box                                                            # the same drawings, and the training: hours
    python -m inkseq.report data=data/packed/quickdraw345-box out=report
    python -m docs.knows report/index.html                              # this page
"""
FINDINGS = """[...document.querySelectorAll('.findings li')].map((item) => item.innerHTML
    .replace(/<\\/?b>/g, '**').replace(/<[^>]*>/g, '').replace(/&nbsp;/g, ' '))"""
GROUPS = """(heading) => {
    const found = [...document.querySelectorAll('h3')].find((h) => h.textContent === heading);
    const table = found.parentElement.querySelector(`[aria-label="${heading}"] table`);
    return [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim()));
}"""
SHOWN = {  # what of the report: from the first of two headings to the second
    "knows-pairs.png": ("The strongest pairs", "Drawings"),
    "knows-mistakes.png": ("The surest mistakes", "Perhaps mislabelled"),
    "knows-early.png": ("How early does it know?", "When may I trust it?"),
}
PLACE = """([first, last]) => {
    const all = [...document.querySelectorAll('h2, h3')];
    const [begin, end] = [first, last].map((text) => all.find((heading) => heading.textContent === text));
    const before = (end.tagName === 'H3' ? end : end.parentElement).previousElementSibling;
    return [begin.getBoundingClientRect().top + scrollY, before.getBoundingClientRect().bottom + scrollY];
}"""


def table(rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def shot(page: Page, name: str, headings: tuple[str, str]) -> None:
    top, bottom = page.evaluate(PLACE, headings)
    shown = page.screenshot(full_page=True, clip={"x": 0, "y": top - 4, "width": WIDTH, "height": bottom - top + 8})
    Image.open(io.BytesIO(shown)).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(DOCS / name, optimize=True)


def main(report: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 900})
        page.goto(report.resolve().as_uri())
        asked = page.locator("header p").inner_text().split()[0]
        findings = "\n".join(f"- {line}" for line in page.evaluate(FINDINGS))
        groups = [
            page.evaluate(GROUPS, f"By {what}") for what in ("drawings of the class in train", "number of strokes")
        ]
        for name, headings in SHOWN.items():
            shot(page, name, headings)
        browser.close()
    text = PAGE.format(asked=asked, findings=findings, groups="\n\n".join(map(table, groups)))
    (DOCS / "knows.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
