"""Downloads against a server in this process that fails in all the ways that servers and networks do."""

import base64
import hashlib
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest

from inkseq.download import transfer
from inkseq.download.fetch import PUBLIC, DownloadBar, backoff, fetch, known_classes, no_such_class
from inkseq.errors import UserError

CAT = bytes(range(256)) * 40  # 10,240 bytes that differ wherever they are cut
DOG = CAT[::-1] + b"dog"
ZEROS = bytes(len(CAT))
STOPPED = "what has arrived is kept; the same command goes on from there"


@dataclass
class Shelf:
    """The server's files, the faults of the next answers for each, the requests so far; and the client's folder."""

    url: str
    out: Path
    files: dict[str, bytes]
    faults: dict[str, list["Fault"]] = field(default_factory=dict)
    seen: list[tuple[str, str | None, str | None]] = field(default_factory=list)  # name, Range, If-Range

    def ranges(self, name: str = "cat") -> list[str | None]:
        return [wanted for seen, wanted, _ in self.seen if seen == name]

    def get(self, *classes: str, url: str = "", workers: int = 2, retries: int = 3, retry_wait: float = 0) -> None:
        fetch(list(classes) or ["cat"], self.out, url or self.url, workers, retries, retry_wait)

    def contents(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.out.iterdir()}

    def part(self) -> bytes:
        """The part of cat, where nothing has the final name and only the note is beside it."""
        found = self.contents()
        assert set(found) == {"cat.ndjson.part", "cat.ndjson.part.json"}
        return found["cat.ndjson.part"]

    def until_part_has(self, size: int) -> None:
        part = self.out / "cat.ndjson.part"
        until(lambda: part.exists() and part.stat().st_size == size)

    def leave_part(self, md5: str | None = None) -> None:
        """Stop a download of cat after 4000 bytes."""
        self.faults["cat"] = [Fault(cut=4000, md5=md5), Fault(status=500)]
        with pytest.raises(UserError, match="gave up after 1 attempts"):
            self.get(retries=1)
        assert self.part() == CAT[:4000]
        self.seen.clear()

    def meet_before_answers(self) -> threading.Barrier:
        """Answer for cat and for dog only once both are asked for."""
        both = threading.Barrier(2, timeout=5)
        for name in ("cat", "dog"):
            self.faults[name] = [Fault(before_answer=lambda: [both.wait()])]
        return both


@dataclass
class Fault:
    """How one answer differs from what it should be."""

    status: int | None = None
    cut: int | None = None  # body bytes before the connection closes
    after_cut: Callable[[Shelf], None] | None = None  # called after those bytes
    send_rest: bool = False  # and then the other bytes come after all
    reset: bool = False  # break the connection rather than close it
    ignore_range: bool = False
    ignore_if_range: bool = False
    content_range: str | None = None
    md5: str | None = None
    no_length: bool = False
    etag: str = "{}"  # the right one goes into the braces
    before_answer: Callable[[], object] | None = None
    hang_up: bool = False  # close without an answer


def until(condition: Callable[[], bool]) -> None:
    """Wait in a server's thread for what the client does."""
    end = time.monotonic() + 5
    never = threading.Event()
    while not condition():
        assert time.monotonic() < end, "the client never got there"
        never.wait(0.002)


def md5_of(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body).digest()).decode()


def etag_of(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:16]}"'


