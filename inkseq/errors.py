"""The one exception that is for people."""


class UserError(ValueError):
    """A person's mistake: shown as one line, exit code 1, no traceback. Anything else is our bug."""
