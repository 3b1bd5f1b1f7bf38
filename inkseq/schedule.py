"""Draw the learning rate over the steps of a run before it is started."""

from pathlib import Path

from inkseq.cli import main, settings
from inkseq.config import ScheduleConfig
from inkseq.files import check_new
from inkseq.train.prepare import prepare, training_config
from inkseq.train.schedule_picture import draw_schedule, plan_run, schedule_table


def run(config: ScheduleConfig, words: list[str]) -> None:
    """Draw a schedule: python -m inkseq.schedule data=data/packed/NAME duration="20 epochs" optim.schedule=cosine."""
    check_new(config.out, config.overwrite)
    training, data, folder = prepare(training_config(words, also=settings(ScheduleConfig)))
    plan = plan_run(training, data)
    path = Path(config.out) if config.out else folder.with_name(f"{folder.name}-schedule.png")
    draw_schedule(plan, training, data, path)
    print(f"{schedule_table(plan, training, data)}\npicture: {path}")


if __name__ == "__main__":
    main(run, ScheduleConfig, others="every setting of inkseq.train")
