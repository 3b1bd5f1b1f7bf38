"""Studies: where they are kept, that nothing in them is lost or counted twice, and who is alive."""

import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from optuna.distributions import BaseDistribution, FloatDistribution

from inkseq.config import SweepConfig, TrainConfig
from inkseq.errors import UserError
from inkseq.sweep.heartbeat import SILENCE, Heartbeat
from inkseq.sweep.journal import open_journal
from inkseq.sweep.study import accounts, asked_settings, open_study, without_password
from inkseq.sweep.study_pictures import importance


def test_a_half_line_costs_the_journal_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "study.journal"
    study = optuna.create_study(storage=open_journal(path), study_name="a")
    study.tell(study.ask(), 1.0)
    with path.open("a") as file:
        file.write('{"op_code":4,"wor')  # a disk that was full, a kill amid a line
    again = optuna.load_study(storage=open_journal(path), study_name="a")
    again.tell(again.ask(), 2.0)
    assert [trial.value for trial in optuna.load_study(storage=open_journal(path), study_name="a").trials] == [1.0, 2.0]


def test_a_damaged_line_costs_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every line in turn is cut, or overwritten: trials keep their numbers, and what other lines say of them."""
    path = tmp_path / "study.journal"
    study = optuna.create_study(storage=open_journal(path), study_name="a")
    for number in range(3):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        trial.report(0.5, 1)
        trial.set_user_attr("number", number)
        study.tell(trial, float(number))
    lines = path.read_bytes().splitlines(keepends=True)
    for damaged in range(1, len(lines)):
        for content in (lines[damaged][:-20] + b"\n", b"\0" * 20 + lines[damaged][20:], b"[]\n"):
            if content == b"[]\n" and b'"op_code":4' in lines[damaged]:
                continue  # nothing is left that would tell
            path.write_bytes(b"".join([*lines[:damaged], content, *lines[damaged + 1 :]]))
            again = optuna.load_study(storage=open_journal(path), study_name="a")
            assert f"line {damaged + 1} is damaged and was left out" in capsys.readouterr().err
            assert len(again.trials) == 3
            assert sum(trial.value == trial.number for trial in again.trials) >= 2
            again.tell(again.ask(), 9.0)
            assert optuna.load_study(storage=open_journal(path), study_name="a").trials[3].value == 9
            capsys.readouterr()
    path.write_bytes(b"".join([b"{\n", *lines[1:]]))
    with pytest.raises(UserError, match=r"study.journal is damaged in its first line"):
        open_journal(path)
    path.write_bytes(b"".join([*lines[:2], b'{"op_code":5,"worker_id":""}\n', *lines[2:]]))
    with pytest.raises(UserError, match=r"study.journal is damaged in line 3"):
        open_journal(path)


def test_a_killed_process_does_not_keep_the_journal_locked(tmp_path: Path) -> None:
    path = tmp_path / "study.journal"
    study = optuna.create_study(storage=open_journal(path), study_name="a")
    killed = f"""
import os, signal, pathlib
from inkseq.sweep.journal import Journal
Journal(pathlib.Path({str(path)!r})).lock.acquire()
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", killed], check=False).returncode == -9
    study.tell(study.ask(), 1.0)  # would wait for ever


def test_a_study_does_not_go_on_with_other_questions(tmp_path: Path) -> None:
    config = SweepConfig(preset="test", runs=str(tmp_path))
    asked = {"space": {"optim.lr": "1 to 2"}, "settings": asked_settings(TrainConfig())}
    open_study(config, tmp_path / "a", asked)
    open_study(config, tmp_path / "a", asked)
    with pytest.raises(
        UserError, match=r"asks otherwise: space\.optim\.lr was 1 to 2, is 1 to 3\. Give this one another"
    ):
        open_study(config, tmp_path / "a", asked | {"space": {"optim.lr": "1 to 3"}})


def test_a_study_asks_about_the_same_drawings_where_it_knows_them(tmp_path: Path) -> None:
    config = SweepConfig(preset="test", runs=str(tmp_path))
    settings = asked_settings(TrainConfig())
    open_study(config, tmp_path / "old", {"settings": settings, "data": {"num_points": 7}})
    open_study(config, tmp_path / "old", {"settings": settings, "data": {"num_points": 7, "content": {"pen": "a"}}})
    open_study(config, tmp_path / "new", {"settings": settings, "data": {"content": {"pen": "a"}}})
    with pytest.raises(UserError, match=r"asks otherwise: data\.content\.pen was a, is b\."):
        open_study(config, tmp_path / "new", {"settings": settings, "data": {"content": {"pen": "b"}}})


