"""The page as a folder for any web server: the recogniser is in it and runs in the browser."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import torch

from inkseq.config import ExportConfig
from inkseq.errors import UserError
from inkseq.export.card import page_card
from inkseq.export.verified import export
from inkseq.files import whole_folder
from inkseq.inference.joined import open_runs
from inkseq.inference.runs import Run, read_scores
from inkseq.inference.taught import centre
from inkseq.models.prototypes import OFFSET, SHARPNESS
from inkseq.serve.assets import PAGE
from inkseq.serve.command import command
from inkseq.serve.engine import FILES, LICENCES, engine
from inkseq.serve.network import as_network, is_computed

MODEL, WEIGHTS, CARD, ABOUT, WORKER = (
    "recogniser.onnx",
    "recogniser.bin",
    "recogniser.md",
    "recogniser.json",
    "worker.js",
)
# Who thinks instead of asking a server, and what with: by the name that it has there, which of our files it is.
THINKER = {"brain.js": "static-brain.js"}
ITSELF, BY_ENGINE = {"engine.js": "cnn.js", "raster.js": "raster.js"}, {"engine.js": "onnx.js"}
EVAL = b"script-src 'self'", b"script-src 'self' 'wasm-unsafe-eval'"  # an engine in WebAssembly needs the latter


def write_page(run: str, out: Path, threshold: float) -> str:
    """Write the folder; a line about how well its recogniser agrees with the run."""
    check_out(out)
    opened = open_runs(run)
    about = {"classes": opened.classes, "threshold": threshold, "run": opened.folder.resolve().name}
    about |= {"image_size": opened.image_size, "command": command(Path("own.ndjson"), opened.folder)}
    about |= {"prototypes": prototypes(opened), "scores": read_scores(opened.folder)}
    with whole_folder(out, f"another process is writing {out} just now") as folder:
        said, more = compute(opened, folder) if is_computed(opened) else employ(run, folder)
        (folder / ABOUT).write_text(json.dumps(about | more), "utf-8")
        (folder / WORKER).write_bytes(keeper(folder))
    return said


def prototypes(run: Run) -> dict[str, Any]:
    """What the page teaches by."""
    centre_C = centre(run, torch.device("cpu"))
    return {"centre": [round(x, 6) for x in centre_C.tolist()], "sharpness": SHARPNESS, "offset": OFFSET}


def compute(run: Run, folder: Path) -> tuple[str, dict[str, Any]]:
    """A page that computes the network itself; what is to be said, here and in recogniser.json."""
    network, weights = as_network(run)
    files = page_files(ITSELF) | {WEIGHTS: weights, CARD: page_card(WEIGHTS, run).encode()}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    said = f"The page computes the network itself, with the run's own weights. They have {len(weights) / 1e6:.2f} MB."
    return said, {"network": network}


def employ(run: str, folder: Path) -> tuple[str, dict[str, Any]]:
    """The same with ONNX Runtime, for all other families."""
    print(f"translating {run} and comparing the page's recogniser with it", flush=True)
    files = page_files(BY_ENGINE) | engine()
    files["index.html"] = files["index.html"].replace(*EVAL)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return export(ExportConfig(run=run, out=str(folder / MODEL)), from_points=True).sentence(), {}


def page_files(engine: dict[str, str]) -> dict[str, bytes]:
    """The served page's own, but for whom it asks."""
    apart = {name for names in (THINKER, ITSELF, BY_ENGINE) for pair in names.items() for name in pair}
    files = {name: content for name, (content, _) in PAGE.items() if name not in apart}
    return files | {name: PAGE[file][0] for name, file in (THINKER | engine).items()}


def keeper(folder: Path) -> bytes:
    """The service worker, which knows all that the page loads by its content."""
    loaded = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix not in (".md", ".txt")}
    loaded = {name: content for name, content in loaded.items() if name != WORKER} | {"./": loaded["index.html"]}
    digests = {name: hashlib.sha256(content).digest() for name, content in loaded.items()}
    files = {name: f"sha256-{base64.b64encode(digest).decode()}" for name, digest in digests.items()}
    version = hashlib.sha256(b"".join(digests.values())).hexdigest()[:16]
    return f"const VERSION = {json.dumps(version)}, FILES = {json.dumps(files)};\n".encode() + PAGE[WORKER][0]


def check_out(out: Path) -> None:
    """Refuse to replace anything but such a page, before anything is done."""
    if out == Path.cwd():
        raise UserError("this folder cannot be replaced while you are in it; give another static=")
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is a file; static= names a folder for the page")
    there = {path.name for path in out.iterdir()} if out.exists() else set()
    ours = {*page_files(ITSELF), *page_files(BY_ENGINE), *FILES, *LICENCES, MODEL, WEIGHTS, CARD, ABOUT}
    strange = sorted(there - ours)
    if strange or (there and ABOUT not in there):
        found = f"holds {strange[0]}, which is not of" if strange else "is not empty, and is not"
        raise UserError(f"{out} {found} a page of inkseq; choose another static=")
