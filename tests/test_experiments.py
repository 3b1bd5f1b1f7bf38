"""Every experiment composes and runs a step; presets are what they say; evaluate reads what train wrote."""

import json
import re
import shlex
from pathlib import Path

import pytest

from inkseq.cli import compose_config, conf_dir
from inkseq.config import AugmentConfig, ConvertConfig, EvaluateConfig, Optimizer, Precision, TrainConfig
from inkseq.convert.conversion import convert
from inkseq.doodles.write import write_doodles
from inkseq.errors import UserError
from inkseq.evaluate.__main__ import run as evaluate
from inkseq.families import Activation, HybridConfig, Layout
from inkseq.inference.runs import run_folder
from inkseq.models.zoo import make_model
from inkseq.train.prepare import training_config
from tests.train.tiny import run

EXPERIMENTS = sorted(path.stem for path in (conf_dir() / "experiment").glob("*.yaml"))


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_composes_and_runs_a_step(name: str, packed: Path, tmp_path: Path) -> None:
    words = [f"experiment={name}", f"data={packed}", f"runs={tmp_path}", "duration=1 step", "device=cpu"]
    words.append("distil_from=null")  # the teacher's run is not here
    if isinstance(training_config(words).model, HybridConfig):
        words += ["model.hidden=8", "model.layers=1"]
    config = training_config([*words, "batch_size=8"])
    assert run(config)["steps"] == 1


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_commands_at_its_head_make_its_data_and_train_it(name: str) -> None:
    text = (conf_dir() / "experiment" / f"{name}.yaml").read_text().replace("\\\n#", "")
    commands = [shlex.split(words) for words in re.findall(r"^#   python -m inkseq\.(.*)", text, re.MULTILINE)]
    assert ["train", f"experiment={name}"] in [words[:2] for words in commands]
    for command, *words in commands:
        if command == "train":
            compose_config(TrainConfig, words)
        if command == "convert":
            assert compose_config(ConvertConfig, words).out == compose_config(TrainConfig, [f"experiment={name}"]).data


@pytest.mark.parametrize(
    ("preset", "parameters"),
    [
        ("bilstm", 783_849),
        ("fusion", 1_333_314),
        ("bilstm_small", 145_785),
        ("bilstm_large", 6_641_625),
        ("transformer", 670_313),
    ],
)
def test_presets_have_the_sizes_they_are_known_for(preset: str, parameters: int) -> None:
    config = compose_config(TrainConfig, ["data=x", f"model={preset}"])
    assert config.model.preset == preset
    assert sum(p.numel() for p in make_model(config.model, 345).parameters()) == parameters


def test_the_tutorial_is_the_tutorial() -> None:
    config = compose_config(TrainConfig, ["data=x", "model=tutorial"])
    model = make_model(config.model, 345)
    assert sum(p.numel() for p in model.parameters()) == 1_145_337
    assert isinstance(config.model, HybridConfig)
    assert (config.model.layout, config.model.activation) == (Layout.tutorial, Activation.none)
    assert (config.optim.name, config.optim.lr, config.optim.clip) == (Optimizer.adam, 1e-4, 9.0)
    assert (config.batch_size, config.precision, config.augment) == (8, Precision.float32, AugmentConfig())


def test_an_experiment_wins_over_its_defaults_and_words_over_both() -> None:
    config = compose_config(TrainConfig, ["experiment=demo", "duration=7 steps"])
    assert (config.name, config.duration, config.evaluate) == ("demo", "7 steps", "20%")
    assert config.augment == AugmentConfig()  # its own, not the default's
    assert compose_config(TrainConfig, ["data=x", "augment=none"]).augment == AugmentConfig()


@pytest.mark.slow
def test_evaluate_reads_what_train_wrote(packed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "name=a",
        "duration=1 epoch",
        "batch_size=16",
        "device=cpu",
        "model=plain",
        "model.hidden=8",
        "model.layers=1",
    ]
    config = compose_config(TrainConfig, [f"data={packed}", f"runs={tmp_path}", *words])
    folder, result = run_folder(config), run(config)
    evaluate(EvaluateConfig(run=str(folder)))
    report = json.loads((folder / "evaluation-test.json").read_text())
    for name in ("loss", "top1", "map3", "ece", "count"):
        assert report[name] == pytest.approx(result[f"test/{name}"], abs=1e-6)
    assert set(report["per_class"]) == {"cat", "ladder", "star"}
    assert report["per_class"]["cat"]["count"] == 5
    assert "class   drawings  recall" in capsys.readouterr().out
    with pytest.raises(UserError, match=r"checkpoints/first.pt does not exist; there is best, last"):
        evaluate(EvaluateConfig(run=str(folder), checkpoint="first"))
    with pytest.raises(UserError, match="no split 'dev'"):
        evaluate(EvaluateConfig(run=str(folder), split="dev"))


def test_evaluate_refuses_other_classes(packed: Path, tmp_path: Path) -> None:
    config = compose_config(
        TrainConfig, [f"data={packed}", f"runs={tmp_path}", "name=a", "duration=1 step", "model=plain", "device=cpu"]
    )
    folder, _ = run_folder(config), run(config)
    row = '"[[[0, 255], [0, 9]]]"'
    (tmp_path / "test.csv").write_text(f"key_id,drawing\n1,{row}\n")
    raw = [str(tmp_path / "test.csv"), str(packed.parent / "raw")]
    convert(ConvertConfig(raw=raw, out=str(tmp_path / "wordless"), workers=1))
    with pytest.raises(UserError, match="unlabelled have no words"):
        evaluate(EvaluateConfig(run=str(folder), data=str(tmp_path / "wordless"), split="unlabelled"))
    write_doodles(tmp_path / "raw", 20, 0, ["cat", "snail"])
    convert(ConvertConfig(raw=[str(tmp_path / "raw")], out=str(tmp_path / "other"), workers=1))
    with pytest.raises(UserError, match=r"other classes than .* \(new: snail; missing: ladder, star\)"):
        evaluate(EvaluateConfig(run=str(folder), data=str(tmp_path / "other")))
