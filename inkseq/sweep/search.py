"""The search: trials asked for, trained, watched and told, until the study has enough of them."""

import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial, TrialState
from tqdm import tqdm

from inkseq.config import SweepConfig
from inkseq.evaluate.metrics import METRICS
from inkseq.inference.runs import read_result, run_folder
from inkseq.sweep.heartbeat import Heartbeat
from inkseq.sweep.space import Dimension, suggest
from inkseq.sweep.study import COSTS, Account, accounts, make_trial_sampler, origin
from inkseq.sweep.worker import Worker
from inkseq.tables import brief
from inkseq.train.prepare import training_config
from inkseq.train.signals import StopRequest

GLANCE = 0.2  # seconds between looks at the trials under way
TURN = 1.0  # seconds between looks at the study, where nothing has ended
SURPLUS = "one too many"


@dataclass
class Running:
    """A trial under way here."""

    trial: optuna.Trial
    worker: Worker
    slot: int
    evaluations: int = 0
    pruned: bool = False
    inode: int = 0  # of metrics.jsonl
    read: int = 0  # bytes of it that are known
    steps: set[int] = field(default_factory=set)  # that have been reported


@dataclass
class Search:
    """What a search knows: the study, and its own trials under way."""

    config: SweepConfig
    study: optuna.Study
    space: list[Dimension]
    words: list[str]
    folder: Path
    threads: int
    running: list[Running] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.heartbeat = Heartbeat(self.study)

    def run(self) -> bool:
        """Go on until the study has its trials; False where it was asked to stop before."""
        with StopRequest() as stop, tqdm(total=self.config.trials, unit="trial", disable=None) as bar:
            try:
                while not stop.requested:
                    self._look_around(bar)
                    if not self.running and all(one.state != "running" for one in self._accounts()):
                        return True  # nor is there a trial that somebody else may yet leave to us
                    self._watch_for_a_turn(stop)
            finally:
                for one in self.running:
                    one.worker.stop()
            self._hand_over()
        return False

    # -------------------------------------------------------------------- the study

    def _look_around(self, bar: "tqdm[Any]") -> None:
        self.heartbeat.beat()
        self._reclaim()
        while len(self.running) < self.config.workers and self._begin():
            pass
        done = [one for one in self._accounts() if one.state != "running"]
        bar.update(len(done) - bar.n)
        if self.running and done and len(self.config.goal) == 1:
            values = [one.last.value for one in done if one.state == "complete" and one.last.value is not None]
            best = (max if self.study.direction.name == "MAXIMIZE" else min)(values, default=None)
            bar.set_postfix_str(f"best {self.config.goal[0]} {best:.4f}" if best is not None else "")

    def _accounts(self) -> list[Account]:
        return accounts(self.study.get_trials(deepcopy=False))

    def _reclaim(self) -> None:
        """Try again what a dead worker has left."""
        beats = self.study.user_attrs
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if self.heartbeat.is_dead(trial, beats):
                if "surplus" in trial.user_attrs:
                    self._tell(trial.number, reason=SURPLUS)
                else:
                    self._interrupted(trial, "its worker is gone", kills=1)

    def _interrupted(self, trial: FrozenTrial, reason: str, kills: int) -> None:
        """Put a trial back in the queue, unless that was done or it has been killed too often; then close it."""
        kills += trial.user_attrs.get("kills", 0)
        if kills <= self.config.retries and not self._retries(trial.number):
            own = trial.system_attrs.get("fixed_params", {})  # of a retry, which may not have read them all
            marks = {"retry_of": origin(trial), "after": trial.number, "kills": kills}
            self.study.enqueue_trial(own | trial.params, user_attrs=marks)
        self._tell(trial.number, reason=reason)

    def _tell(self, number: int, values: list[float] | None = None, pruned: bool = False, reason: str = "") -> None:
        """Close a trial, if nobody has."""
        state = TrialState.PRUNED if pruned else TrialState.COMPLETE if values is not None else TrialState.FAIL
        try:
            if reason:
                trial = self.study.get_trials(deepcopy=False)[number]
                self.study._storage.set_trial_user_attr(trial._trial_id, "reason", reason)
            self.study.tell(number, values, state=state)
        except (ValueError, UpdateFinishedTrialError):  # another worker was faster
            tqdm.write("a trial was closed by another worker")

    # -------------------------------------------------------------------- a trial

    def _begin(self) -> bool:
        """Start a trial, if there is one to start."""
        trials = self.study.get_trials(deepcopy=False)
        waiting = any(trial.state is TrialState.WAITING for trial in trials)
        if not waiting and len(accounts(trials)) >= self.config.trials:
            return False
        self.study.sampler = RandomSampler()  # draws nothing as it asks: the seed of what is drawn is the number
        asked = self.study.ask()
        asked.set_user_attr("worker", self.heartbeat.me)
        number = next(one.number for one in self._accounts() if asked.number in [t.number for t in one.attempts])
        if self._is_surplus(asked, number):
            asked.set_user_attr("surplus", True)
            self._tell(asked.number, reason=SURPLUS)
            return True
        asked.set_user_attr("number", number)
        self.study.sampler = make_trial_sampler(self.config, number)
        trial = optuna.Trial(self.study, asked._trial_id)
        slot = min(set(range(self.config.workers)) - {one.slot for one in self.running})
        devices = self.config.devices
        words = [
            *self.words,
            *suggest(trial, self.space),
            f"seed={self.config.seed}",
            *([f"device={devices[slot % len(devices)]}"] if devices else []),
            f"runs={self.folder}",
            f"name={number:03d}",
        ]
        config = training_config(words)
        self.running.append(Running(trial, Worker(config, words, run_folder(config), self.threads), slot))
        return True

    def _is_surplus(self, asked: optuna.Trial, number: int) -> bool:
        """Whether two workers had one thought at the same moment: a trial, or a retry, beyond what is wanted."""
        marks = asked.user_attrs
        if "after" not in marks:
            return number >= self.config.trials
        return self._retries(marks["after"])[0].number < asked.number

    def _retries(self, attempt: int) -> list[FrozenTrial]:
        """What was queued after an attempt: one, or two where two workers found that it was dead."""
        return [t for t in self.study.get_trials(deepcopy=False) if t.user_attrs.get("after") == attempt]

    def _watch_for_a_turn(self, stop: StopRequest) -> None:
        """Glance at the trials until one has ended, or it is time to look at the study again."""
        for _ in range(round(TURN / GLANCE)):
            ended = wait([one.worker.process.sentinel for one in self.running], timeout=GLANCE)
            for one in self.running:
                self._unless_closed(self._report, one)
            for one in [one for one in self.running if one.worker.process.sentinel in ended]:
                self.running.remove(one)
                self._unless_closed(self._finish, one)
            if ended or stop.requested:
                return

    def _unless_closed(self, work: Callable[[Running], None], one: Running) -> None:
        """Do something with a trial, unless another worker thought that we are dead, and has it now."""
        try:
            work(one)
        except UpdateFinishedTrialError:
            one.worker.stop()
            tqdm.write(f"trial {one.worker.folder.name} was taken over by another worker")

    def _report(self, one: Running) -> None:
        """Tell the study about new evaluations, and end the trial where the pruner has seen enough."""
        for step, value in _new_values(one, f"val/{self.config.goal[0]}"):
            if step in one.steps or len(self.config.goal) > 1:
                continue
            one.steps.add(step)
            one.evaluations += 1
            one.trial.report(value, one.evaluations)
            if not one.pruned and one.trial.should_prune():
                one.pruned = True
                one.worker.stop()

    def _finish(self, one: Running) -> None:
        failure = one.worker.failure
        number = one.trial.number
        if not failure:
            result = read_result(one.worker.folder)
            for name in COSTS:
                one.trial.set_user_attr(name, result[name])
            values = [result[f"val/{goal}" if goal in METRICS else goal] for goal in self.config.goal]
            shown = "  ".join(f"{goal} {brief(value)}" for goal, value in zip(self.config.goal, values, strict=True))
            said = f"{shown}  {result['seconds']:.0f} s"
            if all(map(math.isfinite, values)):
                self._tell(number, values)
            else:
                self._tell(number, reason=f"it ended with {shown}")
        elif one.pruned:
            self._tell(number, pruned=True)
            said = f"pruned at evaluation {one.evaluations}"
        elif one.worker.killed:
            self._interrupted(self.study.get_trials(deepcopy=False)[number], failure, kills=1)
            said = failure
        else:
            self._tell(number, reason=failure)
            said = f"failed: {failure}"
        settings = " ".join(f"{key}={brief(value)}" for key, value in one.trial.params.items())
        tqdm.write(f"trial {one.worker.folder.name}  {said}  ({settings})")

    def _hand_over(self) -> None:
        """Wait for the trials under way to save themselves; whoever comes next goes on with them."""
        for one in self.running:
            while one.worker.process.is_alive():
                self.heartbeat.beat()
                one.worker.process.join(TURN)
            self._unless_closed(self._report, one)
            if one.worker.process.exitcode == 0:
                self._unless_closed(self._finish, one)
            else:
                self._interrupted(self.study.get_trials(deepcopy=False)[one.trial.number], "stopped", kills=0)


def _new_values(one: Running, name: str) -> list[tuple[int, float]]:
    """(step, value) of the evaluations that metrics.jsonl has got since the last look, half lines left for the next."""
    path = one.worker.folder / "metrics.jsonl"
    if not path.exists():
        return []
    with path.open("rb") as file:
        if (inode := os.fstat(file.fileno()).st_ino) != one.inode:  # a run that goes on writes its rows anew
            one.inode, one.read = inode, 0
        file.seek(one.read)
        new = file.read()
    new = new[: new.rfind(b"\n") + 1]
    one.read += len(new)
    rows = [json.loads(line) for line in new.splitlines()]
    return [(row["step"], row[name]) for row in rows if row.get(name) is not None]
