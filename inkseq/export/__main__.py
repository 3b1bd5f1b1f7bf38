"""A trained recogniser as one file for other programs, held against PyTorch before it gets its name."""

from pathlib import Path

from inkseq.cli import main
from inkseq.config import ExportConfig, Quantize
from inkseq.errors import UserError
from inkseq.export.verified import export
from inkseq.files import check_new
from inkseq.tables import table


def run(config: ExportConfig) -> None:
    """Export a run, from canonical points to probabilities: python -m inkseq.export run=runs/NAME out=NAME.onnx"""
    out = check_out(config)
    print(
        f"translating {config.run} and comparing the file with PyTorch: minutes, where there are many drawings",
        flush=True,
    )
    measured = export(config)
    print(table(["", "PyTorch", measured.engine], [*measured.right(), measured.fast()]))
    print(f"{measured.sentence()}\n{out}, and what there is to know of it in {out.with_suffix('.md')}")


def check_out(config: ExportConfig) -> Path:
    out = Path(config.out)
    if out.suffix not in (".onnx", ".pt2"):
        raise UserError(f"out={out}: say NAME.onnx, or NAME.pt2 for torch.export")
    if out.suffix == ".pt2" and config.quantize is not Quantize.none:
        raise UserError(f"quantize={config.quantize.name} goes with out=NAME.onnx only")
    for file in (out, out.with_suffix(".md")):
        check_new(str(file), config.overwrite)
    out.parent.mkdir(parents=True, exist_ok=True)
    return out


if __name__ == "__main__":
    main(run, ExportConfig)
