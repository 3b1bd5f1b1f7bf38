"""From `key=value` words to a typed config, and from exceptions to one line a person can act on."""

import difflib
import inspect
import os
import re
import signal
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_origin

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from inkseq.errors import UserError

Config = TypeVar("Config")

PATH_KEYS = {"data", "raw", "run", "out", "input"}  # always paths: taken as they are, spaces and commas and all
ITEM = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^,]*?))\s*(?:,|$)""")  # of a list, quoted where it holds a comma


def conf_dir() -> Path:
    """The YAML folder: inside the package when installed from a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    return next(d for d in (package / "conf", package.parent / "conf") if d.is_dir())


def main(command: Callable[..., int | None], schema: type[Any], others: str = "") -> None:
    """Run a command with the settings from `sys.argv` and exit with its code.

    A command whose `others` says what they are gets the words that are none of its own settings as they stand.
    """

    def work() -> int | None:
        words = sys.argv[1:]
        if {"-h", "--help"} & set(words):
            name = _name(schema)
            print(f"{command.__doc__}\n\npython -m inkseq.{name} key=value ...\n", *_describe(schema), sep="\n")
            if others:
                print(f"\nand {others}")
            return 0
        if others:
            own, rest = divide(words, schema)
            return command(compose_config(schema, own), rest)
        return command(compose_config(schema, words))

    run_command(work)


def run_command(work: Callable[[], int | None]) -> None:
    """Do the work of a command and exit with its code; what is the user's mistake or wish is said in a line."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = work()
        sys.stdout.flush()
        sys.exit(code)
    except UserError as error:
        sys.exit(f"inkseq: {error}")
    except BrokenPipeError:  # whoever read our output (`| head`) has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.exit(f"inkseq: {where}{error.strerror or error}")
    except KeyboardInterrupt as stop:
        print(f"inkseq: stopped. {stop}".rstrip(), file=sys.stderr)
        sys.exit(130)


def divide(words: list[str], schema: type) -> tuple[list[str], list[str]]:
    """The words that set something of a schema (or choose from its groups), and the others."""
    known = settings(schema)
    own = [word for word in words if word.partition("=")[0] in known]
    return own, [word for word in words if word not in own]


def settings(schema: type) -> set[str]:
    """Every key that a word for this schema may begin with: its settings, dotted, and the groups it chooses from."""
    yaml = _yaml(schema)
    return {key for key, _ in _types(schema)} | (_groups(yaml) if yaml.exists() else set())


def _yaml(schema: type) -> Path:
    return conf_dir() / f"{_name(schema)}.yaml"


def _name(schema: type) -> str:
    """`FindLrConfig` -> find_lr: the command's name."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", schema.__name__.removesuffix("Config")).lower()


def compose_config(schema: type[Config], words: list[str], also: Collection[str] = ()) -> Config:
    """The schema's defaults, `conf/NAME.yaml` with its groups, then the words, as an instance of `schema`.

    `also` are settings that somebody else has taken out of the words: a misspelt one may be one of those.
    """
    name, yaml = _name(schema), _yaml(schema)
    groups = _groups(yaml) if yaml.exists() else set()
    types = dict(_types(schema))
    chosen = [_split(word, types, groups, also) for word in words]
    try:
        composed = OmegaConf.structured(schema)
        if yaml.exists():
            ConfigStore.instance().store(name=f"{name}_schema", node=schema)
            with initialize_config_dir(str(conf_dir()), version_base="1.3"):
                composed = compose(name, [f"{key}={text}" for key, text in chosen if key in groups])
        for key, text in chosen:
            if key not in groups:
                OmegaConf.update(composed, key, _value(key, text, get_origin(types[key]) is list))
        config = OmegaConf.to_object(composed)
    except MissingMandatoryValue as error:
        raise UserError(f"{error.full_key}= is needed; see --help") from None
    except (HydraException, OmegaConfBaseException) as error:
        lines = [line.strip() for line in str(error.__cause__ or error).splitlines() if line.strip()]
        where = getattr(error, "full_key", None)
        raise UserError(f"{where}: {lines[0]}" if where else lines[0]) from None
    assert isinstance(config, schema)
    return config


def _groups(yaml: Path) -> set[str]:
    """The groups of values a command chooses from: those in the defaults list of its YAML."""
    defaults: Any = OmegaConf.to_container(OmegaConf.load(yaml))
    return {group for entry in defaults["defaults"] if isinstance(entry, dict) for group in entry}


def _types(schema: type, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every key of a schema, dotted, and the type of its values."""
    for field in fields(schema):
        yield prefix + field.name, field.type
        if isinstance(field.type, type) and is_dataclass(field.type):
            yield from _types(field.type, f"{prefix}{field.name}.")


def _split(word: str, types: dict[str, Any], groups: set[str], also: Collection[str]) -> tuple[str, str]:
    """The key and the text of a word, or what is wrong with it."""
    key, equals, text = word.partition("=")
    known = sorted({*types, *groups, *also})
    if not equals:
        raise UserError(f"'{word}' is not key=value; known keys: {', '.join(known)}")
    if key not in types and key not in groups:
        near = difflib.get_close_matches(key, known, 1)
        hint = f"did you mean '{near[0]}'?" if near else f"known keys: {', '.join(known)}"
        raise UserError(f"there is no setting '{key}'; {hint}")
    if not text:
        raise UserError(f"{key}= has no value; see --help")
    if key in groups:
        folder = conf_dir() / key
        choices = sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml"))
        if text not in choices:
            raise UserError(f"{word}: there are {', '.join(choices)}")
    return key, text


def _value(key: str, text: str, takes_list: bool) -> Any:
    """What a text says: itself (OmegaConf makes numbers of numbers), null, or a list, which needs no brackets."""
    is_path = key in PATH_KEYS
    if text == "null":
        return None
    text = text.replace("${", "\\${")  # no reference to another setting
    if is_path and Path(text).exists():
        return [text] if takes_list else text
    if takes_list and text[0] == "[" and text[-1] == "]":
        return _items(text[1:-1])
    if takes_list and not is_path:
        return _items(text)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    return [text] if takes_list else text


def to_text(value: Any) -> str:
    """A value as it stands in a word: `null`, `true`, `[5,3]`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{','.join(map(to_text, value))}]" if isinstance(value, list | tuple) else str(value)


def _items(text: str) -> list[str]:
    """`a b, 'c, d'` -> a b; c, d"""
    return ["".join(match.groups("")) for match in ITEM.finditer(text) if match.group()]


def _describe(schema: type, prefix: str = "") -> Iterator[str]:
    """The settings as the schema writes them, those of a nested one with its name before theirs."""
    types = {field.name: field.type for field in fields(schema)}
    for line in inspect.getsource(schema).splitlines()[2:]:
        name = line.strip().partition(":")[0]
        yield f"    {prefix if name in types else ''}{line.strip()}".rstrip()
        nested = types.get(name)
        if isinstance(nested, type) and is_dataclass(nested):
            yield from _describe(nested, f"{prefix}{name}.")
