"""Numbers as people type them for an option: what is none is told in a sentence that names the option."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable


def whole_number(least: int = 0, most: int | None = None) -> Callable[[str], int]:
    """Reads a whole number from `least` to `most`, for `type=` of an option."""
    within = f"from {least} to {most}" if most is not None else f"of {least} or more"

    def read(given: str) -> int:
        text = given.strip()
        number = int(text) if text.isascii() and text.removeprefix("-").isdigit() else None
        if number is None or number < least or (most is not None and number > most):
            raise ArgumentTypeError(f"{given!r} is no number {within}")
        return number

    return read


def seconds(given: str) -> float:
    """Reads seconds, 0 or more."""
    try:
        number = float(given)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise ArgumentTypeError(f"{given!r} is no number of seconds")
    return number
