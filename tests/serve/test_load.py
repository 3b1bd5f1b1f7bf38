"""The clients of the benchmark measure what they say."""

import asyncio
import time

from inkseq.bench.load import among_dawdlers, ask, at_once, at_random, request

LINE = [[[0, 90], [0, 40]]]


def test_a_wait_counts_from_when_the_request_was_due(address: tuple[str, int]) -> None:
    now = time.monotonic()
    answered = asyncio.run(ask(address, [request(LINE)], iter([now - 2.0, now - 1.0]), 1))
    assert answered.errors == 0
    assert answered.seconds[0] > 2
    assert answered.seconds[1] > 1
    assert answered.milliseconds(100) > 2000


def test_refusals_are_errors(address: tuple[str, int]) -> None:
    answered = asyncio.run(ask(address, [request(LINE), request([])], iter([0.0] * 6), 2))
    assert (len(answered.seconds), answered.errors) == (6, 3)


def test_dawdlers_keep_nobody_from_an_answer(address: tuple[str, int]) -> None:
    answered = asyncio.run(among_dawdlers(address, lambda: ask(address, [request(LINE)], iter([0.0] * 40), 8)))
    assert (len(answered.seconds), answered.errors) == (40, 0)


def test_requests_are_due_at_a_rate_whatever_the_answers_take() -> None:
    start = time.monotonic()
    due = list(at_random(1000, 10))
    assert 9_500 < len(due) < 10_500
    assert start < due[0] < due[-1] < time.monotonic() + 10
    assert list(at_once(0)) == []
