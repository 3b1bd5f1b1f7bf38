"""The page as a folder for any web server: the recogniser is in it and runs in the browser."""

import json
from pathlib import Path

from inkseq.config import ExportConfig
from inkseq.errors import UserError
from inkseq.export.verified import export
from inkseq.files import whole_folder
from inkseq.inference.joined import open_runs
from inkseq.serve.assets import PAGE
from inkseq.serve.command import command
from inkseq.serve.engine import FILES, LICENCES, engine

MODEL, CARD, ABOUT = "recogniser.onnx", "recogniser.md", "recogniser.json"
BRAIN, STATIC_BRAIN = "brain.js", "static-brain.js"  # the one that asks a server, the one that thinks itself


def write_page(run: str, out: Path, threshold: float) -> str:
    """Write the folder; a line about how well its recogniser agrees with the run."""
    check_out(out)
    opened = open_runs(run)
    about = {"classes": opened.classes, "threshold": threshold, "run": opened.folder.resolve().name}
    about |= {"image_size": opened.image_size, "command": command(Path("own.ndjson"), opened.folder)}
    with whole_folder(out, f"another process is writing {out} just now") as folder:
        for name, content in (page_files() | engine()).items():
            (folder / name).write_bytes(content)
        (folder / ABOUT).write_text(json.dumps(about), "utf-8")
        return export(ExportConfig(run=run, out=str(folder / MODEL)), from_points=True).sentence()


def page_files() -> dict[str, bytes]:
    """The served page's own, but for whom it asks."""
    files = {name: content for name, (content, _) in PAGE.items()}
    return files | {BRAIN: files.pop(STATIC_BRAIN)}


def check_out(out: Path) -> None:
    """Refuse to replace anything but such a page, before anything is done."""
    if out == Path.cwd():
        raise UserError("this folder cannot be replaced while you are in it; give another static=")
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is a file; static= names a folder for the page")
    there = {path.name for path in out.iterdir()} if out.exists() else set()
    strange = sorted(there - {*page_files(), *FILES, *LICENCES, MODEL, CARD, ABOUT})
    if strange or (there and MODEL not in there):
        found = f"holds {strange[0]}, which is not of" if strange else "is not empty, and is not"
        raise UserError(f"{out} {found} a page of inkseq; choose another static=")
