"""The most memory that this process has had, as Linux tells it."""

from pathlib import Path

STATUS, FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def forget_peak() -> float:
    """From now on `peak` is that from now on; where the system cannot do that, there is none."""
    if FORGET.exists():
        FORGET.write_text("5")
    return peak()


def peak() -> float:
    """Most memory there was, in megabytes."""
    if not FORGET.exists():
        return 0
    return next(int(line.split()[1]) / 1024 for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
