"""Arrays of images and of labels as they are published: MNIST's idx files, plain or in gzip, and Kuzushiji's npz."""

import gzip
import math
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from inkseq.drawings.blocks import damaged, is_gzip, open_task
from inkseq.drawings.scans import MAX_PIXELS
from inkseq.drawings.sources import Task
from inkseq.errors import UserError

AT_ONCE = 256
IDX_BYTES = 8  # what idx calls an unsigned byte
Array = NDArray[np.generic]


class Head(NamedTuple):
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]


def head_of(task: Task) -> Head:
    """What an array's file says it holds."""
    with ExitStack() as stack:
        return _open(task, stack)[1]


def blocks_of(task: Task) -> Iterator[Array]:
    """An array, some rows at a time; refused where it breaks off."""
    with ExitStack() as stack:
        stream, head = _open(task, stack)
        each = math.prod(head.shape[1:]) * head.dtype.itemsize
        for start in range(0, head.shape[0], AT_ONCE):
            num_rows = min(AT_ONCE, head.shape[0] - start)
            try:
                text = stream.read(num_rows * each)
            except Exception as error:
                raise _refused(task, error) from None
            if len(text) < num_rows * each:
                raise UserError(f"{task.name} breaks off: it says that it holds {head.shape[0]:,}")
            yield np.frombuffer(text, head.dtype).reshape(num_rows, *head.shape[1:])


def _open(task: Task, stack: ExitStack) -> tuple[IO[bytes], Head]:
    """The file where its array begins."""
    try:
        stream, head = (_open_npz if task.path.suffix.lower() == ".npz" else _open_idx)(task, stack)
    except Exception as error:
        raise _refused(task, error) from None
    pixels = math.prod(head.shape[1:])
    if head.dtype.kind not in "ui" or not 0 < pixels <= MAX_PIXELS:
        raise UserError(f"{task.name}: {head.dtype} {head.shape} is neither images nor labels")
    return stream, head


def _open_idx(task: Task, stack: ExitStack) -> tuple[IO[bytes], Head]:
    stream = cast(IO[bytes], stack.enter_context(open_task(task)[0]))
    if is_gzip(stream):  # type: ignore[arg-type]
        stream = cast(IO[bytes], stack.enter_context(gzip.GzipFile(fileobj=stream)))
    zero, kind, num_axes = np.frombuffer(stream.read(4), ">u2,u1,u1")[0].tolist()
    if zero or kind != IDX_BYTES or num_axes not in (1, 3):
        raise ValueError("no idx file of bytes")
    return stream, Head(tuple(np.frombuffer(stream.read(4 * num_axes), ">u4").tolist()), np.dtype(np.uint8))


def _open_npz(task: Task, stack: ExitStack) -> tuple[IO[bytes], Head]:
    archive = stack.enter_context(zipfile.ZipFile(task.path))
    stream = stack.enter_context(archive.open("arr_0.npy"))
    read_header = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}
    shape, is_fortran, dtype = read_header[np.lib.format.read_magic(stream)[0]](stream)
    if is_fortran:
        raise ValueError("columns before rows")
    return stream, Head(shape, dtype)


def _refused(task: Task, error: Exception) -> Exception:
    """What to raise where an array cannot be read: half a dataset is none."""
    found = damaged(error)
    return found if isinstance(found, OSError) else UserError(f"{task.name}: {found}")
