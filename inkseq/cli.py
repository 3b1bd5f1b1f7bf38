"""From `key=value` words to a typed config, and what is said of words that make none."""

import difflib
import inspect
import os
import re
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import field, fields, is_dataclass, make_dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast, get_origin

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from inkseq.config import BOX
from inkseq.errors import UserError, run_command
from inkseq.families import FAMILIES, HybridConfig, ModelConfig, family_called

Config = TypeVar("Config")

PATH_KEYS = {"data", "raw", "run", "out", "input"}  # always paths: taken as they are, spaces and commas and all
ITEM = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^,]*?))\s*(?:,|$)""")  # of a list, quoted where it holds a comma


def conf_dir() -> Path:
    """The YAML folder: inside the package when installed from a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    return next(d for d in (package / "conf", package.parent / "conf") if d.is_dir())


def main(
    command: Callable[..., int | None],
    schema: type[Any],
    others: str = "",
    compose_words: Callable[[list[str]], Any] | None = None,
) -> None:
    """Run a command with the settings from `sys.argv` and exit with its code.

    A command of several parameters gets the words too, as they stand: all of them, or where `others` says what they are
    those that are none of its own settings.
    """

    def work() -> int | None:
        words = sys.argv[1:]
        if {"-h", "--help"} & set(words):
            print(f"{command.__doc__}\n\npython -m inkseq.{_name(schema)} key=value ...\n")
            print(*_describe(schema, _chosen_family(schema, words)), sep="\n")
            if others:
                print(f"\nand {others}")
            return 0
        own, rest = divide(words, schema) if others else (words, words)
        config = compose_words(own) if compose_words else compose_config(schema, own)
        if getattr(config, "run", None) == BOX:
            print("inkseq: asking the recogniser that comes with inkseq; run= takes another", file=sys.stderr)
        return command(config, rest) if len(inspect.signature(command).parameters) > 1 else command(config)

    run_command(work)


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


def compose_config(
    schema: type[Config], words: list[str], also: Collection[str] = (), model: dict[str, Any] | None = None
) -> Config:
    """The schema's defaults, `conf/NAME.yaml` with its groups, then the words, as an instance of `schema`.

    `also` are settings that somebody else has taken out of the words: a misspelt one may be one of those. A `model`
    stands in the place of the usual one, beneath the words.
    """
    groups = _groups(_yaml(schema)) if _yaml(schema).exists() else set()
    parts = [(word, *word.partition("=")) for word in words]
    chosen = [_choice(key, text) for _, key, _, text in parts if key in groups and text]
    values = _read_yaml(schema, _yaml(schema), *chosen)  # type: ignore[arg-type]  # to mypy a class has no hash
    composed = _typed(schema, values | ({"model": model} if model else {}))
    types = dict(_types(schema, _family(composed))) | dict(_types_of_members(composed))
    known = sorted({*types, *groups, *also})
    try:
        for (word, key, equals, text), after in zip(parts, [*words[1:], ""], strict=False):
            if not equals or key.startswith("-"):
                raise UserError(_no_setting(word, after, types, groups))
            if key not in types and key not in groups:
                raise UserError(_unknown(key, known, composed))
            if not text:
                raise UserError(f"{key}= has no value; see --help")
            if key not in groups:
                OmegaConf.update(composed, key, _value(key, text, get_origin(types[key]) is list))
        config = OmegaConf.to_object(composed)
    except MissingMandatoryValue as error:
        raise UserError(f"{error.full_key}= is needed; see --help") from None
    except OmegaConfBaseException as error:
        raise _explained(error) from None
    assert isinstance(config, schema)
    return config


def to_config(schema: type[Config], values: dict[str, Any]) -> Config:
    """What a file holds of a config, typed; settings that came later have their defaults."""
    config = OmegaConf.to_object(_typed(schema, values))
    assert isinstance(config, schema)
    return config


@cache  # a search checks every end of its space, which are the same files each time
def _read_yaml(schema: type, yaml: Path, *words: str) -> dict[str, Any]:
    """What `conf/NAME.yaml` and its groups say. Of which family a model is they say too: till then it has no type."""
    if not yaml.exists():
        return {}
    untyped: list[Any] = [("model", dict[str, Any], field(default_factory=dict))] if _has_model(schema) else []
    ConfigStore.instance().store(f"{_name(schema)}_schema", make_dataclass(schema.__name__, untyped, bases=(schema,)))
    try:
        with initialize_config_dir(str(yaml.parent), version_base="1.3"):
            composed = compose(yaml.stem, list(words))
    except (HydraException, OmegaConfBaseException) as error:
        raise _explained(error) from None
    values: Any = OmegaConf.to_container(composed, enum_to_str=True)
    return cast(dict[str, Any], values)


def _typed(schema: type, values: dict[str, Any]) -> DictConfig:
    """The values over the schema's defaults, those of a model in the class of its family."""
    defaults: Any = schema
    if _has_model(schema):
        defaults = schema(model=family_called(values.get("model", {}).get("name", HybridConfig.name))())
    try:
        return cast(DictConfig, OmegaConf.merge(OmegaConf.structured(defaults), values))
    except OmegaConfBaseException as error:
        raise _explained(error) from None


