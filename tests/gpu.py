"""For tests that only a GPU can run."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

NO_GPU = "there is no GPU here"
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason=NO_GPU)


@contextmanager
def nothing_waits() -> Iterator[None]:
    """Whatever waits for a GPU in here fails."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Synchronization debug mode is a prototype")
        torch.cuda.set_sync_debug_mode("error")
        try:
            yield
        finally:
            torch.cuda.set_sync_debug_mode("default")
