"""What is a drawing and what is not; and the bulk path against the careful one on tens of thousands of lines."""

import json
from dataclasses import fields

import numpy as np
import pytest

from inkseq.config import Simplify
from inkseq.convert.read import read_lines
from inkseq.drawings.canonical import Rejected
from inkseq.drawings.columns import Columns, concatenate, from_records
from inkseq.drawings.ndjson import MAX_LINE, Record, parse_line
from inkseq.drawings.scan import MAX_SLOW
from tests.samples import line, random_lines


def reason(text: bytes, mode: Simplify = Simplify.auto) -> str:
    with pytest.raises(Rejected) as caught:
        parse_line(text, mode)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", "empty line"),
        (b"  \r", "empty line"),
        (line()[:-20], "malformed"),
        (b"[1]", "not a JSON object"),
        (b"\xff\xfe" + line(), "not UTF-8"),
        (b"\xef\xbb\xbf" + line(), "malformed"),  # only a file may begin with a byte order mark
        (b"[" * 100_000, "malformed"),
        (line(word=""), "empty word"),
        (line(word=" \t"), "empty word"),
        (line(word="a\nb"), "word has unprintable characters"),
        (b'{"word":"\\ud800","drawing":[[[0],[0]]]}', "word has unprintable characters"),
        (line(word=7), "word is not text"),  # type: ignore[arg-type]
        (b'{"drawing":[[[0],[0]]]}', "no word"),
        (b'{"word":"cat"}', "no drawing"),
        (line(strokes=[]), "empty drawing"),
        (line(strokes="cat"), "drawing is not a list of strokes"),
        (line(strokes=[[[], []]]), "empty stroke"),
        (line(strokes=[[[0, 1], [0, 1]], [[], []]]), "empty stroke"),
        (line(strokes=[[[0, 1], [0]]]), "x and y of different length"),
        (line(strokes=[[[0, 1], [0, 1], [5]]]), "x and y of different length"),
        (line(strokes=[[[0, 1]]]), "stroke is not [xs, ys] or [xs, ys, times]"),
        (line(strokes=[[0, 1]]), "stroke is not [xs, ys] or [xs, ys, times]"),
        (line(strokes=[[["0"], ["1"]]]), "coordinate is not a number"),
        (line(strokes=[[[None], [1]]]), "coordinate is not a number"),
        (line(strokes=[[[True], [1]]]), "coordinate is not a number"),
        (line(strokes=[[[float("nan")], [1]]]), "coordinate is not finite"),
        (line(strokes=[[[1e999], [1]]]), "coordinate is not finite"),
        (line(strokes=[[[1e300, 0], [1, 0]]]), "coordinate too large"),
        (line(strokes=[[[10**400], [1]]]), "coordinate too large"),
        (line(recognized="yes"), "recognized is not true or false"),
        (line(countrycode="USA"), "countrycode is not two letters"),
        (line(countrycode=5), "countrycode is not two letters"),
        (line(key_id=-1), "key_id is not a whole number below 2^64"),
        (line(key_id=2**64), "key_id is not a whole number below 2^64"),
        (line(strokes=[[[0, 255] * 50_000, [0, 255] * 50_000]], times=1), None),
    ],
)
def test_what_is_rejected_and_why(text: bytes, expected: str | None) -> None:
    if expected is None:
        assert len(parse_line(text, Simplify.auto).pen) == 100_000
    else:
        assert reason(text) == expected


def test_an_endless_line_is_rejected_unread() -> None:
    assert reason(b" " * (MAX_LINE + 1)) == "line longer than 16 MB"


def test_raw_drawings_become_canonical_and_others_stay() -> None:
    raw = parse_line(line(strokes=[[[-1000, 1000.5], [5, 5], [0, 100]]]), Simplify.auto)
    assert raw.points.tolist() == [[0, 0], [255, 0]]
    assert raw.pen.tolist() == [0, 1]
    kept = parse_line(line(strokes=[[[0, 255, 7], [0, 255, 8]]]), Simplify.auto)
    assert kept.points.tolist() == [[0, 0], [255, 255], [7, 8]]
    straightened = parse_line(line(strokes=[[[0, 100, 255], [0, 100, 255]]]), Simplify.always)
    assert straightened.points.tolist() == [[0, 0], [255, 255]]
    small = parse_line(line(strokes=[[[3, 4], [5, 6]]]), Simplify.never)
    assert small.points.tolist() == [[3, 5], [4, 6]]
    assert "0..255" in reason(line(strokes=[[[0, 256], [0, 0]]]), Simplify.never)
    assert "0..255" in reason(line(strokes=[[[0, 0.5], [0, 0]]]), Simplify.never)


def test_a_missing_key_id_comes_from_the_drawing() -> None:
    def key(word: str, x: int) -> int:
        text = json.dumps({"word": word, "drawing": [[[0, x], [0, 255]]]}).encode()
        return parse_line(text, Simplify.auto).key_id

    assert key("cat", 5) == key("cat", 5)
    assert len({key("cat", 5), key("dog", 5), key("cat", 6)}) == 3


