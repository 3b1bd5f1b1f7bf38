"""`python -m inkseq.train -m`: which runs a sweep makes, that one crash is one crash, and that a sweep goes on."""

import json
import signal
from pathlib import Path
from subprocess import Popen

import pytest

from inkseq.config import plain
from inkseq.errors import UserError
from inkseq.train.multirun import make_jobs
from tests.processes import Command, start, wait_for
from tests.samples import packed_doodles
from tests.train.tiny import run

TINY = "model=plain model.channels=[8] model.kernels=[3] model.hidden=8 model.layers=1"
TINY += " precision=float32 device=cpu batch_size=40"


def folders(packed: Path, *words: str) -> list[str]:
    return [str(job.folder) for job in make_jobs([f"data={packed}", *words])]


def test_runs_are_called_after_what_differs(packed: Path) -> None:
    assert folders(packed, "name=a", "model=bilstm", "model.hidden=8,16", "optim.lr=1e-3", "seed=0,1") == [
        "runs/a/hidden=8,seed=0",
        "runs/a/hidden=8,seed=1",
        "runs/a/hidden=16,seed=0",
        "runs/a/hidden=16,seed=1",
    ]
    assert folders(packed, "seed=0,1") == ["runs/bilstm-packed/seed=0", "runs/bilstm-packed/seed=1"]
    assert folders(packed, "model=bilstm,tutorial") == ["runs/sweep/model=bilstm", "runs/sweep/model=tutorial"]
    assert folders(packed, "name=a,b", "runs=x") == ["x/a", "x/b"]
    assert folders(packed, "name=a") == ["runs/a"]


def test_values_are_named_in_hydras_grammar(packed: Path) -> None:
    assert folders(packed, "name=a", "seed=range(0,3)") == [f"runs/a/seed={i}" for i in range(3)]
    assert folders(packed, "name=a", "augment=glob(*)", "log=5 steps") == [
        f"runs/a/augment={augment}" for augment in ("light", "none", "scans", "strong")
    ]
    jobs = make_jobs([f"data={packed}", "name=a", "model=bilstm", "model.canvas_channels=[8,8],[8,16,32]"])
    assert [plain(job.config)["model"]["canvas_channels"] for job in jobs] == [[8, 8], [8, 16, 32]]
    assert [job.folder.name for job in jobs] == ["canvas_channels=8-8", "canvas_channels=8-16-32"]
    jobs = make_jobs([f"data={packed}", "name=a", "duration=5 steps,10 epochs", "patience=null,3", "ema=0,0.9"])
    assert [job.config.duration for job in jobs] == ["5 steps"] * 4 + ["10 epochs"] * 4
    assert [job.config.patience for job in jobs][:3] == [None, None, 3]
    assert jobs[0].folder.name == "duration=5-steps,patience=null,ema=0"


def test_keys_that_end_alike_are_written_out(packed: Path) -> None:
    words = [
        "name=a",
        "model=bilstm",
        "optim.weight_decay=0",
        "model.name=hybrid",
        "optim.name=adam,adamw",
        "optim.beta1=0.8,0.9",
        "model.norm=none,layer",
    ]
    assert folders(packed, *words)[0] == "runs/a/name=adam,beta1=0.8,norm=none"
    both = [
        "name=a",
        "model=plain",
        "model.dropout=0,0.1",
        "model.conv_dropout=0,0.1",
        "augment.mirror=0,1",
        "model.cell=lstm,gru",
    ]
    assert folders(packed, *both)[-1] == "runs/a/dropout=0.1,conv_dropout=0.1,mirror=1,cell=gru"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["model.hiden=1,2"], "there is no setting 'model.hiden'"),
        (["model=bilstm", "model.hidden=8,a"], "model.hidden: Value 'a'"),
        (["model=bilstm", "model.hidden=8,8", "name=a"], "two runs would be runs/a/hidden=8; name every value once"),
        (["optim.lr=interval(1,2)"], "optim.lr=interval(1,2): an interval has no end of values"),
        (["model=bilstm,lstm"], "model=lstm: there are bilstm, bilstm_large"),
        (["seed=0,-1"], "seed=-1: expected"),
    ],
)
def test_a_mistake_is_found_before_the_first_run(packed: Path, words: list[str], expected: str) -> None:
    with pytest.raises(UserError) as caught:
        make_jobs([f"data={packed}", *words])
    assert str(caught.value).startswith(expected)


