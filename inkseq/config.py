"""Every setting, as plain dataclasses. A command takes exactly the fields of its class as `key=value`."""

from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

from inkseq.families import MISSING, HybridConfig, ModelConfig

BOX = "box"  # the run that comes with inkseq, wherever one is named

Simplify = Enum("Simplify", ["auto", "always", "never"])
SplitUnit = Enum("SplitUnit", ["fraction", "count"])
SplitOrder = Enum("SplitOrder", ["hash", "file"])
SplitBy = Enum("SplitBy", ["drawing", "writer"])
Optimizer = Enum("Optimizer", ["adam", "adamw"])
Schedule = Enum("Schedule", ["constant", "cosine", "one_cycle"])
Precision = Enum("Precision", ["auto", "float32", "bfloat16", "float16"])
Keep = Enum("Keep", ["best", "all"])
Sampling = Enum("Sampling", ["auto", "natural", "balanced", "square_root", "capped"])
Loss = Enum("Loss", ["cross_entropy", "class_balanced", "focal", "logit_adjusted"])
AnswerFormat = Enum("AnswerFormat", ["table", "jsonl", "csv", "kaggle"])
Quantize = Enum("Quantize", ["none", "int8", "bfloat16"])
TrialSampler = Enum("TrialSampler", ["tpe", "random", "nsgaii"])
Pruner = Enum("Pruner", ["auto", "none", "percentile", "median", "hyperband"])


@dataclass
class DoodlesConfig:
    out: str = MISSING  # folder for one WORD.ndjson a class
    per_class: int = 1000
    classes: list[str] = field(default_factory=list)  # empty: all of them
    seed: int = 0


@dataclass
class DownloadConfig:
    classes: list[str] = MISSING  # e.g. [cat,dog]; [all] for the 345
    out: str = "data/raw/quickdraw"
    base_url: str = "https://storage.googleapis.com/quickdraw_dataset/full/simplified"
    workers: int = 4  # files at a time
    retries: int = 5  # attempts without progress before a file is given up
    retry_wait: float = 1.0  # seconds before the first retry, doubled each time


@dataclass
class SplitConfig:
    """How drawings without a split of their own (train/ val/ test/ folders, npz) are divided, class by class."""

    unit: SplitUnit = SplitUnit.fraction  # fraction of a class, or count of its drawings
    order: SplitOrder = SplitOrder.hash  # by hash of (seed, key_id), or in the order of the files
    train: float = 0.8
    val: float = 0.1
    test: float = 0.1
    by: SplitBy = SplitBy.drawing  # or writers, as a whole: the shares or counts are of those
    own: bool = True  # a source's own split is kept; false: its drawings are divided like all others


@dataclass
class ConvertConfig:
    raw: list[str] = MISSING  # files, folders or zips of ndjson, csv, npz, json, svg, inkml; or of images
    out: str = MISSING  # the packed folder to make
    split: SplitConfig = field(default_factory=SplitConfig)  # presets: fractions, counts, tutorial, sketchrnn
    simplify: Simplify = Simplify.auto  # make strokes canonical: where they are not yet, always, never
    size: int = 64  # pixels a side of images
    writer: str | None = None  # a regular expression; its first group in a file's path is who drew it: _(\\d+)\\.png
    classes: list[str] = field(default_factory=list)  # empty: all that are found
    recognized_only: bool = False  # leave out what the game did not recognise
    min_points: int = 1
    max_points: int | None = None
    val_from_train: float = 0.0  # share of a train/ folder to use as val where the input brings none
    max_rejected: float = 0.01  # more unreadable lines than this share: exit code 1
    overwrite: bool = False
    seed: int = 0
    workers: int | None = None  # processes; all cores unless told


@dataclass
class InspectConfig:
    data: str = MISSING  # a packed folder
    out: str | None = None  # where the pictures go; DATA/inspect unless told
    split: str | None = None  # train, val, test; all unless told
    page: int = 48  # drawings on a page


@dataclass
class OptimConfig:
    name: Optimizer = Optimizer.adamw
    lr: float = 3e-3  # the highest the schedule reaches
    schedule: Schedule = Schedule.one_cycle
    warmup: str = "10%"  # to `lr`, linearly (one_cycle: along a cosine)
    weight_decay: float = 0.2  # of matrices; biases and norms are left alone
    beta1: float = 0.9
    beta2: float = 0.99
    clip: float = 1.0  # the gradient's norm at most; 0: as it comes


