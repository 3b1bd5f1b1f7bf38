"""Answers for people: all guesses of one drawing as bars, or a row for each of many."""

from itertools import chain
from typing import TextIO
from unicodedata import east_asian_width

from inkseq.predict.outputs import Windows, each
from inkseq.predict.stream import NOT_SURE, Answer, Tally

BAR, WIDEST_BAR, WIDEST = 10, 60, 40  # columns: of a row's bar, of a bar by itself, of what a file says
EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
WORTH_SAYING = 0.005  # of other guesses
HEADER = ("drawing", "guess", "how sure", "given", "or else")


def write_table(windows: Windows, file: TextIO, words: list[str], folder: str, width: int) -> None:
    """Rows as they come, so their columns are as wide as the first window and the recogniser's words ask for."""
    first = next(windows, [])
    if len(first) < 2:
        file.writelines(_one(answer, width) for answer in first)
        return
    source = max(columns(_short(answer.entry.source, folder)) for answer in first)
    given = max(columns(answer.entry.word) for answer in first)
    widths = [min(max(source, len(HEADER[0])), WIDEST), max(map(columns, [*words, NOT_SURE])), BAR + 6]
    widths += [min(given + len("not "), WIDEST)] if given else []
    header = [name for name in HEADER if given or name != "given"]
    file.write(_line(header, widths, width) + _line(["-" * w for w in [*widths, 20]], widths, width))
    for answer in each(chain([first], windows), file):
        file.write(_row(answer, folder, widths, width))


def summary(tally: Tally) -> str:
    """How many there were, and how many of them right, not sure and no drawings."""
    drawings = tally.entries - tally.errors
    parts = [f"{drawings:,} drawing{'s' if drawings != 1 else ''}"]
    if tally.with_word:
        share = tally.right / tally.with_word
        of_them = "" if tally.with_word == drawings else f" of the {tally.with_word:,} with a word"
        parts.append(f"{tally.right:,}{of_them} right at first guess ({share:.1%})")
    if tally.unsure:
        parts.append(f"{tally.unsure:,} not sure")
    if tally.errors:
        first = "the first: " if tally.errors > 1 else ""
        parts.append(f"{tally.errors:,} error{'s' if tally.errors > 1 else ''} ({first}{tally.first_error})")
    return ", ".join(parts)


def bar(chance: float, width: int) -> str:
    """A bar to an eighth of a column."""
    whole, eighths = divmod(round(chance * width * 8), 8)
    return "█" * whole + EIGHTHS[eighths]


def columns(text: str) -> int:
    """How wide a text is on a terminal, where Chinese and Japanese signs take two columns."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def fill(text: str, width: int) -> str:
    """A text with spaces up to so many columns."""
    return text + " " * (width - columns(text))


def _one(answer: Answer, width: int) -> str:
    """A drawing and all its guesses."""
    entry, guesses, said = answer
    if not guesses:
        return f"{entry.source}: {entry.error}\n"
    longest = max(columns(guess.word) for guess in guesses)
    room = max(min(width - longest - 12, WIDEST_BAR), BAR)
    lines = [f"  {fill(word, longest)}  {bar(chance, room):<{room}}  {chance:>6.1%}\n" for word, chance in guesses]
    notes = [NOT_SURE] * (said == NOT_SURE) + [f"given as {entry.word}"] * bool(entry.word)
    return f"{': '.join([entry.source, *notes])}\n{''.join(lines)}"


def _row(answer: Answer, folder: str, widths: list[int], width: int) -> str:
    entry, guesses, said = answer
    source = _short(entry.source, folder)
    if len(source) > widths[0]:
        source = f"…{source[1 - widths[0] :]}"
    if not guesses:
        return f"{fill(source, widths[0])}  error: {entry.error}\n"
    chance = guesses[0].probability
    cells = [source, said, f"{bar(chance, BAR):<{BAR}} {chance:>5.0%}"]
    if len(widths) == 4:
        cells.append("" if not entry.word else "right" if entry.word == guesses[0].word else f"not {entry.word}")
    others = guesses if said == NOT_SURE else guesses[1:]
    return _line([*cells, ", ".join(f"{word} {p:.0%}" for word, p in others if p >= WORTH_SAYING)], widths, width)


def _short(source: str, folder: str) -> str:
    """A source without the folder that all of them are in."""
    return source.removeprefix(f"{folder.rstrip('/')}/")


def _line(cells: list[str], widths: list[int], width: int) -> str:
    """Cells in columns, the last one a list as long as there is room for."""
    padded = [fill(cell, w) for cell, w in zip(cells, widths, strict=False)]
    line = "  ".join([*padded, *cells[len(widths) :]]).rstrip()
    return (line if len(line) <= width else line[: width + 1].rpartition(", ")[0] or line[:width]) + "\n"
