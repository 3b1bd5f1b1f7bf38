"""Training as a person meets it: it learns, it goes on to the same bits, and it says what is wrong."""

import json
import math
import os
import shutil
import signal
import socket
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from inkseq.config import (
    AugmentConfig,
    ConvertConfig,
    OptimConfig,
    Optimizer,
    Precision,
    Sampling,
    Schedule,
    SplitConfig,
)
from inkseq.convert.conversion import convert
from inkseq.data.packed import open_strokes
from inkseq.errors import UserError
from inkseq.families import Cell, HybridConfig, Norm, Pooling
from inkseq.inference import checkpoint
from inkseq.inference.runs import open_run
from inkseq.train.signals import StopRequest
from tests.processes import Command, start, wait_for
from tests.train.tiny import CLASSES, rows, run, tiny


def weights(folder: Path) -> dict[str, torch.Tensor]:
    model: dict[str, torch.Tensor] = checkpoint.load(folder / "checkpoints" / "last.pt")["model"]
    return model


GOLDEN = [1.4091, 1.1884, 0.9602, 0.8791]  # mean loss of steps 1-5, 6-10, 11-15, 16-20 with the seeds above


def test_the_loss_follows_the_golden_curve(doodles: Path, tmp_path: Path) -> None:
    result = run(tiny(doodles, tmp_path), pictures=True)
    curve = rows(tmp_path / "run", "train/loss")
    assert list(curve) == [5, 10, 15, 20]
    np.testing.assert_allclose(list(curve.values()), GOLDEN, atol=2e-3)
    assert result["test/top1"] > 0.5  # one of four by chance
    assert result["best_step"] == 20  # where the rate has come down
    saved = json.loads((tmp_path / "run" / "result.json").read_text())
    assert saved["val/map3"] == result["val/map3"]
    assert saved["steps"] == 20
    drawn = {path.stem for path in (tmp_path / "run" / "figures").glob("*.png")}
    names = {"drawings", "confusion", "reliability", "coverage", "early-points", "early-strokes"}
    assert drawn == {f"val-{name}" for name in names}
    projected = (tmp_path / "run" / "projector_config.pbtxt").read_text()
    assert "sprite" in projected


class StopAt(StopRequest):
    """Ctrl-C as step `at` begins."""

    at = 0
    asked = 0

    @property
    def requested(self) -> bool:
        StopAt.asked += 1
        return StopAt.asked > StopAt.at

    @requested.setter
    def requested(self, value: bool) -> None:
        StopAt.asked = 0


@pytest.mark.parametrize("stop_at", [1, 5, 13])
def test_stopped_and_gone_on_is_as_never_stopped_to_the_bit(
    doodles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_at: int
) -> None:
    lively = {
        "ema": 0.9,
        "augment": AugmentConfig(rotate=10, drop_points=0.1, mirror=0.5),
        "model": HybridConfig(channels=[12], kernels=[3], hidden=12, layers=2, norm=Norm.batch, dropout=0.3),
        "micro_batch": 20,
        "sampling": Sampling.square_root,
    }
    run(tiny(doodles, tmp_path / "whole", **lively))
    with monkeypatch.context() as patch:
        patch.setattr("inkseq.train.loop.StopRequest", StopAt)
        patch.setattr(StopAt, "at", stop_at)
        with pytest.raises(KeyboardInterrupt, match=f"saved at step {stop_at};"):
            run(tiny(doodles, tmp_path / "parts", **lively))
    run(tiny(doodles, tmp_path / "parts", **lively))
    whole, parts = (checkpoint.load(tmp_path / n / "run" / "checkpoints" / "last.pt") for n in ("whole", "parts"))
    for part in ("model", "average"):
        for name, value in whole[part].items():
            assert torch.equal(value, parts[part][name]), name
    for number, moments in whole["optimizer"]["state"].items():
        for name, value in moments.items():
            assert torch.equal(value, parts["optimizer"]["state"][number][name]), name
    assert whole["best"] == parts["best"]
    assert rows(tmp_path / "whole" / "run", "val/loss") == rows(tmp_path / "parts" / "run", "val/loss")