def answer(handler: BaseHTTPRequestHandler, shelf: Shelf) -> None:
    """Serve a file as Google's storage does, except for the fault that is next."""
    name = unquote(handler.path).removeprefix("/").removesuffix(".ndjson")
    wanted, if_range = handler.headers["Range"], handler.headers["If-Range"]
    shelf.seen.append((name, wanted, if_range))
    fault = shelf.faults[name].pop(0) if shelf.faults.get(name) else Fault()
    if fault.before_answer is not None:
        fault.before_answer()
    if fault.hang_up:
        return
    whole = shelf.files.get(name, b"")
    status = fault.status or (200 if name in shelf.files else 404)
    start = 0
    if wanted and not fault.ignore_range and (fault.ignore_if_range or if_range == etag_of(whole)) and status == 200:
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        status = 206 if start < len(whole) else 416
    handler.send_response(status)
    body = whole[start:] if status < 400 else b""
    if status == 206:
        content_range = f"bytes {start}-{len(whole) - 1}/{len(whole)}"
        handler.send_header("Content-Range", fault.content_range or content_range)
    if not fault.no_length:
        handler.send_header("Content-Length", str(len(body)))
    if fault.etag:
        handler.send_header("ETag", fault.etag.format(etag_of(whole)))
    if fault.md5 != "":
        handler.send_header("x-goog-hash", "crc32c=AAAAAA==")
        handler.send_header("x-goog-hash", f"md5={fault.md5 or md5_of(whole)}")
    handler.end_headers()
    handler.wfile.write(body if fault.cut is None else body[: fault.cut])
    if fault.after_cut is not None:
        fault.after_cut(shelf)
    if fault.send_rest:
        handler.wfile.write(body[fault.cut :])
    if fault.reset:
        # A linger of zero seconds makes closing send a reset.
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(handler.connection.detach())


class ShelfServer(ThreadingHTTPServer):
    """Serves one shelf, and remembers what went wrong in its own threads."""

    daemon_threads = False  # so that closing the server waits for its threads

    def __init__(self, out: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.shelf = Shelf(f"http://127.0.0.1:{self.server_port}", out, {"cat": CAT, "dog": DOG})
        self.errors: list[BaseException | None] = []

    def handle_error(self, *_: object) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError):  # a client that goes away is part of these tests
            self.errors.append(error)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, ShelfServer)
        answer(self, self.server.shelf)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(transfer, "SOCKET_TIMEOUT", 5.0)
    with ShelfServer(tmp_path) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.shelf
        server.shutdown()
        thread.join()
    assert server.errors == []


# --- whole files


