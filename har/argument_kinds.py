"""What options of the command line are made of: each function reads one from its text."""

from __future__ import annotations

import argparse


def folds(text: str) -> int | str:
    """Read how many folds, or ``loso``."""
    if text == "loso":
        return text
    number = int(text)
    if number < 2:
        raise argparse.ArgumentTypeError(f"found {text}, expected loso or at least 2")
    return number


def numbers(text: str) -> tuple[int, ...]:
    """Read numbers such as ``0,1,4``."""
    return tuple(int(part) for part in text.split(","))


def count(text: str) -> int:
    """Read a number from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"found {text}, expected at least 1")
    return number


def probability(text: str) -> float:
    """Read a number above 0 and up to 1."""
    number = float(text)
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError(f"found {text}, expected above 0 and at most 1")
    return number


def mapping(text: str) -> dict[str, str]:
    """Read pairs such as ``acc_x=Ax,time_s=t``."""
    pairs = [pair.partition("=") for pair in text.split(",")]
    wrong = next((name for name, equals, column in pairs if not (name and equals and column)), None)
    if wrong is not None:
        raise argparse.ArgumentTypeError(f"found {wrong!r} in {text!r}, expected NAME=COLUMN")
    return {name.strip(): column.strip() for name, _, column in pairs}


def rate(text: str) -> float:
    """Read a positive number."""
    rate_hz = float(text)
    if not 0 < rate_hz < float("inf"):
        raise argparse.ArgumentTypeError(f"found {text}, expected a number above 0")
    return rate_hz
