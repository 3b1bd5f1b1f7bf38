"""Which workers are alive, on this machine and on others that share the study."""

import os
import time
import uuid
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial

BEAT = 15.0  # seconds between signs of life
SILENCE = 60.0  # without one for so long, a worker of another machine is dead


class Heartbeat:
    """This search's sign of life in the study, and an ear for those of the others.

    Clocks of machines differ, so nobody compares times: a worker is dead when its beat has not changed for a while
    by the listener's own clock; at once where its process was on this machine and is gone.
    """

    def __init__(self, study: optuna.Study) -> None:
        self.study = study
        self.me = f"{_machine()} {os.getpid()} {_born(os.getpid())}"
        self.beats, self.next_beat = 0, 0.0
        self.heard: dict[str, tuple[object, float]] = {}  # of each other worker: its last beat, and when it changed

    def beat(self) -> None:
        if time.monotonic() >= self.next_beat:
            self.beats += 1
            self.study.set_user_attr(f"pulse {self.me}", self.beats)
            self.next_beat = time.monotonic() + BEAT

    def is_dead(self, trial: FrozenTrial, beats: dict[str, object]) -> bool:
        """Whether nobody works on a running trial any more; `beats` are the study's attributes."""
        worker: str = trial.user_attrs.get("worker", f"? {trial.number} ?")  # killed before it could say its name
        machine, process, born = worker.split(" ")
        if machine == _machine():
            return _born(int(process)) != born
        now, beat = time.monotonic(), beats.get(f"pulse {worker}")
        if worker not in self.heard or self.heard[worker][0] != beat:
            self.heard[worker] = (beat, now)
        return now - self.heard[worker][1] > SILENCE


def _machine() -> str:
    """This boot of this machine, or of this container: one number is one process there. Unknown without /proc."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return f"{boot.read_text().strip()}/{Path('/proc/self/ns/pid').readlink()}" if boot.exists() else uuid.uuid4().hex


def _born(process: int) -> str:
    """When a process began, as its system counts; nothing if there is none, or if it is only a corpse."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
