"""Drawings that people taught, in Quick, Draw! form: a file to which lines are added and from which they are taken."""

import json
import os
import secrets
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from inkseq.files import locked, write_whole
from inkseq.serve.requests import StrokeLists


class Kept(msgspec.Struct):
    """What is told of a line."""

    key_id: str
    word: str
    drawing: StrokeLists


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
            lines = self.lines()
            kept = [line for line in lines if not ((row := read(line)) and row.key_id == key_id)]
            if len(kept) == len(lines):
                return False
            write_whole(self.path, b"".join(kept))
            return True

    def rows(self) -> list[Kept]:
        """All drawings, the oldest first; lines that are none are passed over, and stay."""
        return [row for row in map(read, self.lines()) if row]

    def stamp(self) -> tuple[int, ...]:
        """What is another one once anybody has changed the file."""
        if not self.path.exists():
            return ()
        now = self.path.stat()
        return now.st_mtime_ns, now.st_size, now.st_ino

    def lines(self) -> list[bytes]:
        """All there are, the oldest first."""
        return self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []

    def _locked(self) -> AbstractContextManager[None]:
        return locked(self.path.with_name(f".{self.path.name}.lock"))


def read(line: bytes) -> Kept | None:
    """A line's drawing, if it is one."""
    try:
        kept = msgspec.json.decode(line, type=Kept)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    even = all(len(column) == len(stroke[0]) for stroke in kept.drawing for column in stroke)
    return kept if even else None
