"""Tables of runs side by side: what they score, how they differ, and whether a difference could be chance."""

from inkseq.config import CompareConfig
from inkseq.data.packed import open_packed
from inkseq.devices import choose_device
from inkseq.evaluate.paired import count, interval, mcnemar, verdict
from inkseq.record.answers import check_unchanged, right_answers
from inkseq.record.finished import Finished
from inkseq.record.groups import Group, differing
from inkseq.record.results import Row
from inkseq.tables import table

SCORES = ("val/top1", "test/top1", "test/top3", "test/map3", "test/loss")
LONGEST_NAME = 100


def scores_table(names: list[str], rows: list[Row]) -> str:
    """What result.json says of each."""
    lines = []
    for name, row in zip(names, rows, strict=True):
        scores = [f"{float(row[key]):.4f}" if row.get(key) else "-" for key in SCORES]
        costs = [int(row["num_parameters"]), f"{float(row['seconds']):,.1f}", round(float(row["drawings_per_second"]))]
        lines.append([name, *scores, *costs])
    return table(["run", *SCORES, "parameters", "seconds", "drawings/s"], lines)


def settings_table(names: list[str], rows: list[Row]) -> str:
    """The settings that differ, seeds among them."""
    table_of = differing([Group(name, [row]) for name, row in zip(names, rows, strict=True)])
    seeds = [row["seed"] for row in rows]
    table_of |= {"seed": seeds} if len(set(seeds)) > 1 else {}
    if not table_of:
        return "no setting differs"
    return table(["setting", *names], [[key, *values] for key, values in table_of.items()])


def groups_table(groups: list[Group]) -> str:
    """Means over seeds, where there are several."""
    scores = "val/top1", "test/top1"
    lines = [[group.name, group.seeds, *(group.show(score, "-") for score in scores)] for group in groups]
    return table(["mean ± standard deviation", "runs (seeds)", "val top-1, %", "test top-1, %"], lines)


def paired_table(config: CompareConfig, runs: list[Finished], names: list[str]) -> str:
    """Every run against the first, on the same drawings."""
    data = open_packed(config.data or runs[0].config.data)
    if config.data is None:
        check_unchanged(runs[0], data)
    right = right_answers(runs, data, config.split, choose_device(config.device))
    lines = [[names[0], f"{right[0].mean():.4f}", "", "", "", "", "", "the reference"]]
    for name, right_N in zip(names[1:], right[1:], strict=True):
        counts = count(right[0], right_N)
        (low, high), p = interval(counts), mcnemar(counts)
        difference = [f"{100 * counts.difference:+.2f}", f"{100 * low:+.2f} to {100 * high:+.2f}"]
        only = [str(counts.only_other), str(counts.only_first)]
        chance = f"{p:.3f}" if p >= 0.001 else "< 0.001"
        lines.append([name, f"{right_N.mean():.4f}", *difference, *only, chance, verdict(low, high)])
    header = ["run", "top-1", "points more", "95 % interval", "only it right", "only the first", "p", "verdict"]
    notes = [
        f"{len(right[0]):,} drawings of {config.split} of {data.path}, the same for all; intervals by bootstrap over "
        "drawings, p by McNemar's exact test.",
        "This is about these weights. Whether a setting is better takes several seeds of each.",
    ]
    if len(runs) > 2:
        notes.append("Each pair is judged alone: of twenty that are equal, one will seem to differ.")
    return "\n".join([table(header, lines), *notes])


def picture_name(names: list[str]) -> str:
    """The runs' names, as far as a file name has room for them."""
    whole = "-".join(["compare", *names]).replace("/", "-")
    few = f"compare-{names[0]}-and-{len(names) - 1}-more".replace("/", "-")
    return f"{whole if len(whole) <= LONGEST_NAME else few[:LONGEST_NAME]}.png"