def test_files_arrive_and_a_second_run_asks_for_nothing(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    shelf.out = shelf.out / "raw" / "quickdraw"
    shelf.get("cat", "dog", "cat")
    assert shelf.contents() == {"cat.ndjson": CAT, "dog.ndjson": DOG}
    assert sorted(name for name, *_ in shelf.seen) == ["cat", "dog"]
    assert capsys.readouterr() == ("", "")

    shelf.get("cat", "dog")
    assert len(shelf.seen) == 2
    assert f"2 of 2 classes are in {shelf.out} already: skipped" in capsys.readouterr().out


def test_more_classes_than_workers_all_arrive_whatever_they_are_called(shelf: Shelf) -> None:
    shelf.files = {f"class {i}": CAT + bytes([i]) for i in range(20)} | {"50% #?": DOG, "empty": b""}
    shelf.get(*shelf.files, workers=3)
    assert shelf.contents() == {f"{name}.ndjson": body for name, body in shelf.files.items()}
    assert len(shelf.seen) == 22


def test_workers_download_at_the_same_time(shelf: Shelf) -> None:
    both = shelf.meet_before_answers()
    shelf.get("cat", "dog", workers=2)
    assert not both.broken
    assert shelf.contents() == {"cat.ndjson": CAT, "dog.ndjson": DOG}


# --- going on


@pytest.mark.parametrize(
    ("faults", "ranges"),
    [
        ([Fault(cut=1000), Fault(cut=500)], [None, "bytes=1000-", "bytes=1500-"]),
        ([Fault(cut=3000, reset=True, after_cut=lambda shelf: shelf.until_part_has(3000))], [None, "bytes=3000-"]),
        ([Fault(cut=4000, etag="")], [None, None]),  # without a strong ETag nothing can be gone on with
        ([Fault(cut=4000, etag="W/{}")], [None, None]),
        ([Fault(md5=md5_of(DOG))], [None, None]),
        ([Fault(no_length=True, cut=4000), Fault(no_length=True)], [None, None]),  # without a size the md5 decides
        ([Fault(hang_up=True)], [None, None]),
    ],
)
def test_one_run_overcomes(shelf: Shelf, faults: list[Fault], ranges: list[str | None]) -> None:
    shelf.faults["cat"] = [*faults]
    shelf.get()
    assert shelf.ranges() == ranges
    assert shelf.contents() == {"cat.ndjson": CAT}


def test_a_server_error_is_told_of_and_tried_again(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    shelf.faults["cat"] = [Fault(status=500), Fault(status=429)]
    shelf.get()
    assert shelf.ranges() == [None] * 3
    assert shelf.contents() == {"cat.ndjson": CAT}
    assert "cat.ndjson answers 500 Internal Server Error; trying again\n" in capsys.readouterr().err


def test_a_silent_server_times_out_and_the_download_goes_on(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "SOCKET_TIMEOUT", 0.1)
    shelf.faults["cat"] = [Fault(cut=3000, after_cut=lambda shelf: until(lambda: len(shelf.seen) == 2))]
    shelf.get()
    assert shelf.ranges() == [None, "bytes=3000-"]
    assert shelf.contents() == {"cat.ndjson": CAT}


def test_a_file_that_changes_midway_comes_whole(shelf: Shelf) -> None:
    shelf.faults["cat"] = [Fault(cut=4000, after_cut=lambda shelf: shelf.files.update(cat=DOG))]
    shelf.get()
    assert shelf.ranges() == [None, "bytes=4000-"]
    assert shelf.contents() == {"cat.ndjson": DOG}


def test_progress_resets_the_count_of_failures(shelf: Shelf) -> None:
    shelf.faults["cat"] = [fault for _ in range(8) for fault in (Fault(cut=100), Fault(status=503))]
    shelf.get(retries=2)
    assert len(shelf.seen) == 17
    assert shelf.contents() == {"cat.ndjson": CAT}


def test_a_rerun_asks_only_for_the_rest(shelf: Shelf) -> None:
    shelf.leave_part()
    shelf.get()
    assert shelf.seen == [("cat", "bytes=4000-", etag_of(CAT))]
    assert shelf.contents() == {"cat.ndjson": CAT}


@pytest.mark.parametrize("note", [None, "", "{", "[]", '{"etag": "a"}', '{"etag": "a", "size": null, "md5": null}'])
def test_a_part_without_a_sound_note_starts_anew(shelf: Shelf, note: str | None) -> None:
    (shelf.out / "cat.ndjson.part").write_bytes(b"of unknown origin")
    if note is not None:
        (shelf.out / "cat.ndjson.part.json").write_text(note)
    shelf.get()
    assert shelf.ranges() == [None]
    assert shelf.contents() == {"cat.ndjson": CAT}


@pytest.mark.parametrize("md5", [None, ""])
@pytest.mark.parametrize(
    ("part", "file", "fault", "ranges"),
    [
        (CAT[:4000], CAT, Fault(ignore_range=True), ["bytes=4000-"]),
        (CAT[:4000], DOG, Fault(), ["bytes=4000-"]),
        (CAT[:4000], ZEROS, Fault(ignore_if_range=True), ["bytes=4000-", None]),  # only the ETag tells
        (CAT[:4000], CAT, Fault(content_range="bytes 3999-10239/10240"), ["bytes=4000-", None]),
        (CAT[:4000], CAT, Fault(content_range="bytes 4000-10239/10241"), ["bytes=4000-", None]),
        (CAT[:4000], CAT, Fault(content_range="nonsense"), ["bytes=4000-", None]),
        (CAT, CAT, Fault(), ["bytes=10240-"]),  # 416, nothing is after the part
        (CAT + b"more", CAT, Fault(), ["bytes=10244-", None]),
    ],
)
def test_a_rerun_goes_on_only_where_the_part_fits(
    shelf: Shelf, part: bytes, file: bytes, fault: Fault, ranges: list[str | None], md5: str | None
) -> None:
    """With the md5 and without, and in one attempt."""
    shelf.leave_part(md5)
    (shelf.out / "cat.ndjson.part").write_bytes(part)
    shelf.files["cat"] = file
    shelf.faults["cat"] = [replace(fault, md5=md5), Fault(md5=md5)]
    shelf.get(retries=1)
    assert shelf.ranges() == ranges
    assert shelf.contents() == {"cat.ndjson": file}


@pytest.mark.parametrize("size", [4000, len(CAT)])
def test_a_part_that_was_damaged_on_disk_is_fetched_again(shelf: Shelf, size: int) -> None:
    shelf.leave_part()
    (shelf.out / "cat.ndjson.part").write_bytes(bytes(size))
    shelf.get()
    assert shelf.ranges() == [f"bytes={size}-", None]
    assert shelf.contents() == {"cat.ndjson": CAT}


# --- what people are told


@pytest.mark.parametrize(
    ("faults", "told", "requests", "part"),
    [
        ([Fault(cut=100), *[Fault(cut=0)] * 3], "connection closed after 100 of 10240 bytes; gave up after 3", 4, 100),
        ([Fault(cut=4000, md5=""), *[Fault(cut=0)] * 3], "connection closed after 4000 of 10240 bytes", 4, 4000),
        # Bytes that come again are no progress, nor is getting less far and then as far as before.
        ([Fault(cut=5000, ignore_range=True)] * 9, ".*gave up after 3 attempts", 4, 5000),
        ([Fault(cut=n, ignore_range=True) for n in (5000, 3000) * 9], ".*gave up after 3 attempts", 4, 3000),
        ([Fault(md5=md5_of(DOG))] * 9, "the file's md5 is .* where the server says .* after 3 attempts", 3, None),
        ([Fault(hang_up=True)] * 3, r"no answer from http://.*/cat\.ndjson: Remote end closed", 3, None),
        ([Fault(status=403)], r"http://.*/cat\.ndjson answers 403 Forbidden$", 1, None),
        ([Fault(no_length=True, md5="")], r"http://.*/cat\.ndjson gives no size and no md5", 1, None),
    ],
)
def test_a_class_is_given_up_and_the_others_arrive(
    shelf: Shelf, faults: list[Fault], told: str, requests: int, part: int | None
) -> None:
    shelf.faults["cat"] = [*faults]
    with pytest.raises(UserError, match=f"^cat: {told}"):
        shelf.get("cat", "dog")
    assert len(shelf.ranges()) == requests
    assert (shelf.out / "dog.ndjson").read_bytes() == DOG
    (shelf.out / "dog.ndjson").unlink()
    if part is None:
        assert shelf.contents() == {}
    else:
        assert shelf.part() == CAT[:part]


def test_a_missing_class_is_named_and_the_others_arrive(shelf: Shelf) -> None:
    shelf.files["resistor"] = CAT  # another server may have other classes
    with pytest.raises(UserError, match="did you mean") as error:
        shelf.get("catt", "cat", "EIFFEL TOWER", "qqqqqq", "resistor", workers=1)
    eiffel, catt, unlike = str(error.value).splitlines()
    assert eiffel.startswith(f"no class 'EIFFEL TOWER' at {shelf.url}; did you mean 'The Eiffel Tower'")
    assert catt.startswith(f"no class 'catt' at {shelf.url}; did you mean 'cat'")
    assert unlike == f"no class 'qqqqqq' at {shelf.url}"
    assert shelf.contents() == {"cat.ndjson": CAT, "resistor.ndjson": CAT}
    assert shelf.ranges("catt") == [None]  # a 404 is not tried again


@pytest.mark.parametrize("base_url", [PUBLIC, PUBLIC + "/"])
def test_unknown_classes_of_the_public_files_are_refused_before_any_request(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, base_url: str
) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("a request was made")

    monkeypatch.setattr(transfer, "urlopen", no_network)
    shelf.out = shelf.out / "raw"
    with pytest.raises(UserError, match=rf"'catt' at {re.escape(PUBLIC)}; .*'cat'"):
        shelf.get("dog", "catt", url=base_url)
    assert not shelf.out.exists()


def test_a_server_that_is_gone_gives_one_line_and_keeps_the_parts(shelf: Shelf) -> None:
    shelf.leave_part()
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    with pytest.raises(UserError, match="cannot reach") as error:
        shelf.get("cat", "dog", "owl", url=f"http://127.0.0.1:{port}", workers=3, retries=2)
    assert str(error.value) == (
        f"cannot reach 127.0.0.1:{port}: Connection refused; once the network is back, "
        "what has arrived is kept, and the same command goes on from there"
    )
    assert shelf.part() == CAT[:4000]


@pytest.mark.parametrize("base_url", ["file:///etc", "ftp://example.org/x", "quickdraw", "https://", ""])
def test_only_web_addresses_are_downloaded_from(tmp_path: Path, base_url: str) -> None:
    with pytest.raises(UserError, match=re.escape(f"base_url={base_url.rstrip('/')}: only http")):
        fetch(["cat"], tmp_path / "raw", base_url, workers=1, retries=1, retry_wait=0)
    assert not (tmp_path / "raw").exists()


@pytest.mark.parametrize("name", ["../cat", "a\\b", "/etc/passwd", ""])
def test_a_class_cannot_name_a_file_elsewhere(shelf: Shelf, name: str) -> None:
    with pytest.raises(UserError, match="cannot be a class"):
        shelf.get(name)
    assert shelf.seen == []
    assert shelf.contents() == {}


def test_senseless_requests_are_refused(shelf: Shelf) -> None:
    with pytest.raises(UserError, match="classes is empty"):
        fetch([], shelf.out, shelf.url, workers=1, retries=1, retry_wait=0)
    with pytest.raises(UserError, match="workers=0"):
        shelf.get(workers=0)


# --- the disk


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_gives_one_line(shelf: Shelf) -> None:
    part = shelf.out / "cat.ndjson.part"
    part.symlink_to("/dev/full")
    with pytest.raises(UserError, match="No space left on device") as error:
        shelf.get()
    assert str(error.value).startswith(f"cannot write {part}: No space left on device; ")
    assert len(shelf.seen) == 1
    assert not (shelf.out / "cat.ndjson").exists()


def test_what_was_written_before_the_disk_failed_is_gone_on_with(shelf: Shelf) -> None:
    shelf.files["cat"] = CAT * 40
    limit = len(CAT) * 40 - 1000  # bytes that a file of this process may have, as if the disk were full then
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, old[1]))
    try:
        with pytest.raises(UserError, match=r"^cannot write .*cat\.ndjson\.part: File too large; "):
            shelf.get()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert shelf.part() == shelf.files["cat"][:limit]
    shelf.get()
    assert shelf.ranges() == [None, f"bytes={limit}-"]
    assert shelf.contents() == {"cat.ndjson": shelf.files["cat"]}


