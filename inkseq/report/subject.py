"""What a report is about: a run, drawings it is tested on, and what it made of each of them."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from inkseq.data.kinds import load_split
from inkseq.data.packed import PackedStrokes, open_strokes
from inkseq.data.resident import Drawings
from inkseq.devices import choose_device
from inkseq.drawings.strokes import Flat
from inkseq.errors import UserError
from inkseq.evaluate.calibration import fit_temperature, sample_logits
from inkseq.evaluate.facts import Facts, gather_facts
from inkseq.evaluate.matching import Matching, match
from inkseq.evaluate.metrics import ClassMetrics
from inkseq.inference.joined import folder_of, open_runs
from inkseq.inference.runs import Run


@dataclass(frozen=True)
class Card:
    """A drawing and what was said of it."""

    drawing: int  # in the dataset; the page's name for its picture
    truth: str
    said: str
    sure: float
    truly: float  # the probability of the truth
    right: bool
    looks_like: str | None = None  # where the label may be wrong


@dataclass(frozen=True)
class Subject:
    """A run and the drawings of a split, by the run's classes."""

    run: Run
    data: PackedStrokes
    split: str
    drawings: Drawings
    matching: Matching
    facts: Facts
    confusion_KK: NDArray[np.int64]
    per_class: list[ClassMetrics]
    temperature: float | None  # None where there is no val to fit it on
    chosen_on: Facts | None  # val's facts, by which thresholds are chosen
    shown: set[int] = field(default_factory=set)  # drawings of which the page needs a picture

    @property
    def classes(self) -> list[str]:
        return self.run.classes

    def flat(self, position: int) -> Flat:
        """Points and pen of a drawing, by its position among the facts."""
        return self.data.drawing(int(self.facts.index_N[position]))

    def in_split(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions in the split, of positions among the facts: those leave out what the run has no word for."""
        return self.facts.index_N[positions].astype(np.int64) - self.drawings.first

    def card(self, position: int) -> Card:
        """With it the page will have a picture of the drawing."""
        facts, classes = self.facts, self.classes
        self.shown.add(index := int(facts.index_N[position]))
        return Card(
            index,
            classes[facts.label_N[position]],
            classes[facts.guess_NG[position, 0]],
            float(facts.chance_NG[position, 0]),
            float(facts.truth_N[position]),
            bool(facts.place_N[position] == 0),
        )

    def cards(self, positions: NDArray[np.int64]) -> list[Card]:
        return [self.card(int(position)) for position in positions]


def study(folder: str, data: str | None, split: str, checkpoint: str | None, device_name: str) -> Subject:
    """Have a run name every drawing of a split; the temperature and thresholds come from val."""
    device = choose_device(device_name)
    run = open_runs(folder, checkpoint, device)
    packed = open_strokes(data or run.config.data)
    matching = match(packed.classes, run.classes)
    drawings = load_split(packed, split, device)
    temperature, chosen_on = None, None
    if (val := val_of(packed, matching, device)) is not None:
        temperature = fit_temperature(*sample_logits(run, val, matching))
        chosen_on = gather_facts(run, val, matching, temperature)[0] if split != "val" else None
    facts, metrics = gather_facts(run, drawings, matching, temperature or 1.0)
    if not np.isfinite(facts.loss_N).all():
        raise UserError(f"{folder} says nothing but NaN of some drawings; its weights are damaged or diverged")
    confusion_KK = metrics.confusion_KK.cpu().numpy()
    return Subject(
        run, packed, split, drawings, matching, facts, confusion_KK, metrics.per_class(), temperature, chosen_on
    )


def val_of(packed: PackedStrokes, matching: Matching, device: torch.device) -> Drawings | None:
    """The val split, if there is one with a word that the run knows."""
    if "val" not in packed.meta["splits"] or not packed.split("val"):
        return None
    val = load_split(packed, "val", device)
    return val if (matching.translate(val.label_N) >= 0).any() else None


def study_beside(folder: str, first: Subject) -> tuple[Run, Facts]:
    """What another run makes of the same drawings; nothing is chosen by it."""
    run = open_runs(folder, device=first.drawings.device)
    if folder_of(folder).resolve() == first.run.folder.resolve():
        raise UserError(f"against={folder} is the run itself")
    facts, _ = gather_facts(run, first.drawings, match(first.data.classes, run.classes), 1.0)
    return run, facts


def run_name(run: Run) -> str:
    return Path(run.folder).resolve().name
