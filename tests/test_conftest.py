"""The suite itself: a test that takes too long fails, and so does what is skipped where nothing may be."""

import pytest

from tests.conftest import CEILING, objection
from tests.gpu import NO_GPU


def report(outcome: str, when: str = "call", seconds: float = 0.0, reason: str = "") -> pytest.TestReport:
    where = ("tests/test_a.py", 1, f"Skipped: {reason}")
    return pytest.TestReport("a", ("a", 1, "a"), {}, outcome, where, when, duration=seconds)  # type: ignore[arg-type]


def test_what_takes_too_long_fails_unless_it_is_marked() -> None:
    long = report("passed", seconds=CEILING + 3)
    assert objection(long, slow=False, no_skips=False).endswith("mark it: @pytest.mark.slow")
    assert not objection(long, slow=True, no_skips=True)
    assert not objection(report("passed", seconds=CEILING - 1), slow=False, no_skips=True)
    assert not objection(report("passed", "setup", CEILING + 3), slow=False, no_skips=True)  # others share it
    assert not objection(report("failed", seconds=CEILING + 3), slow=False, no_skips=True)  # says why it failed


def test_what_is_skipped_fails_where_only_a_gpu_may_be_wanting() -> None:
    skipped = report("skipped", "setup", reason="Chromium is not installed here")
    assert "Chromium is not installed" in objection(skipped, slow=False, no_skips=True)
    assert not objection(skipped, slow=False, no_skips=False)
    assert not objection(report("skipped", "setup", reason=NO_GPU), slow=False, no_skips=True)


def test_a_real_test_is_failed_by_it(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("from tests.conftest import pytest_addoption, pytest_runtest_makereport")
    pytester.makepyfile("import pytest\ndef test_it():\n    pytest.skip('no browser')")
    pytester.runpytest("-p", "no:cacheprovider").assert_outcomes(skipped=1)
    strict = pytester.runpytest("-p", "no:cacheprovider", "--no-skips")
    strict.stdout.fnmatch_lines(["*--no-skips forbids*no browser*"])
    assert strict.ret == pytest.ExitCode.TESTS_FAILED
