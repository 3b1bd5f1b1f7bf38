"""Every command that a page, a YAML file or a docstring tells somebody to type is one; so is every link and snippet."""

import ast
import inspect
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pytest

from inkseq.cli import compose_config, conf_dir, divide
from inkseq.config import TrainConfig
from inkseq.errors import UserError
from inkseq.train.multirun import FLAGS, values_of

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "experiments").rglob("*.md"))]
SETTINGS = sorted((ROOT / "conf").rglob("*.yaml"))
SOURCES = sorted((ROOT / "inkseq").rglob("*.py"))

BEGINS = r"(?:python -m inkseq\.\w|inkseq [a-z]|make [A-Za-z_]|torchrun |tensorboard |pip install )"
TYPED = re.compile(rf"^(?:.*[|&;] *)?{BEGINS}")
SPAN = re.compile(r"`([^`]+)`")
PROSE = re.compile(
    r"""(?<!`)python -m inkseq\.\w+(?: (?:-m|--help|[\w.]+=(?:"[^"]*"|'[^']*'|[^\s"'`(]+))(?=[\s"'`,.;:)]|$))*"""
)
PLACEHOLDER = re.compile(r"[A-Z_]+|\.\.\.")
WITH_TRAINING = {"sweep", "find_lr", "schedule"}  # whose other words are settings of inkseq.train
WITH_FOLDERS = {"collect", "compare"}  # whose other words are run folders
APART = ("name=", "seed=", "runs=")  # in which commands of a record differ; one of them is composed


class Said(NamedTuple):
    where: str
    command: str


def said_in(path: Path, text: str) -> Iterator[Said]:
    """Everything to type: lines of code, what stands between backticks, and in Python also what a sentence says."""
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    code = re.compile(r" {4,}(?:\$ )?|\$ ") if path.suffix == ".md" else re.compile(r"# {2,}")
    joined = re.sub(r"\\\n#?", lambda gap: " " * len(gap[0]), text)
    for match in re.finditer(r"[^\n]+", joined):
        where = f"{name}:{text.count(chr(10), 0, match.start()) + 1}"
        begin = code.match(match[0])
        typed = match[0][begin.end() :] if begin else ""
        if path.suffix != ".py" and TYPED.match(typed):
            yield Said(where, typed)
            continue
        for one in SPAN.finditer(match[0]):
            if TYPED.match(one[1]):
                yield Said(where, one[1])
        if path.suffix == ".py":
            yield from (Said(where, one[0].rstrip(".,;:)")) for one in PROSE.finditer(match[0]))


