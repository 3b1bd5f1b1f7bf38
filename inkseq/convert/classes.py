"""The classes of a dataset: the words of what was kept."""

import difflib
from pathlib import Path

from inkseq.config import ConvertConfig
from inkseq.convert.books import Books
from inkseq.drawings.kaggle import WORDLESS
from inkseq.errors import UserError

MAX_CLASSES = 2**15 - 1


def classes_of(config: ConvertConfig, books: Books, kept: set[str], packed: Path) -> list[str]:
    """These words, sorted; or why that will not do."""
    for name in config.classes:
        if name not in books.classes:
            near = difflib.get_close_matches(name, books.classes, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"{len(books.classes)} other words are there"
            raise UserError(f"no drawing of '{name}' in {', '.join(config.raw)}; {hint}")
    if not kept:
        rejected, saved = packed / "rejected.ndjson", f"{config.out}.rejected.ndjson"
        where = ""
        if rejected.exists():
            rejected.replace(saved)
            where = f"\n{saved} names file, line and reason of each rejected line"
        raise UserError(f"no drawing is left to pack\n{books.to_text()}{where}")
    if len(kept) > MAX_CLASSES:
        raise UserError(f"{len(kept):,} different words; a dataset holds {MAX_CLASSES:,} classes at most")
    return sorted(kept - {WORDLESS})
