"""The record of runs: what it holds, that it comes out the same, and what it refuses."""

import csv
import json
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from inkseq.collect import run as collect
from inkseq.config import CollectConfig, ConvertConfig, SplitConfig
from inkseq.convert.conversion import convert
from inkseq.doodles.write import write_doodles
from inkseq.errors import UserError
from inkseq.inference import checkpoint
from inkseq.record.pages import written_anew
from tests.processes import Command
from tests.record.conftest import train_tiny

OUT = Path("experiments/cells")


def rows() -> dict[str, dict[str, str]]:
    with (OUT / "results.csv").open(newline="") as file:
        return {row["run"]: row for row in csv.DictReader(file)}


def page() -> str:
    return (OUT / "README.md").read_text()


def record(*words: object) -> None:
    collect(CollectConfig(out=str(OUT)), [str(word) for word in words])


def edit(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_rows_hold_what_the_runs_wrote(runs: Path) -> None:
    record(runs)
    assert list(rows()) == ["small,seed=0", "small,seed=1", "wide,lr=0.01"]
    for name, row in rows().items():
        result = json.loads((runs / name / "result.json").read_text())
        for key in ("val/top1", "test/loss", "test/ece", "seconds", "num_parameters"):
            assert float(row[key]) == result[key]
        assert row["torch"] == result["versions"]["torch"]
        assert row["command"] == result["command"]
        assert (row["data"], len(row["data_id"])) == ("packed", 12)
    first, second, wide = rows().values()
    assert (first["group"], second["group"], wide["group"]) == ("small", "small", "wide,lr=0.01")
    assert "model.hidden=8" in first["config"].split()
    assert "'duration=8 steps'" in first["config"]
    assert not {"name=", "runs=", "data=", "seed="} & {word.partition("=")[0] + "=" for word in first["config"].split()}
    assert (OUT / "curves.png").read_bytes()[:4] == b"\x89PNG"


def test_new_kinds_of_results_become_columns(runs: Path) -> None:
    for folder in runs.iterdir():
        edit(folder / "result.json", step_seconds=0.125, peak_memory_mb=None)
    record(runs)
    assert [row["step_seconds"] for row in rows().values()] == ["0.125"] * 3
    assert [row["peak_memory_mb"] for row in rows().values()] == [""] * 3


def test_the_page_says_mean_and_deviation_and_what_differs(runs: Path) -> None:
    record(runs)
    top1 = [100 * float(row["test/top1"]) for row in rows().values()]
    mean, deviation = statistics.fmean(top1[:2]), statistics.stdev(top1[:2])
    lines = {line.split(" | ")[0]: line for line in page().splitlines() if line.startswith("| `")}
    assert "| 2 (0, 1) | " in lines["| `small`"]
    assert f" | {mean:.2f} ± {deviation:.2f} | " in lines["| `small`"]
    assert f" | {top1[2]:.2f} | " in lines["| `wide,lr=0.01`"]  # one seed: nothing is known of the spread
    assert "another seed would change a single run of `wide,lr=0.01` is not known" in page()
    assert lines["| `model.hidden`"] == "| `model.hidden` | `8` | `12` |"
    assert lines["| `optim.lr`"] == "| `optim.lr` | `0.02` | `0.01` |"
    assert "`model.layers`" not in page()
    assert all(f"    {row['command']}" in page().splitlines() for row in rows().values())


def test_a_new_page_does_not_pretend_to_have_a_verdict(runs: Path) -> None:
    record(runs)
    assert page().startswith("# cells\n\n**Question.** *To be written")
    assert "**Verdict.** *To be written" in page()


def test_what_people_wrote_survives_and_the_same_runs_give_the_same_bytes(runs: Path) -> None:
    record(runs)
    (OUT / "README.md").write_text(
        page().replace("*To be written: what was to be found out?*", "Is wide better? Or not?")
    )
    before = [path.read_bytes() for path in sorted(OUT.iterdir())]
    record(runs)
    assert [path.read_bytes() for path in sorted(OUT.iterdir())] == before
    record(runs / "small,seed=1")
    assert "**Question.** Is wide better? Or not?" in page()
    assert "`wide,lr=0.01`" not in page()
    assert "The runs differ in nothing but the seed." in page()


def test_tables_are_written_again_from_the_csv_alone(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(runs)
    shutil.rmtree(runs)
    overview = "# All\n\n<!-- generated: overview -->\n<!-- end -->\nprose\n"
    Path("experiments/README.md").write_text(overview)
    Path("README.md").write_text("a\n<!-- results: cells -->\nold\n<!-- end -->\nb\n")
    good = page()
    (OUT / "README.md").write_text(good.replace("| `small` | ", "| `small` | 9"))
    capsys.readouterr()
    collect(CollectConfig(), [])
    assert page() == good
    assert "written: experiments/cells/README.md, experiments/README.md, README.md" in capsys.readouterr().out
    assert Path("README.md").read_text().startswith("a\n<!-- results: cells -->\n| | parameters | ")
    assert Path("README.md").read_text().endswith("<!-- end -->\nb\n")
    assert "| [cells](cells/README.md) | *To be written" in Path("experiments/README.md").read_text()
    assert all(before == after for before, after in written_anew(Path("experiments")).values())


def test_runs_that_are_no_longer_there_are_named(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(runs)
    record(runs / "wide,lr=0.01")
    assert "no longer in it: small,seed=0, small,seed=1" in capsys.readouterr().out


def test_a_damaged_record_is_written_anew(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(runs)
    path = OUT / "results.csv"
    whole = path.read_text("utf-8")
    path.write_text("<<<<<<< ours\n" + whole, "utf-8")
    with pytest.raises(UserError, match=r"`python -m inkseq.collect RUNS out=experiments/cells` writes it"):
        collect(CollectConfig(), [])
    record(runs)
    assert path.read_text("utf-8") == whole


def test_every_unfinished_run_is_named_and_nothing_is_written(runs: Path) -> None:
    (runs / "small,seed=1" / "result.json").unlink()
    (runs / "failed" / ".hydra").mkdir(parents=True)  # before its first step
    with pytest.raises(UserError, match=r"not finished, .*: runs/failed, runs/small,seed=1; train on"):
        record(runs)
    assert not OUT.exists()


def test_a_run_that_went_on_since_its_result_is_unfinished(runs: Path) -> None:
    path = runs / "small,seed=0" / "checkpoints" / "last.pt"
    state = checkpoint.load(path)
    checkpoint.save(path, state | {"step": 9, "finished": False})
    with pytest.raises(UserError, match=r"small,seed=0 went on to step 9 since its result.json of step 8"):
        record(runs)


@pytest.mark.parametrize("key", ["test/top1", "test/loss", "val/top1", "val/ece", "val/count", "steps"])
def test_a_result_that_was_edited_is_refused(runs: Path, key: str) -> None:
    result = json.loads((runs / "small,seed=0" / "result.json").read_text())
    edit(runs / "small,seed=0" / "result.json", **{key: result[key] + 1})
    with pytest.raises(UserError, match=rf"small,seed=0.*(says {key} = |since its result.json)"):
        record(runs)


def test_without_a_test_split_there_is_val_to_go_by(runs: Path, tmp_path: Path) -> None:
    write_doodles(tmp_path / "raw", 40, 0, ["cat", "star"])
    split = SplitConfig(train=0.5, val=0.5, test=0)
    convert(ConvertConfig(raw=[str(tmp_path / "raw")], out=str(tmp_path / "packed"), split=split, workers=1))
    folder = train_tiny(tmp_path / "packed", runs, "untested")
    record(folder)
    top1 = json.loads((folder / "result.json").read_text())["val/top1"]
    assert f"| 1 (0) | {100 * top1:.2f} | – | – | – |" in page()
    edit(folder / "result.json", **{"val/top1": top1 + 0.001})  # metrics.jsonl has it as best/top1
    with pytest.raises(UserError, match=r"untested/result\.json says val/top1 = "):
        record(folder)


def test_the_same_seed_twice_is_refused_and_the_same_folder_twice_is_once(runs: Path, packed: Path) -> None:
    record(runs, runs / "small,seed=0", f"{runs}/../runs/small,seed=1")
    assert len(rows()) == 3
    train_tiny(packed, runs, "again", seed=1)
    with pytest.raises(UserError, match="again and runs/small,seed=1 have the same settings and seed=1"):
        record(runs)


def test_a_group_is_of_one_model_whatever_it_was_called(runs: Path) -> None:
    path = runs / "small,seed=1" / "checkpoints" / "last.pt"
    state = checkpoint.load(path)
    state["config"]["model"]["preset"] = "other"
    checkpoint.save(path, state)
    record(runs)
    assert [row["group"] for row in rows().values()] == ["small", "small", "wide,lr=0.01"]
    assert "`model.preset`" not in page()


def test_a_group_is_of_one_dataset(runs: Path, packed: Path) -> None:
    path = runs / "small,seed=1" / "checkpoints" / "last.pt"
    state = checkpoint.load(path)
    checkpoint.save(path, state | {"data": state["data"] | {"num_points": 1}})
    record(runs)
    assert [row["group"] for row in rows().values()] == ["small,seed=0", "small,seed=1", "wide,lr=0.01"]
    assert len({row["data_id"] for row in rows().values()}) == 2
    assert "| | data | parameters | " in page()


def test_a_run_from_before_data_had_digests_stays_in_its_group(runs: Path) -> None:
    record(runs)
    before = rows()
    path = runs / "small,seed=1" / "checkpoints" / "last.pt"
    state = checkpoint.load(path)
    checkpoint.save(path, state | {"data": {key: value for key, value in state["data"].items() if key != "content"}})
    record(runs)
    assert rows() == before
    other = state["data"]["content"] | {"points": "0" * 16}
    checkpoint.save(path, state | {"data": state["data"] | {"content": other}})
    record(runs)
    assert len({row["group"] for row in rows().values()}) == len({row["data_id"] for row in rows().values()}) + 1 == 3


def test_a_dirty_checkout_is_shown_as_one(runs: Path) -> None:
    for folder, commit in zip(sorted(runs.iterdir()), ("abc", "abc+", None), strict=True):
        edit(folder / "result.json", git_commit=commit)
    record(runs)
    assert "| `abc+` |" in page()
    assert "`+`: files differed from the commit" in page()
    assert "–: the commit is not known." in page()


@pytest.mark.parametrize(
    ("words", "out", "expected"),
    [
        (["runs/nothing"], "experiments/x", "'runs/nothing' is neither a run folder nor a setting; settings are out"),
        (["ou=x", "runs"], None, "'ou=x' is neither a run folder nor a setting; did you mean 'out='?"),
        (["runs"], None, "out= is needed: where the record goes, such as out=experiments/NAME"),
        ([], "experiments/x", "which runs? python -m inkseq.collect runs/NAME ... out=experiments/x"),
        ([], None, "there is no folder experiments here; name run folders and out=experiments/NAME"),
        (["empty"], "experiments/x", "empty is no run folder, and there is none below it"),
    ],
)
def test_mistakes_are_said_in_a_line(runs: Path, words: list[str], out: str | None, expected: str) -> None:
    Path("empty").mkdir()
    with pytest.raises(UserError) as caught:
        collect(CollectConfig(out=out), words)
    assert str(caught.value) == expected


@pytest.mark.slow
def test_the_command_takes_folders_with_equals_and_commas(runs: Path) -> None:
    words = ["-m", "inkseq.collect", "runs/small,seed=0", "runs/wide,lr=0.01", f"out={OUT}"]
    ended = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == [
        "experiments/cells/results.csv: 2 runs, grouped as small, wide,lr=0.01",
        "written: experiments/cells/README.md",
    ]
    process = Command(Path.cwd(), "inkseq.collect", "nothing")
    assert process.communicate()[1].count("\n") == 1
    assert process.returncode == 1
