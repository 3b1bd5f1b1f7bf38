"""What is in the event files, read back as TensorBoard reads them, and in metrics.jsonl."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # type: ignore[import-untyped]
from tensorboard.plugins.custom_scalar.layout_pb2 import Layout  # type: ignore[import-untyped]
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData  # type: ignore[import-untyped]
from tensorboard.summary.writer import event_file_writer  # type: ignore[import-untyped]

from inkseq.plots import save
from inkseq.train.tracker import Tracker, flatten_settings


@pytest.fixture(autouse=True)
def files_of_one_second_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read by name: the second, then how many this process has made, of which 9 comes behind 10."""
    monkeypatch.setattr(event_file_writer, "_global_uid", event_file_writer.AtomicCounter(0))


def events(folder: Path) -> EventAccumulator:
    accumulator = EventAccumulator(str(folder), {"scalars": 0, "tensors": 0, "images": 0, "histograms": 0})
    accumulator.Reload()
    return accumulator


def rows(folder: Path) -> list[dict[str, float | None]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text("utf-8").splitlines()]


def curve(folder: Path, name: str) -> list[tuple[int, float]]:
    return [(event.step, event.value) for event in events(folder).Scalars(name)]


def test_the_same_numbers_in_both(tmp_path: Path) -> None:
    tracker = Tracker(tmp_path, 0)
    tracker.scalars(20, {"train/loss": 2.5, "time/drawings_per_second": 1234})
    assert rows(tmp_path) == [{"step": 20, "train/loss": 2.5, "time/drawings_per_second": 1234}]  # before close()
    tracker.scalars(40, {"train/loss": 1 / 3, "val/top1": 0.75})
    tracker.close()

    written = {(row["step"], name): row[name] for row in rows(tmp_path) for name in row if name != "step"}
    seen = {(step, name): value for name in events(tmp_path).Tags()["scalars"] for step, value in curve(tmp_path, name)}
    assert seen == pytest.approx(written, rel=1e-7)  # TensorBoard's are float32


def test_what_is_no_number_is_null_in_json(tmp_path: Path) -> None:
    tracker = Tracker(tmp_path, 0)
    tracker.scalars(1, {"train/loss": math.nan, "train/grad_norm": math.inf, "train/top1": 0.5})
    tracker.close()
    assert rows(tmp_path) == [{"step": 1, "train/loss": None, "train/grad_norm": None, "train/top1": 0.5}]
    assert math.isnan(curve(tmp_path, "train/loss")[0][1])


def test_a_resumed_run_takes_back_what_comes_after_its_checkpoint(tmp_path: Path) -> None:
    tracker = Tracker(tmp_path, 0)
    for step in (10, 20, 30):
        tracker.scalars(step, {"train/loss": step})
    tracker.close()
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 4')  # killed while writing

    tracker = Tracker(tmp_path, 20)
    for step in (25, 30):
        tracker.scalars(step, {"train/loss": -step})
    tracker.close()
    expected = [(10, 10), (20, 20), (25, -25), (30, -30)]
    assert curve(tmp_path, "train/loss") == expected
    assert [(row["step"], row["train/loss"]) for row in rows(tmp_path)] == expected


def test_a_run_started_again_from_nothing_forgets(tmp_path: Path) -> None:
    for value in (1.0, 2.0):
        tracker = Tracker(tmp_path, 0)
        tracker.scalars(5, {"train/loss": value})
        tracker.close()
    assert curve(tmp_path, "train/loss") == [(5, 2.0)]
    assert rows(tmp_path) == [{"step": 5, "train/loss": 2.0}]


def test_the_layout_shows_training_beside_validation(tmp_path: Path) -> None:
    Tracker(tmp_path, 0).close()
    (event,) = events(tmp_path).Tensors("custom_scalars__config__")
    layout = Layout.FromString(event.tensor_proto.string_val[0])
    charts = {chart.title: list(chart.multiline.tag) for room in layout.category for chart in room.chart}
    assert [room.title for room in layout.category] == ["learning", "optimisation", "time"]
    assert charts["loss"] == ["train/loss$", "val/loss$"]
    assert charts["drawings per second"] == ["time/drawings_per_second$"]


