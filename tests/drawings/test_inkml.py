"""InkML: traces as the W3C's recommendation writes them, and which of them are a drawing."""

import time
from pathlib import Path

import pytest

from inkseq.drawings import inkml
from inkseq.drawings.canonical import Rejected, canonical
from inkseq.drawings.xml import parse_xml
from tests.predict.conftest import entries_of

XY = '<channel name="X" type="integer"/><channel name="Y" type="integer"/>'


def strokes(inside: str, form: str = "") -> list[list[list[float]]]:
    form = f"<context><inkSource><traceFormat>{form}</traceFormat></inkSource></context>" if form else ""
    root = parse_xml(f'<ink xmlns="http://www.w3.org/2003/InkML">{form}{inside}</ink>'.encode())
    [(_, traces)] = inkml.drawings(root)
    return inkml.strokes(traces, inkml.channels_of(root))


@pytest.mark.parametrize(
    ("text", "xs", "ys"),
    [
        ("10 0, 9 14, 8 28", [10, 9, 8], [0, 14, 28]),
        ("10.5 -0.5,9 1e1,", [10.5, 9], [-0.5, 10]),
        ("-1-2,3 4", [-1, 3], [-2, 4]),
        ("5 5, '1 '2, 1 2, 3-4", [5, 6, 7, 10], [5, 7, 9, 5]),
        ("5 5, '1 '2, !9 !9, 8 8", [5, 6, 9, 8], [5, 7, 9, 8]),
        ("5 5, '1 '2, * *", [5, 6, 7], [5, 7, 9]),
        # velocities of 23 and 43, then changes of them
        ("1125 18432,'23'43,\"7\"-8,3-5,7 -3", [1125, 1148, 1178, 1211, 1251], [18432, 18475, 18510, 18540, 18567]),
    ],
)
def test_values_and_differences(text: str, xs: list[float], ys: list[float]) -> None:
    assert strokes(f"<trace>\n  {text} </trace>") == [[xs, ys]]


def test_channels_stand_where_the_format_says() -> None:
    form = '<channel name="F"/><channel name="Y" orientation="-ve"/><channel name="X"/>'
    hidden = "<intermittentChannels><channel name='B'/></intermittentChannels>"
    assert strokes("<trace>9 1 2 T, 9 3 4</trace>", form + hidden) == [[[2, 4], [-1, -3]]]


def test_only_traces_that_touch_the_paper_are_ink() -> None:
    more = '<trace type="penUp">5 5, 6 6</trace><definitions><trace>7 7, 8 8</trace></definitions>'
    assert strokes(f"<traceGroup><trace>1 2, 3 4</trace></traceGroup>{more}") == [[[1, 3], [2, 4]]]


def test_groups_that_say_what_they_are_are_the_drawings(tmp_path: Path) -> None:
    path = tmp_path / "a.inkml"
    path.write_text(
        """<ink><annotation type="truth">all of it</annotation>
        <trace xml:id="t1">0 0, 9 9</trace><trace id="t2">0 9, 9 0</trace>
        <traceGroup><annotation type="truth">Segmentation</annotation>
            <traceGroup><annotation type="truth"> cat </annotation><traceView traceDataRef="#t1"/></traceGroup>
            <traceGroup><annotation type="label">dog</annotation>
                <traceView traceDataRef="t2"/><trace>1 T</trace></traceGroup>
        </traceGroup></ink>"""
    )
    cat, dog = entries_of(path)
    assert (cat.source, cat.word) == (f"{path}[1]", "cat")
    assert cat.drawing is not None
    assert cat.drawing[0].tolist() == canonical([[[0, 9], [0, 9]]])[0].tolist()
    assert dog.source == f"{path}[2]"
    assert "no number" in dog.error


def test_a_document_is_one_drawing_with_its_word(tmp_path: Path) -> None:
    (tmp_path / "a.inkml").write_text('<ink><annotation type="truth">cat</annotation><trace>0 0, 1 1</trace></ink>')
    [entry] = entries_of(tmp_path / "a.inkml")
    assert (entry.word, entry.error) == ("cat", "")


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        ("<trace>1 2, 3</trace>", "a trace with a point without X or Y"),
        ("<trace></trace>", "empty"),
        ("<trace>1 T</trace>", "a trace with a value that is no number"),
        ("<trace>1 ?</trace>", "a trace with a value that is no number"),
        ("<trace>#1F 2</trace>", "a trace with a value that is no number"),
        ("<trace>" + "1 2," * 200_001 + "</trace>", "more than 200,000 points"),
        (f"<traceFormat>{XY}</traceFormat><traceFormat><channel name='Y'/><channel name='X'/></traceFormat>", "differ"),
        ("<traceFormat><channel name='X'/></traceFormat>", "a trace format without X or Y"),
        ("", "empty drawing"),
    ],
)
def test_what_cannot_be_read_is_said(inside: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "a.inkml").write_text(f"<ink>{inside}</ink>")
    [entry] = entries_of(tmp_path / "a.inkml")
    assert reason in entry.error


def group(inside: str) -> str:
    return f'<traceGroup><annotation type="truth">cat</annotation>{inside}</traceGroup>'


def test_a_long_trace_is_not_drawn_again_and_again(tmp_path: Path) -> None:
    trace, meant = f'<trace id="a">{"1 2,3 4," * 50_000}</trace>', '<traceView traceDataRef="#a"/>'
    (tmp_path / "a.inkml").write_text(f"<ink>{trace}{group(meant) * 3}</ink>")
    assert len(entries_of(tmp_path / "a.inkml")) == 3
    (tmp_path / "a.inkml").write_text(f"<ink>{trace}{group(meant) * 300}</ink>")
    started = time.process_time()
    [entry] = entries_of(tmp_path / "a.inkml")
    assert entry.error == "groups that draw the same traces more than 3 times"
    assert time.process_time() - started < 5


def test_a_short_trace_may_be_drawn_by_many(tmp_path: Path) -> None:
    meant = group('<traceView traceDataRef="#a"/>') * 1000
    (tmp_path / "a.inkml").write_text(f'<ink><trace id="a">1 2,3 4</trace>{meant}</ink>')
    assert len([entry for entry in entries_of(tmp_path / "a.inkml") if entry.drawing is not None]) == 1000


def test_formats_are_looked_for_once_however_many_the_drawings(tmp_path: Path) -> None:
    (tmp_path / "a.inkml").write_text(f"<ink>{group('<trace>1 2,3 4</trace>') * 20_000}</ink>")
    started = time.process_time()
    assert len(entries_of(tmp_path / "a.inkml")) == 20_000
    assert time.process_time() - started < 10


def test_other_documents_are_refused() -> None:
    with pytest.raises(Rejected, match="malformed XML"):
        parse_xml(b"<ink><trace>")