def wrong_with(line: str) -> str:
    """What is wrong with a line of a shell; nothing where all commands in it are as they should be."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;")
    lexer.whitespace_split = True
    try:
        parts = [list(words) for is_end, words in groupby(lexer, lambda word: set(word) <= set("|&;")) if not is_end]
        for words in parts:
            _check(words)
    except (UserError, ValueError) as error:
        return str(error)
    return ""


def _check(words: list[str]) -> None:
    match words:
        case ["python", "-m", module, *rest] if module.startswith("inkseq."):
            _check_command(module.removeprefix("inkseq."), rest)
        case ["inkseq", room, *rest]:
            _check_command(room, rest)
        case ["torchrun", *rest]:
            _check(["python", *rest[rest.index("-m") :]])
        case ["make", *rest]:
            _check_make(rest)
        case ["tensorboard", *rest] if rest[:1] != ["--logdir"] or len(rest) != 2:
            raise UserError("tensorboard takes --logdir FOLDER")
        case ["pip", "install", *rest]:
            _check_extras(rest[-1])


def _check_command(room: str, words: list[str]) -> None:
    if PLACEHOLDER.fullmatch(room):
        return
    if not find_spec(f"inkseq.{room}"):
        raise UserError(f"there is no command inkseq.{room}")
    apart = () if room == "ensemble" else APART  # whose runs= are what it is about
    words = [word for word in words if word and not PLACEHOLDER.fullmatch(word) and not word.startswith(apart)]
    if words and "--help" not in words:
        _compose(room, tuple(words))


@cache
def _compose(room: str, given: tuple[str, ...]) -> None:
    """Compose what a command makes of its words; each divides them in its own way."""
    package = (ROOT / "inkseq" / room).is_dir()
    run = import_module(f"inkseq.{room}.__main__" if package else f"inkseq.{room}").run
    schema = inspect.signature(run).parameters["config"].annotation
    words = [word for word in given if not _is_open(word)]
    if FLAGS & set(words):
        _compose_sweep(words)
        return
    own, others = divide(words, schema) if room in WITH_TRAINING | WITH_FOLDERS else (words, [])
    compose_config(schema, own)
    if room in WITH_TRAINING:
        compose_config(TrainConfig, others)
    if settings := [word for word in others if room in WITH_FOLDERS and "=" in word]:
        raise UserError(f"inkseq.{room} has no setting {settings[0]}")


def _is_open(word: str) -> bool:
    """`experiment=NAME`: a choice that is left to who types it."""
    key, _, value = word.partition("=")
    return bool((conf_dir() / key).is_dir() and (PLACEHOLDER.fullmatch(value) or "{" in value))


def _compose_sweep(words: list[str]) -> None:
    """Every value that -m tries, by itself."""
    for word in words:
        key, _, value = word.partition("=")
        if key == "hydra/launcher" and not (conf_dir() / key / f"{value}.yaml").exists():
            raise UserError(f"{word}: there is no such launcher")
    ours = [word for word in words if not word.startswith("hydra") and word not in FLAGS]
    values = {word.partition("=")[0]: values_of(word) for word in ours}
    first = {key: some[0] for key, some in values.items()}
    for key, some in values.items():
        for value in some:
            compose_config(TrainConfig, [f"{one}={text}" for one, text in (first | {key: value}).items()])


@cache
def _makefile() -> tuple[str, dict[str, str]]:
    """Its text, and of every target the command that its ARGS go to."""
    text = (ROOT / "Makefile").read_text("utf-8")
    takers = dict(re.findall(r"^([a-z_]+):.*\n\t.*inkseq\.(\w+) \$\((?:or \$\()?ARGS\b", text, re.MULTILINE))
    return text, {name: takers.get(name, "") for name in re.findall(r"^([a-z_]+):", text, re.MULTILINE)}


def _check_make(words: list[str]) -> None:
    text, targets = _makefile()
    called = [word for word in words if "=" not in word and not PLACEHOLDER.fullmatch(word)]
    if unknown := [word for word in called if word not in targets]:
        raise UserError(f"there is no make target {unknown[0]}")
    for name, _, value in (word.partition("=") for word in words if "=" in word):
        if not re.search(rf"\$[({{]+{name}\b|\${name}\b", text):
            raise UserError(f"the Makefile has no variable {name}")
        if name == "ARGS" and value != "...":
            if not targets[called[0]]:
                raise UserError(f"make {called[0]} takes no ARGS")
            _check_command(targets[called[0]], shlex.split(value))


def _check_extras(what: str) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    found = re.fullmatch(r"(?:inkseq|\.)\[([^]{}]+)\].*", what)
    if found and (unknown := set(found[1].split(",")) - set(extras)):
        raise UserError(f"there is no extra {', '.join(sorted(unknown))}")


def problems(path: Path, text: str) -> list[str]:
    return [f"{one.where}: {one.command}: {wrong}" for one in said_in(path, text) if (wrong := wrong_with(one.command))]


@pytest.mark.slow  # imports every command
@pytest.mark.parametrize("paths", [PAGES, SETTINGS, SOURCES], ids=["pages", "settings", "sources"])
def test_every_command_can_be_typed(paths: list[Path]) -> None:
    wrong = [problem for path in paths for problem in problems(path, path.read_text("utf-8"))]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("python -m inkseq.trian data=x", "no command inkseq.trian"),
        ("inkseq trian data=x", "no command inkseq.trian"),
        ("python -m inkseq.train data=x model.hiden=8", "no setting 'model.hiden'"),
        ("python -m inkseq.train data=x model=bilstn", "model=bilstn"),
        ("python -m inkseq.train data=x batch_size=many", "batch_size"),
        ("python -m inkseq.train experiment=gone", "experiment=gone"),
        ('python -m inkseq.train data=x "duration=1 step', "No closing quotation"),
        ("python -m inkseq.train -m data=x model.cell=lstm,gro", "cell"),
        ("python -m inkseq.train -m data=x hydra/launcher=slrum", "no such launcher"),
        ("python -m inkseq.sweep sweep=bilstm data=x trails=50", "no setting 'trails'"),
        ("python -m inkseq.find_lr data=x hidden=3", "no setting 'hidden'"),
        ("python -m inkseq.compare runs/a runs/b splt=test", "no setting splt=test"),
        ("python -m inkseq.convert raw=x", "out= is needed"),
        ("torchrun --nproc-per-node=2 -m inkseq.train data=x bach_size=1", "no setting 'bach_size'"),
        ("make tran ARGS='data=x'", "no make target tran"),
        ("make train ARG='data=x'", "no variable ARG"),
        ("make train ARGS='data=x modle=bilstm'", "no setting 'modle'"),
        ("make test ARGS='x'", "takes no ARGS"),
        ("tensorboard --logdri runs", "--logdir"),
        ("pip install 'inkseq[exprot]'", "no extra exprot"),
        ("echo x | python -m inkseq.predict run=x", "input= is needed"),
    ],
)
def test_a_bad_command_is_found_with_its_line(command: str, expected: str) -> None:
    (problem,) = problems(ROOT / "page.md", f"Some words.\n\n    {command}\n")
    assert problem.startswith(f"page.md:3: {command}: ")
    assert expected in problem
    assert problems(ROOT / "page.md", f"Some words: `{command}`.\n")


def test_commands_go_on_over_lines_and_end_at_a_comment() -> None:
    head = "# Words\n#   python -m inkseq.train \\\n#       data=x bach_size=1  # more\n"
    assert "page.yaml:2" in problems(ROOT / "page.yaml", head)[0]
    assert not problems(ROOT / "page.md", "    python -m inkseq.train data=x   # it's well\n")
    assert problems(ROOT / "page.py", '"""Do it: python -m inkseq.train dta=x, or not."""')


SNIPPET = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if SNIPPET.search(page.read_text("utf-8"))], ids=lambda p: p.name
)
def test_snippets_are_python_and_import_what_is_there(page: Path) -> None:
    for snippet in SNIPPET.findall(page.read_text("utf-8")):
        for node in ast.walk(ast.parse(snippet)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("inkseq"):
                module = import_module(node.module or "")
                assert not [one.name for one in node.names if not hasattr(module, one.name)]
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "inkseq":
                assert hasattr(import_module("inkseq"), node.attr)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8"))
    assert not [link for link in links if "://" not in link and not (page.parent / link).exists()]


def test_the_first_page_is_short() -> None:
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert len(lines) <= 200
    assert max(map(len, lines)) <= 120
    assert len((ROOT / "docs" / "design.md").read_text("utf-8").splitlines()) <= 250
