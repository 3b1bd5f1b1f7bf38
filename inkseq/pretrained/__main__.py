"""The recogniser that comes with inkseq, made of a trained run: its weights kept small, with a model card."""

from pathlib import Path

from inkseq.cli import main
from inkseq.config import PretrainedConfig
from inkseq.errors import UserError
from inkseq.files import whole_folder
from inkseq.inference.runs import IN_THE_PACKAGE, WORDS, open_run
from inkseq.pretrained.loss_of_bits import compare
from inkseq.pretrained.model_card import write_card
from inkseq.pretrained.shipped import keep_result, keep_weights


def run(config: PretrainedConfig) -> None:
    """Keep a run as what comes with inkseq: python -m inkseq.pretrained run=runs/NAME, or elsewhere with out=FOLDER."""
    out = Path(config.out) if config.out else IN_THE_PACKAGE
    check_out(out)
    trained = open_run(config.run)
    if not (trained.folder / "result.json").exists():
        raise UserError(f"{trained.folder} is not finished; the same command as before goes on with it")
    with whole_folder(out, f"another process is writing {out} just now") as folder:
        keep_weights(trained, folder)
        compared = compare(trained, open_run(folder))
        keep_result(trained, compared, folder)
        write_card(trained, compared, out.name, folder)
    size = sum(file.stat().st_size for file in out.glob("checkpoints/*"))
    print(f"{out}: {size / 1e6:.2f} MB of weights for {len(trained.classes)} words")
    print(compared.sentence() if compared else f"not compared with the run: {trained.config.data} is not as it was")


def check_out(out: Path) -> None:
    """Refuse to replace anything else."""
    if out.exists() and not (out / WORDS).exists():
        raise UserError(f"out={out} exists and was not made by this command; choose another out=")


if __name__ == "__main__":
    main(run, PretrainedConfig)
