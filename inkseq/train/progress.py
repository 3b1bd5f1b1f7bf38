"""What a person at the terminal sees of a run."""

from pathlib import Path
from typing import Any

from tqdm import tqdm

from inkseq.data.batches import Batches, batch_of
from inkseq.data.resident import Drawings
from inkseq.devices import Ranks
from inkseq.models.contract import Model
from inkseq.models.pictured import Pictured
from inkseq.train.durations import Plan
from inkseq.train.learner import Learner
from inkseq.train.result import Best


class Progress:
    """A bar with loss, top-1, rate and time left; a line an evaluation; nothing on other ranks than the first."""

    def __init__(self, plan: Plan, first_step: int, ranks: Ranks) -> None:
        self.plan, self.first_step, self.silent = plan, first_step, not ranks.is_first
        self.shown: dict[str, str] = {}
        self.bar: tqdm[Any]  # from when the run is entered on

    def say(self, line: str) -> None:
        if not self.silent:
            tqdm.write(line)

    def introduce(
        self, folder: Path, learner: Learner, batches: Batches, to_evaluate: Drawings | None, reason: str, threads: str
    ) -> None:
        """What is about to happen, and where."""
        parameters = sum(p.numel() for p in learner.model.parameters())
        precision = str(learner.dtype).removeprefix("torch.")
        self.say(f"{folder}: {parameters:,} parameters on {learner.device}, {precision}: {reason}")
        if threads:
            self.say(threads)
        self.say(batches.drawings.where)
        if asks_for_country(learner.model) and not batches.drawings.knows_countries:
            self.say(f"country: unknown for all {len(batches.drawings):,} drawings")
        if epoch := batches.sampler.summary(batches.drawings.classes):
            self.say(epoch)
        self.say(to_evaluate.where if to_evaluate else "no val split: the last checkpoint is the one that is kept")
        if learner.origin:
            self.say(learner.origin)
        plan, batch = self.plan, batch_of(learner.config)
        what = "evaluated" if to_evaluate else "saved"
        about = "about " if "minute" in learner.config.duration else ""
        self.say(f"{about}{plan.total:,} steps of {batch} drawings, {what} every {plan.evaluate_every:,}")
        if self.first_step:
            self.say(f"goes on from step {self.first_step:,}")

    def __enter__(self) -> "Progress":
        disable = True if self.silent else None
        self.bar = tqdm(total=self.plan.total, initial=self.first_step, unit="step", disable=disable, smoothing=0.05)
        return self

    def replan(self, plan: Plan) -> None:
        """The run is to be longer or shorter than was said."""
        self.bar.total = plan.total

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def log(self, step: int, report: dict[str, float]) -> None:
        rate = report["time/drawings_per_second"]
        if "loss" not in self.shown and step < self.plan.total:
            seconds = (self.plan.total - step) * self.plan.drawings_per_step / rate
            self.say(f"takes about {tqdm.format_interval(round(seconds))} here, at {rate:,.0f} drawings/s")
        self.shown["loss"] = f"{report['train/loss']:.3f}"
        self.shown["drawings/s"] = f"{rate:,.0f}"
        self.bar.set_postfix(self.shown, refresh=False)
        self.bar.update(step - self.bar.n)

    def evaluated(self, step: int, values: dict[str, float], improved: bool) -> None:
        self.shown["val top1"] = f"{values['top1']:.1%}"
        mark = "  best so far" if improved else ""
        shown = "  ".join(f"{name} {values[name]:.2%}" for name in ("top1", "top3", "map3"))
        loss = f"loss {self.shown['loss']}  " if "loss" in self.shown else ""  # there is none before the first log
        self.say(f"step {step:>7,}  {loss}val loss {values['loss']:.3f}  {shown}{mark}")

    def stops_early(self, step: int, best: Best) -> None:
        self.say(
            f"early stopping at step {step:,} of {self.plan.total:,}: {best.evaluations_since} evaluations without a "
            f"better one than at step {best.step:,} (patience)"
        )


def asks_for_country(model: Model) -> bool:
    return isinstance(model, Pictured) and bool(model.picture.of_country)
