"""Drawings that people taught, in Quick, Draw! form: a file to which lines are added and from which they are taken."""

import json
import os
import secrets
import shlex
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from inkseq.files import locked, write_whole


@dataclass(frozen=True)
class OwnDrawings:
    """The file. Several servers may share it; what it returns from is on disk."""

    path: Path

    def add(self, word: str, strokes: list[list[list[float]]]) -> str:
        """Keep a drawing as it was drawn; its key_id."""
        key_id = str(secrets.randbits(62))
        row = {
            "word": word,
            "countrycode": "",
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC"),
            "recognized": True,
            "key_id": key_id,
            "drawing": strokes,
        }
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        with self._locked(), self.path.open("a+b") as file:
            # A crash in the middle of a line may have left half of it: that must not swallow this one.
            if file.tell():
                file.seek(-1, os.SEEK_END)
                line = line if file.read() == b"\n" else b"\n" + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        return key_id

    def remove(self, key_id: str) -> bool:
        """Take a drawing out; whether it was there. The file is replaced whole or not at all."""
        with self._locked():
            lines = self._lines()
            kept = [line for line in lines if _read(line).get("key_id") != key_id]
            if len(kept) == len(lines):
                return False
            write_whole(self.path, b"".join(kept))
            return True

    def rows(self) -> list[dict[str, Any]]:
        """All drawings, the oldest first; lines that are none are passed over, and stay."""
        return [row for row in map(_read, self._lines()) if row]

    def _lines(self) -> list[bytes]:
        return self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []

    def _locked(self) -> AbstractContextManager[None]:
        return locked(self.path.with_name(f".{self.path.name}.lock"))


def command(file: Path, run: Path) -> str:
    """What trains on such a file, as a shell takes it."""
    words = ["experiment=own_symbols", f"raw={file}", f"init_from={run}"]
    return shlex.join(["python", "-m", "inkseq.train", *words])


def _read(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) and {"word", "key_id", "drawing"} <= row.keys() else {}
