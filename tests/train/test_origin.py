"""A run that others start from brings its model: what the page tells trains, whatever is served from wherever."""

import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from inkseq.cli import compose_config, conf_dir
from inkseq.config import ScheduleConfig, TrainConfig, plain
from inkseq.errors import UserError
from inkseq.inference.runs import open_run, run_folder
from inkseq.schedule import run as schedule
from inkseq.serve.command import command
from inkseq.train.multirun import make_jobs
from inkseq.train.prepare import training_config
from tests.models import family
from tests.train.tiny import run

SMALL = ["model.channels=[6]", "model.kernels=[3]", "model.hidden=8", "model.layers=1"]
SHORT = ["duration=1 steps", "evaluate=1 steps", "device=cpu", "precision=float32"]
ODD = 'elsewhere/it\'s "my" run, $HOME'
MODELS = {
    "tutorial": SMALL,
    "transformer": [*SMALL, "model.canvas=12", "model.canvas_channels=[4,4,4]"],
    "bilstm_small": [*SMALL, "model.canvas=12", "model.canvas_channels=[4,4,4]"],
    "bag": ["model.width=12"],
    "cnn": ["model.channels=[4,8]", "model.picture.size=32"],
    "mobilenet": ["model.width=0.1", "model.hidden=8", "model.picture.size=32"],
    "image": ["model.backbone=test_efficientnet", "model.picture.size=32"],
}


@pytest.fixture(autouse=True)
def bag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Working elsewhere, with a YAML folder that has the test family's preset too."""
    folder = Path(shutil.copytree(conf_dir(), tmp_path / "conf"))
    (folder / "model" / "bag.yaml").write_text(f"name: {family.BagConfig.name}\npreset: bag\n")
    monkeypatch.setattr("inkseq.cli.conf_dir", lambda: folder)
    monkeypatch.chdir(tmp_path)


def trained(packed: Path, name: str, where: str = ODD) -> Path:
    """The folder of a run that has done one step."""
    words = [f"data={packed}", f"model={name}", *MODELS[name], *SHORT, f"name={Path(where).name}"]
    config = replace(compose_config(TrainConfig, words), runs=str(Path(where).parent))
    run(config)
    return Path(where)


@pytest.mark.parametrize("name", MODELS)
def test_what_the_page_tells_trains(packed: Path, name: str) -> None:
    origin = trained(packed, name)
    raw = Path("what I drew.ndjson")
    files = [packed.parent / "raw" / f"{word}.ndjson" for word in ("cat", "star")]
    raw.write_bytes(b"".join(line for file in files for line in file.read_bytes().splitlines(keepends=True)[:20]))
    python, module, which, *words = shlex.split(command(raw, origin))
    assert (python, module, which) == ("python", "-m", "inkseq.train")
    config = training_config([*words, *SHORT, "log=1 steps"])
    assert run(config)["steps"] == 1
    assert run_folder(config).parent == Path("runs")
    (found,) = Path("runs").iterdir()
    preset = config.model.preset
    assert found.name.startswith(f"{preset}-what I drew-")  # MODEL-DATA, after what is trained
    assert plain(open_run(found).config)["model"] == plain(open_run(origin).config)["model"]
    assert f"preset: {preset}\n" in (found / ".hydra" / "config.yaml").read_text()
    assert open_run(found).classes == ["cat", "star"]


def test_settings_are_said_on_top_and_another_model_is_refused(packed: Path) -> None:
    origin = trained(packed, "bilstm_small", "runs/first")
    words = [f"data={packed}", f"init_from={origin}", *SHORT]
    mine = open_run(origin).config.model
    assert training_config(words).model == mine
    assert training_config([*words, "model.dropout=0.1"]).model == replace(mine, dropout=0.1)  # type: ignore[call-arg]
    assert training_config([*words, "init_from=null"]).model == compose_config(TrainConfig, []).model
    for other in ("model=bilstm", "experiment=quickdraw16-tutorial"):
        said = [word for word in words if other.startswith("model") or not word.startswith("data=")]
        config = replace(training_config([*said, other, "batch_size=8"]), data=str(packed))
        with pytest.raises(UserError, match=r"runs/first is another model; say model=bilstm_small$"):
            run(config)
    with pytest.raises(UserError, match=r"nowhere/checkpoints/best.pt does not exist"):
        training_config(["init_from=nowhere"])


def test_sweeps_and_schedules_agree(packed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    origin = trained(packed, "bag", "runs/first")
    words = [f"data={packed}", f"init_from={origin}", *SHORT]
    jobs = make_jobs([*words, "seed=0,1", "model.pooling=mean_max"])
    assert [job.config.model.preset for job in jobs] == ["bag", "bag"]
    assert [job.folder.parent.name for job in jobs] == [f"bag-{packed.name}"] * 2
    schedule(ScheduleConfig(), words)
    assert f"bag-{packed.name}-schedule.png" in capsys.readouterr().out


def test_a_named_run_goes_on_when_what_it_started_from_is_gone(packed: Path) -> None:
    origin = trained(packed, "transformer", "elsewhere/first")
    words = [f"data={packed}", f"init_from={origin}", "name=second", *SHORT]
    run(training_config(words))
    shutil.rmtree(origin)
    assert run(training_config([*words, "duration=2 steps"]))["steps"] == 2


def test_settings_of_the_origins_family_are_its_own(packed: Path) -> None:
    origin = trained(packed, "bag", "elsewhere/first")
    config = training_config([f"data={packed}", f"init_from={origin}", "model.width=9"])
    assert config.model == replace(open_run(origin).config.model, width=9)  # type: ignore[call-arg]
