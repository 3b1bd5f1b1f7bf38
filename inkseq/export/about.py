"""What a file says about itself: classes, how its inputs are to be made, where it comes from and how good it is."""

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from inkseq.config import Quantize, plain
from inkseq.export.graph import FromImages, Graph
from inkseq.inference.runs import Run, read_result

POINTS = {
    "points": "float32 (batch, points, 2): canonical, x to the right, y down; behind a drawing's end anything",
    "pen": "float32 (batch, points): 1 on the last point of each stroke, else 0",
    "length": "int64 (batch): how many of the points are the drawing's, 1 or more",
}
CANONICAL = {
    "units": "whole numbers 0 to 255",
    "origin": "the smallest x and the smallest y are moved to 0",
    "scale": "the larger side becomes 255",
    "resample": "a point every pixel along each stroke",
    "simplify": "Ramer-Douglas-Peucker, epsilon 2",
    "known as": "the simplified drawings of Quick, Draw!",
}
INK = {
    "units": "0, the paper, to 1, where there is most ink",
    "scale": "the longer side fills the square, the drawing's proportions stay, the rest is paper",
    "of a file": "1 - grey / 255 where ink is darker than paper, else grey / 255",
}
DATA = {
    "quickdraw": "Quick, Draw! (quickdraw.withgoogle.com/data): its players' drawings, given by Google, CC BY 4.0.",
    "pendigits": "Pen-Based Recognition of Handwritten Digits, E. Alpaydin and F. Alimoglu, UCI Machine Learning "
    "Repository, CC BY 4.0.",
    "kuzushiji": "KMNIST Dataset, created by ROIS-DS Center for Open Data in the Humanities (CODH), based on Kuzushiji "
    "Dataset, created by NIJL and others, CC BY-SA 4.0.",
    "omniglot": "Omniglot, B. M. Lake, R. Salakhutdinov and J. B. Tenenbaum, MIT licence.",
    "detexify": "Detexify, D. Kirsch and those who drew for it, ODbL.",
    "doodles": "Drawn by inkseq, with small programs and an imitation of hands; nobody else has a right to them.",
}
UNKNOWN = "inkseq does not know where it comes from nor its licence: write both here before you pass the file on."


def metadata(run: Run, graph: Graph, quantize: Quantize) -> dict[str, str]:
    """By name, each a text or JSON."""
    config, result = run.config, find_result(run)
    of_images = isinstance(graph, FromImages)
    facts: dict[str, Any] = {
        "classes": run.classes,
        "input": {"image": f"float32 (batch, {graph.size}, {graph.size}): ink"} if of_images else POINTS,
        "output": "probability: float32 (batch, classes)",
        "preprocessing": INK if of_images else CANONICAL,
        "weights": "float32" if quantize is Quantize.none else quantize.name,
        "run": run.folder.name,
        "step": run.step,
        "data": Path(config.data).name,
        "licence": licence(run),
        "model": plain(config)["model"],
        "metrics": {name: value for name, value in result.items() if name.startswith(("val/", "test/"))},
        "git_commit": result.get("git_commit"),
        "versions": {n: version(n) for n in ("inkseq", "torch", "numpy")} | {"python": platform.python_version()},
    }
    return {name: in_json(fact) for name, fact in facts.items()}


def find_result(run: Run) -> dict[str, Any]:
    """What a run found, if it is finished."""
    return read_result(run.folder) if (run.folder / "result.json").exists() else {}


def licence(run: Run) -> str:
    """Of the data, as far as its name tells."""
    name = Path(run.config.data).name
    return next((text for word, text in DATA.items() if word in name.lower()), UNKNOWN)


def in_json(fact: Any) -> str:
    """A text as it is, anything else as JSON."""
    return fact if isinstance(fact, str) else json.dumps(fact, ensure_ascii=False)
