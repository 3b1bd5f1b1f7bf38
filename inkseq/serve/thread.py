"""Threads that a process can end without, as it cannot without an executor's."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from inkseq.serve.requests import Refused

T = TypeVar("T")
P = ParamSpec("P")


class Worker:
    """A thread that does one thing after the other; `most` may be under way or wait, more are refused."""

    def __init__(self, name: str, most: int) -> None:
        self.most = most
        self._asked: set[Future[Any]] = set()
        self._todo: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        threading.Thread(target=self._work, name=name, daemon=True).start()

    async def do(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """What the function returns or raises. Who no longer waits when its turn comes is left out."""
        if len(self._asked) >= self.most:
            raise Refused(503, "too many are waiting; try again")
        done: Future[T] = Future()
        self._asked.add(done)
        done.add_done_callback(self._asked.discard)
        self._todo.put((done, partial(function, *arguments, **named)))
        return await asyncio.wrap_future(done)

    def close(self) -> None:
        """End after what was asked before."""
        self._todo.put(None)

    def busy(self) -> bool:
        """Whether something is under way that nothing can stop."""
        return any(done.running() for done in list(self._asked))

    def _work(self) -> None:
        while asked := self._todo.get():
            done, work = asked
            if done.set_running_or_notify_cancel():
                try:
                    done.set_result(work())
                except BaseException as error:
                    done.set_exception(error)
            del asked, done, work  # or what they hold would stay until the next one is asked
