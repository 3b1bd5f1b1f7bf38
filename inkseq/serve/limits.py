"""What one client may take: so many requests a second, so long for each, so many connections that keep us waiting."""

import time
from collections import Counter, OrderedDict
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_WITHIN = 10.0  # seconds from the first byte, or from the connection where none comes
ALL_WITHIN = 40.0  # with body and answer, to the last byte that the client takes; the handlers' own bounds are less
CROWDED_WITHIN = 1.0  # until the client has sent its request, where there are more connections than these:
MOST_OF_ADDRESS, MOST_CONNECTIONS = 128, 1000
LOOK_EVERY = 0.5  # seconds
MOST_CLIENTS = 10_000  # whose rate is remembered; the one that asked longest ago is forgotten


class Rate:
    """A bucket for each client that fills by `per_second` and holds as much as a second brings."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what was left, and when

    def take(self, client: str) -> bool:
        """Whether this client may ask once more now."""
        now = time.monotonic()
        left, then = self._left.pop(client, (self.per_second, now))
        left = min(self.per_second, left + (now - then) * self.per_second)
        self._left[client] = (left - 1 if left >= 1 else left, now)
        if len(self._left) > MOST_CLIENTS:
            self._left.popitem(last=False)
        return left >= 1


class ImpatientProtocol(H11Protocol):
    """uvicorn waits for ever for what comes byte by byte, or not at all; this one hangs up.

    An address has few connections that keep us waiting. Those beyond are not turned away, for the next one may be of
    somebody who is quick: each has a second.
    """

    headers_within, all_within, crowded_within = HEADERS_WITHIN, ALL_WITHIN, CROWDED_WITHIN
    crowd: ClassVar[Counter[str]] = Counter()  # how many connections each address has

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self.crowd[self._address] += 1
        self._since = self.loop.time()  # the beginning of a request, or of the silence before it
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        self._next_look.cancel()
        self.crowd[self._address] -= 1
        if not self.crowd[self._address]:
            del self.crowd[self._address]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.timeout_keep_alive_task:  # these are the first bytes after an answer
            self._since = self.loop.time()
        super().data_received(data)

    def on_response_complete(self) -> None:
        self._since = self.loop.time()
        super().on_response_complete()

    def _look(self) -> None:
        if self.loop.time() - self._since > self._patience():
            self.transport.abort()
        else:
            self._next_look = self.loop.call_later(LOOK_EVERY, self._look)

    def _patience(self) -> float:
        """How long a request may last that is where this one is."""
        unsent = self.transport.get_write_buffer_size() > 0
        asked = self.cycle is not None and not self.cycle.response_complete
        ours_to_go_on = asked and not self.cycle.more_body and not unsent
        if not ours_to_go_on and self._crowded():
            return self.crowded_within
        return self.all_within if asked or unsent else self.headers_within

    def _crowded(self) -> bool:
        return self.crowd[self._address] > MOST_OF_ADDRESS or len(self.connections) > MOST_CONNECTIONS
