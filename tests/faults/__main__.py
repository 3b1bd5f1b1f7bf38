"""Make inkseq suffer, for so long: `make torture MINUTES=60`, or `python -m tests.faults minutes=5 only=train,svg`.

Every attempt has a seed; what fails is said with the command that repeats it, and the rest goes on.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before PyTorch is imported

import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tqdm import tqdm

from inkseq.tables import table
from tests.faults import commands, mutate, serving

Attempt = Callable[[Path, random.Random], int]  # returns how many inputs, kills or requests it was
SPOILT = 1000  # documents at a time


def _spoil(reader: str, _: Path, rng: random.Random) -> int:
    for _number in range(SPOILT):
        mutate.feed(reader, mutate.mutations(rng.choice(mutate.SEEDS[reader]), rng))
    return SPOILT


ATTEMPTS: dict[str, Attempt] = {
    **{name: partial(_spoil, name) for name in mutate.SEEDS},
    **{name: partial(commands.disturb, name) for name in commands.SUBJECTS},
    "serve": serving.attempt,
}


def torture(minutes: float, seed: int, only: list[str]) -> int:
    """Every attempt in turn, until the time is over; how many failed."""
    tried: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    end = time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory(prefix="inkseq-faults-") as scratch, tqdm(unit="attempt", disable=None) as bar:
        while not sum(tried.values()) or time.monotonic() < end:
            for name in only:
                try:
                    tried[name] += ATTEMPTS[name](Path(scratch), random.Random(f"{name} {seed}"))
                except Exception:  # whatever it is, it is a finding
                    failed[name] += 1
                    tqdm.write(traceback.format_exc(limit=-3))
                    tqdm.write(f"again: python -m tests.faults minutes=0 seed={seed} only={name}\n")
                bar.update()
            seed += 1
    print(table(["", "inputs, kills or requests", "failed"], [[name, tried[name], failed[name]] for name in only]))
    return failed.total()


def main() -> None:
    words = dict(word.split("=", 1) for word in sys.argv[1:])
    only = words.get("only", ",".join(ATTEMPTS)).split(",")
    sys.exit(min(1, torture(float(words.get("minutes", 2)), int(words.get("seed", time.time())), only)))


if __name__ == "__main__":
    main()
