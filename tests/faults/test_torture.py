"""The harness of `make torture`, for two minutes."""

import pytest

from tests.faults.__main__ import ATTEMPTS, torture

MINUTES = 2


@pytest.mark.slow
def test_it_finds_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert torture(MINUTES, seed=0, only=list(ATTEMPTS)) == 0, capsys.readouterr()
