"""Values and names in words for people: on pages, in figures and in Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from har.errors import printable

_SIGNALS = {
    "acc": "Acceleration",
    "body_acc": "Body acceleration",
    "total_acc": "Total acceleration",
    "gyro": "Angular rate",
    "body_gyro": "Angular rate",
}
# What Markdown takes for more than itself; a line between letters stays, as in UCI_HAR.
_MARKUP = re.compile(r"([\\`*\[\]<>|~&$]|(?<![^\W_])_|_(?![^\W_]))")
_MARKUP_AT_START = re.compile(r"^(\d*)([-+#=.)])(?=[-+#=]*(\s|$))")


def activity_label(activity: str) -> str:
    """Make a name readable: ``"Walking upstairs"`` for ``"WALKING_UPSTAIRS"``."""
    return activity.replace("_", " ").capitalize() if activity.isupper() else activity


def anchor_of(title: str) -> str:
    """Return the id of the section with a title: ``"model-card"`` for ``"Model card"``."""
    return title.lower().replace(" ", "-")


def short_label(activity: str) -> str:
    """Make a name fit a narrow column: ``"Upstairs"`` for ``"WALKING_UPSTAIRS"``."""
    return activity_label(activity.removeprefix("WALKING_"))


def signal_label(signal: str) -> str:
    """Name a signal for people: ``"Body acceleration"`` for ``"body_acc"``."""
    return _SIGNALS.get(signal, signal)


def percent(share: float, decimals: int = 1) -> str:
    """Write a share in percent: ``"94.2 %"`` for 0.942, with a space that does not break."""
    return f"{_decimal(100 * share, decimals)}\N{NO-BREAK SPACE}%"


def signed(value: float, decimals: int = 2) -> str:
    """Write a difference with its sign: ``"+1.10"``, ``"−0.32"``, ``"+0.00"``."""
    return _decimal(value, decimals, "+")


def _decimal(value: float, decimals: int, sign: str = "-") -> str:
    # Adding 0 makes a zero of the minus zero that rounding can leave.
    return f"{round(float(value), decimals) + 0.0:{sign}.{decimals}f}".replace(
        "-", "\N{MINUS SIGN}"
    )


def number(value: float) -> str:
    """Write a number with no more digits than it needs, and a true minus: ``"−0.5"``."""
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


def interval_in_words(ends: Sequence[float]) -> str:
    """Write the lower and the upper end of a share in percent: ``"91.2 to 95.0 %"``."""
    low, high = ends
    return f"{_decimal(100 * low, 1)} to {percent(high)}"


def seconds(value: float) -> str:
    """Write seconds with a true minus: ``"1.24 s"``, ``"−0.60 s"``."""
    return f"{_decimal(value, 2)}\N{NO-BREAK SPACE}s"


def seconds_interval(ends: Sequence[float]) -> str:
    """Write the lower and the upper end of seconds: ``"−0.60 to 1.24 s"``."""
    low, high = ends
    return f"{_decimal(low, 2)} to {seconds(high)}"


def duration_in_words(seconds: float) -> str:
    """Write a duration with its two largest units: ``"1 h 12 min"``, ``"4.2 s"``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    shown = [f"{number}\N{NO-BREAK SPACE}{unit}" for number, unit in parts if number]
    return " ".join(shown[:2]) or f"{seconds:.1f}\N{NO-BREAK SPACE}s"


def sureness(probability: float) -> str:
    """Write a probability in percent; none is shown as certain: ``"> 99.9 %"`` for 0.99999."""
    return percent(probability) if probability < 0.9995 else f"> {percent(0.999)}"


def people(number: int) -> str:
    """Count people: ``"9 people"``, ``"one person"``."""
    return f"{number} people" if number != 1 else "one person"


def points(difference: float, decimals: int = 2) -> str:
    """Write a difference of shares in percentage points: ``"+1.10"``, ``"−0.32"``, ``"+0.00"``."""
    return signed(100 * difference, decimals)


def setting_in_words(value: object) -> str:
    """Write a setting as its recipe does: ``"null"``, ``"[channels, compressed]"``."""
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(str, value))}]"
    words = {None: "null", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


class Markdown(str):
    """Text that is Markdown already, which `markdown_table` does not escape once more."""

    __slots__ = ()


def escaped(text: str) -> Markdown:
    """Write text so that Markdown shows it as it is, in one line: names may come from anywhere."""
    line = _MARKUP.sub(r"\\\1", _in_one_line(text))
    return Markdown(_MARKUP_AT_START.sub(r"\1\\\2", line))


def as_code(text: str) -> Markdown:
    """Write text as code in a cell of a Markdown table."""
    line = _in_one_line(text).replace("|", "\\|")
    fence = code_fence(line, 1)
    # A code span loses a space at each end, and could not begin with a backtick otherwise.
    return Markdown(f"{fence} {line} {fence}" if "`" in line else f"{fence}{line}{fence}")


def _in_one_line(text: str) -> str:
    """Escape what is not printable; spaces that do not break stay, as in figures of `percent`."""
    parts = text.split("\N{NO-BREAK SPACE}")
    return "\N{NO-BREAK SPACE}".join(printable(" ".join(re.split(r"\s+", part))) for part in parts)


def code_fence(text: str, n_at_least: int = 3) -> str:
    """Return a row of backticks that is longer than any in a text."""
    rows = [len(row) for row in re.findall("`+", text)]
    return "`" * max(n_at_least, *(length + 1 for length in rows), 1)


def markdown_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], n_words: int = 1
) -> list[str]:
    """Write the lines of a Markdown table.

    Parameters
    ----------
    head : sequence of str
        Headings of the columns.
    rows : sequence of sequence of str
        Cells.
    n_words : int
        Number of leading columns with words, which are escaped unless they are `Markdown`; the
        others hold numbers, aligned at the right.

    Returns
    -------
    list of str
    """
    rule = ["---"] * n_words + ["---:"] * (len(head) - n_words)
    cells = [
        [
            cell if number >= n_words or isinstance(cell, Markdown) else escaped(cell)
            for number, cell in enumerate(row)
        ]
        for row in rows
    ]
    return [f"| {' | '.join(row)} |" for row in (head, rule, *cells)]
