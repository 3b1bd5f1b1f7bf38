"""Numbers as the report says them."""


def percent(share: float, digits: int = 1) -> str:
    """93.1 %, never broken before the sign."""
    return f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%"
