"""The house's floors: an import goes down the list, never up, never round; what one room knows stays in it."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "inkseq"
FLOORS = [
    "config families errors tables memory",
    "cli devices files plots",
    "drawings",
    "models data doodles download",
    "inference convert",
    "evaluate predict record",
    "train report export ensemble pretrained",
    "sweep serve",
    "bench",
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms.split()}
MODULES = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}


def imports(module: str) -> set[str]:
    """The modules of inkseq that one names anywhere in it, inside its functions too."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are written in full"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    names = {name.removeprefix("inkseq.") for name in found if name.startswith("inkseq.")}
    return {name for name in names if name in MODULES}


def is_command(module: str) -> bool:
    """The front doors: `inkseq/NAME.py`, and what the package itself offers to programs."""
    return module == "__init__" or ("." not in module and module not in FLOOR)


@pytest.mark.parametrize("module", sorted(module for module in MODULES if not is_command(module)))
def test_imports_only_go_down(module: str) -> None:
    room = module.split(".")[0]
    for other in imports(module):
        assert not is_command(other), f"{module} imports the command {other}"
        floor = FLOOR[other.split(".")[0]]
        assert other.startswith(f"{room}.") or floor <= FLOOR[room], f"{module} imports {other}, which is above it"


def test_no_imports_in_circles() -> None:
    waiting = {module: imports(module) - {module} for module in MODULES}
    while ready := [module for module, others in waiting.items() if not others & waiting.keys()]:
        for module in ready:
            del waiting[module]
    assert not waiting, f"these import each other: {sorted(waiting)}"


def test_rooms_of_a_floor_do_not_import_each_other_in_circles() -> None:
    arrows = {(m.split(".")[0], o.split(".")[0]) for m in MODULES if not is_command(m) for o in imports(m)}
    assert not [pair for pair in arrows if pair[0] != pair[1] and pair[::-1] in arrows]


def test_a_file_name_stands_once() -> None:
    names = Counter(path.name for path in PACKAGE.rglob("*.py") if not path.name.startswith("__"))
    assert not [name for name, times in names.items() if times > 1]


@pytest.mark.parametrize("word", ["[Ll]ayout", "to_rows", "BiLSTM"])
def test_only_models_and_their_settings_know_what_a_family_reads(word: str) -> None:
    outside = [path for module, path in MODULES.items() if not module.startswith("models.") and module != "families"]
    ours = re.compile(f"(?<!constrained_){word}")  # matplotlib has a layout too
    assert not [path for path in outside if ours.search(path.read_text())]


def test_precision_is_chosen_once_outside_train() -> None:
    text = "".join(path.read_text() for module, path in MODULES.items() if not module.startswith("train."))
    assert len(re.findall(r'autocast\((?!"(cuda|cpu)", enabled=False\))', text)) == 1
