"""Names in two spellings, which would be two classes or two people by mistake."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from har.errors import DataError, quoted


def folded(name: str) -> str:
    """Return what spellings of a name share: no case, one sign for gaps, no zeros before numbers.

    ``Going  up``, ``going_up`` and ``GOING-UP`` are one name, as are ``P01`` and ``p1``.
    """
    text = unicodedata.normalize("NFKC", name).strip().casefold()
    text = re.sub(r"^(\d+)\.0+$", r"\1", text)
    return re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"[\s_-]+", "_", text))


def check_spellings(places: Mapping[str, str], kind: str) -> None:
    """Refuse two spellings of one name.

    Parameters
    ----------
    places : mapping of str to str
        A place, for the message, by each name.
    kind : str
        Word for the things that are named, in the plural.

    Raises
    ------
    DataError
        If two names differ in nothing but their spelling.
    """
    first: dict[str, str] = {}
    pairs = []
    for name in places:
        other = first.setdefault(folded(name), name)
        if other != name:
            pairs.append((other, name))
    if pairs:
        listed = ", ".join(f"{quoted(one)} and {quoted(other)}" for one, other in pairs)
        raise DataError(
            f"{places[pairs[0][1]]}: found {kind} in two spellings ({listed}), expected each in one"
        )
