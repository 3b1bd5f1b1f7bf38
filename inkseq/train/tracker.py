"""What a run says about itself: TensorBoard's event files and metrics.jsonl, the same numbers in both."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

from inkseq.files import write_whole
from inkseq.plots import any_letters

FLUSH_SECONDS = 10  # TensorBoard's own two minutes are long for somebody who watches
CURVES = {  # TensorBoard's "Custom Scalars"; names are regular expressions there
    "learning": {
        "loss": ["train/loss$", "val/loss$"],
        "truth among the first 1, 3, 5 guesses": ["val/top1$", "val/top3$", "val/top5$"],
        "MAP@3 and balanced accuracy": ["val/map3$", "val/balanced_accuracy$"],
        "calibration error": ["val/ece$"],
    },
    "optimisation": {"learning rate": ["train/learning_rate$"], "gradient norm": ["train/gradient_norm$"]},
    "time": {
        "drawings per second": ["time/drawings_per_second$"],
        "seconds a step": ["time/step_seconds$"],
        "share of the time spent on data, and in which the GPU computes": ["time/data_share$", "time/gpu_use$"],
        "most memory held, in MB": ["memory/peak_mb$", "memory/gpu_peak_mb$"],
    },
}


class Tracker:
    """Writes what a training run knows. On the first rank only: the others have none."""

    def __init__(self, folder: Path, step: int) -> None:
        """Begin behind `step`, that of the checkpoint: what an interrupted run wrote later is taken back.

        A step's own rows stay, since they are written before its checkpoint; a run begins behind step 0.
        """
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "metrics.jsonl"
        _drop_rows_after(path, step)
        self._rows = path.open("a", encoding="utf-8")
        self._writer = SummaryWriter(str(folder), purge_step=step + 1, flush_secs=FLUSH_SECONDS)
        charts = {
            room: {title: ["Multiline", names] for title, names in charts.items()} for room, charts in CURVES.items()
        }
        self._writer.add_custom_scalars(charts)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Numbers of one step by name (`train/loss`), on disk when this returns in metrics.jsonl.

        JSON knows no NaN and no infinity, and most readers refuse them: there they are null. TensorBoard marks them.
        """
        row = {name: value if math.isfinite(value) else None for name, value in values.items()}
        self._rows.write(json.dumps({"step": step, **row}) + "\n")
        self._rows.flush()
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def text(self, step: int, name: str, words: str) -> None:
        """Words as they are, the config for one: markdown must not reflow them."""
        indented = "".join(f"    {line}\n" for line in words.splitlines())
        self._writer.add_text(name, indented, step)

    def picture(self, step: int, name: str, figure: Figure) -> None:
        with any_letters():
            self._writer.add_figure(name, figure, step)

    def histograms(self, step: int, model: nn.Module) -> None:
        """Of every weight of a model. All of them travel to the host, so only now and then."""
        for name, weight in model.named_parameters():
            values = weight.detach().float().cpu()
            if values.abs().amax() < 1e20:  # TensorBoard's bins end there, and a run that diverges does not
                self._writer.add_histogram(f"weights/{name}", values, step)

    def pr_curves(
        self, step: int, probability_BK: Tensor, label_B: Tensor, classes: Sequence[str], chosen: Sequence[int]
    ) -> None:
        """Precision against recall of the chosen classes, and of all answers together (the micro average)."""
        probability_BK, label_B = probability_BK.float().cpu(), label_B.cpu()
        right_BK = label_B[:, None] == torch.arange(len(classes))
        self._writer.add_pr_curve("pr/all", right_BK.flatten(), probability_BK.flatten(), step)
        for k in chosen:
            self._writer.add_pr_curve(f"pr/{classes[k]}", right_BK[:, k], probability_BK[:, k], step)

    def projector(self, step: int, features_NC: Tensor, words: Sequence[str], picture_NYX: Tensor) -> None:
        """Drawings as points of many dimensions, with what TensorBoard's Projector tells of each."""
        rgb_N3YX = picture_NYX[:, None].expand(-1, 3, -1, -1).cpu()
        flat = [" ".join(word.split()) for word in words]  # a line each, and no tabs
        self._writer.add_embedding(features_NC, flat, rgb_N3YX, step, "drawings")

    def hparams(self, step: int, settings: Mapping[str, Any], metrics: Mapping[str, float]) -> None:
        """A row of TensorBoard's table of runs: the (nested) settings and how well they did, once, at the end.

        `SummaryWriter.add_hparams` would open a second run in a folder of its own.
        """
        files = self._writer._get_file_writer()  # type: ignore[no-untyped-call]
        for summary in hparams(flatten_settings(settings), dict(metrics)):  # type: ignore[no-untyped-call]
            files.add_summary(summary)
        self.scalars(step, metrics)

    def close(self) -> None:
        self._writer.close()
        self._rows.close()


def flatten_settings(settings: Mapping[str, Any], prefix: str = "") -> dict[str, float | str]:
    """`{"optim": {"lr": 1}}` -> `{"optim.lr": 1}`; what is neither number nor word becomes one."""
    flat: dict[str, float | str] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            flat |= flatten_settings(value, f"{prefix}{name}.")
        else:
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            flat[prefix + name] = value if is_number else str(value)
    return flat


def _drop_rows_after(path: Path, step: int) -> None:
    """Drop the rows of later steps, and the half row a killed run may end with."""
    if not path.exists():
        return
    kept = [line for line in path.read_text("utf-8").splitlines() if _step_of(line) <= step]
    write_whole(path, "".join(f"{line}\n" for line in kept))


def _step_of(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except ValueError:
        return math.inf