def test_a_disk_that_fails_stops_the_other_classes(shelf: Shelf) -> None:
    (shelf.out / "cat.ndjson.part").mkdir()
    with pytest.raises(UserError, match=r"^cannot write .*cat\.ndjson\.part: Is a directory; [^\n]*$"):
        shelf.get("cat", "dog", "owl", workers=1)
    assert [name for name, *_ in shelf.seen] == ["cat"]


def test_a_disk_that_fails_two_downloads_is_told_of_once(shelf: Shelf) -> None:
    shelf.meet_before_answers()
    for name in ("cat", "dog"):
        (shelf.out / f"{name}.ndjson.part").mkdir()
    with pytest.raises(UserError, match=r"^cannot write .*\.ndjson\.part: Is a directory; [^\n]*$"):
        shelf.get("cat", "dog", workers=2)


def test_a_folder_that_cannot_be_made_gives_one_line(shelf: Shelf) -> None:
    (shelf.out / "file").touch()
    shelf.out = shelf.out / "file" / "raw"
    with pytest.raises(UserError, match=r"^cannot write to .*file/raw: Not a directory$"):
        shelf.get()
    assert shelf.seen == []


def test_a_folder_without_permission_gives_one_line(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shelf.out)  # since others may not enter the folders it lies in
    shelf.out = Path()
    shelf.out.chmod(0o555)
    me, somebody = os.geteuid(), 65534
    os.seteuid(me or somebody)  # root may write everywhere
    try:
        with pytest.raises(UserError, match=r"^cannot write .*cat\.ndjson\.part: Permission denied; [^\n]*$"):
            shelf.get()
    finally:
        os.seteuid(me)
        shelf.out.chmod(0o755)
    assert shelf.contents() == {}


