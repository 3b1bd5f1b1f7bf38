"""The tables of this repository say what the results.csv of its experiments say."""

import shutil
from pathlib import Path

import pytest

from inkseq.record.pages import written_anew

ROOT = Path(__file__).parents[1]


def stale(root: Path) -> list[str]:
    pages = written_anew(root / "experiments")
    return [page.relative_to(root).as_posix() for page, (before, after) in pages.items() if before != after]


def test_every_table_is_as_the_csv_says() -> None:
    assert not stale(ROOT), f"{stale(ROOT)} differ from the results.csv; python -m inkseq.collect writes them"


def test_every_experiment_has_a_record_and_is_on_the_first_pages() -> None:
    folders = {path.name for path in (ROOT / "experiments").iterdir() if path.is_dir()}
    assert folders == {path.parent.name for path in (ROOT / "experiments").glob("*/results.csv")}
    assert "<!-- generated: overview -->" in (ROOT / "experiments/README.md").read_text()
    assert "<!-- results: " in (ROOT / "README.md").read_text()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "experiments", tmp_path / "experiments")
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("*.png"))
    shutil.copy(ROOT / "README.md", tmp_path)
    return tmp_path


PAGES = ["README.md", "docs/training.md", "experiments/README.md", "experiments/quickdraw16/README.md"]


@pytest.mark.parametrize("page", PAGES)
def test_a_number_that_was_edited_by_hand_is_found(copy: Path, page: str) -> None:
    assert stale(copy) == []
    text = (copy / page).read_text()
    marker = text.index("<!-- end -->")
    digit = max(i for i in range(marker) if text[i] in "0123456789")
    (copy / page).write_text(f"{text[:digit]}{(int(text[digit]) + 1) % 10}{text[digit + 1 :]}")
    assert stale(copy) == [page]


def test_a_csv_that_changed_makes_its_tables_stale(copy: Path) -> None:
    path = copy / "experiments/pictures-quickdraw16/results.csv"
    before = path.read_text()
    score = before.splitlines()[-1].split(",")[before.splitlines()[0].split(",").index("test/top1")]
    path.write_text(before.replace(f",{score},", ",0.123,", 1))
    assert set(stale(copy)) >= {"README.md", "experiments/README.md"}
