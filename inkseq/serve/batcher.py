"""Batches of requests: those that come while the recogniser is busy wait, and are answered together."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import numpy as np
from numpy.typing import NDArray

from inkseq.drawings.strokes import Flat
from inkseq.inference.recogniser import Recogniser
from inkseq.serve.requests import Refused

MOST_TOGETHER = 32  # 64 are named no faster, and make others wait twice as long
MOST_WAITING = 512  # at a few hundred a second, those behind would wait for longer than anybody does


class Batcher:
    """One recogniser, one thread that asks it, and those who wait for an answer.

    Nobody waits for a batch to fill up: whoever is there when the last batch is done makes the next one.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        self.recogniser = recogniser
        self.answered_together: deque[int] = deque(maxlen=1000)
        self._waiting: deque[tuple[Flat, asyncio.Future[NDArray[np.float32]]]] = deque()
        self._someone = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "recogniser")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Answer until the end; those who wait then are answered first."""
        work = asyncio.create_task(self._work())
        try:
            yield
        finally:
            while self._waiting:
                await asyncio.sleep(0.01)
            work.cancel()
            self._thread.shutdown()

    async def ask(self, drawing: Flat) -> NDArray[np.float32]:
        """probability_K of a canonical drawing."""
        if len(self._waiting) >= MOST_WAITING:
            raise Refused(503, "too many are waiting; try again")
        answer: asyncio.Future[NDArray[np.float32]] = asyncio.get_running_loop().create_future()
        self._waiting.append((drawing, answer))
        self._someone.set()
        return await answer

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._someone.wait()
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))]
            if not self._waiting:
                self._someone.clear()
            drawings = [drawing for drawing, _ in batch]
            probability_NK = await loop.run_in_executor(self._thread, self.recogniser.probabilities, drawings)
            self.answered_together.append(len(batch))
            for (_, answer), probability_K in zip(batch, probability_NK, strict=True):
                if not answer.done():  # who asked may have gone
                    answer.set_result(probability_K)
