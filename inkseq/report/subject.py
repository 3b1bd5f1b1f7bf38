"""What a report is about: a run, drawings it is tested on, and what it made of each of them."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from inkseq.data.kinds import load_once
from inkseq.data.packed import Packed, PackedImages, PackedStrokes
from inkseq.data.resident import Drawings, let_go
from inkseq.devices import choose_device
from inkseq.drawings.strokes import Flat
from inkseq.errors import UserError
from inkseq.evaluate.calibration import fit_temperature, sample_logits
from inkseq.evaluate.confusions import Confusions, count_confusions
from inkseq.evaluate.facts import Facts, gather_facts
from inkseq.evaluate.matching import Matching, match
from inkseq.inference.joined import open_runs
from inkseq.inference.runs import Run, check_sight, data_of
from inkseq.report.ink import Drawn


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
    data: Packed
    split: str
    drawings: Drawings
    matching: Matching
    facts: Facts
    temperature: float | None  # None where there is no val to fit it on
    chosen_on: Facts | None  # val's facts, by which thresholds are chosen
    shown: set[int] = field(default_factory=set)  # drawings of which the page needs a picture

    @property
    def classes(self) -> list[str]:
        return self.run.classes

    @property
    def strokes(self) -> PackedStrokes | None:
        """The data, if they are strokes."""
        return self.data if isinstance(self.data, PackedStrokes) else None

    @cached_property
    def confusions(self) -> Confusions:
        return count_confusions(self.facts, len(self.classes))

    def drawn(self, index: int) -> Drawn:
        """A drawing as it is stored, by its index in the dataset."""
        if isinstance(self.data, PackedImages):
            ink_YX = np.array(self.data.images[index])
            let_go(self.data.images)
            return ink_YX
        assert self.strokes
        return self.strokes.drawing(index)

    def flat(self, position: int) -> Flat:
        """Points and pen of a drawing, by its position among the facts."""
        assert self.strokes
        return self.strokes.drawing(int(self.facts.index_N[position]))

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
    packed = data_of(run, data)
    check_sight(run, packed)
    matching = match(packed.classes, run.classes)
    drawings = load_once(packed, split, device)
    temperature, chosen_on = None, None
    if (val := val_of(packed, matching, device)) is not None:
        temperature = fit_temperature(*sample_logits(run, val, matching))
        chosen_on = gather_facts(run, val, matching, temperature) if split != "val" else None
    facts = gather_facts(run, drawings, matching, temperature or 1.0)
    if not np.isfinite(facts.loss_N).all():
        raise UserError(f"{folder} says nothing but NaN of some drawings; its weights are damaged or diverged")
    return Subject(run, packed, split, drawings, matching, facts, temperature, chosen_on)


def val_of(packed: Packed, matching: Matching, device: torch.device) -> Drawings | None:
    """The val split, if there is one with a word that the run knows."""
    if "val" not in packed.meta["splits"] or not packed.split("val"):
        return None
    val = load_once(packed, "val", device)
    return val if (matching.translate(val.label_N) >= 0).any() else None


def study_beside(folder: str, first: Subject) -> tuple[Run, Facts]:
    """What another run makes of the same drawings; nothing is chosen by it."""
    run = open_runs(folder, device=first.drawings.device)
    if run.folder.resolve() == first.run.folder.resolve():
        raise UserError(f"against={folder} is the run itself")
    check_sight(run, first.data)
    return run, gather_facts(run, first.drawings, match(first.data.classes, run.classes), 1.0)


def run_name(run: Run) -> str:
    return Path(run.folder).resolve().name
