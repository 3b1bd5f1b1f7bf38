"""What one client may take: so many requests a second, so long for its headers."""

import time
from collections import OrderedDict
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_WITHIN = 10.0  # seconds from the first byte, or from the connection where none comes
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
    """uvicorn waits for ever for headers that come byte by byte, or not at all; this one hangs up."""

    headers_within = HEADERS_WITHIN

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._patience = self.loop.call_later(self.headers_within, self._hang_up, transport)

    def _hang_up(self, transport: Any) -> None:
        if not self.cycle:  # no request has been read
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._patience.cancel()
        super().connection_lost(exc)
