"""A run as a file, held against PyTorch before it gets its name."""

from pathlib import Path

import torch

from inkseq.config import ExportConfig, Quantize
from inkseq.data.packed import open_strokes
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
    held_out,
    in_pytorch,
    milliseconds,
    points_at_a_time,
    probabilities,
    some_doodles,
)
from inkseq.export.graph import FromPoints
from inkseq.files import whole_file
from inkseq.inference.recogniser import Recogniser
from inkseq.inference.runs import Run


def export(config: ExportConfig) -> Measured:
    """Write the file and its card."""
    out = Path(config.out)
    recogniser = Recogniser(config.run)
    graph, facts = FromPoints(recogniser.run.model), metadata(recogniser.run, config.quantize)
    compared = drawings_for(config.data, recogniser.run)
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
        write_card(out.with_suffix(".md"), out, recogniser.run, facts["weights"], measured)
    return measured


def drawings_for(data: str | None, run: Run) -> Compared:
    """Those of the dataset that is named, else of the run's own if it is still there."""
    if data is None and not Path(run.config.data).exists():
        return some_doodles()
    return held_out(open_strokes(data or run.config.data), run.classes)


def write(file: Path, graph: FromPoints, facts: dict[str, str], how: Quantize, compare: Compare) -> tuple[str, Reader]:
    """What runs the file, and the file as it reads."""
    if file.suffix == ".pt2":
        return "torch.export", program_file.export(graph, file, facts, compare)
    try:
        from inkseq.export import onnx_file
    except ModuleNotFoundError as error:
        raise UserError(f"{error.name} is not installed; pip install 'inkseq[export]'") from None
    return onnx_file.ENGINE, onnx_file.export(graph, file, facts, how, compare)
