"""Lines of many streams in one: whose each line is, by a column or a key with an id."""

from __future__ import annotations

import json
from typing import Any

from har.errors import quoted
from har.reading.streams.byte_lines import LONGEST_LINE_BYTES
from har.reading.streams.json_forms import Message
from har.reading.streams.line_forms import COMMENTS, separated

Identity = str | int

# Ids of all streams are kept, and 10,000 of them may be; those of devices have 36 characters.
_LONGEST_ID = 200


class IdentifiedLines:
    """Tells whose a line is.

    Rows share one heading, which names the column; objects of JSON have the key, or one inside of
    others (``"meta.device"``). A list of objects may be of several streams.

    Parameters
    ----------
    name : str
        Name of the column or key.

    Attributes
    ----------
    name : str
        As given.
    heading : str or None
        The newest heading: the first line of each stream of rows.
    n_lines, n_without_id : int
        Numbers of all lines, and of those, or of objects in them, without an id.
    first_without_id : str or None
        The first of these: its number, the reason, and its beginning.
    """

    def __init__(self, name: str) -> None:
        self.heading: str | None = None
        self.n_lines = self.n_without_id = 0
        self.first_without_id: str | None = None
        self.name = name
        self._keys = name.split(".")
        self._place: int | None = None

    def split(self, line: str) -> list[tuple[Identity, str | Message]]:
        """Return the ids in a line, each with its row, or its object of JSON.

        Parameters
        ----------
        line : str
            Next line.

        Returns
        -------
        list of (str or int, str or dict)
            Empty for a heading, a comment, a blank line, and one without an id.
        """
        self.n_lines += 1
        if len(line) > LONGEST_LINE_BYTES:
            self._count_without(f"more than {LONGEST_LINE_BYTES:,} characters", line)
            return []
        text = line.strip("\ufeff \t\r\n")
        if not text:
            return []
        if text[0] in "{[":
            return self._of_json(text)
        if text.startswith(COMMENTS):
            return []
        fields = separated(text)
        if self.name in fields:
            self._place, self.heading = fields.index(self.name), text
            return []
        place = self._place
        if place is not None and place < len(fields) and 0 < len(fields[place]) <= _LONGEST_ID:
            return [(fields[place], text)]
        reason = f"no cell of 1 to {_LONGEST_ID} characters"
        self._count_without("no heading before it" if place is None else reason, text)
        return []

    def trouble(self) -> str:
        """Return that no line had an id, with the first reason, in words."""
        lines = "1 line" if self.n_lines == 1 else f"{self.n_lines or 'no'} lines"
        reason = f" ({self.first_without_id})" if self.first_without_id else ""
        return (
            f"--id {self.name}: found no line with it in {lines}{reason}, expected a heading with "
            "this column, or objects of JSON with this key"
        )

    def in_words(self) -> str:
        """Return the counts in one line."""
        example = f" ({self.first_without_id})" if self.first_without_id else ""
        return f"lines: {self.n_lines}, without {self.name}: {self.n_without_id}{example}"

    def _of_json(self, text: str) -> list[tuple[Identity, str | Message]]:
        try:
            message = json.loads(text)
        except (ValueError, RecursionError, MemoryError):
            self._count_without("no JSON", text)
            return []
        found: list[tuple[Identity, str | Message]] = []
        for item in message if isinstance(message, list) else [message]:
            identity = self._id_of(item)
            if identity is None:
                self._count_without(f"no text or whole number {quoted(self.name)}", text)
            else:
                found.append((identity, item))
        return found

    def _id_of(self, message: Any) -> Identity | None:
        found = message.get(self.name) if isinstance(message, dict) else None
        if found is None:
            found = message
            for key in self._keys:
                found = found.get(key) if isinstance(found, dict) else None
        if type(found) not in (str, int):
            return None
        return found if 0 < len(str(found)) <= _LONGEST_ID else None

    def _count_without(self, reason: str, text: str) -> None:
        self.n_without_id += 1
        if self.first_without_id is None:
            self.first_without_id = f"line {self.n_lines}: {reason}: {quoted(text)}"
