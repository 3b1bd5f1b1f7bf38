"""The page's files, read once as the server starts: no request ever reaches the disk."""

from pathlib import Path

KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
FOLDER = Path(__file__).parent / "page"
PAGE = {
    path.name: (path.read_bytes(), f"{KINDS[path.suffix]}; charset=utf-8")
    for path in sorted(FOLDER.iterdir())
    if path.suffix in KINDS
}
