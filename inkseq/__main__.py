"""The commands under one name: `inkseq train ...` is `python -m inkseq.train ...`; alone it lists them."""

import ast
import difflib
import runpy
import sys
from pathlib import Path


def main() -> None:
    """Hand over to a command, which then runs as `python -m` would have it."""
    name, *words = sys.argv[1:] or ["--help"]
    commands = list_commands()
    if name in ("-h", "--help"):
        width = max(map(len, commands)) + 2
        print("inkseq COMMAND key=value ...; inkseq COMMAND --help says every setting\n")
        print(*(f"    {command:<{width}}{about}" for command, about in commands.items()), sep="\n")
        return
    if name not in commands:
        near = difflib.get_close_matches(name, commands, 1)
        sys.exit(f"inkseq: there is no command '{name}'; {f'did you mean {near[0]}?' if near else 'inkseq lists them'}")
    sys.argv[1:] = words
    runpy.run_module(f"inkseq.{name}", run_name="__main__", alter_sys=True)


def list_commands() -> dict[str, str]:
    """Every command and its line: a room's `__main__.py`, or a file that runs; read, since importing takes long."""
    here = Path(__file__).parent
    rooms = {path.parent.name: path for path in here.glob("*/__main__.py")}
    files = {path.stem: path for path in here.glob("[a-z]*.py")}
    sources = {name: path.read_text(encoding="utf-8") for name, path in sorted({**rooms, **files}.items())}
    return {
        name: (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
        for name, text in sources.items()
        if 'if __name__ == "__main__":' in text
    }


if __name__ == "__main__":
    main()
