"""Ctrl-C, SIGTERM and SIGUSR2 (a cluster's time is up) as a wish the loop sees when it is ready; a second at once."""

import signal
import time
from types import FrameType

WISHES = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGUSR2") if hasattr(signal, name)]
SAME_WISH = 1.0  # seconds; a cluster that signals every process, and a parent that passes it on, mean one thing


class StopRequest:
    """`with StopRequest() as stop`: `stop.requested` turns True instead of an exception anywhere."""

    def __init__(self) -> None:
        self.requested = False
        self._since: float | None = None

    def __enter__(self) -> "StopRequest":
        self._before = {number: signal.getsignal(number) for number in WISHES}
        for number in self._before:
            signal.signal(number, self._ask)
        return self

    def _ask(self, _: int, __: FrameType | None) -> None:
        now = time.monotonic()
        if self._since is not None and now - self._since > SAME_WISH:
            raise KeyboardInterrupt
        self.requested, self._since = True, self._since or now

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
