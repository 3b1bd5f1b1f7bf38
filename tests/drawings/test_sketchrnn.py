"""npz files that are far larger than they look: measured before they are unpacked, and of a pickle only arrays."""

import io
import pickle
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from inkseq.config import Simplify
from inkseq.drawings.canonical import Rejected
from inkseq.drawings.pickled import unpickle
from inkseq.drawings.sketchrnn import read_npz
from tests.faults.peak import forget_peak, peak
from tests.predict.conftest import entries_of


def header(shape: tuple[int, ...], kind: str) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": kind, "fortran_order": False, "shape": shape})
    return file.getvalue()


def npz(path: Path, array: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.npy", array)
    return path


def objects(*elements: Any) -> NDArray[Any]:
    array = np.empty(len(elements), object)
    array[:] = elements
    return array


class Call:
    """What a pickle says to call a function of NumPy's or Python's."""

    def __init__(self, *reduced: Any) -> None:
        self.reduced = reduced

    def __reduce__(self) -> tuple[Any, ...]:
        return self.reduced


ROWS = np.array([[0, 0, 0], [200, 9, 0], [-9, 255, 1]], np.int16)
HUGE = 10**9


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("rows", [ROWS, np.asfortranarray(ROWS), ROWS.astype(">i4"), ROWS.astype(np.float64), ROWS[:0]])
def test_what_arrays_hold_is_unpickled(protocol: int, rows: NDArray[Any]) -> None:
    array = unpickle(pickle.dumps(objects(rows, None, rows), protocol), most_elements=3)
    np.testing.assert_array_equal(array[0], rows)
    np.testing.assert_array_equal(array[2], rows)
    assert array[1] is None


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (header((HUGE, 4, 3), "<i2") + bytes(30 * 2**20), "unpacks to 30 MB: more than 20 times itself"),
        (header((HUGE, 4, 3), "<i2") + bytes(1000), "damaged"),
        (header((HUGE, 0, 3), "<i2"), "drawing is not rows"),
        (header((HUGE, 0), "|O") + pickle.dumps(objects().reshape(HUGE, 0)), "drawing is not rows"),
        (
            header((1,), "|O") + pickle.dumps(objects(*[np.zeros((20_000, 3), np.int16)] * 300)),
            "more drawings than a file of its size",
        ),
        (header((1,), "|O") + b"\x80\x02(" + b")" * 1_000_000 + b".", "damaged .*more operations"),
        (header((1,), "|O") + b"\x80\x04" + b"\x8f" * 1_000_000 + b".", "EMPTY_SET has no place"),
        (header((1,), "|O") + b"\x80\x02" + b"]" * 1_000_000 + b".", "EMPTY_LIST has no place"),
        (header((1,), "|O") + b"\x80\x02Nr" + (2**31 - 1).to_bytes(4, "little") + b".", "LONG_BINPUT has no place"),
        (header((1,), "|O") + pickle.dumps(Call(bytes, (HUGE,))), "has no place in an array"),
        (header((1,), "|O") + pickle.dumps(objects(Call(np.ndarray, ((HUGE,), np.dtype(object))))), "damaged"),
        (
            header((1,), "|O") + pickle.dumps(Call(objects().__reduce__()[0], (np.ndarray, (HUGE,), b"O")), 2),
            "no arrays called train|damaged",
        ),
        (
            header((1,), "|O")
            + pickle.dumps(
                Call(*objects().__reduce__()[:2], (1, (HUGE,), np.dtype(object), False, [])),
                2,
            ),
            "damaged .*shape",
        ),
    ],
    ids=[
        "zeros",
        "shape",
        "any number of nothing",
        "objects of nothing",
        "the same again and again",
        "tuples",
        "sets",
        "lists",
        "memo",
        "bytes",
        "ndarray",
        "reconstruct",
        "state",
    ],
)
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, array: bytes, reason: str) -> None:
    path = npz(tmp_path / "cat.npz", array)
    before, started = forget_peak(), time.process_time()
    with pytest.raises(Rejected, match=reason):
        list(read_npz(path, Simplify.auto))
    assert time.process_time() - started < 5
    assert peak() - before < 200
    *_, last = entries_of(path)
    assert last.drawing is None


def test_what_is_said_of_a_pickle_is_short_and_printable(tmp_path: Path) -> None:
    name = b"\x1b[31m" + b"x" * 100_000
    [entry] = entries_of(npz(tmp_path / "cat.npz", header((1,), "|O") + b"\x80\x02c" + name + b"\ny\n."))
    assert entry.error.startswith("the file is damaged from here on (?[31mxxx")
    assert len(entry.error) < 300
