"""Several runs as one (an ensemble): run=runs/a,runs/b wherever a run is taken."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch

from inkseq.config import BOX, plain
from inkseq.errors import UserError
from inkseq.families import FusionConfig
from inkseq.inference.runs import Run, open_run
from inkseq.models.contract import Model
from inkseq.models.fusion import Fusion
from inkseq.tables import a_few


class Member(NamedTuple):
    name: str
    settings: dict[str, Any]
    model: Model
    weight: float


def open_runs(runs: str | Path, which: str | None = None, device: torch.device | str = "cpu") -> Run:
    """A run by its folder, or several with commas between them as one; see `open_run`."""
    opened = [open_run(folder, which, device) for folder in folders_of(runs)]
    return opened[0] if len(opened) == 1 else join(opened)


def folders_of(runs: str | Path) -> list[str]:
    """`runs/a,runs/b` -> runs/a, runs/b. A folder's own name may have commas: the longest that is there counts."""
    pieces, folders = str(runs).split(","), list[str]()
    while pieces:
        names = [",".join(pieces[:count]) for count in range(len(pieces), 0, -1)]
        folders.append(next((name for name in names if Path(name).exists()), pieces[0]))
        pieces = pieces[folders[-1].count(",") + 1 :]
    return folders


def folder_of(runs: str | Path) -> Path:
    """Where it is kept what is found of them: `runs/a,runs/b` -> runs/a+b, and of what comes with inkseq runs/box."""
    first, *others = (Path("runs", BOX) if folder == BOX else Path(folder) for folder in folders_of(runs))
    return first.with_name("+".join(folder.name for folder in (first, *others)))


def join(runs: Sequence[Run]) -> Run:
    """A run whose model is all of theirs, each with the same weight; all else is the first one's."""
    first, *others = runs
    for other in others:
        check_fit(first, other)
    members = [member for run in runs for member in members_of(run)]
    model = Fusion([member.model for member in members])
    model.head.weight_M = torch.tensor([member.weight / len(runs) for member in members])
    settings = {f"{number}-{member.name}": member.settings for number, member in enumerate(members)}
    return replace(
        first,
        folder=folder_of(",".join(str(run.folder) for run in runs)),
        config=replace(first.config, model=FusionConfig(members=settings)),
        model=model.to(next(first.model.parameters()).device).eval(),
    )


def members_of(run: Run) -> Iterator[Member]:
    """A run's model, or what that is made of already."""
    model, config = run.model, run.config.model
    if not isinstance(model, Fusion):
        yield Member(run.folder.name, plain(run.config)["model"], model, 1.0)
        return
    assert isinstance(config, FusionConfig)
    for (name, settings), part, weight in zip(
        config.members.items(), model.parts, model.head.weight_M.tolist(), strict=True
    ):
        yield Member(f"{run.folder.name}-{name}", settings, part, weight)


def check_fit(first: Run, other: Run) -> None:
    """Refuse what cannot answer the same questions."""
    if first.image_size != other.image_size:
        raise UserError(f"{first.folder} learnt from {_kind(first)}, {other.folder} from {_kind(other)}")
    if first.classes == other.classes:
        return
    pairs = (first, {*other.classes}), (other, {*first.classes})
    only = [(run, [word for word in run.classes if word not in others]) for run, others in pairs]
    said = [f"only {run.folder} knows {a_few(words)}" for run, words in only if words]
    raise UserError(f"what answers together has to know the same words; {'; '.join(said)}")


def _kind(run: Run) -> str:
    return f"images of {run.image_size} pixels" if run.image_size else "strokes"
