"""Clients for a server on this machine: keep-alive connections, HTTP by hand, which leaves it most of the processor."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field

import numpy as np

Address = tuple[str, int]

LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
DAWDLERS = 48
BEGINNINGS = [  # of requests that do not go on: nothing, half the headers, half the body
    b"",
    b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\n",
    b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
]


@dataclass
class Answered:
    """What came of requests: how long each took from when it was due, how many went wrong, how long all took."""

    seconds: list[float] = field(default_factory=list)
    errors: int = 0
    lasted: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.seconds) / self.lasted

    def milliseconds(self, percent: float) -> float:
        return 1e3 * float(np.percentile(self.seconds, percent))


def request(strokes: object) -> bytes:
    """All that is sent to have a drawing named."""
    body = json.dumps({"strokes": strokes}).encode()
    head = f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def at_once(seconds: float) -> Iterator[float]:
    """A request is due as soon as there is somebody to send it."""
    end = time.monotonic() + seconds
    while (now := time.monotonic()) < end:
        yield now


def at_random(rate: float, seconds: float) -> Iterator[float]:
    """Requests are due as strangers send them, whoever is still waiting for an answer."""
    rng = np.random.default_rng(0)
    start = due = time.monotonic()
    while (due := due + rng.exponential(1 / rate)) < start + seconds:
        yield due


async def ask(address: Address, requests: list[bytes], due: Iterator[float], connections: int) -> Answered:
    """Send requests as they are due, over so many connections; of one that had to wait for these the wait counts."""
    answered, turn = Answered(), enumerate(due)

    async def client() -> None:
        reader, writer = await asyncio.open_connection(*address)
        for number, when in turn:
            await asyncio.sleep(when - time.monotonic())
            if reader.at_eof():  # the server hung up, as it does on those who are silent for some seconds
                writer.close()
                reader, writer = await asyncio.open_connection(*address)
            writer.write(requests[number % len(requests)])
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(LENGTH.findall(head)[0]))
            except (OSError, asyncio.IncompleteReadError):
                answered.errors += 1
                reader, writer = await asyncio.open_connection(*address)
                continue
            answered.errors += not head.startswith(b"HTTP/1.1 200 ")
            answered.seconds.append(time.monotonic() - when)
        writer.close()

    start = time.monotonic()
    await asyncio.gather(*(client() for _ in range(connections)))
    answered.lasted = time.monotonic() - start
    return answered


async def among_dawdlers(address: Address, work: Callable[[], Awaitable[Answered]]) -> Answered:
    """The same while others begin requests that they never end, and come again when the server leaves them."""

    async def dawdle(beginning: bytes) -> None:
        while True:
            reader, writer = await asyncio.open_connection(*address)
            with closing(writer), suppress(ConnectionError):
                writer.write(beginning)
                await reader.read()

    dawdlers = [asyncio.create_task(dawdle(BEGINNINGS[i % len(BEGINNINGS)])) for i in range(DAWDLERS)]
    try:
        return await work()
    finally:
        for dawdler in dawdlers:
            dawdler.cancel()
        await asyncio.gather(*dawdlers, return_exceptions=True)
