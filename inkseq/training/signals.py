"""Ctrl-C and SIGTERM as a wish the loop sees when it is ready; a second one is obeyed at once."""

import signal
from types import FrameType


class StopRequest:
    """`with StopRequest() as stop`: `stop.requested` turns True instead of an exception anywhere."""

    def __init__(self) -> None:
        self.requested = False

    def __enter__(self) -> "StopRequest":
        self._before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in self._before:
            signal.signal(number, self._ask)
        return self

    def _ask(self, number: int, _: FrameType | None) -> None:
        self.requested = True
        signal.signal(number, signal.default_int_handler)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
