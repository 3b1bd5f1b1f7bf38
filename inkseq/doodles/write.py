"""Doodles as Quick, Draw! ndjson: one file a class, the same bytes for the same seed."""

import difflib
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import NDArray
from tqdm import tqdm

from inkseq.doodles import animals, creatures, outdoors, plants, shapes, things
from inkseq.doodles.human import by_hand
from inkseq.doodles.pen import Pen
from inkseq.drawings.simplify import simplify_many
from inkseq.errors import UserError
from inkseq.files import whole_file

# Every public function of these modules is a class, and its name is the word.
CLASSES: dict[str, Callable[[Pen], None]] = {
    name.replace("_", " "): program
    for module in (animals, creatures, plants, shapes, outdoors, things)
    for name, program in sorted(vars(module).items())
    if callable(program) and program.__module__ == module.__name__ and not name.startswith("_")
}

BLOCK = 500  # drawings that share a seed, so that a larger file begins with the smaller one

# Per mille of the people who play; everybody else is shared out among the smaller countries.
COUNTRIES = {
    "US": 430, "GB": 70, "CA": 37, "DE": 29, "AU": 24, "RU": 23, "BR": 19, "CZ": 18, "IT": 18, "SE": 18,
    "FI": 17, "FR": 16, "PH": 15, "TH": 14, "KR": 12, "PL": 12, "HU": 11, "SA": 11, "NL": 11, "ID": 10,
    "IN": 9, "SK": 8, "VN": 8, "MY": 7, "JP": 7, "RO": 7, "IE": 6, "HK": 6, "AE": 6, "NZ": 6, "UA": 5,
    "TR": 5, "RS": 5, "NO": 5, "TW": 5, "HR": 4, "SG": 4, "BE": 4, "AR": 4, "AT": 4, "PT": 4, "ES": 4,
    "MX": 4, "ZA": 4, "CH": 3, "DK": 3, "GR": 3, "IL": 3, "BG": 3, "LT": 2, "CL": 2, "EG": 2, "EE": 2,
}  # fmt: skip


def write_doodles(out: Path, per_class: int, seed: int, classes: list[str] | None = None) -> int:
    """Write `out/<word>.ndjson` with `per_class` drawings for each class; returns the number of drawings."""
    words = sorted(CLASSES) if classes is None else list(dict.fromkeys(classes))
    for word in words:
        _known(word)
    out.mkdir(parents=True, exist_ok=True)
    with tqdm(total=len(words) * per_class, unit=" drawings", unit_scale=True, disable=None) as progress:
        for word in words:
            progress.set_description(word)
            with whole_file(out / f"{word}.ndjson") as partial, partial.open("wb") as file:
                for lines in doodles(word, per_class, seed):
                    file.writelines(lines)
                    progress.update(len(lines))
    return len(words) * per_class


def doodles(word: str, count: int, seed: int) -> Iterator[list[bytes]]:
    """Lines of ndjson, a block at a time. Drawing i depends on the seed, the word and i, and nothing else."""
    program = _known(word)
    for start in range(0, count, BLOCK):
        rng = np.random.default_rng(_hash(f"{seed}/{word}/{start}"))
        pen = Pen(rng, BLOCK)
        program(pen)
        ink = by_hand(pen)
        wanted = min(BLOCK, count - start)
        end = ink.offsets[wanted]
        points, pens, offsets, ok = simplify_many(ink.points[:end], ink.pen[:end], ink.offsets[: wanted + 1])
        assert ok.all(), f"{word}: a program drew something that is no drawing"
        text, text_ends = _drawings_as_json(points, pens, offsets)
        # The head is drawn for the whole block, so that it does not depend on how many are wanted.
        heads = _heads(word, ink.recognized, rng, key_ids(word, seed, start))
        body, begins, ends = text.tobytes(), [0, *text_ends.tolist()], text_ends.tolist()
        yield [b"%s%s]}\n" % (head, body[a:b]) for head, a, b in zip(heads, begins, ends, strict=False)]


def key_ids(word: str, seed: int, start: int) -> NDArray[np.uint64]:
    """16 digits for each drawing of a block, from the range that Quick, Draw! uses.

    Consecutive numbers from a place hashed from (word, seed), shuffled by a one-to-one function of 51 bits:
    never the same within a class, and between two classes only if their places are closer than their sizes.
    """
    bits = np.uint64((1 << 51) - 1)
    place = _hash(f"{seed}/{word}") + start
    number = (np.arange(BLOCK, dtype=np.uint64) + np.uint64(place & int(bits))) & bits
    for odd in (0x4F1BBCDCBFA53, 0x5851F42D4C957):
        number = (number * np.uint64(odd)) & bits
        number ^= number >> np.uint64(26)
    return number + np.uint64(1 << 52)


def _known(word: str) -> Callable[[Pen], None]:
    if word in CLASSES:
        return CLASSES[word]
    nearest = difflib.get_close_matches(word, CLASSES, n=1, cutoff=0)[0]
    raise UserError(f"no doodle is called {word!r}; did you mean {nearest!r}? ({len(CLASSES)} are known)")


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest())


def _heads(
    word: str, recognized: NDArray[np.bool_], rng: np.random.Generator, keys: NDArray[np.uint64]
) -> Iterator[bytes]:
    """Each line up to its first stroke."""
    shares = np.array(list(COUNTRIES.values()), np.float64)
    countries = rng.choice(np.array([f'"{code}"' for code in COUNTRIES]), BLOCK, p=shares / shares.sum()).tolist()
    # The game was played and recorded from January to March 2017.
    seconds = rng.integers(0, 90 * 24 * 3600, BLOCK).astype("timedelta64[s]")
    moments = np.datetime_as_string(np.datetime64("2017-01-01", "s") + seconds).tolist()
    fractions = rng.integers(0, 100_000, BLOCK).tolist()
    text = json.dumps(word)
    for country, moment, fraction, known, key in zip(
        countries, moments, fractions, recognized.tolist(), keys.tolist(), strict=True
    ):
        yield (
            f'{{"word":{text},"countrycode":{country},'
            f'"timestamp":"{moment[:10]} {moment[11:]}.{fraction:05d} UTC",'
            f'"recognized":{"true" if known else "false"},"key_id":"{key}","drawing":['
        ).encode()


@njit(cache=True)
def _drawings_as_json(points, pen, offsets):  # type: ignore[no-untyped-def]
    """The strokes of every drawing, `[[x,...],[y,...]],...`, as bytes end to end, and where each ends."""
    comma, opening, closing, zero = 44, 91, 93, 48
    text = np.empty(8 * len(points) + 6 * int(pen.sum()), np.uint8)  # "255," twice a point, brackets a stroke
    ends = np.empty(len(offsets) - 1, np.int64)
    used = 0
    for drawing in range(len(ends)):
        first = offsets[drawing]
        for last in range(offsets[drawing], offsets[drawing + 1]):
            if not pen[last]:
                continue
            if first > offsets[drawing]:
                text[used] = comma
                used += 1
            text[used] = opening
            used += 1
            for axis in range(2):
                text[used] = opening
                used += 1
                for p in range(first, last + 1):
                    number = points[p, axis]
                    if number >= 100:
                        text[used] = zero + number // 100
                        used += 1
                    if number >= 10:
                        text[used] = zero + number // 10 % 10
                        used += 1
                    text[used] = zero + number % 10
                    text[used + 1] = comma
                    used += 2
                text[used - 1] = closing  # in place of the last comma
                text[used] = comma
                used += 1
            text[used - 1] = closing
            first = last + 1
        ends[drawing] = used
    return text, ends
