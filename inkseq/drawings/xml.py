"""XML from anybody, as a small tree: nothing is fetched, nothing expands, and it is neither deep nor large."""

from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from inkseq.drawings.canonical import Rejected

MAX_ELEMENTS, MAX_DEPTH = 100_000, 200
KEPT_PREFIXES = ("", "xlink", "xml")  # of attributes; inkscape:cx is not a circle's cx


def parse_xml(text: bytes) -> Element:
    """The root of a document, all names without their prefixes; raises Rejected.

    A document type that only names itself is harmless and common in SVG; one that declares entities is refused.
    """
    builder = TreeBuilder()
    depth = count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > MAX_DEPTH or count > MAX_ELEMENTS:
            raise Rejected(f"more than {MAX_ELEMENTS:,} elements, or more than {MAX_DEPTH} within each other")
        split = [(key.rpartition(":"), value) for key, value in attributes.items()]
        builder.start(_local(name), {key: value for (prefix, _, key), value in split if prefix in KEPT_PREFIXES})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_local(name))

    def refuse(*_: object) -> None:
        raise Rejected("the document declares entities, which may expand to anything")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, builder.data
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise Rejected(f"malformed XML ({expat.ErrorString(error.code)}, line {error.lineno})") from None
    except (LookupError, ValueError):  # what Python says of an encoding that is none, or has letters of several bytes
        raise Rejected("XML in an encoding that cannot be read here; saved as UTF-8 it can") from None
    root = builder.close()
    assert isinstance(root, Element)
    return root


def _local(name: str) -> str:
    return name.rpartition(":")[2]
