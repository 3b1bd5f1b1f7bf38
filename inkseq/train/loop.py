"""Training: one loop, to be read from top to bottom."""

import math
import time
from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from itertools import count
from typing import Any

import torch

from inkseq.config import Keep, Schedule, plain
from inkseq.data.kinds import load_split
from inkseq.data.packed import check_content, fingerprint
from inkseq.devices import Ranks
from inkseq.errors import UserError
from inkseq.evaluate.scoring import score
from inkseq.inference import checkpoint
from inkseq.inference.runs import to_yaml, write_hydra_files
from inkseq.train.diagnostics import explain_loss, memory_explained
from inkseq.train.durations import keep_to_time, make_plan
from inkseq.train.graphs import choose_steps
from inkseq.train.health import Health
from inkseq.train.learner import set_up
from inkseq.train.optim import learning_rate
from inkseq.train.prepare import Prepared
from inkseq.train.progress import Progress
from inkseq.train.result import Best, already_done, finish, metric_of
from inkseq.train.resume import check_ahead, is_finished, load_last
from inkseq.train.signals import StopRequest
from inkseq.train.threads import choose_threads
from inkseq.train.tracker import Tracker

SAVE_SECONDS = 300  # where evaluations are further apart, the run is saved as often as this


def train(
    prepared: Prepared, ranks: Ranks, words: Sequence[str], pictures: bool = True, checked: bool = False
) -> dict[str, Any]:
    """Train in a run folder, going on from its last.pt where there is one; returns what is in its result.json.

    `words` are those of the command, for the record; without `pictures` it ends with numbers alone; of data that is
    `checked` somebody has seen that it is what convert wrote.
    """
    # ------------------------------------------------------------------------ where, from what, what
    config, data, folder = prepared
    state = load_last(folder, config, data)
    if ranks.is_first_here and not checked:  # what the run says it learnt from is what it learns from
        check_content(data)  # a second for a gigabyte at worst
    batches, learner, reason = set_up(config, data, ranks, fresh=state is None)
    device, dtype = learner.device, learner.dtype
    to_evaluate = load_split(data, "val", device) if data.split("val") else None

    # ------------------------------------------------------------------------ how long, in steps
    before = state.get("threads", torch.get_num_threads()) if state else None
    threads = choose_threads(config, batches, learner, before)
    plan = make_plan(config, batches, learner, state["step_seconds"] if state else None)
    falls = config.optim.schedule is not Schedule.constant

    if state is not None and is_finished(state, config, plan.total, folder):
        if (folder / "result.json").exists():
            return already_done(folder, ranks)
        if state["finished"]:  # all but its last figures are there, and minutes are not counted anew for those
            plan = replace(plan, total=state["step"])
    if state is not None:
        check_ahead(state, config, plan.total, folder)

    # ------------------------------------------------------------------------ go on where it stopped
    first_step, best, spent = 0, Best(), 0.0
    if state is not None:
        learner.load(state)
        first_step, spent = state["step"], state["seconds"]
        if metric_of(state["config"]["best_by"]) == metric_of(config.best_by):
            best = Best(**state["best"])
    tracker = Tracker(folder, first_step) if ranks.is_first else None
    if tracker:
        write_hydra_files(folder, config, words)
    if tracker and state is None:
        tracker.text(0, "config", to_yaml(config))
    steps = choose_steps(batches, learner)
    progress = Progress(plan, first_step, ranks)
    progress.introduce(folder, learner, batches, to_evaluate, reason, threads or steps.about)
    started = saved_at = time.perf_counter()

    def save(name: str) -> None:
        if ranks.is_first:
            parts = learner.state() if name == "last" else {"model": learner.best_model.state_dict(), "average": None}
            about = {"config": plain(config), "classes": data.classes, "data": fingerprint(data)}
            place = {"step": step, "best": vars(best), "finished": last}
            clock = {"seconds": seconds, "step_seconds": plan.step_seconds, "threads": torch.get_num_threads()}
            checkpoint.save(folder / "checkpoints" / f"{name}.pt", parts | about | place | clock)

    losses = torch.zeros(plan.log_every, device=device)  # of the steps since the last log, fetched all at once
    logged_step, rate, norm = first_step, 0.0, torch.zeros(())
    health = Health(device, plan.drawings_per_step, plan.steps_per_epoch)
    with StopRequest() as stop, progress, closing(tracker) if tracker else nullcontext():
        for step in count(first_step):
            now = time.perf_counter()
            seconds = spent + now - started

            # ---------------------------------------------------------------- log: the one wait for a GPU
            last = step == plan.total
            at_log = last or step % plan.log_every == 0
            if at_log and step > logged_step:
                values = losses[: step - logged_step].tolist()
                if not all(map(math.isfinite, values)):
                    save("last")  # no weight has taken part in the step that went wrong
                    raise UserError(explain_loss(values, logged_step, batches, data, config))
                report = {
                    "train/loss": sum(values) / len(values),
                    "train/gradient_norm": float(norm),
                    "train/learning_rate": rate,
                    "time/epoch": step / batches.steps_per_epoch,
                    **health.window(step - logged_step),
                }
                progress.log(step, report)
                for line in (*health.warnings(learner.vanished), *steps.notices()):
                    progress.say(line)
                if tracker:
                    tracker.scalars(step, report)
                logged_step = step

            # ---------------------------------------------------------------- enough? ranks agree when they log
            together = at_log or ranks.world == 1
            asked_to_stop = together and ranks.any(stop.requested, device)
            too_long = config.max_minutes is not None and seconds >= 60 * config.max_minutes
            out_of_time = together and ranks.any(too_long, device)
            last = last or out_of_time

            # ---------------------------------------------------------------- evaluate, keep the best, save
            due = step % plan.evaluate_every == 0 and step > first_step
            if due or last:
                health.pause()
            if (due or last) and to_evaluate is not None:
                metrics = score(learner.best_model, to_evaluate, dtype, ranks)
                values_now = metrics.compute()
                improved = best.follow(step, values_now, config.best_by, falls and step == plan.total)
                progress.evaluated(step, values_now, improved)
                if not last and config.patience is not None and best.evaluations_since >= config.patience:
                    last = True
                    progress.stops_early(step, best)
                if tracker:
                    tracker.scalars(step, {f"val/{name}": value for name, value in values_now.items()})
                    tracker.histograms(step, learner.best_model)
                if improved:
                    save("best")
            if (due or last) and config.keep is Keep.all:
                save(f"step-{step:06d}")
            if due and not last:
                now = time.perf_counter()
                plan = keep_to_time(plan, config, step, ranks.largest(spent + now - started, device))
                progress.replan(plan)
            if due or last or asked_to_stop or (at_log and now - saved_at > SAVE_SECONDS):
                save("last")
                saved_at = now
            if asked_to_stop and not last:
                raise KeyboardInterrupt(f"{folder} is saved at step {step:,}; the same command goes on from there")
            if last:
                break

            # ---------------------------------------------------------------- one step
            with health.fetching():
                its_data = steps.fetch(step)
            rate = learning_rate(step, plan.total, plan.warmup, config.optim)
            with memory_explained(config):
                losses[step - logged_step], norm = steps.learn(step, its_data, rate)
        seen = step * plan.drawings_per_step
        return finish(prepared, step, seen, seconds, ranks, tracker, health.summary(), words, pictures)
