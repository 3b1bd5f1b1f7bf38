"""What the pages show of commands has the shape of what they print now; the figures are those of docs/bench.json."""

import json
import re

import pytest

from docs.transcripts import PAGES, ROOT, TRANSCRIPTS, bench_table, filled, parts_of, transcripts
from inkseq.doodles.write import CLASSES

TINY = {
    "per_class=100": "per_class=30 classes=cat,cup,key",
    '"6 epochs"': '"6 steps" log="1 step" batch_size=16',
    "find_lr ": "find_lr steps=60 batch_size=16 ",
}
WORD = "|".join(sorted(CLASSES, key=len, reverse=True))
SHOWN = {name: part for page in PAGES for name, part in parts_of(page.read_text("utf-8")).items()}


def shape(text: str) -> list[str]:
    """The lines without what another training, or another size of data, would say differently."""
    text = re.sub(rf"\b({WORD})\b", "WORD", text)
    text = re.sub(r"countries: .*", "countries", text)
    text = re.sub(r"\b(better|worse|cannot be told apart|no difference)\b.*", "VERDICT", text)
    text = re.sub(r"[ ]*[▏▎▍▌▋▊▉█]+", "", text).replace("loss ?", "loss 0").replace("< 0.001", "0")
    text = re.sub(r"[+-]?\d[\d.,]*(e[+-]\d+)?%?", "0", text)
    text = re.sub(r" on \w+, (float32|bfloat16|float16).*", " on DEVICE", text)
    text = re.sub(r"-{2,}", "-", text).replace("  best so far", "")
    return [re.sub(r" +", " ", line).strip() for line in text.splitlines()]


def tiny(command: str) -> str:
    for whole, small in TINY.items():
        command = command.replace(whole, small)
    return command


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return transcripts(tmp_path_factory.mktemp("transcripts") / "here", tiny)


@pytest.mark.slow
@pytest.mark.parametrize("name", [one.name for one in TRANSCRIPTS if one.name])
def test_a_transcript_has_the_shape_of_what_is_printed_now(name: str, printed: dict[str, str]) -> None:
    assert shape(SHOWN[name]) == shape(printed[name]), "make transcripts writes it anew"


def test_the_figures_are_those_of_one_bench() -> None:
    report = json.loads((ROOT / "docs" / "bench.json").read_text())
    assert SHOWN["bench"] == bench_table(report), "make transcripts writes it anew"


def test_every_part_is_made_and_stands_once() -> None:
    names = [name for page in PAGES for name in parts_of(page.read_text("utf-8"))]
    assert sorted(names) == sorted(["bench", *(one.name for one in TRANSCRIPTS if one.name)])


def test_a_shape_knows_words_from_numbers() -> None:
    assert shape("cat  12.5%\n------  --") == shape("key    7%\n--  ---")
    assert shape("drew 640 doodles") != shape("wrote 640 doodles")


def test_only_what_is_between_markers_is_written() -> None:
    page = "a\n<!-- transcript: x -->\nold\n<!-- end of transcript -->\nb\n"
    assert filled(page, {"x": "    new"}) == page.replace("old\n", "\n    new\n\n")
    assert parts_of(filled(page, {"x": "    new"})) == {"x": "    new"}
