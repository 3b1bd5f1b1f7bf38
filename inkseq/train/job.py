"""A job of a sweep, for Hydra's launchers: they import this where they run it, so it imports no training."""

import ctypes
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from inkseq.cli import conf_dir


@hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="multirun")
def run_job(config: DictConfig) -> None:
    """One run: `python -m inkseq.train`. Should it crash, or be killed, only this process knows."""
    log, *words = [unquote(word) for word in config.words.split("&")]
    folder = Path(log).parent
    has_terminal = HydraConfig.get().runtime.choices["hydra/launcher"] == "basic"
    folder.mkdir(parents=True, exist_ok=True)
    with Path(log).open("a", encoding="utf-8") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "inkseq.train", *words],
            stdout=None if has_terminal else file,
            stderr=None if has_terminal else file,
            start_new_session=True,  # Ctrl-C is for this process, which passes it on once
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
        try:
            process.wait()
        except BaseException:  # Ctrl-C, or how submitit says that time is up
            process.terminate()
            process.wait()
            raise
    print(f"{folder}: {'done' if process.returncode == 0 else f'ended with code {process.returncode}'}", flush=True)


def _end_with_parent() -> None:
    """Save and end when the process that waits for this one is killed; only Linux can tell."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
