"""The one exception that is for people, and two others that they are told of in a line."""

import threading


class UserError(ValueError):
    """A person's mistake: shown as one line, exit code 1, no traceback. Anything else is our bug."""


def is_of_memory(error: Exception) -> bool:
    """Whether there was no memory for it; PyTorch says so in words alone."""
    return isinstance(error, MemoryError) or "allocate memory" in str(error) or "out of memory" in str(error)


def unless_of_the_disk(raised: threading.ExceptHookArgs) -> None:
    """A full disk in a library's thread is raised again to whoever waits for that thread, who says it in a line."""
    if not isinstance(raised.exc_value, OSError):
        threading.__excepthook__(raised)
