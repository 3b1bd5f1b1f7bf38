"""Entries of an XML document: SVG is a drawing, InkML one or several."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from inkseq.drawings import inkml, svg
from inkseq.drawings.canonical import Rejected
from inkseq.drawings.entries import Entry, drawing_entry
from inkseq.drawings.ndjson import check_word
from inkseq.drawings.xml import parse_xml


def xml_entries(text: bytes, source: str) -> Iterator[Entry]:
    """The drawings of a document; raises Rejected where it is not to be read at all."""
    root = parse_xml(text)
    if root.tag == "svg":
        yield drawing_entry(source, svg.strokes(root))
    elif root.tag == "ink":
        found = inkml.drawings(root)
        for number, (word, traces) in enumerate(found, 1):
            yield _inkml_entry(source if len(found) == 1 else f"{source}[{number}]", word, root, traces)
    else:
        raise Rejected("XML, but neither SVG nor InkML")


def _inkml_entry(source: str, word: str, root: Element, traces: list[Element]) -> Entry:
    try:
        word = check_word(word) if word else ""
        return drawing_entry(source, inkml.strokes(root, traces), word=word)
    except Rejected as reason:
        return Entry(source, None, str(reason))
