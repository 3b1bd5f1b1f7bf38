"""The search: trials asked for, trained, watched and told, until the study has enough of them."""

import json
import math
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState
from tqdm import tqdm

from inkseq.cli import compose_config
from inkseq.config import SweepConfig, TrainConfig
from inkseq.evaluation.metrics import METRICS
from inkseq.runs import read_result, run_folder
from inkseq.search.pulse import Pulse
from inkseq.search.space import Dimension, suggest
from inkseq.search.study import Account, accounts, make_sampler, origin
from inkseq.search.worker import Worker
from inkseq.training.signals import StopRequest

GLANCE = 0.2  # seconds between looks at the trials under way
TURN = 1.0  # seconds between looks at the study, where nothing has ended
IN_STUDY = ("num_parameters", "drawings_per_second", "seconds", "steps", "best_step")


@dataclass
class Running:
    """A trial under way here."""

    trial: optuna.Trial
    worker: Worker
    slot: int
    evaluations: int = 0
    pruned: bool = False
    read: int = 0  # bytes of metrics.jsonl that are known
    steps: set[int] = field(default_factory=set)  # that have been reported


class Search:
    """What a search knows: the study, and its own trials under way."""

    def __init__(
        self,
        config: SweepConfig,
        study: optuna.Study,
        space: list[Dimension],
        words: list[str],
        folder: Path,
        threads: int,
    ) -> None:
        self.config, self.study, self.space, self.words, self.folder = config, study, space, words, folder
        self.threads = threads
        self.pulse = Pulse(study)
        self.running: list[Running] = []

    def run(self) -> bool:
        """Go on until the study has its trials; False where it was asked to stop before."""
        with StopRequest() as stop, tqdm(total=self.config.trials, unit="trial", disable=None) as bar:
            try:
                while not stop.requested:
                    self._look_around(bar)
                    if not self.running and not self._outstanding():
                        return True
                    self._watch_for_a_turn(stop)
            finally:
                for one in self.running:
                    one.worker.stop()
            self._hand_over()
        return False

    # -------------------------------------------------------------------- the study

    def _look_around(self, bar: "tqdm[Any]") -> None:
        self.pulse.beat()
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

    def _account(self, attempt: int) -> Account:
        return next(one for one in self._accounts() if any(t.number == attempt for t in one.attempts))

    def _outstanding(self) -> bool:
        """Whether there is a trial that somebody else may yet leave to us."""
        return any(one.state == "running" for one in self._accounts())

    def _reclaim(self) -> None:
        """Try again what a dead worker has left."""
        beats = self.study.user_attrs
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if self.pulse.is_dead(trial, beats):
                self._interrupted(trial, "its worker is gone", kills=1)

    def _interrupted(self, trial: FrozenTrial, reason: str, kills: int) -> None:
        """Put a trial back in the queue, unless that was done or it has been killed too often; then close it."""
        kills += trial.user_attrs.get("kills", 0)
        is_latest = self._account(trial.number).attempts[-1].number == trial.number
        if kills <= self.config.retries and is_latest:
            self.study.enqueue_trial(trial.params, user_attrs={"retry_of": origin(trial), "kills": kills})
        self._tell(trial.number, reason=reason)

    def _tell(self, number: int, values: list[float] | None = None, pruned: bool = False, reason: str = "") -> None:
        """Close a trial, if nobody has."""
        state = TrialState.PRUNED if pruned else TrialState.COMPLETE if values is not None else TrialState.FAIL
        try:
            if reason:
                trial_id = self.study.get_trials(deepcopy=False)[number]._trial_id
                optuna.Trial(self.study, trial_id).set_user_attr("reason", reason)
            self.study.tell(number, values, state=state)
        except (ValueError, UpdateFinishedTrialError):  # it was thought dead here, or there
            tqdm.write("a trial of ours was closed by another worker")

    # -------------------------------------------------------------------- a trial

    def _begin(self) -> bool:
        """Start a trial, if there is one to start."""
        trials = self.study.get_trials(deepcopy=False)
        waiting = any(trial.state is TrialState.WAITING for trial in trials)
        if not waiting and len(accounts(trials)) >= self.config.trials:
            return False
        self.study.sampler = make_sampler(self.config, len(trials))
        trial = self.study.ask()
        trial.set_user_attr("worker", self.pulse.me)
        number = self._account(trial.number).number
        if number >= self.config.trials:  # another worker asked at the same moment
            trial.set_user_attr("surplus", True)
            self._tell(trial.number, reason="one too many")
            return False
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
        config = compose_config(TrainConfig, words)
        self.running.append(Running(trial, Worker(config, words, run_folder(config), self.threads), slot))
        return True

    def _watch_for_a_turn(self, stop: StopRequest) -> None:
        """Glance at the trials until one has ended, or it is time to look at the study again."""
        for _ in range(round(TURN / GLANCE)):
            ended = wait([one.worker.process.sentinel for one in self.running], timeout=GLANCE)
            for one in self.running:
                self._report(one)
            for one in [one for one in self.running if one.worker.process.sentinel in ended]:
                self.running.remove(one)
                self._finish(one)
            if ended or stop.requested:
                return

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
        number, settings = one.trial.number, _in_short(one.trial.params)
        if not failure:
            result = read_result(one.worker.folder)
            for name in IN_STUDY:
                one.trial.set_user_attr(name, result[name])
            values = [result[f"val/{goal}" if goal in METRICS else goal] for goal in self.config.goal]
            shown = "  ".join(f"{goal} {value:,.4g}" for goal, value in zip(self.config.goal, values, strict=True))
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
        tqdm.write(f"trial {one.worker.folder.name}  {said}  ({settings})")

    def _hand_over(self) -> None:
        """Wait for the trials under way to save themselves; whoever comes next goes on with them."""
        for one in self.running:
            one.worker.process.join()
            self._report(one)
            if one.worker.process.exitcode == 0:
                self._finish(one)
            else:
                self._interrupted(self.study.get_trials(deepcopy=False)[one.trial.number], "stopped", kills=0)


def _new_values(one: Running, name: str) -> list[tuple[int, float]]:
    """(step, value) of the evaluations that metrics.jsonl has got since the last look, half lines left for the next."""
    path = one.worker.folder / "metrics.jsonl"
    if not path.exists():
        return []
    with path.open("rb") as file:
        if file.seek(0, 2) < one.read:  # a run that goes on has taken rows back
            one.read = 0
        file.seek(one.read)
        new = file.read()
    new = new[: new.rfind(b"\n") + 1]
    one.read += len(new)
    rows = [json.loads(line) for line in new.splitlines()]
    return [(row["step"], row[name]) for row in rows if row.get(name) is not None]


def _in_short(params: dict[str, Any]) -> str:
    return " ".join(
        f"{key}={value:.3g}" if isinstance(value, float) else f"{key}={value}" for key, value in params.items()
    )
