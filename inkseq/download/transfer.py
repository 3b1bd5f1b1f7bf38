"""One file over HTTP: going on where the last attempt ended, checked by size and md5.

A file grows as `cat.ndjson.part`, beside a note that says which version of the server's file its bytes are,
and becomes `cat.ndjson` once it is whole and verified. Part and note stay when an attempt fails.
"""

import base64
import hashlib
import json
import os
import re
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from email.message import Message
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from inkseq.errors import UserError

SOCKET_TIMEOUT = 30.0  # seconds that one socket operation may take
CHUNK = 1 << 18


class AttemptError(Exception):
    """This attempt failed where another may not."""


class UnreachableError(AttemptError):
    """No connection at all, so that other files would fare no better."""


@dataclass(frozen=True)
class Version:
    """What the server says of one version of a file; None where it does not say."""

    etag: str | None
    size: int | None
    md5: str | None  # in base64, as Google's storage sends it


class Transfer:
    """One file on its way from `url` to `path`; `moved` hears how many bytes are here, and of how many."""

    def __init__(self, url: str, path: Path, moved: Callable[[int, int | None], None], stop: threading.Event) -> None:
        self.url, self.path, self.moved, self.stop = url, path, moved, stop
        self.part = part_of(path)
        self.note = path.with_name(f"{path.name}.part.json")

    def attempt(self) -> None:
        """Bring the rest of the file, or all of it; returns early once `stop` is set.

        Raises AttemptError where another attempt may succeed, HTTPError or UserError where none will, and any
        other OSError where the disk failed.
        """
        head = self.recall()
        try:
            response = self.request(head)
        except HTTPError as error:
            if error.code != 416 or head is None:
                raise
            # The server has nothing after the part: it is whole, or longer than it should be.
            if self.have() == head.size:
                self.finish(head)
            else:
                self.start_anew()
            return
        with response:
            known = head if response.status == 206 else None
            if known and not continues(response.headers, known, self.have()):
                self.start_anew()
                return
            version = known or self.begin(response)
            self.receive(response, version.size)
        if not self.stop.is_set():
            self.finish(version)

    def request(self, head: Version | None) -> HTTPResponse:
        """Ask for what comes after the part if its version is known, else for the whole file."""
        headers = {"User-Agent": "inkseq"}
        if head and head.etag:
            # If-Range: a file that changed meanwhile comes whole, not as a tail for another file's head.
            headers |= {"Range": f"bytes={self.have()}-", "If-Range": head.etag}
        try:
            response: HTTPResponse = urlopen(Request(self.url, headers=headers), timeout=SOCKET_TIMEOUT)
        except HTTPError as error:
            error.close()
            if error.code >= 500 or error.code in (408, 429):
                raise AttemptError(f"{self.url} answers {error.code} {error.reason}") from None
            raise
        except URLError as error:
            server = urlsplit(self.url).netloc
            raise UnreachableError(f"cannot reach {server}: {words(error.reason)}") from None
        except (OSError, HTTPException) as error:
            raise AttemptError(f"no answer from {self.url}: {words(error)}") from None
        return response

    def begin(self, response: HTTPResponse) -> Version:
        """Make room for a whole file, and note which version of it is coming."""
        version = version_in(response)
        if response.status != 200:
            raise UserError(f"{self.path.stem}: {self.url} answers {response.status}, which is no whole file")
        if version.size is None and version.md5 is None and not response.chunked:
            raise UserError(f"{self.path.stem}: {self.url} gives no size and no md5 to check the file by")
        self.part.write_bytes(b"")  # first, for the note must never speak of other bytes
        self.note.write_text(json.dumps(asdict(version)), encoding="utf-8")
        return version

    def receive(self, response: HTTPResponse, size: int | None) -> None:
        """Write the body to the end of the part as it comes, up to the size it should have."""
        have = self.have()
        self.moved(have, size)
        with self.part.open("ab", buffering=0) as file:
            while size is None or have < size:
                try:
                    # read1 gives what has come, so that a connection that breaks takes none of it along.
                    chunk = response.read1(CHUNK if size is None else min(CHUNK, size - have))
                except (OSError, HTTPException) as error:
                    raise AttemptError(f"connection lost after {have} bytes: {words(error)}") from None
                if self.stop.is_set() or not chunk:
                    break
                rest = memoryview(chunk)
                while rest:  # a disk that is nearly full takes less than it is given, then fails
                    rest = rest[file.write(rest) :]
                have += len(chunk)
                self.moved(have, size)
            os.fsync(file.fileno())

    def finish(self, version: Version) -> None:
        """Give the part its final name if it is whole and right; a short one stays, a wrong one goes."""
        have = self.have()
        if version.size is not None and have < version.size:
            raise AttemptError(f"connection closed after {have} of {version.size} bytes")
        if version.md5 is not None:
            with self.part.open("rb") as file:
                md5 = base64.b64encode(hashlib.file_digest(file, "md5").digest()).decode()
            if md5 != version.md5:
                self.forget()
                raise AttemptError(f"the file's md5 is {md5} where the server says {version.md5}")
        self.part.replace(self.path)
        self.note.unlink(missing_ok=True)

    def start_anew(self) -> None:
        """Throw the part away and ask for the whole file."""
        self.forget()
        self.attempt()

    def have(self) -> int:
        return bytes_here(self.path)

    def forget(self) -> None:
        self.part.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def recall(self) -> Version | None:
        """The version that the part's bytes are of, if there are any and enough is known to ask for the rest."""
        try:
            version = Version(**json.loads(self.note.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return version if self.have() and version.etag and version.size is not None else None


def part_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def bytes_here(path: Path) -> int:
    """How much of an unfinished file is on disk."""
    part = part_of(path)
    return part.stat().st_size if part.exists() else 0


def words(error: object) -> str:
    """An exception's own words without the errno, or its name where it has none."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def version_in(response: HTTPResponse) -> Version:
    """What the headers of a whole file say."""
    etag = response.headers["ETag"]
    if etag and etag.startswith("W/"):  # a weak tag does not promise the same bytes
        etag = None
    hash_fields = ",".join(response.headers.get_all("x-goog-hash", [])).split(",")
    hashes = {kind.strip(): value.strip() for kind, _, value in (field.partition("=") for field in hash_fields)}
    return Version(etag, response.length, hashes.get("md5"))


def continues(headers: Message, version: Version, have: int) -> bool:
    """Whether the tail that the server sends belongs to the head that is here."""
    same_range = re.fullmatch(rf"bytes {have}-\d+/({version.size}|\*)", headers["Content-Range"] or "")
    return bool(same_range) and headers["ETag"] in (None, version.etag)