@dataclass
class AugmentConfig:
    """How much of each; 0 is none of it. A spread is a standard deviation. Of images only some of it can be done."""

    rotate: float = 0.0  # spread, in degrees
    shear: float = 0.0  # spread of how far x moves as y moves by 1
    stretch: float = 0.0  # spread of the logarithm of width / height, on top of the drawing's own
    mirror: float = 0.0  # probability that left and right are swapped
    warp: float = 0.0  # spread of the paper's own bends, in units of the larger side
    stroke_shift: float = 0.0  # spread of each stroke's place, in units of the larger side
    stroke_turn: float = 0.0  # spread of each stroke's angle, in degrees
    stroke_size: float = 0.0  # spread of the logarithm of each stroke's size
    jitter: float = 0.0  # spread of each point, in units of the larger side
    swap: float = 0.0  # probability that a drawing's strokes come in any order
    reverse: float = 0.0  # probability of a stroke to be drawn from its end
    join: float = 0.0  # probability that the pen is not lifted behind a stroke, but drawn on to the next
    lift: float = 0.0  # probability that it is lifted behind a point whose line is short, which is then missing
    drop_points: float = 0.0  # probability of a point to be left out, unless it begins or ends a stroke
    drop_strokes: float = 0.0  # probability of a stroke to be left out that has a quarter of the ink at most
    prefix: float = 0.0  # probability of a drawing to be broken off, behind any of its points
    shift: float = 0.0  # images: spread of the place, in sides
    thickness: float = 0.0  # images: spread of how far ink goes beyond its edges, in pixels; 1 at most
    bleed: float = 0.0  # images: probability that another one shows through from the back
    erase: float = 0.0  # images: probability that a rectangle is wiped


