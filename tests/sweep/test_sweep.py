"""The search as a person meets it: it finds, prunes, goes on, survives kills, and says what is wrong."""

import csv
import json
import math
import os
import re
import shutil
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import optuna
import pytest
from omegaconf import OmegaConf
from optuna.trial import TrialState

from inkseq.cli import compose_config
from inkseq.config import Pruner, SweepConfig, TrainConfig, plain
from inkseq.errors import UserError
from inkseq.inference.runs import read_result
from inkseq.sweep import worker
from inkseq.sweep.__main__ import run
from inkseq.sweep.journal import open_journal
from inkseq.sweep.search import Search
from inkseq.sweep.study import accounts
from tests.processes import Command, start, wait_for

pytestmark = pytest.mark.slow  # every test trains several recognisers

SPACE = {"optim.lr": {"float": [1e-5, 3e-2], "log": True}, "model.pooling": {"choice": ["max", "mean_max"]}}
TINY = "model=plain model.channels=[8] model.kernels=[3] model.layers=1 precision=float32 device=cpu batch_size=40"
SHORT = ["duration=8 steps", "evaluate=4 steps", "log=4 steps"]
Rows = dict[str, dict[str, str]]


def sweep(packed: Path, tmp_path: Path, *words: str, space: dict[str, Any] = SPACE, **settings: Any) -> Rows:
    """Search in this process; what trials.csv says, by trial."""
    usual: dict[str, Any] = {
        "runs": str(tmp_path),
        "name": "study",
        "out": str(tmp_path / "best.yaml"),
        "threads": 1,
        "trials": 4,
    }
    config = SweepConfig(preset="test", space=space, **(usual | settings))
    width = [] if "model.hidden" in space else ["model.hidden=8"]
    run(config, [f"data={packed}", *TINY.split(), *width, *SHORT, *words])
    return rows(tmp_path / "study")


def rows(study: Path) -> Rows:
    with (study / "trials.csv").open() as file:
        return {row["trial"]: row for row in csv.DictReader(file)}


