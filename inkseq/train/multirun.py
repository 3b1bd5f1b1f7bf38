"""`python -m inkseq.train -m`: Hydra's sweeps and launchers, every run in a process and a folder of its own."""

import itertools
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from inkseq.cli import PATH_KEYS, conf_dir, to_text
from inkseq.config import TrainConfig
from inkseq.data.packed import open_packed
from inkseq.data.sampling import make_sampler
from inkseq.errors import UserError
from inkseq.inference import checkpoint
from inkseq.inference.runs import LOG, last_line, read_result, run_folder
from inkseq.tables import table
from inkseq.train.durations import plan_steps
from inkseq.train.job import run_job
from inkseq.train.prepare import prepare, training_config
from inkseq.train.resume import is_finished, trained_otherwise

FLAGS = {"-m", "--multirun"}


@dataclass(frozen=True)
class Job:
    """One run of a sweep."""

    words: list[str]
    config: TrainConfig

    @property
    def folder(self) -> Path:
        return run_folder(self.config)

    def is_done(self) -> bool:
        """Whether it reached its end with just these settings; what did not goes on when it is started again."""
        last = self.folder / "checkpoints" / "last.pt"
        if not (last.exists() and (self.folder / "result.json").exists()):
            return False
        state, data = checkpoint.load(last), open_packed(self.config.data)
        step_seconds = state["step_seconds"] or read_result(self.folder)["step_seconds"]
        total = plan_steps(self.config, len(make_sampler(self.config, data)), step_seconds).total
        return not trained_otherwise(state, self.config, data, self.folder) and is_finished(
            state, self.config, total, self.folder
        )


def multirun(words: list[str]) -> int:
    """Run every combination of the values that the words name, skipping what is finished."""
    hydras = [word for word in words if word.startswith(("hydra/", "hydra."))]
    jobs = make_jobs([word for word in words if word not in hydras and word not in FLAGS])
    base = Path(os.path.commonpath([job.folder.parent for job in jobs]))
    waiting = [job for job in jobs if not job.is_done()]
    print(f"{base}: {len(jobs)} runs, {len(jobs) - len(waiting)} of them finished before", flush=True)
    try:
        if waiting:
            _launch(waiting, base, hydras)
    except KeyboardInterrupt:
        _print_outcome(jobs, base)
        raise KeyboardInterrupt("the same command goes on") from None
    if unfinished := _print_outcome(jobs, base):
        raise UserError(f"{unfinished} of {len(jobs)} runs did not finish; the same command goes on with them")
    return 0


def make_jobs(words: list[str]) -> list[Job]:
    """Every combination of values, checked before the first run starts, in a folder called after what differs."""
    choices = {word.partition("=")[0]: values_of(word) for word in words}
    differing = [key for key, values in choices.items() if len(values) > 1 and key != "name"]
    many = {"model", "experiment"} & set(differing)
    jobs = []
    for combination in itertools.product(*choices.values()):
        setting = dict(zip(choices, combination, strict=True))
        config = training_config([f"{key}={text}" if text else key for key, text in setting.items()])
        config, _, folder = prepare(config)  # what is mistyped must not fail run by run
        if setting.pop("raw", None):  # who runs later must not find other drawings in the files
            setting |= {"data": config.data, "batch_size": str(config.batch_size)}
        base = "sweep" if many and "name" not in setting else config.name or folder.name
        setting["name"] = config.name = f"{base}/{_called_after(setting, differing)}".rstrip("/")
        jobs.append(Job([f"{key}={text}" for key, text in setting.items()], config))
    folders = [job.folder for job in jobs]
    for folder in folders:
        if folders.count(folder) > 1:
            raise UserError(f"two runs would be {folder}; name every value once")
    return jobs


def values_of(word: str) -> list[str]:
    """The values a word sweeps over, in Hydra's grammar: `a,b`, `range(1,4)`, `choice(a,b)`, `glob(*)`; or its one."""
    key, _, text = word.partition("=")
    if key in PATH_KEYS:
        return [text]
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        try:
            override = OverridesParser.create(GlobalHydra.instance().config_loader()).parse_overrides([word])[0]
        except HydraException:  # no word of Hydra's, but perhaps one of ours
            return [text]
        if not override.is_sweep_override():
            return [text]
        if not override.is_discrete_sweep():
            raise UserError(f"{word}: an interval has no end of values; python -m inkseq.sweep searches those")
        return [to_text(getattr(value, "text", value)) for value in override.sweep_iterator()]


def _called_after(setting: dict[str, str], differing: list[str]) -> str:
    """`hidden=128,lr=0.003,seed=0`: keys by their last part where that says which, in letters any shell can take."""
    last = [key.rpartition(".")[2] for key in differing]
    names = [short if last.count(short) == 1 else key for key, short in zip(differing, last, strict=True)]
    texts = [re.sub(r"[^\w.+%-]+", "-", setting[key]).strip("-") for key in differing]
    return ",".join(f"{name}={text}" for name, text in zip(names, texts, strict=True))


def _launch(jobs: list[Job], base: Path, hydras: list[str]) -> None:
    """Hand the jobs to Hydra's launcher. It is given texts in which nothing means anything to its grammar."""
    quoted = str(base).replace("'", "\\'")
    harmless = [[quote(word, safe="=/,[]:+ ") for word in (str(job.folder / LOG), *job.words)] for job in jobs]
    packed = ",".join(f"'{'&'.join(words)}'" for words in harmless)
    words = [*hydras, f"hydra.sweep.dir='{quoted}'", f"words={packed}"]
    os.environ["HYDRA_FULL_ERROR"] = "1"  # raise what is wrong, so that we can say it
    try:
        with patch.object(sys, "argv", [sys.argv[0], "--multirun", *words]):
            run_job()
    except HydraException as error:
        is_missing = "find 'hydra/launcher" in str(error)
        hint = "; pip install 'inkseq[launchers]' brings joblib and submitit" if is_missing else ""
        raise UserError(f"{str(error).splitlines()[0]}{hint}") from None
    except Exception as error:  # a launcher whose worker was killed, a queue that lost a job: the others have run
        print(f"the launcher says: {str(error).splitlines()[0]}")


def _print_outcome(jobs: list[Job], base: Path) -> int:
    """Print what became of every run; how many did not finish."""
    done = [job.is_done() for job in jobs]
    rows = [_row(job, is_done, base) for job, is_done in zip(jobs, done, strict=True)]
    print(table(["run", "val top1", "test top1", "seconds", ""], rows), flush=True)
    return done.count(False)


def _row(job: Job, is_done: bool, base: Path) -> list[Any]:
    name = str(job.folder.relative_to(base))
    if not is_done:
        return [name, "", "", "", f"not finished: {last_line(job.folder / LOG)}".rstrip(": ")]
    result = read_result(job.folder)
    scores = [f"{result[key]:.4f}" if key in result else "" for key in ("val/top1", "test/top1")]
    return [name, *scores, f"{result['seconds']:.0f}", ""]
