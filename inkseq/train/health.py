"""How well a run uses its machine: time a step, waiting for data, memory, and a GPU that computes or idles."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

MOST_WAITING = 0.1  # share of the steps' time; more is said
LEAST_GPU_USE = 0.5  # less is said
GLANCES = 3  # windows in a row: one glance at a GPU is of a second at most, which may have been an evaluation
MOST_VANISHED = 0.1  # of the weights without any gradient so far; 0.001 at most was seen of a sound run
BUSY = 0.9  # a GPU in use as much as that starves for nothing, however long the host takes for batches


class Health:
    """The clock of a run's steps, read at every log. It stands still while the run evaluates and saves."""

    def __init__(self, device: torch.device, drawings_per_step: float, steps_per_epoch: int) -> None:
        self.device, self.drawings_per_step, self.steps_per_epoch = device, drawings_per_step, steps_per_epoch
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)  # another run in this process may have had more
        self._window_began = time.perf_counter()
        self._resumed: float | None = None  # None: the clock stands still
        self._ran = self._waited = 0.0  # seconds of this window
        self._windows: list[tuple[int, float, float, float | None]] = []  # steps, seconds, waited, GPU use of each
        self._said: set[str] = set()

    @contextmanager
    def fetching(self) -> Iterator[None]:
        """A step begins, with its data; the clock runs."""
        before = time.perf_counter()
        self._resumed = self._resumed or before
        yield
        self._waited += time.perf_counter() - before

    def pause(self) -> None:
        """What comes now is no step. It waits for the GPU, whose steps are not to count as evaluation."""
        if self._resumed is not None:
            if self.device.type == "cuda":
                torch.cuda.synchronize(self.device)
            self._ran += time.perf_counter() - self._resumed
            self._resumed = None

    def window(self, steps: int) -> dict[str, float]:
        """The figures of the steps since the last call, for the log."""
        self.pause()
        now = time.perf_counter()
        use = gpu_use(self.device)
        report = {
            "time/drawings_per_second": steps * self.drawings_per_step / (now - self._window_began),
            "time/step_seconds": self._ran / steps,
            "time/data_share": self._waited / self._ran,
        }
        report |= {f"memory/{whose}_mb": most for whose, most in peaks_mb(self.device).items()}
        if use is not None:
            report["time/gpu_use"] = use
        self._windows.append((steps, self._ran, self._waited, use))
        self._window_began, self._ran, self._waited = now, 0.0, 0.0
        return report

    def warnings(self, vanished: float = 0.0) -> Iterator[str]:
        """What is wrong with the window just reported and what to do, once a run. The first is still warming up.

        `vanished` is the share of weights whose gradient was too small for float16, ever since the run began.
        """
        if len(self._windows) < 2:
            return
        _, ran, waited, use = self._windows[-1]
        if vanished > MOST_VANISHED and "vanished" not in self._said:
            self._said.add("vanished")
            yield f"warning: {vanished:.0%} of the gradients vanish in float16 (underflow); try precision=float32"
        recent = [use for *_, use in self._windows[1:][-GLANCES:] if use is not None]
        larger = " or a larger batch_size" if self.steps_per_epoch > 1 else ""  # one that an epoch has drawings for
        if waited > MOST_WAITING * ran and (use or 0) < BUSY and "data" not in self._said:
            self._said.add("data")
            yield (
                f"warning: training waits for its data {waited / ran:.0%} of the time; try augment=none{larger}, "
                "and more memory where the drawings are memory-mapped"
            )
        if larger and len(recent) == GLANCES and sum(recent) < LEAST_GPU_USE * GLANCES and "gpu" not in self._said:
            self._said.add("gpu")
            busy = sum(recent) / GLANCES
            yield f"warning: {self.device} computes only {busy:.0%} of the time; try a larger batch_size"

    def summary(self) -> dict[str, float]:
        """Averages over the steps this process made (of a run that went on: since then), for result.json."""
        report = {f"{whose}_memory_mb": round(most, 1) for whose, most in peaks_mb(self.device).items()}
        if self._windows:
            steps, ran, waited, _ = zip(*self._windows, strict=True)
            report["step_seconds"] = round(sum(ran) / sum(steps), 6)
            report["data_share"] = round(sum(waited) / sum(ran), 4)
        uses = [use for _, _, _, use in self._windows if use is not None]
        if uses:
            report["gpu_use"] = round(sum(uses) / len(uses), 4)
        return report


def peaks_mb(device: torch.device) -> dict[str, float]:
    """The most memory this process has held at once, where the system says it, and of a GPU's."""
    peaks = {}
    if sys.platform != "win32":
        import resource

        unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
        peaks["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    if device.type == "cuda":
        peaks["gpu_peak"] = torch.cuda.max_memory_allocated(device) / 1e6
    return peaks


def gpu_use(device: torch.device) -> float | None:
    """The share of the last moments in which the GPU computed; None where nobody can tell."""
    if device.type != "cuda":
        return None
    try:
        return torch.cuda.utilization(device) / 100
    except Exception:  # no nvidia-ml-py, no driver, part of a GPU: each has its own class, none may end a run
        return None