def by_oracle(text: bytes, mode: Simplify) -> tuple[Columns, dict[str, int], list[tuple[int, str]]]:
    """Every line through the careful reader."""
    words: dict[str, int] = {}
    records: list[Record] = []
    lines: list[int] = []
    rejects: list[tuple[int, str]] = []
    for number, one in enumerate(text.split(b"\n")[:-1]):
        try:
            records.append(parse_line(one, mode))
            lines.append(number)
        except Rejected as rejected:
            rejects.append((number, str(rejected)))
    return from_records(records, lines, words, {}), words, rejects


def rows_of(columns: Columns, words: dict[str, int]) -> list[tuple[object, ...]]:
    """What the columns say, in the order of the lines, free of how words are numbered."""
    names = list(words)
    ends = np.cumsum(columns.num_points)
    rows = [
        (
            int(columns.line[i]),
            names[columns.word[i]],
            *(getattr(columns, f.name)[i].item() for f in fields(Columns) if f.name not in SPECIAL),
            columns.points[end - count : end].tobytes(),
            columns.pen[end - count : end].tobytes(),
        )
        for i, (count, end) in enumerate(zip(columns.num_points, ends, strict=True))
    ]
    return sorted(rows)


SPECIAL = ("line", "word", "points", "pen")


def assert_same(text: bytes, mode: Simplify) -> int:
    """Both readers agree on every line; returns how many drawings there were."""
    words: dict[str, int] = {}
    stretches = list(read_lines(np.frombuffer(text, np.uint8), mode, words, {}))
    columns = concatenate([columns for columns, _, _ in stretches])
    rejects = [reject for _, some, _ in stretches for reject in some]
    num_lines = sum(count for _, _, count in stretches)
    expected, expected_words, expected_rejects = by_oracle(text, mode)
    assert num_lines == text.count(b"\n") == len(columns) + len(rejects)
    assert [(r.line, r.reason) for r in rejects] == expected_rejects
    assert rows_of(columns, words) == rows_of(expected, expected_words)
    return len(columns)


@pytest.mark.parametrize("mode", list(Simplify))
def test_bulk_and_careful_agree_on_canonical_lines(mode: Simplify) -> None:
    assert assert_same(b"".join(random_lines(300)), mode) == 300


def mutate(text: bytes, rng: np.random.Generator) -> bytes:
    """Some bytes changed, dropped, doubled or swapped for others that JSON cares about."""
    data = bytearray(text.rstrip(b"\n"))
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(0, max(len(data), 1)))
        data = data or bytearray(b"{")
        match rng.integers(0, 6):
            case 0:
                data[at] = rng.integers(0, 256)
            case 1:
                del data[at : at + int(rng.integers(1, 10))]
            case 2:
                data[at:at] = data[at : at + int(rng.integers(1, 20))]
            case 3:
                data[at:at] = [b"0", b"-", b"[", b"]", b",", b" ", b'"', b"\\", b"}", b"256", b"1e9", b".5"][
                    rng.integers(0, 12)
                ]
            case 4:
                data[at] = b'0123456789[],:"{}\\'[rng.integers(0, 18)]
            case _:
                data = data[: max(at, 1)]
    return bytes(data).replace(b"\n", b" ") + b"\n"


@pytest.mark.parametrize("mode", [Simplify.auto, Simplify.never])
def test_bulk_and_careful_agree_on_twenty_thousand_mutated_lines(mode: Simplify) -> None:
    rng = np.random.default_rng(7)
    originals = random_lines(200, seed=3)
    text = b"".join(mutate(originals[i % 200], rng) for i in range(20_000))
    drawings = assert_same(text, mode)
    assert 100 < drawings < 19_000  # some mutations are harmless, most are not


def test_strange_but_good_lines_agree() -> None:
    good = line(strokes=[[[0, 255], [0, 9]]])
    odd = [
        good.replace(b"\n", b"\r\n"),
        good.replace(b",", b", "),
        good.replace(b'"1"', b"1"),
        good.replace(b'"1"', b'"0001"'),
        good.replace(b"255", b"255.0"),
        good.replace(b"cat", "čáp".encode()),
        good.replace(b"cat", b" cat"),
        good.replace(b"cat", b"c\\u0061t"),
        good.replace(b"US", b""),
        good.replace(b"US", b"us"),
        line(key_id=2**64 - 1),
        line(key_id=10**18),
        line(extra={"a": [1]}),
    ]
    assert assert_same(b"".join(odd), Simplify.auto) == len(odd)


def test_more_slow_lines_than_the_scan_has_room_for() -> None:
    assert assert_same(b"\n" * (2 * MAX_SLOW + 1) + line(), Simplify.auto) == 1


@pytest.mark.parametrize("mode", [Simplify.auto, Simplify.always])
def test_what_is_rejected_is_handed_on_before_it_fills_the_memory(mode: Simplify) -> None:
    text = np.frombuffer(b"\n" * (2 * MAX_SLOW + 1), np.uint8)
    assert [len(rejects) for _, rejects, _ in read_lines(text, mode, {}, {})] == [MAX_SLOW, MAX_SLOW, 1]


def test_x_without_y_stays_within_bounds() -> None:
    head = line().split(b"[[[")[0]
    assert assert_same(head + b"[[[" + b"0," * 200_000 + b"\n", Simplify.auto) == 0