TINY = "model=plain model.channels=[12] model.kernels=[3] model.hidden=12 model.layers=1 precision=float32 device=cpu"


def command(folder: Path, *words: str, **ranks: int | str) -> Command:
    """`python -m inkseq.train` with a tiny model; `ranks` are what torchrun tells a process."""
    env = {name: str(value) for name, value in ranks.items()}
    return Command(folder, "inkseq.train", *TINY.split(), *words, env=env)


@pytest.mark.slow
def test_ctrl_c_saves_says_how_to_go_on_and_goes_on(doodles: Path, tmp_path: Path) -> None:
    words = [f"data={doodles}", "name=a", "duration=100000 steps", "evaluate=50 steps", "log=10 steps"]
    process = command(tmp_path, *words)
    path = tmp_path / "runs" / "a" / "checkpoints" / "last.pt"
    wait_for(path, process)
    busy = command(tmp_path, *words)
    assert "is in use by another process" in busy.communicate()[1]
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    assert "the same command goes on from there" in said
    assert "Traceback" not in said
    stopped = checkpoint.load(path)["step"]
    assert stopped >= 50
    again = command(tmp_path, *words, f"duration={stopped + 5} steps")
    out, said = again.communicate()
    assert again.returncode == 0, said
    assert f"goes on from step {stopped:,}" in out


@pytest.mark.slow
def test_two_processes_learn_what_one_learns(doodles: Path, tmp_path: Path) -> None:
    """The same global batches, no lot drawn: the same weights to float tolerance, and the same metrics."""
    words = [f"data={doodles}", "duration=8 steps", "batch_size=31", "evaluate=4 steps", "log=4 steps"]
    words += ["model.dropout=0", "model.norm=layer", "augment=none", "optim.lr=0.01"]
    torchrun = ["torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m"]
    ranks = start(tmp_path, *torchrun, "inkseq.train", *TINY.split(), *words, "name=two")
    for process in (command(tmp_path, *words, "name=one"), ranks):
        _, said = process.communicate()
        assert process.returncode == 0, said
    one, two = (weights(tmp_path / "runs" / name) for name in ("one", "two"))
    for name, value in one.items():
        torch.testing.assert_close(value, two[name], atol=2e-5, rtol=1e-4)
    results = [json.loads((tmp_path / "runs" / n / "result.json").read_text()) for n in ("one", "two")]
    assert results[0]["val/count"] == results[1]["val/count"] == 24
    assert results[1]["world_size"] == 2
    assert results[0]["val/loss"] == pytest.approx(results[1]["val/loss"], abs=1e-4)