def command(folder: Path, *words: str) -> Command:
    return Command(folder, "inkseq.train", "-m", *TINY.split(), *words)


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["basic", "cores", "rehearsal"])
def test_one_crash_is_one_crash_and_what_is_finished_is_skipped(packed: Path, tmp_path: Path, launcher: str) -> None:
    data = tmp_path / "it's (100%) here"  # nothing in a path means anything to anybody
    data.symlink_to(packed)
    words = [f"data={data}", "name=a", "seed=0", "duration=2 steps", "optim.lr=0.01,1e30", "optim.clip=0"]
    words += ["log=1 step", f"hydra/launcher={launcher}"]
    if launcher == "cores":  # joblib's workers end with an interpreter
        process: Command | Popen[str] = start(tmp_path, "inkseq.train", "-m", *TINY.split(), *words)
    else:
        process = command(tmp_path, *words)
    out, said = process.communicate()
    assert "2 runs, 0 of them finished before" in out, said
    assert said.splitlines()[-1] == "inkseq: 1 of 2 runs did not finish; the same command goes on with them"
    base = tmp_path / "runs" / "a"
    result = json.loads((base / "lr=0.01" / "result.json").read_text())
    assert result["steps"] == 2
    assert not (base / "lr=1e+30" / "result.json").exists()
    log = base / "lr=1e+30" / "output.log"
    assert "is not finite" in (said if launcher == "basic" else log.read_text())
    assert launcher == "basic" or "not finished: the loss" in out
    if launcher == "basic":
        words[4] = "optim.lr=0.01,0.02"
        out, said = command(tmp_path, *words).communicate()
        assert "2 runs, 1 of them finished before" in out
        assert "lr=0.01: " not in out
        assert json.loads((base / "lr=0.02" / "result.json").read_text())["steps"] == 2


def test_what_is_finished_is_so_with_just_these_drawings_and_however_much_was_asked_for(
    packed: Path, tmp_path: Path
) -> None:
    words = [*TINY.split(), "name=a", f"runs={tmp_path}", "evaluate=4 steps"]
    (job,) = make_jobs([*words, f"data={packed}", "duration=4 steps"])
    job.folder.mkdir()
    run(job.config)

    def is_done(*others: str) -> bool:
        (again,) = make_jobs([*words, *others])
        return again.is_done()

    here = f"data={packed}"
    assert is_done(here, "duration=4 steps")
    assert is_done(here, "duration=3 steps")  # which `inkseq.train` too calls finished
    assert is_done(here, "duration=0.000001 minutes")
    assert not is_done(here, "duration=5 steps")
    assert not is_done(here, "duration=4 steps", "optim.lr=0.1")
    others = packed_doodles(tmp_path / "others", 40, ["cat", "star"])
    assert not is_done(f"data={others}", "duration=4 steps")


@pytest.mark.slow
def test_ctrl_c_saves_the_run_and_the_sweep_goes_on(packed: Path, tmp_path: Path) -> None:
    words = [f"data={packed}", "name=a", "seed=0,1", "log=2 steps", "evaluate=2 steps"]
    process = command(tmp_path, *words, "duration=1000000 steps")
    last = tmp_path / "runs" / "a" / "seed=0" / "checkpoints" / "last.pt"
    wait_for(last, process)
    process.send_signal(signal.SIGINT)
    out, said = process.communicate()
    assert process.returncode == 130, said
    assert said.endswith("inkseq: stopped. the same command goes on\n")
    assert "seed=0" in out
    assert not (tmp_path / "runs" / "a" / "seed=1").exists()
    out, _ = command(tmp_path, *words, "duration=1000000 steps", "max_minutes=0.001").communicate()
    assert "goes on from" in out
    assert (tmp_path / "runs" / "a" / "seed=1" / "result.json").exists()


def test_a_launcher_that_is_not_there_is_named(packed: Path, tmp_path: Path) -> None:
    process = command(tmp_path, f"data={packed}", "name=a", "hydra/launcher=nope")
    _, said = process.communicate()
    assert process.returncode == 1
    assert said == (
        "inkseq: In 'hydra/config': Could not find 'hydra/launcher/nope'; "
        "pip install 'inkseq[launchers]' brings joblib and submitit\n"
    )
