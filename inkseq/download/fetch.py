"""Download the simplified Quick, Draw! files of many classes: in parallel, patiently, with one report."""

import difflib
import queue
import re
import sys
import threading
from functools import partial
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit

from tqdm import tqdm

from inkseq.config import DownloadConfig
from inkseq.download.transfer import AttemptError, Transfer, UnreachableError, bytes_here, part_of
from inkseq.errors import UserError

PUBLIC = DownloadConfig.base_url
LONGEST_WAIT = 60.0  # seconds between two attempts
GOES_ON = "the same command goes on from there"


def fetch(classes: list[str], out: Path, base_url: str, workers: int, retries: int, retry_wait: float) -> None:
    """Download `base_url/CLASS.ndjson` to `out/CLASS.ndjson` for each class, going on from what is there.

    Raises UserError with one line for each thing that went wrong, after the other classes are done.
    """
    base_url = base_url.rstrip("/")
    names = list(dict.fromkeys(classes))
    check_request(names, base_url, workers)
    have = on_disk(names, out)
    if len(have) < len(names):
        print(f"{len(names) - len(have)} of {len(names)} classes are in {out} already: skipped")
    progress = DownloadBar(have)
    download = Download(list(have), out, base_url, retries, retry_wait, progress)
    with progress.bar:
        try:
            download.run(min(workers, len(have)))
        except KeyboardInterrupt:
            download.stop.set()
            raise KeyboardInterrupt(f"what has arrived is kept; {GOES_ON}") from None
    download.report()


def check_request(names: list[str], base_url: str, workers: int) -> None:
    """Refuse what could never be downloaded before anything is."""
    address = urlsplit(base_url)
    if address.scheme not in ("http", "https") or not address.netloc:
        raise UserError(f"base_url={base_url}: only http:// and https:// addresses can be downloaded from")
    if not names:
        raise UserError("classes is empty: name at least one, for example classes=[cat,dog]")
    if workers < 1:
        raise UserError(f"workers={workers}: at least 1 is needed")
    # A class names a file in `out`, and must not reach a file anywhere else.
    if strange := [name for name in names if not name or re.search(r"[/\\\0]", name)]:
        raise UserError(f"{strange[0]!r} cannot be a class: a name is not empty and holds no slash")
    # Of the public files it is known beforehand what there is; another server may have other classes.
    known = set(known_classes()) if base_url == PUBLIC else set(names)
    if unknown := [name for name in names if name not in known]:
        raise UserError("\n".join(no_such_class(name, base_url) for name in unknown))


def known_classes() -> list[str]:
    """The 345 classes of Quick, Draw!, sorted."""
    return Path(__file__).with_name("quickdraw_classes.txt").read_text(encoding="utf-8").splitlines()


def no_such_class(name: str, base_url: str) -> str:
    """The line that says a class is not there, and which one may have been meant."""
    if name in known_classes():
        return f"{base_url} has no file for {name!r}, though Quick, Draw! does"
    near = [repr(known) for known in difflib.get_close_matches(name.lower(), known_classes())]
    return f"no class {name!r} at {base_url}" + (f"; did you mean {' or '.join(near)}?" if near else "")


def path_of(out: Path, name: str) -> Path:
    return out / f"{name}.ndjson"


