"""A page about a trained recogniser: how good it is, where it fails, how early it knows, when to trust it."""

from collections.abc import Sequence
from pathlib import Path

from inkseq.cli import main
from inkseq.config import ReportConfig
from inkseq.inference.joined import folder_of
from inkseq.memory import keep_freed_memory
from inkseq.report.page import check_out, report, write
from inkseq.report.subject import study, study_beside


def run(config: ReportConfig, words: Sequence[str]) -> None:
    """Report on a run: python -m inkseq.report run=runs/NAME split=test, or against=runs/OTHER beside it."""
    keep_freed_memory()
    out = Path(config.out or folder_of(config.run) / "report")
    check_out(out)
    subject = study(config.run, config.data, config.split, config.checkpoint, config.device)
    other = study_beside(config.against, subject) if config.against else None
    page = report(subject, other, words)
    right_N = subject.facts.place_N == 0
    print(f"{right_N.mean():.1%} of {len(right_N):,} drawings of {config.split} right at first guess")
    print(f"{write(out, page)}: {len(page.encode()) / 1e6:.1f} MB, one file; open it in any browser")


if __name__ == "__main__":
    main(run, ReportConfig)
