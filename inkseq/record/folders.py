"""Run folders as people name them: one by one, or by a folder that holds many."""

import difflib
import os
import re
from pathlib import Path

from inkseq.errors import UserError
from inkseq.inference.runs import LOG


def find_runs(words: list[str], settings: set[str]) -> list[Path]:
    """The run folders that words name, each once; a folder of runs stands for all that are below it."""
    found: dict[Path, Path] = {}
    for word in words:
        for folder in _runs_in(word, settings):
            found.setdefault(folder.resolve(), folder)
    return list(found.values())


def _runs_in(word: str, settings: set[str]) -> list[Path]:
    folder = Path(word)
    if not folder.is_dir():
        near = difflib.get_close_matches(word.partition("=")[0], settings, 1)
        hint = f"did you mean '{near[0]}='?" if near else f"settings are {', '.join(sorted(settings))}"
        raise UserError(f"'{word}' is neither a run folder nor a setting; {hint}")
    below = sorted((path for path in folder.rglob("*") if path.is_dir() and _was_begun(path)), key=_by_number)
    itself = [folder] if _has_trained(folder) or (_was_begun(folder) and not below) else []
    if not itself and not below:
        raise UserError(f"{word} is no run folder, and there is none below it")
    return itself + below


def _has_trained(folder: Path) -> bool:
    return any((folder / name).exists() for name in ("checkpoints", "metrics.jsonl", "result.json"))


def _was_begun(folder: Path) -> bool:
    """Also what failed before its first step: it must not be missing from a record without a word."""
    return _has_trained(folder) or (folder / ".hydra").is_dir() or (folder / LOG).exists()


def _by_number(path: Path) -> list[tuple[int, str]]:
    """`hidden=64` comes before `hidden=128`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"([0-9]+)", str(path))]


def common_folder(folders: list[Path]) -> Path:
    """The innermost folder that holds all of these."""
    common = Path(os.path.commonpath([folder.resolve().parent for folder in folders]))
    here = Path.cwd()
    return common.relative_to(here) if common.is_relative_to(here) else common