def on_disk(names: list[str], out: Path) -> dict[str, int]:
    """How many bytes are here of each class that is not here whole."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        paths = {name: path_of(out, name) for name in names}
        return {name: bytes_here(path) for name, path in paths.items() if not path.exists()}
    except OSError as error:
        raise UserError(f"cannot write to {error.filename or out}: {error.strerror}") from None


class DownloadBar:
    """One bar for all files; while some sizes are unknown they count as large as the known ones."""

    def __init__(self, have: dict[str, int]) -> None:
        self.have = dict(have)
        self.sizes: dict[str, int] = {}
        self.lock = threading.Lock()
        self.bar = tqdm(initial=sum(have.values()), unit="B", unit_scale=True, desc="download", disable=None)

    def move(self, name: str, have: int, size: int | None) -> None:
        """Show that `have` bytes of this file are here."""
        with self.lock:
            if size is not None:
                self.sizes[name] = size
                self.bar.total = sum(self.sizes.values()) * len(self.have) // len(self.sizes)
            self.bar.update(have - self.have[name])
            self.have[name] = have

    def say(self, line: str) -> None:
        """Print a line without tearing the bar."""
        with self.lock:
            tqdm.write(line, file=sys.stderr)


class Download:
    """What the threads share: the classes still to come, how patient to be, and what went wrong."""

    def __init__(
        self, names: list[str], out: Path, base_url: str, retries: int, retry_wait: float, progress: DownloadBar
    ) -> None:
        self.out, self.base_url = out, base_url
        self.retries, self.retry_wait = retries, retry_wait
        self.progress = progress
        self.stop = threading.Event()
        self.ended = threading.Semaphore(0)  # once for each thread
        self.waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        for name in names:
            self.waiting.put(name)
        self.failed: list[str] = []  # a line for each class that cannot be had
        self.halted: list[str] = []  # why nothing more can be downloaded
        self.bugs: list[Exception] = []

    def run(self, workers: int) -> None:
        """Download everything, and return when all threads are done."""
        for i in range(workers):
            self.waiting.put(None)
            # Not a ThreadPoolExecutor: after Ctrl-C the program would wait until a silent socket times out.
            threading.Thread(target=self.work, name=f"fetch-{i}", daemon=True).start()
        for _ in range(workers):
            while not self.ended.acquire(timeout=0.2):  # some systems hear Ctrl-C only between short waits
                pass

    def work(self) -> None:
        """What one thread does: class after class, until none waits or nothing more can be downloaded."""
        for name in iter(self.waiting.get, None):
            try:
                self.one_class(name)
            except UserError as error:
                self.failed.append(str(error))
            except UnreachableError as error:
                self.halt(f"{error}; once the network is back")
            except OSError as error:  # the network's became AttemptErrors, so this is the disk's
                place = error.filename or part_of(path_of(self.out, name))
                self.halt(f"cannot write {place}: {error.strerror}; once that is put right")
            except Exception as error:
                self.bugs.append(error)
                self.stop.set()
        self.ended.release()

    def halt(self, why: str) -> None:
        self.halted.append(f"{why}, what has arrived is kept, and {GOES_ON}")
        self.stop.set()

    def one_class(self, name: str) -> None:
        """Try until the class is here, or until `retries` attempts in a row brought nothing new."""
        url = f"{self.base_url}/{quote(name, safe='')}.ndjson"
        transfer = Transfer(url, path_of(self.out, name), partial(self.progress.move, name), self.stop)
        furthest, failures = transfer.have(), 0
        while not self.stop.is_set():
            try:
                transfer.attempt()
                return
            except HTTPError as error:
                missing = error.code in (404, 410)
                refusal = f"{name}: {url} answers {error.code} {error.reason}"
                raise UserError(no_such_class(name, self.base_url) if missing else refusal) from None
            except AttemptError as error:
                # Bytes thrown away and fetched again are no progress: only getting further than ever is.
                failures = 0 if transfer.have() > furthest else failures + 1
                furthest = max(furthest, transfer.have())
                if failures >= self.retries and isinstance(error, UnreachableError):
                    raise
                if failures >= self.retries:
                    gave_up = f"gave up after {failures} attempts, the same command tries again"
                    raise UserError(f"{name}: {error}; {gave_up}") from None
                wait = backoff(self.retry_wait, failures)
                self.progress.say(f"{name}: {error}; trying again" + (f" in {wait:g} s" if wait else ""))
                self.stop.wait(wait)

    def report(self) -> None:
        """Raise what went wrong: a fault of this code with its traceback, anything else in lines."""
        if self.bugs:
            raise self.bugs[0]
        if lines := sorted(self.failed) + self.halted[:1]:
            raise UserError("\n".join(lines))


def backoff(retry_wait: float, failures: int) -> float:
    """Seconds before the next attempt: doubled with each failure in a row, up to a minute."""
    return min(retry_wait * 2.0 ** max(failures - 1, 0), LONGEST_WAIT)
