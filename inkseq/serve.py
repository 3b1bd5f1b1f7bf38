"""A page to draw on, and a JSON interface beside it, for a trained recogniser."""

from pathlib import Path

from inkseq.cli import main
from inkseq.config import ServeConfig
from inkseq.errors import UserError


def run(config: ServeConfig) -> None:
    """Serve a run to browsers: python -m inkseq.serve run=runs/NAME, then open http://127.0.0.1:8000."""
    try:
        from inkseq.serving.server import serve
    except ModuleNotFoundError as missing:
        raise UserError(f"{missing.name} is not installed; pip install 'inkseq[serve]' brings it") from None
    if not 0 <= config.threshold <= 1:
        raise UserError(f"threshold={config.threshold}: expected a probability, 0 to 1")
    serve(config, Path(config.own))


if __name__ == "__main__":
    main(run, ServeConfig)
