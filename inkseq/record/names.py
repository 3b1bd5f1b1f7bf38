"""What runs and groups are called, short enough to be read and long enough to be told apart."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from inkseq.record.folders import common_folder

BETWEEN = "-_,./ "  # what separates the words of a name
WORDS = r"([,/_]|-(?![0-9]))"  # 1e-3 is one word
LONGEST = 48


def run_names(folders: list[Path]) -> list[str]:
    """The folders' names below the one that holds them all, whose own name counts where theirs are but seeds."""
    common = common_folder(folders).resolve()
    names = [folder.resolve().relative_to(common).as_posix() for folder in folders]
    only_seeds = any(re.fullmatch(r"(seed|s)[=_-]?[0-9]+", name) for name in names)
    return [f"{common.name}/{name}" for name in names] if only_seeds else names


def group_names(members: Sequence[Sequence[tuple[str, int]]]) -> list[str]:
    """A name a group of (run, seed): what its runs are called but for their seeds."""
    stems = [[_without_seed(name, seed) for name, seed in runs] for runs in members]
    names = [stem[0][: _shared(stem)].rstrip(BETWEEN + "=") or stem[0] for stem in stems]
    taken = Counter(names)
    return [name if taken[name] == 1 else runs[0][0] for name, runs in zip(names, members, strict=True)]


def _without_seed(name: str, seed: int) -> str:
    """`hidden=64,seed=2` -> `hidden=64`; `lstm-s2` -> `lstm`. What is not marked as the seed stays."""
    word = rf"(?:seed|s)[=_-]?{seed}(?![0-9.])"
    short = re.sub(rf"[-_,. ]{word}|(?:^|(?<=/)){word}[-_,. ]?", "", name)
    return short.strip(BETWEEN) or name


def short_names(names: Sequence[str]) -> list[str]:
    """The names without the words that are in all of them; of those still long the middle is left out."""
    split = [re.split(WORDS, name) for name in names]  # words at even places, what separates them at odd ones
    if len({len(words) for words in split}) == 1:
        kept = [k for k in range(0, len(split[0]), 2) if len({words[k] for words in split}) > 1]
        bare = ["".join("".join(words[max(k - 1, 0) : k + 1]) for k in kept).lstrip(BETWEEN) for words in split]
    else:
        begin = _shared(split) // 2 * 2
        end = _shared([words[begin:][::-1] for words in split]) // 2 * 2
        bare = ["".join(words[begin : len(words) - end]) for words in split]
    short = [_shortened(name) for name in (bare if all(bare) else names)]
    return short if len(set(short)) == len(set(names)) else list(names)


def _shared(sequences: Sequence[Sequence[str]]) -> int:
    """How many of their first items all have in common."""
    return len(list(takewhile(lambda items: len(set(items)) == 1, zip(*sequences, strict=False))))


def _shortened(name: str) -> str:
    half = (LONGEST - len(" … ")) // 2
    return name if len(name) <= LONGEST else f"{name[:half]} … {name[-half:]}"
