"""Find the learning rate to train with, in half a minute and without a run."""

from pathlib import Path

from inkseq.cli import main, settings
from inkseq.config import FindLrConfig
from inkseq.data.batches import batch_of
from inkseq.devices import ALONE
from inkseq.errors import UserError
from inkseq.files import check_new
from inkseq.tables import table
from inkseq.train.learner import set_up
from inkseq.train.prepare import prepare, training_config
from inkseq.train.rates import Suggestions, check, draw_trial, suggest_rates, try_rates
from inkseq.train.threads import choose_threads


def run(config: FindLrConfig, words: list[str]) -> None:
    """Find a learning rate: python -m inkseq.find_lr data=data/packed/NAME model=bilstm batch_size=64."""
    check(config)
    check_new(config.out, config.overwrite)
    training, data, folder = prepare(training_config(words, also=settings(FindLrConfig)))
    batches, learner, _ = set_up(training, data, ALONE)
    optimizer = training.optim.name.name
    about = f"{training.model.preset}, batches of {batch_of(training)}, {optimizer}, on {data.path.name}"
    print(f"{about}\n{config.steps} steps at rates from {config.low:g} to {config.high:g}", flush=True)
    if threads := choose_threads(training, batches, learner, None):
        print(threads, flush=True)
    trial = try_rates(learner, batches, config)
    suggestions = suggest_rates(trial)

    path = Path(config.out) if config.out else folder.with_name(f"{folder.name}-find_lr.png")
    draw_trial(trial, suggestions, about, path)
    if suggestions is None:
        raise UserError(
            f"from low={config.low:g} to {trial.rate_N[-1]:.2g} the loss never falls by more than its noise "
            f"({path}); small batches take more steps: try steps={3 * config.steps}"
        )
    print(f"{suggestions_table(suggestions)}\n\noptim.lr={suggestions.recommended:.1e}\n\npicture: {path}")


def suggestions_table(suggestions: Suggestions) -> str:
    rows = [
        ["steepest", f"{suggestions.steepest:.1e}", "where the loss falls most"],
        ["valley", f"{suggestions.valley:.1e}", "two thirds into the longest descent"],
    ]
    return table(["method", "rate", "what it is"], rows)


if __name__ == "__main__":
    main(run, FindLrConfig, others="every setting of inkseq.train")
