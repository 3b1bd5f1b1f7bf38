"""From `key=value` words to a typed config, and from exceptions to one line a person can act on."""

import difflib
import inspect
import re
import signal
import sys
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TypeVar

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from inkseq.errors import UserError

Config = TypeVar("Config")

PATH_KEYS = {"data", "raw", "run", "out", "input"}  # always paths: taken as they are, spaces and all


def conf_dir() -> Path:
    """The YAML folder: inside the package when installed from a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    return next(d for d in (package / "conf", package.parent / "conf") if d.is_dir())


def main(command: Callable[[Config], int | None], schema: type[Config]) -> None:
    """Run a command with the settings from `sys.argv` and exit with its code."""
    name = command.__module__ if command.__module__ != "__main__" else f"inkseq.{Path(sys.argv[0]).stem}"
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(f"{command.__doc__}\n\npython -m {name} key=value ...\n")
        print(inspect.getsource(schema).split("\n", 2)[2])
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(command(compose_config(schema, sys.argv[1:])))
    except UserError as error:
        sys.exit(f"inkseq: {error}")
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.exit(f"inkseq: {where}{error.strerror or error}")
    except KeyboardInterrupt as stop:
        print(f"inkseq: stopped. {stop}".rstrip(), file=sys.stderr)
        sys.exit(130)


def compose_config(schema: type[Config], words: list[str]) -> Config:
    """The schema's defaults, `conf/NAME.yaml` with its groups, then the words, as an instance of `schema`."""
    name = schema.__name__.removesuffix("Config").lower()
    ConfigStore.instance().store(name=f"{name}_schema", node=schema)
    has_yaml = (conf_dir() / f"{name}.yaml").exists()
    overrides = [_quote(word, schema) for word in words]
    try:
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            composed = compose(name if has_yaml else f"{name}_schema", overrides)
        config = OmegaConf.to_object(composed)
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(_explain(error, schema, words)) from None
    assert isinstance(config, schema)
    return config


def _quote(word: str, schema: type) -> str:
    """Paths are not Hydra grammar (`raw=my data (1).ndjson` is one path), and a list of one needs no brackets."""
    key, equals, value = word.partition("=")
    if not equals or value[:1] in ("", "[", "'", '"') or value == "null":
        return word
    if key in PATH_KEYS:
        value = re.sub(r"(\\+)('|$)", r"\1\1\2", value)  # Hydra reads backslashes before a quote as escapes
        value = "'" + value.replace("'", "\\'") + "'"
    takes_list = any(f.name == key and "list" in str(f.type) for f in fields(schema))
    return f"{key}=[{value}]" if takes_list else f"{key}={value}"


def _explain(error: Exception, schema: type, words: list[str]) -> str:
    """What was wrong with the settings, with the right key where one is near."""
    known = sorted(_dotted_keys(schema))
    for word in words:
        key, equals, _ = word.lstrip("+~").partition("=")
        if not equals:
            return f"'{word}' is not key=value; known keys: {', '.join(known)}"
        if key not in known and not _is_group_key(key, known):
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"known keys: {', '.join(known)}"
            return f"there is no setting '{key}'; {hint}"
        choices = sorted(path.stem for path in (conf_dir() / key).glob("*.yaml"))
        if choices and word.split("=", 1)[1] not in choices:
            return f"{word}: there are {', '.join(choices)}"
    missing = getattr(error, "full_key", None)
    if "Missing mandatory value" in str(error) or "MissingMandatoryValue" in type(error).__name__:
        return f"{missing}= is needed; see --help"
    cause = error.__cause__ or error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    where = getattr(cause, "full_key", None) or missing
    return f"{where}: {lines[0]}" if where else lines[0]


def _dotted_keys(schema: type, prefix: str = "") -> set[str]:
    keys: set[str] = set()
    for field in fields(schema):
        keys.add(prefix + field.name)
        if isinstance(field.type, type) and is_dataclass(field.type):
            keys |= _dotted_keys(field.type, f"{prefix}{field.name}.")
    return keys


def _is_group_key(key: str, known: list[str]) -> bool:
    return (conf_dir() / key).is_dir() and key in known
