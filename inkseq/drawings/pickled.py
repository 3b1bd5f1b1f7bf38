"""An array of arrays out of a pickle from anybody. A pickle is a program: this one may only say what arrays hold.

Nothing of NumPy's or Python's own is called by it but `dtype`: a few bytes could ask those for gigabytes.
"""

import io
import math
import pickle
import pickletools
from typing import Any

import numpy as np
from numpy.typing import NDArray

CONTAINERS = {"EMPTY_SET", "EMPTY_DICT", "DICT", "EMPTY_LIST", "LIST", "FROZENSET", "DUP"}  # one byte makes many
MAX_CONTAINERS = 10  # an array of arrays has one list
MAX_OPERATIONS = 40  # for each of its elements; Python 2 wrote 29


def unpickle(text: bytes, most_elements: int) -> Any:
    """The array, its elements arrays of numbers or whatever else stood there; raises where it is something else."""
    _check(text, most_elements)
    found = _Unpickler(io.BytesIO(text), encoding="latin1").load()  # the public files were written by Python 2
    return found.array if isinstance(found, _Array) else found


def _check(text: bytes, most_elements: int) -> None:
    """Refuse what would be far larger in memory: anything by the million, empty containers, a memo with holes."""
    containers = 0
    for count, (operation, argument, _) in enumerate(pickletools.genops(text)):
        if count > MAX_OPERATIONS * (most_elements + 1):
            raise pickle.UnpicklingError(f"more operations than {most_elements:,} arrays take")
        containers += operation.name in CONTAINERS
        if containers > MAX_CONTAINERS or (operation.name.endswith("PUT") and int(argument or 0) > count):
            raise pickle.UnpicklingError(f"{operation.name} has no place in an array")


class _Array:
    """An array while it is unpickled, made when its size is known to be that of what it holds."""

    array: NDArray[Any]

    def __setstate__(self, state: tuple[int, tuple[int, ...], np.dtype[Any], bool, bytes | str | list[Any]]) -> None:
        _, shape, dtype, is_fortran, held = state
        if not isinstance(held, list):
            held = held.encode("latin1") if isinstance(held, str) else held
            self.array = np.frombuffer(held, dtype).reshape(shape, order="F" if is_fortran else "C")
            return
        if math.prod(shape) != len(held):
            raise pickle.UnpicklingError(f"an array of {len(held)} elements cannot have the shape {shape}")
        self.array = np.empty(len(held), object)
        self.array[:] = [one.array if isinstance(one, _Array) else one for one in held]
        self.array.shape = shape


def _begin(*_: object) -> _Array:
    return _Array()


def _encoded(text: str, _: str) -> bytes:
    return text.encode("latin1")  # how protocol 2 writes bytes


FOUND = {
    ("numpy", "_reconstruct"): _begin,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _encoded,
    ("__builtin__", "bytes"): lambda: b"",  # likewise of none
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if found := FOUND.get((module.split(".")[0], name)):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} has no place in an array")
