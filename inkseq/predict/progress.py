"""A bar while drawings are named, with their rate; how many there will be is judged by the bytes read so far."""

from collections.abc import Iterator
from typing import Any

from tqdm import tqdm

from inkseq.predict.stream import Answer


class Progress:
    """Silent where the standard error is no terminal, or where `silent` says that rows show it already."""

    def __init__(self, num_bytes: int, silent: bool) -> None:
        self.num_bytes, self.read = num_bytes, 0.0
        self.bar: tqdm[Any] = tqdm(desc="naming", unit="drawing", unit_scale=True, disable=silent or None)

    def tick(self, num_bytes: float) -> None:
        self.read += num_bytes

    def watch(self, windows: Iterator[list[Answer]]) -> Iterator[list[Answer]]:
        """The windows as they come, each counted."""
        with self.bar:
            for window in windows:
                self.bar.update(len(window))
                if self.read:
                    self.bar.total = max(self.bar.n, round(self.bar.n * self.num_bytes / self.read))
                yield window