def test_a_study_from_before_there_was_a_setting_had_its_default(tmp_path: Path) -> None:
    config = SweepConfig(preset="test", runs=str(tmp_path))
    before = asked_settings(TrainConfig())
    del before["label_smoothing"], before["optim"]["clip"]
    open_study(config, tmp_path / "a", {"settings": before})
    open_study(config, tmp_path / "a", {"settings": asked_settings(TrainConfig())})
    with pytest.raises(UserError, match=r"asks otherwise: settings\.label_smoothing was 0\.1, is 0\.2\."):
        open_study(config, tmp_path / "a", {"settings": asked_settings(TrainConfig(label_smoothing=0.2))})


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("postgresql://me:secret@nowhere/x", "storage=postgresql://me:***@nowhere/x cannot be reached: "),
        ("sqlite:////nowhere/x.db", "storage=sqlite:////nowhere/x.db cannot be reached: "),
        ("what", "storage=what cannot be reached: "),
    ],
)
def test_storage_that_cannot_be_reached_is_said_in_a_line(tmp_path: Path, address: str, expected: str) -> None:
    with pytest.raises(UserError) as caught:
        open_study(SweepConfig(preset="test", runs=str(tmp_path), storage=address), tmp_path / "a", {})
    assert str(caught.value).startswith(expected)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_address_without_a_password_stays_as_it_is() -> None:
    assert without_password("sqlite:///a@b.db") == "sqlite:///a@b.db"
    assert without_password("mysql://me@host/x") == "mysql://me@host/x"


def test_a_library_does_not_warn_of_a_picture_that_says_so_itself() -> None:
    study = optuna.create_study()
    for number in range(4):
        space: dict[str, BaseDistribution] = {"lr": FloatDistribution(0, 4), "warmup": FloatDistribution(0, 4)}
        asked = space if number == 0 else {"lr": space["lr"]}  # the other where it means something
        params = dict.fromkeys(asked, float(number))
        study.add_trial(optuna.trial.create_trial(params=params, distributions=asked, value=number))
    figure = importance(study, ["loss"], 4)
    assert figure is not None
    assert figure.axes[0].get_title(loc="left").endswith(": a hint")


def test_every_trial_is_counted_once() -> None:
    study = optuna.create_study(direction="maximize")
    first = study.ask()  # 0, killed; its retry, 3, is complete
    study.tell(study.ask(), 2.0)  # 1
    study.tell(study.ask(), state=optuna.trial.TrialState.FAIL)  # 2
    study.tell(first, state=optuna.trial.TrialState.FAIL)
    study.enqueue_trial({}, user_attrs={"retry_of": 0})
    assert [(one.number, one.state) for one in accounts(study.trials)] == [
        (0, "running"),
        (1, "complete"),
        (2, "failed"),
    ]
    study.tell(study.ask(), 3.0)  # 3
    extra = study.ask()
    extra.set_user_attr("surplus", True)
    counted = accounts(study.trials)
    assert [(one.number, one.state, len(one.attempts)) for one in counted] == [
        (0, "complete", 2),
        (1, "complete", 1),
        (2, "failed", 1),
    ]
    assert counted[0].last.value == 3.0


def test_a_worker_is_dead_when_its_process_is_gone_or_it_has_been_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    study = optuna.create_study()
    ours = Heartbeat(study)
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    trial = study.ask()

    def dead(worker: str, beat: int) -> bool:
        trial.set_user_attr("worker", worker)
        return ours.is_dead(study.trials[0], {f"pulse {worker}": beat})

    machine, process, born = ours.me.split(" ")
    assert not dead(ours.me, 1)
    assert dead(f"{machine} {process} {int(born) - 1}", 1)  # its number was given to another process since
    assert dead(f"{machine} 4194305 {born}", 1)  # no process has such a number
    elsewhere = "another-machine 17 12345"
    assert not dead(elsewhere, 1)
    now[0] += SILENCE - 1
    assert not dead(elsewhere, 1)
    assert not dead(elsewhere, 2)  # a sign of life
    now[0] += SILENCE - 1
    assert not dead(elsewhere, 2)
    now[0] += 2
    assert dead(elsewhere, 2)


def test_a_worker_killed_before_it_said_its_name_is_dead_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    study = optuna.create_study()
    study.ask()
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    ours = Heartbeat(study)
    assert not ours.is_dead(study.trials[0], {})
    now[0] += SILENCE + 1
    assert ours.is_dead(study.trials[0], {})
