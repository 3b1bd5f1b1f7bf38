"""The schedule as inkseq.schedule shows it is the one that a run follows."""

from pathlib import Path

import pytest
from matplotlib.image import imread

from inkseq.config import OptimConfig, Schedule, ScheduleConfig, TrainConfig
from inkseq.data.packed import open_strokes
from inkseq.errors import UserError
from inkseq.schedule import run as schedule
from inkseq.train.schedule_picture import evaluations, follow_schedule, plan_run
from tests.train.tiny import rows, run, tiny


def words(data: Path, *others: str) -> list[str]:
    return [f"data={data}", "batch_size=32", "device=cpu", "precision=float32", "model=bilstm", *others]


@pytest.mark.parametrize("name", Schedule)
def test_it_is_what_a_run_follows(doodles: Path, tmp_path: Path, name: Schedule) -> None:
    config = tiny(doodles, tmp_path, optim=OptimConfig(lr=0.02, schedule=name, warmup="30%"), log="1 step")
    run(config)
    data = open_strokes(doodles)
    plan = plan_run(config, data)
    course = follow_schedule(plan, config)
    followed = {step - 1: rate for step, rate in rows(tmp_path / "run", "train/learning_rate").items()}
    assert dict(zip(course.step_N.tolist(), course.rate_N.tolist(), strict=True)) == followed
    assert course.highest == (6 if name is Schedule.one_cycle else 5, 0.02)
    assert evaluations(plan, data).tolist() == list(rows(tmp_path / "run", "val/loss"))


def test_a_long_run_keeps_its_highest_rate(doodles: Path) -> None:
    config = TrainConfig(data=str(doodles), duration="1e8 drawings", optim=OptimConfig(lr=1, warmup="123457 steps"))
    course = follow_schedule(plan_run(config, open_strokes(doodles)), config)
    assert course.highest == (123_457, 1.0)
    assert len(course.step_N) < 3000


def test_the_table_and_the_picture(
    doodles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    schedule(ScheduleConfig(), words(doodles, "duration=20 epochs", "evaluate=25 steps", "optim.lr=0.01", "name=a"))
    header, _, row, said = capsys.readouterr().out.splitlines()
    assert header.split("  ")[0] == "steps"
    assert row.split() == ["120", "20", "12", "0.01", "12", "2.12e-06", "5"]
    assert said == "picture: runs/a-schedule.png"
    assert imread("runs/a-schedule.png").shape[:2] == (495, 990)
    assert [path.name for path in tmp_path.rglob("*")] == ["runs", "a-schedule.png"]
    schedule(ScheduleConfig(out="x/y.png"), words(doodles, "duration=1 step"))
    assert Path("x/y.png").exists()


def test_only_minutes_are_timed(doodles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inkseq.train.schedule_picture.time_a_step", lambda *_: 0.5)
    config = tiny(doodles, tmp_path, duration="2 minutes", evaluate="30 steps")
    assert plan_run(config, open_strokes(doodles)).total == 240
    monkeypatch.setattr("inkseq.train.schedule_picture.set_up", None)
    assert plan_run(tiny(doodles, tmp_path), open_strokes(doodles)).step_seconds is None


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("duration=soon", "'soon' is no"),
        ("batch_size=1000", "batch_size=1000, but"),
        ("batch_size=0", "batch_size=0: expected"),
        ("ot=a.png", "'ot'; .*'out'"),
        ("data=nowhere", "nowhere does not exist"),
    ],
)
def test_mistakes_are_said_in_a_line(doodles: Path, word: str, expected: str) -> None:
    with pytest.raises(UserError, match=expected):
        schedule(ScheduleConfig(), words(doodles, word))
