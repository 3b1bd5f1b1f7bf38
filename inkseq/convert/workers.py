"""Many pieces of work over processes, with one progress bar."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from tqdm import tqdm

from inkseq.errors import UserError
from inkseq.memory import keep_freed_memory

Result = TypeVar("Result")


class Workers:
    """So many processes; one worker is this process itself. They start at once, and are gone when `close` returns."""

    def __init__(self, number: int) -> None:
        self.number = number
        keep_freed_memory()
        # A fork starts at once, where a new interpreter would first import for longer than small data takes.
        context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        self.done, self.stop = context.Value("q", 0), context.Event()
        self.pool = ProcessPoolExecutor(number, context, _start_worker, (self.done, self.stop))
        if number > 1:
            self.pool.submit(int)  # forks now, before a progress bar starts its thread

    def close(self) -> None:
        self.stop.set()
        self.pool.shutdown(wait=True, cancel_futures=True)

    def run(self, work: Callable[..., Result], items: list[tuple[Any, ...]], bar: "tqdm[Any]") -> list[Result]:
        """work(*item, tick) of every item, in their order; `tick(n)` moves the bar by n."""
        if self.number == 1:
            return [work(*item, bar.update) for item in items]
        before = self.done.value - bar.n
        try:
            futures = [self.pool.submit(work, *item, _tick) for item in items]
            pending = set(futures)
            while pending:
                finished, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
                bar.update(self.done.value - before - bar.n)
                for future in finished:
                    future.result()  # raises what went wrong as soon as it did
            return [future.result() for future in futures]
        except BrokenProcessPool:
            raise UserError("a worker process died; was there memory enough? workers=1 needs least") from None


_done: Any = None
_stop: Any = None


def _start_worker(done: Any, stop: Any) -> None:
    """In a new worker: Ctrl-C is the parent's to handle; a parent that was killed takes its workers along."""
    global _done, _stop
    _done, _stop = done, stop
    keep_freed_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow_parent() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow_parent, daemon=True).start()


def _tick(amount: int) -> None:
    if _stop.is_set():
        raise InterruptedError
    with _done.get_lock():
        _done.value += amount
