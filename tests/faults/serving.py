"""A server among slow clients, taught until it is killed or told to end: who asks is answered, lessons stay."""

import http.client
import json
import random
import re
import signal
import threading
import time
from functools import partial
from pathlib import Path

from inkseq.serve.own import OwnDrawings
from tests.faults import inject
from tests.faults.clients import BEGINNINGS, Address, ask_all, slow_connections
from tests.faults.commands import two_runs
from tests.processes import Command

LESSON = json.dumps({"word": "owl", "strokes": [[[0, 90, 3], [0, 40, 7]]]})
ENDS_WITHIN = 10.0  # seconds from SIGTERM, on a machine that has other things to do


def attempt(scratch: Path, rng: random.Random) -> int:
    """One life of a server; how many requests were answered."""
    folder = scratch / f"serve-{time.monotonic_ns()}"
    folder.mkdir()
    run = two_runs(scratch) / "runs" / "a,seed=0"
    words = [f"run={run}", "own=own.ndjson", "port=0", "rate=1000000"]
    every = rng.choice([0, rng.randint(5, 50)])  # calls of the model one finds no memory
    process = Command(folder, "inkseq.serve", *words, fault=partial(inject.no_memory, every, True) if every else None)
    address = _address(process)
    kept: list[str] = []
    teacher = threading.Thread(target=_teach, args=(address, kept))
    teacher.start()
    with slow_connections(address, rng.randint(1, 300), rng.choice(list(BEGINNINGS))):
        answers = ask_all(address, rng.uniform(0.5, 3))
        wrong = [status for _, status in answers if status not in ((200, 500) if every else (200,))]
        assert not wrong, f"{len(wrong)} of {len(answers)} requests ended with {set(wrong)}"
        end, begun = rng.choice([signal.SIGTERM, signal.SIGKILL]), time.monotonic()
        process.send_signal(end)
        process.wait()
    assert end is signal.SIGKILL or time.monotonic() - begun < ENDS_WITHIN, f"{time.monotonic() - begun:.1f} s to end"
    teacher.join()
    lost = set(kept) - {row.key_id for row in OwnDrawings(folder / "own.ndjson").rows()}
    assert not lost, f"{len(lost)} of {len(kept)} lessons that were answered are not in the file"
    return len(answers) + len(kept)


def _address(process: Command) -> Address:
    while not (found := re.search(r"http://([\d.]+):(\d+)", process.said()[0])):
        assert process.poll() is None, process.said()[1]
        time.sleep(0.01)
    return found[1], int(found[2])


def _teach(address: Address, kept: list[str]) -> None:
    """One lesson after the other, until nobody answers; the key_id of each that was."""
    connection = http.client.HTTPConnection(*address, timeout=20)
    try:
        while True:
            connection.request("POST", "/own", LESSON, {"Content-Type": "application/json"})
            kept.append(json.loads(connection.getresponse().read())["key_id"])
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        connection.close()
