"""The study's journal: a lock the kernel lets go of, no half line, and a damaged line costs no other."""

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock
from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend

from inkseq.errors import UserError

POLL = 0.002  # seconds between looks at a lock that another worker holds, for half a millisecond as a rule
NOTHING = {"op_code": 10, "worker_id": ""}  # what Optuna passes over
LOST = {"op_code": 4, "worker_id": "", "study_id": 0, "datetime_start": None, "state": 3}  # a trial that failed
BEGINS_TRIAL = re.compile(rb'"op_code":4\b|"datetime_start"(?!.*"trial_id")')


class Journal(BaseJournalBackend):
    """A file of lines that several searches share. Optuna's own locks are files, which a killed process leaves."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = FileLock(path.with_suffix(".lock"), poll_interval=POLL)
        self.read = 0  # lines
        self._starts = [0]  # of each line that was read, and of the next
        path.touch()

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """What the lines from this one on say, up to one that another search is still writing."""
        with self.path.open("rb") as file:
            file.seek(self._starts[log_number_from])
            for number, line in enumerate(file, log_number_from):
                if not line.endswith(b"\n"):
                    return
                del self._starts[number + 1 :]
                self._starts.append(self._starts[number] + len(line))
                self.read = number + 1
                yield self._entry(number, line)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        lines = [json.dumps(log, separators=(",", ":")).encode() + b"\n" for log in logs]
        with self.lock:
            self._cut_half_line()
            with self.path.open("ab") as file:
                file.write(b"".join(lines))
                file.flush()
                os.fsync(file.fileno())

    def _entry(self, number: int, line: bytes) -> dict[str, Any]:
        """What a line says. One that says nothing is set aside; trials are counted, so a lost one keeps its place."""
        try:
            entry = json.loads(line)
            if isinstance(entry, dict) and isinstance(entry["op_code"], int) and isinstance(entry["worker_id"], str):
                return entry
        except (ValueError, KeyError, RecursionError):
            pass
        if number == 0:
            raise UserError(f"{self.path} is damaged in its first line, which says what the study is")
        print(f"{self.path}: line {number + 1} is damaged and was left out", file=sys.stderr)
        return LOST if BEGINS_TRIAL.search(line) else NOTHING

    def _cut_half_line(self) -> None:
        """A full disk, or a kill, may end the journal amid a line, and the next would be glued to it."""
        with self.path.open("rb+") as file:
            end = file.seek(0, os.SEEK_END)
            start = max(0, end - 65536)
            file.seek(start)
            tail = file.read()
            if tail and not tail.endswith(b"\n"):
                file.truncate(start + tail.rfind(b"\n") + 1)


def open_journal(path: Path) -> JournalStorage:
    path.parent.mkdir(parents=True, exist_ok=True)
    journal = Journal(path)
    try:
        return JournalStorage(journal)
    except (LookupError, TypeError, ValueError, AssertionError) as error:
        raise UserError(f"{path} is damaged in line {journal.read} ({error!r}); take that line out") from None