# --- Ctrl-C, and faults of the code itself


def test_ctrl_c_stops_at_once_and_keeps_the_part(shelf: Shelf) -> None:
    let_go = threading.Event()

    def interrupt(shelf: Shelf) -> None:
        shelf.until_part_has(4000)
        main_thread = threading.main_thread().ident
        assert main_thread is not None
        signal.pthread_kill(main_thread, signal.SIGINT)
        let_go.wait(5)

    shelf.faults["cat"] = [Fault(cut=4000, after_cut=interrupt, send_rest=True)]
    try:
        with pytest.raises(KeyboardInterrupt, match=f"^{STOPPED}$"):
            shelf.get("cat", "dog", workers=1)
        # The server still holds the connection: nobody waited for it.
        assert not let_go.is_set()
        assert shelf.part() == CAT[:4000]
        threads = [thread for thread in threading.enumerate() if thread.name.startswith("fetch-")]
        assert len(threads) == 1
    finally:
        let_go.set()
    threads[0].join(5)
    assert not threads[0].is_alive()
    assert shelf.part() == CAT[:4000]  # though the rest came later
    assert [name for name, *_ in shelf.seen] == ["cat"]

    shelf.get("cat", "dog")
    assert shelf.ranges() == [None, "bytes=4000-"]
    assert shelf.contents() == {"cat.ndjson": CAT, "dog.ndjson": DOG}


