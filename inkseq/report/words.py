"""Numbers and lists as the report says them."""

from collections.abc import Sequence

from markupsafe import Markup

from inkseq.evaluate.figures import code_points
from inkseq.tables import a_few

SOME = 10  # of a list that are named


def percent(share: float, digits: int = 1) -> str:
    """93.1 %, never broken before the sign; of what is hardly anything, that it is hardly anything."""
    text = f"{100 * share:.{digits}f}"
    if share > 0 and float(text) == 0:
        text = f"<{10**-digits:.{digits}f}"
    return f"{text}\N{NO-BREAK SPACE}%"


def count(number: int, thing: str) -> str:
    """1 drawing, 2 drawings, 1,000 drawings; of classes 1 class, 2 classes."""
    many = thing + ("es" if thing.endswith("s") else "s")
    return f"{number:,} {thing if number == 1 else many}"


def listed(words: Sequence[str]) -> str:
    return a_few([spoken(word) for word in words], SOME)


def named(name: str) -> Markup:
    """A class's name, whichever way it is written, and its code points if it is a character or two beyond ASCII."""
    code = code_points(name)
    return Markup("<bdi>{}</bdi>").format(name) + Markup(f' <span class="code">{code}</span>' if code else "")


def spoken(name: str) -> str:
    """The same where there is only text: marks (Unicode's isolates) keep the direction to the name."""
    if name.isascii():
        return name
    return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE} {code_points(name)}".rstrip()
