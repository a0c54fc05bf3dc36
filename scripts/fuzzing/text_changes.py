"""Changes of text: lines, cells, numbers, names, and how all of it is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

_NUMBERS = (
    *("0", "-0", "-1", "1", "255", "32767", "2147483647", "2147483648", "-2147483649"),
    *("9223372036854775807", "9223372036854775808", "18446744073709551616", "1" + "0" * 400),
    *("1e308", "-1e308", "1e309", "1e-320", "1e-200", "-1e20", "1e20", "4e38", "0.1", "1e5"),
    *(
        "nan",
        "NaN",
        "inf",
        "-inf",
        "Infinity",
        "0x10",
        "1_000",
        "1,5",
        "1.2.3",
        "1e",
        ".",
        "+",
        "1d3",
    ),
)
_WORDS = (
    *("", " ", "TRUE", "false", "null", "None", "N/A", "#DIV/0!", "-", "?", "=1+1", "sep=;", "#"),
    *("2023-11-24", "24.11.2023 14:05:22", "03/04/2023", "0000-00-00", "9999-12-31T23:59:59.999Z"),
    *("24:00:00", "1:60:61", "14:05:22.120", "1677-09-21", "24-Nov-2023 14:05:22", "99999-01-01"),
    *("time", "acc_x", "acc_y", "gyro_z", "timestamp", "sensor", "activity", "label", "x", "id"),
    *("\x1b[31m", "\x1b]0;t\x07", "\u202e", "\u2028", "\x00", "\ufeff", "١٢", "é", "😀", "\x85"),
    *("'", '"', '""', '"a\nb"', "a" * 300, "a" * 70_000, "../../x", "%s%n", "{}", "[", "\\"),
)
HOSTILE_WORDS = (*_NUMBERS, *_WORDS)
_NUMBER = re.compile(r"[-+]?\d[\d.]*(?:[eE][-+]?\d+)?")
_CELL = re.compile(r"[^,;\t\n\r:={}\[\]\"' |]+")
_SEPARATORS = re.compile(r"[,;\t]")
_LONGEST = 300_000


def changed_text(content: bytes, other: bytes, random: Random) -> bytes:
    """Return text with one change; see `bytes_changes.changed_bytes`."""
    text = content.decode("utf-8", "surrogateescape")
    spliced = other.decode("utf-8", "surrogateescape")
    if random.randrange(12) == 0:
        return _written_otherwise(text, random)
    changed = random.choice(_CHANGES)(text or "\n", spliced, random)
    return changed[:_LONGEST].encode("utf-8", "surrogatepass")


def _with_cell(text: str, _other: str, random: Random) -> str:
    """Replace one word or number by a hostile one."""
    # Looking for all of them would take longer than most readers.
    start = random.randrange(len(text))
    found = _CELL.search(text, max(0, text.rfind("\n", 0, start)))
    if found is None:
        return text + random.choice(HOSTILE_WORDS)
    return text[: found.start()] + random.choice(HOSTILE_WORDS) + text[found.end() :]


def _with_number(text: str, _other: str, random: Random) -> str:
    found = _NUMBER.search(text, random.randrange(len(text)))
    if found is None:
        return _with_cell(text, _other, random)
    old = found.group()
    new = random.choice((random.choice(_NUMBERS), "-" + old, old + "0", old + "e9", old[::-1]))
    return text[: found.start()] + new + text[found.end() :]


def _with_column(text: str, _other: str, random: Random) -> str:
    """Replace a column, or shift, scale or repeat it."""
    lines = text.split("\n")
    separators = _SEPARATORS.findall(lines[len(lines) // 2][:2000])
    if not separators:
        return _with_cell(text, _other, random)
    separator = random.choice(separators)
    place = random.randrange(len(separators) + 1)
    kind, word = random.randrange(4), random.choice(HOSTILE_WORDS)[:300]
    begin = random.choice((0, 1, 1, 1, len(lines) // 2))
    for number in range(begin, len(lines)):
        cells = lines[number].split(separator)
        if place < len(cells):
            cell = cells[place]
            cells[place] = (word, cell + "e8", f"{word}{cell}", cells[0])[kind]
            lines[number] = separator.join(cells)
    return "\n".join(lines)


def _without_column(text: str, _other: str, random: Random) -> str:
    lines = text.split("\n")
    separator = random.choice(_SEPARATORS.findall(lines[0][:2000]) or [" "])
    place = random.randrange(lines[0].count(separator) + 1)
    cut = (line.split(separator) for line in lines)
    return "\n".join(separator.join(cells[:place] + cells[place + 1 :]) for cells in cut)


def _with_lines_changed(text: str, other: str, random: Random) -> str:
    lines = text.split("\n")
    first = random.randrange(len(lines))
    last = min(len(lines), first + random.choice((1, 1, 2, 10, 60, len(lines))))
    some = lines[first:last]
    kind = random.randrange(8)
    if kind == 0:
        some = []
    elif kind == 1:
        some = some + some
    elif kind == 2:
        some.reverse()
    elif kind == 3:
        random.shuffle(some)
    elif kind == 4:
        some = [random.choice((*HOSTILE_WORDS, lines[0])), *some]
    elif kind == 5 and other:
        some = other.split("\n")[:20]
    elif kind == 6:
        some = [line[: random.randrange(len(line) + 1)] for line in some]
    else:
        lines.insert(random.randrange(len(lines) + 1), random.choice(lines))
    return "\n".join([*lines[:first], *some, *lines[last:]])


def _with_a_name_changed(text: str, _other: str, random: Random) -> str:
    """Change the first line, where the names are."""
    first, newline, rest = text.partition("\n")
    cells = list(_CELL.finditer(first[:4000]))
    if not cells:
        return random.choice(HOSTILE_WORDS) + text
    cell, source = random.choice(cells), random.choice(cells)
    new = random.choice((random.choice(_WORDS), source.group(), cell.group().upper()))
    return first[: cell.start()] + new + first[cell.end() :] + newline + rest


def _without_end(text: str, _other: str, random: Random) -> str:
    return text[: random.randrange(len(text) + 1)]


def _with_other_separators(text: str, _other: str, random: Random) -> str:
    old = random.choice((",", ";", "\t", ".", "\n", ":", '"', " "))
    new = random.choice((",", ";", "\t", " ", "|", "\r\n", "\r", "", ",,", '"'))
    times = random.choice((-1, 1, 5))
    return text.replace(old, new, times)


def _written_otherwise(text: str, random: Random) -> bytes:
    encoding = random.choice(("utf-16", "utf-16-be", "utf-32", "utf-8-sig", "latin-1", "utf-7"))
    return text.encode(encoding, "replace")


_CHANGES: tuple[Callable[[str, str, Random], str], ...] = (
    _with_cell,
    _with_cell,
    _with_number,
    _with_number,
    _with_column,
    _with_column,
    _without_column,
    _with_lines_changed,
    _with_lines_changed,
    _with_a_name_changed,
    _with_a_name_changed,
    _without_end,
    _with_other_separators,
)
