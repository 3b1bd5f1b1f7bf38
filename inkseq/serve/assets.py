"""The page's files, read once as the server starts: no request ever reaches the disk."""

from pathlib import Path

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
FOLDER = Path(__file__).parent / "page"
PAGE = {path.name: (path.read_bytes(), KINDS[path.suffix]) for path in sorted(FOLDER.iterdir()) if path.suffix in KINDS}
