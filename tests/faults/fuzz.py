"""Fuzzing with coverage: inputs that take a reader where none has been. `pip install atheris`, then for ten minutes

    python -m tests.faults.fuzz svg -max_total_time=600

What is found lies in crash-...; with that file instead of the time, the command repeats it.
"""

import sys
import tempfile
from pathlib import Path

import atheris

import inkseq.drawings.scan
import inkseq.drawings.simplify  # noqa: F401  what Numba compiles must not be rewritten

with atheris.instrument_imports(include=["inkseq.drawings", "inkseq.serve.requests"]):
    from tests.faults import mutate


def main() -> None:
    reader, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(mutate.SEEDS[reader]):
            (Path(corpus) / str(number)).write_bytes(seed)
        repeated = any(Path(option).exists() for option in options)
        atheris.Setup([sys.argv[0], *options, *([] if repeated else [corpus])], lambda data: mutate.feed(reader, data))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