def test_text_is_a_block_of_code(tmp_path: Path) -> None:
    tracker = Tracker(tmp_path, 0)
    tracker.text(0, "config", "optim:\n  lr: 0.001")
    tracker.close()
    (event,) = events(tmp_path).Tensors("config/text_summary")
    assert event.tensor_proto.string_val[0] == b"    optim:\n      lr: 0.001\n"


def test_settings_and_final_metrics_are_a_row_of_this_very_run(tmp_path: Path) -> None:
    tracker = Tracker(tmp_path, 0)
    tracker.hparams(70, {"optim": {"lr": 0.002, "fused": True}, "inputs": ["dx", "dy"]}, {"final/top1": 0.75})
    tracker.close()
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
    content = events(tmp_path).PluginTagToContent("hparams")
    start = HParamsPluginData.FromString(content["_hparams_/session_start_info"]).session_start_info.hparams
    assert start["optim.lr"].number_value == 0.002
    assert start["optim.fused"].string_value == "True"
    assert start["inputs"].string_value == "['dx', 'dy']"
    experiment = HParamsPluginData.FromString(content["_hparams_/experiment"]).experiment
    assert [info.name.tag for info in experiment.metric_infos] == ["final/top1"]
    assert curve(tmp_path, "final/top1") == [(70, 0.75)]
    assert rows(tmp_path) == [{"step": 70, "final/top1": 0.75}]


def test_flatten_keeps_numbers_and_words() -> None:
    nested = {"a": {"b": {"c": 1}}, "name": "x", "none": None}
    assert flatten_settings(nested) == {"a.b.c": 1, "name": "x", "none": "None"}


def test_pictures_and_histograms(tmp_path: Path) -> None:
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([0, 1])
    figure.suptitle("語")  # which the font may lack, and nobody is to be warned of it
    layer = torch.nn.Linear(3, 2, dtype=torch.bfloat16)
    tracker = Tracker(tmp_path, 0)
    tracker.picture(5, "val/drawings", save(figure, tmp_path / "drawings.png"))
    tracker.histograms(5, layer)
    tracker.close()
    read = events(tmp_path)
    (image,) = read.Images("val/drawings")
    assert (image.step, image.width, image.height) == (5, 220, 110)
    assert read.Tags()["histograms"] == ["weights/weight", "weights/bias"]
    assert read.Histograms("weights/weight")[0].histogram_value.num == 6


def test_precision_recall_curves_of_the_chosen_classes_and_of_all(tmp_path: Path) -> None:
    probability_BK = torch.tensor([[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1]])
    tracker = Tracker(tmp_path, 0)
    tracker.pr_curves(9, probability_BK, torch.tensor([0, 1, 2]), ["ant", "bee", "cat"], chosen=[0])
    tracker.close()
    read = events(tmp_path)
    assert {"pr/all", "pr/ant"} == {tag for tag in read.Tags()["tensors"] if tag.startswith("pr/")}
    curves = np.array(read.Tensors("pr/ant")[0].tensor_proto.float_val).reshape(6, 127)
    hits, false_alarms = curves[:2]  # by threshold, 0 to 1
    assert (hits[95], false_alarms[95]) == (1, 0)  # at 0.75 only the ant itself
    assert (hits[63], false_alarms[63]) == (1, 1)  # at 0.5 the cat as well


def test_the_projector_gets_features_words_and_small_pictures(tmp_path: Path) -> None:
    tracker = Tracker(tmp_path, 0)
    features_NC = torch.rand(5, 3)
    tracker.projector(70, features_NC, ["cat", "two\nlines", "a\ttab", "dog", "dog"], torch.rand(5, 8, 8))
    tracker.close()
    folder = tmp_path / "00070" / "drawings"
    written = [list(map(float, line.split("\t"))) for line in (folder / "tensors.tsv").read_text().splitlines()]
    np.testing.assert_allclose(written, features_NC, rtol=1e-5)
    assert (folder / "metadata.tsv").read_text().splitlines() == ["cat", "two lines", "a tab", "dog", "dog"]
    assert (folder / "sprite.png").stat().st_size > 100
    config = (tmp_path / "projector_config.pbtxt").read_text()
    assert "00070/drawings/tensors.tsv" in config
    assert "single_image_dim: 8" in config