def _explained(error: Exception) -> UserError:
    lines = [line.strip() for line in str(error.__cause__ or error).splitlines() if line.strip()]
    where = getattr(error, "full_key", None)
    return UserError(f"{where}: {lines[0]}" if where else lines[0])


def _has_model(schema: type) -> bool:
    return any(one.type is ModelConfig for one in fields(schema))


def _family(composed: DictConfig) -> type:
    """The class of the model's settings."""
    return OmegaConf.get_type(composed, "model") or ModelConfig if "model" in composed else ModelConfig


def _groups(yaml: Path) -> set[str]:
    """The groups of values a command chooses from: those in the defaults list of its YAML."""
    defaults: Any = OmegaConf.to_container(OmegaConf.load(yaml))
    return {group for entry in defaults["defaults"] if isinstance(entry, dict) for group in entry}


def _types(schema: type, family: type = ModelConfig, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every key of a schema, dotted, and the type of its values; a model's are those of its family."""
    for one in fields(schema):
        yield prefix + one.name, one.type
        nested = family if one.type is ModelConfig else one.type
        if isinstance(nested, type) and is_dataclass(nested):
            yield from _types(nested, family, f"{prefix}{one.name}.")


def _types_of_members(composed: DictConfig) -> Iterator[tuple[str, Any]]:
    """The same of the models that a fusion is made of: `model.members.NAME.KEY`."""
    for name, settings in composed.get("model", {}).get("members", {}).items():
        family = FAMILIES.get(settings.get("name", HybridConfig.name), ModelConfig)
        yield from _types(family, prefix=f"model.members.{name}.")


def _choice(group: str, name: str) -> str:
    """The word that chooses from a group, if it has that."""
    if name not in (choices := _choices(group)):
        raise UserError(f"{group}={name}: there are {', '.join(choices)}; {_meant(name, choices)}".removesuffix("; "))
    return f"{group}={name}"


def _choices(group: str) -> list[str]:
    folder = conf_dir() / group
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml"))


def _unknown(key: str, known: Collection[str], composed: DictConfig) -> str:
    """What to say of a key that nobody knows: another family's, a misspelt one, or none at all."""
    room, _, name = key.partition(".")
    if room == "model" and any(name in (one.name for one in fields(family)) for family in FAMILIES.values()):
        own = (one.name for one in fields(_family(composed)))
        of_members = [one for one in known if one.startswith("model.members.") and one.endswith(f".{name}")]
        has = f"its members have: {', '.join(of_members)}" if of_members else f"it has {', '.join(own)}"
        return f"model={composed.model.preset} has no '{name}'; {has}"
    return f"there is no setting '{key}'; {_meant(key, known) or '--help lists what there is'}"


def _meant(word: str, known: Collection[str]) -> str:
    """What is asked of a misspelt word; nothing where none of those known is like it."""
    last = {one.rpartition(".")[2]: one for one in known}  # `hiden` means model.hidden
    near = difflib.get_close_matches(word, known, 1) or [last[one] for one in difflib.get_close_matches(word, last, 1)]
    return f"did you mean '{near[0]}'?" if near else ""


def _no_setting(word: str, after: str, types: Collection[str], groups: Collection[str]) -> str:
    """What to say of a word that is not key=value, and `after` it another: what was probably meant."""
    key, _, text = word.lstrip("-").partition("=")
    if key in {*types, *groups}:
        meant = f"{key}={text or after or '...'}"
    elif _exists(word):
        meant = f"{next((one for one in types if one in PATH_KEYS), 'KEY')}={word}"
    else:
        meant = next((f"{group}={word}" for group in groups if word in _choices(group)), "")
    return f"'{word}' is not key=value; {f'say {meant}' if meant else 'see --help'}"


def _value(key: str, text: str, takes_list: bool) -> Any:
    """What a text says: itself (OmegaConf makes numbers of numbers), null, or a list, which needs no brackets."""
    is_path = key in PATH_KEYS
    if text == "null":
        return None
    text = text.replace("${", "\\${")  # no reference to another setting
    if is_path and _exists(text):
        return [text] if takes_list else text
    if takes_list and text[0] == "[" and text[-1] == "]":
        return _items(text[1:-1])
    if takes_list and not is_path:
        return _items(text)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    return [text] if takes_list else text


def _exists(word: str) -> bool:
    """Whether it is a path to something; a list of many is too long for one, at which `Path.exists` would raise."""
    return os.path.exists(word)  # noqa: PTH110


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


def _chosen_family(schema: type, words: list[str]) -> type:
    """Whose settings `model=NAME --help` asks for."""
    chosen = [word for word in words if word.startswith(("model=", "experiment="))]
    return type(compose_config(schema, chosen).model) if chosen and _has_model(schema) else HybridConfig


def _describe(schema: type, family: type, prefix: str = "") -> Iterator[str]:
    """The settings as the schema writes them, those of a nested one with its name before theirs."""
    types = {one.name: family if one.type is ModelConfig else one.type for one in fields(schema)}
    for line in inspect.getsource(schema).splitlines()[2:]:
        name = line.strip().partition(":")[0]
        yield f"    {prefix if name in types else ''}{line.strip()}".rstrip()
        nested = types.get(name)
        if isinstance(nested, type) and is_dataclass(nested):
            yield from _describe(nested, family, f"{prefix}{name}.")
