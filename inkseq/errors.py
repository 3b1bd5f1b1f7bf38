"""The one exception that is for people, and how they are told of it and of others: in a line that they can act on."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from io import TextIOWrapper


class UserError(ValueError):
    """A person's mistake: shown as one line, exit code 1, no traceback. Anything else is our bug."""


def is_of_memory(error: Exception) -> bool:
    """Whether there was no memory for it; PyTorch says so in words alone."""
    return isinstance(error, MemoryError) or "allocate memory" in str(error) or "out of memory" in str(error)


def unless_of_the_disk(raised: threading.ExceptHookArgs) -> None:
    """A full disk in a library's thread is raised again to whoever waits for that thread, who says it in a line."""
    if not isinstance(raised.exc_value, OSError):
        threading.__excepthook__(raised)


def run_command(work: Callable[[], int | None]) -> None:
    """Do the work of a command and exit with its code; what is the user's mistake or wish is said in a line."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    threading.excepthook = unless_of_the_disk
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without our letters shows ? for them
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
    except (MemoryError, RuntimeError) as error:
        if not is_of_memory(error):
            raise
        sys.exit("inkseq: out of memory")
    except KeyboardInterrupt as stop:
        print(f"inkseq: stopped. {stop}".rstrip(), file=sys.stderr)
        sys.exit(130)
