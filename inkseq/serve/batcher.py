"""Batches of requests: those that come while the recogniser is busy wait, and are answered together."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from inkseq.drawings.strokes import Drawn
from inkseq.inference.recogniser import Guess
from inkseq.serve.pupil import Pupil
from inkseq.serve.requests import Refused
from inkseq.serve.thread import Worker

MOST_TOGETHER = 32  # 64 are named no faster, and make others wait twice as long
MOST_WAITING = 512  # at a few hundred a second, those behind would wait for longer than anybody does
STUCK_AFTER = 60.0  # seconds over one batch; the longest drawings take a slow machine some

LOG = logging.getLogger(__name__)
Question = tuple[Drawn, int, "asyncio.Future[list[Guess]]"]  # how many guesses are wanted, too


class Batcher:
    """One recogniser, one thread that asks it, and those who wait for an answer.

    Nobody waits for a batch to fill up: whoever is there when the last batch is done makes the next one.
    """

    def __init__(self, pupil: Pupil) -> None:
        self.pupil = pupil
        self.stuck_after = STUCK_AFTER
        self.answered_together: deque[int] = deque(maxlen=1000)
        self.thread = Worker("recogniser", 1)
        self._waiting: deque[Question] = deque()
        self._someone = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._begun: float | None = None  # the batch that is computed now

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Answer until the end, at which nobody waits any more: the server has seen to that."""
        self._work = asyncio.create_task(self._go_on())
        try:
            yield
        finally:
            self._work.cancel()
            self.thread.close()

    def trouble(self) -> str:
        """Why nobody gets an answer; empty while all is well."""
        if self._work is None or self._work.done():
            return "the recogniser has stopped; restart the server"
        if self._begun is not None and (lasts := time.monotonic() - self._begun) > self.stuck_after:
            return f"the recogniser has been busy with one batch for {lasts:.0f} seconds; restart the server"
        return ""

    async def ask(self, drawing: Drawn, top: int) -> list[Guess]:
        """The likeliest words of a canonical drawing, or of an image's ink."""
        if trouble := self.trouble():
            raise Refused(503, trouble)
        if len(self._waiting) >= MOST_WAITING:
            raise Refused(503, "too many are waiting; try again")
        answer: asyncio.Future[list[Guess]] = asyncio.get_running_loop().create_future()
        self._waiting.append((drawing, top, answer))
        self._someone.set()
        return await answer

    async def _go_on(self) -> None:
        try:
            while True:
                await self._answer_next()
        except Exception:
            LOG.exception("the recogniser has stopped")

    async def _answer_next(self) -> None:
        await self._someone.wait()
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))]
        if not self._waiting:
            self._someone.clear()
        if still := [question for question in batch if not question[2].done()]:  # who asked may have gone
            await self._answer(still)

    async def _answer(self, batch: list[Question]) -> None:
        """Answer them together; where that fails each alone, so that nobody bears another's fault."""
        self._begun = time.monotonic()
        try:
            drawings, tops, _ = zip(*batch, strict=True)
            guesses = await self.thread.do(self.pupil.name, drawings, max(tops))
        except Exception:
            LOG.exception("%d drawings could not be named%s", len(batch), "; each alone" if len(batch) > 1 else "")
            await self._answer_apart(batch)
            return
        finally:
            self._begun = None
        self.answered_together.append(len(batch))
        for (_, top, answer), likeliest in zip(batch, guesses, strict=True):
            if not answer.done():
                answer.set_result(likeliest[:top])

    async def _answer_apart(self, batch: list[Question]) -> None:
        if len(batch) > 1:
            for question in batch:
                await self._answer([question])
        elif not (answer := batch[0][2]).done():
            answer.set_exception(Refused(500, "this drawing could not be named; the server's log says why"))
