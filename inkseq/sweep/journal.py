"""The study's journal: a lock the kernel lets go of, and no half line."""

import os
from pathlib import Path

from filelock import FileLock
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.storages.journal._file import BaseJournalFileLock

POLL = 0.002  # seconds between looks at a lock that another worker holds, for half a millisecond as a rule


class Lock(BaseJournalFileLock):
    """Held by one process at a time. Optuna's own are files, which a killed process leaves behind."""

    def __init__(self, journal: Path) -> None:
        self.journal, self.lock = journal, FileLock(journal.with_suffix(".lock"), poll_interval=POLL)

    def acquire(self) -> bool:
        self.lock.acquire()
        _cut_half_line(self.journal)
        return True

    def release(self) -> None:
        self.lock.release()


def open_journal(path: Path) -> JournalStorage:
    path.parent.mkdir(parents=True, exist_ok=True)
    return JournalStorage(JournalFileBackend(str(path), lock_obj=Lock(path)))


def _cut_half_line(path: Path) -> None:
    """A full disk, or a kill, may end the journal amid a line, and the next would be glued to it."""
    with path.open("rb+") as file:
        end = file.seek(0, os.SEEK_END)
        start = max(0, end - 65536)
        file.seek(start)
        tail = file.read()
        if tail and not tail.endswith(b"\n"):
            file.truncate(start + tail.rfind(b"\n") + 1)
