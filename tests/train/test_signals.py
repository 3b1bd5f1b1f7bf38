"""Ctrl-C as a wish: one is granted when the loop is ready, a second one at once."""

import os
import signal

import pytest

from inkseq.train.signals import SAME_WISH, StopRequest


def test_a_second_wish_is_obeyed_at_once_but_an_echo_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [10.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    before = signal.getsignal(signal.SIGTERM)
    with StopRequest() as stop:
        assert [stop.requested] == [False]
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.requested
        os.kill(os.getpid(), signal.SIGTERM)  # the same wish by another way
        now[0] += SAME_WISH + 0.1
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) is before
