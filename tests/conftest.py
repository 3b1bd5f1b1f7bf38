"""For all tests: one thread, since with models as small as theirs threads do little but wait; a ceiling; doodles."""

import multiprocessing.forkserver
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

os.environ["OMP_NUM_THREADS"] = "1"  # before PyTorch is imported; of the processes that tests start too

from tests.gpu import NO_GPU
from tests.samples import packed_doodles
from tests.scans import learn_scans

CEILING = 20  # seconds
ROOMMATES = {"serve": "export"}  # both export a run, for which PyTorch needs ten seconds

signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell has ignored by what it starts with &


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="fail what is skipped, unless for want of a GPU")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if why := objection(report, "slow" in item.keywords, item.config.getoption("no_skips")):
        report.outcome, report.longrepr = "failed", why
    return report


def objection(report: pytest.TestReport, slow: bool, no_skips: bool) -> str:
    """What speaks against how a test ended that did not fail."""
    if report.passed and report.when == "call" and report.duration > CEILING and not slow:
        return f"took {report.duration:.0f} s, more than {CEILING}: make it faster, or mark it: @pytest.mark.slow"
    if report.skipped and no_skips and NO_GPU not in str(report.longrepr):
        return f"skipped, which --no-skips forbids: {report.longrepr}"
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A room is run by one worker, so that what its tests share is made once."""
    for item in items:
        room = item.path.relative_to(Path(__file__).parent).parts[0]
        item.add_marker(pytest.mark.xdist_group(ROOMMATES.get(room, room)))


@pytest.fixture(autouse=True, scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What Numba compiles it keeps beside the code, so one worker does it for all."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        with FileLock(tmp_path_factory.getbasetemp().parent / "compiling"):
            packed_doodles(tmp_path_factory.mktemp("compiled"), 10, ["cat"])


@pytest.fixture(autouse=True, scope="session")
def no_process_left() -> Iterator[None]:
    """The one that trials and commands are forked from ends with the tests, and is waited for."""
    yield
    multiprocessing.forkserver._forkserver._stop()  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """50 doodles of each of three classes; the raw ones are beside them."""
    return packed_doodles(tmp_path_factory.mktemp("few"), 50, ["cat", "ladder", "star"])


@pytest.fixture(scope="session")
def of_scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of a small recogniser of images."""
    return learn_scans(tmp_path_factory.mktemp("of_scans"))