def test_a_search_ends_with_a_table_pictures_and_the_best_to_run(
    packed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = sweep(packed, tmp_path, workers=2, trials=4, pruner=Pruner.none)
    assert {row["state"] for row in found.values()} == {"complete"}
    best = max(found.values(), key=lambda row: float(row["top1"]))
    files = {path.name for path in (tmp_path / "study").iterdir()}
    pictures = {"history.png", "learning.png", "importance.png", "parallel.png"}
    assert files > pictures | {"trials.csv", "study.journal", "000", "003"}
    said = capsys.readouterr().out
    assert "study: 4 trials = 4 complete + 0 pruned + 0 failed + 0 unfinished" in said
    assert "python -m inkseq.train experiment=best" in said

    # What the experiment says is what the trial was trained with.
    conf = tmp_path / "conf"
    monkeypatch.setattr("inkseq.cli.conf_dir", lambda: conf)
    conf.mkdir()
    for path in (Path(__file__).parents[2] / "conf").iterdir():
        (conf / path.name).symlink_to(path)
    (conf / "experiment").unlink()
    (conf / "experiment").mkdir()
    (conf / "experiment" / "best.yaml").write_text((tmp_path / "best.yaml").read_text())
    again = plain(compose_config(TrainConfig, ["experiment=best"]))
    trained: Any = OmegaConf.load(tmp_path / "study" / best["trial"] / ".hydra" / "config.yaml")
    different = {key for key in again if again[key] != trained[key]}
    assert different <= {"name", "runs", "threads", "sampling"}, different  # auto came to something

    # The same command again has nothing to do; a few more trials go on.
    trained_at = (tmp_path / "study" / "000" / "result.json").stat().st_mtime_ns
    assert sweep(packed, tmp_path, trials=4, pruner=Pruner.none) == found
    assert sweep(packed, tmp_path, trials=5, pruner=Pruner.none).keys() == {*found, "004"}
    assert (tmp_path / "study" / "000" / "result.json").stat().st_mtime_ns == trained_at


def test_what_a_search_draws_follows_from_the_seed(packed: Path, tmp_path: Path) -> None:
    whole = sweep(packed, tmp_path / "whole", trials=3, pruner=Pruner.none)
    sweep(packed, tmp_path / "parts", trials=1, pruner=Pruner.none)
    parts = sweep(packed, tmp_path / "parts", trials=3, pruner=Pruner.none)
    for number, row in whole.items():
        assert [row[key] for key in (*SPACE, "top1")] == [parts[number][key] for key in (*SPACE, "top1")]


@pytest.mark.parametrize("pruner", [Pruner.median, Pruner.hyperband])
def test_hopeless_trials_are_ended_early(packed: Path, tmp_path: Path, pruner: Pruner) -> None:
    space = {"optim.lr": {"choice": [0.02, 0.015, 1e-9]}}
    words = ["duration=20 steps", "evaluate=2 steps"]
    found = sweep(packed, tmp_path, *words, space=space, trials=5, pruner=pruner, startup=1, grace=0, goal=["loss"])
    pruned = [row for row in found.values() if row["state"] == "pruned"]
    assert pruned
    assert all(int(row["evaluations"]) < 10 for row in pruned)
    complete = [row for row in found.values() if row["state"] == "complete"]
    assert "1e-09" not in min(complete, key=lambda row: float(row["loss"]))["optim.lr"]


def test_a_trial_that_fails_says_why_and_the_study_goes_on(packed: Path, tmp_path: Path) -> None:
    space = {"optim.lr": {"choice": [0.01, 1e30]}}
    found = sweep(packed, tmp_path, "optim.clip=0", space=space, trials=4)
    assert {row["state"] for row in found.values() if row["optim.lr"] == "0.01"} == {"complete"}
    failed = [row for row in found.values() if row["optim.lr"] == "1e+30"]
    assert failed
    assert all(row["state"] == "failed" and "is not finite" in row["reason"] for row in failed)


def test_a_trial_that_runs_out_of_memory_says_so_and_the_study_goes_on(packed: Path, tmp_path: Path) -> None:
    found = sweep(packed, tmp_path, space={"model.hidden": {"choice": [8, 3_000_000]}})
    assert {row["state"] for row in found.values() if row["model.hidden"] == "8"} == {"complete"}
    failed = [row for row in found.values() if row["model.hidden"] != "8"]
    assert failed
    assert all(row["state"] == "failed" and "memory" in row["reason"] for row in failed)


def test_a_trial_that_ends_with_no_number_has_failed(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(folder: Path) -> dict[str, Any]:
        return read_result(folder) | ({"val/loss": math.nan} if folder.name == "000" else {})

    monkeypatch.setattr("inkseq.sweep.search.read_result", read)
    found = sweep(packed, tmp_path, trials=2, goal=["loss"])
    assert [row["state"] for row in found.values()] == ["failed", "complete"]
    assert found["000"]["reason"] == "it ended with loss nan"


def test_a_study_without_a_complete_trial_says_so(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no trial of .* is complete; the last failed because .* is not finite"):
        sweep(packed, tmp_path, "optim.clip=0", space={"optim.lr": {"choice": [1e30]}}, trials=2)


def test_a_killed_trial_is_tried_again_and_given_up_in_the_end(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: Counter[str] = Counter()
    start = worker.Worker.__init__

    def start_and_kill(self: worker.Worker, config: TrainConfig, words: list[str], folder: Path, threads: int) -> None:
        start(self, config, words, folder, threads)
        begun[folder.name] += 1
        if folder.name == "000" or (folder.name == "001" and begun["001"] == 1):
            os.kill(self.process.pid or 0, signal.SIGKILL)

    monkeypatch.setattr(worker.Worker, "__init__", start_and_kill)
    found = sweep(packed, tmp_path, trials=3, retries=2)
    assert begun == {"000": 3, "001": 2, "002": 1}
    assert (found["000"]["state"], found["000"]["reason"]) == ("failed", "its process was killed by SIGKILL")
    assert (found["001"]["state"], found["001"]["attempts"]) == ("complete", "2")
    assert found.keys() == {"000", "001", "002"}


DEAD = "worker", "elsewhere 1 1"


def test_what_a_search_left_at_the_worst_moments_is_put_right(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inkseq.sweep.heartbeat.SILENCE", -1.0)  # whoever is elsewhere is dead
    first = sweep(packed, tmp_path, trials=1)["000"]
    study = optuna.load_study(study_name="study", storage=open_journal(tmp_path / "study" / "study.journal"))
    one_too_many = study.ask()  # marked, and killed before it was closed
    one_too_many.set_user_attr("surplus", True)
    one_too_many.set_user_attr(*DEAD)
    settings = {"optim.lr": 0.0123, "model.pooling": "max"}
    number = study.ask().number
    for _ in range(2):  # two workers found the same dead trial, and both queued it again ...
        study.enqueue_trial(settings, user_attrs={"retry_of": number, "after": number, "kills": 1})
    study.tell(number, state=TrialState.FAIL)
    study.ask().set_user_attr(*DEAD)  # ... and who had it next was killed before it read its settings
    found = sweep(packed, tmp_path, trials=2)
    assert found.keys() == {"000", "001"}
    assert found["000"] == first
    assert [found["001"][key] for key in (*settings, "state")] == ["0.0123", "max", "complete"]
    assert not [trial for trial in study.get_trials() if trial.state in (TrialState.RUNNING, TrialState.WAITING)]


def test_a_retry_is_never_one_too_many(packed: Path, tmp_path: Path) -> None:
    sweep(packed, tmp_path, trials=1)
    study = optuna.load_study(study_name="study", storage=open_journal(tmp_path / "study" / "study.journal"))
    number = study.ask().number
    study.enqueue_trial({"optim.lr": 0.01, "model.pooling": "max"}, user_attrs={"retry_of": number, "after": number})
    study.tell(number, state=TrialState.FAIL)
    assert [row["state"] for row in sweep(packed, tmp_path, trials=1).values()] == ["complete", "complete"]


FEW = ["runs=.", "name=study", "out=best.yaml", "threads=1", "sweep=bilstm", *TINY.split(), "model.hidden=8", *SHORT]


def command(packed: Path, folder: Path, *words: str) -> Command:
    return Command(folder, "inkseq.sweep", f"data={packed}", *FEW, *words)


def test_a_killed_search_loses_nothing(packed: Path, tmp_path: Path) -> None:
    long = ["duration=100 steps", "evaluate=10 steps", "pruner=none", "batch_size=40"]
    process = command(packed, tmp_path, *long, "trials=2")
    wait_for(tmp_path / "study" / "001" / "checkpoints" / "last.pt", process)
    process.kill()
    process.communicate()
    out, said = command(packed, tmp_path, *long, "trials=2").communicate()
    assert "2 trials = 2 complete" in out, said
    found = rows(tmp_path / "study")
    assert [row["attempts"] for row in found.values()] == ["1", "2"]
    assert "goes on from" in (tmp_path / "study" / "001" / "output.log").read_text()


@pytest.mark.parametrize("of_all", [False, True])
def test_a_search_that_is_stopped_lets_its_trials_save_themselves(packed: Path, tmp_path: Path, of_all: bool) -> None:
    """By Ctrl-C; or by a cluster whose time is up, which signals all processes of a job at once."""
    words = ["duration=100000 steps", "trials=2", "workers=2"]
    if of_all:
        process: Command | subprocess.Popen[str] = start(tmp_path, "inkseq.sweep", f"data={packed}", *FEW, *words)
    else:
        process = command(packed, tmp_path, *words)
    for number in ("000", "001"):
        wait_for(tmp_path / "study" / number / "checkpoints" / "last.pt", process)
    if of_all:
        subprocess.run(["pkill", "-TERM", "-g", str(process.pid)], check=True)
    else:
        process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130, said
    assert said.splitlines()[-1].startswith("inkseq: stopped. study is saved; the same command goes on from there")
    assert "Traceback" not in said
    for number in ("000", "001"):
        last = (tmp_path / "study" / number / "output.log").read_text().splitlines()[-1]
        assert re.search(r"is saved at step [0-9,]+;", last)
    study = optuna.load_study(study_name="study", storage=open_journal(tmp_path / "study" / "study.journal"))
    assert [one.state for one in accounts(study.trials)] == ["running", "running"]  # they wait in the queue


@pytest.mark.parametrize("storage", ["a journal", "a database"])
def test_two_searches_share_a_study(packed: Path, tmp_path: Path, storage: str) -> None:
    words = ["trials=3", *([f"storage=sqlite:///{tmp_path}/study.db"] if storage == "a database" else [])]
    processes = [command(packed, tmp_path, *words) for _ in range(2)]
    for process in processes:
        out, said = process.communicate()
        assert process.returncode == 0, said
        assert "3 trials = " in out
        assert "0 failed + 0 unfinished" in out
    assert len(rows(tmp_path / "study")) == 3


def test_several_goals_end_with_what_is_beaten_by_none(packed: Path, tmp_path: Path) -> None:
    space = {"model.hidden": {"int": [4, 24]}, "model.pooling": SPACE["model.pooling"]}
    goals = ["top1", "num_parameters"]
    found = sweep(packed, tmp_path, space=space, goal=goals, trials=3)
    assert (tmp_path / "study" / "pareto.png").exists()
    assert {row["state"] for row in found.values()} == {"complete"}
    with pytest.raises(UserError, match=r"pruner=median .*goal=top1,num_parameters "):
        sweep(packed, tmp_path, space=space, goal=goals, pruner=Pruner.median)


def test_a_search_says_at_once_what_is_wrong(packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a trial was begun")

    monkeypatch.setattr(Search, "run", never)
    mine = tmp_path / "mine.yaml"
    mine.write_text("# my own experiment")
    mistakes: tuple[tuple[list[str], dict[str, Any], str], ...] = (
        ([], {"goal": ["top2"]}, "goal=top2 is not logged; there are loss, top1, "),
        ([], {"goal": []}, "goal= is not logged"),
        ([], {"workers": 0}, "workers=0: at least 1"),
        ([], {"keep": 0.0}, "keep=0.0: a share of the trials"),
        ([], {"threads": 0}, "threads=0: at least 1"),
        ([], {"devices": ["gpu"]}, "device=gpu: "),
        ([], {"goal": ["seconds"], "pruner": Pruner.median}, "pruner=median compares curves of one metric; goal=sec"),
        (["duration=12 epoch s"], {}, "'12 epoch s' is no duration"),
        ([], {"space": {"optim.warmup": {"choice": ["5%", "5 pc"]}}}, "space: optim.warmup: '5 pc' is no duration"),
        (["model.hiden=3"], {}, "there is no setting 'model.hiden'"),
        (["model.kernels=[3,3]"], {}, "channels and kernels: a convolution needs one of each"),
        (["data=nope"], {}, "nope does not exist"),
        ([], {"out": str(mine)}, f"{mine}, where the best trial would go, is not of study study; give another out="),
    )
    for words, settings, expected in mistakes:
        with pytest.raises(UserError) as caught:
            sweep(packed, tmp_path, *words, **settings)
        assert str(caught.value).startswith(expected)
    unwatched = shutil.copytree(packed, tmp_path / "unwatched")
    meta = json.loads((unwatched / "meta.json").read_text())
    meta["splits"]["val"] = [0, 0]
    (unwatched / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(UserError, match="has no val split to compare trials by"):
        sweep(unwatched, tmp_path)