@pytest.mark.slow
def test_processes_agree_on_how_many_steps_minutes_are(doodles: Path, tmp_path: Path) -> None:
    words = [f"data={doodles}", "duration=0.02 minutes", "evaluate=100%", "log=50%", "batch_size=32", "name=two"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = {"WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    said = [p.communicate()[1] for p in [command(tmp_path, *words, **place, RANK=rank) for rank in range(2)]]
    state = checkpoint.load(tmp_path / "runs" / "two" / "checkpoints" / "last.pt")
    assert state["step"] == round(0.02 * 60 / state["step_seconds"]) > 1, said


def test_another_runs_weights_with_a_new_head(doodles: Path, tmp_path: Path) -> None:
    run(tiny(doodles, tmp_path / "first"))
    first = tmp_path / "first" / "run"
    same = tiny(doodles, tmp_path / "same", init_from=str(first), duration="1 steps", optim=OptimConfig(lr=1e-9))
    run(same)
    for name, value in open_run(first).model.state_dict().items():
        if "running" not in name:
            torch.testing.assert_close(weights(tmp_path / "same" / "run")[name], value, atol=1e-6, rtol=0)
    fewer = tmp_path / "fewer"
    raw = [str(doodles.parent / "raw" / f"{word}.ndjson") for word in CLASSES[:3]]
    convert(ConvertConfig(raw=raw, out=str(fewer), workers=1))
    run(tiny(fewer, tmp_path / "frozen", init_from=str(first), freeze=True))
    frozen = weights(tmp_path / "frozen" / "run")
    assert frozen["head.weight"].shape[0] == 3
    for name, value in open_run(first).model.state_dict().items():
        if "head" not in name and "running" not in name:
            assert torch.equal(frozen[name], value), name
    ours = tiny(doodles, tmp_path).model
    assert isinstance(ours, HybridConfig)
    others = {
        "model.cell=lstm model.hidden=12": replace(ours, hidden=16, cell=Cell.gru),
        f"model={ours.preset}": replace(ours, hidden=16, preset="another"),
        "model.pooling=mean_max": replace(ours, pooling=Pooling.max),
    }
    for said, model in others.items():
        with pytest.raises(UserError, match=f"first/run is another model; say {said}$"):
            run(tiny(doodles, tmp_path / "wider", model=model, init_from=str(first)))


def test_what_does_not_belong_to_the_run_is_refused(doodles: Path, tmp_path: Path) -> None:
    config = tiny(doodles, tmp_path)
    run(config)
    with pytest.raises(UserError, match=r"was trained otherwise: optim.lr was 0.02, is 0.5"):
        run(replace(config, optim=OptimConfig(lr=0.5)))
    assert "lr: 0.02" in (tmp_path / "run" / ".hydra" / "config.yaml").read_text()
    other = tmp_path / "other"
    convert(ConvertConfig(raw=[str(doodles.parent / "raw")], out=str(other), classes=CLASSES[:2], workers=1))
    with pytest.raises(UserError, match=r"the data's classes was"):
        run(replace(config, data=str(other)))
    path = tmp_path / "run" / "checkpoints" / "last.pt"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(UserError, match=r"last.pt is damaged"):
        run(config)
    torch.save({"weights": torch.ones(1)}, path)
    with pytest.raises(UserError, match="no checkpoint of inkseq"):
        run(config)
    (tmp_path / "evil").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(UserError, match="damaged or no checkpoint"):
        checkpoint.load(tmp_path / "evil")


def test_a_run_from_before_there_was_a_setting_had_its_default(doodles: Path, tmp_path: Path) -> None:
    config = tiny(doodles, tmp_path)
    run(config)
    path = tmp_path / "run" / "checkpoints" / "last.pt"
    state = checkpoint.load(path)
    del state["config"]["label_smoothing"], state["config"]["optim"]["clip"]
    checkpoint.save(path, state)
    assert run(replace(config, duration="30 steps"))["steps"] == 30
    with pytest.raises(UserError, match=r"was trained otherwise: label_smoothing was 0.1, is 0.2"):
        run(replace(config, label_smoothing=0.2))


def test_what_a_model_is_called_keeps_no_run_from_going_on(doodles: Path, tmp_path: Path) -> None:
    config = tiny(doodles, tmp_path)
    run(config)
    renamed = replace(config, model=replace(config.model, preset="other"), duration="21 steps")
    assert run(renamed)["steps"] == 21


def test_a_longer_duration_goes_on_with_a_finished_run(doodles: Path, tmp_path: Path) -> None:
    config = tiny(doodles, tmp_path, optim=OptimConfig(lr=0.02, schedule=Schedule.constant))
    first = run(config)
    assert run(config) == json.loads((tmp_path / "run" / "result.json").read_text()) == first
    assert run(replace(config, duration="30 steps"))["steps"] == 30
    assert list(rows(tmp_path / "run", "val/top1")) == [10, 20, 30]


def test_a_run_of_minutes_that_fails_in_its_last_pictures_ends_by_the_same_command(
    doodles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny(doodles, tmp_path, duration="0.005 minutes", evaluate="100%")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("inkseq.train.result.show", fail)
    with pytest.raises(OSError, match="No space left"):
        run(config, pictures=True)
    path = tmp_path / "run" / "checkpoints" / "last.pt"
    state = checkpoint.load(path)
    checkpoint.save(path, state | {"step_seconds": 3 * state["step_seconds"]})  # as if steps had been quicker at last
    assert run(config)["steps"] == state["step"]


def test_the_best_is_remembered_as_long_as_it_is_by_the_same_metric(doodles: Path, tmp_path: Path) -> None:
    config = tiny(doodles, tmp_path, optim=OptimConfig(lr=1e-12, schedule=Schedule.constant), best_by="top1")
    run(config)  # nothing is learnt, so the first evaluation stays the best
    path = tmp_path / "run" / "checkpoints" / "last.pt"
    first = checkpoint.load(path)["best"]
    run(replace(config, duration="30 steps", best_by="auto"))  # top1 as well, under a constant rate
    assert checkpoint.load(path)["best"]["step"] == first["step"]
    run(replace(config, duration="40 steps", best_by="loss"))
    assert checkpoint.load(path)["best"]["step"] > 30


def test_a_run_goes_on_without_the_one_it_started_from(doodles: Path, tmp_path: Path) -> None:
    run(tiny(doodles, tmp_path / "first"))
    config = tiny(doodles, tmp_path, init_from=str(tmp_path / "first" / "run"), freeze=True)
    run(config)
    trunk = {name: value for name, value in weights(tmp_path / "run").items() if "head" not in name}
    shutil.rmtree(tmp_path / "first")
    assert run(replace(config, duration="30 steps", micro_batch=20))["steps"] == 30
    after = weights(tmp_path / "run")
    assert all(torch.equal(after[name], value) for name, value in trunk.items() if "running" not in name)


def test_drawings_are_counted_as_they_were_seen(doodles: Path, tmp_path: Path) -> None:
    result = run(tiny(doodles, tmp_path, batch_size=128, duration="6 steps"))
    assert result["drawings"] == 3 * 192  # an epoch is a batch of 128 and one of 64


def test_a_duration_that_a_stopped_run_has_left_behind_is_refused(
    doodles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny(doodles, tmp_path)
    monkeypatch.setattr("inkseq.train.loop.StopRequest", StopAt)
    monkeypatch.setattr(StopAt, "at", 6)
    with pytest.raises(KeyboardInterrupt, match="saved at step 6"):
        run(config)
    with pytest.raises(UserError, match=r"run is at step 6 already; duration=3 steps ends at step 3\. Say"):
        run(replace(config, duration="3 steps"))
    assert run(replace(config, duration="6 steps"))["steps"] == 6


def test_a_loss_that_is_no_number_stops_names_the_drawings_and_spares_the_weights(
    doodles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inkseq.train.learner import Learner

    add = Learner._add_gradients
    count = 0

    def explode(self: Learner, batch: Any, share: float) -> torch.Tensor:
        nonlocal count
        count += 1
        loss = add(self, batch, share)
        if count == 8:
            next(self.model.parameters()).grad.fill_(math.nan)  # type: ignore[union-attr]
            return loss * math.nan
        return loss

    monkeypatch.setattr(Learner, "_add_gradients", explode)
    with pytest.raises(UserError, match=r"the loss of step \d+ is not finite \(drawings with key_id \d+, ") as caught:
        run(tiny(doodles, tmp_path))
    keys = {int(word) for word in str(caught.value).replace(",", "").split() if word.isdigit() and len(word) > 10}
    assert keys <= set(open_strokes(doodles).key_id.tolist())
    assert len(keys) == 8
    assert all(bool(value.isfinite().all()) for value in weights(tmp_path / "run").values())


def test_patience_and_max_minutes_end_a_run_early(
    doodles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    still = OptimConfig(lr=1e-12, schedule=Schedule.constant)
    patient = tiny(doodles, tmp_path / "a", optim=still, duration="1000 steps", evaluate="2 steps", patience=3)
    assert run(patient)["steps"] == 8  # the first is the best, then three are not better
    said = capsys.readouterr().out
    assert "early stopping at step 8 of 1,000: 3 evaluations without a better one than at step 2 (patience)" in said
    assert "step       2  val loss" in said  # before the first log no loss is known
    assert run(patient)["steps"] == 8  # and it stays finished
    assert run(replace(patient, patience=5))["steps"] == 12
    hasty = tiny(doodles, tmp_path / "b", duration="100000 steps", max_minutes=0.0)
    assert run(hasty)["steps"] == 0


@pytest.mark.parametrize("guess", [0.3, 10.0])
def test_minutes_are_kept_to_however_long_steps_were_thought_to_take(
    doodles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guess: float
) -> None:
    clock = SimpleNamespace(perf_counter=count().__next__)  # a second passes whenever the loop looks
    monkeypatch.setattr("inkseq.train.loop.time", clock)
    monkeypatch.setattr("inkseq.train.durations.time_a_step", lambda *_: guess)
    config = tiny(doodles, tmp_path, duration="1 minute", evaluate="10%")
    result = run(config)
    assert 57 <= result["seconds"] <= 63
    assert 20 <= result["steps"] <= 60  # evaluations took some of them
    state = checkpoint.load(tmp_path / "run" / "checkpoints" / "last.pt")
    assert result["steps"] == pytest.approx(60 / state["step_seconds"], abs=1)
    assert result["best_step"] == result["steps"]  # where the rate came down
    assert run(config) == result  # and it stays finished


@pytest.mark.parametrize("duration", ["1 minute", "20 steps"])
def test_memory_that_runs_out_is_said_in_a_line(
    doodles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, duration: str
) -> None:
    def run_out(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("inkseq.train.learner.Learner.learn", run_out)
    with pytest.raises(UserError, match="out of memory: try micro_batch=16"):
        run(tiny(doodles, tmp_path, duration=duration))


def test_other_precisions_learn_too(doodles: Path, tmp_path: Path) -> None:
    for precision in (Precision.bfloat16, Precision.float16):
        run(tiny(doodles, tmp_path / precision.name, precision=precision))
        curve = rows(tmp_path / precision.name / "run", "train/loss")
        np.testing.assert_allclose(list(curve.values()), GOLDEN, atol=0.1)


def remove_val(path: Path) -> None:
    meta = json.loads((path / "meta.json").read_text())
    meta["splits"]["val"] = [0, 0]
    (path / "meta.json").write_text(json.dumps(meta))


def test_a_run_with_nothing_to_evaluate_ends_all_the_same(doodles: Path, tmp_path: Path) -> None:
    split = SplitConfig(train=1, val=0, test=0)
    convert(ConvertConfig(raw=[str(doodles.parent / "raw")], out=str(tmp_path / "all"), split=split, workers=1))
    assert run(tiny(tmp_path / "all", tmp_path))["steps"] == 20


def wrong_label(path: Path) -> None:
    labels = np.load(path / "labels.npy")
    labels[3] = 99
    np.save(path / "labels.npy", labels)


def test_a_run_without_val_keeps_the_last_weights(
    doodles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(doodles, tmp_path / "data")
    remove_val(tmp_path / "data")
    result = run(tiny(tmp_path / "data", tmp_path))
    assert "val/top1" not in result
    assert result["best_step"] == 20
    said = capsys.readouterr().out
    assert "20 steps of 32 drawings, saved every 10" in said
    assert "run: last at step 20" in said
    kept = open_run(tmp_path / "run").model.state_dict()
    assert all(torch.equal(value, kept[name]) for name, value in weights(tmp_path / "run").items())


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ({"batch_size": 1000}, "batch_size=1000, but .* has 192 drawings"),
        ({"duration": "soon"}, "'soon' is no duration"),
        ({"duration": "10%"}, "a share of what"),
        ({"augment": AugmentConfig(mirror=2)}, "augment.mirror=2: expected a probability"),
        ({"model": HybridConfig(inputs=["dx", "dz"])}, "choose from dx"),
        ({"model": HybridConfig(name="cnn")}, "model.name=cnn: there are hybrid"),
        ({"device": "gpu"}, "device=gpu: say cpu, cuda, cuda:N or mps"),
        ({"init_from": "nowhere"}, "nowhere/checkpoints/best.pt does not exist"),
        ({"data": "nowhere"}, "nowhere does not exist; `make data"),
        ({"best_by": "beauty"}, "best_by=beauty: there are loss, top1"),
        ({"device": "mps" if sys.platform == "linux" else "cuda"}, "device=.*: this machine has no"),
        ({"freeze": True}, "freeze=true needs init_from="),
        ({"optim": OptimConfig(name=Optimizer.adam)}, "optim.weight_decay=0.2: Adam adds it to the gradient"),
        ({"seed": 20251128120000}, "seed=20251128120000: expected a number from 0 to 4,294,967,295"),
        ({"batch_size": 0}, "batch_size=0: expected a number 1 or more"),
        ({"micro_batch": 0}, "micro_batch=0: expected"),
        ({"patience": 0}, "patience=0: expected"),
        ({"max_minutes": math.nan}, "max_minutes=nan: expected"),
        ({"label_smoothing": 1.5}, "label_smoothing=1.5: expected a number from 0 to less than 1"),
        ({"ema": 1.0}, "ema=1.0: expected"),
        ({"optim": OptimConfig(lr=math.nan)}, "optim.lr=nan: expected a number above 0"),
        ({"optim": OptimConfig(weight_decay=-0.2)}, "optim.weight_decay=-0.2: expected"),
        ({"optim": OptimConfig(beta1=1.0)}, "optim.beta1=1.0: expected"),
        ({"optim": OptimConfig(clip=-1.0)}, "optim.clip=-1.0: expected"),
    ],
)
def test_mistakes_are_said_in_a_line(doodles: Path, tmp_path: Path, others: dict[str, Any], expected: str) -> None:
    with pytest.raises(UserError, match=expected):
        run(replace(tiny(doodles, tmp_path), **others))


def test_data_nothing_can_be_learnt_from(doodles: Path, tmp_path: Path) -> None:
    one = tmp_path / "one"
    convert(ConvertConfig(raw=[str(doodles.parent / "raw" / "cat.ndjson")], out=str(one), workers=1))
    with pytest.raises(UserError, match="1 class; telling apart takes two"):
        run(tiny(one, tmp_path))
    nothing = tmp_path / "nothing"
    raw = str(doodles.parent / "raw")
    convert(ConvertConfig(raw=[raw], out=str(nothing), split=SplitConfig(train=0, val=0.5, test=0.5), workers=1))
    with pytest.raises(UserError, match="no drawings to train on"):
        run(tiny(nothing, tmp_path))
    shutil.copytree(doodles, tmp_path / "wrong")
    wrong_label(tmp_path / "wrong")
    with pytest.raises(UserError, match="labels"):
        run(tiny(tmp_path / "wrong", tmp_path))


def test_a_full_disk_leaves_the_last_good_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "last.pt"
    checkpoint.save(path, {"model": {"a": torch.ones(3)}})
    good = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"No space left on device; the last good last.pt stays"):
        checkpoint.save(path, {"model": {"a": torch.zeros(3)}})
    assert path.read_bytes() == good
    assert [p.name for p in tmp_path.iterdir()] == ["last.pt"]
