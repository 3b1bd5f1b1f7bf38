"""A megabyte of anything, wherever a reader looks for something: answered soon, in little memory, in linear time."""

import gzip
import time
import zipfile
from collections.abc import Callable
from cProfile import Profile
from pathlib import Path

import pytest

from inkseq.drawings.canonical import MAX_WRONG
from inkseq.drawings.entries import Entry
from tests.faults.peak import forget_peak, peak
from tests.predict.conftest import entries_of

LARGE = 2**20
SECONDS, MEGABYTES = 8, 300  # a megabyte may take; here the worst takes two seconds

Fill = Callable[[int], str]


def repeat(text: str) -> Fill:
    """About so many characters of it."""
    return lambda size: text * (size // len(text))


FILLS: dict[str, Fill] = {
    "digits": repeat("7"),
    "spaces": repeat(" "),
    "newlines": repeat("\n"),
    "signs": repeat("-"),
    "dots": repeat("."),
    "letters e": repeat("e"),
    "points of a digit": repeat(".7"),
    "exponents": repeat("1e"),
    "huge exponent": lambda size: f"1e{'9' * size}",
    "huge numbers": repeat("1e999 "),
    "small numbers": repeat("1 0 "),
    "numbers of a list": lambda size: ",".join("1" * (size // 2)),
    "commas": repeat(","),
    "brackets": repeat("["),
    "closing brackets": repeat("]"),
    "pairs of brackets": repeat("[]"),
    "parentheses": repeat("("),
    "braces": repeat("{"),
    "objects within objects": repeat('{"a":'),
    "quotes": repeat('"'),
    "apostrophes": repeat("'"),
    "escapes": repeat("\\u0041"),
    "NaN": repeat("NaN,"),
    "infinities": repeat("-Infinity,"),
    "letters": repeat("z"),
    "moves": repeat("M1 1"),
    "curves": repeat("t1 9 "),
    "arcs": repeat("a1 2 0 0 1 1 9 "),
    "transforms": repeat("rotate(1)"),
    "open transforms": repeat("rotate("),
    "elements": repeat("<g/>"),
    "elements within elements": repeat("<g>"),
    "traces": repeat("<trace>1 1,2 2</trace>"),
    "ends of elements": repeat("</g>"),
    "entities": repeat("&amp;"),
    "unknown entities": repeat("&a;"),
    "comments": repeat("<!---->"),
    "zeros": repeat("\0"),
}

FORMS: dict[str, tuple[str, str]] = {  # the ending, and what stands around
    "nothing.ndjson": (".ndjson", "{}"),
    "nothing.json": (".json", "{}"),
    "nothing.csv": (".csv", "{}"),
    "nothing.svg": (".svg", "{}"),
    "nothing.inkml": (".inkml", "{}"),
    "no name": ("", "{}"),
    "ndjson word": (".ndjson", '{{"word":"{}","drawing":[[[0],[0]]]}}'),
    "ndjson key": (".ndjson", '{{"key_id":"{}","drawing":[[[0],[0]]]}}'),
    "ndjson number": (".ndjson", '{{"word":"cat","drawing":[[[{}],[0]]]}}'),
    "ndjson strokes": (".ndjson", '{{"word":"cat","drawing":[{}]}}'),
    "json list": (".json", "[{}]"),
    "json over lines": (".json", "[\n{}\n]"),
    "csv header": (".csv", "drawing,{}\n[],1\n"),
    "csv drawing": (".csv", 'key_id,drawing\n1,"[[[{}],[0]]]"\n'),
    "csv key": (".csv", 'key_id,drawing\n{},"[[[0],[0]]]"\n'),
    "csv cells": (".csv", "key_id,drawing\n{}\n"),
    "svg path": (".svg", '<svg><path d="M0 0{}"/></svg>'),
    "svg line": (".svg", '<svg><path d="M0 0L{}"/></svg>'),
    "svg arc": (".svg", '<svg><path d="M0 0A{}"/></svg>'),
    "svg points": (".svg", '<svg><polygon points="{}"/></svg>'),
    "svg width": (".svg", '<svg><rect width="{}x"/></svg>'),
    "svg style": (".svg", '<svg><g style="{}"/></svg>'),
    "svg transform": (".svg", '<svg><g transform="{}"/></svg>'),
    "svg arguments": (".svg", '<svg><g transform="matrix({})"/></svg>'),
    "svg within": (".svg", "<svg>{}</svg>"),
    "xml declaration": (".svg", '<?xml version="1.0" encoding="{}"?><svg/>'),
    "xml document type": (".svg", "<!DOCTYPE svg [{}]><svg/>"),
    "inkml trace": (".inkml", "<ink><trace>{}</trace></ink>"),
    "inkml differences": (".inkml", "<ink><trace>1 1,'1 '1,{}</trace></ink>"),
    "inkml within": (".inkml", "<ink>{}</ink>"),
    "inkml truth": (".inkml", '<ink><annotation type="truth">{}</annotation></ink>'),
}


def timed(path: Path, text: str) -> tuple[list[Entry], float]:
    """What a file of this holds, and the seconds of the processor that reading took."""
    path.write_text(text, newline="")
    started = time.process_time()
    return entries_of(path), time.process_time() - started


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fill", ["digits", "spaces", "signs", "dots", "letters e", "points of a digit", "exponents"])
def test_numbers_are_read_in_linear_time(form: str, fill: str, tmp_path: Path) -> None:
    ending, around = FORMS[form]
    (_, once), (_, four_times) = (
        timed(tmp_path / f"a{ending}", around.format(FILLS[fill](size))) for size in (100_000, 400_000)
    )
    assert four_times < 10 * max(once, 0.05)  # of quadratic time it would be sixteen times, and many seconds


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_a_megabyte_of_anything_takes_seconds_and_little_memory(form: str, tmp_path: Path) -> None:
    ending, around = FORMS[form]
    for name, fill in FILLS.items():
        before = forget_peak()
        entries, seconds = timed(tmp_path / f"a{ending}", around.format(fill(LARGE)))
        assert seconds < SECONDS, name
        assert peak() - before < MEGABYTES, name
        assert entries, name
        assert all("cannot be read (" not in entry.error for entry in entries), name


@pytest.mark.parametrize("text", [b"\n", b"[\n", b"x\n"])
def test_millions_of_lines_that_are_nothing_are_left(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(gzip.compress(b"{}\n" + text * 2_000_000))
    *_, last = entries = entries_of(path)
    assert len(entries) == MAX_WRONG + 1
    assert last.error == "not read from here on, for 50,000 before are no drawings"


def test_the_table_of_a_zip_is_not_read_for_each_of_its_files(tmp_path: Path) -> None:
    calls = []
    for count in (20, 80):
        path = tmp_path / f"{count}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for number in range(count):
                archive.writestr(f"{number}.svg", "<svg/>")
        profile = Profile()
        assert len(profile.runcall(entries_of, path)) == count
        calls.append(sum(entry.callcount for entry in profile.getstats()))
    assert calls[1] < 5 * calls[0]  # else sixteen times as many


@pytest.mark.slow
@pytest.mark.parametrize("around", [b"<svg>%s</svg>", b"[\n%s]"])
def test_a_document_of_millions_of_lines_is_none(around: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(around % (b"\n" * 15_000_000)))
    started = time.process_time()
    assert entries_of(path)[-1].error.startswith(("longer than 16 MB, or 2,000,000 lines", "not read from here on"))
    assert time.process_time() - started < 3 * SECONDS
