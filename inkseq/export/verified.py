"""A run as a file, held against PyTorch before it gets its name."""

from pathlib import Path

import torch

from inkseq.config import ExportConfig, Quantize
from inkseq.data.packed import PackedImages, open_packed, open_strokes
from inkseq.errors import UserError
from inkseq.export import program_file
from inkseq.export.about import metadata
from inkseq.export.card import Measured, write_card
from inkseq.export.check import (
    Agreement,
    Compare,
    Compared,
    Reader,
    agree,
    as_images,
    held_out,
    in_pytorch,
    milliseconds,
    points_at_a_time,
    probabilities,
    some_doodles,
)
from inkseq.export.graph import FromImages, FromPoints, Graph, Teachable
from inkseq.files import whole_file
from inkseq.inference.recogniser import Recogniser
from inkseq.inference.runs import Run
from inkseq.models.pictured import Pictured


def export(config: ExportConfig, from_points: bool = False) -> Measured:
    """Write the file and its card. It takes what the run learnt from, or points, and then tells features too."""
    out = Path(config.out)
    recogniser = Recogniser(config.run)
    graph = graph_of(recogniser.run, from_points)
    facts = metadata(recogniser.run, graph, config.quantize)
    compared = drawings_for(config.data, recogniser.run, graph)
    expected_NK = recogniser.probabilities(compared.drawings, "asking PyTorch")

    def compare(read: Reader) -> Agreement:
        found_NK = probabilities(read, compared.drawings, points_at_a_time(recogniser.run.model))
        return agree(expected_NK, found_NK, compared.label_N)

    with whole_file(out) as partial:
        engine, read = write(partial, graph, facts, config.quantize, compare)
        measured = Measured(
            source=compared.source,
            agreement=compare(read),
            size=partial.stat().st_size,
            engine=engine,
            milliseconds=milliseconds([in_pytorch(graph), read], compared.drawings),
            threads=torch.get_num_threads(),
        )
        write_card(out.with_suffix(".md"), out, recogniser.run, graph, facts["weights"], measured)
    return measured


def graph_of(run: Run, from_points: bool) -> Graph:
    if from_points:
        return Teachable(run.model)
    if run.image_size is None:
        return FromPoints(run.model)
    return FromImages(run.model, run.image_size)


def drawings_for(data: str | None, run: Run, graph: Graph) -> Compared:
    """Those of the dataset that is named, else of the run's own if it is still there and they are what is taken."""
    path = data or run.config.data
    has_none = data is None and not Path(path).exists()
    if isinstance(graph, FromPoints):
        is_other = data is None and run.image_size is not None
        return some_doodles() if has_none or is_other else held_out(open_strokes(path), run.classes)
    if has_none:
        assert isinstance(run.model, Pictured)
        return as_images(some_doodles(), run.model.picture, graph.size)
    images = open_packed(path)
    if not isinstance(images, PackedImages) or images.meta["size"] != graph.size:
        raise UserError(f"{path} holds no images of {graph.size} pixels a side, which {run.folder} learnt from")
    return held_out(images, run.classes)


def write(file: Path, graph: Graph, facts: dict[str, str], how: Quantize, compare: Compare) -> tuple[str, Reader]:
    """What runs the file, and the file as it reads."""
    if file.suffix == ".pt2":
        return "torch.export", program_file.export(graph, file, facts, compare)
    try:
        from inkseq.export import onnx_file
    except ModuleNotFoundError as error:
        raise UserError(f"{error.name} is not installed; pip install 'inkseq[export]'") from None
    return onnx_file.ENGINE, onnx_file.export(graph, file, facts, how, compare)