def test_after_ctrl_c_the_program_ends_though_the_server_holds_on(shelf: Shelf) -> None:
    let_go = threading.Event()

    def interrupt(shelf: Shelf) -> None:
        shelf.until_part_has(4000)
        program.send_signal(signal.SIGINT)
        let_go.wait(20)

    shelf.faults["cat"] = [Fault(cut=4000, after_cut=interrupt)]
    settings = ["classes=[cat]", f"out={shelf.out}", f"base_url={shelf.url}"]
    command = [sys.executable, "-m", "inkseq.download", *settings]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as program:
        try:
            said = program.communicate(timeout=8)[1]
        finally:
            let_go.set()
    assert said == f"inkseq: stopped. {STOPPED}\n"
    assert program.returncode == 130
    assert shelf.part() == CAT[:4000]


def test_a_fault_of_the_code_is_not_swallowed(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(transfer.Transfer, "recall", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        shelf.get("cat", "dog")


# --- small parts


def test_waits_double_up_to_a_minute() -> None:
    assert [backoff(1.0, failures) for failures in (0, 1, 2, 3, 4, 50)] == [1, 1, 2, 4, 8, 60]
    assert backoff(0, 4) == 0


def test_the_waits_are_kept(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float | None] = []

    def wait(self: threading.Event, timeout: float | None = None) -> bool:
        waits.append(timeout)
        return self.is_set()

    monkeypatch.setattr(threading.Event, "wait", wait)
    shelf.faults["cat"] = [Fault(status=500)] * 3 + [Fault(cut=4000), Fault(status=500)]
    shelf.get(retries=5, retry_wait=100.0 / 8)
    assert [wait for wait in waits if wait is not None] == [12.5, 25, 50, 12.5, 12.5]


def test_the_bar_counts_bytes_and_guesses_the_total() -> None:
    progress = DownloadBar({"cat": 40, "dog": 0})
    with progress.bar:
        progress.move("cat", 60, 100)
        assert progress.bar.total == 200  # dog is taken to be as large
        progress.move("dog", 10, 300)
        assert progress.bar.total == 400
        progress.move("cat", 0, 100)  # started anew
    assert progress.have == {"cat": 0, "dog": 10}


def test_the_list_of_classes_is_whole_and_sorted() -> None:
    classes = known_classes()
    assert len(classes) == 345
    assert classes == sorted(set(classes))
    assert {"cat", "The Eiffel Tower", "zigzag"} <= set(classes)
    assert all(name == name.strip() != "" for name in classes)
    folders = (parent / "shared/data/quickdraw345" for parent in Path(__file__).parents)
    for folder in filter(Path.is_dir, folders):
        assert classes == sorted(path.stem for path in folder.glob("*.ndjson"))


def test_a_class_whose_file_is_missing_is_not_taken_for_misspelt() -> None:
    said = no_such_class("dog", "http://mirror/files")
    assert said == "http://mirror/files has no file for 'dog', though Quick, Draw! does"
