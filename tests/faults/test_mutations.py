"""Documents spoilt at random: each is answered by drawings and errors, by all who read them."""

import random
from pathlib import Path

import pytest

from tests.convert.test_convert import pack
from tests.faults.mutate import ENDINGS, SEEDS, feed, mutations
from tests.samples import random_lines

ROUNDS = 300  # of each reader


@pytest.mark.parametrize("reader", SEEDS)
def test_a_seed_is_read(reader: str) -> None:
    for seed in SEEDS[reader]:
        feed(reader, seed)


@pytest.mark.slow
@pytest.mark.parametrize("reader", SEEDS)
def test_spoilt_documents_are_drawings_or_errors(reader: str) -> None:
    rng = random.Random(f"{reader} 0")
    for _ in range(ROUNDS):
        feed(reader, mutations(rng.choice(SEEDS[reader]), rng))


@pytest.mark.slow
def test_the_books_balance_over_spoilt_documents(tmp_path: Path) -> None:
    rng = random.Random(1)
    raw = tmp_path / "raw" / "cat"
    raw.mkdir(parents=True)
    for number in range(200):
        reader = rng.choice([name for name in SEEDS if name not in ("zip", "none", "request")])  # a bad zip stops it
        (raw / f"{number}{ENDINGS[reader]}").write_bytes(mutations(rng.choice(SEEDS[reader]), rng))
    (raw / "good.ndjson").write_bytes(b"".join(random_lines(9, seed=7)))
    data, books = pack(tmp_path, tmp_path / "raw")
    assert books.lines == books.kept + books.left_out.total() + books.rejected.total()
    assert not [reason for reason in books.rejected if "cannot be read (" in reason]
    assert {8 * 10**15 + i for i in range(9)} <= set(data.key_id.tolist())
