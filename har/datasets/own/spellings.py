"""Names in two spellings, which would be two classes or two people by mistake."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from har.errors import DataError


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
        What is named, in the plural.

    Raises
    ------
    DataError
        If two names differ in nothing but their spelling.
    """
    first: dict[str, str] = {}
    for name, place in places.items():
        other = first.setdefault(folded(name), name)
        if other != name:
            raise DataError(
                f"{place}: found {name!r}, but {other!r} in {places[other]}, "
                f"expected {kind} in one spelling"
            )
