"""A page to draw on, and a JSON interface beside it, for a trained recogniser."""

import shlex
from pathlib import Path

from inkseq.cli import main
from inkseq.config import ServeConfig
from inkseq.errors import UserError


def run(config: ServeConfig) -> None:
    """Serve a run to browsers: python -m inkseq.serve run=runs/NAME, then open http://127.0.0.1:8000.

    With static=FOLDER the page is written there instead, for any web server, and guesses in the browser.
    """
    if not 0 <= config.threshold <= 1:
        raise UserError(f"threshold={config.threshold}: expected a probability, 0 to 1")
    try:
        if config.static:
            from inkseq.serve.static import write_page
        else:
            from inkseq.serve.server import serve
    except ModuleNotFoundError as missing:
        raise UserError(f"{missing.name} is not installed; pip install 'inkseq[serve]' brings it") from None
    if not config.static:
        serve(config, Path(config.own))
        return
    out = Path(config.static)
    print(write_page(config.run, out.resolve(), config.threshold))
    size = sum(file.stat().st_size for file in out.iterdir()) / 1e6
    print(f"{out}: {size:.1f} MB to put on any web server. To see it here, run this and open http://127.0.0.1:8000:")
    print(f"python -m http.server --bind 127.0.0.1 --directory {shlex.quote(str(out))}")


if __name__ == "__main__":
    main(run, ServeConfig)