@dataclass
class TrainConfig:
    """Durations are `20 epochs`, `1000 steps`, `1e6 drawings`, `7 minutes` or, of the whole, `10%`."""

    data: str = ""  # a packed folder; is needed, or raw
    raw: list[str] = field(default_factory=list)  # drawings, to be packed first: a fifth to test on, the rest to train
    name: str | None = None  # of the run; MODEL-DATA unless told
    runs: str = "runs"  # the run folder is RUNS/NAME
    model: ModelConfig = field(default_factory=HybridConfig)  # model=NAME chooses one of conf/model
    optim: OptimConfig = field(default_factory=OptimConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    sampling: Sampling = Sampling.auto  # every drawing once; classes alike, auto where some are rare; by root; by `cap`
    cap: int | None = None  # capped: drawings of a class in an epoch, at most
    unrecognized: float = 1.0  # weight in the loss of what the game did not recognise; 0 leaves it out
    batch_size: int | None = None  # drawings a step, over all devices; null: by data on a GPU, else 64
    micro_batch: int | None = None  # gradient accumulation: so many at a time, where memory is short
    duration: str = "10 minutes"
    max_minutes: float | None = None  # stop then, wherever the schedule is
    evaluate: str = "5%"  # how often, on the whole of val
    best_by: str = "auto"  # which metric of val picks the weights; auto: top1, or the last once the rate has come down
    keep: Keep = Keep.best  # all: also the weights of each evaluation, checkpoints/step-000123.pt
    patience: int | None = None  # early stopping, after so many evaluations without a better one
    log: str = "20 steps"
    loss: Loss = Loss.cross_entropy  # class_balanced: rare classes count more; focal: what it gets wrong does
    """logit_adjusted: how often a class is drawn is learnt beside, so that all are thought equally frequent."""
    label_smoothing: float = 0.1
    ema: float = 0.0  # decay of the weights' exponential moving average, which is evaluated; 0: the weights themselves
    precision: Precision = Precision.auto
    device: str = "auto"  # cpu, cuda, cuda:1, mps ...
    threads: int | None = None  # of a CPU; unless told one or all, whichever is faster as it begins
    seed: int = 0
    init_from: str | None = None  # a run, or box, whose weights to start from, with a new head where classes differ
    freeze: bool = False  # train only the head
    distil_from: str | None = None  # a run, or several with commas between them, to learn from too (distillation)


def plain(config: Any) -> dict[str, Any]:
    """A config as nothing but dicts, lists, numbers and text, as files hold it."""
    return asdict(config, dict_factory=lambda items: {k: v.name if isinstance(v, Enum) else v for k, v in items})


@dataclass
class FindLrConfig:
    low: float = 1e-6  # the rate of the first step
    high: float = 1.0  # of the last, unless the loss explodes before
    steps: int = 300
    out: str | None = None  # PNG; RUNS/NAME-find_lr.png unless told, beside the run it is for
    overwrite: bool = False  # of a file that out= names


@dataclass
class ScheduleConfig:
    out: str | None = None  # PNG; RUNS/NAME-schedule.png unless told, beside the run it is for
    overwrite: bool = False  # of a file that out= names


@dataclass
class EvaluateConfig:
    run: str = BOX  # a run folder, or box, the recogniser that comes with inkseq
    data: str | None = None  # a packed folder; the run's own unless told
    split: str = "test"
    checkpoint: str | None = None  # best, last or step-000123; best unless told, last without a val split
    out: str | None = None  # JSON; RUN/evaluation-SPLIT.json unless told
    overwrite: bool = False  # of a file that out= names
    device: str = "auto"


@dataclass
class ReportConfig:
    run: str = BOX  # a run folder, or box, the recogniser that comes with inkseq
    split: str = "test"
    data: str | None = None  # a packed folder; the run's own unless told
    against: str | None = None  # a second run folder, to show what each gets right that the other does not
    checkpoint: str | None = None  # best, last or step-000123; best unless told, last without a val split
    out: str | None = None  # folder for index.html; RUN/report unless told
    device: str = "auto"


@dataclass
class ServeConfig:
    run: str = BOX  # a run folder, or box, the recogniser that comes with inkseq
    host: str = "127.0.0.1"  # this machine alone; 0.0.0.0 lets the network in
    port: int = 8000  # 0: any that is free
    threshold: float = 0.5  # how sure it has to be to say that it knows
    own: str = "data/raw/own/own.ndjson"  # where drawings go that are taught on the page
    rate: float = 500.0  # requests a second that one client may make
    device: str = "cpu"
    browser: bool = False  # open the page in this machine's browser
    static: str | None = None  # a folder to write the page to, recogniser and all, for any web server; serves nothing


@dataclass
class PredictConfig:
    input: str = MISSING  # a file, a folder, a zip, or - for standard input
    run: str = BOX  # a run folder, or box, the recogniser that comes with inkseq
    format: AnswerFormat = AnswerFormat.table  # for people; for programs; for a submission
    top: int = 5  # guesses of each drawing
    threshold: float = 0.0  # a first guess less likely than this is answered "not sure"
    balanced: bool = False  # make each word as frequent as any other, as it nearly is in Kaggle's test set
    out: str | None = None  # a file; standard output unless told
    overwrite: bool = False  # of a file that out= names
    checkpoint: str | None = None  # best, last or step-000123; best unless told, last without a val split
    device: str = "auto"


@dataclass
class ExportConfig:
    out: str = MISSING  # NAME.onnx, or NAME.pt2 for torch.export; a model card, NAME.md, comes beside it
    run: str = BOX  # a run folder, or box, the recogniser that comes with inkseq
    overwrite: bool = False  # of a file that out= names
    quantize: Quantize = Quantize.none  # weights in an ONNX file: bfloat16 halves it, int8 quarters it
    data: str | None = None  # a packed folder to compare on; the run's own unless told, doodles where that is gone


@dataclass
class PretrainedConfig:
    run: str = MISSING  # a run folder
    out: str | None = None  # the folder to write; where inkseq looks for what comes with it unless told


@dataclass
class SweepConfig:
    """What is searched is in conf/sweep/NAME.yaml, see docs/sweeps.md; sweep=NAME chooses one."""

    preset: str = MISSING  # what the study is called after
    space: dict[str, Any] = field(default_factory=dict)  # setting -> float, int or choice, and when
    train: dict[str, Any] = field(default_factory=dict)  # settings all trials share
    name: str | None = None  # of the study; sweep-PRESET-DATA unless told
    runs: str = "runs"  # the study is in RUNS/NAME, its trials are run folders in there
    trials: int = 50  # of the study, those of other workers and earlier days included
    workers: int = 1  # trials at a time
    threads: int | None = None  # CPU threads of each; the cores divided by the workers unless told
    devices: list[str] = field(default_factory=list)  # of the workers, by turns: cuda:0,cuda:1; device= unless told
    goal: list[str] = field(default_factory=lambda: ["top1"])  # of val; also drawings_per_second, num_parameters
    sampler: TrialSampler = TrialSampler.tpe
    pruner: Pruner = Pruner.auto  # percentile where there is one goal
    keep: float = 0.33  # percentile: a trial goes on while it is as good as this share of the complete ones were then
    startup: int = 4  # trials that have to be complete before one is pruned
    grace: int = 1  # evaluations that no trial is pruned at
    retries: int = 3  # of a trial whose process was killed
    storage: str | None = None  # a database: sqlite:///FILE, postgresql://...; a file in the study unless told
    seed: int = 0  # of the sampler, and of every run
    out: str | None = None  # the best as an experiment; conf/experiment/NAME.yaml unless told


@dataclass
class EnsembleConfig:
    runs: list[str] = MISSING  # run folders, of any models that know the same words
    out: str | None = None  # the run folder to make; the first one's folder and all names, joined by +, unless told
    overwrite: bool = False  # of an ensemble
    data: str | None = None  # a packed folder; the first run's own unless told
    split: str = "test"  # to say on it what is gained; weights are of val
    stack: bool = False  # say too what a second model gains that learns on val whom to believe (scikit-learn)
    views: int = 1  # and what it gains to ask of so many views of each drawing (test-time augmentation)
    device: str = "auto"


@dataclass
class CollectConfig:
    out: str | None = None  # experiments/NAME, to make of the run folders; without both the tables are written again


@dataclass
class CompareConfig:
    split: str = "test"
    data: str | None = None  # a packed folder; the first run's own unless told
    device: str = "auto"
    out: str | None = None  # a folder for the picture; the one that holds the runs unless told


@dataclass
class BenchConfig:
    only: list[str] = field(default_factory=list)  # rows to run; empty: all
    data: str = "../shared/data"  # real drawings; doodles stand in where there are none
    device: str = "cpu"  # cuda: the rows of a GPU, and a picture beside `out`
    out: str = "bench.json"
