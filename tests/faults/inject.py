"""Faults for a command to meet, set up in its process before it begins: a bad or slow disk, memory that runs out."""

import builtins
import errno
import io
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from inkseq.convert import shuffle
from inkseq.models.contract import Model

SLOW = 0.02  # seconds that a slow disk takes for a write


def bad_disk(number: int) -> None:
    """The write of that number, or whatever else is done to a file, fails, and none after it."""

    def fail() -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    _before_writes(_once(number, fail))


def slow_disk(number: int) -> None:
    """Every so many writes one that takes long."""
    count = 0

    def wait() -> None:
        nonlocal count
        count += 1
        if count % number == 0:
            time.sleep(SLOW)

    _before_writes(wait)


def no_memory(number: int, again: bool = False) -> None:
    """There is none for that call of a model; with `again` for none of so many."""

    def fail() -> None:
        raise MemoryError

    _before_models(_once(number, fail, again))


def slow_model(seconds: float) -> None:
    """Steps that last."""
    _before_models(lambda: time.sleep(seconds))


def _once(number: int, fault: Callable[[], None], again: bool = False) -> Callable[[], None]:
    count = 0

    def met() -> None:
        nonlocal count
        count += 1
        if count == number or (again and count % number == 0):
            fault()

    return met


def _before_models(fault: Callable[[], None]) -> None:
    call = torch.nn.Module.__call__

    def faulty(self: Model, *given: Any, **named: Any) -> Any:
        fault()
        return call(self, *given, **named)

    setattr(Model, "__call__", faulty)  # noqa: B010  mypy


def _before_writes(fault: Callable[[], None]) -> None:
    """Before all that Python writes into files under this folder, and all that it does to them."""

    class Faulty(io.FileIO):
        def write(self, content: Any) -> int:
            fault()
            return super().write(content)

    def opened(
        file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, *others: Any, **named: Any
    ) -> Any:
        if not (set(mode) & set("wax+") and isinstance(file, str | os.PathLike) and _is_ours(file)):
            return real(file, mode, buffering, encoding, *others, **named)
        raw = Faulty(file, mode.replace("b", "").replace("t", ""))
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, *others, **named)

    real = io.open
    io.open = builtins.open = opened
    setattr(shuffle, "FileIO", Faulty)  # noqa: B010  mypy
    for name in ("fsync", "replace", "rename"):
        setattr(os, name, _after(fault, getattr(os, name)))


def _is_ours(file: str | os.PathLike[str]) -> bool:
    return Path(file).absolute().is_relative_to(Path.cwd())


def _after(fault: Callable[[], None], work: Callable[..., Any]) -> Callable[..., Any]:
    def faulty(*given: Any, **named: Any) -> Any:
        fault()
        return work(*given, **named)

    return faulty
